"""`neuroroute catalog …`: what a file would change of the catalogue, and changing it."""

import asyncio
from pathlib import Path

import click

from neuroroute.cli.telling import DOTENV, errors_told
from neuroroute.settings import read_environment

_FILE = click.argument("file", type=click.Path(path_type=Path))
_PRUNE = click.option(
    "--prune", is_flag=True, help="Remove the enabled models that FILE does not name, and providers left without any."
)


@click.group()
def catalog() -> None:
    """Show and change which providers and models there are (docs/catalog.md)."""


@catalog.command()
@_FILE
@_PRUNE
def plan(file: Path, *, prune: bool) -> None:
    """Show what applying FILE would add, change and remove."""
    from neuroroute.commands.catalog import plan_file

    with errors_told():
        click.echo(asyncio.run(plan_file(read_environment(DOTENV), file, prune=prune)))


@catalog.command()
@_FILE
@_PRUNE
def apply(file: Path, *, prune: bool) -> None:
    """Add and change what FILE says. Running services follow within a second."""
    from neuroroute.commands.catalog import apply_file

    with errors_told():
        click.echo(asyncio.run(apply_file(read_environment(DOTENV), file, prune=prune)))
