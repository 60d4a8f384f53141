"""POST /prompt, GET /models and GET /health of the earlier service, as one plain FastAPI application."""

import asyncio
import json
import os
import secrets
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException as StarletteHTTPException

from benchmarks.baseline_fastapi.cache import ResponseCache
from benchmarks.baseline_fastapi.catalog import FALLBACKS, MODELS
from benchmarks.baseline_fastapi.rules import classify, with_capabilities
from benchmarks.baseline_fastapi.schemas import Metadata, PromptRequest, PromptResponse
from benchmarks.baseline_fastapi.upstream import UpstreamError, ask, available_models, create_client, is_healthy

VERSION = os.environ.get("APP_VERSION", "0.0.2")
PROBE_INTERVAL = 10
AVAILABLE = available_models()

started = time.time()
cache = ResponseCache()
health: dict[str, dict] = {
    model: {"status": "unknown", "last_checked": None, "error": None, "details": None} for model in AVAILABLE
}
requests, successes, latency_ms = Counter(), Counter(), Counter()


async def check_health() -> None:
    answers = await asyncio.gather(*(is_healthy(app.state.client, model) for model in AVAILABLE))
    for model, healthy in zip(AVAILABLE, answers, strict=True):
        health[model] = {
            "status": "healthy" if healthy else "unhealthy",
            "last_checked": datetime.now(UTC).isoformat(),
            "error": None if healthy else "the provider did not answer",
            "details": None,
        }


async def keep_checking_health() -> None:
    while True:
        await check_health()
        await asyncio.sleep(PROBE_INTERVAL)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    async with create_client() as client:
        app.state.client = client
        probe = asyncio.create_task(keep_checking_health())
        yield
        probe.cancel()


app = FastAPI(title="NeuroRoute", version=VERSION, lifespan=lifespan, strict_content_type=False)


@app.middleware("http")
async def request_id(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    request.state.request_id = request.headers.get("X-Request-ID") or new_request_id()
    response = await call_next(request)
    response.headers["X-Request-ID"] = request.state.request_id
    return response


app.add_middleware(GZipMiddleware, minimum_size=1000)
if os.environ.get("CORS_ORIGINS"):
    text = os.environ["CORS_ORIGINS"]
    origins = json.loads(text) if text.startswith("[") else text.split(",")
    app.add_middleware(CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"])


def new_request_id() -> str:
    return f"req_{secrets.token_hex(4)}_{int(time.time())}"


@app.exception_handler(StarletteHTTPException)
async def tell_error(request: Request, error: StarletteHTTPException) -> JSONResponse:
    body = {"detail": error.detail, "timestamp": time.time(), "request_id": request.state.request_id}
    return JSONResponse(body, error.status_code, error.headers)


@app.exception_handler(RequestValidationError)
async def tell_invalid(_: Request, error: RequestValidationError) -> JSONResponse:
    detail = [{key: problem[key] for key in ("type", "loc", "msg")} for problem in error.errors()]
    return JSONResponse({"detail": detail}, 422)


@app.post("/prompt", response_model_exclude_unset=True)
async def process_prompt(body: PromptRequest, request: Request) -> PromptResponse:
    arrived = time.perf_counter()
    metadata = body.metadata = body.metadata or Metadata()
    own_id = metadata.request_id or request.state.request_id
    use_cache = metadata.use_cache is not False
    key = cache.key(body) if use_cache else ""
    if use_cache and (kept := cache.get(key)):
        waited = int((time.perf_counter() - arrived) * 1000)
        hit = {"request_id": own_id, "from_cache": True, "timestamp": time.time(), "cache_latency_ms": waited}
        return PromptResponse(**kept | hit)
    classification = choose(body.prompt, metadata)
    answer = await ask_with_fallback(classification["selected_model"], body.prompt, metadata)
    answer |= {
        "request_id": own_id,
        "from_cache": False,
        "classification": classification,
        "timestamp": time.time(),
    }
    if use_cache and "fallback" not in answer:
        cache.put(key, answer, metadata.cache_ttl)
    return PromptResponse(**answer)


def choose(prompt: str, metadata: Metadata) -> dict:
    """Required capabilities first, then the model asked for, then the rules."""
    if metadata.required_capabilities and (
        model := with_capabilities(AVAILABLE, metadata.required_capabilities, metadata.priority or "quality")
    ):
        return {
            "selection_method": "capability_based",
            "required_capabilities": metadata.required_capabilities,
            "selected_model": model,
        }
    if metadata.model in AVAILABLE:
        return {"selection_method": "user_specified", "selected_model": metadata.model}
    decision = classify(prompt, AVAILABLE, metadata.priority, metadata.max_tokens, metadata.required_capabilities)
    return decision | {"selection_method": "fallback_classification" if metadata.model else "classifier"}


async def ask_with_fallback(chosen: str, prompt: str, metadata: Metadata) -> dict:
    """The chosen model, then at most two others; unhealthy ones only when nothing else is left."""
    order = [chosen, *(model for model in FALLBACKS[chosen] if model in AVAILABLE)]
    order = [model for model in order if health[model]["status"] != "unhealthy"] or [chosen]
    first_error = None
    if order[0] != chosen:
        first_error = UpstreamError("unhealthy")
    for model in order:
        requests[model] += 1
        try:
            answer = await ask(app.state.client, model, prompt, metadata)
        except UpstreamError as error:
            first_error = first_error or error
            continue
        successes[model] += 1
        latency_ms[model] += answer["latency_ms"]
        answer["model_used"] = model
        if model != chosen:
            answer |= {"fallback": True, "fallback_reason": f"Primary model ({chosen}) failed: {first_error}"}
        return answer
    timed_out = first_error.timed_out
    raise HTTPException(
        status_code=504 if timed_out else 500,
        detail=f"Error: All models failed. Original error: {first_error}",
        headers={"X-Error-Code": "request_timeout" if timed_out else "model_error"},
    )


def metrics(model: str) -> dict:
    asked, answered = requests[model], successes[model]
    return {
        "requests": asked,
        "success_rate": 100 * answered / asked if asked else 100.0,
        "avg_latency_ms": latency_ms[model] / answered if answered else 0.0,
    }


@app.get("/health")
async def get_health(*, detailed: bool = False) -> dict:
    await check_health()
    healthy = sum(model["status"] == "healthy" for model in health.values())
    if healthy == len(health):
        status, message = "healthy", "All systems operational"
    elif healthy:
        status, message = "degraded", "Some models are unavailable"
    else:
        status, message = "unhealthy", "All models are unavailable"
    return {
        "status": status,
        "message": message,
        "timestamp": datetime.now(UTC).isoformat(),
        "version": VERSION,
        "env": os.environ.get("ENVIRONMENT", "development"),
        "uptime_seconds": time.time() - started,
        "models": health,
        "metrics": {model: metrics(model) for model in AVAILABLE} if detailed else None,
    }


@app.get("/models/", include_in_schema=False)
@app.get("/models")
async def list_models(*, include_health: bool = False) -> dict:
    models = [
        MODELS[model].listed()
        | {
            "health": health[model] if include_health else None,
            "metrics": metrics(model) if include_health else None,
        }
        for model in AVAILABLE
    ]
    return {"models": models, "count": len(models), "timestamp": time.time()}


@app.get("/models/capabilities")
async def list_capabilities() -> dict:
    capabilities: dict[str, list[str]] = {}
    for model in AVAILABLE:
        for capability in MODELS[model].capabilities:
            capabilities.setdefault(capability, []).append(model)
    names = {model: MODELS[model].name for model in AVAILABLE}
    return {"capabilities": capabilities, "models": names, "timestamp": time.time()}


@app.get("/models/{model}/health")
async def model_health(model: str) -> dict:
    if model not in health:
        raise HTTPException(404, f"Model '{model}' not found")
    await check_health()
    now = datetime.now(UTC).isoformat()
    return {"model": model, "health": health[model], "metrics": metrics(model), "timestamp": now}


@app.post("/admin/cache/clear")
async def clear_cache(model: str | None = None) -> dict:
    cleared = cache.clear(model)
    return {"success": True, "cleared_entries": cleared, "model": model, "timestamp": time.time()}
