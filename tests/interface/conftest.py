"""Running services with simulated providers, and clients of them."""

from collections.abc import Generator

import httpx
import pytest
from running import ADMIN_KEY, Service, Simulated, simulating

ORIGINS = "https://app.example.com, http://localhost:3000"
MAX_BODY = 1 << 20


@pytest.fixture(scope="session")
def simulated() -> Generator[Simulated, None, None]:
    with simulating() as running:
        yield running


@pytest.fixture(scope="module")
def service(simulated, tmp_path_factory) -> Generator[Service, None, None]:
    """Open to every client, two origins allowed, bodies of at most 1 MiB; of one file, as breakers remember."""
    environ = {**simulated.environ, "CORS_ORIGINS": ORIGINS, "NEUROROUTE_MAX_BODY": str(MAX_BODY)}
    with Service(tmp_path_factory.mktemp("open"), environ=environ) as running:
        yield running


@pytest.fixture(scope="session")
def keyed(simulated, tmp_path_factory) -> Generator[Service, None, None]:
    """Every client needs a key."""
    with Service(tmp_path_factory.mktemp("keyed"), environ={**simulated.environ, "NEUROROUTE_AUTH": "keys"}) as running:
        yield running


@pytest.fixture(scope="module")
def client(service) -> Generator[httpx.Client, None, None]:
    """Without any key."""
    with httpx.Client(base_url=service.url, timeout=20, trust_env=False) as open_client:
        yield open_client


@pytest.fixture(scope="module")
def admin(service) -> Generator[httpx.Client, None, None]:
    """With the admin key."""
    headers = {"authorization": f"Bearer {ADMIN_KEY}"}
    with httpx.Client(base_url=service.url, timeout=20, trust_env=False, headers=headers) as open_client:
        yield open_client
