"""How models are ranked by predicted quality: what an answer is worth less what it takes, at the price of the wish."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import inf
from typing import Final, final

from msgspec import Struct

from neuroroute.domain.classification import Reading
from neuroroute.domain.errors import NothingFits
from neuroroute.domain.feedback import Correction, corrected
from neuroroute.domain.forecast import Circumstances, Exploration, Forecast, expected_usage, foretell
from neuroroute.domain.model import ModelCard, ModelId, NanoUsd
from neuroroute.domain.objective import USUAL, Option, choose, exchange_at, ranked, slope
from neuroroute.domain.quality import PromptReading, QualityPredictor
from neuroroute.domain.routing import (
    Exclusion,
    Foresight,
    Objective,
    Priority,
    Ranking,
    Requirements,
    RoutingPolicy,
)
from neuroroute.domain.staying import staying

TYPICAL_PROMPT: Final = 150
"""Tokens of the prompt by which the price of a wish is found: the mean of the data that we learn from."""
_LEVELS: Final = {Priority.COST: 1.0, Priority.QUALITY: 9.0, Priority.SPEED: USUAL}
_BILLION: Final = 10**9
_MOST_TOKENS: Final = 10**9
"""No prompt has more."""


class _Unrouted(Struct, frozen=True):
    """What is known without a prompt; the same until cards or corrections are others."""

    allowed: Sequence[ModelCard]
    corrections: Mapping[ModelId, Correction]
    writers: Sequence[ModelCard]
    """Those of `allowed` that answer: others make embeddings."""
    typical: Mapping[ModelId, float]
    slope: float
    """What quality costs in dollars."""


@final
class LearnedRouting(RoutingPolicy):
    """Ranks by what a predictor foretells."""

    name = "learned"

    def __init__(self, predictor: QualityPredictor) -> None:
        self.predictor = predictor
        self._latest: _Unrouted | None = None

    def rank(
        self,
        cards: Sequence[ModelCard],
        reading: Reading,
        *,
        allowed: Sequence[ModelCard],
        requirements: Requirements,
        objective: Objective,
        circumstances: Circumstances,
    ) -> Ranking:
        if not isinstance(reading, PromptReading):
            raise TypeError("the learned policy ranks what the learned classifier has read")
        ids = [card.id for card in cards]
        predicted = dict(zip(ids, self.predictor.estimate(reading, cards), strict=True))
        unrouted = self._unrouted(allowed, circumstances)
        in_seconds = objective.priority is Priority.SPEED
        level = level_of(objective)
        exchange = exchange_at(level, _slope_in_seconds(unrouted, circumstances) if in_seconds else unrouted.slope)
        shifts = circumstances.corrections
        qualities = [corrected(one, shifts.get(model)) for model, one in predicted.items()]
        forecasts = foretell(cards, qualities, circumstances, longest=requirements.max_tokens)
        fit, excluded = _good_enough(forecasts, requirements.min_quality)
        dearness = {card.id: _dearness(card, requirements, circumstances.prompt_tokens) for card in cards}
        options = _options(fit, dearness, in_seconds=in_seconds)
        chosen = choose(options, exchange=exchange)
        stay = staying(chosen, options, cards, circumstances, exchange)
        best = stay.model if stay is not None and stay.stays else ModelId(chosen.model)
        picked, propensity = _explored(best, fit, None if stay is not None else circumstances.exploration)
        told = {one.model: one for one in fit}
        order = [told[ModelId(option.model)] for option in ranked(options, exchange=exchange)]
        order.sort(key=lambda forecast: forecast.model != best)
        return Ranking(
            best=picked,
            confidence=round(_quality(told[picked]), 3),
            source="learned",
            foresight=Foresight(
                predictor=self.predictor.version,
                level=level,
                spends="seconds" if in_seconds else "dollars",
                exchange=-1.0 if exchange == inf else exchange,
                forecasts=tuple(order),
                predicted=predicted,
                typical=unrouted.typical,
                stay=stay,
                propensity=propensity,
                explored=picked != best,
            ),
            excluded=tuple(excluded),
        )

    def _unrouted(self, allowed: Sequence[ModelCard], circumstances: Circumstances) -> _Unrouted:
        """Kept from one prompt to the next: it takes as long as all the rest."""
        latest = self._latest
        if latest is None or latest.allowed is not allowed or latest.corrections is not circumstances.corrections:
            writers = [card for card in allowed if card.embedding_space is None]
            typical = dict(zip([card.id for card in writers], self.predictor.typical(writers), strict=True))
            price = slope(_typical_options(writers, typical, circumstances, _usual_dollars(writers)))
            latest = self._latest = _Unrouted(allowed, circumstances.corrections, writers, typical, price)
        return latest


def level_of(objective: Objective) -> float:
    """0..10. Speed is wished for with as much quality as usual, but seconds are what it spends."""
    if objective.level is not None:
        return objective.level
    return USUAL if objective.priority is None else _LEVELS[objective.priority]


def _quality(forecast: Forecast) -> float:
    return 0.0 if forecast.quality is None else forecast.quality.quality


def _good_enough(forecasts: Sequence[Forecast], least: float | None) -> tuple[Sequence[Forecast], Sequence[Exclusion]]:
    if least is None:
        return forecasts, ()
    excluded = [
        Exclusion(one.model, f"its answer is predicted to be good with {_quality(one):.3f}, less than {least:g}")
        for one in forecasts
        if _quality(one) < least
    ]
    if len(excluded) == len(forecasts):
        raise NothingFits({out.model: out.reason for out in excluded})
    return [one for one in forecasts if _quality(one) >= least], excluded


def _dearness(card: ModelCard, requirements: Requirements, prompt_tokens: int) -> float:
    """By what a limit of cost judges the model (`domain.eligibility`), in millionths of a nano-dollar."""
    price, longest = card.price, card.max_tokens
    if price is None:
        return inf
    if requirements.max_tokens and requirements.max_tokens < longest:
        longest = requirements.max_tokens
    return price.prompt * prompt_tokens + price.completion * longest


def lets_in_by_length(cards: Sequence[ModelCard], requirements: Requirements) -> bool:
    """Whether it depends on the prompt's length which of `cards` a limit of cost lets in first.

    Then it has to be counted, limit or none: else a higher limit could let in what a lower one would have chosen from.
    """
    most = _MOST_TOKENS if requirements.most_tokens is None else requirements.most_tokens
    priced = [card for card in cards if card.embedding_space is None and card.price is not None]
    ends = sorted([(_dearness(card, requirements, 0), _dearness(card, requirements, most)) for card in priced])
    return any(dear > dearer for (_, dear), (_, dearer) in pairwise(ends))


def _options(forecasts: Sequence[Forecast], dearness: Mapping[ModelId, float], *, in_seconds: bool) -> list[Option]:
    """A model without a price is as dear as the dearest that has one."""
    dearest = max((one.cost for one in forecasts if one.cost is not None), default=NanoUsd(0))
    return [
        Option(
            model=one.model,
            quality=_quality(one),
            spend=one.latency_ms / 1000 if in_seconds else (dearest if one.cost is None else one.cost) / _BILLION,
            most=dearness[one.model],
        )
        for one in forecasts
    ]


def _slope_in_seconds(unrouted: _Unrouted, circumstances: Circumstances) -> float:
    seconds = [circumstances.latency_of(card) / 1000 for card in unrouted.writers]
    return slope(_typical_options(unrouted.writers, unrouted.typical, circumstances, seconds))


def _usual_dollars(cards: Sequence[ModelCard]) -> Sequence[float]:
    """A model without a price is as dear as the dearest that has one."""
    usual = expected_usage(TYPICAL_PROMPT, longest=None)
    costs = [None if card.price is None else card.price.of(usual) for card in cards]
    dearest = max((cost for cost in costs if cost is not None), default=0)
    return [(dearest if cost is None else cost) / _BILLION for cost in costs]


def _typical_options(
    cards: Sequence[ModelCard],
    typical: Mapping[ModelId, float],
    circumstances: Circumstances,
    spends: Sequence[float],
) -> list[Option]:
    """Of no prompt in particular, whatever this one's limits."""
    shifts = circumstances.corrections
    return [
        Option(
            model=card.id,
            quality=typical[card.id] + (shifts[card.id].shift if card.id in shifts else 0.0),
            spend=spend,
            most=0.0,
        )
        for card, spend in zip(cards, spends, strict=True)
    ]


def _explored(best: ModelId, forecasts: Sequence[Forecast], exploration: Exploration | None) -> tuple[ModelId, float]:
    """Who is asked, and how probable that was: one of those that may be as good as the best, within the budget."""
    if exploration is None or exploration.share <= 0:
        return best, 1.0
    best_forecast = next(one for one in forecasts if one.model == best)
    within = (best_forecast.cost or 0) + exploration.budget
    promising = [
        one.model
        for one in forecasts
        if one.model == best
        or (one.cost is not None and one.cost <= within and one.quality and one.quality.high >= _quality(best_forecast))
    ]
    share = exploration.share
    if exploration.draw >= share:
        return best, 1 - share + share / len(promising)
    picked = promising[int(exploration.draw / share * len(promising))]
    return picked, share / len(promising) + (1 - share if picked == best else 0.0)
