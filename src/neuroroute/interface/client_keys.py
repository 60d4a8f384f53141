"""`/admin/keys`: who may call, kept by those who run the installation."""

from collections.abc import Sequence
from datetime import UTC, datetime
from time import time
from typing import Annotated, Final, final

import msgspec
from litestar.types import Receive, Scope, Send
from msgspec import Meta, Struct

from neuroroute.application.keep_client_keys import KeepClientKeys
from neuroroute.dialects.lax import Problem
from neuroroute.domain.access import Scope as AccessScope
from neuroroute.domain.client_key import ClientKey, MintedKey, NewKey
from neuroroute.interface.respond import Reply, send_nothing
from neuroroute.interface.routes import Content, Operation, Parameter, Route
from neuroroute.interface.strict_body import invalid, struct_of
from neuroroute.interface.visit import Visit
from neuroroute.interface.whole_body import WholeBodies

MAX_OVERLAP: Final = 30 * 86_400
"""Seconds that a replaced text may still open: long enough for any rollout."""
_NO_STORE: Final = ((b"cache-control", b"no-store"),)

_encode: Final = msgspec.json.Encoder(order="deterministic").encode


class Rotation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a key gets its new text."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=MAX_OVERLAP)] = 0
    """For so long the text before still opens."""


class KeyView(Struct, frozen=True, kw_only=True):
    """A client key, without what it opens with."""

    id: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    """To the minute or so."""
    requests_per_minute: int | None
    models: list[str] | None
    """The only models that may answer it; null is any."""
    policy: str | None
    """How models are chosen for it where a request does not say; null is as for everybody."""


class KeyList(Struct, frozen=True, kw_only=True):
    """Every key that ever was, the first one made first."""

    keys: list[KeyView]
    count: int


class MintedKeyView(Struct, frozen=True, kw_only=True):
    """A key with its text, which is shown this once."""

    key: str
    """What the client sends."""
    client_key: KeyView


@final
class ClientKeysEndpoint:
    """Lists, makes, rotates and revokes client keys."""

    def __init__(self, *, keep: KeepClientKeys, bodies: WholeBodies) -> None:
        self._keep = keep
        self._bodies = bodies

    async def list(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`GET /admin/keys`."""
        keys = [key_view(key) for key in await self._keep.all()]
        await Reply(200, _encode(KeyList(keys=keys, count=len(keys))))(scope, receive, send)

    async def create(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST /admin/keys`."""
        visit, now = Visit.of(scope), time()
        new = struct_of(await self._bodies.read(visit, receive), NewKey)
        if new.expires_at is not None and new.expires_at.timestamp() <= now:
            raise invalid(Problem("value_error", ("body", "expires_at"), "This is in the past"))
        minted = await self._keep.create(new, now=now, by=visit.caller.id)
        await _shown(201, minted)(scope, receive, send)

    async def rotate(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`POST /admin/keys/{key_id}/rotate`."""
        visit = Visit.of(scope)
        rotation = Rotation()
        if visit.leaves_a_body:
            rotation = struct_of(await self._bodies.read(visit, receive), Rotation)
        minted = await self._keep.rotate(
            scope["path_params"]["key_id"], overlap=rotation.overlap_seconds, now=time(), by=visit.caller.id
        )
        await _shown(200, minted)(scope, receive, send)

    async def revoke(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`DELETE /admin/keys/{key_id}`."""
        await self._keep.revoke(scope["path_params"]["key_id"], now=time(), by=Visit.of(scope).caller.id)
        await send_nothing(scope, receive, send)


def _shown(status: int, minted: MintedKey) -> Reply:
    """The only answer that says the key's text."""
    return Reply(status, _encode(minted_view(minted)), headers=_NO_STORE)


def minted_view(minted: MintedKey) -> MintedKeyView:
    """As it is shown, with its text."""
    return MintedKeyView(key=minted.text.reveal(), client_key=key_view(minted.key))


def key_view(key: ClientKey) -> KeyView:
    """As it is shown."""
    return KeyView(
        id=key.id,
        name=key.name,
        scopes=sorted(key.scopes),
        created_at=datetime.fromtimestamp(key.created_at, UTC),
        expires_at=_moment(key.expires_at),
        revoked_at=_moment(key.revoked_at),
        last_used_at=_moment(key.last_used_at),
        requests_per_minute=key.requests_per_minute,
        models=None if key.models is None else sorted(key.models),
        policy=key.policy,
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


_SHOWN_ONCE: Final = {"cache-control": "`no-store`: the answer holds the key's text"}
_KEY_ID: Final = Parameter(
    name="key_id", place="path", schema={"type": "string"}, summary="The key's id: the part of its text after `nr_`"
)


def client_keys_routes(endpoint: ClientKeysEndpoint) -> Sequence[Route]:
    """The routes."""
    return [
        Route(
            method="GET",
            path="/admin/keys",
            endpoint=endpoint.list,
            scope=AccessScope.ADMIN,
            operation=Operation(
                id="list_client_keys",
                summary="The client keys",
                description="Revoked and expired ones too. Never what they open with.",
                tag="admin",
                answers={200: [Content(holds=KeyList)]},
            ),
        ),
        Route(
            method="POST",
            path="/admin/keys",
            endpoint=endpoint.create,
            scope=AccessScope.ADMIN,
            operation=Operation(
                id="create_client_key",
                summary="Make a client key",
                description="The answer is the only one that says its text: only a keyed hash of it is stored.",
                tag="admin",
                body=Content(holds=NewKey, example={"name": "the shop's assistant", "requests_per_minute": 60}),
                answers={201: [Content(holds=MintedKeyView)]},
                headers=_SHOWN_ONCE,
            ),
        ),
        Route(
            method="POST",
            path="/admin/keys/{key_id:str}/rotate",
            endpoint=endpoint.rotate,
            scope=AccessScope.ADMIN,
            operation=Operation(
                id="rotate_client_key",
                summary="Give a client key a new text",
                description="Its id, scopes and limits stay. The text before opens nothing from now on, or for "
                "`overlap_seconds` more. The body may be left out.",
                tag="admin",
                parameters=[_KEY_ID],
                body=Content(holds=Rotation, optional=True, example={"overlap_seconds": 3600}),
                answers={200: [Content(holds=MintedKeyView)]},
                headers=_SHOWN_ONCE,
                errors=(404,),
            ),
        ),
        Route(
            method="DELETE",
            path="/admin/keys/{key_id:str}",
            endpoint=endpoint.revoke,
            scope=AccessScope.ADMIN,
            operation=Operation(
                id="revoke_client_key",
                summary="Revoke a client key",
                description="For ever, and on every instance within a second.",
                tag="admin",
                parameters=[_KEY_ID],
                answers={204: []},
                errors=(404,),
            ),
        ),
    ]
