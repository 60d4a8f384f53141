"""What every test shares: one event loop, one way to draw examples, and the warnings that are others' to mend."""

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")


def pytest_configure(config):
    # advanced-alchemy 1.12 says it on import of SQLAlchemy 2.1; litestar imports it where it is installed.
    config.addinivalue_line("filterwarnings", "ignore:The declarative_mixin decorator")


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"
