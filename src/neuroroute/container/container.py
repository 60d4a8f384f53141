"""Everything that answers a prompt, over the state."""

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from dependency_injector import providers

from neuroroute.application.follow_state import FollowState
from neuroroute.application.key_ring import KeyRing
from neuroroute.application.ports import Provider, RateLimiter
from neuroroute.application.probe_models import ProbeModels
from neuroroute.application.records import Records
from neuroroute.application.route_prompt import RoutePrompt
from neuroroute.container.state import StateContainer
from neuroroute.dialects.anthropic import AnthropicDialect
from neuroroute.dialects.openai import OpenAIDialect
from neuroroute.dialects.provider_side import ProviderDialect
from neuroroute.domain.access import Secret
from neuroroute.domain.model import Dialect, ProviderName
from neuroroute.domain.policies import EarlierRules
from neuroroute.infrastructure.catalog import CatalogEntries, ProviderEntry, StaticCatalog, catalog_entries
from neuroroute.infrastructure.classifiers.rules import RulesClassifier
from neuroroute.infrastructure.home import admin_key
from neuroroute.infrastructure.log import LogObserver
from neuroroute.infrastructure.log_lines import LineWriter
from neuroroute.infrastructure.memory.cache import MemoryCache, NoCache
from neuroroute.infrastructure.memory.clear_mark import VARIABLE as CLEAR_MARK
from neuroroute.infrastructure.memory.clear_mark import ClearMark
from neuroroute.infrastructure.memory.health import MemoryHealthBoard
from neuroroute.infrastructure.memory.rate_limiter import MemoryRateLimiter
from neuroroute.infrastructure.prometheus import PrometheusObserver
from neuroroute.infrastructure.providers.chat import ChatProvider
from neuroroute.infrastructure.providers.upstream import Upstream
from neuroroute.infrastructure.redis.cache import RedisCache
from neuroroute.infrastructure.redis.rate_limiter import RedisRateLimiter
from neuroroute.infrastructure.system import SystemMeter
from neuroroute.infrastructure.tallies import TallyObserver
from neuroroute.interface.access import Guard
from neuroroute.interface.admin import AdminEndpoint
from neuroroute.interface.client_keys import ClientKeysEndpoint
from neuroroute.interface.documents import DocumentsEndpoint
from neuroroute.interface.health import About, HealthEndpoint
from neuroroute.interface.models import ModelsEndpoint
from neuroroute.interface.prompt import Admission, PromptEndpoint
from neuroroute.interface.whole_body import WholeBodies
from neuroroute.settings import Access, Settings

MAX_RESPONSE_BYTES = 64 << 20
"""A provider's answer may not be larger."""
LOCAL_CACHE_BYTES = 16 << 20
"""Of answers that a process remembers itself."""

_DIALECTS: Mapping[Dialect, ProviderDialect] = {
    Dialect.OPENAI: OpenAIDialect(),
    Dialect.ANTHROPIC: AnthropicDialect(),
}


def _upstreams(entries: CatalogEntries) -> Mapping[ProviderName, Upstream]:
    return {
        entry.name: Upstream(
            entry.base_url, max_connections=entry.max_connections, max_response_bytes=MAX_RESPONSE_BYTES
        )
        for entry in entries.providers
    }


def _providers(entries: CatalogEntries, upstreams: Mapping[ProviderName, Upstream]) -> Mapping[ProviderName, Provider]:
    return {entry.name: _provider(entry, upstreams[entry.name]) for entry in entries.providers}


def _provider(entry: ProviderEntry, upstream: Upstream) -> Provider:
    return ChatProvider(dialect=_DIALECTS[entry.dialect], upstream=upstream, key=entry.api_key)


def _connections(upstreams: Mapping[ProviderName, Upstream]) -> Callable[[], Iterable[tuple[str, str, int]]]:
    def count() -> Iterable[tuple[str, str, int]]:
        for name, upstream in upstreams.items():
            yield name, "in_use", upstream.in_flight
            yield name, "idle", upstream.idle
            yield name, "waiting", upstream.waiting

    return count


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
        limiter=limiter,
        clients_need_keys=settings.auth is Access.KEYS,
        metrics_need_keys=not settings.on_loopback,
    )


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

    entries = providers.Singleton(
        catalog_entries,
        settings.provided.catalog,
        environ=environ,
        openai=settings.provided.openai,
        anthropic=settings.provided.anthropic,
        lmstudio=settings.provided.lmstudio,
    )
    upstreams = providers.Singleton(_upstreams, entries)
    chat_providers = providers.Singleton(_providers, entries, upstreams)
    catalog = providers.Singleton(StaticCatalog, entries, chat_providers)

    classifier = providers.Selector(settings.provided.classifier, rules=providers.Singleton(RulesClassifier))
    policy = providers.Selector(settings.provided.classifier, rules=providers.Singleton(EarlierRules))
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
    health_board = providers.Singleton(MemoryHealthBoard)
    meter = providers.Singleton(SystemMeter)
    lines = providers.Singleton(LineWriter, 1)
    metrics = providers.Singleton(
        PrometheusObserver,
        board=health_board,
        catalog=catalog,
        meter=meter,
        connections=providers.Singleton(_connections, upstreams),
        clock=time.monotonic,
    )
    records = providers.Singleton(
        Records,
        providers.List(
            providers.Singleton(TallyObserver, health_board),
            metrics,
            providers.Singleton(LogObserver, lines, level=settings.provided.log_level),
        ),
    )

    route_prompt = providers.Singleton(
        RoutePrompt,
        catalog=catalog,
        classifier=classifier,
        policy=policy,
        cache=cache,
        health=health_board,
        records=records,
        patience=settings.provided.default_timeout,
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
    prompt_endpoint = providers.Singleton(
        PromptEndpoint,
        route_prompt=route_prompt,
        admission=providers.Singleton(
            Admission,
            max_body=settings.provided.max_body,
            max_characters=settings.provided.max_prompt_length,
            default_timeout=settings.provided.default_timeout,
            cached=settings.provided.cache,
        ),
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
    client_keys_endpoint = providers.Singleton(ClientKeysEndpoint, keep=StateContainer.keep_client_keys, bodies=bodies)
    admin_endpoint = providers.Singleton(AdminEndpoint, cache=cache)
    documents_endpoint = providers.Singleton(
        DocumentsEndpoint, title=settings.provided.app_name, version=settings.provided.app_version
    )
