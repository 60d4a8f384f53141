"""Bodies of the requests and answers."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Metadata(BaseModel):
    """How a prompt is to be answered; unknown keys are allowed."""

    model_config = ConfigDict(extra="allow")

    user_id: str | None = None
    priority: Literal["speed", "quality", "cost"] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=1)] | None = None
    model: str | None = None
    timeout: Annotated[float, Field(ge=0.1, le=300)] | None = None
    use_cache: bool | None = True
    request_id: str | None = None
    required_capabilities: list[str] = []
    cache_ttl: Annotated[int, Field(ge=1)] | None = None
    language: str | None = None


class PromptRequest(BaseModel):
    """Body of POST /prompt."""

    prompt: Annotated[str, Field(min_length=1)]
    metadata: Metadata | None = None

    @field_validator("prompt")
    @classmethod
    def not_blank(cls, prompt: str) -> str:
        if not prompt.strip():
            raise ValueError("Prompt cannot be empty")
        return prompt


class TokenUsage(BaseModel):
    """Tokens as the provider counted them."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class PromptResponse(BaseModel):
    """Body of its answer; what was never set is left out."""

    model_config = ConfigDict(extra="allow", protected_namespaces=())

    model_used: str
    response: str
    latency_ms: int
    request_id: str
    token_usage: TokenUsage | None = None
    from_cache: bool
    classification: dict
    timestamp: float
    cache_latency_ms: int | None = None
    fallback: bool | None = None
    fallback_reason: str | None = None
    finish_reason: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    model_name: str | None = None
    cost_estimate_usd: float | None = None
