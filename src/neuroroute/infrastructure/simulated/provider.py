"""One simulated provider: a request in, the right answer or the wanted fault out."""

import asyncio
import hashlib
from typing import Final, final

from msgspec import structs

from neuroroute.infrastructure.simulated import damage
from neuroroute.infrastructure.simulated.anthropic_wire import AnthropicWire
from neuroroute.infrastructure.simulated.control import Control
from neuroroute.infrastructure.simulated.faults import HEADER, NONE, BadFault, Faults, in_header, in_text
from neuroroute.infrastructure.simulated.openai_wire import OpenAIWire
from neuroroute.infrastructure.simulated.replies import PADDING, Pace, compose, prompt_tokens
from neuroroute.infrastructure.simulated.sending import Sender
from neuroroute.infrastructure.simulated.wire import (
    Asked,
    Endpoint,
    Persona,
    Piece,
    Request,
    Response,
    Stage,
    Unanswerable,
    Wire,
)

REFUSED_KEY: Final = "invalid"
"""The one key that is refused."""
_INVALID_KEY: Final = {Persona.OPENAI: "Incorrect API key provided.", Persona.ANTHROPIC: "invalid x-api-key"}


@final
class SimulatedProvider:
    """Plays one persona. Apart from `control`, it knows of no other request."""

    def __init__(self, persona: Persona, *, seed: int, pace: Pace, control: Control) -> None:
        self._persona: Final = persona
        self._seed: Final = seed
        self._pace: Final = pace
        self._control: Final = control
        self._wire: Final[Wire] = AnthropicWire() if persona is Persona.ANTHROPIC else OpenAIWire(persona)

    async def answer(self, request: Request, sender: Sender) -> None:
        """Serve one request, and count it.

        Raises:
            TimeoutError: the caller does not read.
        """
        if request.path.startswith("/_"):
            await sender.send(self._control.answer(request))
            return
        endpoint = self._wire.endpoint(request)
        self._control.count(self._persona, endpoint)
        try:
            await self._answer(request, endpoint, sender)
        except asyncio.CancelledError:
            self._control.count(self._persona, "abandoned")
            raise

    async def _answer(self, request: Request, endpoint: Endpoint, sender: Sender) -> None:
        faults, spoken = NONE, 0
        asked: Asked | None = None
        try:
            asked = self._asked(request, endpoint)
            faults = self._faults(request, endpoint, asked)
            response, spoken = self._response(request, endpoint, asked, faults)
        except (Unanswerable, BadFault) as exc:
            status, code = (exc.status, exc.code) if isinstance(exc, Unanswerable) else (400, None)
            response = _document(self._wire.error(status, str(exc), code), status)
            self._control.count(self._persona, "refused")
        named = self._wire.request_id(hashlib.sha256(request.body).hexdigest()[:24])
        response = _with_header(response, named)
        self._control.remember(self._persona, request, faults, 0 if faults.close is not None else response.status)
        self._control.count(self._persona, "faulty" if faults != NONE else "healthy")
        if faults.delay:
            await asyncio.sleep(faults.delay)
        if faults.close is not None:
            sender.drop(faults.close)
            return
        whole = await sender.send(response, faults)
        if whole and spoken and asked is not None:
            self._control.count(self._persona, "prompt_tokens", prompt_tokens(asked))
            self._control.count(self._persona, "completion_tokens", spoken)

    def _asked(self, request: Request, endpoint: Endpoint) -> Asked | None:
        """What is asked of a model, for the endpoints that ask it.

        Raises:
            Unanswerable: the key is refused, or the request malformed.
        """
        if self._wire.key(request) == REFUSED_KEY:
            raise Unanswerable(_INVALID_KEY[self._persona], status=401)
        return self._wire.asked(request) if endpoint in {Endpoint.COMPLETIONS, Endpoint.COUNT_TOKENS} else None

    def _faults(self, request: Request, endpoint: Endpoint, asked: Asked | None) -> Faults:
        marked = NONE if asked is None else in_text(asked.prompt, self._persona)
        return self._control.befalling(self._persona, endpoint, (in_header(request.header(HEADER)), marked))

    def _response(
        self, request: Request, endpoint: Endpoint, asked: Asked | None, faults: Faults
    ) -> tuple[Response, int]:
        """The response, and how many tokens of completion its usage tells.

        Raises:
            Unanswerable: there is no such model.
        """
        failure = damage.failure(self._wire, self._persona, faults)
        if failure is not None:
            return failure, 0
        if endpoint is Endpoint.COMPLETIONS and asked is not None:
            reply = compose(
                asked, persona=self._persona, seed=self._seed, pace=self._pace, words=faults.words, huge=faults.huge
            )
            if faults.empty == "text":
                reply = structs.replace(reply, tokens=(), completion_tokens=0, tool_call=None)
            told = not faults.no_usage and faults.error_after is None and faults.garbage is None
            return damage.completion(self._wire, asked, reply, faults), reply.completion_tokens if told else 0
        if endpoint is Endpoint.COUNT_TOKENS and asked is not None:
            return damage.document(self._wire.counted(prompt_tokens(asked)), faults), 0
        if endpoint is Endpoint.MODELS:
            return damage.document(self._wire.models(request.path, PADDING if faults.huge else ""), faults), 0
        status, body = self._wire.unknown(request)
        return _document(body, status), 0


def _document(body: bytes, status: int) -> Response:
    return Response(status=status, pieces=[Piece(body, Stage.CONTENT)])


def _with_header(response: Response, header: tuple[str, str]) -> Response:
    return structs.replace(response, headers=(*response.headers, header))
