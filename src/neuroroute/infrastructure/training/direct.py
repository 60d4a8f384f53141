"""A direct family is learned: words by a logistic model of each answer's quality, shape by trees, mixed out of fold."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from neuroroute.infrastructure.classifiers.weights import DirectFamily, Trees
from neuroroute.infrastructure.training.family import Family, folds_of, split_by
from neuroroute.infrastructure.training.sparse import Floats, Integers, columns_of, logistic, sigmoid, solved
from neuroroute.infrastructure.training.spread import spread_of
from neuroroute.infrastructure.training.trees import Tree, boosted, sums

_LEAST: Final = 3
"""Prompts that have a gram, for it to count."""
_PENALTY: Final = 5.0
_FOLDS: Final = 3
STEPS: Final = 1 + _FOLDS
_UNUSUAL: Final = 0.01
"""The share of familiar prompts that know fewer grams than `usual`."""
_FALL: Final = 0.35
"""So much smaller a share of known grams is wholly strange."""
_SMALL: Final = 1e-9


class DirectLearned(NamedTuple):
    """A family, with what of it is kept in arrays."""

    family: DirectFamily
    grams: Integers
    lanes: Floats
    """Gram x model."""
    trees: Trees


class _Fit(NamedTuple):
    grams: Integers
    weights: Floats
    base: Floats
    typical: Floats
    trees: list[Tree]

    def parts(self, family: Family, prompts: Integers) -> tuple[Floats, Floats]:
        """How far words and shape move each model from its typical quality: prompt x model."""
        counted = family.counted(self.grams).chosen(prompts)
        logits = np.stack([counted.times(weights) for weights in columns_of(self.weights)], axis=1) + self.base
        return sigmoid(logits) - self.typical, sums(self.trees, family.shapes[prompts])


class _Mix(NamedTuple):
    lexical: float
    formal: float
    intercepts: Floats
    slopes: Floats


def learn_direct(family: Family, *, lane: int, harder: float, said: Callable[[int], None]) -> DirectLearned:
    """Learns words, shape, and what both count for.

    Args:
        family: the models.
        lane: where its lanes begin.
        harder: logits that a deviation of difficulty costs on a strange prompt.
        said: is told of each of `STEPS`.
    """
    fit = _fitted(family, family.all)
    said(1)
    words, shape, known = _out_of_fold(family, said)
    mix = _mixed(words, shape, family.qualities)
    usual = float(np.quantile(known, _UNUSUAL))
    predicted = mix.intercepts + mix.slopes * (mix.lexical * words + mix.formal * shape)
    return DirectLearned(
        DirectFamily(
            name=family.name,
            lane=lane,
            models=tuple(family.models),
            typical=tuple(fit.typical.tolist()),
            spread=spread_of(family, predicted),
            base=tuple(fit.base.tolist()),
            lexical=mix.lexical,
            formal=mix.formal,
            intercepts=tuple(mix.intercepts.tolist()),
            slopes=tuple(mix.slopes.tolist()),
            forms=family.usual_forms(family.all),
            strange=usual - _FALL,
            usual=usual,
            harder=harder,
        ),
        fit.grams,
        fit.weights,
        Trees(
            np.array([tree.features for tree in fit.trees], dtype=np.int64),
            np.array([tree.thresholds for tree in fit.trees]),
            np.array([tree.values for tree in fit.trees]),
        ),
    )


def _fitted(family: Family, prompts: Integers) -> _Fit:
    grams = family.frequent(prompts, least=_LEAST)
    qualities = family.qualities[prompts]
    weights, base = logistic(family.counted(grams).chosen(prompts), qualities, penalty=_PENALTY)
    typical = qualities.mean(axis=0)
    return _Fit(grams, weights, base, typical, list(boosted(family.shapes[prompts], qualities - typical)))


def _out_of_fold(family: Family, said: Callable[[int], None]) -> tuple[Floats, Floats, Floats]:
    """Both parts, and the share of known grams, of each prompt by a model that did not see its stem."""
    folds = folds_of(family.stems, _FOLDS, purpose="mix")
    words, shape, known = np.zeros_like(family.qualities), np.zeros_like(family.qualities), np.zeros(len(folds))
    for inside, outside in split_by(folds):
        fit = _fitted(family, outside)
        words[inside], shape[inside] = fit.parts(family, inside)
        known[inside] = family.known_share(fit.grams)[inside]
        said(1)
    return words, shape, known


def _mixed(words: Floats, shape: Floats, qualities: Floats) -> _Mix:
    """What tells the models apart says how both parts count; one slope for all calibrates and keeps that."""
    apart = [
        (part - part.mean(axis=1, keepdims=True)).ravel() for part in (words, shape, qualities - qualities.mean(axis=0))
    ]
    parts = np.stack(apart[:2], axis=1)
    weights = solved(parts.T @ parts + _SMALL * np.eye(2), parts.T @ apart[2])
    lexical, formal = max(0.0, float(weights[0])), max(0.0, float(weights[1]))
    mixed = lexical * words + formal * shape
    middle, level = mixed.mean(axis=0), qualities.mean(axis=0)
    spread = float(((mixed - middle) ** 2).sum())
    slope = max(0.0, float(((mixed - middle) * (qualities - level)).sum()) / max(spread, _SMALL))
    slopes = np.full(len(level), slope)
    return _Mix(lexical, formal, level - slopes * middle, slopes)
