"""Who may call which route: each route says it, and one that does not is closed."""

import hmac
from typing import final

from neuroroute.domain.access import ADMIN, ANYONE, Caller, Scope, Secret
from neuroroute.domain.errors import CallerRefused
from neuroroute.interface.visit import Visit

_BEARER = b"bearer "


@final
class Guard:
    """Asks each request for what its route demands: the route itself, never its path."""

    def __init__(self, *, admin_key: Secret, clients_need_keys: bool, metrics_need_keys: bool) -> None:
        self._admin_key = admin_key.reveal().encode()
        self._clients_need_keys = clients_need_keys
        self._metrics_need_keys = metrics_need_keys

    def admit(self, scope: Scope, visit: Visit) -> Caller:
        """Who calls, if it may.

        Raises:
            CallerRefused: it does not show the key that the route asks for.
        """
        match scope:
            case Scope.PUBLIC:
                return ANYONE
            case Scope.CLIENT if not self._clients_need_keys:
                return ANYONE
            case Scope.METRICS if not self._metrics_need_keys:
                return ANYONE
            case _ if self._shows_admin_key(visit):
                return ADMIN
            case _:
                raise CallerRefused(
                    "This needs a key: send it as `Authorization: Bearer …` or `X-API-Key` (NEUROROUTE_ADMIN_KEY)"
                )

    def _shows_admin_key(self, visit: Visit) -> bool:
        if visit.repeats(b"authorization") or visit.repeats(b"x-api-key"):
            return False  # who stands before us may have judged by the other one
        bearer = visit.headers.get(b"authorization", b"")
        shown = bearer[len(_BEARER) :].strip() if bearer[: len(_BEARER)].lower() == _BEARER else b""
        shown = shown or visit.headers.get(b"x-api-key", b"")
        return hmac.compare_digest(shown, self._admin_key)
