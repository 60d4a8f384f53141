"""The errors that official clients raise, what they try again, and when they stop waiting."""

import time

import anthropic
import openai
import pytest
from running import free_port

CLASSES = [
    ("status=400", "BadRequestError"),
    ("status=403", "PermissionDeniedError"),
    ("status=404", "NotFoundError"),
    ("status=422", "UnprocessableEntityError"),
    ("status=429", "RateLimitError"),
    ("status=500", "InternalServerError"),
    ("status=503", "InternalServerError"),
    ("close=rst", "InternalServerError"),
]


def user(text):
    return [{"role": "user", "content": text}]


@pytest.fixture
def chat(openai_at, place):
    def ask(text="Hello", *, client=None, **fields):
        completions = (client or openai_at(place)).chat.completions
        return completions.create(**{"model": place.chat, "messages": user(text)} | fields)

    return ask


@pytest.fixture
def message(anthropic_at, place):
    def ask(text="Hello", *, client=None, **fields):
        asked = {"model": place.messages, "max_tokens": 500, "messages": user(text)}
        return (client or anthropic_at(place)).messages.create(**asked | fields)

    return ask


@pytest.mark.parametrize(("fault", "name"), CLASSES)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_openais_client_raises_what_it_raises_at_openai(chat, place, fault, name, stream):
    expected = getattr(openai, name)
    if fault == "close=rst" and not place.routed:
        expected = openai.APIConnectionError
    with pytest.raises(expected) as raised:
        chat(f"[[sim:all.{fault}]]", stream=stream)
    if name == "RateLimitError":
        assert raised.value.response.headers["retry-after"] == "1"
    if expected is not openai.APIConnectionError:
        assert raised.value.message
        assert raised.value.request_id


@pytest.mark.parametrize(("fault", "name"), [*CLASSES, ("status=413", "ContentTooLargeError")])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_anthropics_client_raises_what_it_raises_at_anthropic(message, place, fault, name, stream):
    expected = getattr(anthropic, name)
    if fault == "close=rst" and not place.routed:
        expected = anthropic.APIConnectionError
    with pytest.raises(expected) as raised:
        message(f"[[sim:all.{fault}]]", stream=stream)
    if name == "RateLimitError":
        assert raised.value.response.headers["retry-after"] == "1"
    if expected is not anthropic.APIConnectionError:
        assert raised.value.body["type"] == "error"
        assert raised.value.request_id


def test_a_key_that_is_wrong_is_an_authentication_error(openai_at, anthropic_at, chat, message, place):
    with pytest.raises(openai.AuthenticationError):
        chat(client=openai_at(place, api_key="invalid"))
    with pytest.raises(anthropic.AuthenticationError):
        message(client=anthropic_at(place, api_key="invalid"))


def test_a_key_of_ours_that_is_wrong_is_no_fault_of_the_caller(openai_at, anthropic_at, routed):
    refused = "[[sim:all.status=401]]"
    with pytest.raises(openai.InternalServerError) as raised:
        openai_at(routed).chat.completions.create(model=routed.chat, messages=user(refused))
    assert raised.value.status_code == 502
    with pytest.raises(anthropic.InternalServerError) as raised:
        anthropic_at(routed).messages.create(model=routed.messages, max_tokens=9, messages=user(refused))
    assert raised.value.status_code == 502


def test_a_model_that_there_is_not_is_not_found(openai_at, anthropic_at, routed):
    with pytest.raises(openai.NotFoundError):
        openai_at(routed).chat.completions.create(model="nobody", messages=user("Hello"))
    with pytest.raises(anthropic.NotFoundError):
        anthropic_at(routed).messages.create(model="nobody", max_tokens=9, messages=user("Hello"))


def test_an_overloaded_anthropic_is_told_to_its_client_as_such(anthropic_at, same_wire):
    with pytest.raises(anthropic.OverloadedError) as raised:
        anthropic_at(same_wire).messages.create(
            model=same_wire.messages, max_tokens=9, messages=user("[[sim:anthropic.status=529]]")
        )
    assert raised.value.status_code == 529


def test_an_overloaded_anthropic_is_unavailable_to_openais_client(openai_at, crossed):
    with pytest.raises(openai.InternalServerError) as raised:
        openai_at(crossed).chat.completions.create(model=crossed.chat, messages=user("[[sim:anthropic.status=529]]"))
    assert raised.value.status_code == 503


def test_a_malformed_request_is_a_bad_request(chat, message):
    with pytest.raises(openai.BadRequestError):
        chat(messages=[])
    with pytest.raises(anthropic.BadRequestError):
        message(messages=[])


def test_openais_client_tries_again(chat, openai_at, place, faults):
    faults(all={"status": 503, "times": 1, "on": "completions"})
    assert chat(client=openai_at(place, max_retries=1)).choices
    faults(all={"status": 429, "retry_after": 1, "times": 1, "on": "completions"})
    began = time.monotonic()
    assert chat(client=openai_at(place, max_retries=1)).choices
    assert time.monotonic() - began >= 1


def test_anthropics_client_tries_again(message, anthropic_at, place, faults):
    faults(all={"status": 529, "times": 1, "on": "completions"})
    assert message(client=anthropic_at(place, max_retries=1)).content
    faults(all={"status": 429, "retry_after": 1, "times": 1, "on": "completions"})
    began = time.monotonic()
    assert message(client=anthropic_at(place, max_retries=1)).content
    assert time.monotonic() - began >= 1


def test_a_client_stops_waiting(chat, message, openai_at, anthropic_at, place):
    with pytest.raises(openai.APITimeoutError):
        chat("[[sim:all.delay=3]]", client=openai_at(place, timeout=0.3))
    with pytest.raises(anthropic.APITimeoutError):
        message("[[sim:all.delay=3]]", client=anthropic_at(place, timeout=0.3))


def test_nobody_there_is_a_connection_error(openai_at, anthropic_at, itself):
    nowhere = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(openai.APIConnectionError):
        openai_at(itself, base_url=nowhere).models.list()
    with pytest.raises(anthropic.APIConnectionError):
        anthropic_at(itself, base_url=nowhere).models.list()


def collected(events):
    """What came, and the error that ended it."""
    came = []
    try:
        for event in events:
            came.append(event)  # noqa: PERF402 - kept when it ends in an error
    except (openai.APIError, anthropic.APIError) as exc:
        return came, exc
    return came, None


def test_an_error_amid_a_stream_is_raised_after_what_came_before(chat, message):
    chunks, error = collected(chat("[[sim:all.error_after=3]]", stream=True))
    assert isinstance(error, openai.APIError)
    assert len([chunk for chunk in chunks if chunk.choices[0].delta.content]) == 3
    events, error = collected(message("[[sim:all.error_after=3]]", stream=True))
    assert isinstance(error, anthropic.APIError)
    assert len([event for event in events if event.type == "content_block_delta"]) == 3


@pytest.mark.parametrize("fault", ["error_after=3", "cut_after=1600", "no_end=finish", "malformed_sse=json"])
@pytest.mark.parametrize("kind", ["routed", "crossed"])
def test_a_stream_that_breaks_ends_in_an_error_and_is_never_made_whole(request, openai_at, anthropic_at, fault, kind):
    place = request.getfixturevalue(kind)
    asked = user(f"[[sim:all.{fault}]]")
    chunks, error = collected(openai_at(place).chat.completions.create(model=place.chat, messages=asked, stream=True))
    assert isinstance(error, openai.APIError)
    assert chunks
    assert not any(choice.finish_reason for chunk in chunks for choice in chunk.choices)
    events, error = collected(
        anthropic_at(place).messages.create(model=place.messages, max_tokens=500, messages=asked, stream=True)
    )
    assert isinstance(error, anthropic.APIError)
    assert events
    assert events[-1].type not in {"message_delta", "message_stop"}
