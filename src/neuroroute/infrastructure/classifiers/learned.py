"""What the trained weights say: of a prompt, and of how good models will be at it."""

from collections.abc import Mapping, Sequence
from math import log
from operator import attrgetter
from typing import Final, final

from neuroroute.application.ports import Classifier
from neuroroute.domain.model import ModelCard
from neuroroute.domain.prompt import Prompt, Role
from neuroroute.domain.quality import Estimate, PromptReading, QualityPredictor
from neuroroute.infrastructure.classifiers.families import Seen, readers_of
from neuroroute.infrastructure.classifiers.prompt_features import features_of
from neuroroute.infrastructure.classifiers.skills import sigmoid
from neuroroute.infrastructure.classifiers.weights import Weights

_FAMILIARITY: Final = attrgetter("familiarity")
_NANO: Final = 1e-9
_UNSKILLED: Final[Mapping[str, float]] = {}
_CHEAPEST: Final = 0.001
"""Dollars a million tokens, below which a price says no more."""


@final
class LearnedClassifier(Classifier):
    """Reads the last thing that the user says: what stands before it was answered."""

    def __init__(self, weights: Weights) -> None:
        self._version = weights.version
        self._difficulty = weights.head.difficulty
        self._families = readers_of(weights)

    def classify(self, prompt: Prompt) -> PromptReading:
        return self.read(_asked(prompt))

    def read_many(self, texts: Sequence[str]) -> Sequence[PromptReading]:
        """As `read` each, in order."""
        return [self.read(text) for text in texts]

    def read(self, text: str) -> PromptReading:
        """The same numbers for the same text always. Never raises; takes no longer than for 100,000 characters."""
        features = features_of(text)
        prompt = Seen(features, self._difficulty.of(features.shape))
        told = [family.tell(prompt) for family in self._families]
        familiarity = {one.family: one.familiarity for one in told}
        known, skills = dict[str, float](), _UNSKILLED
        # Of a model that is in several families, the one that knows the prompt best has the last word.
        told.sort(key=_FAMILIARITY)
        for one in told:
            known.update(one.known)
            skills = one.skills or skills
        return PromptReading(
            characters=features.characters,
            form=features.form,
            difficulty=prompt.difficulty,
            familiarity=familiarity,
            skills=skills,
            known=known,
            predictor=self._version,
        )


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
        return sigmoid(prior.intercept + prior.slope * log(max(dollars, _CHEAPEST)) - prior.harder * difficulty)
