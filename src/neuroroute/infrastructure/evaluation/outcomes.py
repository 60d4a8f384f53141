"""What models really scored on prompts, and what that cost: the data of training and evaluation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from neuroroute.infrastructure.evaluation.json_lines import DataRefused, read_lines, shown

Split = Literal["train", "dev"]
Name = Annotated[str, Meta(min_length=1, description="a text that is not empty")]

_SUFFIXES: Final = (".jsonl", ".jsonl.gz")


class Outcome(Struct, frozen=True, forbid_unknown_fields=True):
    """What a model's answer was worth, and what it cost."""

    quality: Annotated[float, Meta(ge=0, le=1)]
    cost_usd: Annotated[float, Meta(ge=0, le=1_000_000)]


class Example(Struct, frozen=True, forbid_unknown_fields=True):
    """A prompt that every model of its file answered."""

    id: Name
    stem: Name
    """Of the question: rows of one stem are variants of each other and stand in one split."""
    dataset: Name
    """The task that the prompt belongs to."""
    split: Annotated[Split, Meta(description='"train" or "dev"')]
    prompt: Annotated[str, Meta(description="a text")]
    outcomes: Annotated[
        Mapping[Name, Outcome],
        Meta(min_length=1, description='for each model {"quality": 0 to 1, "cost_usd": 0 to 1,000,000}'),
    ]


def read_outcomes(path: Path) -> Sequence[Example]:
    """At least one example, in the order of the file, each with the same models.

    Raises:
        DataRefused: the file does not hold.
    """
    read = list[Example]()
    lines = dict[str, int]()
    splits = dict[str, tuple[Split, int]]()
    for line, example in read_lines(path, Example):
        if (before := lines.setdefault(example.id, line)) != line:
            problem = f"{shown(example.id)} is that of line {before} too. Each prompt has an id of its own."
            raise DataRefused(path, problem, line=line, field="id")
        split, before = splits.setdefault(example.stem, (example.split, line))
        if split != example.split:
            problem = f"its stem is in {split} by line {before}. All prompts of one stem stand in one split."
            raise DataRefused(path, problem, line=line, field="split")
        if read and example.outcomes.keys() != read[0].outcomes.keys():
            raise _other_models(path, line, example, read[0])
        read.append(example)
    if not read:
        raise DataRefused(path, "holds no prompt. Each line is a JSON object (docs/evaluation.md).")
    return read


def only(examples: Sequence[Example], split: Split, path: Path) -> Sequence[Example]:
    """At least one, of those of `split`.

    Raises:
        DataRefused: there is none.
    """
    found = [example for example in examples if example.split == split]
    if not found:
        raise DataRefused(path, f'no line has the split "{split}". Name another split, or another file.', field="split")
    return found


def data_files(path: Path) -> Mapping[str, Path]:
    """The data sets of a folder by name, in its order, at least one; a file is one by itself.

    Raises:
        DataRefused: there is no file of data, or two of one name, or a pipe in its place.
    """
    if path.exists() and not (path.is_dir() or path.is_file()):
        raise DataRefused(path, "is no plain file, and data are read more than once. Write them to a file.")
    if not path.is_dir():
        return {_name(path): path}
    found = dict[str, Path]()
    for file in sorted(path.iterdir()):
        if file.name.endswith(_SUFFIXES):
            if _name(file) in found:
                raise DataRefused(path, f"{file.name} and {found[_name(file)].name} are of one name. Keep one of them.")
            found[_name(file)] = file
    if not found:
        raise DataRefused(path, f"is a folder without data. Data files end with {' or '.join(_SUFFIXES)}.")
    return found


def _name(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".jsonl")


def _other_models(path: Path, line: int, example: Example, first: Example) -> DataRefused:
    missing = [name for name in first.outcomes if name not in example.outcomes]
    added = [name for name in example.outcomes if name not in first.outcomes]
    problem = "is missing" if missing else "is in no line before"
    return DataRefused(
        path,
        f"{problem}. Each line has the models of the first: {', '.join(map(shown, first.outcomes))}.",
        line=line,
        field=f"outcomes.{(missing or added)[0]}",
    )
