"""The earlier service's own language: what `POST /prompt` answers (CONTRACT.md 2 and 5)."""

from time import time

import msgspec
from msgspec import UNSET, Struct, UnsetType

from neuroroute.dialects.lax import Problem
from neuroroute.dialects.sse import write_event
from neuroroute.domain.completion import Finished, TextDelta, Usage
from neuroroute.domain.model import Dialect, ModelCard
from neuroroute.domain.routing import Exclusion, Reasoning, Selection


class TokenUsage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tokens of one answer."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    estimated: bool = False
    """True when the provider did not say."""


class ClassificationView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why this model."""

    selection_method: str
    selected_model: str
    confidence: float | UnsetType = UNSET
    source: str | UnsetType = UNSET
    reasoning: Reasoning | UnsetType = UNSET
    required_capabilities: tuple[str, ...] | UnsetType = UNSET
    health_fallback: bool | UnsetType = UNSET
    original_model: str | UnsetType = UNSET
    fallback_reason: str | UnsetType = UNSET


class PromptResponse(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An answer. Fields that do not apply are left out."""

    model_used: str
    response: str | UnsetType = UNSET
    """Left out of a stream's last event, which follows the text."""
    latency_ms: int
    request_id: str
    token_usage: TokenUsage
    from_cache: bool | UnsetType = UNSET
    classification: ClassificationView | UnsetType = UNSET
    timestamp: float
    test_mode: bool | UnsetType = UNSET
    cache_latency_ms: int | UnsetType = UNSET
    fallback: bool | UnsetType = UNSET
    fallback_reason: str | UnsetType = UNSET
    finish_reason: str | UnsetType = UNSET
    stop_reason: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    model_name: str | UnsetType = UNSET
    cost_estimate_usd: float | UnsetType = UNSET


class StreamStart(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stream's first event: who answers, and why."""

    model_used: str
    request_id: str
    classification: ClassificationView | UnsetType = UNSET
    """Left out of a trial, where nothing was chosen."""


class StreamText(Struct, frozen=True):
    """A piece of the answer."""

    text: str


class ErrorResponse(Struct, frozen=True, kw_only=True):
    """Every error of this service."""

    detail: str | tuple[Problem, ...]
    timestamp: float
    request_id: str
    code: str


class Told(Struct, frozen=True, kw_only=True):
    """What an answer says beside its text."""

    card: ModelCard
    selection: Selection
    switched: Exclusion | None
    failed: tuple[str, str] | None
    """The first model that failed and how, when another one answers."""
    request_id: str
    latency_ms: int
    cache_latency_ms: int | None
    """`None` when the answer is fresh."""
    test: bool = False


_encode = msgspec.json.Encoder().encode


def write_completion(told: Told, text: str | None, finished: Finished) -> bytes:
    """A whole answer; `text` is `None` where it was streamed before."""
    card = told.card
    usage = finished.usage or Usage()
    reason = _fallback_reason(told)
    return _encode(
        PromptResponse(
            model_used=card.id,
            response=UNSET if text is None else _trimmed(text, card),
            latency_ms=told.latency_ms,
            request_id=told.request_id,
            token_usage=TokenUsage(
                prompt_tokens=usage.prompt_tokens,
                completion_tokens=usage.completion_tokens,
                total_tokens=usage.total_tokens,
                estimated=usage.estimated,
            ),
            from_cache=UNSET if told.test else told.cache_latency_ms is not None,
            classification=UNSET if told.test else _classification(told),
            timestamp=time(),
            test_mode=True if told.test else UNSET,
            cache_latency_ms=UNSET if told.cache_latency_ms is None else told.cache_latency_ms,
            fallback=UNSET if reason is None else True,
            fallback_reason=UNSET if reason is None else reason,
            finish_reason=finished.native_reason or UNSET,
            stop_reason=(finished.native_reason or UNSET) if card.dialect is Dialect.ANTHROPIC else UNSET,
            model=UNSET if card.upstream is None else card.upstream,
            model_name=UNSET if card.upstream is not None else finished.model or card.name,
            cost_estimate_usd=UNSET if card.price is None else card.price.of(usage) / 1e9,
        )
    )


def write_start(told: Told) -> bytes:
    """A stream's first event."""
    start = StreamStart(
        model_used=told.card.id,
        request_id=told.request_id,
        classification=UNSET if told.test else _classification(told),
    )
    return write_event(_encode(start), name="start")


def write_text(delta: TextDelta) -> bytes:
    """A piece of the answer, as an event."""
    return write_event(_encode(StreamText(delta.text)))


def write_end(told: Told, finished: Finished) -> bytes:
    """A stream's last event: the answer is whole."""
    return write_event(write_completion(told, None, finished), name="done")


def write_error(detail: str | tuple[Problem, ...], *, code: str, request_id: str) -> bytes:
    """An error's body."""
    return _encode(ErrorResponse(detail=detail, timestamp=time(), request_id=request_id, code=code))


def write_cut(detail: str, *, code: str, request_id: str) -> bytes:
    """A stream's last event when its model stopped in the middle."""
    return write_event(write_error(detail, code=code, request_id=request_id), name="error")


def _classification(told: Told) -> ClassificationView:
    selection, switched = told.selection, told.switched
    ranking = selection.ranking
    return ClassificationView(
        selection_method=selection.method,
        selected_model=told.card.id if switched else selection.model,
        confidence=ranking.confidence if ranking else UNSET,
        source=ranking.source if ranking else UNSET,
        reasoning=(ranking.reasoning or UNSET) if ranking else UNSET,
        required_capabilities=selection.required or UNSET,
        health_fallback=True if switched else UNSET,
        original_model=switched.model if switched else UNSET,
        fallback_reason=switched.reason if switched else UNSET,
    )


def _fallback_reason(told: Told) -> str | None:
    if told.switched:
        return f"Primary model ({told.switched.model}) failed: {told.switched.reason}"
    if told.failed:
        return f"Primary model ({told.failed[0]}) failed: {told.failed[1]}"
    return None


def _trimmed(text: str, card: ModelCard) -> str:
    """The earlier service trimmed its local model's answers and no other's."""
    return text.strip() if card.upstream is None else text
