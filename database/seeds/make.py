"""Writes catalog.json from genai-prices, the open catalogue of models and prices (README.md says how to run it)."""

import json
import re
import sys
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from importlib.metadata import distribution, version
from pathlib import Path

from genai_prices.data import providers as catalogued
from genai_prices.types import ModelInfo, ModelPrice, TieredPrices

HERE = Path(__file__).parent
PROVIDERS = {
    "openai": ("https://api.openai.com/v1", "OPENAI_API_KEY"),
    "anthropic": ("https://api.anthropic.com", "ANTHROPIC_API_KEY"),
    "google": ("https://generativelanguage.googleapis.com/v1beta/openai", "GEMINI_API_KEY"),
    "groq": ("https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    "mistral": ("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    "deepseek": ("https://api.deepseek.com/v1", "DEEPSEEK_API_KEY"),
    "x-ai": ("https://api.x.ai/v1", "XAI_API_KEY"),
    "moonshotai": ("https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"),
    "cerebras": ("https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
    "together": ("https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    "fireworks": ("https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    "openrouter": ("https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
}
"""Those whose address and wire are documented by themselves: OpenAI's chat completions, and Anthropic's messages."""
OURS = {"openai", "anthropic"}
"""Providers that are NeuroRoute's own defaults: only their models are seeds."""
ONLY = {
    "openai": r"gpt-(3\.5-turbo|4-turbo|4|4o|4o-mini|4\.1.*|5.*|6.*)|o1|o3|o3-mini|o4-mini",
    "anthropic": r"claude-(opus|sonnet|haiku|fable|mythos)-.*",
    "google": r"gemini-[2-9].*",
    "deepseek": r"deepseek-(chat|reasoner|v4.*)",
    "openrouter": r"(openai|anthropic|google|meta-llama|mistralai|deepseek|qwen|x-ai)/[^:]+",
}
NEVER = re.compile(
    r"audio|realtime|live|transcri|tts|speech|whisper|orpheus|image|ocr|embed|moderation|guard|rerank|voxtral|vision-"
    r"|search|research|codex|-pro$|computer-use|turbo-instruct|banana|omni|cyber|rosalind|multi-agent|decider|^ft:|-$|~"
)
"""Not chat, not by this wire, or no model but a family of them."""
PRO = {"google", "deepseek", "fireworks", "together", "openrouter", "moonshotai", "mistral"}
"""Where `-pro` is a model like others; OpenAI's are not spoken to by chat completions."""
ABLE = (
    (r"", ("basic_chat",)),
    (r"gpt|claude|gemini|mistral|grok|llama|qwen|deepseek|kimi|glm", ("summarization", "multilingual")),
    (r"gpt-[456]|gpt-oss|o[134]\b|claude|gemini|mistral-(large|medium|small)|grok|kimi|deepseek|qwen3|glm",
     ("code_generation", "function_calling", "tool_use", "json_mode", "structured_output", "reasoning")),
    (r"code|codestral|devstral", ("code_generation",)),
    (r"\bo[134]\b|gpt-[56]|reason|think|-r1|opus|sonnet|gemini-[3-9]|grok-4|kimi-k[23]|v4|qwq",
     ("step_by_step_reasoning", "math")),
    (r"gpt-4o|gpt-4\.1|gpt-[56]|claude|gemini|vision|-vl|pixtral|llama-?4", ("image_understanding",)),
    (r"\b(mini|nano|flash|haiku|lite|small|instant|fast)\b|-[1-9]b\b", ("fast_response",)),
)  # fmt: skip
"""What families of models are known to do; the open catalogue does not say."""
ABILITIES = (
    ("tools", {"function_calling", "tool_use"}),
    ("images", {"image_understanding"}),
    ("json_schema", {"structured_output"}),
)
"""What some of these words say of what requests may hold. Sound is none of it, as `NEVER` has the models for it."""
READS_FILES = {
    "openai": r"gpt-(4o|4\.1|5|6).*|o1|o3|o4-mini",  # platform.openai.com/docs/guides/pdf-files
    "anthropic": r"claude-.*",  # docs.anthropic.com/en/docs/build-with-claude/pdf-support
}
"""At whom models read PDF by the wire that is spoken there; of the other providers no document says so."""
NO_SCHEMA = re.compile(r"deepseek|gpt-4-turbo|gpt-4$|claude-(3|2|haiku-3|sonnet-3|opus-3|(sonnet|opus)-4(-0)?$)")
"""JSON, but by no schema: api-docs.deepseek.com/guides/json_mode, platform.openai.com/docs/guides/structured-outputs,
docs.anthropic.com/en/docs/build-with-claude/structured-outputs.
"""
EMBEDS = {
    "openai": r"text-embedding-.*",
    "google": r"gemini-embedding-.*",
    "mistral": r"(mistral|codestral)-embed.*",
}
"""Models that make embeddings, where that is by OpenAI's wire."""
UNKNOWN_WINDOW = {"gemini-embedding-001": 2048}
"""Of those, by their makers (ai.google.dev/gemini-api/docs/embeddings)."""


def main() -> None:
    """Writes the file and its licence."""
    at = datetime.fromisoformat(sys.argv[1]).replace(tzinfo=UTC)
    found = {provider.id: provider.models for provider in catalogued}
    models = [entry for name in PROVIDERS for model in found[name] if (entry := seed(name, model, at))]
    if len({model["id"] for model in models}) != len(models):
        raise SystemExit("two models have one id")
    lines = [
        '{"providers": [',
        ",\n".join(json.dumps(provider(name)) for name in PROVIDERS if name not in OURS),
        '], "models": [',
        ",\n".join(map(json.dumps, models)),
        "]}",
    ]
    (HERE / "catalog.json").write_text("\n".join(lines) + "\n")
    licence = next(file for file in distribution("genai-prices").files or () if file.name == "LICENSE")
    (HERE / "LICENSE-genai-prices").write_text(Path(str(licence.locate())).read_text())
    print(f"{len(models)} models of genai-prices {version('genai-prices')}, prices of {at:%Y-%m-%d}")  # noqa: T201


def provider(name: str) -> dict[str, object]:
    """As the catalogue file writes it."""
    base_url, variable = PROVIDERS[name]
    return {"name": name, "dialect": "openai", "base_url": base_url, "api_key_env": variable}


def seed(provider_name: str, model: ModelInfo, at: datetime) -> dict[str, object] | None:
    """The model as the catalogue file writes it; `None` when it is none to route to, or has no price."""
    if re.fullmatch(EMBEDS.get(provider_name, "-"), model.id):
        return embedder(provider_name, model, at)
    told = NEVER.search(model.id.removesuffix("-pro") if provider_name in PRO else model.id)
    if (
        told
        or model.deprecated
        or not model.context_window
        or not re.fullmatch(ONLY.get(provider_name, ".*"), model.id)
    ):
        return None
    price = dearest(model, at)
    if price is None:
        return None
    name = model.id.lower()
    entry = {
        "id": f"{provider_name}:{model.id.replace('/', ':')}",
        "name": model.name or model.id,
        "provider": provider_name,
        "upstream": f"accounts/fireworks/models/{model.id}" if provider_name == "fireworks" else model.id,
        "capabilities": (words := capabilities(name, model.context_window)),
        "max_tokens": model.context_window,
        "context_window": model.context_window,
        "price": price,
        "ranks": {"cost": 1 if Decimal(price["completion"]) <= 1 else 2 if Decimal(price["completion"]) <= 10 else 3},
        "enabled": False,
    }
    if able := abilities(provider_name, name, words):
        entry["abilities"] = able
    return entry if len(entry["id"]) <= 64 else None


def embedder(provider_name: str, model: ModelInfo, at: datetime) -> dict[str, object] | None:
    """One that makes embeddings; it writes nothing, so that this costs nothing. Its space is its own."""
    window = model.context_window or UNKNOWN_WINDOW.get(model.id)
    price = dearest(model, at, writes=False)
    if price is None or window is None:
        return None
    return {
        "id": f"{provider_name}:{model.id}",
        "name": model.name or model.id,
        "provider": provider_name,
        "upstream": model.id,
        "capabilities": ["embeddings"],
        "max_tokens": window,
        "context_window": window,
        "price": price,
        "ranks": {"cost": 1},
        "embedding_space": model.id,
        "enabled": False,
    }


def capabilities(name: str, window: int) -> list[str]:
    """In words that the default models use, each once."""
    words = [word for pattern, able in ABLE if re.search(pattern, name) for word in able]
    return list(dict.fromkeys([*words, *(["long_context"] if window >= 128_000 else [])]))


def abilities(provider_name: str, name: str, words: list[str]) -> list[str]:
    """As the catalogue file writes them."""
    able = [ability for ability, said in ABILITIES if said & {*words}]
    if re.fullmatch(READS_FILES.get(provider_name, "-"), name):
        able.append("files")
    return [ability for ability in able if ability != "json_schema" or not NO_SCHEMA.search(name)]


def dearest(model: ModelInfo, at: datetime, *, writes: bool = True) -> dict[str, str] | None:
    """The price at the dearest hour of the day, of prompts of ordinary length; `None` when requests cost too."""
    prices = [model.get_prices(at + timedelta(hours=hour)) for hour in range(24)]
    price: ModelPrice = max(prices, key=lambda one: plain(getattr(one, "output_mtok", None)) or Decimal(0))
    told = {
        "prompt": plain(getattr(price, "input_mtok", None)),
        "completion": plain(getattr(price, "output_mtok", None)) if writes else Decimal(0),
        "cached": plain(getattr(price, "cache_read_mtok", None)),
        "cache_write": plain(getattr(price, "cache_write_mtok", None)),
    }
    if told["prompt"] is None or told["completion"] is None or getattr(price, "requests_kcount", None):
        return None
    return {name: written(amount) for name, amount in told.items() if amount is not None}


def written(amount: Decimal) -> str:
    """To the nano-dollar, rounded up."""
    text = f"{amount.quantize(Decimal('1e-9'), ROUND_CEILING):f}"
    return text.rstrip("0").rstrip(".")


def plain(price: Decimal | TieredPrices | None) -> Decimal | None:
    """Of a price that rises with the length of the prompt the first step."""
    return price.base if isinstance(price, TieredPrices) else price


if __name__ == "__main__":
    main()
