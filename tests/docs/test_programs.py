"""The programs of the guides run as they stand, block after block, and print what the block below them says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import anthropic
import httpx
import openai
import pytest
from docs.examples import differences
from docs.tables import ROOT, codes, tables_of
from running import Service, eventually
from sdk.node_clients import node, suite  # noqa: F401 - fixtures

GUIDES = ("docs/openai.md", "docs/anthropic.md")
PROGRAMS = ("README.md", *GUIDES)
END = "-- the end of a block --"
ANSWER_SECONDS = 60
_BLOCK = re.compile(r"^```(python|js)\n(.*?)^```\n+```text\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("guides"), "--simulate", environ={}) as running:
        eventually(lambda: httpx.get(f"{running.url}/health/ready", trust_env=False).status_code == 200, within=20)
        yield running


def programs(guide: str, language: str):
    """The blocks of `language`, and what they print."""
    text = (ROOT / guide).read_text(encoding="utf-8")
    found = [(code, shown) for kind, code, shown in _BLOCK.findall(text) if kind == language]
    assert len(found) == text.count(f"```{language}\n"), "a program without the text that it prints"
    return found


@pytest.mark.parametrize("guide", PROGRAMS)
def test_the_programs_in_python_print_what_is_written(guide, service, tmp_path):
    blocks = programs(guide, "python")
    told = "".join([f"{code}\nprint({END!r})\n" for code, _ in blocks])
    printed = _run([sys.executable, "-"], told.replace("http://localhost:8000", service.url), tmp_path)
    for (code, shown), real in zip(blocks, printed.split(f"{END}\n"), strict=False):
        assert not differences(shown, real), code


@pytest.mark.parametrize("guide", GUIDES)
def test_the_programs_for_node_print_what_is_written(guide, service, node, suite):  # noqa: F811 - those fixtures
    for code, shown in programs(guide, "js"):
        told = code.replace("http://localhost:8000", service.url)
        printed = _run([node.node, "--input-type=module", "-"], told, suite)
        assert not differences(shown, printed), code


def _run(command: list[str], program: str, folder: Path) -> str:
    environ = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    done = subprocess.run(
        command, input=program, cwd=folder, env=environ, capture_output=True, text=True, check=False,
        timeout=ANSWER_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def _errors(guide: str):
    table = next(table for table in tables_of(ROOT / guide) if table.heading == "Errors")
    place = table.columns.index("exception")
    return [pytest.param(guide, int(cells[0]), codes(cells[place])[0], id=cells[0]) for _, cells in table.rows]


@pytest.mark.parametrize(("guide", "status", "exception"), [each for guide in GUIDES for each in _errors(guide)])
def test_the_clients_raise_what_is_written(guide, status, exception):
    module, make = (openai, openai.OpenAI) if "openai" in guide else (anthropic, anthropic.Anthropic)
    with make(base_url="http://127.0.0.1:9", api_key="k") as client:
        answer = _answer(client, status)
        raised = client._make_status_error("told", body={}, response=answer)
        assert type(raised).__name__ == exception
        again = client._should_retry(answer)
        assert again is (status in {408, 409, 429} or status >= 500)
    assert isinstance(raised, module.APIStatusError)


def _answer(client, status):
    """As its own HTTP library would bring it."""
    library = sys.modules[type(client._client).__mro__[-2].__module__.split(".")[0]]
    return library.Response(status, request=library.Request("POST", "http://127.0.0.1:9"))
