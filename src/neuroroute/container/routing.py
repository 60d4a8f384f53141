"""Everything that answers a prompt, over the state."""

import time
from collections.abc import Mapping
from pathlib import Path

from dependency_injector import providers

from neuroroute.application.choose_model import Approach, ChooseModel
from neuroroute.application.explore import Explorer
from neuroroute.application.probe_models import ProbeModels
from neuroroute.application.records import Records
from neuroroute.application.route_prompt import RoutePrompt
from neuroroute.container.state import StateContainer
from neuroroute.domain.learned_policy import LearnedRouting
from neuroroute.domain.model import NanoUsd
from neuroroute.domain.policies import EarlierRules
from neuroroute.infrastructure.classifiers.learned import LearnedClassifier, LearnedPredictor
from neuroroute.infrastructure.classifiers.rules import RulesClassifier
from neuroroute.infrastructure.classifiers.weights import SHIPPED, read_weights
from neuroroute.infrastructure.log import LogObserver
from neuroroute.infrastructure.log_lines import LineWriter
from neuroroute.infrastructure.memory.cache import MemoryCache, NoCache
from neuroroute.infrastructure.memory.clear_mark import VARIABLE as CLEAR_MARK
from neuroroute.infrastructure.memory.clear_mark import ClearMark
from neuroroute.infrastructure.memory.conversations import MemoryConversations
from neuroroute.infrastructure.prometheus import PrometheusObserver
from neuroroute.infrastructure.redis.cache import RedisCache
from neuroroute.infrastructure.redis.conversations import RedisConversations
from neuroroute.infrastructure.system import SystemMeter
from neuroroute.infrastructure.tallies import TallyObserver
from neuroroute.infrastructure.tokens import SplintrCounter
from neuroroute.settings import Settings

LOCAL_CACHE_BYTES = 16 << 20
"""Of answers that a process remembers itself."""


def store_kind(settings: Settings) -> str:
    """Where what instances share is kept, when any is."""
    return "redis" if settings.redis else "memory"


def _cache_kind(settings: Settings) -> str:
    if not settings.cache:
        return "none"
    return "redis" if settings.redis else "memory"


def _redis_conversations(settings: Settings) -> RedisConversations:
    if settings.redis is None:
        raise TypeError("no Redis is set")
    return RedisConversations(settings.redis.url.reveal(), prefix=settings.redis.key_prefix)


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


class RoutingContainer(StateContainer):
    """Made once and when first asked for; nothing here does I/O but the cache of several workers, which maps their mark
    (opening is the lifespan's, in `asgi`).
    """

    settings = StateContainer.settings
    environ = StateContainer.environ

    catalog = StateContainer.catalog
    health_board = StateContainer.health_board

    weights = providers.Singleton(read_weights, SHIPPED)
    approaches = providers.Dict(
        rules=providers.Singleton(Approach, providers.Singleton(RulesClassifier), providers.Singleton(EarlierRules)),
        learned=providers.Singleton(
            Approach,
            providers.Singleton(LearnedClassifier, weights),
            providers.Singleton(LearnedRouting, providers.Singleton(LearnedPredictor, weights)),
        ),
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

    conversations = providers.Selector(
        providers.Callable(store_kind, settings),
        memory=providers.Singleton(MemoryConversations, clock=time.monotonic),
        redis=providers.Singleton(_redis_conversations, settings),
    )
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
