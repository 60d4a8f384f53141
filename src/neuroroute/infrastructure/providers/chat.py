"""A provider of chat answers over HTTP, in whichever wire language it speaks."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import final

from neuroroute.application.ports import Provider
from neuroroute.dialects.provider_side import ProviderDialect
from neuroroute.domain.access import Secret
from neuroroute.domain.completion import CompletionEvent, Finished
from neuroroute.domain.errors import ProviderFailed
from neuroroute.domain.model import ModelCard
from neuroroute.domain.prompt import Prompt
from neuroroute.infrastructure.providers.failures import failure_of, words_of
from neuroroute.infrastructure.providers.upstream import Reply, Timeouts, Upstream

CONNECT_TIMEOUT = 5.0
"""Seconds to reach a provider, waiting in line for a connection included."""
PROBE_TIMEOUT = 5.0
"""Seconds for a health probe (CONTRACT.md 3)."""
MAX_STREAM_SECONDS = 3600.0
"""No stream is read for longer, however steadily it comes."""
_LINGER = 0.25
"""Seconds that a provider may take to end its HTTP answer after it has ended its answer."""


@final
class ChatProvider(Provider):
    """One provider: a wire language, an address, a key, and the pool of connections to it."""

    def __init__(
        self, *, dialect: ProviderDialect, upstream: Upstream, key: Secret | None, organization: str | None = None
    ) -> None:
        self._dialect = dialect
        self._upstream = upstream
        self._key = key
        headers = dialect.headers(key.reveal() if key else None, organization=organization)
        self._headers: Sequence[tuple[str, str]] = headers
        self._headers_with_body = (*headers, ("content-type", "application/json"))

    async def answer(
        self, prompt: Prompt, card: ModelCard, *, timeout: float, stall: float | None = None
    ) -> AsyncGenerator[CompletionEvent, None]:
        call = self._dialect.call(prompt, card)
        asked = self._upstream.exchange(
            "POST",
            call.path,
            headers=_with(self._headers_with_body, call.headers) if call.headers else self._headers_with_body,
            body=call.body,
            timeouts=Timeouts(
                connect=min(CONNECT_TIMEOUT, timeout),
                first_byte=timeout,
                idle=timeout,
                total=timeout,
            ),
        )
        async with asked as reply:
            if reply.status != 200:
                raise failure_of(reply, await words_of(reply, self._dialect.words, key=self._key))
            streamed = _is_stream(reply)
            reading = call.reading if streamed == prompt.streamed else call.mismatched
            if not streamed:
                for event in reading.whole(await reply.read()):
                    yield event
                return
            reader = reading.stream()
            begun = not prompt.streamed
            async for chunk in reply.chunks():
                for event in reader.feed(chunk):
                    if not begun:  # until here the provider may have talked without saying anything
                        begun = True
                        reply.extend(idle=timeout if stall is None else stall, total=MAX_STREAM_SECONDS)
                    yield event
                    if isinstance(event, Finished):
                        await _read_out(reply)
                        return
            for event in reader.end(framed=reply.framed):
                yield event

    def drops(self, prompt: Prompt) -> Sequence[str]:
        return self._dialect.drops(prompt)

    async def probe(self) -> None:
        timeouts = Timeouts(connect=PROBE_TIMEOUT, first_byte=PROBE_TIMEOUT, idle=PROBE_TIMEOUT, total=PROBE_TIMEOUT)
        asked = self._upstream.exchange(
            "GET", self._dialect.models_path, headers=self._headers, body=b"", timeouts=timeouts
        )
        async with asked as reply:
            if not 200 <= reply.status < 300:
                raise failure_of(reply, None)
            await reply.read()


def _with(fixed: Sequence[tuple[str, str]], said: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """What the caller says in the provider's language stands in for what we would."""
    names = {name for name, _ in said}
    return (*(header for header in fixed if header[0] not in names), *said)


def _is_stream(reply: Reply) -> bool:
    """What the provider sent, whatever was asked for: some answer a streamed request in one body."""
    return (reply.header("content-type") or "").startswith("text/event-stream")


async def _read_out(reply: Reply) -> None:
    """Read the end of the HTTP answer, so that the connection can be kept."""
    with suppress(ProviderFailed, TimeoutError):
        async with asyncio.timeout(_LINGER):
            async for _ in reply.chunks():
                pass
