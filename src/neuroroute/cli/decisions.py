"""`neuroroute replay`, `backtest` and `decisions export`: decisions of the past, made again and taken elsewhere."""

import asyncio
import sys

import click

from neuroroute.cli.moment import moment
from neuroroute.cli.telling import DOTENV, errors_told
from neuroroute.settings import read_environment

_SINCE = click.option("--since", callback=moment, help="Only since this moment (ISO 8601, or seconds since 1970).")
_UNTIL = click.option("--until", callback=moment, help="Only before this moment.")


@click.command()
@click.argument("decision_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print both plans and what differs as JSON.")
def replay(decision_id: str, *, as_json: bool) -> None:
    """Make the decision ID again from what was stored of it; exit 1 if it is not the same, bit for bit."""
    from neuroroute.commands.replay import replay as replayed

    with errors_told():
        done = asyncio.run(replayed(read_environment(DOTENV), decision_id, as_json=as_json))
        click.echo(done.text)
        sys.exit(0 if done.same else 1)
