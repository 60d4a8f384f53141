"""`neuroroute vault …`: the keys that encrypt what is stored."""

import asyncio

import click

from neuroroute.cli.telling import DOTENV, errors_told
from neuroroute.settings import read_environment


@click.group()
def vault() -> None:
    """Manage what is encrypted at rest."""


@vault.command()
def rotate() -> None:
    """Encrypt providers' keys anew, while services run. They get a new key under the present master key.

    To change the master key: set the new one in NEUROROUTE_MASTER_KEY and the old one in
    NEUROROUTE_MASTER_KEY_PREVIOUS, restart every instance, and rotate.
    """
    from neuroroute.commands.vault import rotate_vault

    with errors_told():
        click.echo(asyncio.run(rotate_vault(read_environment(DOTENV))))
