"""`GET /health…` and `GET /metrics`: how the service is."""

from datetime import UTC, datetime
from time import monotonic
from typing import final

import msgspec
from litestar.types import Receive, Scope, Send
from msgspec import UNSET, Raw, Struct, UnsetType

from neuroroute.application.follow_state import FollowState
from neuroroute.application.ports import HealthBoard, MetricsPage, ModelCatalog, ResourceMeter
from neuroroute.application.records import Records
from neuroroute.domain.access import Scope as AccessScope
from neuroroute.domain.health import overall
from neuroroute.interface.models import HealthView, MetricsView, health_view, metrics_view
from neuroroute.interface.query import flag_parameter, read_flag
from neuroroute.interface.respond import Reply
from neuroroute.interface.routes import Content, Operation, Route

_BEGAN = monotonic()


class ServiceHealth(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the service and its models are. The HTTP status is 200 whatever it says."""

    status: str
    message: str
    timestamp: str
    """ISO 8601 with offset."""
    version: str
    env: str
    uptime_seconds: float
    models: dict[str, HealthView]
    metrics: dict[str, MetricsView] | None
    """Of each model that can be asked, when `detailed`."""
    system: Raw
    """Of the worker that answers."""
    catalog_version: str
    """Of the models that this instance serves, and from where."""
    simulated: bool | UnsetType = UNSET
    """True when the models are simulated."""


class Liveness(Struct, frozen=True):
    """The process answers."""

    status: str


class Readiness(Struct, frozen=True):
    """Whether requests may be sent here, and why not."""

    status: str
    reason: str | None = None


class About(Struct, frozen=True, kw_only=True):
    """Which installation this is."""

    version: str
    environment: str
    simulated: bool


_encode = msgspec.json.Encoder().encode


@final
class HealthEndpoint:
    """Tells what is known; asks nobody."""

    def __init__(
        self,
        *,
        catalog: ModelCatalog,
        health: HealthBoard,
        meter: ResourceMeter,
        metrics: MetricsPage,
        records: Records,
        state: FollowState,
        about: About,
    ) -> None:
        self._state = state
        self._catalog = catalog
        self._health = health
        self._meter = meter
        self._metrics = metrics
        self._records = records
        self._about = about

    async def health(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /health`."""
        detailed = read_flag(scope, "detailed")
        self._records.tell()
        board = self._health
        models: dict[str, HealthView] = {
            model.card.id: health_view(model, board.of(model.card.id)) for model in self._catalog.registered()
        }
        status, message = overall([model.status for model in models.values()])
        told = ServiceHealth(
            status=status,
            message=message,
            timestamp=datetime.now(UTC).isoformat(timespec="milliseconds"),
            version=self._about.version,
            env=self._about.environment,
            uptime_seconds=round(monotonic() - _BEGAN, 3),
            models=models,
            metrics={card.id: metrics_view(board.of(card.id)) for card in self._catalog.cards()} if detailed else None,
            system=Raw(_encode(self._meter.detail() if detailed else self._meter.snapshot())),
            catalog_version=self._catalog.version,
            simulated=self._about.simulated or UNSET,
        )
        await Reply(200, _encode(told))(scope, receive, send)

    async def live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /health/live`."""
        await Reply(200, _encode(Liveness("alive")))(scope, receive, send)

    async def ready(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /health/ready`."""
        obstacle = self._state.obstacle
        if not self._state.loaded:
            await Reply(503, _encode(Readiness("not ready", str(obstacle))))(scope, receive, send)
        elif not self._catalog.cards():
            reason = "no model can be asked: add a provider key or a catalogue (see `neuroroute doctor`)"
            await Reply(503, _encode(Readiness("not ready", reason)))(scope, receive, send)
        else:
            told = Readiness("degraded", str(obstacle)) if obstacle else Readiness("ready")
            await Reply(200, _encode(told))(scope, receive, send)

    async def metrics(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /metrics`."""
        self._records.tell()
        page, media_type = self._metrics.render()
        await Reply(200, page, media_type=media_type.encode())(scope, receive, send)


def health_routes(endpoint: HealthEndpoint) -> list[Route]:
    """The routes."""
    return [
        Route(
            method="GET",
            path="/health",
            endpoint=endpoint.health,
            scope=AccessScope.PUBLIC,
            operation=Operation(
                id="get_health",
                summary="How the service and its models are",
                description="Always 200. What the background probe and real calls showed; asks no provider.",
                tag="health",
                answers={200: [Content(holds=ServiceHealth)]},
                parameters=[flag_parameter("detailed", "Also each model's metrics and more of the system")],
                errors=(422,),
            ),
        ),
        Route(
            method="GET",
            path="/health/live",
            endpoint=endpoint.live,
            scope=AccessScope.PUBLIC,
            operation=Operation(
                id="get_liveness",
                summary="The process answers",
                description="For an orchestrator's liveness probe.",
                tag="health",
                answers={200: [Content(holds=Liveness)]},
            ),
        ),
        Route(
            method="GET",
            path="/health/ready",
            endpoint=endpoint.ready,
            scope=AccessScope.PUBLIC,
            operation=Operation(
                id="get_readiness",
                summary="Whether requests may be sent here",
                description="For a load balancer. Degraded but serving is ready.",
                tag="health",
                answers={200: [Content(holds=Readiness)], 503: [Content(holds=Readiness)]},
            ),
        ),
        Route(
            method="GET",
            path="/metrics",
            endpoint=endpoint.metrics,
            scope=AccessScope.METRICS,
            operation=Operation(
                id="get_metrics",
                summary="Metrics of all workers",
                description="In the text format of Prometheus.",
                tag="health",
                answers={200: [Content(media_type="text/plain")]},
            ),
        ),
    ]
