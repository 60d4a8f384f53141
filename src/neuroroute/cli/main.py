"""The `neuroroute` command. Each subcommand imports what it needs when it runs, so that none pays for another."""

import asyncio
import gc
import sys

import click
import msgspec

from neuroroute.cli.audit import audit
from neuroroute.cli.catalog import catalog
from neuroroute.cli.decisions import backtest, decisions, replay
from neuroroute.cli.evaluate import evaluate, score
from neuroroute.cli.keys import keys
from neuroroute.cli.legacy import import_legacy
from neuroroute.cli.number import Number
from neuroroute.cli.telling import DOTENV, errors_told, fail, say
from neuroroute.cli.train import train
from neuroroute.cli.vault import vault
from neuroroute.settings import read_environment

_PORT = click.IntRange(1, 65535)
_COLLECTED_AFTER = 20_000
"""New objects."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="neuroroute")
def main() -> None:
    """NeuroRoute: the model that answers well enough for the least money and time, and why."""
    # What a command imports stays until it ends: else the collector looks at it again and again.
    gc.set_threshold(_COLLECTED_AFTER)


@main.command()
@click.option("--host", help="Address to listen on (HOST, 127.0.0.1).")
@click.option("--port", type=_PORT, help="Port to listen on (PORT, 8000).")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes that serve.")
@click.option("--simulate", is_flag=True, help="Answer from simulated models, for this run only.")
def serve(host: str | None, port: int | None, workers: int, *, simulate: bool) -> None:
    """Serve the API."""
    from neuroroute.serving import serve_api

    said = {"HOST": host, "PORT": None if port is None else str(port)}
    with errors_told():
        environ = {**read_environment(DOTENV), **{name: value for name, value in said.items() if value}}
        serve_api(environ, workers=workers, simulate=simulate, say=say)


@main.command()
@click.option("--openai-port", type=_PORT, default=18101, show_default=True)
@click.option("--lmstudio-port", type=_PORT, default=18102, show_default=True)
@click.option("--anthropic-port", type=_PORT, default=18103, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same answers.")
@click.option("--instant", is_flag=True, help="Answer without the pauses of a real model.")
def simulate(openai_port: int, lmstudio_port: int, anthropic_port: int, seed: int, *, instant: bool) -> None:
    """Serve simulated providers alone. They speak OpenAI's and Anthropic's wire, with faults on demand."""
    from neuroroute.infrastructure.simulated.process import run
    from neuroroute.infrastructure.simulated.replies import INSTANT, Pace
    from neuroroute.infrastructure.simulated.server import SimulatedPorts, SimulatedUrls

    def announce(urls: SimulatedUrls) -> None:
        for name, url in (("OpenAI", urls.openai), ("LM Studio", urls.lmstudio), ("Anthropic", urls.anthropic)):
            click.echo(f"{name:<10} {url}")

    ports = SimulatedPorts(openai=openai_port, lmstudio=lmstudio_port, anthropic=anthropic_port)
    try:
        run(ports, seed=seed, pace=INSTANT if instant else Pace(), announce=announce)
    except OSError as error:
        fail(f"The simulated providers cannot listen: {error.strerror or error}. Choose other ports.")


@main.command()
def migrate() -> None:
    """Bring the database to the schema of this version. Safe when several run at once."""
    from neuroroute.commands.migrate import migrate_database

    with errors_told():
        click.echo(migrate_database(read_environment(DOTENV)))


@main.command()
@click.argument("prompt")
@click.option("--priority", type=click.Choice(["speed", "quality", "cost"]), help="What matters most.")
@click.option("--objective", type=Number(0, 10), help="From cheapest, 0, to best, 10; means --policy learned.")
@click.option("--policy", type=click.Choice(["rules", "learned"]), help="Who chooses (NEUROROUTE_CLASSIFIER).")
@click.option("--min-quality", type=Number(0, 1), help="The least predicted quality.")
@click.option("--max-cost-usd", type=Number(0, 1_000_000), help="For the whole answer, at the longest.")
@click.option(
    "--max-latency-ms", type=click.IntRange(1, 3_600_000), help="Until the whole answer is there, as predicted."
)
@click.option("--json", "as_json", is_flag=True, help="Print the whole plan as JSON.")
def route(prompt: str, *, as_json: bool, **wish: str | float | None) -> None:
    """Show which model would answer PROMPT, and why. None is called."""
    from neuroroute.commands.route import Wish, explain

    told = msgspec.convert(wish, Wish)
    if told.objective is not None and told.priority is not None:
        raise click.UsageError("--priority and --objective both say what to look for: say one of them.")
    if told.policy == "rules" and (told.objective is not None or told.min_quality is not None):
        option = "--objective" if told.min_quality is None else "--min-quality"
        raise click.UsageError(f"{option} is for --policy learned: rules predict no quality. Leave one of them out.")
    with errors_told():
        click.echo(asyncio.run(explain(read_environment(DOTENV), prompt, told, as_json=as_json)))


@main.command()
def doctor() -> None:
    """Say what is configured, what answers and what to do next. Exit 1 if it could not serve."""
    from neuroroute.commands.doctor import diagnose

    with errors_told():
        findings = asyncio.run(diagnose(read_environment(DOTENV)))
        click.echo(findings.text)
        sys.exit(0 if findings.can_serve else 1)


for command in (catalog, keys, vault, audit, import_legacy, evaluate, score, train, replay, backtest, decisions):
    main.add_command(command)
