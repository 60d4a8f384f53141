"""A service in front of a provider whose bytes the tests decide."""

import asyncio
import json
import sqlite3
import threading
from collections.abc import Coroutine, Generator, Iterable
from contextlib import closing
from typing import Any, TypeVar

import httpx
import pytest
import uvloop
from running import ADMIN_KEY, Service
from streams.caller import Question, Reply, ask_all
from streams.provider import Provider, Script
from streams.told import CHAT_STREAM, RESPONSE_STREAM

T = TypeVar("T")
OF_CASES = "SELECT * FROM usage WHERE request_id IN (SELECT value FROM json_each(?))"
KEEP_ALIVE = 0.2
"""Seconds of silence until a comment is sent, where streams are kept alive."""


class Stage:
    """The provider and the callers, in one event loop beside the tests; and the service between them."""

    def __init__(self, loop: asyncio.AbstractEventLoop, provider: Provider, service: Service) -> None:
        self._loop = loop
        self.provider = provider
        self.service = service

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(120)

    def ask(self, questions: Iterable[Question], **said: int) -> dict[str, Reply]:
        return self.run(ask_all(self.service.port, questions, **said))

    def rows(self, cases: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Those of the ledger, by case."""
        headers = {"authorization": f"Bearer {ADMIN_KEY}"}
        httpx.get(f"{self.service.url}/admin/usage", headers=headers, trust_env=False, timeout=30).raise_for_status()
        with closing(sqlite3.connect(self.service.home / ".neuroroute" / "neuroroute.sqlite3")) as ledger:
            ledger.row_factory = sqlite3.Row
            rows = ledger.execute(OF_CASES, (json.dumps([*cases]),)).fetchall()
        return {row["request_id"]: dict(row) for row in rows}


@pytest.fixture(scope="package")
def loop() -> Generator[asyncio.AbstractEventLoop, None, None]:
    running = uvloop.new_event_loop()
    thread = threading.Thread(target=running.run_forever)
    thread.start()
    yield running
    running.call_soon_threadsafe(running.stop)
    thread.join()
    running.close()


@pytest.fixture(scope="package")
def provider(loop) -> Generator[tuple[Provider, dict[str, str]], None, None]:
    """It, and what points a service at it."""
    made = Provider()
    server, port = asyncio.run_coroutine_threadsafe(made.serve(), loop).result(10)
    made.spare = {"/v1/chat/completions": Script([CHAT_STREAM.wire]), "/v1/responses": Script([RESPONSE_STREAM.wire])}
    url = f"http://127.0.0.1:{port}"
    environ = {
        "OPENAI_API_KEY": "sk-told",
        "OPENAI_BASE_URL": f"{url}/v1",
        "ANTHROPIC_API_KEY": "sk-ant-told",
        "ANTHROPIC_BASE_URL": url,
        "LMSTUDIO_BASE_URL": f"{url}/spare/v1",
    }
    yield made, environ
    loop.call_soon_threadsafe(server.close)


@pytest.fixture(scope="package")
def stage(loop, provider, tmp_path_factory) -> Generator[Stage, None, None]:
    made, environ = provider
    with Service(tmp_path_factory.mktemp("streams"), environ=environ) as service:
        yield Stage(loop, made, service)


@pytest.fixture(scope="module")
def kept(loop, provider, tmp_path_factory) -> Generator[Stage, None, None]:
    """A service that keeps silent streams alive soon."""
    made, environ = provider
    environ = {**environ, "NEUROROUTE_KEEP_ALIVE": str(KEEP_ALIVE)}
    with Service(tmp_path_factory.mktemp("kept"), environ=environ) as service:
        yield Stage(loop, made, service)
