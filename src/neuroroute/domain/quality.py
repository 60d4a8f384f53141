"""How good a model's answer will be: what is seen of a prompt, and what is foretold of a model."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from neuroroute.domain.model import ModelCard


class Form(StrEnum):
    """The shape of a question."""

    OPEN = "open"
    CHOICE = "choice"
    """With answers to choose from."""
    CODE = "code"


class PromptReading(Struct, frozen=True, kw_only=True, tag="learned"):
    """What the predictor sees of a prompt: numbers, and none of its words."""

    characters: int
    form: Form
    difficulty: float
    """0 is usual, 1 a standard deviation harder."""
    familiarity: Mapping[str, float]
    """How much the prompt is like those that each family of models was seen with, 0..1, by family."""
    skills: Mapping[str, float]
    """What it takes, as shares that add up to one."""
    known: Mapping[str, float]
    """How good an answer of each model that was seen in training is, 0..1, by the name it had there."""
    predictor: str = ""
    """The version of the weights that it was read by, and only they can tell more of it."""


class Estimate(Struct, frozen=True, kw_only=True, gc=False):
    """The probability that an answer is good enough, and the interval that it lies in four times out of five."""

    quality: float
    low: float
    high: float


class QualityPredictor(Protocol):
    """Foretells how good answers are. Pure, and the same numbers always for the same version."""

    version: str
    """Names the weights."""

    @abstractmethod
    def estimate(self, reading: PromptReading, cards: Sequence[ModelCard]) -> Sequence[Estimate]:
        """For each of `cards`; one that was never seen in training has a stated prior and a wide interval."""
        ...

    @abstractmethod
    def typical(self, cards: Sequence[ModelCard]) -> Sequence[float]:
        """The quality of each of `cards` on prompts of which nothing is known."""
        ...
