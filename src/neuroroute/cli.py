"""The `neuroroute` command."""

import asyncio
import sys
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import NoReturn

import click
from litestar.types import ASGIApp

from neuroroute.domain.errors import NeuroRouteError
from neuroroute.domain.routing import Priority
from neuroroute.infrastructure.catalog import catalog_entries
from neuroroute.infrastructure.home import admin_key
from neuroroute.infrastructure.metrics_directory import prepare_multiprocess
from neuroroute.infrastructure.simulated.process import SimulatorProcess, run
from neuroroute.infrastructure.simulated.replies import Pace
from neuroroute.infrastructure.simulated.server import FREE_PORTS, SimulatedPorts, SimulatedUrls
from neuroroute.settings import Settings, read_environment

_DOTENV = Path(".env")
_SEED = 1
_PORT = click.IntRange(1, 65535)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="neuroroute")
def main() -> None:
    """NeuroRoute: the model that answers well enough for the least money and time, and why."""


@main.command()
@click.option("--host", help="Address to listen on (HOST, 127.0.0.1).")
@click.option("--port", type=_PORT, help="Port to listen on (PORT, 8000).")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes that serve.")
@click.option("--simulate", is_flag=True, help="Answer from simulated models, for this run only.")
def serve(host: str | None, port: int | None, workers: int, *, simulate: bool) -> None:
    """Serve the API."""
    said = {"HOST": host, "PORT": None if port is None else str(port)}
    with ExitStack() as stack, _errors_told():
        environ = {**read_environment(_DOTENV), **{name: value for name, value in said.items() if value}}
        if simulate:
            simulator = stack.enter_context(SimulatorProcess(FREE_PORTS, seed=_SEED, pace=Pace()))
            environ.update(_simulated(simulator.urls))
            _say("Simulated models: every answer is made up here, says so, and costs nothing.")
        settings = _checked(environ)
        if workers > 1:
            stack.enter_context(prepare_multiprocess())
        _listen(settings, environ, workers=workers, simulated=simulate)


@main.command()
@click.option("--openai-port", type=_PORT, default=SimulatedPorts().openai, show_default=True)
@click.option("--anthropic-port", type=_PORT, default=SimulatedPorts().anthropic, show_default=True)
@click.option("--lmstudio-port", type=_PORT, default=SimulatedPorts().lmstudio, show_default=True)
@click.option("--seed", type=int, default=_SEED, show_default=True, help="The same seed gives the same answers.")
@click.option("--instant", is_flag=True, help="Answer without the pauses of a real model.")
def simulate(openai_port: int, anthropic_port: int, lmstudio_port: int, seed: int, *, instant: bool) -> None:
    """Serve simulated providers alone: OpenAI's and Anthropic's wire, with faults on demand."""
    ports = SimulatedPorts(openai=openai_port, anthropic=anthropic_port, lmstudio=lmstudio_port)
    pace = Pace(first_token=0.0, tokens_per_second=0.0) if instant else Pace()
    try:
        run(ports, seed=seed, pace=pace, announce=_announce)
    except OSError as error:
        _fail(f"The simulated providers cannot listen: {error.strerror or error}. Choose other ports.")


@main.command()
@click.argument("prompt")
@click.option("--priority", type=click.Choice([*Priority]), help="What matters most.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole decision as JSON.")
def route(prompt: str, priority: str | None, *, as_json: bool) -> None:
    """Show which model would answer PROMPT, and why, without calling any."""
    from neuroroute.inspection import explain  # noqa: PLC0415 - the container takes half a second: only where needed

    with _errors_told():
        wish = None if priority is None else Priority(priority)
        click.echo(explain(read_environment(_DOTENV), prompt, wish, as_json=as_json))


@main.command()
def doctor() -> None:
    """Say what is configured, what answers, what is missing and what to do next; exit 1 if it could not serve."""
    from neuroroute.inspection import diagnose  # noqa: PLC0415 - as above

    with _errors_told():
        findings = asyncio.run(diagnose(read_environment(_DOTENV)))
        click.echo(findings.text)
        sys.exit(0 if findings.can_serve else 1)


def _checked(environ: Mapping[str, str]) -> Settings:
    """The settings, and everything that a worker would stumble over, looked at once before any is started."""
    settings = Settings.from_env(environ)
    catalog_entries(
        settings.catalog,
        environ=environ,
        openai=settings.openai,
        anthropic=settings.anthropic,
        lmstudio=settings.lmstudio,
    )
    admin_key(settings.admin_key, settings.home)
    if settings.admin_key is None:
        _say(f"Admin key: in {settings.home / 'admin_key'}")
    _say(f"Serving on http://{settings.host}:{settings.port} (docs at /docs, health at /health)")
    return settings


def _listen(settings: Settings, environ: Mapping[str, str], *, workers: int, simulated: bool) -> None:
    from neuroroute.server import listen  # noqa: PLC0415 - granian is for this command alone

    listen(settings, partial(_load, environ, simulated=simulated), workers=workers)


def _load(environ: Mapping[str, str], *, simulated: bool) -> ASGIApp:
    """The application, in its worker; prometheus_client is imported there, after its directory was prepared."""
    from neuroroute.asgi import load_app  # noqa: PLC0415 - as the docstring says

    return load_app(environ, simulated=simulated)


def _simulated(urls: SimulatedUrls) -> dict[str, str]:
    """The environment of a run whose three default models are simulated."""
    return {
        "OPENAI_API_KEY": "simulated",
        "OPENAI_BASE_URL": urls.openai,
        "ANTHROPIC_API_KEY": "simulated",
        "ANTHROPIC_BASE_URL": urls.anthropic,
        "LMSTUDIO_BASE_URL": urls.lmstudio,
    }


def _announce(urls: SimulatedUrls) -> None:
    for name, url in (("OpenAI", urls.openai), ("Anthropic", urls.anthropic), ("LM Studio", urls.lmstudio)):
        click.echo(f"{name:<10} {url}")


@contextmanager
def _errors_told() -> Generator[None, None, None]:
    """A failure on purpose is told in its own words, and the command ends with 2."""
    try:
        yield
    except NeuroRouteError as error:
        _fail(str(error))


def _say(text: str) -> None:
    click.echo(text, err=True)


def _fail(text: str) -> NoReturn:
    _say(text)
    sys.exit(2)
