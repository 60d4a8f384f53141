"""What the head of an answer says of how it came about."""

import re
from collections.abc import Iterable
from typing import Final

from neuroroute.application.answer import Answer
from neuroroute.application.draft import Draft
from neuroroute.domain.model import Wire

ANTHROPIC_SURFACES: Final = frozenset({Wire.MESSAGES, Wire.COUNT_TOKENS})
MAX_DROPPED: Final = 4096
"""Bytes of the names of what was left out."""
_MORE: Final = b", ..."
_UNSAFE: Final = re.compile(r"[^\x21-\x7e]|,")
"""What would end a header, or one name of its list."""


def anthropic_id(request_id: str) -> tuple[bytes, bytes]:
    """The request's id where Anthropic's clients look for it."""
    return b"request-id", request_id.encode()


def attempt_headers(draft: Draft) -> list[tuple[bytes, bytes]]:
    """What is known of a request that was routed, also of one that failed."""
    return [
        (b"x-neuroroute-decision", draft.id.encode()),
        (b"x-neuroroute-attempts", b"%d" % len(draft.attempts)),
    ]


def decision_headers(answer: Answer) -> list[tuple[bytes, bytes]]:
    """By what it can be asked why, and told how good the answer was."""
    return [] if answer.decision_id is None else [(b"x-neuroroute-decision", answer.decision_id.encode())]


def answer_headers(answer: Answer) -> list[tuple[bytes, bytes]]:
    """What is known when a model has begun to answer."""
    asked_for = answer.draft.request.cache is not None
    headers = [
        (b"x-neuroroute-model", answer.card.id.encode()),
        (b"x-neuroroute-provider", answer.card.provider.encode()),
        (b"x-neuroroute-cache", b"hit" if answer.cached else b"miss" if asked_for else b"off"),
        *attempt_headers(answer.draft),
    ]
    if answer.draft.request.surface in ANTHROPIC_SURFACES:
        headers.append(anthropic_id(answer.draft.request.id))
    if answer.dropped:
        headers.append((b"x-neuroroute-dropped", dropped(answer.dropped)))
    return headers


def cost_headers(answer: Answer) -> list[tuple[bytes, bytes]]:
    """What a whole answer cost, in dollars to the nano-dollar; nothing when its price is not known."""
    price, usage = answer.card.price, answer.usage
    if price is None or usage is None:
        return []
    cost = 0 if answer.cached else price.of(usage)
    return [(b"x-neuroroute-cost-usd", dollars(cost).encode())]


def dollars(nano: int) -> str:
    """Exactly, in as few digits as that takes: `0.00425`."""
    return f"{nano // 10**9}.{nano % 10**9:09d}".rstrip("0").rstrip(".")


def dropped(fields: Iterable[str]) -> bytes:
    """The names in one header of at most `MAX_DROPPED` bytes. Callers make names: what no header holds becomes `?`."""
    told = b""
    for field in fields:
        name = _UNSAFE.sub("?", field).encode()
        if len(told) + len(name) + 2 > MAX_DROPPED - len(_MORE):
            return told + _MORE
        told = told + b", " + name if told else name
    return told
