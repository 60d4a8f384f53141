"""The ASGI application: routes, who guards them, who tells of failures, and what lives as long as it does."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import structlog
from dependency_injector import providers
from litestar import Litestar
from litestar.types import ASGIApp

from neuroroute.container import Container
from neuroroute.infrastructure.background import begin, end
from neuroroute.infrastructure.log import configure
from neuroroute.infrastructure.redis.cache import RedisCache
from neuroroute.infrastructure.redis.conversations import RedisConversations
from neuroroute.infrastructure.redis.rate_limiter import RedisRateLimiter
from neuroroute.interface.admin import admin_routes
from neuroroute.interface.api_keys import api_keys_routes
from neuroroute.interface.audit import audit_routes
from neuroroute.interface.catalog import catalog_routes
from neuroroute.interface.client_keys import client_keys_routes
from neuroroute.interface.completions_routes import completions_routes, tellers
from neuroroute.interface.count_tokens import count_tokens_routes
from neuroroute.interface.decisions import decisions_routes
from neuroroute.interface.documents import documents_routes
from neuroroute.interface.door import Door
from neuroroute.interface.errors import tell
from neuroroute.interface.feedback import feedback_routes
from neuroroute.interface.health import health_routes
from neuroroute.interface.model_list import model_list_routes
from neuroroute.interface.models import models_routes
from neuroroute.interface.prompt import prompt_routes
from neuroroute.interface.provider_settings import provider_settings_routes
from neuroroute.interface.route import route_routes
from neuroroute.interface.routes import guarded, mount, mount_options
from neuroroute.interface.usage import usage_routes
from neuroroute.settings import Settings


def load_app(environ: Mapping[str, str], *, simulated: bool) -> ASGIApp:
    """The application of one worker process; `simulated` says that the providers of `environ` are simulated.

    Raises:
        NeuroRouteError: a setting, the catalogue or the home folder is wrong.
    """
    settings = Settings.from_env(environ)
    container = Container(
        settings=providers.Object(settings),
        environ=providers.Object(dict(environ)),
        simulated=providers.Object(simulated),
    )
    configure(settings.log_level, container.lines())
    return create_app(container)


def create_app(container: Container) -> ASGIApp:
    """The application that `container` wires."""
    documents, completions = container.documents_endpoint(), container.completions_endpoints()
    routes = [
        *prompt_routes(container.prompt_endpoint()),
        *completions_routes(completions),
        *count_tokens_routes(container.count_tokens_endpoint()),
        *route_routes(container.route_endpoint()),
        *decisions_routes(container.decisions_endpoint()),
        *feedback_routes(container.feedback_endpoint()),
        *model_list_routes(container.model_list_endpoint()),
        *models_routes(container.models_endpoint()),
        *health_routes(container.health_endpoint()),
        *admin_routes(container.admin_endpoint()),
        *api_keys_routes(container.api_keys_endpoint()),
        *provider_settings_routes(container.provider_settings_endpoint()),
        *catalog_routes(container.catalog_endpoint()),
        *client_keys_routes(container.client_keys_endpoint()),
        *usage_routes(container.usage_endpoint()),
        *audit_routes(container.audit_endpoint()),
        *documents_routes(documents),
    ]
    documents.describe(routes)
    guard = container.guard()
    endpoints = [(route, guarded(route, guard)) for route in routes]
    app = Litestar(
        [*mount_options(routes), *(mount(route, endpoint) for route, endpoint in endpoints)],
        exception_handlers={Exception: partial(tell, tellers=tellers(completions))},
        lifespan=[partial(_alive, container)],
        openapi_config=None,
        logging_config=None,
    )
    direct = {(route.method, route.path): endpoint for route, endpoint in endpoints if route.direct}
    return Door(app, direct=direct, origins=container.settings().cors_origins, counter=container.meter())


@asynccontextmanager
async def _alive(container: Container, app: Litestar) -> AsyncGenerator[None, None]:
    """Open what has to be open, run what runs beside the requests, and end it all in reverse."""
    del app
    log = structlog.get_logger()
    async with AsyncExitStack() as stack:
        lines, meter, cache, follow = container.lines(), container.meter(), container.cache(), container.follow_state()
        stack.callback(lines.close)
        stack.push_async_callback(container.database().close)
        writer = container.ledger_writer()
        writer.begin()
        stack.push_async_callback(writer.close)
        await follow.attempt()
        stack.push_async_callback(end, begin(follow(), name="follow state"))
        stack.push_async_callback(container.note_key_use().once)
        stack.push_async_callback(end, begin(container.note_key_use()(), name="note key use"))
        stack.push_async_callback(end, begin(container.ledger_upkeep()(), name="ledger upkeep"))
        stack.callback(container.records().tell)  # what waits is told while the log is still open
        meter.start(also=container.metrics().refresh)
        stack.push_async_callback(meter.stop)
        for shared in (cache, container.limiter(), container.conversations()):
            if isinstance(shared, RedisCache | RedisConversations | RedisRateLimiter):
                await shared.open()
                stack.push_async_callback(shared.close)
        container.token_counter().load()
        stack.push_async_callback(container.catalog().close)
        stack.push_async_callback(end, begin(container.probe_models()(), name="probe models"))
        cards = container.catalog().cards()
        log.info("started", models=[card.id for card in cards], simulated=container.simulated())
        yield
        log.info("stopping")
