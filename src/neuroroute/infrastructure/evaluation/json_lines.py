"""Files of JSON lines, or of one JSON list, plain or gzip, read strictly: faults are told by their line and field."""

import gzip
import json
import re
import zlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Final, TypeVar, get_args

import msgspec
from msgspec import Meta, Struct

from neuroroute.domain.errors import MAX_TOLD, NeuroRouteError

S = TypeVar("S", bound=Struct)

_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"
_SURROGATE: Final = re.compile("[\\ud800-\\udfff]")
_BETWEEN: Final = " \t\r\n,"
"""What stands between the items of a list."""


class DataRefused(NeuroRouteError):
    """A file of data does not hold, and nothing was written. Its text names the place and what is allowed; no value."""

    def __init__(self, path: Path, problem: str, *, line: int | None = None, field: str = "") -> None:
        """`line` counts from 1; `field` is a path within the line's object."""
        place = [path.name, *([] if line is None else [f"line {line}"]), *([shown(field)] if field else [])]
        super().__init__(f"{', '.join(place)}: {problem} Nothing was written.")
        self.path = path
        self.line = line
        self.field = field


def read_lines(path: Path, kind: type[S]) -> Iterator[tuple[int, S]]:
    """Each line's number, from 1, and what it says. Lines of white space are passed over.

    Raises:
        DataRefused: the file cannot be read, or a line is no `kind`.
    """
    decode = msgspec.json.Decoder(kind).decode
    for number, line in _lines(path):
        if not line.isspace():
            yield number, _decoded(decode, line, kind, path, number)


def read_list(path: Path, kind: type[S]) -> Iterator[tuple[int, S]]:
    """Of a file that is one JSON list: the line on which each item begins, and what it says.

    Raises:
        DataRefused: the file cannot be read or is no list, or an item is no `kind`.
    """
    decode = msgspec.json.Decoder(kind).decode
    for number, item in _items(read_bytes(path), path):
        yield number, _decoded(decode, item, kind, path, number)


def read_bytes(path: Path) -> bytes:
    """All of a file, out of its gzip when it is in one.

    Raises:
        DataRefused: it cannot be read.
    """
    return b"".join(line for _, line in _lines(path))


def shown(name: str) -> str:
    """A name from a file: nothing that a terminal would obey, and not all of a long one."""
    told = name[:MAX_TOLD]
    return told if told.isprintable() else ascii(told)


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with _readable(path), path.open("rb") as raw:
        packed = raw.peek(len(_GZIP)).startswith(_GZIP)  # a pipe cannot be read twice
        for number, line in enumerate(gzip.GzipFile(fileobj=raw) if packed else raw, 1):
            yield number, line.removeprefix(_BOM) if number == 1 else line


def _decoded(decode: Callable[[bytes], S], text: bytes, kind: type[S], path: Path, line: int) -> S:
    try:
        return decode(text)
    except (ValueError, RecursionError) as exc:  # of msgspec, and of text that is not UTF-8
        field, problem = _fault(text, kind, exc)
        raise DataRefused(path, f"{problem} {_allowed(field, kind)}", line=line, field=field) from None


def _items(packed: bytes, path: Path) -> Iterator[tuple[int, bytes]]:
    """The items of a list with their lines, each as it is written."""
    try:
        text = packed.decode()
        whole = msgspec.convert(json.loads(text), list[object])
    except UnicodeDecodeError:
        raise DataRefused(path, "is not UTF-8.") from None
    except json.JSONDecodeError as exc:
        raise DataRefused(path, "is not JSON.", line=exc.lineno) from None
    except (ValueError, RecursionError):
        raise DataRefused(path, "is no JSON list.") from None
    scan = json.JSONDecoder().raw_decode
    at = text.index("[") + 1
    for _ in whole:
        while text[at] in _BETWEEN:
            at += 1
        end = scan(text, at)[1]
        yield 1 + text.count("\n", 0, at), text[at:end].encode()
        at = end


@contextmanager
def _readable(path: Path) -> Generator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DataRefused(path, "is a broken gzip file: it ends early or is damaged. Fetch or pack it again.") from None
    except OSError as exc:
        raise DataRefused(path, f"cannot be read ({exc.strerror or 'it is no file'}).") from None


def _fault(line: bytes, kind: type[Struct], error: Exception) -> tuple[str, str]:
    """The field, and what is wrong with it."""
    if isinstance(error, UnicodeDecodeError):
        return "", "is not UTF-8."
    try:
        value: object = json.loads(line)
    except (ValueError, RecursionError):
        return "", "is not JSON."
    if fault := next(_beyond_json(value), None):
        return fault
    if not isinstance(error, msgspec.ValidationError):
        return "", "is not JSON."
    what, _, where = str(error).partition(" - at `$")
    field = where.removesuffix("`").removeprefix(".")
    return _told(what, _named(value, kind, field) if "[...]" in field else field)


def _told(what: str, field: str) -> tuple[str, str]:
    """What it says in our words, where ours are plainer or do not repeat the value."""
    quoted = f"{field}.{what.split('`')[1]}".removeprefix(".") if "`" in what else field
    if what.startswith("Object missing required field"):
        return quoted, "is missing."
    if what.startswith("Object contains unknown field"):
        return quoted, "is no field of it."
    return field, "is none of the choices." if what.startswith("Invalid enum value") else f"{what}."


def _beyond_json(value: object, at: str = "") -> Iterator[tuple[str, str]]:
    """Where the values are that Python reads and JSON does not know, and what they are."""
    match value:
        case float() if not isfinite(value):
            yield at, "is no finite number."
        case str() if _SURROGATE.search(value):
            yield at, "has half of a surrogate pair, which is no text."
        case dict():
            for name, inner in msgspec.convert(value, dict[str, object]).items():
                yield from _beyond_json(name, at)
                yield from _beyond_json(inner, f"{at}.{name}".removeprefix("."))
        case list():
            for index, inner in enumerate(msgspec.convert(value, list[object])):
                yield from _beyond_json(inner, f"{at}[{index}]")
        case _:
            pass


def _named(value: object, kind: type[Struct], field: str) -> str:
    """`field` with the name of the first member that is wrong, which msgspec leaves out."""
    holder = field.partition("[...]")[0]
    row = msgspec.convert(value, dict[str, object])
    for name, inner in msgspec.convert(row[holder], dict[str, object]).items():
        try:
            msgspec.convert({**row, holder: {name: inner}}, kind)
        except msgspec.ValidationError:
            return field.replace("[...]", f".{name}", 1)
    return field


def _allowed(field: str, kind: type[Struct]) -> str:
    """What the field's type says of itself, or which fields there are."""
    fields: Mapping[str, msgspec.structs.FieldInfo] = {one.name: one for one in msgspec.structs.fields(kind)}
    if (name := field.partition(".")[0]) in fields:
        said: Iterable[object] = get_args(fields[name].type)
        for meta in said:
            if isinstance(meta, Meta) and meta.description:
                return f"Allowed: {meta.description}."
    return f"Allowed: an object with {', '.join(fields)}."
