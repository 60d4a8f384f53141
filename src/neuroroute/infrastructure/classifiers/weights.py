"""The file that a trained predictor is: arrays in NumPy's own format, and a head in JSON that says what they mean."""

import zlib
from collections.abc import Sequence
from hashlib import sha256
from io import BytesIO
from operator import mul
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import msgspec
import numpy as np
from msgspec import Struct, structs
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from neuroroute.domain.errors import NeuroRouteError
from neuroroute.domain.quality import Form
from neuroroute.infrastructure.classifiers.shape import NAMES
from neuroroute.infrastructure.whole_file import whole_file

FORMAT: Final = 1
LARGEST: Final = 8191
"""Of the whole numbers that a weight is kept as: those of all words of a prompt add up within a lane (`lanes.MOST`)."""
FARTHEST: Final = 2.5
"""Deviations that a prompt is harder or easier than usual, at most."""


SHIPPED: Final = Path(__file__).with_name("weights.npz")
"""Those that come with this version; `weights.md` beside them says what they were trained on."""


class WeightsRefused(NeuroRouteError):
    """The file does not hold a predictor that this version can use."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path} holds no weights that can be used: {problem}. `neuroroute train` makes such a file.")


class Difficulty(Struct, frozen=True, kw_only=True):
    """How hard a prompt looks, from a few numbers of its shape."""

    slopes: tuple[float, ...]
    """For each number of a shape; 0 for one that says nothing."""
    intercept: float

    def of(self, shape: Sequence[float]) -> float:
        """0 is usual, 1 a deviation harder."""
        return min(FARTHEST, max(-FARTHEST, self.intercept + sum(map(mul, self.slopes, shape))))


class Prior(Struct, frozen=True, kw_only=True):
    """What is believed of a model that was never seen: the logit of its quality, by its price.

    intercept + slope x ln(USD per million tokens, the mean of read and written) - harder x difficulty.
    """

    intercept: float
    slope: float
    harder: float
    spread: float
    """How far from it the quality lies four times out of five."""


class Detector(Struct, frozen=True, kw_only=True):
    """Tells prompts of a task that was seen from those of others: a logistic model of `skills.evidence`."""

    intercept: float
    slopes: tuple[float, ...]
    threshold: float
    """Below it a prompt counts as wholly strange."""
    power: float
    """Above it the probability is raised to this."""


class Spread(Struct, frozen=True):
    """How far from what is foretold the quality lies four times out of five."""

    familiar: float
    strange: float


class Looks(Struct, frozen=True):
    """The shape of a skill's prompts, each number of it by itself."""

    middle: tuple[float, ...]
    near: tuple[float, ...]
    """One over how far the prompts usually are from it."""


class SkillsFamily(Struct, frozen=True, kw_only=True, tag="skills"):
    """Models that were seen on the same prompts of several tasks. Each task is a skill.

    Lanes from `lane` on: the score of each skill, the residual of each model, and whether the word is known.
    """

    name: str
    lane: int
    models: tuple[str, ...]
    typical: tuple[float, ...]
    """The quality of each model over all tasks."""
    spread: Spread
    skills: tuple[str, ...]
    base: tuple[float, ...]
    """The score of each skill, before any word: its share of the prompts."""
    forms: tuple[Form, ...]
    """That were seen; prompts of others are strange."""
    looks: tuple[Looks, ...]
    """Of each skill."""
    sharpness: float
    """Of the soft maximum that makes shares of the scores."""
    ability: tuple[tuple[float, ...], ...]
    """The quality of each model (rows) in each skill."""
    detector: Detector


class DirectFamily(Struct, frozen=True, kw_only=True, tag="direct"):
    """Models that were seen on the same prompts of one kind.

    Lanes from `lane` on: the logit of each model, and whether the word is known. The arrays of its trees are called
    `<name>.features` and `.thresholds` (tree x level) and `.values` (tree x leaf x model).
    """

    name: str
    lane: int
    models: tuple[str, ...]
    typical: tuple[float, ...]
    """The quality of each model over all prompts."""
    spread: Spread
    base: tuple[float, ...]
    """The logit of each model, before any word."""
    lexical: float
    """What the words count for, and the shape."""
    formal: float
    intercepts: tuple[float, ...]
    """Calibration of each model: intercept + slope x the sum of both."""
    slopes: tuple[float, ...]
    forms: tuple[Form, ...]
    """That were seen; to others the family is strange."""
    strange: float
    """Up to this share of known words a prompt is strange, from `usual` on wholly familiar."""
    usual: float
    harder: float
    """By how much the logit of a strange prompt falls when it is one deviation harder."""


class Head(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All but the arrays."""

    format: int = FORMAT
    shape: tuple[str, ...]
    """The names of the numbers of a shape, as they were at training."""
    families: tuple[SkillsFamily | DirectFamily, ...]
    difficulty: Difficulty
    prior: Prior
    data: tuple[str, ...] = ()
    """What it was trained on."""


class Trees(Struct, frozen=True):
    """Oblivious decision trees over a shape: all branches of a level ask the same question."""

    features: NDArray[np.int64]
    """Tree x level, four levels: a place in the shape."""
    thresholds: NDArray[np.float64]
    """Tree x level: the answer is yes above it."""
    values: NDArray[np.float64]
    """Tree x leaf x model. Leaves are numbered by the answers, the first is the highest bit."""


class Weights(Struct, frozen=True, kw_only=True):
    """A trained predictor."""

    head: Head
    words: tuple[bytes, ...]
    """Known words, in order."""
    table: NDArray[np.int16]
    """Word x lane, each from -`LARGEST` to `LARGEST`."""
    scales: NDArray[np.float64]
    """What a step of each lane is."""
    trees: dict[str, Trees]
    """Of each direct family."""

    @property
    def version(self) -> str:
        """Twelve digits of a digest of everything."""
        digest = sha256(b"")
        for part in _arrays(self).values():
            digest.update(np.ascontiguousarray(part).data)
        return digest.hexdigest()[:12]


def write_weights(path: Path, weights: Weights) -> None:
    """The same weights are the same bytes always.

    Raises:
        OSError: the file cannot be written, and is as it was.
    """
    with whole_file(path) as file:
        np.savez_compressed(file, allow_pickle=False, **_arrays(weights))


def _arrays(weights: Weights) -> dict[str, NDArray[np.generic]]:
    arrays: dict[str, NDArray[np.generic]] = {
        "head": np.frombuffer(msgspec.json.encode(weights.head), dtype=np.uint8),
        "words": np.frombuffer(b"\n".join(weights.words), dtype=np.uint8),
        "table": weights.table,
        "scales": weights.scales,
    }
    for name, trees in weights.trees.items():
        arrays |= {f"{name}.{part}": array for part, array in structs.asdict(trees).items()}
    return arrays


def read_weights(path: Path) -> Weights:
    """
    Raises:
        WeightsRefused: there is no such file, it is something else, or of another version.
    """
    try:
        with path.open("rb") as opened, np.load(BytesIO(opened.read()), allow_pickle=False) as file:
            weights = _read(file)
    except OSError as error:
        raise WeightsRefused(path, error.strerror or "it cannot be read") from error
    except (ValueError, TypeError, KeyError, EOFError, RuntimeError, BadZipFile, zlib.error) as error:
        raise WeightsRefused(path, "it is no file of weights, or not all of one") from error
    if (problem := _problem(weights)) is not None:
        raise WeightsRefused(path, problem)
    return weights


def _read(file: NpzFile) -> Weights:
    head = msgspec.json.decode(file["head"].tobytes(), type=Head)
    trees = {
        family.name: Trees(*(file[f"{family.name}.{part}"] for part in Trees.__struct_fields__))
        for family in head.families
        if isinstance(family, DirectFamily)
    }
    return Weights(
        head=head,
        words=tuple(words.split(b"\n")) if (words := file["words"].tobytes()) else (),
        table=file["table"],
        scales=file["scales"],
        trees=trees,
    )


def _problem(weights: Weights) -> str | None:
    """What hinders their use; `None` where nothing does."""
    if weights.head.format != FORMAT:
        return f"they are of format {weights.head.format}, and this version reads {FORMAT}"
    if weights.head.shape != NAMES:
        return "they were trained on other numbers of a prompt's shape"
    if weights.table.shape != (len(weights.words), len(weights.scales)):
        return f"a table of {weights.table.shape} for {len(weights.words)} words of {len(weights.scales)} lanes"
    return None
