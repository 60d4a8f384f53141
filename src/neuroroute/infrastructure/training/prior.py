"""What is believed of a model that was never seen: a dearer one is a little better, and nobody knows by how much."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from neuroroute.infrastructure.classifiers.weights import Prior
from neuroroute.infrastructure.training.family import Family
from neuroroute.infrastructure.training.sparse import Floats, sigmoid
from neuroroute.infrastructure.training.spread import FOUR_OF_FIVE, task_qualities

_BELIEVED: Final = 0.2
"""Logits for each e-fold of price, before any model was seen: from 0.2 to 20 USD, about a logit."""
_DOUBT: Final = 20.0
"""How many models, an e-fold of price away from the others of their family, count as much as that belief."""
_CHEAPEST: Final = 0.001
"""USD per million tokens: what costs less is taken for this."""


def prior_of(families: Sequence[Family], *, harder: float) -> Prior:
    """From the models of all `families`, by price and quality. `harder`: logits that a deviation of difficulty is.

    The interval is that of a model's quality at a task, for nothing is known of either.
    """
    prices = [np.log(np.maximum(_CHEAPEST, family.prices)) for family in families]
    logits = [_logits(family.qualities.mean(axis=0)) for family in families]
    pull, weight = _BELIEVED * _DOUBT, _DOUBT
    for price, logit in zip(prices, logits, strict=True):
        away = price - price.mean()
        pull += float(away @ logit)
        weight += float(away @ away)
    slope = max(0.0, pull / weight)
    levels = [logit - slope * price for price, logit in zip(prices, logits, strict=True)]
    intercept = float(np.mean(np.concatenate(levels)))
    off = [
        np.mean((task_qualities(family) - sigmoid(intercept + slope * price)) ** 2)
        for family, price in zip(families, prices, strict=True)
    ]
    return Prior(intercept=intercept, slope=slope, harder=harder, spread=FOUR_OF_FIVE * float(np.mean(off)) ** 0.5)


def _logits(qualities: Floats) -> Floats:
    bounded = np.clip(qualities, 0.01, 0.99)
    return np.log(bounded / (1 - bounded))
