"""The OpenAPI document is true, as far as a hundred random requests to each operation can show it."""

import pytest
from fuzz.fuzzing import PARTS, fuzz

OPTIONS = ["--phases", "examples,fuzzing", "--generation-deterministic"]
"""The same requests each time, in half of the time: `just fuzz` also tries each bound of each field (`coverage`)."""


@pytest.mark.parametrize("part", PARTS)
def test_what_is_documented_is_what_happens(part, tmp_path):
    ended = fuzz(part, tmp_path, examples=100, options=OPTIONS)
    assert ended.returncode == 0, ended.stdout[-20_000:] + ended.stderr
