"""The catalogue changes under running requests, and none of them notices."""

import asyncio
import contextlib

import pytest
from catalogs import a_catalog, a_model, a_provider

from neuroroute.application.follow_state import FollowState
from neuroroute.application.probe_models import ProbeModels
from neuroroute.application.stores import Topic
from neuroroute.dialects.anthropic.provider import AnthropicDialect
from neuroroute.dialects.openai.provider import OpenAIDialect
from neuroroute.domain.access import Secret
from neuroroute.domain.completion import Finished, TextDelta
from neuroroute.domain.credential import ProviderSettings, origin_of
from neuroroute.domain.errors import ProviderUnavailable
from neuroroute.domain.health import HealthStatus
from neuroroute.domain.model import Dialect, ModelId, ProviderName
from neuroroute.domain.prompt import Message, Prompt, Role
from neuroroute.infrastructure.effective_catalog import NO_KEY, Environment
from neuroroute.infrastructure.live_catalog import LiveCatalog
from neuroroute.infrastructure.memory.catalog import MemoryCatalog
from neuroroute.infrastructure.memory.credentials import MemoryCredentials, MemoryProviderSettings
from neuroroute.infrastructure.memory.health import MemoryHealthBoard
from neuroroute.infrastructure.memory.revisions import MemoryRevisions
from neuroroute.infrastructure.providers.pools import ProviderPools

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
FIRST = b'data: {"choices":[{"index":0,"delta":{"content":"Hello"}}]}\n\n'
LAST = b'data: {"choices":[{"index":0,"delta":{"content":"!"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
PROMPT = Prompt((Message(Role.USER, "Hi"),), streamed=True)


def chunk(data):
    return b"%x\r\n%b\r\n" % (len(data), data)


class Server:
    """Says Hello, and the rest when `go` is set."""

    def __init__(self):
        self.heads, self.connections, self.go = [], 0, asyncio.Event()
        self.go.set()

    async def start(self):
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"
        return self

    async def _talk(self, reader, writer):
        self.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lengths = [line.split()[1] for line in head.split(b"\r\n") if line.startswith(b"content-length")]
                await reader.readexactly(int(lengths[0]) if lengths else 0)
                self.heads.append(head.decode())
                writer.write(HEAD + chunk(FIRST))
                await self.go.wait()
                writer.write(chunk(LAST) + chunk(b""))
        writer.close()

    async def stop(self):
        self._server.close()
        await self._server.wait_closed()


class Installation:
    """Stores, and a process that follows them."""

    def __init__(self, environment=None):
        self.revisions = MemoryRevisions()
        self.catalog = MemoryCatalog(self.revisions)
        self.credentials = MemoryCredentials(self.revisions)
        self.settings = MemoryProviderSettings(self.revisions)
        self.health = MemoryHealthBoard()
        self.live = LiveCatalog(
            catalog=self.catalog,
            credentials=self.credentials,
            settings=self.settings,
            environment=environment or Environment(overrides={}, own_variables={}, variables={}, forced=False),
            pools=ProviderPools(
                {Dialect.OPENAI: OpenAIDialect(), Dialect.ANTHROPIC: AnthropicDialect()}, max_response_bytes=1 << 20
            ),
            health=self.health,
        )
        self.follow = FollowState(self.revisions, [self.live], prepare=self._prepare, tell=lambda _: None)

    async def _prepare(self):
        pass

    async def apply(self, *entries, prune=False):
        await self.catalog.apply(a_catalog(*entries), prune=prune, by="cli")
        await self.follow.refresh()

    async def key(self, text, provider="acme", origin="https://acme.example"):
        await self.credentials.put(provider, key=Secret(text), is_active=True, origin=origin_of(origin), by="admin")
        await self.follow.refresh()

    async def keep(self, **fields):
        await self.settings.put(ProviderSettings(id=0, provider="acme", **fields), by="admin")
        await self.follow.refresh()

    def begin(self):
        """A request as the router makes it: card and providers of one moment."""
        card = self.live.cards()[0]
        return self.live.providers()[card.provider].answer(PROMPT, card, timeout=5)

    async def ask(self):
        return [event.text async for event in self.begin() if isinstance(event, TextDelta)]


@pytest.fixture
async def server():
    started = await Server().start()
    yield started
    started.go.set()
    await started.stop()


@pytest.fixture
async def other():
    started = await Server().start()
    yield started
    await started.stop()


@pytest.fixture
async def here():
    installation = Installation()
    yield installation
    await installation.live.close()


async def test_it_is_empty_until_it_is_loaded(here):
    assert (here.live.cards(), here.live.registered(), dict(here.live.providers())) == ((), (), {})
    assert list(here.live.connections()) == []
    await here.apply(a_provider(), a_model())
    assert [one.error for one in here.live.registered()] == [NO_KEY]
    assert here.live.cards() == ()


async def test_it_follows_the_catalogue_and_the_credentials(here):
    assert here.live.topics == {Topic.CATALOG, Topic.CREDENTIALS}
    await here.apply(a_provider(), a_model())
    before = here.live.version
    await here.key("sk-1")
    assert [card.id for card in here.live.cards()] == ["m"]
    assert here.live.version != before


async def test_what_did_not_change_is_not_put_in_place_again(here):
    await here.apply(a_provider(), a_model(), a_model("off", enabled=False))
    cards = here.live.registered()
    await here.apply(a_model("off", enabled=False, max_tokens=1))
    assert here.live.registered() is cards


async def test_a_new_key_goes_with_the_next_request_over_the_same_connection(here, server):
    await here.apply(a_provider("acme", base_url=server.url), a_model())
    for key in ("sk-1", "sk-2"):
        await here.key(key, origin=server.url)
        assert await here.ask() == ["Hello", "!"]
    assert ["Bearer sk-1" in head for head in server.heads] == [True, False]
    assert ["Bearer sk-2" in head for head in server.heads] == [False, True]
    assert server.connections == 1


async def test_a_stored_organization_is_said_and_a_stored_name_asked_for(here, server):
    await here.apply(a_provider("acme", base_url=server.url), a_model())
    await here.key("sk-1", origin=server.url)
    await here.keep(organization="org-7", model="other")
    assert await here.ask() == ["Hello", "!"]
    assert "openai-organization: org-7" in server.heads[0]
    assert here.live.cards()[0].upstream == "other"


async def test_a_stream_ends_well_though_its_provider_moves_and_goes(here, server, other):
    await here.apply(a_provider("acme", base_url=server.url, local=True), a_model())
    server.go.clear()
    events = here.begin()
    assert await anext(events) == TextDelta("Hello")
    await here.apply(a_provider("acme", base_url=other.url, local=True))
    assert await here.ask() == ["Hello", "!"]
    await here.apply(a_provider("new", local=True), a_model("n", "new"), prune=True)
    assert [card.id for card in here.live.cards()] == ["n"]
    server.go.set()
    rest = [event async for event in events]
    assert [type(event) for event in rest] == [TextDelta, Finished]
    assert (len(server.heads), len(other.heads)) == (1, 1)


async def test_a_request_that_has_chosen_before_a_change_and_asks_after_it_is_answered(here, server, other):
    await here.apply(a_provider("acme", base_url=server.url, local=True), a_model())
    chosen = here.begin()
    await here.apply(a_provider("acme", base_url=other.url, local=True))
    assert [event.text async for event in chosen if isinstance(event, TextDelta)] == ["Hello", "!"]
    assert (len(server.heads), len(other.heads)) == (1, 0)


async def test_of_a_hundred_requests_amid_a_hundred_changes_none_fails(here, server, other):
    await here.apply(a_provider("acme", base_url=server.url, local=True), a_model())

    async def change():
        for turn in range(100):
            url = (server, other)[turn % 2].url
            await here.apply(a_provider("acme", base_url=url, local=True, max_connections=10 + turn % 3))
            await asyncio.sleep(0)

    answers = await asyncio.gather(change(), *(here.ask() for _ in range(100)))
    assert answers[1:] == [["Hello", "!"]] * 100
    assert not here.live._pools._retired or all(not pool.in_flight for pool in here.live._pools._retired)


async def test_connections_are_told_by_provider(here, server):
    await here.apply(a_provider("acme", base_url=server.url, local=True), a_model())
    assert await here.ask() == ["Hello", "!"]
    assert list(here.live.connections()) == [("acme", "in_use", 0), ("acme", "idle", 1), ("acme", "waiting", 0)]
    await here.apply(a_model("m", enabled=False))
    assert list(here.live.connections()) == []


@pytest.mark.parametrize("by", ["provider", "api_base"])
async def test_an_address_that_came_in_over_http_does_not_lead_into_this_network(here, server, by):
    await here.apply(a_provider(), a_model())
    if by == "provider":
        await here.catalog.put_provider(a_provider("acme", base_url=server.url), by="admin")
    else:
        await here.keep(api_base=server.url)
    await here.key("sk-secret", origin=server.url)
    provider = here.live.providers()[ProviderName("acme")]
    for ask in (here.ask, provider.probe):
        with pytest.raises(ProviderUnavailable, match="none that one set over HTTP may lead to"):
            await ask()
    assert server.connections == 0


async def test_a_local_provider_may_be_on_this_machine_over_http_too(here, server):
    await here.apply(a_provider("acme", local=True), a_model())
    await here.keep(api_base=server.url)
    assert await here.ask() == ["Hello", "!"]


async def test_a_probe_of_an_address_that_is_left_meanwhile_says_nothing(here, server, other):
    await here.apply(
        a_provider("acme", base_url=server.url, local=True),
        a_provider("stays", base_url=other.url, local=True),
        a_model(),
        a_model("s", "stays"),
    )
    server.go.clear()
    other.go.clear()
    probing = asyncio.create_task(ProbeModels(catalog=here.live, health=here.health, interval=60).once())
    while not (server.heads and other.heads):  # noqa: ASYNC110 - what is watched has no event to wait for
        await asyncio.sleep(0.002)
    await here.apply(a_provider("acme", local=True))
    server.go.set()
    other.go.set()
    await probing
    assert here.health.of(ModelId("m")).status is HealthStatus.UNKNOWN
    assert here.health.of(ModelId("s")).status is HealthStatus.HEALTHY


async def test_what_was_seen_of_a_model_is_forgotten_when_it_is_asked_in_another_way(here):
    await here.apply(a_provider(), a_model())
    await here.key("sk-1")
    model = ModelId("m")
    here.health.show(model, here.health.of(model).after_probe("our key is wrong", at=1, now=1))
    await here.apply(a_model("m", max_tokens=7))
    assert here.health.unfit(2)
    await here.key("sk-2")
    assert here.health.unfit(2) == {}
    assert here.health.of(model).status is HealthStatus.UNKNOWN
