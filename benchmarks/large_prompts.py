"""What a large prompt costs over HTTP, and how long it keeps others waiting: `python -m benchmarks.large_prompts`.

Serves on simulated providers, with keys on. CPU is that of the service's whole process tree, simulated providers not
included. The wait of others is what a second connection sees that asks for /health/live all the time, at worst.
"""

import base64
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

import httpx
import psutil

from benchmarks.harness.load import free_port
from benchmarks.harness.machine import calibration_ms, this_commit, this_machine

REQUESTS = 300
LARGE_REQUESTS = 10
COMMAND = str(pathlib.Path(sys.executable).with_name("neuroroute"))
KEY = "an-admin-key-of-this-benchmark"


def chat(text: str, *pictures: str) -> dict[str, object]:
    parts: list[object] = [{"type": "text", "text": text}]
    parts += [{"type": "image_url", "image_url": {"url": picture}} for picture in pictures]
    return {"model": "openai", "max_tokens": 1, "messages": [{"role": "user", "content": parts}]}


def message(text: str, *pictures: str) -> dict[str, object]:
    """The same in Anthropic's language: crossed to the same model."""
    parts: list[object] = [{"type": "text", "text": text}]
    for picture in pictures:
        source = {"type": "base64", "media_type": "image/png", "data": picture.partition(",")[2]}
        parts.append({"type": "image", "source": source})
    return {"model": "openai", "max_tokens": 1, "messages": [{"role": "user", "content": parts}]}


def cpu_seconds(service: psutil.Process) -> float:
    """Of the service and its workers; the simulated providers are known by their name."""
    family = [service, *service.children(recursive=True)]
    times = [process.cpu_times() for process in family if "simulated" not in " ".join(process.cmdline())]
    return sum(time.user + time.system for time in times)


class Pinger(threading.Thread):
    """Asks for /health/live until it is stopped, and keeps the longest wait."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._url = f"{url}/health/live"
        self.stopped = threading.Event()
        self.longest = 0.0

    def run(self) -> None:
        with httpx.Client(trust_env=False) as client:
            client.get(self._url)
            while not self.stopped.is_set():
                began = time.perf_counter()
                client.get(self._url)
                self.longest = max(self.longest, time.perf_counter() - began)


def longest_wait_ms(client: httpx.Client, url: str, path: str, body: bytes | None) -> float:
    pinger = Pinger(url)
    pinger.start()
    for _ in range(LARGE_REQUESTS):
        if body is None:
            time.sleep(0.1)
        else:
            client.post(path, content=body).raise_for_status()
    pinger.stopped.set()
    pinger.join()
    return 1000 * pinger.longest


def measure(url: str, service: psutil.Process) -> None:
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    kilobytes = "The router picks the cheapest healthy model. " * (100_000 // 45)
    picture = "data:image/png;base64," + base64.b64encode(os.urandom(1_250_000)).decode()
    with httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False) as client:
        encoded = client.build_request("POST", "/", json=chat("hello", picture, picture, picture)).content
        crossed = client.build_request("POST", "/", json=message("hello", picture, picture, picture)).content
        for name, body in (("small", chat("hello")), ("100 KB", chat(kilobytes))):
            content = client.build_request("POST", "/", json=body).content
            for _ in range(50):
                client.post("/v1/chat/completions", content=content).raise_for_status()
            began = cpu_seconds(service)
            for _ in range(REQUESTS):
                client.post("/v1/chat/completions", content=content).raise_for_status()
            used = 1e6 * (cpu_seconds(service) - began) / REQUESTS
            print(f"{name:>8}: {used:7.0f} us CPU a request, one connection, {len(content)} bytes")
        print(f"  nobody: {longest_wait_ms(client, url, '', None):7.1f} ms longest wait of another caller")
        for name, path, content in (
            ("same wire", "/v1/chat/completions", encoded),
            ("crossed", "/v1/messages", crossed),
        ):
            longest = longest_wait_ms(client, url, path, content)
            print(f"{name:>8}: {longest:7.1f} ms longest wait of another caller, {len(content)} bytes with pictures")


def main() -> None:
    print(f"commit {this_commit()}; {this_machine()}; calibration {calibration_ms()} ms")
    with tempfile.TemporaryDirectory(prefix="neuroroute-bench-") as folder:
        port = free_port()
        environ = {
            "PATH": os.defpath,
            "NEUROROUTE_HOME": folder,
            "NEUROROUTE_ADMIN_KEY": KEY,
            "NEUROROUTE_AUTH": "keys",
        }
        command = [COMMAND, "serve", "--simulate", "--port", str(port)]
        with subprocess.Popen(command, env=environ, cwd=folder, stdout=subprocess.DEVNULL) as process:
            try:
                url = f"http://127.0.0.1:{port}"
                for _ in range(300):
                    try:
                        if httpx.get(f"{url}/health/ready", trust_env=False).is_success:
                            break
                    except httpx.HTTPError:
                        pass
                    time.sleep(0.1)
                measure(url, psutil.Process(process.pid))
            finally:
                process.terminate()


main()
