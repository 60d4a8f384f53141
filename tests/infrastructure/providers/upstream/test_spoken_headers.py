"""Headers that are part of a provider's language: the caller's own, each once."""

import pytest
from dialects.anthropic.speaking import CALLER, CARD, PROVIDER, asking

from neuroroute.domain.access import Secret
from neuroroute.infrastructure.providers.chat import ChatProvider

pytestmark = pytest.mark.anyio

BODY = b'{"content":[],"stop_reason":"end_turn"}'
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(BODY), BODY)


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ([], {"anthropic-version: 2023-06-01"}),
        ([("anthropic-version", "2030-01-01")], {"anthropic-version: 2030-01-01"}),
        (
            [("anthropic-beta", "a-2025, b-2025"), ("x-api-key", "the caller's"), ("anthropic-future", "x")],
            {"anthropic-beta: a-2025, b-2025", "anthropic-version: 2023-06-01"},
        ),
    ],
)
async def test_the_provider_is_sent_what_the_caller_says_in_its_language(lab, said, sent):
    heads = []

    async def handler(talk):
        heads.append((await talk.request()).partition(b"\r\n\r\n")[0].decode())
        await talk.send(ANSWER)

    upstream = lab.client(await lab.provider(handler))
    provider = ChatProvider(dialect=PROVIDER, upstream=upstream, key=Secret("sk-ant"))
    prompt = CALLER.read(asking(), said).prompt
    [_, _] = [event async for event in provider.answer(prompt, CARD, timeout=5)]
    lines = heads[0].lower().split("\r\n")
    assert sorted(line for line in lines if line.startswith("anthropic-")) == sorted(sent)
    assert [line for line in lines if line.startswith("x-api-key")] == ["x-api-key: sk-ant"]
