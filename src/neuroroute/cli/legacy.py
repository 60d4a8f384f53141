"""`neuroroute import-legacy`: from the earlier service to this one."""

import asyncio
from pathlib import Path

import click

from neuroroute.cli.telling import DOTENV, errors_told
from neuroroute.settings import read_environment


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Let the file win over keys and settings that are here already.")
def import_legacy(path: Path, *, overwrite: bool) -> None:
    """Take over the earlier service's keys and settings. PATH is its SQLite file (db_data/api_keys.db).

    The file is only read; it holds the keys in clear, so delete it once they are here.
    """
    from neuroroute.commands.legacy import import_file

    with errors_told():
        click.echo(asyncio.run(import_file(read_environment(DOTENV), path, overwrite=overwrite)))
