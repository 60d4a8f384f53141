"""Schemathesis against a running `neuroroute serve`, by its own OpenAPI document; `just fuzz` runs this file."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from running import ADMIN_KEY, Service, simulating

CONFIG = Path(__file__).with_name("schemathesis.toml")
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
_ADMINISTRATION = "^/(admin|api-keys)"
PARTS = {
    "clients": ["--exclude-path-regex", _ADMINISTRATION],
    "administration": ["--include-path-regex", _ADMINISTRATION],
}
"""Each on a service of its own: prompts would be answered by whatever the fuzzer has put in the catalogue."""
_NO_PROBES = {"NEUROROUTE_PROBE_INTERVAL": "86400"}
"""Nor does anybody ask the addresses that it enters."""


def fuzz(part: str, home: Path, *, examples: int, options: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Call each operation of a part of the API with `examples` random requests, and many chosen ones.

    The simulated models answer without a pause. What is wrong stands in `stdout`, and the exit code is 1 then.
    """
    with simulating() as simulated, Service(home / "service", environ={**simulated.environ, **_NO_PROBES}) as service:
        command = [SCHEMATHESIS, "--config-file", CONFIG, "run", f"{service.url}/openapi.json", *PARTS[part],
                   "--max-examples", str(examples), "--no-color", *options]  # fmt: skip
        environ = {**os.environ, "NEUROROUTE_ADMIN_KEY": ADMIN_KEY, "PYTHONPATH": str(CONFIG.parents[1])}
        return subprocess.run(command, cwd=home, env=environ, text=True, capture_output=True, check=False)


def fuzz_all(
    home: Path, *, examples: int, options: Sequence[str] = ()
) -> Mapping[str, subprocess.CompletedProcess[str]]:
    """Every part, all at once."""
    for part in PARTS:
        (home / part).mkdir()
    with ThreadPoolExecutor() as pool:
        ended = {part: pool.submit(fuzz, part, home / part, examples=examples, options=options) for part in PARTS}
        return {part: each.result() for part, each in ended.items()}


def main(examples: int) -> int:
    """Prints what Schemathesis says of each part."""
    with tempfile.TemporaryDirectory() as folder:
        ended = fuzz_all(Path(folder), examples=examples).values()
    for each in ended:
        sys.stdout.write(each.stdout + each.stderr)
    return max(each.returncode for each in ended)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
