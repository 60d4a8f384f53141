"""A fault of ours: the caller is told that there was one, the log where, and nobody what the prompt said."""

import logging

import httpx
import pytest
import structlog
from dependency_injector import providers
from infrastructure.heard import Log
from interface.embedded import embedded

from neuroroute.asgi import create_app
from neuroroute.container import Container
from neuroroute.dialects.openai.provider import OpenAIDialect
from neuroroute.domain.model import Dialect
from neuroroute.infrastructure.log import configure
from neuroroute.settings import Settings

pytestmark = pytest.mark.anyio

CANARY = "canary-5e0d"


class Broken(OpenAIDialect):
    """Raises what no provider may."""

    def call(self, prompt, card):
        raise RuntimeError(f"cannot write {prompt.text} for {card}")


@pytest.fixture
def log():
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    log = Log()
    configure("info", log.lines)
    yield log
    structlog.reset_defaults()
    root.handlers[:] = before
    root.setLevel(level)
    log.close()


@pytest.fixture
def container(log, tmp_path):
    settings = Settings.from_env({"NEUROROUTE_HOME": str(tmp_path)})
    container = Container(settings=providers.Object(settings))
    container.lines.override(providers.Object(log.lines))
    container.dialects.override(providers.Object({**container.dialects(), Dialect.OPENAI: Broken()}))
    return container


async def ask(container, **metadata):
    async with embedded(create_app(container)) as port, httpx.AsyncClient(trust_env=False) as client:
        body = {"prompt": CANARY, "metadata": {"model": "local", "request_id": "r-17", **metadata}}
        return await client.post(f"http://127.0.0.1:{port}/prompt", json=body, timeout=10)


@pytest.mark.parametrize("stream", [False, True])
async def test_is_500_and_one_line_with_the_requests_id_and_the_place(container, log, stream):
    answer = await ask(container, stream=stream)
    assert (answer.status_code, answer.json()["detail"]) == (500, "Internal server error")
    assert (answer.json()["code"], answer.json()["request_id"]) == ("internal_error", "r-17")
    told = log.told()
    (line,) = (line for line in told if line["event"] == "unhandled_error")
    assert (line["level"], line["request_id"], line["exception"]) == ("error", "r-17", "RuntimeError")
    assert "test_own_faults.py" in line["trace"][0]
    assert CANARY not in f"{told}{answer.text}{answer.headers}"


async def test_the_service_starts_and_stops_when_its_probing_dies_and_the_log_says_so(container, log):
    async def die() -> None:
        raise RuntimeError(CANARY)

    container.probe_models.override(providers.Object(die))
    await ask(container)
    told = log.told()
    (line,) = (line for line in told if line["event"] == "background_task_died")
    assert (line["level"], line["task"], line["exception"]) == ("error", "probe models", "RuntimeError")
    assert "stopping" in [line["event"] for line in told]
    assert CANARY not in str(told)
