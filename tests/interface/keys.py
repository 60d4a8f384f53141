"""Client keys of every kind, made on a running service, and how a request shows them."""

import time
from datetime import UTC, datetime, timedelta

import httpx
from running import ADMIN_KEY, Service

from neuroroute.domain.key_text import ENTROPY_BYTES, write_key

ADMIN = {"x-api-key": ADMIN_KEY}
UNKNOWN = write_key("0123456789Ab", bytes(range(ENTROPY_BYTES))).reveal()
MISTYPED = UNKNOWN[:-1] + "0"


def make_key(service: Service, **said) -> dict:
    """What the service answers to its administrator."""
    answer = httpx.post(
        f"{service.url}/admin/keys", headers=ADMIN, json={"name": "a test", **said}, timeout=10, trust_env=False
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def revoke_key(service: Service, key_id: str) -> None:
    answer = httpx.delete(f"{service.url}/admin/keys/{key_id}", headers=ADMIN, timeout=10, trust_env=False)
    assert answer.status_code == 204, answer.text


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def keys_of_every_kind(service: Service) -> dict[str, list[tuple[str, str]]]:
    """The headers of a request, by what it shows."""
    now = datetime.now(UTC)
    expiring = make_key(service, expires_at=(now + timedelta(seconds=0.5)).isoformat())["key"]
    revoked = make_key(service)
    revoke_key(service, revoked["client_key"]["id"])
    client = make_key(service)["key"]
    shown = {
        "no key": {},
        "an empty key": {"x-api-key": ""},
        "a wrong key": {"x-api-key": "wrong"},
        "a mistyped key": bearer(MISTYPED),
        "an unknown key": bearer(UNKNOWN),
        "a key in the wrong scheme": {"authorization": f"Basic {client}"},
        "an expired key": bearer(expiring),
        "a revoked key": {"x-api-key": revoked["key"]},
        "a client key": bearer(client),
        "a client key in the other header": {"x-api-key": client},
        "a metrics key": bearer(make_key(service, scopes=["metrics"])["key"]),
        "an administrator's client key": bearer(make_key(service, scopes=["admin"])["key"]),
        "the admin key": {"x-api-key": ADMIN_KEY},
        "the admin key as a bearer": bearer(ADMIN_KEY),
    }
    twice = [("authorization", f"Bearer {ADMIN_KEY}"), ("authorization", f"Bearer {client}")]
    time.sleep(max(0.0, 0.6 - (datetime.now(UTC) - now).total_seconds()))
    return {kind: list(headers.items()) for kind, headers in shown.items()} | {"two keys": twice}


KINDS = (
    "no key", "an empty key", "a wrong key", "a mistyped key", "an unknown key", "a key in the wrong scheme",
    "an expired key", "a revoked key", "a client key", "a client key in the other header", "a metrics key",
    "an administrator's client key", "the admin key", "the admin key as a bearer", "two keys",
)  # fmt: skip
