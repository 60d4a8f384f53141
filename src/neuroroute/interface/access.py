"""Who may call which route: each route says it, and one that does not is closed."""

import hmac
from typing import TypeAlias, final

from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler

from neuroroute.domain.access import ADMIN, ANYONE, Caller, Scope, Secret
from neuroroute.domain.errors import CallerRefused
from neuroroute.interface.visit import Visit

AnyConnection: TypeAlias = ASGIConnection[BaseRouteHandler, Caller, None, State]

_BEARER = b"bearer "


@final
class Guard:
    """Asks every request for what its route's `scope` demands. It belongs to the route and never to its path."""

    def __init__(self, *, admin_key: Secret, clients_need_keys: bool, metrics_need_keys: bool) -> None:
        self._admin_key = admin_key.reveal().encode()
        self._clients_need_keys = clients_need_keys
        self._metrics_need_keys = metrics_need_keys

    def __call__(self, connection: AnyConnection, handler: BaseRouteHandler) -> None:
        """Let the caller in, and note who it is.

        Raises:
            CallerRefused: it does not show the key that the route asks for.
        """
        visit = Visit.of(connection.scope)
        visit.caller = self._caller(handler.opt.get("scope"), visit)

    def _caller(self, scope: object, visit: Visit) -> Caller:
        match scope:
            case Scope.PUBLIC:
                return ANYONE
            case Scope.CLIENT if not self._clients_need_keys:
                return ANYONE
            case Scope.METRICS if not self._metrics_need_keys:
                return ANYONE
            case Scope.CLIENT | Scope.METRICS | Scope.ADMIN if self._shows_admin_key(visit):
                return ADMIN
            case _:
                raise CallerRefused(
                    "This needs a key: send it as `Authorization: Bearer …` or `X-API-Key` (NEUROROUTE_ADMIN_KEY)"
                )

    def _shows_admin_key(self, visit: Visit) -> bool:
        bearer = visit.headers.get(b"authorization", b"")
        shown = bearer[len(_BEARER) :].strip() if bearer[: len(_BEARER)].lower() == _BEARER else b""
        shown = shown or visit.headers.get(b"x-api-key", b"")
        return hmac.compare_digest(shown, self._admin_key)
