"""What operators are told of a model that cannot be asked for want of a key."""

from typing import Final

from neuroroute.domain.model import ModelCard
from neuroroute.infrastructure.effective_catalog import NO_KEY

_DEFAULTS: Final = ("openai", "anthropic")
"""Providers whose variable is known by their name."""


def no_key(card: ModelCard, error: str) -> str:
    """What is wrong with its key, or which one to set; `error` is what clients are told, in earlier words."""
    if reason := error.removeprefix(NO_KEY).removeprefix(": "):
        return f"no key: {reason}"
    step = f"set {card.provider.upper()}_API_KEY" if card.provider in _DEFAULTS else "set its key"
    return f"no key; next: {step}"
