"""A worker's metrics as a scrape shows them."""

import time

from prometheus_client.parser import text_string_to_metric_families

from neuroroute.application.ports import ModelCatalog
from neuroroute.domain.model import Dialect, ModelCard, ModelId, ProviderName
from neuroroute.domain.record import Attempt, Outcome, RoutedPrompt
from neuroroute.infrastructure.memory.health import MemoryHealthBoard
from neuroroute.infrastructure.prometheus import PrometheusObserver
from neuroroute.infrastructure.system import SystemMeter

MODEL = ModelId("gpt-4o")
CANARY = "canary-7f3a"


class Catalog(ModelCatalog):
    version = "1"

    def cards(self):
        return [
            ModelCard(
                id=MODEL,
                name="GPT-4o",
                provider=ProviderName("openai"),
                dialect=Dialect.OPENAI,
                upstream=None,
                capabilities=(),
                max_tokens=1,
                avg_latency_ms=1,
                price=None,
            )
        ]

    def registered(self):
        return []

    def providers(self):
        return {}


def attempt(**fields):
    answered = {"model": MODEL, "provider": ProviderName("openai"), "outcome": "answered", "seconds": 0.1}
    return Attempt(**(answered | fields))


def record(**fields):
    answered = {
        "id": "0" * 32,
        "request_id": CANARY,
        "surface": "prompt",
        "caller": CANARY,
        "at": 1.8e9,
        "seconds": 0.12,
        "provider_seconds": 0.1198,
        "overhead_seconds": 0.0002,
        "first_event_seconds": 0.1,
        "outcome": Outcome.ANSWERED,
        "model": MODEL,
        "attempts": (attempt(),),
    }
    return RoutedPrompt(**(answered | fields))


class Metrics:
    def __init__(self, *, clock=time.monotonic):
        self.board, self.meter = MemoryHealthBoard(), SystemMeter()
        self.observer = PrometheusObserver(
            board=self.board,
            catalog=Catalog(),
            meter=self.meter,
            connections=lambda: [("openai", "in_use", 3), ("openai", "idle", 4)],
            unwritten=lambda: [("memory", 5), ("spool", 6)],
            clock=clock,
        )

    def after(self, *records):
        self.observer.observe(records)
        return samples(self.observer.render()[0].decode())


def samples(page):
    """`{"name{label=value,…}": value}`, without the prefix."""
    return {
        sample.name.removeprefix("neuroroute_")
        + ("{" + ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items())) + "}" if sample.labels else ""): (
            sample.value
        )
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }
