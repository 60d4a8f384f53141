"""A service with the providers of the recorded cases, and a client that compares each answer with the document."""

import json
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest
from contract.schema import Documented
from running import ADMIN_KEY, Service

FAKE = Path(__file__).with_name("fake_upstream.py")


@pytest.fixture(scope="session")
def fake_ports() -> Generator[dict[str, int], None, None]:
    with subprocess.Popen([sys.executable, FAKE], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield json.loads(process.stdout.readline())
        process.stdin.close()
        process.wait(10)


@pytest.fixture(scope="module")
def service(fake_ports, tmp_path_factory) -> Generator[Service, None, None]:
    environ = {
        "OPENAI_API_KEY": "sk-fake-openai",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{fake_ports['openai']}/v1",
        "ANTHROPIC_API_KEY": "sk-ant-fake",
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{fake_ports['anthropic']}",
        "LMSTUDIO_HOST": "127.0.0.1",
        "LMSTUDIO_PORT": str(fake_ports["local"]),
        "CORS_ORIGINS": "*",
    }
    with Service(tmp_path_factory.mktemp("contract"), environ=environ) as running:
        yield running


@pytest.fixture(scope="module")
def documented(service) -> Documented:
    return Documented(httpx.get(f"{service.url}/openapi.json", trust_env=False).json())


@pytest.fixture(scope="session")
def fake(fake_ports) -> Generator[httpx.Client, None, None]:
    with httpx.Client(base_url=f"http://127.0.0.1:{fake_ports['openai']}", timeout=10, trust_env=False) as client:
        yield client


@pytest.fixture(scope="module")
def client(service, documented) -> Generator[httpx.Client, None, None]:
    """As the admin; every answer it gets has to look as the OpenAPI document says."""

    def compare(response: httpx.Response) -> None:
        response.read()
        assert documented.faults(response) == []

    with httpx.Client(
        base_url=service.url,
        timeout=30,
        trust_env=False,
        headers={"accept-encoding": "identity", "x-api-key": ADMIN_KEY},
        event_hooks={"response": [compare]},
    ) as open_client:
        yield open_client


@pytest.fixture
def ask(client):
    """POST /prompt, past the cache unless said otherwise."""

    def post(prompt="hello there", *, path="/prompt", headers=None, **metadata):
        body = {"prompt": prompt, "metadata": {"use_cache": False, **metadata}}
        return client.post(path, json=body, headers=headers)

    return post
