"""One simulated provider: a request in, the right answer or the wanted fault out."""

import asyncio
from typing import Final, final

import msgspec
from msgspec import structs

from neuroroute.infrastructure.simulated import damage
from neuroroute.infrastructure.simulated.anthropic_wire import AnthropicWire
from neuroroute.infrastructure.simulated.control import Control
from neuroroute.infrastructure.simulated.conversation import Asked
from neuroroute.infrastructure.simulated.faults import HEADER, NONE, BadFault, Faults, in_header, in_text
from neuroroute.infrastructure.simulated.language import Language
from neuroroute.infrastructure.simulated.openai_embeddings import Embeddings, read_embeddings, write_embeddings
from neuroroute.infrastructure.simulated.openai_wire import OpenAIWire
from neuroroute.infrastructure.simulated.replies import PADDING, Choice, Pace, compose
from neuroroute.infrastructure.simulated.sending import Sender
from neuroroute.infrastructure.simulated.wire import (
    Endpoint,
    Persona,
    Piece,
    Request,
    Response,
    Stage,
    Unanswerable,
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
        self._wire: Final[Language] = AnthropicWire() if persona is Persona.ANTHROPIC else OpenAIWire(persona)

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
        faults = NONE
        spoken: int | None = None
        asked: Asked | Embeddings | None = None
        try:
            asked = self._asked(request, endpoint)
            faults = self._faults(request, endpoint, asked)
            response, spoken = self._response(request, endpoint, asked, faults)
        except (Unanswerable, BadFault) as exc:
            status, code = (exc.status, exc.code) if isinstance(exc, Unanswerable) else (400, None)
            response = _document(self._wire.error(request, status, str(exc), code), status)
            self._control.count(self._persona, "refused")
        response = _with_header(response, self._wire.request_id(request))
        self._control.remember(self._persona, request, faults, 0 if faults.close is not None else response.status)
        self._control.count(self._persona, "faulty" if faults != NONE else "healthy")
        if faults.delay:
            await asyncio.sleep(faults.delay)
        if faults.close is not None:
            sender.drop(faults.close)
            return
        whole = await sender.send(response, faults)
        if whole and spoken is not None and asked is not None:
            self._control.count(self._persona, "prompt_tokens", asked.prompt_tokens)
            self._control.count(self._persona, "completion_tokens", spoken)

    def _asked(self, request: Request, endpoint: Endpoint) -> Asked | Embeddings | None:
        """What is asked of a model, at the endpoints that ask one.

        Raises:
            Unanswerable: the key is refused, or the request malformed.
        """
        if self._wire.key(request) == REFUSED_KEY:
            raise Unanswerable(_INVALID_KEY[self._persona], status=401)
        if endpoint is Endpoint.EMBEDDINGS:
            return read_embeddings(request.body)
        surface = self._wire.surface(endpoint)
        return None if surface is None else surface.asked(request)

    def _faults(self, request: Request, endpoint: Endpoint, asked: Asked | Embeddings | None) -> Faults:
        marked = NONE if asked is None else in_text(asked.prompt, self._persona)
        return self._control.befalling(self._persona, endpoint, (in_header(request.header(HEADER)), marked))

    def _response(
        self, request: Request, endpoint: Endpoint, asked: Asked | Embeddings | None, faults: Faults
    ) -> tuple[Response, int | None]:
        """The response, and how many tokens of completion its usage tells; none when it tells of no usage.

        Raises:
            Unanswerable: there is no such model.
        """
        failure = damage.failure(self._wire, request, self._persona, faults)
        if failure is not None:
            return failure, None
        told = not faults.no_usage and faults.error_after is None and faults.garbage is None
        surface = self._wire.surface(endpoint)
        match asked:
            case Embeddings():
                body = write_embeddings(asked, seed=self._seed)
                return damage.document(body, faults), 0 if told else None
            case Asked() if endpoint is Endpoint.COUNT_TOKENS:
                return damage.document(msgspec.json.encode({"input_tokens": asked.prompt_tokens}), faults), None
            case Asked() if surface is not None:
                reply = compose(
                    asked, persona=self._persona, seed=self._seed, pace=self._pace, words=faults.words, huge=faults.huge
                )
                if faults.empty == "text":
                    reply = structs.replace(reply, choices=(Choice(spoken=0),))
                shown = damage.completion(self._wire, surface, request, asked, reply, faults)
                return shown, (reply.completion_tokens or None) if told else None
            case _ if endpoint is Endpoint.MODELS:
                return damage.document(self._wire.models(request.path, PADDING if faults.huge else ""), faults), None
            case _:
                status, body = self._wire.unknown(request)
                return _document(body, status), None


def _document(body: bytes, status: int) -> Response:
    return Response(status=status, pieces=[Piece(body, Stage.CONTENT)])


def _with_header(response: Response, header: tuple[str, str]) -> Response:
    return structs.replace(response, headers=(*response.headers, header))
