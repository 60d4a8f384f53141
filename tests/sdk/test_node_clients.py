"""Both official clients for Node, whose own tests are in `node/`."""

import json
import re
import subprocess

import pytest


@pytest.mark.parametrize("client", ["openai", "anthropic"])
def test_the_client_for_node_finds_what_it_expects(
    client,
    node,
    suite,
    simulated,
    itself,
    routed,
    crossed,
):
    places = [
        place._asdict() | {"name": name, "listed": sorted(place.listed), "stats": f"{simulated.urls.anthropic}/_stats"}
        for name, place in (("the provider itself", itself), ("through NeuroRoute", routed), ("crossed", crossed))
    ]
    ran = subprocess.run(
        [node.node, "--test", "--test-reporter=spec", f"{client}.test.js"],
        cwd=suite,
        env=node.environ | {"NEUROROUTE_PLACES": json.dumps(places)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"pass [1-9]\d", ran.stdout), ran.stdout
