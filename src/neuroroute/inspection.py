"""What the commands that look and do not serve say: `neuroroute route` and `neuroroute doctor`."""

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final

import msgspec
from dependency_injector import providers
from msgspec import Struct

from neuroroute.application.ports import Registered
from neuroroute.container import Container
from neuroroute.domain.access import ANYONE
from neuroroute.domain.errors import NeuroRouteError, ProviderFailed
from neuroroute.domain.model import ProviderName
from neuroroute.domain.prompt import Message, Prompt, Role
from neuroroute.domain.request import RoutingRequest
from neuroroute.domain.routing import Objective, Priority, Requirements, RoutingDecision
from neuroroute.infrastructure.home import admin_key
from neuroroute.infrastructure.listening import check_free
from neuroroute.infrastructure.log import configure
from neuroroute.infrastructure.redis.link import RedisAway, RedisLink
from neuroroute.settings import RedisSettings, Settings

_REDIS_TIMEOUT: Final = 1.0
"""Seconds; more patient than the service, which can do without."""


class Findings(Struct, frozen=True):
    """What a look around found."""

    text: str
    can_serve: bool


def explain(environ: Mapping[str, str], prompt: str, priority: str | None, *, as_json: bool) -> str:
    """The decision on `prompt`, in words or as JSON; no model is asked, and none has shown its health yet.

    Raises:
        NeuroRouteError: a setting is wrong, or no model is enabled.
    """
    container = _container(environ)
    request = RoutingRequest(
        id="",
        surface="prompt",
        caller=ANYONE,
        prompt=Prompt((Message(Role.USER, prompt),)),
        requirements=Requirements(),
        objective=Objective(priority=None if priority is None else Priority(priority)),
        timeout=container.settings().default_timeout,
        cache=None,
    )
    decision = container.route_prompt().decide(request)
    if as_json:
        return msgspec.json.format(msgspec.json.encode(decision), indent=2).decode()
    return "\n".join(_in_words(decision, container.catalog().registered()))


def _in_words(decision: RoutingDecision, models: Iterable[Registered]) -> Iterable[str]:
    selection, first = decision.selection, decision.candidates[0]
    yield f"{first.id} ({first.name}) answers."
    if selection.ranking:
        reasoning = selection.ranking.reasoning
        yield f"Policy {decision.policy}, confidence {selection.ranking.confidence:.3f}:"
        for model, score in sorted(reasoning.adjusted_scores.items(), key=lambda item: -item[1]):
            plain, words = reasoning.model_scores[model], reasoning.keyword_matches[model]
            yield f"  {model:<12} {score:8.3f}   before priority and limits {plain:.3f}, {words} keywords"
        seen = [(name, value) for name, value in msgspec.structs.asdict(reasoning.features).items() if value]
        yield "Seen in the prompt: " + ", ".join(f"{name} {value:.2f}" for name, value in seen)
    if others := ", ".join(card.id for card in decision.candidates[1:]):
        yield f"If it fails: {others}."
    for model in models:
        if model.error:
            yield f"Not in the choice: {model.card.id}: {model.error}"


async def diagnose(environ: Mapping[str, str]) -> Findings:
    """What is configured, what answers, and what to do about what does not.

    Like `serve` it makes the admin key if there is none yet: only that shows that the home folder can be used.

    Raises:
        NeuroRouteError: a setting or the catalogue is wrong.
    """
    container = _container(environ)
    settings = container.settings()
    configure("CRITICAL", container.lines())  # what is found is told here, not logged
    silences, cache = await asyncio.gather(_silences(container), _cache_words(settings))
    obstacles = list(_obstacles(settings))
    local = {entry.name for entry in container.entries().providers if entry.local}
    models = container.catalog().registered()
    lines = [
        f"NeuroRoute {settings.app_version}, {settings.environment}, http://{settings.host}:{settings.port}",
        f"Access: {settings.auth}. Admin key: {_admin_key_words(settings)}. Response cache: {cache}.",
        *(
            _model_words(model, silences.get(model.card.provider), local=model.card.provider in local)
            for model in models
        ),
        *obstacles,
    ]
    answers = any(model.error is None and silences[model.card.provider] is None for model in models)
    if not answers:
        lines.append("No model answers. Try `neuroroute serve --simulate`, or do one of the steps above.")
    return Findings("\n".join(lines), answers and not obstacles)


async def _silences(container: Container) -> Mapping[ProviderName, str | None]:
    """Why a provider does not answer a free question, `None` when it does; of all that can be asked, at once."""
    chat_providers = container.chat_providers()

    async def silence(name: ProviderName) -> str | None:
        try:
            await chat_providers[name].probe()
        except ProviderFailed as failure:
            return str(failure)
        finally:
            await chat_providers[name].close()
        return None

    names = {card.provider for card in container.catalog().cards()}
    return dict(zip(names, await asyncio.gather(*map(silence, names)), strict=True))


def _obstacles(settings: Settings) -> Iterable[str]:
    """What `serve` would end with at once."""
    for check in (
        partial(check_free, settings.host, settings.port),
        partial(admin_key, settings.admin_key, settings.home),
    ):
        try:
            check()
        except NeuroRouteError as error:
            yield str(error)


def _model_words(model: Registered, silence: str | None, *, local: bool) -> str:
    card = model.card
    if model.error:
        step = f"set {card.provider.upper()}_API_KEY" if card.id in {"openai", "anthropic"} else "set its key"
        return f"  {card.id:<12} no key; next: {step}"
    if silence:
        step = "start its server, or check its address" if local else "check its address and key"
        return f"  {card.id:<12} does not answer: {silence}; next: {step}"
    price = "" if card.price else "; it has no price, so its costs are not counted"
    return f"  {card.id:<12} answers{price}"


def _admin_key_words(settings: Settings) -> str:
    return f"in {settings.home / 'admin_key'}" if settings.admin_key is None else "as set"


async def _cache_words(settings: Settings) -> str:
    if not settings.cache:
        return "off"
    if settings.redis is None:
        return "in each process"
    if await _redis_answers(settings.redis):
        return "shared; Redis answers"
    return "in each process for now; Redis does not answer, and the service does without until it does"


async def _redis_answers(redis: RedisSettings) -> bool:
    async def ping() -> None:
        if await link.ask(("PING",)) is None:
            raise RedisAway

    link = RedisLink(redis.url.reveal(), timeout=_REDIS_TIMEOUT, beat=ping)
    await link.open()
    try:
        return link.up
    finally:
        await link.close()


def _container(environ: Mapping[str, str]) -> Container:
    return Container(settings=providers.Object(Settings.from_env(environ)), environ=providers.Object(dict(environ)))
