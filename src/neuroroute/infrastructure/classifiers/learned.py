"""What the trained weights say: of a prompt, and of how good models will be at it."""

from collections.abc import Sequence
from math import log
from typing import Final, final

import numpy as np

from neuroroute.application.ports import Classifier
from neuroroute.domain.model import ModelCard
from neuroroute.domain.prompt import Prompt, Role
from neuroroute.domain.quality import Estimate, PromptReading, QualityPredictor
from neuroroute.infrastructure.classifiers import direct
from neuroroute.infrastructure.classifiers.forest import Forest
from neuroroute.infrastructure.classifiers.lexicon import Lexicon, weight_of
from neuroroute.infrastructure.classifiers.prompt_features import PromptFeatures, features_of
from neuroroute.infrastructure.classifiers.skills import Skilled, sigmoid, skilled
from neuroroute.infrastructure.classifiers.weights import DirectFamily, SkillsFamily, Weights

_LOWEST: Final = 0.005
_HIGHEST: Final = 0.99
"""Nothing is certain."""
_NANO: Final = 1e-9
_CHEAPEST: Final = 0.001
"""Dollars a million tokens, below which a price says no more."""


@final
class LearnedClassifier(Classifier):
    """Reads the last thing that the user says: what stands before it was answered."""

    def __init__(self, weights: Weights) -> None:
        self._head = weights.head
        self._lexicon = Lexicon(weights)
        self._looks = weights.looks
        self._forests = {name: Forest(trees) for name, trees in weights.trees.items()}

    def classify(self, prompt: Prompt) -> PromptReading:
        return self.read(_asked(prompt))

    def read_many(self, texts: Sequence[str]) -> Sequence[PromptReading]:
        """As `read` each, in order."""
        return [self.read(text) for text in texts]

    def read(self, text: str) -> PromptReading:
        """The same numbers for the same text always. Never raises; takes no longer than for 100,000 characters."""
        features = features_of(text)
        lanes = self._lexicon.sums(features.grams)
        difficulty = self._head.difficulty.of(features.shape)
        familiarity, known, skills = dict[str, float](), dict[str, float](), dict[str, float]()
        for family in self._head.families:
            if isinstance(family, SkillsFamily):
                told = self._skilled(family, features, lanes)
                familiar, qualities = told.familiarity, told.qualities
                if familiar >= max(familiarity.values(), default=0.0):
                    skills = dict(zip(family.skills, told.shares, strict=True))
            else:
                familiar, qualities = self._direct(family, features, lanes, difficulty)
            familiarity[family.name] = familiar
            known.update(zip(family.models, map(_possible, qualities), strict=True))
        return PromptReading(
            characters=len(text),
            form=features.form,
            difficulty=difficulty,
            familiarity=familiarity,
            skills=skills,
            known=known,
        )

    def _skilled(self, family: SkillsFamily, features: PromptFeatures, lanes: Sequence[float]) -> Skilled:
        grams = len(features.grams)
        first, last = family.lane, family.lane + 2 * len(family.skills) + len(family.models)
        distances = self._looks[family.name].distances(np.array(features.shape, dtype=np.float64)).tolist()
        return skilled(family, lanes[first:last], distances, share=lanes[last] * weight_of(grams), grams=grams)

    def _direct(
        self, family: DirectFamily, features: PromptFeatures, lanes: Sequence[float], difficulty: float
    ) -> tuple[float, Sequence[float]]:
        """How familiar the prompt is to `family`, and the quality of each model: by what is known as far as it is."""
        first, last = family.lane, family.lane + len(family.models)
        familiar = direct.familiarity(family, features.form, share=lanes[last] * weight_of(len(features.grams)))
        strange = direct.strange_qualities(family, difficulty)
        if not familiar:
            return familiar, strange
        known = direct.qualities(family, lanes[first:last], self._forests[family.name].sums(features.shape))
        return familiar, [far + familiar * (near - far) for far, near in zip(strange, known, strict=True)]


def _possible(quality: float) -> float:
    return quality if _LOWEST <= quality <= _HIGHEST else _LOWEST if quality < _LOWEST else _HIGHEST


def _asked(prompt: Prompt) -> str:
    """The text of the last message of the user's that has one, or else all that the user says."""
    for message in reversed(prompt.messages):
        if message.role is Role.USER and (text := message.text):
            return text
    return prompt.text


@final
class LearnedPredictor(QualityPredictor):
    """Takes a model by the name that it had in training: a card's `id`, or else what its provider calls it."""

    def __init__(self, weights: Weights) -> None:
        self.version = weights.version
        self._prior = weights.head.prior
        self._trained = {
            model: (family.name, family.spread, quality)
            for family in weights.head.families
            for model, quality in zip(family.models, family.typical, strict=True)
        }

    def estimate(self, reading: PromptReading, cards: Sequence[ModelCard]) -> Sequence[Estimate]:
        estimates = list[Estimate]()
        for card in cards:
            name = self._name(card)
            if name is None:
                quality, spread = self._unseen(card, reading.difficulty), self._prior.spread
            else:
                family, width, _ = self._trained[name]
                quality = reading.known[name]
                spread = width.strange + reading.familiarity[family] * (width.familiar - width.strange)
            low, high = quality - spread, quality + spread
            estimates.append(Estimate(quality=quality, low=low if low > 0 else 0.0, high=high if high < 1 else 1.0))
        return estimates

    def typical(self, cards: Sequence[ModelCard]) -> Sequence[float]:
        names = map(self._name, cards)
        return [
            self._unseen(card, 0.0) if name is None else self._trained[name][2]
            for card, name in zip(cards, names, strict=True)
        ]

    def _name(self, card: ModelCard) -> str | None:
        return card.id if card.id in self._trained else card.upstream if card.upstream in self._trained else None

    def _unseen(self, card: ModelCard, difficulty: float) -> float:
        """One without a price is taken for one of a dollar a million tokens."""
        prior = self._prior
        dollars = (card.price.prompt + card.price.completion) / 2 * _NANO if card.price else 1.0
        logit = prior.intercept + prior.slope * log(max(dollars, _CHEAPEST)) - prior.harder * difficulty
        return _possible(sigmoid(logit))
