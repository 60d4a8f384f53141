"""The service's processes: granian and its workers, and the simulated providers beside them if asked for."""

import gc
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings

from neuroroute.infrastructure.catalog_seeds import check_catalog
from neuroroute.infrastructure.home import admin_key, database_url, master_key
from neuroroute.infrastructure.listening import check_free
from neuroroute.infrastructure.log import GRANIAN, configure
from neuroroute.infrastructure.log_lines import LineWriter
from neuroroute.infrastructure.memory import clear_mark
from neuroroute.infrastructure.metrics_directory import prepare_multiprocess, prepare_single
from neuroroute.settings import Settings

HEADER_SECONDS = 10
"""A request's head takes no longer, nor does an idle connection stay (faults-and-inputs.md 4)."""
HEADER_BYTES = 64 * 1024
KILL_SECONDS = 30
"""A worker told to stop has this long to finish its requests."""
GC_THRESHOLDS = (20_000, 20, 20)
"""Requests in flight look like garbage to the collector and are not; at its own thresholds it takes a tenth of the
CPU under load. Nothing here makes cycles by the request. Set before anything is imported, which stays for good."""


def serve_api(environ: Mapping[str, str], *, workers: int, simulate: bool, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. Whatever a worker would stumble over is looked at before any is started.

    Raises:
        NeuroRouteError: a setting, the catalogue or the home folder is wrong, or something that serving needs cannot
            be had: the port, the simulated providers, a folder that the workers share.
    """
    with ExitStack() as stack:
        if simulate:
            environ = {**environ, **stack.enter_context(simulated_environment())}
            say("Simulated models: every answer is made up here, says so, and costs nothing.")
        settings = Settings.from_env(environ)
        if settings.catalog is not None:
            check_catalog(settings.catalog)
        admin_key(settings.admin_key, settings.home)
        master_key(settings.master_key, settings.home)
        database_url(settings.database_url, settings.home)
        if settings.admin_key is None:
            say(f"Admin key: in {settings.home / 'admin_key'}")
        check_free(settings.host, settings.port)
        if workers > 1:
            shared = stack.enter_context(prepare_multiprocess())
            environ = {**environ, clear_mark.VARIABLE: str(clear_mark.make_clear_mark(shared))}
        else:
            prepare_single()
            environ = {name: value for name, value in environ.items() if name != clear_mark.VARIABLE}
        say(f"Serving on http://{settings.host}:{settings.port} (API at /docs, health at /health)")
        _listen(settings, partial(load_worker, environ, simulated=simulate), workers=workers)


@contextmanager
def simulated_environment() -> Generator[Mapping[str, str], None, None]:
    """The variables that point the three default models at simulated providers, which live as long as this."""
    from neuroroute.infrastructure.simulated.process import SimulatorProcess  # noqa: PLC0415 - only for this
    from neuroroute.infrastructure.simulated.replies import Pace  # noqa: PLC0415 - as above
    from neuroroute.infrastructure.simulated.server import FREE_PORTS  # noqa: PLC0415 - as above

    with SimulatorProcess(FREE_PORTS, seed=1, pace=Pace()) as simulator:
        yield {
            "OPENAI_API_KEY": "sk-simulated",
            "OPENAI_BASE_URL": simulator.urls.openai,
            "ANTHROPIC_API_KEY": "sk-simulated",
            "ANTHROPIC_BASE_URL": simulator.urls.anthropic,
            "LMSTUDIO_BASE_URL": simulator.urls.lmstudio,
        }


def load_worker(environ: Mapping[str, str], *, simulated: bool) -> Callable[..., Awaitable[None]]:
    """The application, in its worker. Imported there: the parent stays small, and prometheus_client is to find the
    workers' directory prepared.
    """
    gc.set_threshold(*GC_THRESHOLDS)
    from neuroroute.asgi import load_app  # noqa: PLC0415 - as the docstring says

    app = load_app(environ, simulated=simulated)
    gc.collect()
    gc.freeze()
    return app


def _listen(settings: Settings, load: Callable[[], Callable[..., Awaitable[None]]], *, workers: int) -> None:
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
