"""`GET /models…`: which models there are, what they can do, and how they are."""

from collections.abc import Sequence
from datetime import UTC, datetime
from time import time
from typing import final

import msgspec
from litestar.types import Receive, Scope, Send
from msgspec import UNSET, Struct, UnsetType

from neuroroute.application.ports import HealthBoard, ModelCatalog, Registered
from neuroroute.application.records import Records
from neuroroute.domain.access import Scope as AccessScope
from neuroroute.domain.errors import MAX_TOLD, ModelNotAllowed
from neuroroute.domain.health import HealthStatus, ModelHealth
from neuroroute.domain.model import ModelCard, ModelId
from neuroroute.interface.errors import HttpRefusal
from neuroroute.interface.query import flag_parameter, read_flag
from neuroroute.interface.respond import Reply
from neuroroute.interface.routes import Content, Operation, Parameter, Route
from neuroroute.interface.visit import Visit

_ERROR_CHARACTERS = 120
"""Of a model's error that are shown: enough to act on, and /health stays short."""


class HealthView(Struct, frozen=True, kw_only=True):
    """What is known of a model's health."""

    status: HealthStatus
    last_checked: str | None
    """ISO 8601 with offset."""
    error: str | None
    details: dict[str, str] | None = None


class MetricsView(Struct, frozen=True, kw_only=True):
    """What a model's calls added up to in this worker."""

    requests: int
    success_rate: float
    avg_latency_ms: float


class ModelView(Struct, frozen=True, kw_only=True):
    """A model that can be asked."""

    id: str
    name: str
    provider: str
    capabilities: tuple[str, ...]
    avg_latency_ms: int
    cost_per_1k_tokens: float | None
    """US dollars for a thousand tokens of answer; null when the model is unpriced."""
    max_tokens: int
    health: HealthView | None
    metrics: MetricsView | None


class ModelList(Struct, frozen=True, kw_only=True):
    """All models that can be asked, in registry order."""

    models: list[ModelView]
    count: int
    timestamp: float


class CapabilityList(Struct, frozen=True, kw_only=True):
    """Who can do what."""

    capabilities: dict[str, list[str]]
    models: dict[str, str]
    timestamp: float


class FullMetricsView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that a model's calls added up to in this worker; empty for a model that cannot be asked."""

    requests: int | UnsetType = UNSET
    success_rate: float | UnsetType = UNSET
    avg_latency_ms: float | UnsetType = UNSET
    total_tokens: int | UnsetType = UNSET
    estimated_cost: float | UnsetType = UNSET
    """US dollars."""
    cache_hit_rate: float | UnsetType = UNSET
    """Percent."""
    stream_requests: int | UnsetType = UNSET
    timeout_count: int | UnsetType = UNSET


class ModelHealthView(Struct, frozen=True, kw_only=True):
    """One model's health and metrics."""

    model: str
    health: HealthView
    metrics: FullMetricsView
    timestamp: str


_encode = msgspec.json.Encoder().encode


@final
class ModelsEndpoint:
    """Reads the catalogue and the health board; asks no provider."""

    def __init__(self, *, catalog: ModelCatalog, health: HealthBoard, records: Records) -> None:
        self._catalog = catalog
        self._health = health
        self._records = records

    async def list(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /models`."""
        with_health = read_flag(scope, "include_health")
        self._records.tell()
        models = [self._view(card, with_health=with_health) for card in self._cards(scope)]
        body = _encode(ModelList(models=models, count=len(models), timestamp=time()))
        await Reply(200, body)(scope, receive, send)

    async def capabilities(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /models/capabilities`."""
        able: dict[str, list[str]] = {}
        cards = self._cards(scope)
        for card in cards:
            for capability in card.capabilities:
                able.setdefault(capability, []).append(card.id)
        names: dict[str, str] = {card.id: card.name for card in cards}
        body = _encode(CapabilityList(capabilities=able, models=names, timestamp=time()))
        await Reply(200, body)(scope, receive, send)

    async def health(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /models/{model_key}/health`."""
        key = scope["path_params"]["model_key"]
        found = next((model for model in self._catalog.registered() if model.card.id == key), None)
        if found is None:
            raise HttpRefusal(404, "model_not_found", f"Model '{key[:MAX_TOLD]}' not found")
        if not Visit.of(scope).caller.may_ask(key):
            raise ModelNotAllowed(key)
        self._records.tell()
        health = self._health.of(ModelId(key))
        view = ModelHealthView(
            model=key,
            health=health_view(found, health),
            metrics=FullMetricsView() if found.error else _full_metrics(health),
            timestamp=datetime.now(UTC).isoformat(),
        )
        await Reply(200, _encode(view))(scope, receive, send)

    def _cards(self, scope: Scope) -> Sequence[ModelCard]:
        """Those that the caller may ask."""
        caller = Visit.of(scope).caller
        return [card for card in self._catalog.cards() if caller.may_ask(card.id)]

    def _view(self, card: ModelCard, *, with_health: bool) -> ModelView:
        health = self._health.of(card.id) if with_health else None
        return ModelView(
            id=card.id,
            name=card.name,
            provider=card.provider,
            capabilities=card.capabilities,
            avg_latency_ms=card.avg_latency_ms,
            cost_per_1k_tokens=card.price.completion / 1e12 if card.price else None,
            max_tokens=card.max_tokens,
            health=health_view(Registered(card), health) if health else None,
            metrics=metrics_view(health) if health else None,
        )


def health_view(model: Registered, health: ModelHealth) -> HealthView:
    """As it is shown: a model that cannot be asked is in error, whatever else is known."""
    checked = None if health.checked_at is None else datetime.fromtimestamp(health.checked_at, UTC)
    error = model.error or health.error
    return HealthView(
        status=HealthStatus.ERROR if model.error else health.status,
        last_checked=checked.isoformat(timespec="milliseconds") if checked else None,
        error=error[:_ERROR_CHARACTERS] if error else None,
    )


def metrics_view(health: ModelHealth) -> MetricsView:
    """The short form."""
    tally = health.tally
    return MetricsView(
        requests=tally.requests,
        success_rate=round(tally.success_rate, 2),
        avg_latency_ms=round(tally.avg_latency_ms, 2),
    )


def _full_metrics(health: ModelHealth) -> FullMetricsView:
    tally = health.tally
    return FullMetricsView(
        requests=tally.requests,
        success_rate=round(tally.success_rate, 2),
        avg_latency_ms=round(tally.avg_latency_ms, 2),
        total_tokens=tally.total_tokens,
        estimated_cost=tally.cost_nano_usd / 1e9,
        cache_hit_rate=round(tally.cache_hit_rate, 2),
        stream_requests=tally.stream_requests,
        timeout_count=tally.timeouts,
    )


def model_key_parameter() -> Parameter:
    """The model's id, in the path."""
    return Parameter(
        name="model_key", place="path", schema={"type": "string"}, summary="The model's id, as /models says it"
    )


def models_routes(endpoint: ModelsEndpoint) -> list[Route]:
    """The routes."""
    return [
        Route(
            method="GET",
            path="/models",
            endpoint=endpoint.list,
            scope=AccessScope.CLIENT,
            operation=Operation(
                id="list_models",
                summary="The models that can be asked",
                description="In registry order. A model whose provider has no key is not among them.",
                tag="models",
                answers={200: [Content(holds=ModelList)]},
                parameters=[flag_parameter("include_health", "Also health and metrics of each model")],
                errors=(422,),
            ),
        ),
        Route(
            method="GET",
            path="/models/capabilities",
            endpoint=endpoint.capabilities,
            scope=AccessScope.CLIENT,
            operation=Operation(
                id="list_capabilities",
                summary="Which model can do what",
                description="The words that `metadata.required_capabilities` may ask for, of models that can be asked.",
                tag="models",
                answers={200: [Content(holds=CapabilityList)]},
            ),
        ),
        Route(
            method="GET",
            path="/models/{model_key:str}/health",
            endpoint=endpoint.health,
            scope=AccessScope.CLIENT,
            operation=Operation(
                id="get_model_health",
                summary="One model's health and metrics",
                description="What the background probe and real calls showed; asks no provider.",
                tag="models",
                answers={200: [Content(holds=ModelHealthView)]},
                parameters=[model_key_parameter()],
                errors=(404,),
            ),
        ),
    ]
