"""`neuroroute replay`, `backtest` and `decisions export`: decisions of the past, made again and taken elsewhere."""

import asyncio
import sys
from pathlib import Path
from typing import IO

import click

from neuroroute.cli.moment import moment
from neuroroute.cli.number import Number
from neuroroute.cli.telling import DOTENV, errors_told, fail
from neuroroute.settings import read_environment

_SINCE = click.option("--since", callback=moment, help="Only since this moment (ISO 8601, or seconds since 1970).")
_UNTIL = click.option("--until", callback=moment, help="Only before this moment.")
_CALLER = click.option("--caller", help="Only decisions for this one: a client key's id, admin, anyone.")


@click.command()
@click.argument("decision_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print both plans and what differs as JSON.")
def replay(decision_id: str, *, as_json: bool) -> None:
    """Make the decision ID again from what was stored of it. Exit 1 if it is not the same, bit for bit."""
    from neuroroute.commands.replay import replay as replayed

    with errors_told():
        done = asyncio.run(replayed(read_environment(DOTENV), decision_id, as_json=as_json))
        click.echo(done.text)
        sys.exit(0 if done.same else 1)


@click.command()
@click.option("--policy", type=click.Choice(["learned", "rules"]), default="learned", show_default=True,
              help="Who chooses instead.")  # fmt: skip
@click.option("--objective", type=Number(0, 10), help="From cheapest, 0, to best, 10; else each one's own.")
@_SINCE
@_UNTIL
@_CALLER
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON.")
def backtest(
    policy: str,
    objective: float | None,
    since: float | None,
    until: float | None,
    caller: str | None,
    *,
    as_json: bool,
) -> None:
    """Try another policy or objective on stored decisions. Say what they would have cost and scored; ask no model."""
    from neuroroute.commands.backtest import Other
    from neuroroute.commands.backtest import backtest as backtested
    from neuroroute.commands.each_decision import Wanted

    if objective is not None and policy != "learned":
        raise click.BadParameter("only the learned policy has one", param_hint="--objective")
    other, wanted = Other(policy=policy, level=objective), Wanted(since=since, until=until, caller=caller)
    with errors_told():
        click.echo(asyncio.run(backtested(read_environment(DOTENV), other, wanted, as_json=as_json)))


@click.group()
def decisions() -> None:
    """Take decisions of the past elsewhere."""


@decisions.command()
@_SINCE
@_UNTIL
@_CALLER
@click.option(
    "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE instead of the standard output."
)
def export(since: float | None, until: float | None, caller: str | None, output: Path | None) -> None:
    """Print a JSON line for each stored decision. It has the predictions, the propensity and the caller's word."""
    from neuroroute.commands.each_decision import Wanted
    from neuroroute.commands.export import export as exported
    from neuroroute.infrastructure.whole_file import whole_file

    async def write(file: IO[bytes]) -> None:
        async for line in exported(read_environment(DOTENV), Wanted(since=since, until=until, caller=caller)):
            file.write(line)

    with errors_told():
        if output is None:
            asyncio.run(write(sys.stdout.buffer))
            return
        try:
            with whole_file(output) as file:
                asyncio.run(write(file))
        except OSError as exc:
            fail(f"{output} cannot be written: {exc.strerror}. Name another file.")
