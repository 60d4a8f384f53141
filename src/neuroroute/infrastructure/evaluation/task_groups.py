"""Tasks that count as one: a domain of many small ones."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec.structs import replace

from neuroroute.infrastructure.evaluation.json_lines import DataRefused, read_bytes, shown
from neuroroute.infrastructure.evaluation.outcomes import Example

_ALLOWED = 'Allowed: a JSON object {"group": ["task", …]}.'


def read_groups(path: Path) -> Mapping[str, str]:
    """The group of each task that has one.

    Raises:
        DataRefused: the file does not hold, or a task is in two groups.
    """
    try:
        groups = msgspec.json.decode(read_bytes(path), type=dict[str, list[str]])
    except (ValueError, RecursionError):
        raise DataRefused(path, f"holds no groups. {_ALLOWED}") from None
    found = dict[str, str]()
    for group, tasks in groups.items():
        for task in tasks:
            if found.setdefault(task, group) != group:
                raise DataRefused(path, f"{shown(task)} is in {shown(found[task])}, too.", field=group)
    return found


def grouped(examples: Sequence[Example], groups: Mapping[str, str]) -> Sequence[Example]:
    """A task that is in no group stands by itself."""
    return [replace(one, dataset=groups[one.dataset]) if one.dataset in groups else one for one in examples]
