"""The health of every model, as this process knows it."""

from collections.abc import Mapping
from typing import Final, final

from neuroroute.application.ports import HealthBoard
from neuroroute.domain.forecast import ANSWER_TOKENS
from neuroroute.domain.health import ModelHealth
from neuroroute.domain.model import ModelId

_UNKNOWN: Final = ModelHealth()
_NONE: Final[Mapping[ModelId, str]] = {}


@final
class MemoryHealthBoard(HealthBoard):
    """Costs a prompt nothing while no model is in trouble."""

    def __init__(self) -> None:
        self._shown: dict[ModelId, ModelHealth] = {}
        self._troubled: dict[ModelId, ModelHealth] = {}
        """Those that may be unfit; whether they are depends on the time."""
        self._latency_ms: dict[ModelId, int] = {}

    def of(self, model: ModelId) -> ModelHealth:
        return self._shown.get(model, _UNKNOWN)

    def show(self, model: ModelId, health: ModelHealth) -> None:
        self._shown[model] = health
        if health.pace is None:
            self._latency_ms.pop(model, None)
        else:
            self._latency_ms[model] = round(1000 * health.pace.seconds(ANSWER_TOKENS))
        if health.probe_error is not None or health.breaker.opened is not None:
            self._troubled[model] = health
        else:
            self._troubled.pop(model, None)

    def unfit(self, now: float) -> Mapping[ModelId, str]:
        if not self._troubled:
            return _NONE
        return {model: reason for model, health in self._troubled.items() if (reason := health.unfit(now))}

    def latency_ms(self) -> Mapping[ModelId, int]:
        return dict(self._latency_ms)
