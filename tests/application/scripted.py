"""Providers that do as they are told, and a router with the shipped memory adapters around them."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, final

from catalogs import default_entries
from factories import FinishedFactory, RoutingRequestFactory

from neuroroute.application.abilities import Abilities
from neuroroute.application.choose_model import Approach, ChooseModel
from neuroroute.application.explore import Explorer
from neuroroute.application.ports import LedgerRoom, Observer, Provider, TokenCounter
from neuroroute.application.records import Records
from neuroroute.application.route_prompt import RoutePrompt
from neuroroute.domain.access import Secret
from neuroroute.domain.completion import TextDelta
from neuroroute.domain.errors import ProviderFailed
from neuroroute.domain.model import NanoUsd
from neuroroute.domain.policies import EarlierRules
from neuroroute.domain.prompt import Message, Prompt, Role, Sampling
from neuroroute.domain.routing import Requirements
from neuroroute.infrastructure.catalog import StaticCatalog
from neuroroute.infrastructure.catalog_defaults import DEFAULTS
from neuroroute.infrastructure.classifiers.rules import RulesClassifier
from neuroroute.infrastructure.effective_catalog import Override
from neuroroute.infrastructure.memory.cache import MemoryCache
from neuroroute.infrastructure.memory.conversations import MemoryConversations
from neuroroute.infrastructure.memory.health import MemoryHealthBoard

PATIENCE = 60.0
STALL = "stall"
"""A step of a script: nothing more comes, ever."""
END = FinishedFactory.build()
ANSWER = (TextDelta("Par"), TextDelta("is"), END)


class Call(NamedTuple):
    """What a provider was asked."""

    model: str
    prompt: Prompt
    timeout: float


@final
class ScriptedProvider(Provider):
    """Each call runs the next script, and the last one again and again: events, what is raised, `STALL`."""

    def __init__(self, *scripts: Sequence[object], probes: Sequence[ProviderFailed | None] = (None,)) -> None:
        self._scripts = list(scripts) or [ANSWER]
        self._probes = list(probes)
        self.calls: list[Call] = []
        self.ended = 0
        """Calls whose generator was run out, or closed."""

    @property
    def running(self) -> int:
        return len(self.calls) - self.ended

    async def answer(self, prompt, card, *, timeout, stall=None):
        script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
        self.calls.append(Call(card.id, prompt, timeout))
        try:
            for step in script:
                await asyncio.sleep(0)
                match step:
                    case Exception():
                        raise step
                    case "stall":
                        await asyncio.Event().wait()
                    case event:
                        yield event
        finally:
            try:
                await asyncio.sleep(0)  # closing a connection takes a turn of the loop
            finally:
                self.ended += 1

    def drops(self, prompt):
        return prompt.untranslated

    async def probe(self) -> None:
        failure = self._probes.pop(0) if len(self._probes) > 1 else self._probes[0]
        if failure:
            raise failure


async def comes_about(condition: Callable[[], object]) -> None:
    """Lets others run until `condition` holds, for five seconds at most."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0)


@final
class Counted(TokenCounter):
    """A token a word, and how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def count(self, prompt) -> int:
        self.times += 1
        return len(prompt.text.split())


@final
class Heard(Observer):
    """Every record, in order."""

    def __init__(self) -> None:
        self.records = []

    def observe(self, records) -> None:
        self.records += records


class Room(LedgerRoom):
    """Says what it is told to."""

    full = False


class Router:
    """The three default models on scripted providers; those that are not given answer `Paris`."""

    def __init__(
        self,
        *,
        local=None,
        openai=None,
        anthropic=None,
        cache=None,
        version=None,
        approaches=None,
        shadow=False,
        catalog=DEFAULTS,
    ) -> None:
        self.local = local or ScriptedProvider()
        self.openai = openai or ScriptedProvider()
        self.anthropic = anthropic or ScriptedProvider()
        self.providers = {"lmstudio": self.local, "openai": self.openai, "anthropic": self.anthropic}
        self.heard, self.also_heard = Heard(), Heard()
        self.records = Records([self.heard, self.also_heard])
        self.health = MemoryHealthBoard()
        self.room = Room()
        self.tokens = Counted()
        self.cache = cache or MemoryCache(max_bytes=1 << 20, ttl=600)
        key = Override(api_key=Secret("sk-test"))
        entries = default_entries(catalog, openai=key, anthropic=key)
        self.cards = {card.id: card for card in entries.cards}
        self.catalog = StaticCatalog(entries, self.providers)
        if version:
            self.catalog.version = version
        self.choose = ChooseModel(
            catalog=self.catalog,
            approaches={"rules": Approach(RulesClassifier(), EarlierRules()), **(approaches or {})},
            usual="rules",
            shadow=shadow,
            tokens=self.tokens,
            health=self.health,
            abilities=Abilities(None),
            conversations=MemoryConversations(clock=time.monotonic),
            explorer=Explorer(share=0, daily_budget=NanoUsd(0)),
        )
        self.route = RoutePrompt(
            catalog=self.catalog,
            choose=self.choose,
            cache=self.cache,
            health=self.health,
            records=self.records,
            patience=PATIENCE,
            ledger=self.room,
        )

    async def ask(self, request):
        """The whole answer, left at once."""
        async with await self.route(request) as answer:
            return await answer.whole()

    @property
    def record(self):
        """The only one."""
        (record,) = self.told
        return record

    @property
    def told(self):
        """All records until now, told to every observer."""
        self.records.tell()
        assert self.also_heard.records == self.heard.records
        return self.heard.records

    @property
    def running(self) -> int:
        """Calls of providers that nobody has ended."""
        return sum(provider.running for provider in self.providers.values())


def wanted(model="local", *, text="What is the capital of France?", streamed=True, **request):
    """A request that names its model."""
    return RoutingRequestFactory.build(
        prompt=Prompt((Message(Role.USER, text),), Sampling(max_tokens=4096, temperature=0.7), streamed=streamed),
        requirements=request.pop("requirements", Requirements(model=model)),
        **request,
    )
