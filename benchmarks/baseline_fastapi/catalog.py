"""The three models of the earlier service, in registry order."""

from dataclasses import asdict, dataclass
from typing import Literal

Priority = Literal["speed", "quality", "cost"]


@dataclass(frozen=True)
class Model:
    """`priority`: 1 is the best choice for that wish, 3 the worst."""

    id: str
    name: str
    provider: str
    capabilities: tuple[str, ...]
    avg_latency_ms: int
    cost_per_1k_tokens: float
    max_tokens: int
    priority: dict[Priority, int]

    def listed(self) -> dict:
        shown = asdict(self)
        del shown["priority"]
        return shown


MODELS = {
    model.id: model
    for model in (
        Model(
            id="local",
            name="local-lmstudio",
            provider="lmstudio",
            capabilities=("basic_chat", "math", "fast_response", "file_creation"),
            avg_latency_ms=500,
            cost_per_1k_tokens=0.0,
            max_tokens=4096,
            priority={"speed": 1, "cost": 1, "quality": 3},
        ),
        Model(
            id="openai",
            name="gpt-4o",
            provider="openai",
            capabilities=(
                "basic_chat",
                "code_generation",
                "reasoning",
                "summarization",
                "data_analysis",
                "function_calling",
                "json_mode",
                "structured_output",
                "tool_use",
                "multilingual",
                "step_by_step_reasoning",
            ),
            avg_latency_ms=2000,
            cost_per_1k_tokens=0.01,
            max_tokens=128_000,
            priority={"speed": 2, "cost": 2, "quality": 1},
        ),
        Model(
            id="anthropic",
            name="claude-3-sonnet",
            provider="anthropic",
            capabilities=(
                "basic_chat",
                "long_context",
                "legal_analysis",
                "reasoning",
                "creative_writing",
                "scientific_knowledge",
                "multilingual",
                "image_understanding",
                "structured_output",
                "step_by_step_reasoning",
            ),
            avg_latency_ms=3000,
            cost_per_1k_tokens=0.015,
            max_tokens=200_000,
            priority={"speed": 3, "cost": 3, "quality": 1},
        ),
    )
}

FALLBACKS = {
    "local": ("openai", "anthropic"),
    "openai": ("anthropic", "local"),
    "anthropic": ("openai", "local"),
}
