"""The OpenAPI document is true, as far as a hundred random requests to each operation can show it."""

import pytest
from fuzz.fuzzing import PARTS, fuzz_all

OPTIONS = ["--phases", "examples,fuzzing", "--generation-deterministic"]
"""The same requests each time, in half of the time: `just fuzz` also tries each bound of each field (`coverage`)."""


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory):
    return fuzz_all(tmp_path_factory.mktemp("fuzz"), examples=100, options=OPTIONS)


@pytest.mark.parametrize("part", PARTS)
def test_what_is_documented_is_what_happens(part, fuzzed):
    ended = fuzzed[part]
    assert ended.returncode == 0, ended.stdout[-20_000:] + ended.stderr
