"""A family of models as numbers: the prompts that all of them answered, and what each answer was worth."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from neuroroute.domain.model import ModelCard
from neuroroute.domain.quality import Form
from neuroroute.infrastructure.classifiers.prompt_features import features_of
from neuroroute.infrastructure.evaluation.outcomes import Example
from neuroroute.infrastructure.evaluation.priced_models import priced_by_data
from neuroroute.infrastructure.training.sparse import Floats, Integers, SparseRows

_NANO: Final = 1e-9
_RARE: Final = 0.02
"""A form that a smaller share of prompts has was not seen."""


class Family(NamedTuple):
    """One data set. Prompts are counted from 0, and so are tasks, models and grams, each in alphabetical order."""

    name: str
    models: Sequence[str]
    tasks: Sequence[str]
    grams: Sequence[bytes]
    """All that occur."""
    task_of: Integers
    """Of each prompt."""
    stems: Sequence[str]
    forms: Sequence[Form]
    shapes: Floats
    """Prompt x number of its shape."""
    qualities: Floats
    """Prompt x model, 0..1."""
    prices: Floats
    """Of each model, as well as its costs show: USD per million tokens, the mean of read and written."""
    sizes: Floats
    """How many grams a prompt has, at least 1."""
    prompt_of: Integers
    """Of each occurrence of a gram."""
    gram_of: Integers

    @property
    def all(self) -> Integers:
        """The prompts."""
        return np.arange(len(self.stems))

    def usual_forms(self, prompts: Integers) -> tuple[Form, ...]:
        """The forms that more than a few of `prompts` have."""
        forms = [self.forms[int(prompt)] for prompt in prompts.tolist()]
        return tuple(form for form in sorted(set(forms)) if forms.count(form) > _RARE * len(forms))

    def frequent(self, prompts: Integers, *, least: int) -> Integers:
        """The grams that at least so many of `prompts` have."""
        among = np.zeros(len(self.stems), dtype=bool)
        among[prompts] = True
        seen = np.bincount(self.gram_of[among[self.prompt_of]], minlength=len(self.grams))
        return np.flatnonzero(seen >= least)

    def counted(self, grams: Integers) -> SparseRows:
        """Prompt x these `grams`: a prompt has length 1 when it knows them all."""
        place = np.full(len(self.grams), -1)
        place[grams] = np.arange(len(grams))
        columns = place[self.gram_of]
        known = columns >= 0
        rows = self.prompt_of[known]
        return SparseRows(rows, columns[known], 1 / np.sqrt(self.sizes[rows]), len(self.stems), len(grams))

    def known_share(self, grams: Integers) -> Floats:
        """How many of each prompt's grams are among `grams`, 0..1."""
        known = np.zeros(len(self.grams), dtype=bool)
        known[grams] = True
        return np.bincount(self.prompt_of[known[self.gram_of]], minlength=len(self.stems)) / self.sizes


def family_of(name: str, examples: Sequence[Example]) -> Family:
    """Reads the prompts of a data set, at least one, whose models are the same in every line."""
    read = [features_of(example.prompt) for example in examples]
    grams = sorted({gram for features in read for gram in features.words})
    number = {gram: place for place, gram in enumerate(grams)}
    held = [np.sort(np.array([number[gram] for gram in features.words], dtype=np.int64)) for features in read]
    models = sorted(examples[0].outcomes)
    tasks = sorted({example.dataset for example in examples})
    counts = np.array([len(one) for one in held])
    cards = {str(card.id): card for card in priced_by_data(examples)}
    return Family(
        name=name,
        models=models,
        tasks=tasks,
        grams=grams,
        task_of=np.array([tasks.index(example.dataset) for example in examples]),
        stems=[example.stem for example in examples],
        forms=[features.form for features in read],
        shapes=np.array([features.shape for features in read], dtype=np.float64),
        qualities=np.array([[example.outcomes[model].quality for model in models] for example in examples]),
        prices=np.array([_price(cards[model]) for model in models]),
        sizes=np.maximum(counts, 1).astype(np.float64),
        prompt_of=np.repeat(np.arange(len(examples)), counts),
        gram_of=np.concatenate(held),
    )


def split_by(groups: Integers) -> Iterator[tuple[Integers, Integers]]:
    """The prompts of each group, and all others; groups beside which there is none are passed over."""
    for group in np.unique(groups):
        inside, outside = np.flatnonzero(groups == group), np.flatnonzero(groups != group)
        if len(outside):
            yield inside, outside


def folds_of(stems: Sequence[str], count: int, *, purpose: str) -> Integers:
    """A fold for each stem, 0..`count` - 1, so that none stands on both sides; another for each `purpose`."""
    digest: Mapping[str, int] = {
        stem: int.from_bytes(hashlib.sha256(f"{purpose}\0{stem}".encode()).digest()[:4]) for stem in set(stems)
    }
    return np.array([digest[stem] % count for stem in stems])


def _price(card: ModelCard) -> float:
    return (card.price.prompt + card.price.completion) / 2 * _NANO if card.price else 0.0
