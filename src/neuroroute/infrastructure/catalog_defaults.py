"""The three models that NeuroRoute routes to out of the box.

Everything but prices, windows and abilities is the earlier service's registry (CONTRACT.md 3); these are the makers'
own of the named models, and their completion price is that registry's cost per 1,000 tokens. What `local` has loaded
is not known, so it is said to be able to do nothing.
"""

from collections.abc import Mapping
from typing import Final

from neuroroute.domain.catalog import Catalog, KnownModel, KnownProvider
from neuroroute.domain.model import Ability, Dialect, ModelId, Price, ProviderName, Ranks

_DOLLAR: Final = 10**9


def _provider(name: str, dialect: Dialect, base_url: str, *, api_key_env: str | None, local: bool) -> KnownProvider:
    return KnownProvider(
        name=ProviderName(name),
        dialect=dialect,
        base_url=base_url,
        api_key_env=api_key_env,
        local=local,
        max_connections=100,
        trusted=True,
    )


DEFAULTS: Final = Catalog(
    providers=(
        _provider("lmstudio", Dialect.OPENAI, "http://localhost:1234/v1", api_key_env=None, local=True),
        _provider("openai", Dialect.OPENAI, "https://api.openai.com/v1", api_key_env="OPENAI_API_KEY", local=False),
        _provider(
            "anthropic", Dialect.ANTHROPIC, "https://api.anthropic.com", api_key_env="ANTHROPIC_API_KEY", local=False
        ),
    ),
    models=(
        KnownModel(
            id=ModelId("local"),
            name="local-lmstudio",
            provider=ProviderName("lmstudio"),
            upstream=None,
            capabilities=("basic_chat", "math", "fast_response", "file_creation"),
            max_tokens=4096,
            context_window=None,
            avg_latency_ms=500,
            price=Price(prompt=0, completion=0),
            ranks=Ranks(speed=1, cost=1, quality=3),
            abilities=frozenset(),
            embedding_space=None,
            enabled=True,
        ),
        KnownModel(
            id=ModelId("openai"),
            name="gpt-4o",
            provider=ProviderName("openai"),
            upstream="gpt-4o",
            capabilities=(
                "basic_chat", "code_generation", "reasoning", "summarization", "data_analysis", "function_calling",
                "json_mode", "structured_output", "tool_use", "multilingual", "step_by_step_reasoning",
            ),
            max_tokens=128_000,
            context_window=128_000,
            avg_latency_ms=2000,
            price=Price(prompt=5 * _DOLLAR // 2, completion=10 * _DOLLAR, cached=5 * _DOLLAR // 4),
            ranks=Ranks(speed=2, cost=2, quality=1),
            abilities=frozenset({Ability.TOOLS, Ability.IMAGES, Ability.FILES, Ability.JSON_SCHEMA}),
            embedding_space=None,
            enabled=True,
        ),
        KnownModel(
            id=ModelId("anthropic"),
            name="claude-3-sonnet",
            provider=ProviderName("anthropic"),
            upstream="claude-3-sonnet-20240229",
            capabilities=(
                "basic_chat", "long_context", "legal_analysis", "reasoning", "creative_writing", "scientific_knowledge",
                "multilingual", "image_understanding", "structured_output", "step_by_step_reasoning",
            ),
            max_tokens=200_000,
            context_window=200_000,
            avg_latency_ms=3000,
            price=Price(prompt=3 * _DOLLAR, completion=15 * _DOLLAR),
            ranks=Ranks(speed=3, cost=3, quality=1),
            abilities=frozenset({Ability.TOOLS, Ability.IMAGES}),
            embedding_space=None,
            enabled=True,
        ),
    ),
)  # fmt: skip
DEFAULT_URLS: Final[Mapping[str, str]] = {provider.name: provider.base_url for provider in DEFAULTS.providers}
DEFAULT_MODELS: Final[Mapping[str, str | None]] = {model.id: model.upstream for model in DEFAULTS.models}
OWN_VARIABLES: Final[Mapping[str, str]] = {
    provider.name: provider.api_key_env for provider in DEFAULTS.providers if provider.api_key_env
}
"""By default provider, the variable that its key is in."""
