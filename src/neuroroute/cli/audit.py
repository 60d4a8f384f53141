"""`neuroroute audit …`: who changed what, and whether the log of it is whole."""

import asyncio
import sys

import click

from neuroroute.cli.moment import moment
from neuroroute.cli.telling import DOTENV, errors_told
from neuroroute.settings import read_environment


@click.group()
def audit() -> None:
    """Read the log of every change, and verify it."""


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
def verify(*, as_json: bool) -> None:
    """Find what was changed, removed, reordered or cut off. Exit 1 if anything was, or cannot be verified."""
    from neuroroute.commands.audit import verify_log

    with errors_told():
        verdict = asyncio.run(verify_log(read_environment(DOTENV), as_json=as_json))
        click.echo(verdict.text)
        sys.exit(0 if verdict.is_whole else 1)


@audit.command("list")
@click.option("--actor", help="Only what was changed by this one: admin, a client key's id, cli, startup.")
@click.option("--action", help="Only this kind of change.")
@click.option("--target", help="Only changes of this provider, key, …")
@click.option("--from", "since", callback=moment, help="Only since this moment (ISO 8601, or seconds since 1970).")
@click.option("--to", "until", callback=moment, help="Only before this moment.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most as many, the last ones.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
def list_entries(
    actor: str | None,
    action: str | None,
    target: str | None,
    since: float | None,
    until: float | None,
    limit: int,
    *,
    as_json: bool,
) -> None:
    """Print entries, the newest last."""
    from neuroroute.commands.audit import list_log
    from neuroroute.domain.audit import AuditFilter

    wanted = AuditFilter(actor=actor, action=action, target=target, since=since, until=until)
    with errors_told():
        if told := asyncio.run(list_log(read_environment(DOTENV), wanted, limit=limit, as_json=as_json)):
            click.echo(told)
