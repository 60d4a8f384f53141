"""A backtest in words."""

from collections.abc import Iterable

from neuroroute.infrastructure.evaluation.backtest import Backtest, Change, Heard
from neuroroute.infrastructure.evaluation.resamples import Figure


def in_words(found: Backtest) -> Iterable[str]:
    """Line by line."""
    wish = "" if found.objective is None else f" at objective {found.objective:g}"
    weights = "" if found.predictor is None else f" (installed weights {found.predictor})"
    yield f"{found.decisions} decisions, under policy {found.policy}{wish}{weights}; no model was asked."
    yield f"Made again: {found.replayed}."
    for reason, number in found.not_replayed.items():
        yield f"Not made again: {number}: {reason}."
    if not found.replayed:
        return
    yield f"In brackets: 95 % intervals of {found.draws} bootstrap draws of the decisions (seed {found.seed})."
    yield ""
    width = max(len("asked first"), *map(len, found.models))
    yield f"{'asked first':<{width}}      then       now"
    for model, (then, now) in found.models.items():
        yield f"{model:<{width}} {then:>9} {now:>9}"
    yield f"To another model: {_told(found.moved, '.1%')}"
    yield ""
    yield from _cost(found)
    yield from _quality(found.quality)
    yield from _feedback(found.heard)


def _cost(found: Backtest) -> Iterable[str]:
    cost, paid = found.cost, found.paid
    if not cost.decisions:
        yield "Cost: no decision has a price for both models."
        return
    yield f"Cost, reckoned alike for both, of {cost.decisions} decisions that have prices:"
    yield from _change(cost, ".6f", "$")
    if paid.decisions:
        yield (
            f"  Really paid by the {paid.decisions} that would have gone to who answered: ${paid.usd:.6f} "
            f"(reckoned: ${paid.reckoned_usd:.6f})"
        )


def _quality(quality: Change) -> Iterable[str]:
    if not quality.decisions:
        yield "Predicted quality: of no decision was it predicted."
        return
    yield f"Predicted quality, the mean of {quality.decisions} decisions:"
    yield from _change(quality, ".4f", "")


def _change(change: Change, form: str, unit: str) -> Iterable[str]:
    yield f"  then       {_told(change.kept, form, unit)}"
    yield f"  now        {_told(change.other, form, unit)}"
    yield f"  difference {_told(change.difference, '+' + form, unit)}"


def _feedback(heard: Heard | None) -> Iterable[str]:
    if heard is None:
        yield "Feedback: no caller said anything of these answers (POST /v1/feedback)."
        return
    yield f"Feedback, {heard.words} words, {heard.agreeing} of them on models that would have been asked again:"
    yield f"  then, the mean score         {_told(heard.kept, '.4f')}"
    yield f"  now, by the agreeing words   {_told(heard.direct, '.4f')}"
    if heard.explored:
        yield f"  now, weighted                {_told(heard.weighted, '.4f')}  ({heard.explored} words on explored)"
    yield f"  now, doubly robust           {_told(heard.doubly_robust, '.4f')}"
    if unknown := heard.words - heard.agreeing:
        yield f"  Of {unknown} prompts that rests on predictions alone: another model would have answered."


def _told(figure: Figure, form: str, unit: str = "") -> str:
    if figure.value is None:
        return "none"
    if figure.low is None or figure.high is None:
        return f"{figure.value:{form}}"
    value, low, high = [_signed(number, form, unit) for number in (figure.value, figure.low, figure.high)]
    return f"{value} [{low}, {high}]"


def _signed(number: float, form: str, unit: str) -> str:
    text = f"{number:{form}}"
    return f"{text[0]}{unit}{text[1:]}" if text[0] in "+-" else f"{unit}{text}"
