"""The policies that can be compared: who would have been asked for each prompt, at each level from cheapest to best."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from neuroroute.domain.forecast import Circumstances
from neuroroute.domain.model import Dialect, ModelCard
from neuroroute.domain.objective import BEST
from neuroroute.domain.policies import EarlierRules
from neuroroute.domain.prompt import Message, Prompt, Role
from neuroroute.domain.routing import Objective, Priority, Requirements
from neuroroute.infrastructure.catalog_defaults import DEFAULTS
from neuroroute.infrastructure.classifiers.rules import RulesClassifier
from neuroroute.infrastructure.evaluation.frontier import Numbers, span, zero_router
from neuroroute.infrastructure.evaluation.outcome_table import OutcomeTable, Places
from neuroroute.infrastructure.evaluation.resamples import SEED
from neuroroute.infrastructure.evaluation.scoring import LEVELS, Scored

LEARNED: Final = "learned"
RULES: Final = "rules"
LONGEST: Final = "longest"
RANDOM: Final = "random"
ZERO: Final = "zero"
POLICIES: Final = (LEARNED, RULES, LONGEST, RANDOM)
"""Those that can be asked for; the zero router always stands beside them."""
_PRIORITIES: Final = ((4, Priority.COST), (7, None), (11, Priority.QUALITY))
"""Below which level the rules are told what."""


class Contender(Struct, frozen=True):
    """A policy, and what it would have done with the prompts of a table."""

    name: str
    choices: Places
    """Level by prompt: the place of the model."""
    ranking: Numbers | None = None
    """Of two models: by prompt, how much the better one is wanted."""
    predicted: Numbers | None = None
    """Prompt by model, quality 0..1, of those that predict it."""
    note: str | None = None
    """What has to be known to read its figures."""


def learned(scores: Iterable[Scored], table: OutcomeTable, *, note: str | None = None) -> Contender:
    """What is predicted of each prompt, and chosen by the product's own objective."""
    known = list(scores)
    predicted = np.array([[estimate.quality for estimate in one.estimates] for one in known])
    _, strong = span(*table.means())
    return Contender(
        LEARNED,
        np.array([one.chosen for one in known], np.intp).T,
        ranking=predicted[:, strong] - predicted[:, 1 - strong] if len(table.models) == 2 else None,
        predicted=predicted,
        note=note,
    )


def zero(table: OutcomeTable, models: Sequence[int] | None = None) -> Contender:
    """Never routing: one model for all prompts at each level, of `models`, or of those that are best on this table."""
    corners = zero_router(*table.means()) if models is None else models
    return Contender(
        ZERO,
        np.repeat(np.array(corners, np.intp)[:, None], len(table.tasks), axis=1),
        ranking=np.zeros(len(table.tasks)),
    )


def longest(table: OutcomeTable) -> Contender:
    """The longest prompts go to the best model, the others to the cheapest: at level 3, three tenths of them."""
    return _best_first(LONGEST, table.characters, table)


def by_chance(table: OutcomeTable) -> Contender:
    """As `longest`, by lot. What it gains over the zero router is what the hull of several points gains by luck."""
    return _best_first(RANDOM, np.random.default_rng(SEED).random(len(table.tasks)), table)


def _best_first(name: str, ranking: Numbers, table: OutcomeTable) -> Contender:
    cheapest, best = span(*table.means())
    order = np.argsort(-ranking, kind="stable")
    places = np.full((len(LEVELS), len(order)), cheapest, np.intp)
    for level in LEVELS:
        places[level, order[: round(len(order) * level / BEST)]] = best
    return Contender(name, places, ranking=ranking, note=f"{name}: is told which model is the best of these prompts.")


def rules(prompts: Sequence[str], cards: Sequence[ModelCard], costs: Sequence[float]) -> Contender:
    """The earlier service's rules. They know three models by name; the cheapest, the middle and the dearest of `cards`
    by `costs` stand in for them, and no other is ever chosen.
    """
    dearness = sorted(range(len(cards)), key=costs.__getitem__)
    stands_for = dict(
        zip([card.id for card in _EARLIER], [dearness[0], dearness[len(cards) // 2], dearness[-1]], strict=True)
    )
    classify, policy = RulesClassifier().classify, EarlierRules()
    chosen = np.empty((len(LEVELS), len(prompts)), np.intp)
    ranking = np.empty(len(prompts))
    for place, prompt in enumerate(prompts):
        reading = classify(Prompt((Message(Role.USER, prompt),)))
        first = 0
        for end, priority in _PRIORITIES:
            ranked = policy.rank(
                _EARLIER,
                reading,
                allowed=_EARLIER,
                requirements=Requirements(),
                objective=Objective(priority=priority),
                circumstances=Circumstances(),
            )
            chosen[first:end, place] = stands_for[ranked.best]
            first = end
            if priority is None and ranked.reasoning is not None:
                scores = ranked.reasoning.adjusted_scores
                ranking[place] = 1 - scores[_EARLIER[0].id] / sum(scores.values())
    told = ", ".join(f"{cards[place].id} for {name}" for name, place in stands_for.items())
    return Contender(
        RULES,
        chosen,
        ranking=ranking if len(cards) == 2 else None,
        note=f"{RULES}: know three models; by their cost others stand in ({told}). Their wishes are three, not eleven.",
    )


_EARLIER: Final = tuple(
    ModelCard(
        id=model.id, name=model.name, provider=model.provider, dialect=Dialect.OPENAI, upstream=model.upstream,
        capabilities=model.capabilities, max_tokens=model.max_tokens, avg_latency_ms=model.avg_latency_ms,
        price=model.price, ranks=model.ranks,
    )
    for model in DEFAULTS.models
)  # fmt: skip
"""Cheapest first."""
