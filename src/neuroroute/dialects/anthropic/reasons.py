"""Why a model stopped: this language's words and the domain's."""

from typing import Final

from neuroroute.domain.completion import Finished, FinishReason

_READ: Final = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALL,
    "refusal": FinishReason.FILTERED,
}
_WRITTEN: Final = {
    FinishReason.STOP: "end_turn",
    FinishReason.LENGTH: "max_tokens",
    FinishReason.TOOL_CALL: "tool_use",
    FinishReason.FILTERED: "refusal",
    FinishReason.OTHER: "end_turn",
}


def read_reason(said: str) -> FinishReason:
    """`pause_turn` and words that came after us are `OTHER`."""
    return _READ.get(said, FinishReason.OTHER)


def write_reason(finished: Finished, *, calls: bool) -> str:
    """`calls`: whether the answer calls tools, which clients run at `tool_use` alone; some models say just `stop`."""
    if finished.reason is FinishReason.STOP and finished.stop_sequence is not None:
        return "stop_sequence"
    if calls and finished.reason in {FinishReason.STOP, FinishReason.OTHER}:
        return "tool_use"
    return _WRITTEN[finished.reason]
