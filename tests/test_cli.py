"""The `neuroroute` command as a process: what it says, what it ends with, and no failure told as a traceback."""

import json
import os
import select
import signal
import socket
import subprocess
import time
from contextlib import contextmanager

import httpx
import pytest
from running import ADMIN_KEY, COMMAND, Service, eventually, free_port, simulating
from services.valkey import start_valkey

NOWHERE = "http://127.0.0.1:9/v1"


@pytest.fixture(scope="module")
def simulated():
    with simulating() as running:
        yield running


@pytest.fixture
def run(tmp_path):
    def run(*arguments, **environ):
        began = time.monotonic()
        environ = {"PATH": os.defpath, "LMSTUDIO_BASE_URL": NOWHERE, "NEUROROUTE_ADMIN_KEY": ADMIN_KEY, **environ}
        environ.setdefault("PORT", str(free_port()))
        done = subprocess.run(
            [COMMAND, *arguments], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=40, check=False
        )
        assert "Traceback" not in done.stderr + done.stdout
        done.seconds = time.monotonic() - began
        return done

    return run


@contextmanager
def listening():
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield silent, silent.getsockname()[1]


@pytest.mark.parametrize("group", [(), ("catalog",), ("keys",), ("vault",), ("audit",), ("decisions",)])
def test_help_says_what_each_command_does_in_a_whole_sentence(run, group):
    told = run(*group, "--help", COLUMNS="80")
    commands = told.stdout.partition("Commands:\n")[2].splitlines()
    assert commands
    assert [line for line in commands if not line.endswith(".") or line.endswith("...")] == []


def test_route_says_who_would_answer_and_why_and_asks_nobody(run):
    with listening() as (silent, port):
        told = run("route", "Summarize this", LMSTUDIO_BASE_URL=f"http://127.0.0.1:{port}/v1")
        assert not select.select([silent], [], [], 0)[0]
    assert told.returncode == 0
    assert told.stdout.startswith("local (")
    assert "Not in the choice: openai: no key; next: set OPENAI_API_KEY" in told.stdout


def test_route_says_which_model_would_be_asked(run):
    told = run("route", "Write a function", OPENAI_API_KEY="sk-test-openai", OPENAI_MODEL="gpt-4o-mini")
    assert told.stdout.startswith("openai (gpt-4o-mini) answers.")


def test_route_prints_the_whole_decision_as_json(run):
    told = run("route", "hello", "--json", "--priority", "quality")
    assert told.returncode == 0
    decision = json.loads(told.stdout)
    assert [candidate["model"] for candidate in decision["plan"]["candidates"]] == ["local"]
    assert decision["plan"]["order"] == ["local"]
    assert decision["grounds"]["objective"]["priority"] == "quality"


@pytest.mark.parametrize(
    ("option", "number"),
    [("--objective", "nan"), ("--min-quality", "nan"), ("--max-cost-usd", "nan"), ("--max-cost-usd", "inf"),
     ("--max-latency-ms", str(10**30))],
)  # fmt: skip
def test_route_refuses_what_is_no_number_to_choose_by(run, option, number):
    told = run("route", "hello", option, number, "--json")
    assert told.returncode == 2
    assert option in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("--objective", "5"), ("--priority", "cost")),
        (("--objective", "5"), ("--policy", "rules")),
        (("--min-quality", "0.5"), ("--policy", "rules")),
    ],
)
def test_route_refuses_wishes_of_which_one_would_be_passed_over(run, one, other):
    told = run("route", "hello", *one, *other)
    assert told.returncode == 2
    assert one[0] in told.stderr


def test_a_wrong_setting_is_told_by_every_command(run):
    for command in (("route", "hello"), ("doctor",), ("serve",)):
        told = run(*command, REDIS_TTL="soon")
        assert (told.returncode, "REDIS_TTL" in told.stderr) == (2, True)


def test_doctor_finds_all_well(run, simulated):
    told = run("doctor", **simulated.environ)
    assert (told.returncode, told.stderr) == (0, "")
    for model in ("local", "openai", "anthropic"):
        assert [line for line in told.stdout.splitlines() if line.split()[:2] == [model, "answers"]]
    assert "Redis" not in told.stdout


def test_doctor_says_what_to_do_when_no_model_answers(run):
    told = run("doctor")
    assert told.returncode == 1
    assert "local        does not answer" in told.stdout
    assert "set OPENAI_API_KEY" in told.stdout
    assert "No model answers" in told.stdout


def test_doctor_says_what_is_wrong_with_a_key(run, tmp_path):
    (tmp_path / "catalog.toml").write_text(
        """
        [[providers]]
        name = "groq"
        dialect = "openai"
        base_url = "https://api.groq.com/openai/v1"
        api_key_env = "GROQ_API_KEY"

        [[models]]
        id = "llama"
        provider = "groq"
        upstream = "llama-3.3-70b-versatile"
        max_tokens = 128000
        """
    )
    assert run("catalog", "apply", "catalog.toml").returncode == 0
    told = run("doctor", GROQ_API_KEY="two words")
    assert "no key: GROQ_API_KEY " in told.stdout
    assert "two words" not in told.stdout


def test_doctor_does_not_ask_a_provider_without_its_key(run):
    with listening() as (silent, port):
        run("doctor", OPENAI_BASE_URL=f"http://127.0.0.1:{port}/v1")
        assert not select.select([silent], [], [], 0)[0]


def test_doctor_asks_all_providers_at_the_same_time(run):
    with listening() as (_, port):
        url = f"http://127.0.0.1:{port}/v1"
        keys = {"OPENAI_API_KEY": "sk-test-openai", "ANTHROPIC_API_KEY": "sk-ant-test"}
        told = run("doctor", OPENAI_BASE_URL=url, ANTHROPIC_BASE_URL=url, LMSTUDIO_BASE_URL=url, **keys)
    assert told.stdout.count("does not answer") == 3
    assert told.seconds < 10  # each is given five


def test_doctor_says_that_the_port_is_taken(run, simulated):
    with listening() as (_, port):
        told = run("doctor", **simulated.environ, PORT=str(port))
    assert told.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in told.stdout


def test_doctor_says_that_the_home_folder_cannot_be_used(run, simulated, tmp_path):
    (tmp_path / "file").touch()
    told = run("doctor", **simulated.environ, NEUROROUTE_ADMIN_KEY="", NEUROROUTE_HOME=str(tmp_path / "file"))
    assert told.returncode == 1
    assert "Set NEUROROUTE_HOME" in told.stdout


def test_doctor_says_where_the_admin_key_is(run, simulated, tmp_path):
    told = run("doctor", **simulated.environ, NEUROROUTE_ADMIN_KEY="", NEUROROUTE_HOME=str(tmp_path / "home"))
    assert told.returncode == 0
    assert f"in {tmp_path / 'home' / 'admin_key'}" in told.stdout
    assert (tmp_path / "home" / "admin_key").read_text().strip() not in told.stdout


def test_doctor_says_whether_redis_answers(run, simulated, tmp_path):
    server = start_valkey(tmp_path / "redis")
    try:
        told = run("doctor", **simulated.environ, REDIS_URL=server.url)
    finally:
        server.stop()
    assert (told.returncode, "Redis answers" in told.stdout) == (0, True)
    told = run("doctor", **simulated.environ, REDIS_URL="redis://:canary@127.0.0.1:9/0")
    assert (told.returncode, told.stderr) == (0, "")  # it is never needed
    assert "Redis does not answer" in told.stdout
    assert "canary" not in told.stdout


def test_serve_does_not_share_a_taken_port(run):
    with listening() as (_, port):
        told = run("serve", "--port", str(port))
    assert told.returncode == 2
    assert f"Cannot listen on 127.0.0.1:{port}" in told.stderr


def test_serve_says_that_the_metrics_of_its_workers_have_no_place(run, tmp_path):
    told = run("serve", "--workers", "2", PROMETHEUS_MULTIPROC_DIR=str(tmp_path / "missing"))
    assert told.returncode == 2
    assert "PROMETHEUS_MULTIPROC_DIR" in told.stderr


def test_serve_says_that_the_simulated_providers_did_not_start(run, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "sitecustomize.py").write_text(
        "import os, sys\nif 'neuroroute.infrastructure.simulated' in sys.orig_argv: os._exit(1)\n"
    )
    told = run("serve", "--simulate", PYTHONPATH=str(tmp_path / "broken"))
    assert told.returncode == 2
    assert "simulated providers did not start" in told.stderr


def test_the_only_worker_shares_nothing_though_a_directory_was_inherited(simulated, tmp_path):
    (tmp_path / "inherited").mkdir()
    (tmp_path / "temporary").mkdir()
    environ = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "inherited"), "TMPDIR": str(tmp_path / "temporary")}
    with Service(tmp_path / "home", environ={**simulated.environ, **environ}) as service:
        assert "process_resident_memory_bytes" in httpx.get(f"{service.url}/metrics", trust_env=False).text
        assert list((tmp_path / "inherited").iterdir()) == []
        assert list((tmp_path / "temporary").iterdir()) == []


def test_what_workers_share_is_gone_when_they_are(simulated, tmp_path):
    (tmp_path / "temporary").mkdir()
    environ = {**simulated.environ, "TMPDIR": str(tmp_path / "temporary")}
    with Service(tmp_path / "home", "--workers", "2", environ=environ) as service:
        assert len(list((tmp_path / "temporary").glob("*/clear-mark"))) == 1
        # Granian waits half a minute for a worker that is told to stop while it starts.
        eventually(lambda: service.log.count("Started worker") == 2, within=10)
        service.stop()
        assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_simulate_says_its_addresses_and_ends_when_told(stop, tmp_path):
    ports = [part for name in ("openai", "lmstudio", "anthropic") for part in (f"--{name}-port", str(free_port()))]
    command = [COMMAND, "simulate", "--instant", *ports]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        try:
            urls = dict(process.stdout.readline().rsplit(maxsplit=1) for _ in range(3))
            assert httpx.get(f"{urls['OpenAI']}/models", timeout=10, trust_env=False).status_code == 200
            process.send_signal(stop)
            assert process.wait(10) == 0
        finally:
            process.kill()


def test_simulate_says_that_a_port_is_taken(run):
    with listening() as (_, port):
        told = run("simulate", "--openai-port", str(port))
    assert told.returncode == 2
    assert "Choose other ports" in told.stderr
