"""On which line of a catalogue file something stands: TOML's reader does not say."""

import re
from collections.abc import Sequence
from typing import Final

_HEADER: Final = re.compile(r"\s*(\[\[?)\s*([\w.\s\"'-]+?)\s*\]")
_FIELD: Final = re.compile(r"\s*[\"']?([\w-]+)[\"']?\s*[.=]")


def line_of(text: str, tables: str, index: int, field: str) -> int | None:
    """Of `field` in the table number `index` (from 0) that a line `[[tables]]` begins; of that line when the field is
    not there; `None` when the tables are not written so. `field` may go on within a value: `price.prompt`.

    A look at the lines, not a reading: a text of several lines that looks like a header misleads it.
    """
    lines = text.splitlines()
    begins = [at for at, line in enumerate(lines) if _header(line) == ("[[", tables)]
    if index >= len(begins):
        return None
    name, inner = re.split(r"[.\[]", field, maxsplit=1)[0], field.partition(".")[2]
    return _within(lines, begins[index], tables, name, inner) + 1


def _within(lines: Sequence[str], first: int, tables: str, name: str, inner: str) -> int:
    place, section = first, ""
    for at, line in enumerate(lines[first + 1 :], first + 1):
        if header := _header(line):
            if not header[1].startswith(f"{tables}."):
                break
            section = header[1].removeprefix(f"{tables}.")
            place = at if section == name else place
        elif (said := _FIELD.match(line)) and (section, said[1]) in {("", name), (name, inner)}:
            return at
    return place


def _header(line: str) -> tuple[str, str] | None:
    found = _HEADER.match(line)
    return (found[1], re.sub(r"[\s\"']", "", found[2])) if found else None
