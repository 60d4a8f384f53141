"""OpenAI's languages, as spoken to providers; also by LM Studio, Ollama, vLLM and most others."""

from collections.abc import Mapping, Sequence
from typing import Final, final

from neuroroute.dialects.embeddings import EmbeddingsRelay
from neuroroute.dialects.openai.answers import ChatAnswers
from neuroroute.dialects.openai.asking import relayed_chat, translated, unsaid
from neuroroute.dialects.openai.errors import words
from neuroroute.dialects.openai.relay import ChatRelay
from neuroroute.dialects.openai.requests import asks_usage
from neuroroute.dialects.provider_side import Call, ProviderDialect, Reading, relayed
from neuroroute.dialects.responses.mismatched import MismatchedResponses
from neuroroute.dialects.responses.relay import ResponsesRelay
from neuroroute.domain.errors import ProviderWords
from neuroroute.domain.model import ModelCard, Wire
from neuroroute.domain.prompt import Prompt

_CHAT: Final = "/chat/completions"
_ANSWERS: Final = ChatAnswers()
_ASKED_USAGE, _ADDED_USAGE = ChatRelay(tells_usage=True), ChatRelay(tells_usage=False)
_RELAYED: Final[Mapping[Wire, tuple[str, Reading, Reading]]] = {
    Wire.RESPONSES: ("/responses", ResponsesRelay(), MismatchedResponses()),
    Wire.EMBEDDINGS: ("/embeddings", EmbeddingsRelay(), EmbeddingsRelay()),
}
"""What callers may ask word for word besides chats: where, how it is answered, and how the other way about."""


@final
class OpenAIDialect(ProviderDialect):
    """The language, spoken to a provider."""

    models_path = "/models"

    def headers(self, key: str | None, *, organization: str | None = None) -> Sequence[tuple[str, str]]:
        said = (("authorization", f"Bearer {key}" if key else None), ("openai-organization", organization))
        return tuple((name, value) for name, value in said if value)

    def call(self, prompt: Prompt, card: ModelCard) -> Call:
        wording = prompt.wording
        if wording is not None and wording.wire is Wire.CHAT:
            relay = _ASKED_USAGE if asks_usage(wording.body) else _ADDED_USAGE
            return Call(path=_CHAT, body=relayed_chat(wording, card), reading=relay, mismatched=_ANSWERS)
        if wording is not None and wording.wire in _RELAYED:
            path, reading, mismatched = _RELAYED[wording.wire]
            return Call(path=path, body=relayed(wording, card), reading=reading, mismatched=mismatched)
        return Call(path=_CHAT, body=translated(prompt, card), reading=_ANSWERS, mismatched=_ANSWERS)

    def words(self, body: bytes) -> ProviderWords:
        return words(body)

    def drops(self, prompt: Prompt) -> Sequence[str]:
        if prompt.wording is not None and (prompt.wording.wire is Wire.CHAT or prompt.wording.wire in _RELAYED):
            return ()
        return (*prompt.untranslated, *unsaid(prompt))
