"""Where and on what a figure was measured: the commit, the machine, and how fast it was at that moment."""

import os
import pathlib
import platform
import shutil
import subprocess
import time

import msgspec

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGES = {"gcc": "gcc", "taskset": "util-linux", "nginx": "nginx"}
"""Debian's package of each program that the harness or a shipped spec needs."""


class Machine(msgspec.Struct, frozen=True):
    """What does not change during a run."""

    cpu: str
    cores: int
    system: str
    python: str


class Commit(msgspec.Struct, frozen=True):
    """The code under test; `modified` when the tree differs from the commit (results apart)."""

    id: str
    modified: bool


def this_machine() -> Machine:
    """Linux only: the CPU's name is read from /proc."""
    lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    cpu = next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())
    return Machine(
        cpu=cpu,
        cores=len(os.sched_getaffinity(0)),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
    )


def this_commit() -> Commit:
    """`none` outside a repository or before its first commit."""
    head = _git("rev-parse", "--verify", "--quiet", "HEAD")
    changes = _git("status", "--porcelain", "--", ".", ":!benchmarks/results")
    return Commit(id=head or "none", modified=bool(changes))


def _git(*arguments: str) -> str:
    if shutil.which("git") is None:
        return ""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    return done.stdout.strip()


def calibration_ms() -> float:
    """CPU milliseconds of a fixed pure-Python loop, best of three: two runs compare only when these agree."""
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        x = 0
        for i in range(400_000):
            x = (x * 31 + i) & 0xFFFFFFFF
        best = min(best, time.process_time() - started)
    return round(best * 1e3, 2)


def busy_seconds(core: int) -> float:
    """Time that a core was not idle, whoever used it (the hypervisor's other guests too), in 10 ms steps."""
    text = pathlib.Path("/proc/stat").read_text(encoding="ascii")
    line = next(line for line in text.splitlines() if line.startswith(f"cpu{core} "))
    user, nice, system, _idle, _waiting, interrupts, soft_interrupts, stolen = map(int, line.split()[1:9])
    return (user + nice + system + interrupts + soft_interrupts + stolen) / os.sysconf("SC_CLK_TCK")


def require(program: str) -> None:
    """End the run, naming what is missing and how to get it."""
    if shutil.which(program) is not None:
        return
    package = PACKAGES.get(program)
    hint = f"on Debian: apt-get install {package}" if package else "see benchmarks/README.md for how to install it"
    raise SystemExit(f"benchmarks: `{program}` is missing; {hint}")


def require_cores(*cores: int) -> None:
    """The load needs a core of its own, or it is measured along with the gateway."""
    allowed = os.sched_getaffinity(0)
    for core in cores:
        if core not in allowed:
            raise SystemExit(f"benchmarks: CPU {core} is not available here (available: {sorted(allowed)})")
