"""Where the files are that travel with the package: in a wheel beside the code, in a checkout at its top."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parents[1]


def _place(name: str) -> Path:
    in_wheel = _PACKAGE / "data" / name
    return in_wheel if in_wheel.is_dir() else _PACKAGE.parents[1] / name


DATABASE: Final = _place("database")
"""Migrations and seeds."""
