"""Anthropic's messages, as spoken to providers."""

from collections.abc import Sequence
from typing import Final, final

from neuroroute.dialects.anthropic.answers import Translated
from neuroroute.dialects.anthropic.asking import translated, unsaid
from neuroroute.dialects.anthropic.errors import words_of
from neuroroute.dialects.anthropic.relay import Relayed, RelayedCount
from neuroroute.dialects.provider_side import Call, ProviderDialect, relayed
from neuroroute.domain.errors import ProviderWords
from neuroroute.domain.model import ModelCard, Wire
from neuroroute.domain.prompt import Prompt

_VERSION: Final = "2023-06-01"
_MESSAGES: Final = "/v1/messages"
_TRANSLATED: Final = Translated()
_RELAYED: Final = {
    Wire.MESSAGES: (_MESSAGES, Relayed()),
    Wire.COUNT_TOKENS: (f"{_MESSAGES}/count_tokens", RelayedCount()),
}
"""What callers may ask word for word: where, and how it is answered."""


@final
class AnthropicDialect(ProviderDialect):
    """The language, spoken to a provider."""

    models_path = "/v1/models"

    def headers(self, key: str | None, *, organization: str | None = None) -> Sequence[tuple[str, str]]:
        del organization
        version = ("anthropic-version", _VERSION)
        return (version, ("x-api-key", key)) if key else (version,)

    def call(self, prompt: Prompt, card: ModelCard) -> Call:
        wording = prompt.wording
        if wording is None or wording.wire not in _RELAYED:
            return Call(path=_MESSAGES, body=translated(prompt, card), reading=_TRANSLATED, mismatched=_TRANSLATED)
        path, reading = _RELAYED[wording.wire]
        return Call(
            path=path, body=relayed(wording, card), headers=wording.headers, reading=reading, mismatched=_TRANSLATED
        )

    def words(self, body: bytes) -> ProviderWords:
        return words_of(body)

    def drops(self, prompt: Prompt) -> Sequence[str]:
        if prompt.wording is not None and prompt.wording.wire in _RELAYED:
            return ()
        return (*prompt.untranslated, *unsaid(prompt))
