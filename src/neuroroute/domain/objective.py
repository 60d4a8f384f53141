"""What quality is worth: the number 0..10 from cheapest to best, and the choice that it comes to.

A choice never gets worse by asking for more quality, nor by allowing more cost (`tests/domain/test_objective.py`).
"""

from collections.abc import Iterable, Sequence
from math import inf
from typing import Final, TypeAlias

from msgspec import Struct

CHEAPEST: Final = 0.0
BEST: Final = 10.0
USUAL: Final = 5.0
"""When nobody says."""

_RATES: Final = (10.0, 5.0, 3.0, 1.8, 1.15, 0.8, 0.55, 0.35, 0.15, 0.0)
"""How dear a dollar is at 1, 2 … 10, in units of what the unrouted mix pays for quality. At 1 of that unit it does not
matter which share of the prompts the best single model gets; below, more spending is wanted, above, less."""

_LOWEST: Final = 1e-6
"""A lower level is the cheapest, so that no number grows beyond what floats hold."""


class Option(Struct, frozen=True, kw_only=True, gc=False):
    """A model that may be asked."""

    model: str
    quality: float
    """0..1, as predicted."""
    spend: float
    """What its answer is expected to take: dollars, or seconds where speed is wished for."""
    most: float
    """By what a limit of cost judges it: money, at the longest."""


def exchange_at(level: float, slope: float) -> float:
    """What a unit spent is worth of quality at `level`, 0..10: infinitely much at 0, nothing at 10."""
    if level < _LOWEST:
        return inf
    if level < 1:
        return _RATES[0] / level * slope
    step = min(int(level), len(_RATES) - 1)
    lower, higher = _RATES[step - 1], _RATES[step]
    return (lower + (higher - lower) * (level - step)) * slope


def slope(options: Iterable[Option]) -> float:
    """What quality costs without routing: from the cheapest of `options` to the best, quality for each unit spent.

    `options` are of no prompt in particular, so that the same wish means the same for all prompts. 0 where the cheapest
    is the best.
    """
    known = list(options)
    if not known:
        return 0.0
    cheapest = min(known, key=lambda one: (one.spend, -one.quality))
    best = max(known, key=lambda one: (one.quality, -one.spend))
    more = best.spend - cheapest.spend
    return (best.quality - cheapest.quality) / more if more > 0 else 0.0


def choose(options: Sequence[Option], *, exchange: float) -> Option:
    """The one of at least one `options` that is worth most, when a unit spent is worth `exchange` of quality.

    Of models that a limit of cost lets in one after the other, the best of those that would be chosen on the way: a
    dearer one that is let in later and would save money does not make the answer worse.
    """
    return choices(options, (exchange,))[0]


def choices(options: Sequence[Option], exchanges: Iterable[float]) -> Sequence[Option]:
    """What `choose` says at each of `exchanges`, in one go: quicker for those who want many."""
    if not options:
        raise ValueError("there is nothing to choose from")
    together = dict[float, list[tuple[float, float, Option]]]()
    for one in options:
        together.setdefault(one.most, []).append((one.spend, one.quality, one))
    rows = [together[most] for most in sorted(together)]
    return [_chosen(rows, exchange) for exchange in exchanges]


_Rows: TypeAlias = Sequence[Sequence[tuple[float, float, Option]]]
"""Spend, quality and option: those that a limit of cost does not tell apart, after those that a lower one lets in."""


def _chosen(rows: _Rows, exchange: float) -> Option:
    endless = exchange == inf
    ahead = chosen = rows[0][0][2]
    highest, best = -inf, -1.0
    for peers in rows:
        for spend, quality, option in peers:
            worth = -spend if endless else quality - exchange * spend
            if worth < highest:
                continue
            if worth > highest or (-spend, quality) > (-ahead.spend, ahead.quality):
                highest, ahead = worth, option
        if ahead.quality >= best:
            best, chosen = ahead.quality, ahead
    return chosen


def _worth(option: Option, exchange: float) -> tuple[float, float, float]:
    """Of equals the cheaper, and then the better, which rounding may have made equal."""
    worth = -option.spend if exchange == inf else option.quality - exchange * option.spend
    return worth, -option.spend, option.quality


def ranked(options: Iterable[Option], *, exchange: float) -> list[Option]:
    """All, the one that is worth most first."""
    return sorted(options, key=lambda option: _worth(option, exchange), reverse=True)


def regret(option: Option, options: Iterable[Option], *, exchange: float) -> float:
    """By how much `option` is worth less, in quality, than the one of `options` that is worth most."""
    if exchange == inf:
        return inf if min(one.spend for one in options) < option.spend else 0.0
    most = max(one.quality - exchange * one.spend for one in options)
    return most - (option.quality - exchange * option.spend)
