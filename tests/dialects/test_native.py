"""What `POST /prompt` may ask, and what it means (CONTRACT.md 2)."""

import pytest
from factories import CallerFactory
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.dialects.native import InvalidPrompt, Metadata, NativePrompt, as_request, read_prompt
from neuroroute.domain.errors import PromptRejected, PromptTooLong
from neuroroute.domain.prompt import Message, Role, Sampling
from neuroroute.domain.request import CacheUse
from neuroroute.domain.routing import Objective, Pin, Priority, Requirements

CALLER = CallerFactory.build()


def read(body, limit=100):
    return read_prompt(body, max_characters=limit)


def told(**metadata):
    return read({"prompt": "Hi", "metadata": metadata}).metadata


def problems(body):
    with pytest.raises(InvalidPrompt) as caught:
        read(body)
    return [(problem.type, problem.loc) for problem in caught.value.problems]


def asked(native, *, cached=True):
    return as_request(native, request_id="req_1", caller=CALLER, default_timeout=60.0, cached=cached)


@pytest.mark.parametrize(
    "body", [{"prompt": "Hi"}, {"prompt": "Hi", "metadata": None}, {"prompt": "Hi", "metadata": {}}]
)
def test_a_prompt_is_all_that_it_needs(body):
    assert read(body) == NativePrompt(prompt="Hi", metadata=Metadata())


def test_reads_every_field():
    said = {
        "user_id": "u", "priority": "cost", "max_tokens": "5", "temperature": "0.3", "model": "openai", "timeout": "9",
        "use_cache": "no", "request_id": "r", "required_capabilities": ["math"], "cache_ttl": 7.0, "language": "de",
        "stream": 1, "system_prompt": "Be brief.",
    }  # fmt: skip
    assert told(**said) == Metadata(
        user_id="u", priority=Priority.COST, max_tokens=5, temperature=0.3, model="openai", timeout=9.0,
        use_cache=False, request_id="r", required_capabilities=("math",), cache_ttl=7, language="'de'",
        stream=True, system_prompt="Be brief.",
    )  # fmt: skip
    assert said.keys() == set(Metadata.__struct_fields__)


@pytest.mark.parametrize("field", Metadata.__struct_fields__)
def test_a_field_that_is_null_is_not_said(field):
    assert told(**{field: None}) == Metadata()


def test_unknown_fields_are_passed_over():
    body = {"prompt": "Hi", "temperature": "hot", "metadata": {"trace": {"a": [1]}, "n": -1}}
    assert read(body) == NativePrompt(prompt="Hi")


@pytest.mark.parametrize("language", ["de", 7, ["de", "fr"], {"a": 1}, "", False])
def test_a_language_is_anything_that_tells_answers_apart(language):
    assert isinstance(told(language=language).language, str)
    assert told(language=language) != Metadata()


def test_languages_of_different_types_are_different():
    assert len({told(language=said).language for said in ("7", 7, 7.5, [7], "['7']", True)}) == 6


@pytest.mark.parametrize(
    ("body", "kind", "loc"),
    [
        (None, "missing", ("body",)),
        ([], "model_attributes_type", ("body",)),
        ("Hi", "model_attributes_type", ("body",)),
        (7, "model_attributes_type", ("body",)),
        ({}, "missing", ("body", "prompt")),
        ({"Prompt": "Hi"}, "missing", ("body", "prompt")),
        ({"prompt": None}, "string_type", ("body", "prompt")),
        ({"prompt": 7}, "string_type", ("body", "prompt")),
        ({"prompt": ["Hi"]}, "string_type", ("body", "prompt")),
        ({"prompt": ""}, "string_too_short", ("body", "prompt")),
        ({"prompt": " \n\t\u00a0"}, "value_error", ("body", "prompt")),
        ({"prompt": "\ud800"}, "string_unicode", ("body", "prompt")),
        ({"prompt": "a\0"}, "string_unicode", ("body", "prompt")),
        ({"prompt": "Hi", "metadata": []}, "model_attributes_type", ("body", "metadata")),
        ({"prompt": "Hi", "metadata": "fast"}, "model_attributes_type", ("body", "metadata")),
    ],
)
def test_a_wrong_body_has_one_problem_where_it_is(body, kind, loc):
    assert problems(body) == [(kind, loc)]


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("user_id", 7, "string_type"),
        ("priority", "Speed", "enum"),
        ("priority", 1, "enum"),
        ("max_tokens", 0, "greater_than_equal"),
        ("max_tokens", 1.5, "int_from_float"),
        ("max_tokens", "many", "int_parsing"),
        ("max_tokens", 10**20, "less_than_equal"),
        ("temperature", 1.01, "less_than_equal"),
        ("temperature", -0.01, "greater_than_equal"),
        ("temperature", "warm", "float_parsing"),
        ("temperature", float("inf"), "finite_number"),
        ("model", 7, "string_type"),
        ("timeout", 0.09, "greater_than_equal"),
        ("timeout", 300.1, "less_than_equal"),
        ("use_cache", 2, "bool_parsing"),
        ("use_cache", "maybe", "bool_parsing"),
        ("request_id", 7, "string_type"),
        ("required_capabilities", "math", "list_type"),
        ("required_capabilities", ["x"] * 101, "too_long"),
        ("cache_ttl", 0, "greater_than_equal"),
        ("cache_ttl", -1, "greater_than_equal"),
        ("cache_ttl", "soon", "int_parsing"),
        ("stream", "perhaps", "bool_parsing"),
        ("system_prompt", ["Be brief."], "string_type"),
    ],
)
def test_a_wrong_field_has_one_problem_where_it_is(field, value, kind):
    assert problems({"prompt": "Hi", "metadata": {field: value}}) == [(kind, ("body", "metadata", field))]


def test_a_wrong_item_is_named_by_its_place():
    body = {"prompt": "Hi", "metadata": {"required_capabilities": ["math", 7]}}
    assert problems(body) == [("string_type", ("body", "metadata", "required_capabilities", 1))]


def test_every_wrong_field_is_told_at_once():
    body = {"metadata": {"max_tokens": 0, "temperature": 2, "model": "openai", "stream": "x"}}
    assert [loc for _, loc in problems(body)] == [
        ("body", "prompt"),
        ("body", "metadata", "max_tokens"),
        ("body", "metadata", "temperature"),
        ("body", "metadata", "stream"),
    ]


def test_a_problem_does_not_repeat_what_was_said():
    with pytest.raises(InvalidPrompt) as caught:
        read({"prompt": "Hi", "metadata": {"max_tokens": "sk-secret", "priority": "sk-secret"}})
    assert "secret" not in f"{caught.value}{caught.value.problems}"


@pytest.mark.parametrize(
    ("field", "value"),
    [("timeout", 0.1), ("timeout", 300), ("temperature", 0), ("temperature", 1), ("max_tokens", 1), ("cache_ttl", 1)],
)
def test_the_bounds_themselves_are_allowed(field, value):
    assert getattr(told(**{field: value}), field) == value


def test_a_prompt_may_be_as_long_as_admitted_and_no_longer():
    assert read({"prompt": "x" * 100}).prompt == "x" * 100
    with pytest.raises(PromptTooLong) as caught:
        read({"prompt": "x" * 101})
    assert (caught.value.characters, caught.value.limit) == (101, 100)


def test_what_the_system_says_counts_too():
    said = {"prompt": "x" * 60, "metadata": {"system_prompt": "y" * 40}}
    assert read(said).metadata.system_prompt == "y" * 40
    said["metadata"]["system_prompt"] += "y"
    with pytest.raises(PromptTooLong) as caught:
        read(said)
    assert (caught.value.characters, caught.value.limit) == (101, 100)


@pytest.mark.parametrize("field", ["user_id", "model", "request_id"])
def test_a_text_that_only_tells_requests_apart_is_short(field):
    assert getattr(told(**{field: "x" * 1024}), field)
    body = {"prompt": "Hi", "metadata": {field: "x" * 1025}}
    assert problems(body) == [("string_too_long", ("body", "metadata", field))]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(
    ANYTHING
    | st.fixed_dictionaries(
        {"prompt": ANYTHING},
        optional={"metadata": st.dictionaries(st.sampled_from(Metadata.__struct_fields__), ANYTHING) | ANYTHING},
    )
)
def test_whatever_is_said_is_read_or_rejected(body):
    try:
        native = read(body)
    except PromptRejected:
        return
    request = asked(native)
    assert request.prompt.text == body["prompt"]
    assert 0.1 <= request.timeout <= 300


def test_says_in_the_domains_words_what_nothing_said_means():
    request = asked(read({"prompt": "Hi"}))
    assert request.prompt.messages == (Message(Role.USER, "Hi"),)
    assert request.prompt.sampling == Sampling(max_tokens=4096, temperature=0.7)
    assert not request.prompt.streamed
    assert (request.id, request.surface, request.caller, request.timeout) == ("req_1", "prompt", CALLER, 60.0)
    assert (request.requirements, request.objective) == (Requirements(), Objective())
    assert request.cache == CacheUse(ttl=None, vary=(None, None))


def test_says_in_the_domains_words_what_was_said():
    request = asked(
        NativePrompt(
            prompt="Hi",
            metadata=told(
                model="openai", max_tokens=9, temperature=0, timeout=2, required_capabilities=["math"],
                priority="speed", user_id="u", language="de", cache_ttl=30, stream=True, system_prompt="Be brief.",
            ),
        )
    )  # fmt: skip
    assert request.prompt.messages == (Message(Role.SYSTEM, "Be brief."), Message(Role.USER, "Hi"))
    assert request.prompt.sampling == Sampling(max_tokens=9, temperature=0.0)
    assert request.prompt.streamed
    assert request.requirements == Requirements(model="openai", capabilities=("math",), max_tokens=9)
    assert request.objective == Objective(priority=Priority.SPEED)
    assert request.timeout == 2.0
    assert request.cache == CacheUse(ttl=30, vary=("u", "'de'"))


@pytest.mark.parametrize(
    ("use_cache", "cached", "used"),
    [(None, True, True), (True, True, True), (False, True, False), (None, False, False), (True, False, False)],
)
def test_the_cache_is_used_where_there_is_one_and_the_caller_does_not_mind(use_cache, cached, used):
    request = asked(NativePrompt(prompt="Hi", metadata=Metadata(use_cache=use_cache)), cached=cached)
    assert (request.cache is not None) == used


def test_the_rules_read_what_the_user_says_and_not_the_system():
    assert asked(NativePrompt(prompt="Hi", metadata=Metadata(system_prompt="debug code"))).prompt.text == "Hi"


def test_a_trial_asks_one_model_and_remembers_nothing():
    native = read({"prompt": "Hi", "metadata": {"model": "local", "timeout": 3, "priority": "cost", "max_tokens": 5}})
    request = as_request(native, only="openai", request_id="req_2", caller=CALLER, default_timeout=60.0, cached=True)
    assert request.requirements == Requirements(model="openai", pin=Pin.ONLY)
    assert (request.surface, request.cache, request.timeout) == ("test_model", None, 3.0)
    assert request.prompt.sampling.max_tokens == 5
