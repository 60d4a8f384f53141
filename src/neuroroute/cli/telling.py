"""How every command reads its environment, says things and fails."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NoReturn

import click

from neuroroute.domain.errors import NeuroRouteError

DOTENV: Final = Path(".env")


@contextmanager
def errors_told() -> Generator[None, None, None]:
    """A failure on purpose is told in its own words, and the command ends with 2."""
    try:
        yield
    except NeuroRouteError as error:
        fail(str(error))


def say(text: str) -> None:
    """To the person, not to what reads the output."""
    click.echo(text, err=True)


def fail(text: str) -> NoReturn:
    """Say why, and end with 2."""
    say(text)
    sys.exit(2)
