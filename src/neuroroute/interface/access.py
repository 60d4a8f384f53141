"""Who may call which route: each route says it, and one that does not is closed."""

from collections.abc import Callable, Mapping
from hmac import compare_digest
from time import time
from typing import Final, final

from neuroroute.application.key_ring import KeyRing, Unopened
from neuroroute.application.ports import RateLimiter
from neuroroute.domain.access import ADMIN, ANYONE, Caller, Scope, Secret
from neuroroute.domain.errors import CallerForbidden, CallerRefused, CallerThrottled, StateUnavailable
from neuroroute.domain.rate_limit import Allowance
from neuroroute.interface.visit import Visit

_BEARER = b"bearer "
_NO_KEY: Final = "This needs a key: send it once, as `Authorization: Bearer …` or as `X-API-Key`"
_TOLD: Final[Mapping[Unopened, str]] = {
    Unopened.MALFORMED: "This is no key of ours, or it was mistyped or cut",
    Unopened.UNKNOWN: "This key is not known here: it may have been replaced by a newer one",
    Unopened.EXPIRED: "This key has expired",
    Unopened.REVOKED: "This key was revoked",
}
_IGNORED_WHERE_OPEN: Final = frozenset({Unopened.MALFORMED, Unopened.UNKNOWN})


@final
class Guard:
    """Asks each request for what its route demands: the route itself, never its path."""

    def __init__(
        self,
        *,
        admin_key: Secret,
        keys: KeyRing,
        fresh: Callable[[], bool],
        loaded: Callable[[], bool],
        limiter: RateLimiter,
        clients_need_keys: bool,
        metrics_need_keys: bool,
    ) -> None:
        """`fresh`: whether what `keys` holds is what is stored, to a second; `loaded`: whether it was ever read."""
        self._admin_key = admin_key.reveal().encode()
        self._keys = keys
        self._fresh = fresh
        self._loaded = loaded
        self._limiter = limiter
        self._closed = {
            Scope.CLIENT: clients_need_keys,
            Scope.METRICS: metrics_need_keys,
            Scope.ADMIN: True,
        }

    def admit(self, scope: Scope, visit: Visit) -> Caller:
        """Who calls, if it may. Where nobody needs a key, one that is known still counts.

        Raises:
            CallerRefused: it shows no key that opens anything.
            CallerForbidden: its key does not open this route.
            StateUnavailable: nobody can say whether its key is one, or yet which models there are.
        """
        if scope is Scope.PUBLIC:
            return ANYONE
        shown = _shown(visit)
        if not shown and self._closed[scope]:
            raise CallerRefused(_NO_KEY)
        if scope is Scope.CLIENT and not self._loaded():
            raise StateUnavailable("Keys and models have not been read yet: see /health/ready")
        if not shown:
            return ANYONE
        if compare_digest(shown, self._admin_key):
            return ADMIN
        known = self._keys.recognise(shown, time())
        if isinstance(known, Caller):
            if scope not in known.opens:
                raise CallerForbidden(f"This needs a key that opens {scope}; yours opens {_words(known.opens)}")
            return known
        if known in _IGNORED_WHERE_OPEN and not self._closed[scope]:
            return ANYONE
        if known is Unopened.UNKNOWN and not self._fresh():
            raise StateUnavailable("Whether this key is one of ours cannot be said while the database is away")
        raise CallerRefused(_TOLD[known])

    async def count(self, caller: Caller, limit: int, visit: Visit) -> None:
        """Count the request against the caller's `limit` a minute, and have the answer say what is left.

        Raises:
            CallerThrottled: nothing is; this one does not count.
        """
        allowance = await self._limiter.take(caller.id, limit=limit)
        visit.answer_headers = _headers(allowance)
        if not allowance.admitted:
            raise CallerThrottled(
                f"This key may make {limit} requests a minute: the next in {allowance.retry_after:.1f} s",
                retry_after=allowance.retry_after,
            )


def _shown(visit: Visit) -> bytes | None:
    """The key that the request shows."""
    bearer, key = visit.headers.get(b"authorization"), visit.headers.get(b"x-api-key")
    if bearer is None and key is None:
        return None
    if visit.repeats(b"authorization", b"x-api-key"):
        return None  # who stands before us may have judged by the other one
    if bearer is not None and bearer[: len(_BEARER)].lower() == _BEARER:
        return bearer[len(_BEARER) :].strip() or key
    return key


def _headers(allowance: Allowance) -> list[tuple[bytes, bytes]]:
    """As OpenAI names them, whose clients look for them."""
    return [
        (b"x-ratelimit-limit-requests", b"%d" % allowance.limit),
        (b"x-ratelimit-remaining-requests", b"%d" % allowance.remaining),
        (b"x-ratelimit-reset-requests", b"%.3fs" % allowance.reset),
    ]


def _words(scopes: frozenset[Scope]) -> str:
    return ", ".join(sorted(scopes))
