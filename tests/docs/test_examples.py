"""Every example of the documents is run as it stands, in order, against a fresh `neuroroute serve --simulate`."""

import re
import shlex
import subprocess
from pathlib import Path

import httpx
import pytest
from docs.examples import SHOWN_HEADERS, Curl, differences, examples_of, filled, named_in, read_curl
from running import COMMAND, Service, eventually

ROOT = Path(__file__).parents[2]
API = ("docs/api.md", "docs/admin-api.md")
DOCUMENTS = (
    "README.md",
    *API,
    "docs/openai.md",
    "docs/anthropic.md",
    "docs/routing.md",
    "docs/replay.md",
    "docs/streaming.md",
    "docs/operations.md",
)
KEYS = {"OPENAI_API_KEY": "sk-example", "ANTHROPIC_API_KEY": "sk-ant-example"}
"""What the README has its reader set before `neuroroute route`."""
_LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")


@pytest.fixture
def service(tmp_path):
    with Service(tmp_path, "--simulate", environ={"NEUROROUTE_ADMIN_KEY": ""}) as running:
        eventually(lambda: _health(running)["status"] == "healthy", within=20)
        yield running


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_example_answers_as_it_is_written(document, service):
    examples = examples_of(ROOT / document)
    assert examples
    wrong, said = [], {}
    for example in examples:
        answer = _run(filled(example.command, said), service)
        said |= named_in(answer)
        found = differences(example.answer, answer)
        wrong += [f"{document}:{example.line}: {example.command}\n    {one}" for one in found]
    assert not wrong, "\n".join(wrong)


def test_the_api_documents_tell_of_every_route(service):
    text = "\n".join((ROOT / document).read_text(encoding="utf-8") for document in API)
    told = set(re.findall(r"^#+ `([A-Z]+) (\S+)`", text, re.MULTILINE))
    paths = httpx.get(f"{service.url}/openapi.json", timeout=10, trust_env=False).json()["paths"]
    assert told == {(method.upper(), path) for path, item in paths.items() for method in item}


def test_the_readme_holds_both_commands_each_on_one_line():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    begin = "python3 -m venv .venv && .venv/bin/pip install -q --require-hashes -r requirements/"
    install = " && .venv/bin/pip install -q --no-deps --no-build-isolation "
    assert f"{begin}serve.txt{install}. && .venv/bin/neuroroute serve --simulate" in lines
    assert f"{begin}test.txt{install}-e . && .venv/bin/pytest -q" in lines


def test_every_link_between_the_documents_leads_somewhere():
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")]
    links = [(page, link) for page in documents for link in _LINK.findall(page.read_text(encoding="utf-8"))]
    assert links
    gone = [f"{page.relative_to(ROOT)}: {link}" for page, link in links if not (page.parent / link).exists()]
    assert not gone


@pytest.mark.parametrize(
    ("written", "real"),
    [
        ('{"a": 1}', '{"a": 2}'),
        ('{"a": 1}', '{"a": 1, "b": 2}'),
        ('{"a": 1, "b": 2}', '{"a": 1}'),
        ('{"a": "x…"}', '{"a": "y"}'),
        ('{"a": true}', '{"a": 1}'),
        ('{"timestamp": 1.5}', '{"timestamp": "now"}'),
        ("[1]", "[1, 2]"),
        ("one\n…\nlast", "one\ntwo"),
        ("one", "one\ntwo"),
    ],
)
def test_an_answer_that_differs_is_noticed(written, real):
    assert differences(written, real)


@pytest.mark.parametrize(
    ("written", "real"),
    [
        ('{"a": 1, "…": "…"}', '{"a": 1.0, "b": 2}'),
        ('{"a": "x…z", "b": "…"}', '{"a": "xyz", "b": null}'),
        ('{"timestamp": 1.5}', '{"timestamp": 2}'),
        ('[1, "…"]', "[1, 2]"),
        ("one\n…\nlast …", "one\ntwo\n\nlast word\n"),
    ],
)
def test_what_is_left_open_may_be_anything(written, real):
    assert not differences(written, real)


def _run(command: str, service: Service) -> str:
    if command.startswith("curl "):
        return _ask(read_curl(command, service.home), service.url)
    words = shlex.split(command)
    assert words[0] == "neuroroute", f"only curl and neuroroute are run: {command}"
    environ = {"PATH": "/usr/bin:/bin", **KEYS}
    done = subprocess.run(
        [COMMAND, *words[1:]], cwd=service.home, env=environ, capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout


def _ask(curl: Curl, url: str) -> str:
    with httpx.Client(timeout=30, trust_env=False) as client:
        answer = client.request(curl.method, url + curl.path, headers=curl.headers, content=curl.body)
    if not curl.with_head:
        return answer.text.replace("\r\n", "\n")  # as a terminal shows it
    head = [f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}"]
    head += [f"{name}: {answer.headers[name]}" for name in SHOWN_HEADERS if name in answer.headers]
    return "\n".join([*head, "", answer.text])


def _health(service: Service) -> dict[str, object]:
    return httpx.get(f"{service.url}/health", timeout=10, trust_env=False).json()
