"""The OpenAPI document is true, as far as a hundred random requests to each operation can show it."""

import time

import pytest
from fuzz.fuzzing import PARTS, fuzz

EXAMPLES = 100
SECONDS = {"clients": 60, "administration": 60}


@pytest.mark.parametrize("part", PARTS)
def test_what_is_documented_is_what_happens(part, tmp_path):
    began = time.monotonic()
    ended = fuzz(part, tmp_path, examples=EXAMPLES, options=["--generation-deterministic"])
    assert ended.returncode == 0, ended.stdout[-20_000:] + ended.stderr
    assert time.monotonic() - began < 3 * SECONDS[part]
