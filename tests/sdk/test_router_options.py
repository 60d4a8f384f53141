"""What official clients say to the router, by extra fields and by headers, and what it tells them."""

import anthropic
import openai
import pytest

FAILING = "[[sim:openai.status=503]]"


def user(text):
    return [{"role": "user", "content": text}]


@pytest.fixture
def chat(openai_at, routed):
    return openai_at(routed).chat.completions.with_raw_response


@pytest.fixture
def messages(anthropic_at, routed):
    return anthropic_at(routed).messages.with_raw_response


def test_a_fallback_that_is_named_takes_over(chat):
    raw = chat.create(model="openai", messages=user(FAILING), extra_body={"neuroroute": {"fallbacks": ["anthropic"]}})
    assert raw.parse().choices[0].message.content.startswith("[simulated anthropic]")
    assert (raw.headers["x-neuroroute-model"], raw.headers["x-neuroroute-attempts"]) == ("anthropic", "2")


def test_a_fallback_may_be_named_in_a_header(messages):
    raw = messages.create(
        model="openai", max_tokens=200, messages=user(FAILING), extra_headers={"X-NeuroRoute-Fallbacks": "anthropic"}
    )
    assert raw.parse().content[0].text.startswith("[simulated anthropic]")


def test_no_provider_is_shown_what_is_said_to_the_router(chat, simulated):
    chat.create(model="openai", messages=user("Hello"), extra_body={"neuroroute": {"timeout": 5}})
    last = simulated.last()["openai"]
    assert "neuroroute" not in last["body"]
    assert not [name for name in last["headers"] if name.startswith("x-neuroroute")]


def test_what_the_other_language_cannot_say_is_named(chat):
    raw = chat.create(model="anthropic", messages=user("Hello"), logit_bias={"50256": -100})
    assert raw.headers["x-neuroroute-dropped"] == "logit_bias"
    same = chat.create(model="openai", messages=user("Hello"), logit_bias={"50256": -100})
    assert "x-neuroroute-dropped" not in same.headers


def test_strictly_asked_it_is_refused(chat):
    with pytest.raises(openai.BadRequestError, match="logit_bias"):
        chat.create(
            model="anthropic",
            messages=user("Hello"),
            logit_bias={"50256": -100},
            extra_body={"neuroroute": {"strict": True}},
        )


def test_an_option_that_there_is_not_is_refused_with_those_that_there_are(chat, messages):
    with pytest.raises(openai.BadRequestError, match="fallbacks"):
        chat.create(model="openai", messages=user("Hello"), extra_body={"neuroroute": {"fall": []}})
    with pytest.raises(anthropic.BadRequestError, match="api_base"):
        messages.create(model="anthropic", max_tokens=9, messages=user("Hello"), extra_body={"api_base": "x"})


def test_the_cache_answers_who_asks_for_it(chat):
    asked = {"model": "openai", "messages": user("Once and again")}
    cached = {"extra_headers": {"X-NeuroRoute-Cache": "on"}}
    said = [chat.create(**asked, **options) for options in ({}, cached, cached, {})]
    assert [raw.headers["x-neuroroute-cache"] for raw in said] == ["off", "miss", "hit", "off"]
    assert len({raw.parse().choices[0].message.content for raw in said}) == 1


def test_a_cached_answer_is_streamed_to_who_streams(openai_at, routed):
    asked = {"model": "openai", "messages": user("Twice"), "extra_headers": {"X-NeuroRoute-Cache": "on"}}
    chat = openai_at(routed).chat.completions
    whole = chat.create(**asked).choices[0].message.content
    with chat.stream(**asked) as stream:
        assert stream.get_final_completion().choices[0].message.content == whole


def test_embeddings_are_replaced_by_the_same_embeddings_alone(openai_at, routed, itself, simulated):
    embeddings = openai_at(routed).embeddings.with_raw_response
    raw = embeddings.create(model="text-embedding-3-small", input=f"one {FAILING}")
    assert raw.headers["x-neuroroute-model"] == "the-same-at-home"
    same = openai_at(itself, base_url=simulated.urls.lmstudio).embeddings.create(
        model="text-embedding-3-small", input=f"one {FAILING}"
    )
    assert raw.parse().data[0].embedding == same.data[0].embedding
    with pytest.raises(openai.InternalServerError):
        embeddings.create(model="another", input=FAILING)
