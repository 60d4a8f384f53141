"""A table as CSV (RFC 4180) that a spreadsheet shows and does not execute."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

CSV: Final = b"text/csv; charset=utf-8"
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With one of these a field begins what spreadsheets take for a formula (OWASP, CSV injection)."""


def write_csv(names: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """One line of names, then the rows. A field that would be a formula gets an apostrophe before it."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(names)
    writer.writerows([_shown(field) for field in row] for row in rows)
    return file.getvalue().encode()


def _shown(field: str) -> str:
    return f"'{field}" if field.startswith(_FORMULAS) else field
