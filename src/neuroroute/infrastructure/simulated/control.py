"""What is known across requests: the lasting faults, the counts, and the last request of each provider."""

import random
from collections import Counter
from typing import Final, final

import msgspec
from msgspec import Raw, Struct

from neuroroute.infrastructure.simulated.faults import (
    KNOWN,
    LASTING,
    SCOPES,
    BadFault,
    Faults,
    LastingFaults,
    Setting,
    lasting,
    merged,
)
from neuroroute.infrastructure.simulated.wire import Endpoint, Persona, Piece, Request, Response, Stage

_SECRET_HEADERS: Final = frozenset({"authorization", "proxy-authorization", "x-api-key", "api-key", "cookie"})


class LastRequest(Struct, frozen=True):
    """A provider's last request; keys are shown by their last four characters."""

    method: str
    path: str
    headers: dict[str, str]
    body: Raw
    """As it came when it was JSON, else null."""
    faults: Faults
    """Those that befell it."""
    status: int
    """Of the answer; 0 when the connection was closed without one."""


@final
class Control:
    """State of one simulator, shared by its ports."""

    def __init__(self, *, seed: int) -> None:
        self._seed = seed
        self._faults: dict[str, LastingFaults] = {}
        self._left: dict[str, int] = {}
        self._counts: dict[Persona, Counter[str]] = {}
        self._last: dict[Persona, LastRequest] = {}
        self._draws: dict[Persona, random.Random] = {}
        self.reset()

    def reset(self) -> None:
        """Forget everything; the draws of `rate` begin anew."""
        self._set({})
        self._counts = {persona: Counter() for persona in Persona}
        self._last = {}
        self._draws = {
            persona: random.Random(f"{self._seed}/{persona}")  # noqa: S311 - repeatable, not secret
            for persona in Persona
        }

    def count(self, persona: Persona, what: str, by: int = 1) -> None:
        self._counts[persona][what] += by

    def remember(self, persona: Persona, request: Request, faults: Faults, status: int) -> None:
        headers = {name: _masked(name, value) for name, value in request.headers}
        body = Raw(request.body if _is_json(request.body) else b"null")
        self._last[persona] = LastRequest(request.method, request.path, headers, body, faults, status)

    def befalling(self, persona: Persona, endpoint: Endpoint, asked: tuple[Faults, ...]) -> Faults:
        """The lasting faults and those that the request asks for itself, as far as their rates let them happen.

        The draws of a provider depend on the seed and on the order of its requests.
        """
        sources: list[Faults] = []
        for scope in ("all", persona):
            faults = self._faults.get(scope)
            if faults is None or faults.on not in {"all", endpoint} or not self._happens(persona, faults):
                continue
            if scope in self._left:
                if self._left[scope] == 0:
                    continue
                self._left[scope] -= 1
            sources.append(faults)
        sources += [faults for faults in asked if self._happens(persona, faults)]
        return merged(sources)

    def answer(self, request: Request) -> Response:
        """Serve `/_control`, `/_stats`, `/_last` and `/_reset`."""
        match request.method, request.path:
            case "GET", "/_control":
                return _json(self._faults)
            case "POST", "/_control":
                return self._told(request.body)
            case "GET", "/_stats":
                return _json(self._counts)
            case "GET", "/_last":
                return _json(self._last)
            case "POST", "/_reset":
                self.reset()
                return _json({"reset": True})
            case _:
                return _json({"error": "GET or POST /_control, GET /_stats, GET /_last, POST /_reset"}, status=404)

    def _told(self, body: bytes) -> Response:
        try:
            self._set(lasting(msgspec.json.decode(body or b"{}", type=dict[str, dict[str, Setting]])))
        except BadFault as exc:
            return _json({"error": str(exc)}, status=400)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            form = "the body is JSON: {scope: {fault: value}}"
            known = {"scopes": SCOPES, "faults": (*KNOWN, *LASTING)}
            return _json({"error": form} | known, status=400)
        return _json(self._faults)

    def _set(self, faults: dict[str, LastingFaults]) -> None:
        self._faults = faults
        self._left = {scope: told.times for scope, told in faults.items() if told.times is not None}

    def _happens(self, persona: Persona, faults: Faults) -> bool:
        return faults.rate is None or self._draws[persona].random() < faults.rate


def _json(content: object, *, status: int = 200) -> Response:
    return Response(status=status, pieces=[Piece(msgspec.json.encode(content), Stage.CONTENT)])


def _masked(name: str, value: str) -> str:
    if name not in _SECRET_HEADERS:
        return value
    scheme, space, key = value.rpartition(" ")
    # Half of a short key would be most of it.
    return f"{scheme}{space}****{key[-4:] if len(key) >= 8 else ''}"


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True
