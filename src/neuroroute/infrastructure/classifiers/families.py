"""What each family of models says of one prompt: the formulas of `skills` and `direct` on a prompt's own numbers."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from operator import add
from typing import Final, Protocol, final

from msgspec import Struct

from neuroroute.infrastructure.classifiers import direct, skills
from neuroroute.infrastructure.classifiers.forest import Forest
from neuroroute.infrastructure.classifiers.lexicon import Lexicon
from neuroroute.infrastructure.classifiers.prompt_features import PromptFeatures
from neuroroute.infrastructure.classifiers.weights import DirectFamily, SkillsFamily, Weights

_LOWEST: Final = 0.005
_HIGHEST: Final = 0.99
"""Nothing is certain."""


class Seen(Struct, frozen=True, gc=False):
    """One prompt, as all families see it."""

    features: PromptFeatures
    difficulty: float


class Told(Struct, frozen=True, gc=False):
    """What a family says of a prompt."""

    family: str
    familiarity: float
    """0..1"""
    known: Mapping[str, float]
    """The quality of each of its models."""
    skills: Mapping[str, float]
    """Shares that add up to one; empty where the family has no skills."""


class FamilyReader(Protocol):
    """One family, ready to be asked."""

    @abstractmethod
    def tell(self, prompt: Seen) -> Told: ...


def readers_of(weights: Weights) -> Sequence[FamilyReader]:
    """One for each family."""
    return [
        SkillsReader(family, weights) if isinstance(family, SkillsFamily) else DirectReader(family, weights)
        for family in weights.head.families
    ]


@final
class SkillsReader(FamilyReader):
    """Of a strange prompt it says what it would say of any."""

    def __init__(self, family: SkillsFamily, weights: Weights) -> None:
        self._family = family
        self._lexicon = Lexicon(weights, family.lane, len(family.skills) + len(family.models))
        typical, usual = zip(family.models, family.typical, strict=True), zip(family.skills, family.base, strict=True)
        self._strange = Told(family.name, 0.0, dict(typical), dict(usual))

    def tell(self, prompt: Seen) -> Told:
        family, features = self._family, prompt.features
        if features.form not in family.forms:
            return self._strange
        lanes, share = self._lexicon.sums(features.words)
        scores = list(map(add, family.base, lanes))
        away = skills.distance(features.shape, family.looks[scores.index(max(scores))])
        evidence = skills.evidence(scores, away, share=share)
        familiar = skills.familiarity(family.detector, evidence)
        if not familiar:
            return self._strange
        shares = skills.shares_of(scores, family.sharpness)
        qualities = skills.qualities(family, shares, lanes[len(scores) :], familiar)
        taken = dict(zip(family.skills, shares, strict=True))
        return Told(family.name, familiar, _possible(family.models, qualities), taken)


@final
class DirectReader(FamilyReader):
    """Of a strange prompt it says no more than how hard it looks."""

    def __init__(self, family: DirectFamily, weights: Weights) -> None:
        self._family, self._forest = family, Forest(weights.trees[family.name])
        self._lexicon = Lexicon(weights, family.lane, len(family.models))

    def tell(self, prompt: Seen) -> Told:
        family, features = self._family, prompt.features
        if features.form not in family.forms:
            return self._strange(prompt)
        lanes, share = self._lexicon.sums(features.words)
        familiar = direct.familiarity(family, share=share)
        if not familiar:
            return self._strange(prompt)
        qualities = direct.qualities(family, lanes, self._forest.sums(features.shape))
        if familiar < 1:
            strange = direct.strange_qualities(family, prompt.difficulty)
            qualities = [far + familiar * (near - far) for far, near in zip(strange, qualities, strict=True)]
        return Told(family.name, familiar, _possible(family.models, qualities), {})

    def _strange(self, prompt: Seen) -> Told:
        family = self._family
        qualities = direct.strange_qualities(family, prompt.difficulty)
        return Told(family.name, 0.0, _possible(family.models, qualities), {})


def _possible(models: Sequence[str], qualities: Iterable[float]) -> Mapping[str, float]:
    return {
        model: quality if _LOWEST <= quality <= _HIGHEST else _LOWEST if quality < _LOWEST else _HIGHEST
        for model, quality in zip(models, qualities, strict=True)
    }
