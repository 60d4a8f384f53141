"""Granian, set for this service."""

from collections.abc import Callable

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from litestar.types import ASGIApp

from neuroroute.infrastructure.log import GRANIAN, configure
from neuroroute.infrastructure.log_lines import LineWriter
from neuroroute.settings import Settings

HEADER_SECONDS = 10
"""A request's head takes no longer, nor does an idle connection stay (faults-and-inputs.md 4)."""
HEADER_BYTES = 64 * 1024
KILL_SECONDS = 30
"""A worker told to stop has this long to finish its requests."""


def listen(settings: Settings, load: Callable[[], ASGIApp], *, workers: int) -> None:
    """Serve what `load` makes in each of `workers` processes, until SIGINT or SIGTERM."""
    lines = LineWriter(1)
    configure(settings.log_level, lines)
    Granian(
        "neuroroute",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=workers,
        loop=Loops.auto,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=HEADER_BYTES),
        websockets=False,
        log_dictconfig=GRANIAN,
        respawn_failed_workers=True,
        workers_kill_timeout=KILL_SECONDS,
    ).serve(target_loader=load, wrap_loader=False)
    lines.close()
