"""A simulator on free ports, a client, and one strict reader of event streams."""

import json
from collections.abc import AsyncGenerator, Callable

import httpx
import pytest

from neuroroute.infrastructure.simulated.replies import INSTANT
from neuroroute.infrastructure.simulated.server import FREE_PORTS, Simulator

Event = tuple[str | None, str]


@pytest.fixture(params=[True, False], ids=["uvloop", "asyncio"])
def anyio_backend(request):
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
async def simulator() -> AsyncGenerator[Simulator, None]:
    async with Simulator(FREE_PORTS, seed=7, pace=INSTANT) as running:
        yield running


@pytest.fixture
async def client() -> AsyncGenerator[httpx.AsyncClient, None]:
    async with httpx.AsyncClient(timeout=10, trust_env=False, verify=False) as open_client:
        yield open_client


@pytest.fixture
def events() -> Callable[[str], list[Event]]:
    """(event name, data) of each event; a line that is no field, or an event that does not end, fails."""

    def read(stream: str) -> list[Event]:
        assert stream.endswith("\n\n"), "the last event does not end"
        found: list[Event] = []
        for block in stream.removesuffix("\n\n").split("\n\n"):
            name, data = None, []
            for line in block.split("\n"):
                field, colon, value = line.partition(": ")
                assert colon, f"not a field: {line!r}"
                assert field in {"event", "data"}
                if field == "event":
                    name = value
                else:
                    data.append(value)
            found.append((name, "\n".join(data)))
        return found

    return read


@pytest.fixture
def chat(simulator, client):
    """Ask the OpenAI or (`local`) the LM-Studio-like one."""

    async def ask(prompt="Hello there", *, local=False, simulate="", key="sk-test-12345678", **fields):
        base = simulator.urls.lmstudio if local else simulator.urls.openai
        body = {"messages": [{"role": "user", "content": prompt}]} | ({} if local else {"model": "gpt-4o"}) | fields
        headers = {"authorization": f"Bearer {key}"} | ({"x-simulate": simulate} if simulate else {})
        return await client.post(f"{base}/chat/completions", json=body, headers=headers)

    return ask


@pytest.fixture
def message(simulator, client):
    """Ask the Anthropic one."""

    async def ask(prompt="Hello there", *, simulate="", key="sk-ant-12345678", **fields):
        body = {"model": "claude-3-sonnet-20240229", "max_tokens": 1000}
        body |= {"messages": [{"role": "user", "content": prompt}]} | fields
        headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
        headers |= {"x-simulate": simulate} if simulate else {}
        return await client.post(f"{simulator.urls.anthropic}/v1/messages", json=body, headers=headers)

    return ask


@pytest.fixture
def respond(simulator, client):
    """Ask the OpenAI one by its responses."""

    async def ask(prompt="Hello there", *, simulate="", **fields):
        body = {"model": "gpt-4o", "input": prompt} | fields
        headers = {"authorization": "Bearer sk-test-12345678"} | ({"x-simulate": simulate} if simulate else {})
        return await client.post(f"{simulator.urls.openai}/responses", json=body, headers=headers)

    return ask


@pytest.fixture
def chat_text(events):
    """The text of a streamed chat completion, which must be whole."""

    def read(stream: str) -> str:
        *chunks, done = [data for _, data in events(stream)]
        assert done == "[DONE]"
        choices = [choice for chunk in chunks for choice in json.loads(chunk)["choices"]]
        assert choices[-1]["finish_reason"] is not None
        return "".join(choice["delta"].get("content", "") for choice in choices)

    return read


@pytest.fixture
def control(simulator, client):
    """Set lasting faults, at any port."""

    async def tell(told):
        return await client.post(f"{simulator.urls.anthropic}/_control", json=told)

    return tell
