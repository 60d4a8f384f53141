"""Observed facts about a model: does it answer, and may it be asked. Pure: told the time, never asks for it."""

from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from neuroroute.domain.forecast import Pace
from neuroroute.domain.record import Attempt

WINDOW = 30.0
"""Seconds over which a breaker judges."""
MIN_CALLS = 20
"""A breaker judges no fewer calls than this: a handful in a row says nothing."""
MAX_FAILURE_RATE = 0.5
COOL_DOWN = 10.0
"""Seconds until an open breaker lets calls through again to see."""


class CircuitBreaker(Struct, frozen=True, kw_only=True):
    """Opens when at least half of at least 20 calls within 30 s failed.

    The window slides: the current span of 30 s counts whole, the one before by the share that is still within.
    An open breaker lets calls through again after 10 s; the first of them decides. A good probe closes it at once.
    """

    span_began: float = 0.0
    calls: float = 0.0
    failures: float = 0.0
    calls_before: float = 0.0
    failures_before: float = 0.0
    opened: float | None = None
    """When it opened, on the caller's clock."""

    def is_open(self, now: float) -> bool:
        """Whether calls are to be kept away."""
        return self.opened is not None and now - self.opened < COOL_DOWN

    def after_success(self, now: float) -> "CircuitBreaker":
        if self.opened is not None:
            return CircuitBreaker(span_began=now) if now - self.opened >= COOL_DOWN else self
        slid = self._slid(now)
        return replace(slid, calls=slid.calls + 1)

    def after_failure(self, now: float) -> "CircuitBreaker":
        if self.opened is not None:
            return replace(self, opened=now) if now - self.opened >= COOL_DOWN else self
        slid = self._slid(now)
        told = replace(slid, calls=slid.calls + 1, failures=slid.failures + 1)
        return replace(told, opened=now) if _is_too_bad(told, now) else told

    def after_good_probe(self, now: float) -> "CircuitBreaker":
        return CircuitBreaker(span_began=now) if self.opened is not None else self

    def _slid(self, now: float) -> "CircuitBreaker":
        spans = (now - self.span_began) // WINDOW
        if spans < 1:
            return self
        if spans < 2:
            return CircuitBreaker(
                span_began=self.span_began + WINDOW, calls_before=self.calls, failures_before=self.failures
            )
        return CircuitBreaker(span_began=now)


def _is_too_bad(breaker: CircuitBreaker, now: float) -> bool:
    still_within = 1.0 - (now - breaker.span_began) / WINDOW
    calls = breaker.calls + breaker.calls_before * still_within
    failures = breaker.failures + breaker.failures_before * still_within
    return calls >= MIN_CALLS and failures >= calls * MAX_FAILURE_RATE


class HealthStatus(StrEnum):
    """The earlier service's words (CONTRACT.md 3)."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"
    ERROR = "error"
    """It cannot be asked at all: no key."""


class Tally(Struct, frozen=True, kw_only=True):
    """What a model's calls added up to since this process began."""

    requests: int = 0
    successes: int = 0
    latency_ms: int = 0
    """Sum over the successes."""
    total_tokens: int = 0
    cost_nano_usd: int = 0
    cache_hits: int = 0
    stream_requests: int = 0
    timeouts: int = 0

    @property
    def success_rate(self) -> float:
        """Percent; 100 before the first request."""
        return 100.0 * self.successes / self.requests if self.requests else 100.0

    @property
    def avg_latency_ms(self) -> float:
        return self.latency_ms / self.successes if self.successes else 0.0

    @property
    def cache_hit_rate(self) -> float:
        """Percent of the answers that came from the cache."""
        answers = self.requests + self.cache_hits
        return 100.0 * self.cache_hits / answers if answers else 0.0


class ModelHealth(Struct, frozen=True, kw_only=True):
    """What probes and calls showed of one model."""

    status: HealthStatus = HealthStatus.UNKNOWN
    """What is shown: the latest word of a probe or a call."""
    error: str | None = None
    checked_at: float | None = None
    """Epoch seconds of that word."""
    probe_error: str | None = None
    """What the latest probe failed with, unless it was good or a call has been answered since."""
    breaker: CircuitBreaker = CircuitBreaker()
    tally: Tally = Tally()
    pace: Pace | None = None
    """Of its latest answers; `None` before the first."""

    def unfit(self, now: float) -> str | None:
        """Why the model is not to be asked, if so: a failed probe or an open breaker, nothing else."""
        if self.probe_error is not None:
            return f"its last health probe failed: {self.probe_error}".removesuffix(": ")
        if self.breaker.is_open(now):
            return "its circuit breaker is open: at least half of its recent calls failed"
        return None

    def after_probe(self, error: str | None, *, at: float, now: float) -> "ModelHealth":
        """`error` is `None` for a good probe; `at` is epoch seconds, `now` the breaker's clock."""
        if error is None:
            return replace(
                self,
                status=HealthStatus.HEALTHY,
                error=None,
                checked_at=at,
                probe_error=None,
                breaker=self.breaker.after_good_probe(now),
            )
        return replace(self, status=HealthStatus.UNHEALTHY, error=error, checked_at=at, probe_error=error)

    def after_success(self, *, at: float, now: float) -> "ModelHealth":
        return replace(
            self,
            status=HealthStatus.HEALTHY,
            error=None,
            checked_at=at,
            probe_error=None,
            breaker=self.breaker.after_success(now),
        )

    def after_failure(self, error: str, *, at: float, now: float) -> "ModelHealth":
        return replace(
            self,
            status=HealthStatus.UNHEALTHY,
            error=error,
            checked_at=at,
            breaker=self.breaker.after_failure(now),
        )

    def after_attempt(self, attempt: Attempt, *, at: float, now: float) -> "ModelHealth":
        """What a call showed: a provider that refuses a request is there."""
        if attempt.outcome in {"answered", "refused"}:
            return self.after_success(at=at, now=now)
        if not attempt.judged:
            return self
        return self.after_failure(attempt.error or attempt.outcome, at=at, now=now)


def overall(statuses: list[HealthStatus]) -> tuple[str, str]:
    """The service's status and what to say about it, from those of all models (CONTRACT.md 3)."""
    healthy = statuses.count(HealthStatus.HEALTHY)
    if not statuses:
        return "unhealthy", "No models available"
    if healthy == len(statuses):
        return "healthy", "All systems operational"
    if healthy:
        return "degraded", "Some models are unavailable"
    return "unhealthy", "All models are unavailable"
