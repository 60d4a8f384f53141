"""How values are written where people write them: in the environment and in the catalogue file.

No message holds the value: a key may have been pasted into the wrong place.
"""

import base64
import re
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Final, Generic, TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec
from msgspec import Struct

from neuroroute.domain.access import Secret

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
E = TypeVar("E", bound=Enum)

_SWITCH: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("on", "true", "yes", "y", "t", "1"), True),
    **dict.fromkeys(("off", "false", "no", "n", "f", "0"), False),
}
_UNITS: Final = {
    "": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30,
}  # fmt: skip
_HOST: Final = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\]"
_ORIGIN: Final = re.compile(rf"([a-z][a-z0-9+.-]*)://({_HOST.lower()})(?::([0-9]{{1,5}}))?", re.IGNORECASE)
_POSTGRES_OPTIONS: Final = frozenset({"host", "port", "sslmode"})
"""Of libpq's: what else a connection needs is said in `infrastructure.sql.database`."""
_OWN_PORTS: Final = {"http": 80, "https": 443}


class Malformed(ValueError):
    """What is wrong with a value, without the value."""


class Format(Struct, Generic[T_co], frozen=True):
    """One way to write a value."""

    parse: Callable[[str], T_co]
    """Raises Malformed."""
    allowed: str
    """What is allowed, for whoever wrote something else."""


def optional(format: Format[T]) -> Format[T | None]:  # noqa: A002 -- the noun is `Format`
    """The same, or nothing at all."""
    return Format(lambda text: format.parse(text) if text else None, format.allowed)


def several(format: Format[T]) -> Format[tuple[T, ...]]:  # noqa: A002 -- the noun is `Format`
    """Any number of them, with commas between."""
    return Format(
        lambda text: tuple(format.parse(one.strip()) for one in text.split(",") if one.strip()),
        f"any number by comma, each {format.allowed}",
    )


def choice(kind: type[E]) -> Format[E]:
    """One of the values of `kind`, in any case."""
    members = {str(member.value).lower(): member for member in kind}

    def parse(text: str) -> E:
        try:
            return members[text.lower()]
        except KeyError:
            raise Malformed("is none of the choices") from None

    return Format(parse, ", ".join(str(member.value) for member in kind))


def whole(least: int, most: int) -> Format[int]:
    """A whole number within bounds."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            raise Malformed("is not a whole number")
        return _within(int(text), least, most)

    return Format(parse, f"a whole number from {least} to {most}")


def number(least: float, most: float) -> Format[float]:
    """A number within bounds."""

    def parse(text: str) -> float:
        if not re.fullmatch(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})", text):
            raise Malformed("is not a number")
        return _within(float(text), least, most)

    return Format(parse, f"a number from {least:g} to {most:g}")


def size(least: int, most: int) -> Format[int]:
    """A number of bytes."""

    def parse(text: str) -> int:
        found = re.fullmatch(r"([0-9]{1,18}) ?([A-Za-z]{0,3})", text)
        unit = _UNITS.get(found[2].lower()) if found else None
        if found is None or unit is None:
            raise Malformed("is not a size")
        return _within(int(found[1]) * unit, least, most)

    return Format(parse, f"a size from {least} to {most} bytes, such as 1000000, 512KiB or 16MiB")


def _switch(text: str) -> bool:
    try:
        return _SWITCH[text.lower()]
    except KeyError:
        raise Malformed("is neither on nor off") from None


def _host(text: str) -> str:
    bare = text.removeprefix("[").removesuffix("]")
    if not re.fullmatch(_HOST, f"[{bare}]" if ":" in bare else bare):
        raise Malformed("is not a host name or an address")
    return bare


def _path(text: str) -> Path:
    try:
        return Path(_one_line(text)).expanduser()
    except RuntimeError:
        raise Malformed("begins with ~, and there is no such home folder") from None


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise Malformed("holds a control character")
    return text


def _key(text: str) -> Secret:
    # It travels in a header.
    if not re.fullmatch(r"[!-~]+", text):
        raise Malformed("holds a space, a line break or a character beyond ASCII")
    return Secret(text)


def key_of_bytes(count: int) -> Format[Secret]:
    """Exactly so many bytes in base64, kept as they were written."""

    def parse(text: str) -> Secret:
        try:
            decoded = base64.b64decode(text, validate=True)
        except ValueError:
            raise Malformed("is not base64") from None
        if len(decoded) != count:
            raise Malformed(f"is not {count} bytes long")
        return Secret(text)

    return Format(parse, f"{count} random bytes in base64, as `openssl rand -base64 {count}` prints")


def _base_url(text: str) -> str:
    # `urlsplit` drops line breaks and tabs in silence.
    if re.search(r"[\s\x00-\x1f\x7f]", text):
        raise Malformed("holds a space or a control character")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        raise Malformed("is not an address") from None
    if parts.scheme not in _OWN_PORTS or not re.fullmatch(_HOST, f"[{host}]" if ":" in host else host):
        raise Malformed("does not begin with http:// or https:// and a host")
    if "@" in parts.netloc:
        raise Malformed("holds a user or a password")
    if "?" in text or "#" in text:
        raise Malformed("holds a query or a fragment")
    if port == 0 or not re.fullmatch(r"[!-~]*", parts.path):
        raise Malformed("is not an address")
    return text.rstrip("/")


def _store_url(*schemes: str) -> Callable[[str], Secret]:
    """The form of an address that may hold a password."""

    def parse(text: str) -> Secret:
        try:
            parts = urlsplit(_one_line(text))
            port = parts.port
        except Malformed:
            raise
        except ValueError:
            raise Malformed("is not an address") from None
        if parts.scheme not in schemes or "://" not in text or port == 0:
            raise Malformed("is not an address of this kind")
        if not parts.hostname and not parts.path.strip("/"):
            raise Malformed("names neither a host nor a file")
        return Secret(text)

    return parse


def _database_url(text: str) -> Secret:
    url, parts = _store_url("postgresql", "postgres", "sqlite")(text), urlsplit(text)
    if parts.scheme != "sqlite" and not _POSTGRES_OPTIONS.issuperset(name for name, _ in parse_qsl(parts.query)):
        raise Malformed("has an option that the driver does not take")
    return url


def _origins(text: str) -> tuple[str, ...]:
    if text.startswith("["):
        try:
            listed = msgspec.json.decode(text, type=list[str])
        except msgspec.DecodeError:
            raise Malformed("is not a JSON list of texts") from None
    else:
        listed = text.split(",")
    given = [origin.strip() for origin in listed if origin.strip()]
    if "*" in given:
        return ("*",)
    return tuple(dict.fromkeys(_origin(origin, at) for at, origin in enumerate(given, 1)))


def _origin(text: str, at: int) -> str:
    """As a browser writes it: lower case, without the scheme's own port."""
    found = _ORIGIN.fullmatch(text)
    if found is None:
        raise Malformed(f"has something as its entry {at} that is not an origin")
    scheme, host, port = found[1].lower(), found[2].lower(), found[3]
    if port is None or int(port) == _OWN_PORTS.get(scheme):
        return f"{scheme}://{host}"
    return f"{scheme}://{host}:{_within(int(port), 1, 65535)}"


N = TypeVar("N", int, float)


def _within(value: N, least: N, most: N) -> N:
    if not least <= value <= most:
        raise Malformed("is too small" if value < least else "is too large")
    return value


SWITCH: Final = Format(_switch, "on or off")
HOST: Final = Format(_host, "a host name or an address, alone")
PORT: Final = whole(1, 65535)
PATH: Final = Format(_path, "a path")
ONE_LINE: Final = Format(_one_line, "one line of text")
KEY: Final = Format(_key, "visible ASCII characters, without spaces")
BASE_URL: Final = Format(_base_url, "http[s]://host[:port][/prefix], without user, query or fragment")
DATABASE_URL: Final = Format(
    _database_url, "postgresql://…, with no options but sslmode, host and port, or sqlite:///…"
)
REDIS_URL: Final = Format(
    _store_url("redis", "rediss", "unix"), "redis://[user:password@]host[:port][/number], rediss://… or unix:///…"
)
ORIGINS: Final = Format(
    _origins, "scheme://host[:port] without anything after it, several by comma or as a JSON list; or *"
)
