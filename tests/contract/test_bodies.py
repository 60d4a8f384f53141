"""What `POST /prompt` and `POST /test-model` take (CONTRACT.md 1 and 2): content types, JSON, and every field."""

import json

import pytest
from contract.refusals import assert_refused

ENDPOINTS = ["/prompt", "/test-model/local"]
META = {"use_cache": False}


def accepted(answer):
    assert answer.status_code == 200, answer.text[:300]
    return True


def refused(answer, *loc):
    body = assert_refused(answer, 422, "validation_error")
    return ["body", *loc] in [item["loc"] for item in body["detail"]]


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize(
    "content_type",
    [
        None, "application/json", "APPLICATION/JSON", "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "application/vnd.api+json", "application/problem+json; charset=utf-8",
    ],
)  # fmt: skip
def test_reads_json_by_any_of_its_names_or_without_one(client, path, content_type):
    body = json.dumps({"prompt": "hello", "metadata": META}).encode()
    assert accepted(client.post(path, content=body, headers={"content-type": content_type} if content_type else {}))


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/json", "json",
     "application/jsonx", "application/octet-stream", "application/xml, application/json"],
)  # fmt: skip
def test_refuses_every_other_content_type(client, path, content_type):
    answer = client.post(path, content=b'{"prompt": "hello"}', headers={"content-type": content_type})
    assert_refused(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "gzip, gzip", "deflate"])
def test_never_inflates_a_body(client, coding):
    headers = {"content-type": "application/json", "content-encoding": coding}
    answer = client.post("/prompt", content=b'{"prompt": "hello"}', headers=headers)
    assert_refused(answer, 415, "unsupported_content_encoding")


def test_takes_a_byte_order_mark_and_unknown_members(client):
    body = b"\xef\xbb\xbf" + json.dumps({"prompt": "hello", "more": [1, {"a": None}], "metadata": META}).encode()
    assert accepted(client.post("/prompt", content=body))


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("body", [b"", b"{", b'{"prompt": "a"} x', b"{'prompt': 'a'}", b'{"prompt": "a",}', b"hello"])
def test_what_is_not_json_is_422_at_its_offset(client, path, body):
    answer = assert_refused(client.post(path, content=body), 422, "validation_error")
    (problem,) = answer["detail"]
    assert problem["type"] == "json_invalid" or body == b""
    assert problem["loc"][0] == "body"


@pytest.mark.parametrize("body", ["null", "[]", "5", '"hello"', "true", '[{"prompt": "a"}]'])
def test_what_is_no_object_is_422_at_the_body(client, body):
    assert refused(client.post("/prompt", content=body))


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize(
    "prompt", [None, "", " ", "\t\n\u3000", 5, 1.5, True, ["a"], {"a": "b"}, "nul\0byte", "half \ud800 pair"], ids=repr
)
def test_refuses_a_prompt_that_is_no_text(client, path, prompt):
    body = json.dumps({"prompt": prompt, "metadata": META})
    assert refused(client.post(path, content=body), "prompt")


@pytest.mark.parametrize("path", ENDPOINTS)
def test_asks_for_a_prompt(client, path):
    assert refused(client.post(path, json={"metadata": META}), "prompt")


@pytest.mark.parametrize(
    "prompt", ["x", " padded ", "h\u00e9llo \u4f60\u597d \U0001f600", "a\nb\tc", "'; DROP TABLE x; --"], ids=ascii
)
def test_takes_any_text(ask, prompt):
    answer = ask(prompt, model="openai")
    assert accepted(answer)
    assert answer.json()["response"] == f"fake openai reply to: {prompt}"


@pytest.mark.parametrize("character", ["x", "\u4f60", "\U0001f600"])
def test_takes_a_prompt_of_exactly_the_most_characters_and_refuses_one_more(ask, character):
    assert accepted(ask(character * 100_000, model="openai"))
    body = assert_refused(ask(character * 100_001, model="openai"), 413, "prompt_too_long")
    assert "100000" in body["detail"]


def test_refuses_a_prompt_whose_system_prompt_makes_it_too_long(ask):
    assert_refused(ask("x" * 60_000, model="openai", system_prompt="y" * 40_001), 413, "prompt_too_long")


@pytest.mark.parametrize("metadata", [None, {}, {"unknown": {"deep": [1]}, "use_cache": False}])
def test_metadata_may_be_null_empty_or_unknown(client, metadata):
    assert accepted(client.post("/prompt", json={"prompt": "hello", "metadata": metadata}))


@pytest.mark.parametrize("metadata", [[], "x", 5, True, [{}]])
def test_metadata_is_an_object(client, metadata):
    assert refused(client.post("/prompt", json={"prompt": "hello", "metadata": metadata}), "metadata")


GOOD = {
    "user_id": ["u", "", None, "\u4f60"],
    "priority": ["speed", "quality", "cost", None],
    "max_tokens": [1, 5, "5", 5.0, "5.0", " 5 ", 1_000_000, None],
    "temperature": [0, 1, 0.3, "0.3", "1", " 0.5 ", "1e-1", None],
    "model": ["local", "openai", "anthropic", "auto", "", "gpt-9", "../x", None],
    "timeout": [0.5, 300, "60", 5, None],
    "use_cache": [
        True, False, 1, 0, 1.0, 0.0, "true", "false", "1", "0", "yes", "no", "on", "off", "t", "f", "y", "n",
        "TRUE", "No", None,
    ],
    "request_id": ["mine", "", None],
    "required_capabilities": [[], ["math"], ["math", "no_such"], ["no_such"], None],
    "cache_ttl": [1, "60", 60.0, None],
    "language": ["de", 5, ["de"], {"a": 1}, True, None],
    "stream": [False, "no", 0, None],
    "system_prompt": ["Be brief.", "", None],
}  # fmt: skip
BAD = {
    "user_id": [5, True, ["u"], {}, "a\0b"],
    "priority": ["SPEED", "fast", "", 1, True, ["speed"]],
    "max_tokens": [0, -1, 1.5, "1.5", "x", "", "5x", True, [], {}, 10**17, "9" * 30],
    "temperature": [-0.1, 1.1, "hot", "", True, [], "nan", "inf", "-inf", 2],
    "model": [5, True, ["local"], {}, "a\0b"],
    "timeout": [0, 0.09, 300.1, -1, "x", True, [], "nan", "inf"],
    "use_cache": [2, -1, 0.5, "maybe", "", "2", [], {}],
    "request_id": [5, True, [], {}],
    "required_capabilities": ["math", 5, True, {"math": 1}, [5], [["math"]], [None], ["x"] * 101],
    "cache_ttl": [0, -1, 1.5, "soon", "", True, []],
    "stream": ["maybe", 2, [], {}],
    "system_prompt": [5, True, [], {}],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in GOOD.items() for value in values], ids=repr
)
def test_takes(client, field, value):
    assert accepted(client.post("/prompt", json={"prompt": "hello", "metadata": {**META, field: value}}))


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in BAD.items() for value in values], ids=repr
)
def test_refuses(client, field, value):
    answer = client.post("/prompt", json={"prompt": "hello", "metadata": {field: value}})
    assert refused(answer, "metadata", field) or refused(answer, "metadata", field, 0)
    if isinstance(value, str) and len(value) > 3:
        assert value not in answer.text.replace("nan", "").replace("inf", "")


def test_tells_each_thing_that_is_wrong_and_echoes_none(client):
    secret = "sk-proj-do-not-echo-1234567890"
    wrong = {"temperature": secret, "max_tokens": secret, "priority": secret, "required_capabilities": secret}
    answer = client.post("/prompt", json={"prompt": None, "metadata": wrong, "api_key": secret})
    body = assert_refused(answer, 422, "validation_error")
    assert {item["loc"][-1] for item in body["detail"]} == {"prompt", *wrong}
    assert secret not in answer.text


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000])
@pytest.mark.parametrize("field", ["max_tokens", "temperature", "timeout", "cache_ttl", "unknown"])
def test_refuses_numbers_that_are_none(client, field, value):
    body = f'{{"prompt": "hello", "metadata": {{"{field}": {value}}}}}'
    assert_refused(client.post("/prompt", content=body), 422, "validation_error")


@pytest.mark.parametrize(
    "body", ['{"prompt": "a", "prompt": "b"}', '{"prompt": "a", "metadata": {"model": "local", "model": "openai"}}']
)
def test_refuses_a_key_that_is_there_twice(client, body):
    assert_refused(client.post("/prompt", content=body), 422, "validation_error")


@pytest.mark.parametrize(
    ("path", "query"),
    [("/health", "detailed"), ("/models", "include_health")],
)
def test_reads_flags_of_the_query_as_laxly(client, path, query):
    for yes in ("true", "1", "yes", "on", "t", "y", "TRUE", "On"):
        assert client.get(path, params={query: yes}).status_code == 200
    for no in ("maybe", "2", "", "tru", "\0"):
        assert_refused(client.get(path, params={query: no}), 422, "validation_error", loc=["query", query])
    # Said twice it means two things to two readers; CONTRACT.md does not speak of it.
    assert client.get(f"{path}?{query}=0&{query}=1").status_code == 422
