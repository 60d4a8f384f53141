"""`/admin/keys`: made, shown once, listed, rotated, revoked; strict about what it is told."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from contract.refusals import assert_refused
from interface.keys import ADMIN, bearer, make_key, revoke_key
from interface.wire import ask, request
from running import ADMIN_KEY, eventually

MODELS = "/models"


@pytest.fixture(scope="module")
def admin(keyed):
    with httpx.Client(base_url=keyed.url, timeout=20, trust_env=False, headers=ADMIN) as client:
        yield client


def opens(service, key):
    return httpx.get(f"{service.url}{MODELS}", headers=bearer(key), timeout=10, trust_env=False).status_code


def listed(admin):
    return {key["id"]: key for key in admin.get("/admin/keys").json()["keys"]}


def test_a_key_is_shown_once_and_opens_at_once(keyed, admin):
    answer = admin.post("/admin/keys", json={"name": "the shop's 🛒"})
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    assert opens(keyed, made["key"]) == 200
    assert made["key"].startswith(f"nr_{made['client_key']['id']}_")
    shown = listed(admin)[made["client_key"]["id"]]
    assert shown == made["client_key"] | {"last_used_at": shown["last_used_at"]}
    assert made["key"].split("_")[2] not in admin.get("/admin/keys").text
    assert "digest" not in admin.get("/admin/keys").text


def test_all_that_was_asked_for_is_kept(admin, keyed):
    asked = {
        "name": "x" * 100, "scopes": ["metrics", "client"], "expires_at": "2100-01-01T00:00:00+01:00",
        "requests_per_minute": 100_000, "models": ["openai", "local"], "policy": "rules",
    }  # fmt: skip
    key = make_key(keyed, **asked)["client_key"]
    assert key == {
        "id": key["id"], "created_at": key["created_at"], "revoked_at": None, "last_used_at": None,
        "name": "x" * 100, "scopes": ["client", "metrics"], "expires_at": "2099-12-31T23:00:00Z",
        "requests_per_minute": 100_000, "models": ["local", "openai"], "policy": "rules",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("said", "loc"),
    [
        ({}, ["body", "name"]),
        ([], ["body"]),
        ({"name": ""}, ["body", "name"]),
        ({"name": "x" * 101}, ["body", "name"]),
        ({"name": "a\0b"}, ["body", "name"]),
        ({"name": "a\r\nb"}, ["body", "name"]),
        ({"name": "a\x9bb"}, ["body", "name"]),
        ({"name": 5}, ["body", "name"]),
        ({"name": None}, ["body", "name"]),
        ({"name": "a", "scopes": []}, ["body", "scopes"]),
        ({"name": "a", "scopes": ["root"]}, ["body", "scopes", 0]),
        ({"name": "a", "scopes": "admin"}, ["body", "scopes"]),
        ({"name": "a", "requests_per_minute": 0}, ["body", "requests_per_minute"]),
        ({"name": "a", "requests_per_minute": -1}, ["body", "requests_per_minute"]),
        ({"name": "a", "requests_per_minute": 10**30}, ["body", "requests_per_minute"]),
        ({"name": "a", "requests_per_minute": 1.5}, ["body", "requests_per_minute"]),
        ({"name": "a", "requests_per_minute": "5"}, ["body", "requests_per_minute"]),
        ({"name": "a", "requests_per_minute": True}, ["body", "requests_per_minute"]),
        ({"name": "a", "expires_at": "2001-01-01T00:00:00Z"}, ["body", "expires_at"]),
        ({"name": "a", "expires_at": "2100-01-01T00:00:00"}, ["body", "expires_at"]),
        ({"name": "a", "expires_at": "tomorrow"}, ["body", "expires_at"]),
        ({"name": "a", "expires_at": 4e9}, ["body", "expires_at"]),
        ({"name": "a", "models": []}, ["body", "models"]),
        ({"name": "a", "models": [str(number) for number in range(1001)]}, ["body", "models"]),
        ({"name": "a", "models": ["local", 1]}, ["body", "models", 1]),
        ({"name": "a", "models": [""]}, ["body", "models", 0]),
        ({"name": "a", "policy": "best"}, ["body", "policy"]),
        ({"name": "a", "policy": True}, ["body", "policy"]),
        ({"name": "a", "x" * 500: 1}, ["body", "x" * 128]),
        *(
            ({"name": "a", field: "x"}, ["body", field])
            for field in ("id", "key", "digest", "revoked_at", "is_admin", "admin", "created_at", "revision")
        ),
    ],
)
def test_what_is_not_asked_for_right_is_refused_by_its_field(admin, said, loc):
    before = listed(admin)
    assert_refused(admin.post("/admin/keys", json=said), 422, "validation_error", loc=loc)
    assert listed(admin).keys() == before.keys()


def test_half_a_letter_is_refused_and_breaks_nothing(admin):
    for said in (b'{"name": "\\ud800"}', b'{"name": "a", "scopes": ["\\ud800"]}', b'{"name": "a", "\\ud800": 1}'):
        answer = admin.post("/admin/keys", content=said, headers={"content-type": "application/json"})
        assert answer.status_code == 422


def test_a_rotated_key_keeps_its_id_and_the_text_before_stops_at_once(keyed, admin):
    made = make_key(keyed, requests_per_minute=50)
    key_id = made["client_key"]["id"]
    answer = admin.post(f"/admin/keys/{key_id}/rotate")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    rotated = answer.json()
    assert (rotated["client_key"]["id"], rotated["client_key"]["requests_per_minute"]) == (key_id, 50)
    assert (opens(keyed, made["key"]), opens(keyed, rotated["key"])) == (401, 200)


def test_with_an_overlap_both_texts_open_until_it_ends(keyed, admin):
    made = make_key(keyed)
    answer = admin.post(f"/admin/keys/{made['client_key']['id']}/rotate", json={"overlap_seconds": 1})
    assert (opens(keyed, made["key"]), opens(keyed, answer.json()["key"])) == (200, 200)
    eventually(lambda: opens(keyed, made["key"]) == 401, within=5)
    assert opens(keyed, answer.json()["key"]) == 200


@pytest.mark.parametrize("said", [{"overlap_seconds": -1}, {"overlap_seconds": 2_592_001}, {"overlap_seconds": "1"}])
def test_an_overlap_is_a_number_of_seconds_up_to_a_month(keyed, admin, said):
    key_id = make_key(keyed)["client_key"]["id"]
    answer = admin.post(f"/admin/keys/{key_id}/rotate", json=said)
    assert_refused(answer, 422, "validation_error", loc=["body", "overlap_seconds"])
    assert_refused(
        admin.post(f"/admin/keys/{key_id}/rotate", json={"overlap": 5}),
        422,
        "validation_error",
        loc=["body", "overlap"],
    )


def test_a_revoked_key_opens_nothing_and_is_revoked_once(keyed, admin):
    made = make_key(keyed, expires_at=(datetime.now(UTC) + timedelta(days=1)).isoformat())
    key_id = made["client_key"]["id"]
    assert opens(keyed, made["key"]) == 200
    answer = admin.delete(f"/admin/keys/{key_id}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert opens(keyed, made["key"]) == 401
    revoked_at = listed(admin)[key_id]["revoked_at"]
    revoke_key(keyed, key_id)
    assert listed(admin)[key_id]["revoked_at"] == revoked_at
    assert_refused(admin.post(f"/admin/keys/{key_id}/rotate"), 404, "not_found")


@pytest.mark.parametrize("key_id", ["0123456789Ab", "x", "%00", "..%2f..", "'%20OR%20'1'='1", "x" * 2000, "%ff"])
def test_what_is_not_there_can_be_neither_rotated_nor_revoked(admin, key_id):
    assert admin.delete(f"/admin/keys/{key_id}").status_code == 404
    assert admin.post(f"/admin/keys/{key_id}/rotate").status_code == 404


@pytest.mark.parametrize(
    "target",
    ["//admin/keys", "/admin//keys", "/admin%2fkeys", "/admin/keys/", "/ADMIN/keys", "/admin/keys;a=b",
     "/x/../admin/keys", "/./admin/keys", "/health/../admin/keys", "/%61dmin/keys", "http://x/admin/keys",
     "http://localhost:1/admin/keys", "/admin/%2e/keys", f"/admin/keys?api_key={ADMIN_KEY}", "/admin/keys?", "*"],
)  # fmt: skip
@pytest.mark.parametrize("host", ["localhost", "localhost/health?", "127.0.0.1:80#@x", "evil.test"])
def test_no_way_of_writing_it_makes_a_key_without_one(keyed, admin, target, host):
    before = listed(admin).keys()
    said = (f"X-Original-URL: {target}", "X-Rewrite-URL: /admin/keys", "X-Forwarded-For: 127.0.0.1",
            "X-HTTP-Method-Override: POST", "Content-Type: application/json", "Content-Length: 12")  # fmt: skip
    for method in ("GET", "POST"):
        answer = ask(keyed.port, request(target, *said, method=method, host=host, body=b'{"name":"x"}'))
        assert answer.status in {400, 401, 404, 405}
    assert listed(admin).keys() == before
