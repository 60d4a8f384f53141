"""A started program: pinned to a core, its CPU and memory read over its whole process tree, stopped by pid."""

import contextlib
import os
import pathlib
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence

PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 1 << 20
GRACE = 6.0
"""Seconds a program has to leave after SIGTERM."""


class Process:
    """One program and its children, in a session of their own."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        core: int,
        cwd: pathlib.Path,
        log: pathlib.Path,
        environment: Mapping[str, str],
    ) -> None:
        self.log = log
        self.started = time.perf_counter()
        with log.open("wb") as output:
            self._popen = subprocess.Popen(
                ["taskset", "-c", str(core), *command],
                cwd=cwd,
                # Nothing of the caller's own settings (keys, proxies) reaches what is measured.
                env={"PATH": os.environ["PATH"], "HOME": str(cwd), "LANG": "C.UTF-8", **environment},
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def exit_code(self) -> int | None:
        return self._popen.poll()

    def log_tail(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-1500:]

    def pids(self) -> list[int]:
        """The program and everything under it that is alive."""
        parents = {pid: parent for pid in _all_pids() if (parent := _parent(pid)) is not None}
        found = [self._popen.pid] if self._popen.pid in parents else []
        for pid in found:  # grows while it is read: breadth first
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def cpu_seconds(self) -> float:
        """User and system time of the tree so far, in nanosecond steps (/proc/PID/stat has 10 ms steps)."""
        return sum(_cpu_seconds(pid) for pid in self.pids())

    def threads(self) -> int:
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                total += len(list(pathlib.Path(f"/proc/{pid}/task").iterdir()))
        return total

    def memory_mib(self) -> tuple[float, float]:
        """Resident and proportional (shared pages divided among their users) memory of the tree."""
        resident = proportional = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                resident += int(pathlib.Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE
                for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
                    if line.startswith("Pss:"):
                        proportional += int(line.split()[1]) * 1024
        return round(resident / MIB, 1), round(proportional / MIB, 1)

    def stop(self) -> None:
        """SIGTERM, a bounded wait, then SIGKILL to what is left of the tree; nothing else is touched."""
        tree = self.pids()
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(GRACE)
        for pid in tree:
            if _session(pid) == self._popen.pid:  # not a pid that was given to somebody else meanwhile
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(GRACE)


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in pathlib.Path("/proc").iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat after the command's name; empty when the process has gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text[text.rindex(")") + 2 :].split()


def _parent(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def _session(pid: int) -> int | None:
    fields = _stat(pid)
    return int(fields[3]) if fields else None


def _cpu_seconds(pid: int) -> float:
    """The CPU clock of another process: clock_getcpuclockid(3), whose id on Linux is (~pid << 3) | 2."""
    try:
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        return 0.0
