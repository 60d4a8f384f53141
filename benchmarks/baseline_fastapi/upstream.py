"""The three providers over one shared httpx client."""

import asyncio
import os
import time

import httpx

from benchmarks.baseline_fastapi.catalog import MODELS
from benchmarks.baseline_fastapi.schemas import Metadata

LOCAL_HOST = f"http://{os.environ.get('LMSTUDIO_HOST', 'localhost')}:{os.environ.get('LMSTUDIO_PORT', '1234')}/v1"
BASE_URLS = {
    "local": os.environ.get("LMSTUDIO_BASE_URL", LOCAL_HOST),
    "openai": os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1"),
    "anthropic": os.environ.get("ANTHROPIC_BASE_URL", "https://api.anthropic.com") + "/v1",
}
HEADERS = {
    "local": {},
    "openai": {"Authorization": f"Bearer {os.environ.get('OPENAI_API_KEY', '')}"},
    "anthropic": {"x-api-key": os.environ.get("ANTHROPIC_API_KEY", ""), "anthropic-version": "2023-06-01"},
}
OPENAI_MODEL = os.environ.get("OPENAI_MODEL", "gpt-4o")
ANTHROPIC_MODEL = os.environ.get("ANTHROPIC_MODEL", "claude-3-sonnet-20240229")
DEFAULT_TIMEOUT = float(os.environ.get("API__DEFAULT_REQUEST_TIMEOUT", "60"))


class UpstreamError(Exception):
    """A provider gave no usable answer."""

    def __init__(self, reason: str, *, timed_out: bool = False) -> None:
        super().__init__(reason)
        self.timed_out = timed_out


def available_models() -> list[str]:
    keys = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}
    return [model for model in MODELS if model not in keys or os.environ.get(keys[model])]


def create_client() -> httpx.AsyncClient:
    return httpx.AsyncClient(limits=httpx.Limits(max_connections=200, max_keepalive_connections=100))


async def is_healthy(client: httpx.AsyncClient, model: str) -> bool:
    """Asks for the list of models: it costs no tokens."""
    try:
        response = await client.get(f"{BASE_URLS[model]}/models", headers=HEADERS[model], timeout=5)
    except httpx.HTTPError:
        return False
    return response.is_success


async def ask(client: httpx.AsyncClient, model: str, prompt: str, metadata: Metadata) -> dict:
    """One completion.

    Raises:
        UpstreamError: no answer in time, an error status, or an answer that cannot be read.
    """
    started = time.perf_counter()
    body = {
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": metadata.max_tokens or 4096,
        "temperature": 0.7 if metadata.temperature is None else metadata.temperature,
    }
    if model == "openai":
        body["model"] = OPENAI_MODEL
    elif model == "anthropic":
        body |= {"model": ANTHROPIC_MODEL, "system": "You are a helpful AI assistant."}
    else:
        body["messages"].insert(0, {"role": "system", "content": "You are a helpful assistant."})
        body["stream"] = False
    path = "messages" if model == "anthropic" else "chat/completions"
    try:
        async with asyncio.timeout(metadata.timeout or DEFAULT_TIMEOUT):
            response = await client.post(
                f"{BASE_URLS[model]}/{path}",
                json=body,
                headers=HEADERS[model],
                timeout=metadata.timeout or DEFAULT_TIMEOUT,
            )
        response.raise_for_status()
        answer = (
            read_anthropic(response.json()) if model == "anthropic" else read_openai(model, prompt, response.json())
        )
    except (TimeoutError, httpx.TimeoutException) as error:
        raise UpstreamError("the request timed out", timed_out=True) from error
    except httpx.HTTPStatusError as error:
        raise UpstreamError(f"status {error.response.status_code}") from error
    except httpx.HTTPError as error:
        raise UpstreamError(type(error).__name__) from error
    except (ValueError, LookupError, TypeError) as error:
        raise UpstreamError("unreadable answer") from error
    answer["latency_ms"] = int((time.perf_counter() - started) * 1000)
    return answer


def read_openai(model: str, prompt: str, body: dict) -> dict:
    choice = body["choices"][0]
    text = choice["message"]["content"] or ""
    answer = {"finish_reason": choice["finish_reason"]}
    if usage := body.get("usage"):
        answer["token_usage"] = {key: usage[key] for key in ("prompt_tokens", "completion_tokens", "total_tokens")}
    elif model == "local":
        asked, told = len(prompt) // 4, len(text) // 4
        answer["token_usage"] = {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told}
    if model == "local":
        answer |= {"model_name": body.get("model", "local-lmstudio"), "cost_estimate_usd": 0.0}
        text = text.strip()
    else:
        answer["model"] = OPENAI_MODEL
    return answer | {"response": text}


def read_anthropic(body: dict) -> dict:
    answer = {
        "response": "".join(block["text"] for block in body["content"] if block["type"] == "text"),
        "model": ANTHROPIC_MODEL,
        "stop_reason": body["stop_reason"],
        "finish_reason": body["stop_reason"],
    }
    if usage := body.get("usage"):
        asked, told = usage["input_tokens"], usage["output_tokens"]
        answer["token_usage"] = {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told}
    return answer
