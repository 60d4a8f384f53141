"""What every test shares: one event loop, and one way to draw examples."""

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"
