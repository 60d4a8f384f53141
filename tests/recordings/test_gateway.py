"""Every recorded exchange through a running service: same wire and crossed, however the provider's bytes are cut."""

import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from running import ADMIN_KEY, Service, free_port

RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"
EXCHANGES = RECORDINGS / "exchanges"

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(not EXCHANGES.is_dir(), reason="the recordings do not lie beside the project"),
]


@contextmanager
def replaying(*options):
    """The provider that answers with the recordings; its URL."""
    port = free_port()
    command = [sys.executable, RECORDINGS / "replay_upstream.py", "--port", str(port), "--dir", EXCHANGES, *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _until_it_answers(f"{url}/v1/models")
        yield url
    finally:
        process.kill()
        process.wait()


def _until_it_answers(url):
    for _ in range(500):
        try:
            httpx.get(url, trust_env=False)
        except httpx.HTTPError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("the replaying provider did not start")


@pytest.mark.parametrize("options", [(), ("--split", "1"), ("--split", "2")], ids=["events", "split-1", "split-2"])
def test_means_the_same_to_the_caller_and_to_the_provider(options, tmp_path):
    with replaying(*options) as provider:
        environ = {
            "OPENAI_API_KEY": "sk-recorded",
            "OPENAI_BASE_URL": f"{provider}/v1",
            "ANTHROPIC_API_KEY": "sk-ant-recorded",
            "ANTHROPIC_BASE_URL": provider,
        }
        with Service(tmp_path / "home", environ=environ) as service:
            checked = subprocess.run(
                [
                    *(sys.executable, RECORDINGS / "check.py", service.url, "--upstream", provider, "--dir", EXCHANGES),
                    *("--model-chat", "openai", "--model-messages", "anthropic", "--model-responses", "openai"),
                    *("--api-key", ADMIN_KEY, "--responses", "--map-status", "401:502", "--jobs", "8"),
                ],
                capture_output=True,
                text=True,
                check=False,
                timeout=120,
            )
    assert checked.returncode == 0, checked.stdout[-8000:] + checked.stderr[-2000:]
