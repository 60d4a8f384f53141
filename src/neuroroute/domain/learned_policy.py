"""How models are ranked by predicted quality: what an answer is worth less what it takes, at the price of the wish."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Final, final

from neuroroute.domain.classification import Reading
from neuroroute.domain.errors import NothingFits
from neuroroute.domain.feedback import corrected
from neuroroute.domain.forecast import Circumstances, Exploration, Forecast, Warm, expected_usage, foretell
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
    Stay,
)

TYPICAL_PROMPT: Final = 150
"""Tokens of the prompt by which the price of a wish is found: the mean of the data that we learn from."""
STEADY: Final = 0.02
"""What another model must be predicted to be better by, to be worth a conversation's changing its voice."""
_LEVELS: Final = {Priority.COST: 1.0, Priority.QUALITY: 9.0, Priority.SPEED: USUAL}
_BILLION: Final = 10**9


@final
class LearnedRouting(RoutingPolicy):
    """Ranks by what a predictor foretells."""

    name = "learned"

    def __init__(self, predictor: QualityPredictor) -> None:
        self.predictor = predictor

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
        predicted = self.predictor.estimate(reading, cards)
        typical = self.predictor.typical(allowed)
        in_seconds = objective.priority is Priority.SPEED
        level = level_of(objective)
        exchange = exchange_at(level, slope(_typical_options(allowed, typical, circumstances, in_seconds=in_seconds)))
        shifts = circumstances.corrections
        forecasts = [
            foretell(card, corrected(estimate, shifts.get(card.id)), circumstances, longest=requirements.max_tokens)
            for card, estimate in zip(cards, predicted, strict=True)
        ]
        fit, excluded = _good_enough(forecasts, requirements.min_quality)
        most = {card.id: _longest(card, requirements, circumstances) for card in cards}
        options = _options(fit, most, in_seconds=in_seconds)
        chosen = choose(options, exchange=exchange)
        stay = _stay(chosen, options, cards, circumstances, exchange, in_seconds=in_seconds)
        best = stay.model if stay is not None and stay.stays else chosen.model
        picked, propensity = _explored(best, fit, circumstances.exploration)
        told = {one.model: one for one in fit}
        order = [told[ModelId(option.model)] for option in ranked(options, exchange=exchange)]
        return Ranking(
            best=ModelId(picked),
            confidence=round(_quality(told[ModelId(picked)]), 3),
            source="learned",
            foresight=Foresight(
                predictor=self.predictor.version,
                level=level,
                spends="seconds" if in_seconds else "dollars",
                exchange=-1.0 if exchange == inf else exchange,
                forecasts=tuple(order),
                predicted={card.id: estimate for card, estimate in zip(cards, predicted, strict=True)},
                typical={card.id: quality for card, quality in zip(allowed, typical, strict=True)},
                stay=stay,
                propensity=propensity,
                explored=picked != best,
            ),
            excluded=tuple(excluded),
        )


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


def _longest(card: ModelCard, requirements: Requirements, circumstances: Circumstances) -> float:
    """Dollars of the longest answer: the order in which a limit of cost lets models in."""
    if card.price is None:
        return inf
    longest = min(requirements.max_tokens or card.max_tokens, card.max_tokens)
    tokens = circumstances.prompt_tokens
    return (card.price.prompt * tokens + card.price.completion * longest) / (_BILLION * 1e6)


def _options(forecasts: Sequence[Forecast], most: Mapping[ModelId, float], *, in_seconds: bool) -> list[Option]:
    """A model without a price is as dear as the dearest that has one."""
    dearest = max((one.cost for one in forecasts if one.cost is not None), default=NanoUsd(0))
    return [
        Option(
            model=one.model,
            quality=_quality(one),
            spend=one.latency_ms / 1000 if in_seconds else (dearest if one.cost is None else one.cost) / _BILLION,
            most=most[one.model],
        )
        for one in forecasts
    ]


def _typical_options(
    cards: Sequence[ModelCard], typical: Sequence[float], circumstances: Circumstances, *, in_seconds: bool
) -> list[Option]:
    """All that may be asked, with no prompt in particular, whatever this one's limits."""
    usual = expected_usage(TYPICAL_PROMPT, longest=None)
    costs = [None if card.price is None else card.price.of(usual) for card in cards]
    dearest = max((cost for cost in costs if cost is not None), default=NanoUsd(0))
    shifts = circumstances.corrections
    return [
        Option(
            model=card.id,
            quality=quality + (shifts[card.id].shift if card.id in shifts else 0.0),
            spend=circumstances.latency_of(card) / 1000
            if in_seconds
            else (dearest if cost is None else cost) / _BILLION,
            most=0.0,
        )
        for card, quality, cost in zip(cards, typical, costs, strict=True)
    ]


def _stay(
    chosen: Option,
    options: Sequence[Option],
    cards: Sequence[ModelCard],
    circumstances: Circumstances,
    exchange: float,
    *,
    in_seconds: bool,
) -> Stay | None:
    """A better model is worth leaving for when it gains more than the cache saves; a worse one only to save money.

    Either is said so that wishing for more quality never leads back to a worse model.
    """
    warm = circumstances.warm
    if warm is None:
        return None
    there = next((option for option in options if option.model == warm.model), None)
    card = next((card for card in cards if card.id == warm.model), None)
    if there is None or card is None:
        return None
    gain = chosen.quality - there.quality
    saves = _saved(card, warm, circumstances)
    margin = STEADY if in_seconds or exchange == inf else STEADY + exchange * saves
    stays = gain <= margin if gain > 0 else there.spend <= chosen.spend
    return Stay(model=warm.model, stays=stays or there.model == chosen.model, gain=gain, margin=margin, saves_usd=saves)


def _saved(card: ModelCard, warm: Warm, circumstances: Circumstances) -> float:
    """Dollars that the cache saves of the next prompt."""
    if card.price is None:
        return 0.0
    tokens = circumstances.prompt_tokens
    cold = card.price.of(expected_usage(tokens, longest=None))
    return (cold - card.price.of(expected_usage(tokens, longest=None, cached=warm.tokens))) / _BILLION


def _explored(best: str, forecasts: Sequence[Forecast], exploration: Exploration | None) -> tuple[str, float]:
    """Who is asked, and how probable that was: one of those that may be as good as the best, within the budget."""
    if exploration is None or exploration.share <= 0:
        return best, 1.0
    told = {one.model: one for one in forecasts}
    best_forecast = told[ModelId(best)]
    within = (best_forecast.cost or 0) + exploration.budget
    others = [
        one.model
        for one in forecasts
        if one.model == best
        or (one.cost is not None and one.cost <= within and one.quality and one.quality.high >= _quality(best_forecast))
    ]
    share = exploration.share
    if exploration.draw >= share:
        return best, 1 - share + share / len(others)
    picked = others[int(exploration.draw / share * len(others))]
    return picked, share / len(others) + (1 - share if picked == best else 0.0)
