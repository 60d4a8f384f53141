"""Everything that is served, over what answers a prompt."""

import time
from collections.abc import Mapping, Sequence
from typing import Final

from dependency_injector import providers

from neuroroute.application.follow_state import FollowState
from neuroroute.application.key_ring import KeyRing
from neuroroute.application.ports import ModelCatalog, RateLimiter
from neuroroute.application.route_prompt import RoutePrompt
from neuroroute.container.routing import RoutingContainer, store_kind
from neuroroute.container.state import StateContainer
from neuroroute.dialects.anthropic.caller import MessagesDialect
from neuroroute.dialects.caller_side import CallerDialect
from neuroroute.dialects.embeddings import EmbeddingsDialect
from neuroroute.dialects.openai.caller import ChatDialect
from neuroroute.dialects.responses.caller import ResponsesDialect
from neuroroute.domain.access import Secret
from neuroroute.domain.model import Wire
from neuroroute.infrastructure.formats import BASE_URL
from neuroroute.infrastructure.home import admin_key
from neuroroute.infrastructure.memory.rate_limiter import MemoryRateLimiter
from neuroroute.infrastructure.redis.rate_limiter import RedisRateLimiter
from neuroroute.interface.access import Guard
from neuroroute.interface.admin import AdminEndpoint
from neuroroute.interface.api_errors import ApiTeller
from neuroroute.interface.api_keys import ApiKeysEndpoint
from neuroroute.interface.audit import AuditEndpoint
from neuroroute.interface.catalog import CatalogEndpoint
from neuroroute.interface.client_keys import ClientKeysEndpoint
from neuroroute.interface.completions import CompletionsEndpoint
from neuroroute.interface.count_tokens import CountTokensEndpoint
from neuroroute.interface.decisions import DecisionsEndpoint
from neuroroute.interface.documents import DocumentsEndpoint
from neuroroute.interface.feedback import FeedbackEndpoint
from neuroroute.interface.health import About, HealthEndpoint
from neuroroute.interface.model_list import ModelListEndpoint
from neuroroute.interface.models import ModelsEndpoint
from neuroroute.interface.prompt import Admission, PromptEndpoint
from neuroroute.interface.provider_settings import ProviderSettingsEndpoint
from neuroroute.interface.route import RouteEndpoint
from neuroroute.interface.usage import UsageEndpoint
from neuroroute.interface.whole_body import WholeBodies
from neuroroute.settings import Access, Settings

CALLER_DIALECTS: Final[Sequence[CallerDialect]] = (
    ChatDialect(),
    MessagesDialect(),
    ResponsesDialect(),
    EmbeddingsDialect(),
)


def _redis_limiter(settings: Settings) -> RedisRateLimiter:
    if settings.redis is None:
        raise TypeError("no Redis is set")
    return RedisRateLimiter(settings.redis.url.reveal(), prefix=settings.redis.key_prefix)


def _guard(settings: Settings, key: Secret, keys: KeyRing, follow: FollowState, limiter: RateLimiter) -> Guard:
    return Guard(
        admin_key=key,
        keys=keys,
        fresh=lambda: follow.fresh,
        loaded=lambda: follow.loaded,
        limiter=limiter,
        clients_need_keys=settings.auth is Access.KEYS,
        metrics_need_keys=not settings.on_loopback,
    )


def _completions(
    catalog: ModelCatalog, route_prompt: RoutePrompt, admission: Admission, keep_alive: float
) -> Mapping[Wire, CompletionsEndpoint]:
    return {
        dialect.wire: CompletionsEndpoint(
            dialect, catalog=catalog, route_prompt=route_prompt, admission=admission, keep_alive=keep_alive
        )
        for dialect in CALLER_DIALECTS
    }


class Container(RoutingContainer):
    """Everything, made once and when first asked for; nothing here does I/O but the cache of several workers, which
    maps their mark (opening is the lifespan's, in `asgi`).
    """

    settings = StateContainer.settings
    environ = StateContainer.environ
    simulated = StateContainer.simulated

    catalog = RoutingContainer.catalog
    choose_model = RoutingContainer.choose_model
    health_board = RoutingContainer.health_board
    meter = RoutingContainer.meter
    metrics = RoutingContainer.metrics
    records = RoutingContainer.records
    route_prompt = RoutingContainer.route_prompt
    token_counter = RoutingContainer.token_counter

    admin_key = providers.Singleton(admin_key, settings.provided.admin_key, settings.provided.home)
    limiter = providers.Selector(
        providers.Callable(store_kind, settings),
        memory=providers.Singleton(MemoryRateLimiter, clock=time.monotonic),
        redis=providers.Singleton(_redis_limiter, settings),
    )
    guard = providers.Singleton(
        _guard, settings, admin_key, StateContainer.key_ring, StateContainer.follow_state, limiter
    )
    bodies = providers.Singleton(WholeBodies, limit=settings.provided.max_body)
    admission = providers.Singleton(
        Admission,
        max_body=settings.provided.max_body,
        max_characters=settings.provided.max_prompt_length,
        default_timeout=settings.provided.default_timeout,
        cached=settings.provided.cache,
    )
    prompt_endpoint = providers.Singleton(PromptEndpoint, route_prompt=route_prompt, admission=admission)
    completions_endpoints = providers.Singleton(
        _completions,
        catalog=catalog,
        route_prompt=route_prompt,
        admission=admission,
        keep_alive=settings.provided.keep_alive,
    )
    count_tokens_endpoint = providers.Singleton(
        CountTokensEndpoint, catalog=catalog, route_prompt=route_prompt, counter=token_counter, admission=admission
    )
    route_endpoint = providers.Singleton(RouteEndpoint, catalog=catalog, choose=choose_model, admission=admission)
    decisions_endpoint = providers.Singleton(
        DecisionsEndpoint,
        decisions=StateContainer.decision_store,
        flush=StateContainer.ledger_writer.provided.flush,
    )
    feedback_endpoint = providers.Singleton(
        FeedbackEndpoint,
        feedback=StateContainer.feedback_store,
        flush=StateContainer.ledger_writer.provided.flush,
        bodies=bodies,
    )
    model_list_endpoint = providers.Singleton(
        ModelListEndpoint,
        catalog=catalog,
        openai=providers.Singleton(ApiTeller, providers.Singleton(ResponsesDialect)),
        anthropic=count_tokens_endpoint.provided.tell,
    )
    models_endpoint = providers.Singleton(ModelsEndpoint, catalog=catalog, health=health_board, records=records)
    health_endpoint = providers.Singleton(
        HealthEndpoint,
        catalog=catalog,
        health=health_board,
        meter=meter,
        metrics=metrics,
        records=records,
        state=StateContainer.follow_state,
        about=providers.Singleton(
            About,
            version=settings.provided.app_version,
            environment=settings.provided.environment,
            simulated=simulated,
        ),
    )
    api_keys_endpoint = providers.Singleton(ApiKeysEndpoint, keep=StateContainer.keep_credentials, bodies=bodies)
    provider_settings_endpoint = providers.Singleton(
        ProviderSettingsEndpoint,
        keep=StateContainer.keep_provider_settings,
        bodies=bodies,
        base_url=providers.Object(BASE_URL.parse),
    )
    catalog_endpoint = providers.Singleton(
        CatalogEndpoint,
        keep=StateContainer.keep_catalog,
        served=catalog,
        bodies=bodies,
        base_url=providers.Object(BASE_URL.parse),
    )
    usage_endpoint = providers.Singleton(
        UsageEndpoint, ledger=StateContainer.ledger, flush=StateContainer.ledger_writer.provided.flush
    )
    audit_endpoint = providers.Singleton(AuditEndpoint, log=StateContainer.audit_log)
    client_keys_endpoint = providers.Singleton(ClientKeysEndpoint, keep=StateContainer.keep_client_keys, bodies=bodies)
    admin_endpoint = providers.Singleton(AdminEndpoint, cache=RoutingContainer.cache, audit=StateContainer.audit_log)
    documents_endpoint = providers.Singleton(
        DocumentsEndpoint, title=settings.provided.app_name, version=settings.provided.app_version
    )
