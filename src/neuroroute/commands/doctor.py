"""`neuroroute doctor`: what is configured, what answers, what is missing, and the next step."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from dependency_injector import providers
from msgspec import Struct

from neuroroute.application.ports import Registered
from neuroroute.commands.no_key import no_key
from neuroroute.container import Container
from neuroroute.domain.errors import NeuroRouteError, ProviderFailed, StateUnavailable
from neuroroute.domain.model import ProviderName
from neuroroute.infrastructure.home import HomeUnusable, admin_key, database_url, master_key
from neuroroute.infrastructure.listening import AddressTaken, check_free
from neuroroute.infrastructure.log import configure
from neuroroute.infrastructure.redis.link import RedisAway, RedisLink
from neuroroute.settings import RedisSettings, Settings

_REDIS_TIMEOUT: Final = 1.0
"""Seconds; more patient than the service, which can do without."""


class Findings(Struct, frozen=True):
    """What a look around found."""

    text: str
    can_serve: bool


async def diagnose(environ: Mapping[str, str]) -> Findings:
    """What is configured, what answers, and what to do about what does not.

    Like `serve` it makes the secrets and the database's tables that there are not yet: only that shows that they can be
    made.

    Raises:
        NeuroRouteError: a setting is wrong.
    """
    settings = Settings.from_env(environ)
    container = Container(settings=providers.Object(settings), environ=providers.Object(dict(environ)))
    configure("CRITICAL", container.lines())  # what is found is told here, not logged
    obstacles = list(_obstacles(settings))
    try:
        catalog, database = container.catalog(), container.database()
    except HomeUnusable:
        return Findings("\n".join(obstacles), can_serve=False)
    try:
        return await _look_around(container, settings, obstacles)
    finally:
        await catalog.close()
        await database.close()


async def _look_around(container: Container, settings: Settings, obstacles: list[str]) -> Findings:
    obstacles += await _database_obstacles(container)
    silences, cache = await asyncio.gather(_silences(container), _cache_words(settings))
    catalog = container.catalog()
    local = {entry.name for entry in catalog.entries.providers if entry.local}
    models = catalog.registered()
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
    if models and not answers:
        lines.append("No model answers. Try `neuroroute serve --simulate`, or do one of the steps above.")
    return Findings("\n".join(lines), answers and not obstacles)


async def _database_obstacles(container: Container) -> Sequence[str]:
    """Why what is stored cannot be read, if so; afterwards the catalogue is loaded if it can be."""
    try:
        await container.preparation()()
        await container.catalog().load()
    except StateUnavailable as error:
        return [f"{error}. Database: {container.database().place}; next: start it, or check DATABASE_URL"]
    return []


async def _silences(container: Container) -> Mapping[ProviderName, str | None]:
    """Why a provider does not answer a free question, `None` when it does; of all that can be asked, at once."""
    catalog = container.catalog()

    async def silence(name: ProviderName) -> str | None:
        try:
            await catalog.providers()[name].probe()
        except ProviderFailed as failure:
            return str(failure)
        return None

    names = {card.provider for card in catalog.cards()}
    return dict(zip(names, await asyncio.gather(*map(silence, names)), strict=True))


def _obstacles(settings: Settings) -> Iterable[str]:
    """What `serve` would end with at once."""
    try:
        check_free(settings.host, settings.port)
    except AddressTaken as error:
        yield f"{error} If this service runs there already, that is why."
    for check in (
        partial(admin_key, settings.admin_key, settings.home),
        partial(master_key, settings.master_key, settings.home),
        partial(database_url, settings.database_url, settings.home),
    ):
        try:
            check()
        except NeuroRouteError as error:
            yield str(error)


def _model_words(model: Registered, silence: str | None, *, local: bool) -> str:
    card = model.card
    if model.error:
        return f"  {card.id:<12} {no_key(card, model.error)}"
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
