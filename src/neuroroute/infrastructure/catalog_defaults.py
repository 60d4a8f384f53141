"""The three models that NeuroRoute routes to out of the box, written as the catalogue file would write them.

Everything but the prices is the earlier service's registry (CONTRACT.md 3); the prices are the makers' own lists of the
named models, and their completion price is that registry's cost per 1,000 tokens.
"""

from typing import Final

from neuroroute.domain.model import Dialect
from neuroroute.infrastructure.catalog_file import (
    BaseUrl,
    CatalogFile,
    Dollars,
    ModelTable,
    PriceTable,
    ProviderTable,
    RanksTable,
)

_DOLLAR: Final = 10**9

DEFAULTS: Final = CatalogFile(
    providers=(
        ProviderTable(
            name="lmstudio", dialect=Dialect.OPENAI, base_url=BaseUrl("http://localhost:1234/v1"), local=True
        ),
        ProviderTable(
            name="openai",
            dialect=Dialect.OPENAI,
            base_url=BaseUrl("https://api.openai.com/v1"),
            api_key_env="OPENAI_API_KEY",
        ),
        ProviderTable(
            name="anthropic",
            dialect=Dialect.ANTHROPIC,
            base_url=BaseUrl("https://api.anthropic.com"),
            api_key_env="ANTHROPIC_API_KEY",
        ),
    ),
    models=(
        ModelTable(
            id="local",
            name="local-lmstudio",
            provider="lmstudio",
            capabilities=("basic_chat", "math", "fast_response", "file_creation"),
            max_tokens=4096,
            avg_latency_ms=500,
            price=PriceTable(prompt=Dollars(0), completion=Dollars(0)),
            ranks=RanksTable(speed=1, cost=1, quality=3),
        ),
        ModelTable(
            id="openai",
            name="gpt-4o",
            provider="openai",
            upstream="gpt-4o",
            capabilities=(
                "basic_chat", "code_generation", "reasoning", "summarization", "data_analysis", "function_calling",
                "json_mode", "structured_output", "tool_use", "multilingual", "step_by_step_reasoning",
            ),
            max_tokens=128_000,
            avg_latency_ms=2000,
            price=PriceTable(prompt=Dollars(5 * _DOLLAR // 2), completion=Dollars(10 * _DOLLAR)),
            ranks=RanksTable(speed=2, cost=2, quality=1),
        ),
        ModelTable(
            id="anthropic",
            name="claude-3-sonnet",
            provider="anthropic",
            upstream="claude-3-sonnet-20240229",
            capabilities=(
                "basic_chat", "long_context", "legal_analysis", "reasoning", "creative_writing", "scientific_knowledge",
                "multilingual", "image_understanding", "structured_output", "step_by_step_reasoning",
            ),
            max_tokens=200_000,
            avg_latency_ms=3000,
            price=PriceTable(prompt=Dollars(3 * _DOLLAR), completion=Dollars(15 * _DOLLAR)),
            ranks=RanksTable(speed=3, cost=3, quality=1),
        ),
    ),
)  # fmt: skip
