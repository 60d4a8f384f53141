"""`neuroroute keys …`: makes, lists, rotates and revokes client keys in the database, whether or not anybody serves."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from time import time
from typing import Final

import msgspec
from msgspec import Struct

from neuroroute.application.keep_client_keys import KeepClientKeys
from neuroroute.commands.stored import stored
from neuroroute.container import Container
from neuroroute.domain.client_key import ClientKey, MintedKey, NewKey
from neuroroute.domain.errors import NeuroRouteError
from neuroroute.interface.client_keys import key_view, minted_view

_BY: Final = "cli"
_HEAD: Final = ("ID", "NAME", "OPENS", "STATE", "EXPIRES", "LAST USED", "A MINUTE", "MODELS", "CHOSEN BY")

_encode: Final = msgspec.json.Encoder(order="deterministic").encode


class KeyNotMade(NeuroRouteError):
    """What was asked for is no key."""


class KeyWanted(Struct, frozen=True, kw_only=True):
    """What the command line says of a new key."""

    name: str
    scopes: Sequence[str]
    expires: int | None
    """Seconds from now."""
    requests_per_minute: int | None
    models: Sequence[str]
    policy: str | None


async def create_key(environ: Mapping[str, str], wanted: KeyWanted, *, as_json: bool) -> str:
    """The new key's text, or all of it as JSON.

    Raises:
        NeuroRouteError: as `stored`, or `wanted` is no key.
    """
    now = time()
    said: dict[str, object] = {
        "name": wanted.name,
        "scopes": wanted.scopes,
        "expires_at": None if wanted.expires is None else datetime.fromtimestamp(now + wanted.expires, UTC),
        "requests_per_minute": wanted.requests_per_minute,
        "models": wanted.models or None,
        "policy": wanted.policy,
    }
    try:
        new = msgspec.convert(said, NewKey)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise KeyNotMade(
            "No key was made. Allowed: a name of 1 to 100 characters and at most 1,000 models of 1 to 255 each, none "
            "of them a control character."
        ) from error
    async with stored(environ) as container:
        return _told(await _keep(container).create(new, now=now, by=_BY), as_json=as_json)


async def list_keys(environ: Mapping[str, str], *, as_json: bool) -> str:
    """All keys as a table, or as JSON."""
    async with stored(environ) as container:
        keys = await _keep(container).all()
    if as_json:
        return _encode([key_view(key) for key in keys]).decode()
    if not keys:
        return "There is no client key: `neuroroute keys create NAME` makes one."
    return _table([_HEAD, *(_row(key, time()) for key in keys)])


async def rotate_key(environ: Mapping[str, str], key_id: str, *, overlap: int, as_json: bool) -> str:
    """The key's new text, or all of it as JSON.

    Raises:
        NotStored: there is no such key.
    """
    async with stored(environ) as container:
        minted = await _keep(container).rotate(key_id, overlap=overlap, now=time(), by=_BY)
    return _told(minted, as_json=as_json)


async def revoke_key(environ: Mapping[str, str], key_id: str) -> str:
    """What was done, in words.

    Raises:
        NotStored: there is no such key.
    """
    async with stored(environ) as container:
        key = await _keep(container).revoke(key_id, now=time(), by=_BY)
    return f"The key {key.id} ({key.name}) opens nothing any more."


def _keep(container: Container) -> KeepClientKeys:
    return KeepClientKeys(container.client_key_store(), follow=_nobody_follows, entropy=os.urandom)


async def _nobody_follows() -> None:
    """A command holds nothing in memory; the services look by themselves."""


def _told(minted: MintedKey, *, as_json: bool) -> str:
    return _encode(minted_view(minted)).decode() if as_json else minted.text.reveal()


def _row(key: ClientKey, now: float) -> tuple[str, ...]:
    return (
        key.id,
        key.name,
        ", ".join(sorted(key.scopes)),
        _state(key, now),
        _day(key.expires_at, "never"),
        _day(key.last_used_at, "never"),
        "any" if key.requests_per_minute is None else str(key.requests_per_minute),
        "any" if key.models is None else ", ".join(sorted(key.models)),
        key.policy or "as usual",
    )


def _state(key: ClientKey, now: float) -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "good"


def _day(seconds: float | None, never: str) -> str:
    return never if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
