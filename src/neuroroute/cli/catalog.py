"""`neuroroute catalog …`: what a file would change of the catalogue, and changing it."""

import asyncio
from pathlib import Path

import click

from neuroroute.cli.telling import DOTENV, errors_told
from neuroroute.settings import read_environment

_FILE = click.argument("file", type=click.Path(path_type=Path))
_MODELS = click.argument("models", nargs=-1, required=True)
_PRUNE = click.option(
    "--prune", is_flag=True, help="Remove the enabled models that FILE does not name, and providers left without any."
)


@click.group()
def catalog() -> None:
    """Show and change which providers and models there are. See docs/catalog.md."""


@catalog.command("list")
@click.option("--all", "everything", is_flag=True, help="Also the models that are known and not enabled.")
def list_models(*, everything: bool) -> None:
    """List the models that are enabled."""
    from neuroroute.commands.catalog import list_catalog

    with errors_told():
        click.echo(asyncio.run(list_catalog(read_environment(DOTENV), everything=everything)))


@catalog.command()
@_MODELS
def enable(models: tuple[str, ...]) -> None:
    """Route to MODELS that are known. Running services follow within a second."""
    from neuroroute.commands.catalog import switch_models

    with errors_told():
        click.echo(asyncio.run(switch_models(read_environment(DOTENV), models, enabled=True)))


@catalog.command()
@_MODELS
def disable(models: tuple[str, ...]) -> None:
    """Route no longer to MODELS; what is known of them stays."""
    from neuroroute.commands.catalog import switch_models

    with errors_told():
        click.echo(asyncio.run(switch_models(read_environment(DOTENV), models, enabled=False)))


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
