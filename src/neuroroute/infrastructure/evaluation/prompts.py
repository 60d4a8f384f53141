"""A file of prompts that are to be scored."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from neuroroute.infrastructure.evaluation.json_lines import DataRefused, read_lines, shown
from neuroroute.infrastructure.evaluation.outcomes import Name


class PromptLine(Struct, frozen=True):
    """One prompt. Other fields of its line are passed over, so that data with outcomes can be scored as they are."""

    id: Name
    prompt: Annotated[str, Meta(description="a text")]


def read_prompts(path: Path) -> Sequence[PromptLine]:
    """In the order of the file, which may be empty.

    Raises:
        DataRefused: a line does not hold, or has the id of another.
    """
    read = list[PromptLine]()
    lines = dict[str, int]()
    for line, prompt in read_lines(path, PromptLine):
        if (before := lines.setdefault(prompt.id, line)) != line:
            problem = f"{shown(prompt.id)} is that of line {before} too. Each prompt has an id of its own."
            raise DataRefused(path, problem, line=line, field="id")
        read.append(prompt)
    return read
