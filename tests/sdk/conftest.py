"""Where official clients ask: the simulated provider itself, or NeuroRoute before it or before the other one."""

from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, ExitStack
from functools import cache
from typing import NamedTuple

import anthropic
import httpx
import openai
import pytest
from running import ADMIN_KEY, Service, Simulated, simulating
from sdk.node_clients import node, suite  # noqa: F401 - fixtures

CATALOG = """\
[[models]]
id = "text-embedding-3-small"
provider = "openai"
upstream = "text-embedding-3-small"
embedding_space = "small"
max_tokens = 8192
price = { prompt = 0.00002, completion = 0 }

[[models]]
id = "the-same-at-home"
provider = "lmstudio"
upstream = "text-embedding-3-small"
embedding_space = "small"
max_tokens = 8192
price = { prompt = 0, completion = 0 }

[[models]]
id = "another"
provider = "openai"
upstream = "another"
embedding_space = "another"
max_tokens = 8192
price = { prompt = 0.00002, completion = 0 }
"""


class Place(NamedTuple):
    """Where clients are pointed, and what is there."""

    openai_url: str
    anthropic_url: str
    key: str
    chat: str
    """The model that OpenAI's client asks."""
    chat_says: str
    """How that one's texts begin."""
    messages: str
    """The model that Anthropic's client asks."""
    messages_says: str
    listed: frozenset[str]
    """Models that are listed to OpenAI's client, among others."""
    routed: bool
    """Through NeuroRoute."""


OPENAI, ANTHROPIC = "[simulated openai]", "[simulated anthropic]"


@pytest.fixture(scope="session")
def simulated() -> Generator[Simulated, None, None]:
    with simulating() as running:
        yield running


@pytest.fixture(scope="session")
def service(simulated, tmp_path_factory) -> Generator[Service, None, None]:
    """Every client needs a key."""
    home = tmp_path_factory.mktemp("sdk")
    (home / "catalog.toml").write_text(CATALOG)
    environ = {**simulated.environ, "NEUROROUTE_AUTH": "keys", "NEUROROUTE_CATALOG": str(home / "catalog.toml")}
    with Service(home, environ=environ) as running:
        yield running


@pytest.fixture(scope="session")
def itself(simulated) -> Place:
    """The provider, with nothing between."""
    return Place(
        openai_url=simulated.urls.openai,
        anthropic_url=simulated.urls.anthropic,
        key="sk-of-the-provider",
        chat="gpt-4o",
        chat_says=OPENAI,
        messages="simulated-claude",
        messages_says=ANTHROPIC,
        listed=frozenset({"gpt-4o"}),
        routed=False,
    )


@pytest.fixture(scope="session")
def routed(itself, service) -> Place:
    """NeuroRoute; each client asks a model that speaks its language."""
    made = httpx.post(
        f"{service.url}/admin/keys",
        headers={"x-api-key": ADMIN_KEY},
        json={"name": "official clients"},
        timeout=10,
        trust_env=False,
    )
    return itself._replace(
        openai_url=f"{service.url}/v1",
        anthropic_url=service.url,
        key=made.raise_for_status().json()["key"],
        chat="openai",
        messages="anthropic",
        listed=frozenset({"openai", "anthropic", "local"}),
        routed=True,
    )


@pytest.fixture(scope="session")
def crossed(routed) -> Place:
    """NeuroRoute; each client asks a model that speaks the other language."""
    return routed._replace(chat="anthropic", chat_says=ANTHROPIC, messages="openai", messages_says=OPENAI)


@pytest.fixture(params=["itself", "routed", "crossed"])
def place(request) -> Place:
    """Any of them: all must look alike to a client."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["itself", "routed"])
def same_wire(request) -> Place:
    """For what only the wire's own provider can do."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def faults(simulated) -> Generator[type, None, None]:
    """Sets faults that last; they are cleared after the test."""
    yield simulated.faults
    simulated.faults()


@pytest.fixture(scope="session")
def openai_at():
    """Gives a client of OpenAI's, which does not try again unless told. Kept, as making one takes long."""
    with ExitStack() as stack:

        @cache
        def make(place: Place, **options) -> openai.OpenAI:
            settings = {"base_url": place.openai_url, "api_key": place.key, "max_retries": 0}
            return stack.enter_context(openai.OpenAI(**settings | options))

        yield make


@pytest.fixture(scope="session")
def anthropic_at():
    """The same of Anthropic's."""
    with ExitStack() as stack:

        @cache
        def make(place: Place, **options) -> anthropic.Anthropic:
            settings = {"base_url": place.anthropic_url, "api_key": place.key, "max_retries": 0}
            return stack.enter_context(anthropic.Anthropic(**settings | options))

        yield make


@pytest.fixture
async def async_openai_at() -> AsyncGenerator:
    """Makes an asynchronous client; each loop needs its own."""
    async with AsyncExitStack() as stack:

        async def make(place: Place) -> openai.AsyncOpenAI:
            client = openai.AsyncOpenAI(base_url=place.openai_url, api_key=place.key, max_retries=0)
            return await stack.enter_async_context(client)

        yield make


@pytest.fixture
async def async_anthropic_at() -> AsyncGenerator:
    async with AsyncExitStack() as stack:

        async def make(place: Place) -> anthropic.AsyncAnthropic:
            client = anthropic.AsyncAnthropic(base_url=place.anthropic_url, api_key=place.key, max_retries=0)
            return await stack.enter_async_context(client)

        yield make
