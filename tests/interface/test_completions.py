"""The languages of `/v1`: answers of the same language and of another one, whole and streamed."""

import re

import pytest
from interface.v1 import ALL, CHAT, MESSAGES, STREAMED, TRANSLATED, events, named, recorded

each = pytest.mark.parametrize("language", ALL, ids=named)
streamed = pytest.mark.parametrize("language", STREAMED, ids=named)
translated = pytest.mark.parametrize("language", TRANSLATED, ids=named)
DECISION = re.compile(r"[0-9a-f]{32}")


@each
def test_an_answer_of_the_same_language_comes_word_for_word(language, client, simulated):
    answer = language.ask(client, "hello", nobody_here_knows_this={"a": [1]})
    assert answer.status_code == 200, answer.text
    assert language.text(answer)
    sent = simulated.last()[language.own]["body"]
    assert sent["nobody_here_knows_this"] == {"a": [1]}
    assert sent["model"] != "openai"


@translated
def test_an_answer_of_the_other_language_is_translated(language, client):
    answer = language.ask(client, "hello", model=language.other)
    assert answer.status_code == 200, answer.text
    assert language.text(answer).startswith(f"[simulated {language.other}]")
    assert answer.headers["x-neuroroute-model"] == language.other


@translated
@pytest.mark.parametrize("crossed", [False, True])
def test_streamed_it_says_the_same_as_whole_and_ends(language, crossed, client):
    model = language.other if crossed else language.own
    whole = language.ask(client, "hello", model=model)
    answer = language.ask(client, "hello", model=model, stream=True)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert language.text(answer) == language.text(whole)
    assert language.ends(answer)


def test_responses_are_streamed_with_their_own_events(client):
    (language,) = set(STREAMED) - set(TRANSLATED)
    answer = language.ask(client, "hello", stream=True)
    assert language.text(answer).startswith("[simulated openai]")
    assert language.ends(answer)
    assert all(event.name == event.data["type"] for event in events(answer.text))


@each
def test_the_head_says_how_the_answer_came_about(language, client):
    headers = language.ask(client, "hello", headers={"x-request-id": "mine"}).headers
    assert headers["x-request-id"] == "mine"
    assert (headers["x-neuroroute-model"], headers["x-neuroroute-provider"]) == (language.own, language.own)
    assert headers["x-neuroroute-attempts"] == "1"
    assert headers["x-neuroroute-cache"] == "off"
    assert DECISION.fullmatch(headers["x-neuroroute-decision"])
    assert re.fullmatch(r"0\.\d{1,9}", headers["x-neuroroute-cost-usd"])
    assert "x-neuroroute-dropped" not in headers


@streamed
def test_the_head_of_a_stream_says_the_same_but_for_the_cost(language, client):
    headers = language.ask(client, "hello", stream=True).headers
    assert headers["x-neuroroute-model"] == language.own
    assert DECISION.fullmatch(headers["x-neuroroute-decision"])
    assert "x-neuroroute-cost-usd" not in headers


def test_a_model_may_be_named_as_its_provider_does(client):
    for language, name in ((CHAT, "gpt-4o"), (MESSAGES, "claude-3-sonnet-20240229")):
        assert language.ask(client, "hello", model=name).headers["x-neuroroute-model"] == language.own


@translated
@pytest.mark.parametrize("model", ["auto", "auto:speed", "auto:quality", "auto:cost"])
def test_the_choice_may_be_left_to_us(language, model, client):
    answer = language.ask(client, "hello", model=model)
    assert answer.status_code == 200, answer.text
    if model == "auto:cost":
        assert answer.headers["x-neuroroute-model"] == "local"


@translated
def test_who_leaves_the_choice_to_us_names_nobody_to_take_over(language, client):
    answer = language.ask(client, "hello", model="auto", neuroroute={"fallbacks": ["local"]})
    assert answer.status_code == 400
    assert "fallbacks" in answer.text


@translated
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_left_to_us_goes_to_another_model_when_one_fails(language, stream, client):
    models, attempts = {"local", "openai", "anthropic"}, 0
    for survivor in sorted(models):
        faults = " ".join([f"[[sim:{model}.status=429]]" for model in models - {survivor}])
        answer = language.ask(client, f"hello {faults}", model="auto", stream=stream)
        assert answer.status_code == 200, answer.text
        assert answer.headers["x-neuroroute-model"] == survivor
        assert language.text(answer).startswith(f"[simulated {survivor}]")
        attempts += int(answer.headers["x-neuroroute-attempts"])
    assert attempts > len(models)


def test_the_alias_without_v1_is_the_same(client):
    assert client.post("/chat/completions", json=CHAT.body("hello")).json()["object"] == "chat.completion"


@translated
def test_what_the_other_language_cannot_say_is_named_and_with_strict_refused(language, client, simulated):
    said = {"logit_bias": {"1": 2}} if language is CHAT else {"top_k": 5}
    (name,) = said
    answer = language.ask(client, "hello", model=language.other, **said)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-neuroroute-dropped"] == name
    before = simulated.count(language.other, "completions")
    refused = language.ask(client, "hello", model=language.other, neuroroute={"strict": True}, **said)
    assert refused.status_code == 400
    assert name in language.error(refused.json())["message"]
    assert simulated.count(language.other, "completions") == before
    kept = language.ask(client, "hello", neuroroute={"strict": True}, **said)
    assert kept.status_code == 200, kept.text
    assert "x-neuroroute-dropped" not in kept.headers


@each
def test_what_is_said_to_the_router_is_shown_to_no_provider(language, client, simulated):
    answer = language.ask(client, "hello", neuroroute={"timeout": 5}, headers={"X-NeuroRoute-Strict": "true"})
    assert answer.status_code == 200, answer.text
    last = simulated.last()[language.own]
    assert "neuroroute" not in last["body"]
    assert not [name for name in last["headers"] if "neuroroute" in name]


@each
def test_the_cache_answers_who_asks_for_it_and_nobody_else(language, client, simulated):
    said, cached = {"prompt": f"cached in {language.name}"}, {"x-neuroroute-cache": "on"}
    first = [language.ask(client, **said, headers=cached) for _ in range(2)]
    assert [answer.headers["x-neuroroute-cache"] for answer in first] == ["miss", "hit"]
    assert first[0].content == first[1].content
    assert [answer.headers["x-neuroroute-attempts"] for answer in first] == ["1", "0"]
    assert first[1].headers["x-neuroroute-cost-usd"] == "0"
    assert language.ask(client, **said).headers["x-neuroroute-cache"] == "off"
    again = language.ask(client, **said, neuroroute={"cache": {"ttl": 60}})
    assert again.headers["x-neuroroute-cache"] == "hit"


@streamed
def test_a_stream_comes_from_the_cache_as_it_was(language, client):
    said = {"prompt": f"streamed and cached in {language.name}", "stream": True, "neuroroute": {"cache": "on"}}
    first, second = (language.ask(client, **said) for _ in range(2))
    assert [first.headers["x-neuroroute-cache"], second.headers["x-neuroroute-cache"]] == ["miss", "hit"]
    assert language.text(first) == language.text(second)
    assert language.ends(second)


@each
def test_the_record_names_the_language(language, client, service):
    language.ask(client, "hello", headers={"x-request-id": f"recorded-{language.name}"})
    line = recorded(service, f"recorded-{language.name}")
    assert (line["surface"], line["outcome"], line["model"]) == (language.name, "answered", language.own)
