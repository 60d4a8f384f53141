"""What each upstream client costs inside the smallest gateway, in turns with a plain nginx proxy; see README.md."""

import argparse
import contextlib
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).resolve().parent
HARNESS = HERE.parent / "harness"
PAGE = os.sysconf("SC_PAGE_SIZE")
MOCK, NGINX, FIRST = 9710, 9711, 9712
PATH = "/v1/chat/completions"
PACKAGES = ("granian", "uvloop", "httptools", "msgspec", "aiohttp", "pyreqwest", "httpx")


def family(root: int) -> set[int]:
    """`root` and all its descendants."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(") ")[2].split()[1])
    members = {root}
    while True:
        children = {pid for pid, parent in parents.items() if parent in members} - members
        if not children:
            return members
        members |= children


def cpu_us(root: int) -> float:
    """User and system time of all threads, from the scheduler: to the nanosecond, not to the tick."""
    files = (thread for pid in family(root) for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"))
    return sum(int(file.read_text().split()[0]) for file in files) / 1000


def rss_mib(root: int) -> float:
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in family(root))
    return round(pages * PAGE / 2**20, 1)


def calibration() -> float:
    """CPU milliseconds of a fixed loop: compare runs only where these agree."""
    best = float("inf")
    for _ in range(5):
        before, x = time.process_time(), 0
        for i in range(400_000):
            x = (x * 31 + i) & 0xFFFFFFFF
        best = min(best, time.process_time() - before)
    return round(best * 1000, 2)


@contextlib.contextmanager
def running(command: list[str], env: dict[str, str] | None = None) -> Iterator[int]:
    process = subprocess.Popen(command, env={**os.environ, **(env or {})})
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def build(folder: Path, name: str) -> str:
    subprocess.run(["gcc", "-O2", "-w", "-o", str(folder / name), str(HARNESS / f"{name}.c"), "-lm"], check=True)
    return str(folder / name)


def nginx_command(folder: Path) -> list[str]:
    conf = (HARNESS / "nginx" / "proxy.conf").read_text()
    (folder / "proxy.conf").write_text(conf.replace("{mock_port}", str(MOCK)).replace("{port}", str(NGINX)))
    (folder / "tmp").mkdir()
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    return [nginx, "-p", f"{folder}/", "-c", str(folder / "proxy.conf"), "-e", str(folder / "nginx.err")]


def gateway_command(port: int) -> list[str]:
    options = ["--interface", "asgi", "--workers", "1", "--loop", "uvloop", "--no-ws", "--log-level", "warning"]
    return [sys.executable, "-m", "granian", *options, "--port", str(port), "--working-dir", str(HERE), "proxy:app"]


def load(binary: str, port: int, phase: dict[str, str], body: Path) -> dict[str, float]:
    flags = [part for flag in phase.items() for part in flag]
    command = [binary, "-p", str(port), "-u", PATH, "-b", str(body), *flags]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    report: dict[str, float] = json.loads(printed)
    if report["bad"] or report["errors"]:
        raise SystemExit(f"port {port}: wrong answers: {printed}")
    return report


def phases(seconds: float, streams: int) -> dict[str, tuple[dict[str, str], Path]]:
    whole, events = HARNESS / "bodies" / "openai.json", HARNESS / "bodies" / "openai-stream.json"
    good = {"-t": str(seconds), "-x": "The router picks"}
    return {
        "c64": ({"-c": "64", **good}, whole),
        "c1": ({"-c": "1", **good}, whole),
        "stream": ({"-c": "8", "-n": str(streams), "-t": "60", "-x": "[DONE]"}, events),
    }


def measure(args: argparse.Namespace, folder: Path) -> dict[str, object]:
    mock, generator = args.mock or build(folder, "mock"), args.load or build(folder, "load")
    pin = ["taskset", "-c"]
    clients: list[str] = args.clients.split(",")
    ports = {"nginx": NGINX} | {name: FIRST + i for i, name in enumerate(clients)}
    rows: dict[str, dict[str, list[float]]] = {name: {p: [] for p in ("c64", "c1", "stream")} for name in ports}
    result: dict[str, object] = {
        "when": time.strftime("%FT%TZ", time.gmtime()),
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
        "versions": {name: version(name) for name in PACKAGES},
        "calibration_ms": calibration(),
        "settings": {
            "rounds": args.rounds,
            "seconds": args.seconds,
            "streams": args.streams,
            "chunks": 200,
            "gap_ms": 5,
        },
    }
    source = {"PYTHONPATH": str(HERE.parent.parent / "src"), "UPSTREAM_PORT": str(MOCK)}
    with contextlib.ExitStack() as stack:
        stack.enter_context(running([*pin, "0", mock, "-p", str(MOCK), "-n", "200", "-g", "5000"]))
        pids = {"nginx": stack.enter_context(running([*pin, "1", *nginx_command(folder)]))}
        for name in clients:
            env = {**source, "UPSTREAM_CLIENT": name}
            pids[name] = stack.enter_context(running([*pin, "1", *gateway_command(ports[name])], env))
        time.sleep(3)
        for port in ports.values():
            load(generator, port, {"-c": "4", "-n": "500", "-t": "10"}, HARNESS / "bodies" / "openai.json")
        for _ in range(args.rounds):
            for phase, (flags, body) in phases(args.seconds, args.streams).items():
                for name, port in ports.items():
                    before = cpu_us(pids[name])
                    good = load(generator, port, flags, body)["ok"]
                    rows[name][phase].append(round((cpu_us(pids[name]) - before) / good, 1))
        result["rss_mib"] = {name: rss_mib(pid) for name, pid in pids.items()}
    result["cpu_us"] = rows
    result["median_cpu_us"] = {n: {p: statistics.median(v) for p, v in r.items()} for n, r in rows.items()}
    result["median_ratio_to_nginx"] = {
        n: {
            p: round(statistics.median(a / b for a, b in zip(v, rows["nginx"][p], strict=True)), 2)
            for p, v in r.items()
        }
        for n, r in rows.items()
    }
    with running([*pin, "0", mock, "-p", str(MOCK), "-d", "1000"]):
        time.sleep(0.3)
        storm = [sys.executable, str(HERE / "storm.py")]
        result["storm"] = {
            name: json.loads(
                subprocess.run(
                    [*storm, name, str(MOCK), str(args.storm)],
                    env={**os.environ, **source}, capture_output=True, text=True, check=True, timeout=args.storm + 60,
                ).stdout
            )
            for name in args.storm_clients.split(",")
        }  # fmt: skip
    result["calibration_ms"] = [result["calibration_ms"], calibration()]
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", default="aiohttp,pyreqwest,own")
    parser.add_argument("--storm-clients", default="httpx,aiohttp,pyreqwest,own")
    parser.add_argument("--mock", help="the mock upstream, built from harness/mock.c if left out")
    parser.add_argument("--load", help="the load generator, built from harness/load.c if left out")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each phase of whole answers")
    parser.add_argument("--streams", type=int, default=32, help="in each phase of streams, 8 at a time")
    parser.add_argument("--storm", type=float, default=5.0, help="seconds of cancellations")
    parser.add_argument("--out", type=Path, default=HERE / "results.json")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(args, Path(folder))
    args.out.write_text(json.dumps(result, indent=1) + "\n")
    print(
        json.dumps(
            {key: result[key] for key in ("median_cpu_us", "median_ratio_to_nginx", "rss_mib", "storm")}, indent=1
        )
    )


if __name__ == "__main__":
    main()
