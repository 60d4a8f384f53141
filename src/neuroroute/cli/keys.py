"""`neuroroute keys …`: the keys by which clients are let in."""

import asyncio
import re
from typing import Final

import click

from neuroroute.cli.telling import DOTENV, errors_told, say
from neuroroute.domain.client_key import KeyScope
from neuroroute.domain.rate_limit import MAX_PER_MINUTE
from neuroroute.settings import read_environment

_SCOPES: Final = [scope.value for scope in KeyScope]
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN: Final = re.compile(r"(\d{1,6})([smhd])")


class _Span(click.ParamType[int]):
    """A time such as `90s`, `15m`, `12h` or `30d`, in seconds."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = _SPAN.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is no time: write a number and s, m, h or d, such as 30d", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


@click.group()
def keys() -> None:
    """Manage the keys by which clients are let in."""


@keys.command()
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, type=click.Choice(_SCOPES), default=["client"], show_default=True,
    help="What it opens; may be given several times.",
)  # fmt: skip
@click.option("--expires", type=_Span(), help="How long it opens anything, such as 30d; else for ever.")
@click.option("--rpm", type=click.IntRange(1, MAX_PER_MINUTE), help="Requests a minute; else any number.")
@click.option("--model", "models", multiple=True, help="A model that may answer it; several times for several.")
@click.option(
    "--policy", type=click.Choice(["learned", "rules"]),
    help="How models are chosen for it where a request does not say; else as for everybody.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the key with its facts as JSON.")
def create(
    name: str,
    scopes: tuple[str, ...],
    expires: int | None,
    rpm: int | None,
    models: tuple[str, ...],
    policy: str | None,
    *,
    as_json: bool,
) -> None:
    """Make a key for NAME and print its text, which is shown this once."""
    from neuroroute.commands.keys import KeyWanted, create_key

    if expires == 0:
        raise click.BadParameter("a key of no time opens nothing", param_hint="--expires")
    wanted = KeyWanted(name=name, scopes=scopes, expires=expires, requests_per_minute=rpm, models=models, policy=policy)
    with errors_told():
        shown = asyncio.run(create_key(read_environment(DOTENV), wanted, as_json=as_json))
        click.echo(shown)
        if not as_json:
            say("Keep it: only a keyed hash of it is stored, and it is never shown again.")


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_all(*, as_json: bool) -> None:
    """Show every key that ever was, without what it opens with."""
    from neuroroute.commands.keys import list_keys

    with errors_told():
        click.echo(asyncio.run(list_keys(read_environment(DOTENV), as_json=as_json)))


@keys.command()
@click.argument("key_id", metavar="ID")
@click.option("--overlap", type=_Span(), default="0s", help="How long the text before still opens, such as 1h.")
@click.option("--json", "as_json", is_flag=True, help="Print the key with its facts as JSON.")
def rotate(key_id: str, overlap: int, *, as_json: bool) -> None:
    """Give the key ID a new text, and print it."""
    from neuroroute.commands.keys import rotate_key

    with errors_told():
        shown = asyncio.run(rotate_key(read_environment(DOTENV), key_id, overlap=overlap, as_json=as_json))
        click.echo(shown)


@keys.command()
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """Let the key ID open nothing any more, for ever. Every instance follows within a second."""
    from neuroroute.commands.keys import revoke_key

    with errors_told():
        click.echo(asyncio.run(revoke_key(read_environment(DOTENV), key_id)))
