"""The house keeps its own rules."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
MAX_LINES = 300
NAMELESS = {"utils", "util", "helper", "helpers", "manager", "service", "common", "base", "misc"}
"""Words that say of a file only that nobody knew what it is for."""
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TOP_LEVEL = ("src", "tests", "docs", "benchmarks", "deploy", "database", "requirements", ".ci")
_PATH = re.compile(rf"`(?:\./)?((?:{'|'.join(map(re.escape, TOP_LEVEL))})/[^`\s]*)`")
_PATTERN_OR_PLACE = re.compile(r"[*<>{}…$]")
"""A path with one of these stands for many."""

_HOSTS = ["pypi" + ".org", "files.python" + "hosted.org", "registry.npm" + "js.org", "registry.yarn" + "pkg.com",
          "static.crates" + ".io", "index.crates" + ".io", "proxy.gol" + "ang.org", "rubygems" + ".org",
          "repo.maven.apa" + "che.org", "conda.ana" + "conda.org"]  # fmt: skip
_PLACES = ["/wo" + "rk/", "/ro" + "ot/", "/tm" + "p/w/", "/ho" + "me/[a-z]", "/Use" + "rs/[a-z]", r"[A-Z]:\\Use" + "rs"]
FOREIGN = re.compile("|".join([*map(re.escape, _HOSTS), *(rf"(?<![\w.~}}]){place}" for place in _PLACES)]))
"""Hosts of package registries, which are everybody's own choice, and places that only one machine has."""


def shown(path):
    return str(path.relative_to(ROOT))


def committed():
    """Every text file of the project."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=False, timeout=30,
    )  # fmt: skip
    if listed.returncode != 0:
        pytest.skip("not a git checkout: nobody says which files are the project's")
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_a_source_file_is_short_enough_to_read(path):
    assert len(path.read_text().splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_a_source_file_is_named_by_what_it_is(path):
    words = {word for part in path.relative_to(ROOT).parts for word in re.split(r"[^a-z]+", part.lower())}
    assert not words & NAMELESS


@pytest.mark.parametrize("path", SOURCES, ids=shown)
def test_a_source_file_begins_with_its_one_idea(path):
    text = path.read_text()
    if path.name == "__init__.py" and not text:
        return
    title = text.split("\n", 1)[0]
    assert re.match(r'r?"""\S.{9}', title)


@pytest.mark.parametrize("path", DOCUMENTS, ids=shown)
def test_documents_name_only_paths_that_exist(path):
    named = {found.rstrip("/.,:") for found in _PATH.findall(path.read_text())}
    missing = {
        name
        for name in named
        if not _PATTERN_OR_PLACE.search(name) and not (ROOT / name.partition("#")[0].partition("::")[0]).exists()
    }
    assert missing == set()


def test_the_check_of_documents_sees_paths():
    text = "see `src/neuroroute/asgi.py`, `./docs/`, `tests/test_house.py::test_x`, `src/*.py` and src/elsewhere.py"
    assert _PATH.findall(text) == ["src/neuroroute/asgi.py", "docs/", "tests/test_house.py::test_x", "src/*.py"]


def test_no_file_names_a_registry_or_a_place_of_one_machine():
    found = []
    for path in committed():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # not a text
        found += [
            f"{shown(path)}:{number}" for number, line in enumerate(text.splitlines(), start=1) if FOREIGN.search(line)
        ]
    assert found == []


@pytest.mark.parametrize("line", [f"see https://{_HOSTS[0]}/x", f"open('{_PLACES[0]}main')", f"cd {_PLACES[1]}x"])
def test_the_check_of_foreign_names_sees_them(line):
    assert FOREIGN.search(line)


@pytest.mark.parametrize("line", ["frame" + _PLACES[0], "~" + _PLACES[0], "https://api.openai.com/v1"])
def test_the_check_of_foreign_names_lets_others_pass(line):
    assert not FOREIGN.search(line)


def test_the_walls_stand():
    """The import contracts of pyproject.toml."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    linted = subprocess.run(
        [*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert linted.returncode == 0, linted.stdout + linted.stderr
    assert " 0 broken" in linted.stdout
