"""Which models can answer a request that leaves the choice to us, and why the others cannot."""

from collections.abc import Callable, Sequence
from typing import Final, final

from neuroroute.domain.completion import Usage
from neuroroute.domain.forecast import Circumstances
from neuroroute.domain.model import Ability, ModelCard
from neuroroute.domain.routing import Exclusion, Requirements

LEAST_ANSWER: Final = 256
"""Tokens that a context window must have left for an answer whose length the caller does not bound."""
_DOLLAR: Final = 10**9


def eligible(
    cards: Sequence[ModelCard],
    requirements: Requirements,
    count: Callable[[], int],
    circumstances: Circumstances,
) -> tuple[Sequence[ModelCard], Sequence[Exclusion]]:
    """Those of `cards` that have all that `requirements` takes, in their order, and why not of each other one.

    `count` says how many tokens the prompt has: called once at most, and only when `most_tokens` does not settle it.

    - A window that is not known is no reason. One that is has to hold the prompt and the answer: as long as the caller
      allows, or `LEAST_ANSWER`.
    - What an answer may cost is that of the whole prompt, and of the longest answer: as long as the caller allows and
      the model writes (`ModelCard.max_tokens`). A model without a price is as dear as any.
    - How long it may last is what its answers lately took (`domain.forecast.Pace`), and what its card says before.
    """
    if _takes_nothing(requirements):
        excluded = [Exclusion(card.id, _EMBEDS) for card in cards if card.embedding_space is not None]
    else:
        size = _Size(requirements.most_tokens, count)
        excluded = [
            Exclusion(card.id, reason)
            for card in cards
            if (reason := _reason(card, requirements, size, circumstances)) is not None
        ]
    if not excluded:
        return cards, ()
    out = {one.model for one in excluded}
    return [card for card in cards if card.id not in out], excluded


_EMBEDS: Final = "it makes embeddings and nothing else"


@final
class _Size:
    """How many tokens the prompt has: as it is bounded, until that is not enough."""

    def __init__(self, bound: int | None, count: Callable[[], int]) -> None:
        self._count = count
        self._counted: int | None = None
        self.bound = bound

    def settles(self, holds: Callable[[int], bool]) -> bool:
        """Whether `holds` is true of it; `holds` may be true of a number only if it is of every lesser one."""
        if self.bound is not None and holds(self.bound):
            return True
        if self._counted is None:
            self._counted = self._count()
        return holds(self._counted)


def _takes_nothing(asked: Requirements) -> bool:
    return not (
        asked.abilities
        or asked.embeds
        or asked.most_tokens is not None
        or asked.dialect is not None
        or asked.max_cost is not None
        or asked.max_latency_ms is not None
    )


def _reason(card: ModelCard, asked: Requirements, size: _Size, circumstances: Circumstances) -> str | None:
    """Cheap questions first: the prompt is counted only for a model that nothing else takes out."""
    if asked.embeds != (card.embedding_space is not None):
        return "it makes no embeddings" if asked.embeds else _EMBEDS
    if asked.dialect is not None and card.dialect is not asked.dialect:
        return f"its provider speaks {card.dialect}, and only {asked.dialect} has words for this"
    if lacks := asked.abilities - card.abilities:
        return f"it is not known to take {_told(lacks)}"
    if asked.max_latency_ms is not None and (ms := circumstances.latency_of(card)) > asked.max_latency_ms:
        return f"it takes {ms} ms, more than {asked.max_latency_ms}"
    return _too_long(card, asked, size) or _too_dear(card, asked, size)


def _told(abilities: frozenset[Ability]) -> str:
    return ", ".join([ability.value for ability in Ability if ability in abilities])


def _too_long(card: ModelCard, asked: Requirements, size: _Size) -> str | None:
    window = card.context_window
    if window is None or asked.most_tokens is None:
        return None
    answer = 0 if asked.embeds else asked.max_tokens or LEAST_ANSWER
    if size.settles(lambda tokens: tokens + answer <= window):
        return None
    return f"its context window of {window} tokens does not hold the prompt and {answer} for the answer"


def _too_dear(card: ModelCard, asked: Requirements, size: _Size) -> str | None:
    most, price = asked.max_cost, card.price
    if most is None:
        return None
    if price is None:
        return "what it costs is not known"
    longest = 0 if asked.embeds else min(asked.max_tokens or card.max_tokens, card.max_tokens)
    if size.settles(lambda tokens: price.of(Usage(prompt_tokens=tokens, completion_tokens=longest)) <= most):
        return None
    return f"with an answer of up to {longest} tokens it may cost more than ${most // _DOLLAR}.{most % _DOLLAR:09d}"
