"""What fails on `/v1`: who may take over, with which status it is told, and that it is told in the language asked."""

import httpx
import pytest
from interface.keys import bearer, make_key
from interface.v1 import ALL, CHAT, MESSAGES, RESPONSES, STREAMED, TRANSLATED, events, named
from running import ANTHROPIC_KEY, OPENAI_KEY

each = pytest.mark.parametrize("language", ALL, ids=named)
streamed = pytest.mark.parametrize("language", STREAMED, ids=named)
translated = pytest.mark.parametrize("language", TRANSLATED, ids=named)


@pytest.fixture
def failing(simulated):
    """Sets faults of a provider's answers, and clears them afterwards."""

    def fail(provider, **faults):
        simulated.faults(**{provider: {"on": "completions", **faults}})

    yield fail
    simulated.faults()


def refused(language, answer, status):
    assert answer.status_code == status, answer.text
    assert answer.headers["x-request-id"]
    assert answer.headers["content-type"] == "application/json"
    return language.error(answer.json())


@translated
@pytest.mark.parametrize(
    ("status", "told"),
    [(400, 400), (401, 502), (403, 403), (404, 404), (413, 413), (422, 422), (429, 429), (500, 502), (503, 503)],
)
@pytest.mark.parametrize("stream", [False, True])
def test_a_named_model_is_never_replaced_and_its_failure_keeps_what_the_client_acts_on(
    language, status, told, stream, client, failing, simulated
):
    failing(language.own, status=status)
    before = simulated.count(language.other, "completions")
    refused(language, language.ask(client, "hello", stream=stream), told)
    assert simulated.count(language.other, "completions") == before


@translated
@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_the_next_request_is_asked_all_the_same(language, status, client, failing):
    failing(language.own, status=status, times=6)
    statuses = [language.ask(client, "hello").status_code for _ in range(7)]
    assert statuses == [502 if status in {401, 500} else status] * 6 + [200]


@translated
@pytest.mark.parametrize("stream", [False, True])
def test_a_fallback_that_is_named_takes_over(language, stream, client, failing):
    failing(language.own, status=500)
    answer = language.ask(client, "hello", stream=stream, neuroroute={"fallbacks": [language.other]})
    assert answer.status_code == 200, answer.text
    assert (answer.headers["x-neuroroute-model"], answer.headers["x-neuroroute-attempts"]) == (language.other, "2")
    assert language.text(answer).startswith(f"[simulated {language.other}]")


@translated
def test_when_the_fallback_fails_too_the_first_failure_is_told(language, client, failing, simulated):
    simulated.faults(
        **{language.own: {"on": "completions", "status": 404}, language.other: {"on": "completions", "status": 500}}
    )
    answer = language.ask(client, "hello", headers={"x-neuroroute-fallbacks": language.other})
    refused(language, answer, 404)
    assert answer.headers["x-neuroroute-attempts"] == "2"
    simulated.faults()


@each
def test_a_fallback_that_nobody_knows_is_told_by_its_name(language, client):
    error = refused(language, language.ask(client, "hello", neuroroute={"fallbacks": ["nobody"]}), 404)
    assert "nobody" in error["message"]


@translated
def test_a_provider_that_limits_our_rate_says_when_to_come_back(language, client, failing):
    failing(language.own, retry_after="7")
    answer = language.ask(client, "hello")
    error = refused(language, answer, 429)
    assert error["type"] in {"rate_limit_error", "rate_limit_exceeded", "requests"}
    assert answer.headers["retry-after"] == "7"


@pytest.mark.parametrize(("language", "status"), [(MESSAGES, 529), (CHAT, 503)], ids=["messages", "chat"])
def test_a_provider_that_is_overloaded_is_told_as_each_client_knows_it(language, status, client, failing):
    failing("anthropic", status=529)
    error = refused(language, language.ask(client, "hello", model="anthropic"), status)
    assert error["type"] == ("overloaded_error" if status == 529 else "server_error")


@translated
def test_a_provider_that_takes_too_long_is_504(language, client):
    answer = language.ask(client, f"hello [[sim:{language.own}.delay=3]]", neuroroute={"timeout": 0.2})
    error = refused(language, answer, 504)
    assert error["type"] == ("timeout_error" if language is MESSAGES else "server_error")


@streamed
def test_what_breaks_in_the_middle_is_an_error_event_and_no_end(language, client):
    answer = language.ask(client, f"hello [[sim:{language.own}.no_end=finish]]", stream=True)
    assert answer.status_code == 200, answer.text
    last = events(answer.text)[-1]
    assert not language.ends(answer)
    assert "stopped in the middle" in str(last.data)
    assert answer.headers["x-request-id"]
    if language is not RESPONSES:
        language.error(last.data)


@each
def test_no_key_is_told_to_anybody(language, client, failing):
    failing("all", status=400)
    for key in (OPENAI_KEY, ANTHROPIC_KEY):
        assert key not in language.ask(client, "hello").text


@each
def test_who_may_ask_is_told_in_the_language_asked(language, keyed):
    with httpx.Client(base_url=keyed.url, timeout=20, trust_env=False) as client:
        assert refused(language, language.ask(client, "hello"), 401)["type"] == "authentication_error"
        metrics = bearer(make_key(keyed, scopes=["metrics"])["key"])
        assert refused(language, language.ask(client, "hello", headers=metrics), 403)["type"] == "permission_error"
        limited = bearer(make_key(keyed, requests_per_minute=1)["key"])
        assert language.ask(client, "hello", headers=limited).status_code == 200
        answer = language.ask(client, "hello", headers=limited)
        assert refused(language, answer, 429)["type"] == "rate_limit_error"
        assert int(answer.headers["retry-after"]) > 0


@translated
def test_a_key_asks_only_the_models_it_may(language, keyed):
    key = bearer(make_key(keyed, models=["local"])["key"])
    with httpx.Client(base_url=keyed.url, timeout=20, trust_env=False, headers=key) as client:
        assert language.ask(client, "hello", model="auto").headers["x-neuroroute-model"] == "local"
        assert language.own in refused(language, language.ask(client, "hello"), 403)["message"]
        fallback = language.ask(client, "hello", model="local", neuroroute={"fallbacks": [language.own]})
        refused(language, fallback, 403)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/v1/nobody", 404), ("GET", "/v1/nobody", 404), ("GET", "/v1/chat/completions", 405),
     ("PUT", "/chat/completions", 405), ("DELETE", "/v1/responses", 405)],
)  # fmt: skip
def test_what_is_not_there_is_told_as_openai_does(method, path, status, client):
    refused(CHAT, client.request(method, path), status)


def test_what_is_not_there_below_messages_is_told_as_anthropic_does(client):
    for method, path, status in (("GET", "/v1/messages", 405), ("POST", "/v1/messages/batches", 404)):
        refused(MESSAGES, client.request(method, path), status)
