"""What Prometheus is told, from the records of what happened and from how things stand.

Labels are closed sets: surface, outcome, model and provider of the catalogue. Never a message, a path or a caller.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final, Generic, TypeAlias, TypeVar, final

import psutil
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
    values,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector

from neuroroute.application.ports import HealthBoard, MetricsPage, ModelCatalog, Observer
from neuroroute.domain.completion import Usage
from neuroroute.domain.health import CircuitBreaker
from neuroroute.domain.record import Outcome, RoutedPrompt
from neuroroute.infrastructure.metrics_directory import VARIABLE
from neuroroute.infrastructure.system import SystemMeter

LATENCY: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
OVERHEAD: Final = (50e-6, 100e-6, 250e-6, 500e-6, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1)
NOBODY: Final = "none"
"""The model of a prompt that nobody answered."""

_Metric = TypeVar("_Metric", Counter, Gauge, Histogram)
_Counts: TypeAlias = defaultdict[Counter, float]
"""What a batch adds to each counter: added up first, told once."""


@final
class _Children(dict[tuple[str, ...], _Metric], Generic[_Metric]):
    """A metric's children by their label values: `labels()` costs four times what finding one here does."""

    def __init__(self, metric: _Metric) -> None:
        super().__init__()
        self._metric = metric

    def __missing__(self, labels: tuple[str, ...]) -> _Metric:
        child = self[labels] = self._metric.labels(*labels)
        return child


@final
class PrometheusObserver(Observer, MetricsPage):
    """At most one in a process that shares its metrics with other workers: their files know no two of a kind.

    In that mode counters add up over all workers, also those that have ended; gauges are of the living: in flight and
    connections summed up, lag and breaker the worst. Every worker has to `refresh` a few times a second for that.
    """

    def __init__(
        self,
        *,
        board: HealthBoard,
        catalog: ModelCatalog,
        meter: SystemMeter,
        connections: Callable[[], Iterable[tuple[str, str, int]]],
        unwritten: Callable[[], Iterable[tuple[str, int]]],
        clock: Callable[[], float],
    ) -> None:
        """`connections` are provider, state (`in_use`, `idle`, `waiting`) and number; `unwritten` are place (`memory`,
        `spool`) and number of the ledger's records; `clock` is the breakers' own.

        Raises:
            RuntimeError: the workers are to share their metrics, but prometheus_client was imported before that was
                said, so that each would count alone.
        """
        directory = os.environ.get(VARIABLE)
        if directory and values.ValueClass is values.MutexValue:
            raise RuntimeError(f"{VARIABLE} was set after prometheus_client had been imported")
        self._shared: Final = Path(directory) if directory else None
        self._board = board
        self._catalog = catalog
        self._meter = meter
        self._connections = connections
        self._unwritten = unwritten
        self._clock = clock
        disable_created_metrics()
        registry = self._registry = CollectorRegistry()
        if not directory:
            ProcessCollector(registry=registry)

        def counter(name: str, text: str, *labels: str) -> _Children[Counter]:
            return _Children(Counter(f"neuroroute_{name}", text, labels, registry=registry))

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> _Children[Histogram]:
            return _Children(Histogram(f"neuroroute_{name}", text, labels, registry=registry, buckets=buckets))

        self._requests = counter("requests_total", "Prompts, by how they ended", "surface", "outcome", "model")
        self._latency = histogram(
            "request_latency_seconds", "From a prompt's arrival to its end", LATENCY, "surface", "outcome", "model"
        )
        self._first_event = histogram(
            "time_to_first_event_seconds", "Of streamed prompts, until the first piece", LATENCY, "model"
        )
        self._overhead = histogram("overhead_seconds", "Time not spent waiting for providers", OVERHEAD, "surface")
        self._attempts = counter("attempts_total", "Calls of providers", "provider", "model", "outcome")
        self._provider_latency = histogram(
            "provider_latency_seconds", "Of one call: until its first event or its failure", LATENCY, "provider"
        )
        self._fallbacks = counter("fallbacks_total", "Calls after the first, by the model that failed before", "model")
        self._tokens = counter("tokens_total", "Tokens that were read and written", "model", "kind")
        self._cost = counter("cost_usd_total", "What answers cost in US dollars, by the prices we know", "model")
        self._unpriced = counter("unpriced_answers_total", "Answers whose price we do not know", "model")
        self._cache = counter("cache_total", "Prompts answered from the cache (hit) or by a provider (miss)", "result")

        self._breaker = _Children(
            Gauge(
                "neuroroute_breaker_state", "0 closed, 1 about to let a call through to see, 2 open", ("model",),
                registry=registry, multiprocess_mode="livemax",
            )
        )  # fmt: skip
        self._in_flight = Gauge(
            "neuroroute_in_flight_requests", "Requests being served", registry=registry, multiprocess_mode="livesum"
        )
        self._lag = Gauge(
            "neuroroute_event_loop_lag_seconds", "The longest of the last minute", registry=registry,
            multiprocess_mode="livemax",
        )  # fmt: skip
        self._upstream = _Children(
            Gauge(
                "neuroroute_upstream_connections", "Connections to providers, and callers in line for one",
                ("provider", "state"), registry=registry, multiprocess_mode="livesum",
            )
        )  # fmt: skip
        self._ledger = _Children(
            Gauge(
                "neuroroute_ledger_unwritten_records", "Records of usage that the database does not have yet",
                ("place",), registry=registry, multiprocess_mode="livesum",
            )
        )  # fmt: skip

    def observe(self, records: Sequence[RoutedPrompt]) -> None:
        counts: _Counts = defaultdict(float)
        for record in records:
            self._observe(record, counts)
        for counter, amount in counts.items():
            counter.inc(amount)

    def _observe(self, record: RoutedPrompt, counts: _Counts) -> None:
        surface, model = record.surface, record.model or NOBODY
        ended = (surface, record.outcome, model)
        counts[self._requests[ended]] += 1
        self._latency[ended].observe(record.seconds)
        self._overhead[surface,].observe(max(0.0, record.overhead_seconds))
        if record.streamed and record.first_event_seconds is not None:
            self._first_event[model,].observe(record.first_event_seconds)
        if record.from_cache:
            counts[self._cache["hit",]] += 1
            return  # nothing was asked and nothing was used
        if record.cache_asked and record.attempts:
            counts[self._cache["miss",]] += 1
        self._count_attempts(record, counts)
        if record.usage is not None:
            self._count_usage(model, record.usage, record.cost, counts)

    def refresh(self) -> None:
        """Say how things stand."""
        now = self._clock()
        for card in self._catalog.cards():
            self._breaker[card.id,].set(_state(self._board.of(card.id).breaker, now))
        for provider, state, number in self._connections():
            self._upstream[provider, state].set(number)
        for place, number in self._unwritten():
            self._ledger[place,].set(number)
        self._in_flight.set(self._meter.in_flight)
        self._lag.set(self._meter.lag_max)

    def render(self) -> tuple[bytes, str]:
        """The page for a scrape, and its content type. Reads all workers' files where there are several."""
        self.refresh()
        if self._shared is None:
            return generate_latest(self._registry), CONTENT_TYPE_PLAIN_0_0_4
        _forget_the_dead(self._shared)
        together = CollectorRegistry()
        MultiProcessCollector(together, path=str(self._shared))
        return generate_latest(together), CONTENT_TYPE_PLAIN_0_0_4

    def _count_attempts(self, record: RoutedPrompt, counts: _Counts) -> None:
        failed = None
        for attempt in record.attempts:
            if failed is not None:
                counts[self._fallbacks[failed,]] += 1
            counts[self._attempts[attempt.provider, attempt.model, attempt.outcome]] += 1
            if attempt.outcome != Outcome.LEFT:
                self._provider_latency[attempt.provider,].observe(attempt.seconds)
            failed = attempt.model

    def _count_usage(self, model: str, usage: Usage, cost: int | None, counts: _Counts) -> None:
        # A counter refuses to fall, and a provider can say anything.
        counts[self._tokens[model, "prompt"]] += max(0, usage.prompt_tokens)
        counts[self._tokens[model, "completion"]] += max(0, usage.completion_tokens)
        if cost is None:
            counts[self._unpriced[model,]] += 1
        else:
            counts[self._cost[model,]] += max(0, cost) * 1e-9


def _state(breaker: CircuitBreaker, now: float) -> int:
    if breaker.opened is None:
        return 0
    return 2 if breaker.is_open(now) else 1


def _forget_the_dead(directory: Path) -> None:
    """Drop the gauges of workers that are gone: granian tells nobody when one dies."""
    for path in directory.glob("gauge_live*.db"):
        if not _alive(int(path.stem.rpartition("_")[2])):
            path.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
