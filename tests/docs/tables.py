"""The tables of a document, by the headings above them."""

import json
import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_CODE = re.compile(r"`([^`]+)`")


class Table(NamedTuple):
    """One table."""

    heading: str
    """The headings above it, outer first, joined by ` / `."""
    columns: tuple[str, ...]
    rows: list[tuple[int, list[str]]]
    """The number of the line, and the cells."""


def tables_of(document: Path) -> list[Table]:
    """All of it. A cell may hold no `|`."""
    headings: list[str] = []
    tables: list[Table] = []
    open_table = False
    for number, line in enumerate(document.read_text(encoding="utf-8").splitlines(), start=1):
        if found := re.match(r"(#+) (.*)", line):
            headings = [*headings[: len(found[1]) - 1], found[2]]
        if not line.startswith("|"):
            open_table = False
            continue
        cells = [cell.strip() for cell in line.strip("|").split(" |")]
        cells = [cell.removeprefix("| ") for cell in cells]
        if not open_table:
            tables.append(Table(" / ".join(headings[1:]), tuple(cells), []))
            open_table = True
        elif not set(line) <= set("|-"):
            tables[-1].rows.append((number, cells))
    return tables


def codes(cell: str) -> list[str]:
    """What stands in it as code."""
    return _CODE.findall(cell)


def members(code: str) -> dict[str, object]:
    """An object, or members of one."""
    return json.loads(code if code.startswith("{") else f"{{{code}}}")
