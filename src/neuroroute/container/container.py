"""Everything that answers a prompt, over the state."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from dependency_injector import providers

from neuroroute.application.choose_model import Approach, ChooseModel
from neuroroute.application.explore import Explorer
from neuroroute.application.follow_state import FollowState
from neuroroute.application.key_ring import KeyRing
from neuroroute.application.ports import ModelCatalog, RateLimiter
from neuroroute.application.probe_models import ProbeModels
from neuroroute.application.records import Records
from neuroroute.application.route_prompt import RoutePrompt
from neuroroute.container.state import StateContainer
from neuroroute.dialects.anthropic.caller import MessagesDialect
from neuroroute.dialects.caller_side import CallerDialect
from neuroroute.dialects.embeddings import EmbeddingsDialect
from neuroroute.dialects.openai.caller import ChatDialect
from neuroroute.dialects.responses.caller import ResponsesDialect
from neuroroute.domain.access import Secret
from neuroroute.domain.model import NanoUsd, Wire
from neuroroute.domain.policies import EarlierRules
from neuroroute.infrastructure.classifiers.rules import RulesClassifier
from neuroroute.infrastructure.formats import BASE_URL
from neuroroute.infrastructure.home import admin_key
from neuroroute.infrastructure.log import LogObserver
from neuroroute.infrastructure.log_lines import LineWriter
from neuroroute.infrastructure.memory.cache import MemoryCache, NoCache
from neuroroute.infrastructure.memory.clear_mark import VARIABLE as CLEAR_MARK
from neuroroute.infrastructure.memory.clear_mark import ClearMark
from neuroroute.infrastructure.memory.conversations import MemoryConversations
from neuroroute.infrastructure.memory.rate_limiter import MemoryRateLimiter
from neuroroute.infrastructure.prometheus import PrometheusObserver
from neuroroute.infrastructure.redis.cache import RedisCache
from neuroroute.infrastructure.redis.rate_limiter import RedisRateLimiter
from neuroroute.infrastructure.system import SystemMeter
from neuroroute.infrastructure.tallies import TallyObserver
from neuroroute.infrastructure.tokens import SplintrCounter
from neuroroute.interface.access import Guard
from neuroroute.interface.admin import AdminEndpoint
from neuroroute.interface.api_errors import ApiTeller
from neuroroute.interface.api_keys import ApiKeysEndpoint
from neuroroute.interface.audit import AuditEndpoint
from neuroroute.interface.catalog import CatalogEndpoint
from neuroroute.interface.client_keys import ClientKeysEndpoint
from neuroroute.interface.completions import CompletionsEndpoint
from neuroroute.interface.count_tokens import CountTokensEndpoint
from neuroroute.interface.documents import DocumentsEndpoint
from neuroroute.interface.health import About, HealthEndpoint
from neuroroute.interface.model_list import ModelListEndpoint
from neuroroute.interface.models import ModelsEndpoint
from neuroroute.interface.prompt import Admission, PromptEndpoint
from neuroroute.interface.provider_settings import ProviderSettingsEndpoint
from neuroroute.interface.usage import UsageEndpoint
from neuroroute.interface.whole_body import WholeBodies
from neuroroute.settings import Access, Settings

LOCAL_CACHE_BYTES = 16 << 20
"""Of answers that a process remembers itself."""
CALLER_DIALECTS: Final[Sequence[CallerDialect]] = (
    ChatDialect(),
    MessagesDialect(),
    ResponsesDialect(),
    EmbeddingsDialect(),
)


def _limiter_kind(settings: Settings) -> str:
    return "redis" if settings.redis else "memory"


def _cache_kind(settings: Settings) -> str:
    if not settings.cache:
        return "none"
    return "redis" if settings.redis else "memory"


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


def _explorer(settings: Settings) -> Explorer:
    return Explorer(share=settings.explore, daily_budget=NanoUsd(round(settings.explore_usd * 10**9)))


def _clear_mark(environ: Mapping[str, str]) -> ClearMark | None:
    """What `serve` made for its workers, when there are several."""
    path = environ.get(CLEAR_MARK)
    return ClearMark(Path(path)) if path else None


def _redis_cache(settings: Settings) -> RedisCache:
    if settings.redis is None:
        raise TypeError("no Redis is set")
    return RedisCache(
        settings.redis.url.reveal(),
        ttl=settings.cache_ttl,
        max_bytes=LOCAL_CACHE_BYTES,
        prefix=settings.redis.key_prefix,
    )


class Container(StateContainer):
    """Everything, made once and when first asked for; nothing here does I/O but the cache of several workers, which
    maps their mark (opening is the lifespan's, in `asgi`).
    """

    settings = StateContainer.settings
    environ = StateContainer.environ
    simulated = StateContainer.simulated

    catalog = StateContainer.catalog
    health_board = StateContainer.health_board

    approaches = providers.Dict(
        rules=providers.Singleton(Approach, providers.Singleton(RulesClassifier), providers.Singleton(EarlierRules)),
    )
    cache = providers.Selector(
        providers.Callable(_cache_kind, settings),
        none=providers.Singleton(NoCache),
        memory=providers.Singleton(
            MemoryCache,
            max_bytes=LOCAL_CACHE_BYTES,
            ttl=settings.provided.cache_ttl,
            mark=providers.Callable(_clear_mark, environ),
        ),
        redis=providers.Singleton(_redis_cache, settings),
    )
    token_counter = providers.Singleton(SplintrCounter)
    meter = providers.Singleton(SystemMeter)
    lines = providers.Singleton(LineWriter, 1)
    metrics = providers.Singleton(
        PrometheusObserver,
        board=health_board,
        catalog=catalog,
        meter=meter,
        connections=catalog.provided.connections,
        unwritten=StateContainer.ledger_writer.provided.unwritten,
        clock=time.monotonic,
    )
    records = providers.Singleton(
        Records,
        providers.List(
            providers.Singleton(TallyObserver, health_board),
            metrics,
            providers.Singleton(LogObserver, lines, level=settings.provided.log_level),
        ),
        at_once=providers.List(StateContainer.ledger_writer),
    )

    conversations = providers.Singleton(MemoryConversations, clock=time.monotonic)
    choose_model = providers.Singleton(
        ChooseModel,
        catalog=catalog,
        approaches=approaches,
        usual=settings.provided.classifier,
        shadow=settings.provided.shadow,
        tokens=token_counter,
        health=health_board,
        abilities=StateContainer.abilities,
        conversations=conversations,
        explorer=providers.Singleton(_explorer, settings),
    )
    route_prompt = providers.Singleton(
        RoutePrompt,
        catalog=catalog,
        choose=choose_model,
        cache=cache,
        health=health_board,
        records=records,
        patience=settings.provided.default_timeout,
        ledger=StateContainer.ledger_writer,
    )
    probe_models = providers.Singleton(
        ProbeModels, catalog=catalog, health=health_board, interval=settings.provided.probe_interval
    )

    admin_key = providers.Singleton(admin_key, settings.provided.admin_key, settings.provided.home)
    limiter = providers.Selector(
        providers.Callable(_limiter_kind, settings),
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
    admin_endpoint = providers.Singleton(AdminEndpoint, cache=cache, audit=StateContainer.audit_log)
    documents_endpoint = providers.Singleton(
        DocumentsEndpoint, title=settings.provided.app_name, version=settings.provided.app_version
    )
