"""`/api-keys/…` over HTTP: as the earlier service's callers know it, masked, and used from the next prompt on."""

import time
from urllib.parse import quote

import httpx
import pytest
from contract.refusals import assert_refused
from running import OPENAI_KEY

KEY = "sk-canary-of-many-characters-4711"
SHORT = "sk-canary-short"
KEYS, SETTINGS = "/api-keys", "/api-keys/settings"


@pytest.fixture(autouse=True)
def nothing_stored(admin):
    """Each test begins, and leaves off, without any key or setting."""
    forget(admin)
    yield
    forget(admin)


def forget(admin):
    for place in (KEYS, SETTINGS):
        for row in admin.get(f"{place}/").json():
            assert admin.delete(f"{place}/{quote(row['provider'], safe='')}").status_code == 204


def enter(admin, provider="golden", key=KEY, **fields):
    answer = admin.post(f"{KEYS}/", json={"provider": provider, "api_key": key, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def settle(admin, provider="golden", **fields):
    answer = admin.post(f"{SETTINGS}/", json={"provider": provider, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def names(admin, place=KEYS, query=""):
    return [row["provider"] for row in admin.get(f"{place}/{query}").json()]


def test_a_key_is_entered_shown_masked_replaced_and_deleted(admin):
    entered = enter(admin)
    masked = {"provider": "golden", "api_key": "*****4711", "is_active": True, "status": "no_provider"}
    assert entered == {**masked, "id": entered["id"]}
    assert admin.get(f"{KEYS}/golden").json() == entered
    assert admin.get(f"{KEYS}/").json() == [entered]
    again = enter(admin, key=SHORT, is_active="no")
    assert again == {**entered, "api_key": "*****", "is_active": False, "status": "inactive"}
    put = admin.put(f"{KEYS}/golden", json={"provider": "golden", "api_key": KEY})
    assert (put.status_code, put.json()) == (200, entered)
    deleted = admin.delete(f"{KEYS}/golden")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert "content-length" not in deleted.headers
    assert_refused(admin.get(f"{KEYS}/golden"), 404, "not_found")


def test_settings_are_entered_shown_replaced_and_deleted(admin):
    said = {"provider": "golden", "model": "m1", "organization": "o", "api_base": "http://x.test/v1"}
    entered = settle(admin, **said)
    assert entered == {**said, "id": entered["id"]}
    assert admin.get(f"{SETTINGS}/golden").json() == entered
    put = admin.put(f"{SETTINGS}/golden", json={"provider": "golden", "model": "m2"})
    left = {**entered, "model": "m2", "organization": None, "api_base": None}
    assert (put.status_code, put.json()) == (200, left)
    assert settle(admin) == {**left, "model": None}
    deleted = admin.delete(f"{SETTINGS}/golden")
    assert (deleted.status_code, deleted.content) == (204, b"")


@pytest.mark.parametrize(("place", "said"), [(KEYS, "API key not found"), (SETTINGS, "API key settings not found")])
@pytest.mark.parametrize("provider", ["none", "a%00b", "%0a", "a%1b", "x" * 300, "%ff"])
def test_what_is_not_there_is_404_in_the_earlier_words(admin, place, said, provider):
    body = {"provider": "golden", "api_key": KEY}
    for answer in (
        admin.get(f"{place}/{provider}"),
        admin.put(f"{place}/{provider}", json=body),
        admin.delete(f"{place}/{provider}"),
    ):
        assert assert_refused(answer, 404, "not_found")["detail"] == said
    assert names(admin, place) == []


@pytest.mark.parametrize("place", [KEYS, SETTINGS])
def test_renaming_keeps_the_id_and_onto_another_is_refused(admin, place):
    post = enter if place == KEYS else settle
    first, _ = post(admin, "a"), post(admin, "b")
    body = {"api_key": KEY}
    assert_refused(admin.put(f"{place}/a", json={**body, "provider": "b"}), 409, "name_taken")
    assert names(admin, place) == ["a", "b"]
    renamed = admin.put(f"{place}/a", json={**body, "provider": "c"}).json()
    assert (renamed["id"], renamed["provider"]) == (first["id"], "c")


@pytest.mark.parametrize("place", [KEYS, SETTINGS])
def test_a_part_of_the_list_is_told(admin, place):
    post = enter if place == KEYS else settle
    for provider in ("z", "a", "m"):
        post(admin, provider)
    assert names(admin, place) == ["z", "a", "m"]
    assert names(admin, place, "?skip=1&limit=1") == ["a"]
    assert names(admin, place, "?limit=2") == ["z", "a"]
    assert names(admin, place, "?skip=9") == names(admin, place, "?limit=0") == []


@pytest.mark.parametrize("place", [KEYS, SETTINGS])
@pytest.mark.parametrize("name", ["skip", "limit"])
@pytest.mark.parametrize("value", ["x", "", "-1", "1.5", "1e3", "99999999999999999999"])
def test_a_part_that_is_none_is_refused(admin, place, name, value):
    assert_refused(admin.get(f"{place}/?{name}={value}"), 422, "validation_error", loc=["query", name])


@pytest.mark.parametrize("place", [KEYS, SETTINGS])
def test_both_ways_of_writing_a_path_answer(admin, place):
    post = enter if place == KEYS else settle
    entered = post(admin)
    assert admin.get(place).json() == admin.get(f"{place}/").json() == [entered]
    assert admin.get(f"{place}/golden/").json() == entered
    assert admin.post(place, json={"provider": "golden", "api_key": KEY}).status_code == 201
    assert admin.delete(f"{place}/golden/").status_code == 204


@pytest.mark.parametrize("provider", ["a b", "Ünï-模型", "%41", "a?b#c", "a:b", "-", "{x}", "a.b", "'\"", "*"])
def test_any_name_that_fits_into_a_path_is_reached_by_it(admin, provider):
    entered, path = enter(admin, provider), quote(provider, safe="")
    assert admin.get(f"{KEYS}/{path}").json() == entered
    assert settle(admin, provider) == admin.get(f"{SETTINGS}/{path}").json()
    assert admin.delete(f"{KEYS}/{path}").status_code == 204


@pytest.mark.parametrize("provider", ["", "a/b", "settings", ".", "..", "a\nb", "a\0b", "\x7f", "x" * 256, 1, None])
def test_a_name_that_does_not_is_refused(admin, provider):
    for place in (KEYS, SETTINGS):
        answer = admin.post(f"{place}/", json={"provider": provider, "api_key": KEY})
        assert_refused(answer, 422, "validation_error", loc=["body", "provider"])


@pytest.mark.parametrize(
    "key", ["", "sk canary", "sk-canary\r\nx: y", "sk-cänary", "sk-canary\0", "sk-canary" * 999, 1]
)
def test_no_refusal_repeats_a_key(admin, key, service):
    for answer in (
        admin.post(f"{KEYS}/", json={"provider": "golden", "api_key": key}),
        admin.put(f"{KEYS}/golden", json={"provider": "golden", "api_key": key}),
    ):
        assert_refused(answer, 422, "validation_error", loc=["body", "api_key"])
        assert "canary" not in answer.text
    assert "canary" not in service.log


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"sk-canary"', b'{"provider":"\\ud800","api_key":"sk-canary"}']
)
def test_a_body_that_is_none_is_refused(admin, body):
    for place in (KEYS, SETTINGS):
        answer = admin.post(f"{place}/", content=body, headers={"content-type": "application/json"})
        assert_refused(answer, 422, "validation_error")
        assert "canary" not in answer.text


@pytest.mark.parametrize(
    "address", ["x.test", "ftp://x.test", "https://u:canary@x.test", "http://x.test?key=canary", 1]
)
def test_an_address_of_another_form_is_refused(admin, address):
    answer = admin.post(f"{SETTINGS}/", json={"provider": "golden", "api_base": address})
    assert_refused(answer, 422, "validation_error", loc=["body", "api_base"])
    assert "canary" not in answer.text


def test_neither_keys_nor_settings_are_told_to_anybody_else(service):
    for method in ("GET", "POST"):
        for place in (KEYS, SETTINGS):
            answer = httpx.request(method, f"{service.url}{place}/", content=b"{", trust_env=False)
            assert_refused(answer, 401, "unauthorized")
    for method in ("GET", "PUT", "DELETE"):
        for place in (KEYS, SETTINGS):
            answer = httpx.request(method, f"{service.url}{place}/golden", content=b"{", trust_env=False)
            assert_refused(answer, 401, "unauthorized")


def prompted(client, simulated, model="openai"):
    """A prompt for the model, and what its provider got to see."""
    metadata = {"model": model, "use_cache": False}
    answer = client.post("/prompt", json={"prompt": f"hello {time.time_ns()}", "metadata": metadata})
    assert answer.status_code == 200, answer.text
    return simulated.last()[model]


def test_a_key_is_used_from_the_next_prompt_on_and_no_longer_than_it_is_stored(admin, client, simulated):
    def shown():
        return prompted(client, simulated)["headers"]["authorization"][-4:]

    assert shown() == OPENAI_KEY[-4:]
    enter(admin, "openai", "sk-canary-of-the-database-abcd")
    assert shown() == "abcd"
    enter(admin, "openai", "sk-canary-of-the-database-abcd", is_active=False)
    assert shown() == OPENAI_KEY[-4:]
    enter(admin, "openai", "sk-canary-of-the-database-efgh")
    assert shown() == "efgh"
    admin.delete(f"{KEYS}/openai")
    assert shown() == OPENAI_KEY[-4:]


def test_stored_settings_are_used_from_the_next_prompt_on(admin, client, simulated):
    settle(admin, "openai", model="gpt-golden", organization="org-golden")
    seen = prompted(client, simulated)
    assert seen["body"]["model"] == "gpt-golden"
    assert seen["headers"]["openai-organization"] == "org-golden"
    admin.delete(f"{SETTINGS}/openai")
    seen = prompted(client, simulated)
    assert seen["body"]["model"] == "gpt-4o"
    assert "openai-organization" not in seen["headers"]


def test_a_key_does_not_follow_its_provider_to_another_origin(admin):
    assert enter(admin, "openai")["status"] == "active"
    settle(admin, "openai", api_base="https://elsewhere.test/v1")
    assert admin.get(f"{KEYS}/openai").json()["status"] == "other_origin"
    assert enter(admin, "openai")["status"] == "active"
    admin.delete(f"{SETTINGS}/openai")
    assert admin.get(f"{KEYS}/openai").json()["status"] == "other_origin"
