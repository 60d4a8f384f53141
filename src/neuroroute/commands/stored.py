"""What every command on stored things begins and ends with."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from dependency_injector import providers

from neuroroute.container import Container
from neuroroute.infrastructure.log import configure
from neuroroute.settings import Settings


@asynccontextmanager
async def stored(environ: Mapping[str, str]) -> AsyncGenerator[Container, None]:
    """A container whose database is at head and seeded, as a running service would find it; closed at the end.

    Raises:
        NeuroRouteError: a setting is wrong, the database does not answer, or it has to be migrated first.
    """
    container = Container(
        settings=providers.Object(Settings.from_env(environ)), environ=providers.Object(dict(environ))
    )
    configure("CRITICAL", container.lines())  # what a command has to say it prints
    try:
        await container.preparation()()
        yield container
    finally:
        await container.database().close()
