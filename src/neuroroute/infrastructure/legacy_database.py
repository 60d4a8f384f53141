"""Reads the SQLite file of the earlier service (CONTRACT.md 9), without changing it."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from msgspec import Struct

from neuroroute.domain.access import Secret
from neuroroute.domain.errors import NeuroRouteError

_KEYS: Final = "SELECT provider, api_key, is_active FROM api_keys ORDER BY id"
_SETTINGS: Final = "SELECT provider, model, organization, api_base FROM api_key_settings ORDER BY id"


class LegacyUnreadable(NeuroRouteError):
    """The file is not there, or not the earlier service's database."""


class LegacyKey(Struct, frozen=True, kw_only=True):
    """A provider's key, which lay there in clear."""

    provider: str
    api_key: Secret
    is_active: bool


class LegacySettings(Struct, frozen=True, kw_only=True):
    """What else was stored of a provider; the earlier service never read it."""

    provider: str
    model: str | None
    organization: str | None
    api_base: str | None


class LegacyDatabase(Struct, frozen=True, kw_only=True):
    """All that is in the file, in the order of its ids, with nothing judged yet."""

    keys: Sequence[LegacyKey]
    settings: Sequence[LegacySettings]


def read_legacy(path: Path) -> LegacyDatabase:
    """What the file holds; its service may still be running.

    Raises:
        LegacyUnreadable: with what to do about it.
    """
    if not path.is_file():
        raise LegacyUnreadable(
            f"{path} is not a file. The earlier service kept its keys in db_data/api_keys.db, in the folder that it "
            "was started in"
        )
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            connection.text_factory = _decoded
            keys: list[tuple[object, object, object]] = connection.execute(_KEYS).fetchall()
            settings: list[tuple[object, object, object, object]] = connection.execute(_SETTINGS).fetchall()
    except sqlite3.Error as exc:
        raise LegacyUnreadable(f"{path} cannot be read as the earlier service's database: {exc}") from exc
    return LegacyDatabase(
        keys=[
            LegacyKey(provider=_text(provider), api_key=Secret(_text(key)), is_active=bool(active))
            for provider, key, active in keys
        ],
        settings=[
            LegacySettings(
                provider=_text(provider),
                model=_perhaps(model),
                organization=_perhaps(organization),
                api_base=_perhaps(api_base),
            )
            for provider, model, organization, api_base in settings
        ],
    )


def _decoded(text: bytes) -> str:
    """Of text that is not UTF-8 as much as can be read: SQLite's own error would quote it, and it may be a key."""
    return text.decode(errors="replace")


def _text(value: object) -> str:
    """SQLite keeps any type in any column; what is no text is told apart later, as no name and no key."""
    return value if isinstance(value, str) else ""


def _perhaps(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
