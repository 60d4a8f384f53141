"""What may be said to the router, in the body and in headers."""

import pytest

from neuroroute.dialects.caller_side import InvalidRequest
from neuroroute.domain.model import Ability
from neuroroute.domain.routing import Priority
from neuroroute.interface.router_options import CacheOption, RouterOptions, take_options


def taken(said=None, **headers):
    body = {"model": "m"} if said is None else {"model": "m", "neuroroute": said}
    options = take_options(
        body, {f"x-neuroroute-{name.replace('_', '-')}".encode(): value.encode() for name, value in headers.items()}
    )
    assert body == {"model": "m"}, "a provider would be shown it"
    return options


def refused(said=None, **headers):
    with pytest.raises(InvalidRequest) as caught:
        taken(said, **headers)
    return caught.value


def test_nothing_is_asked_for_where_nothing_is_said():
    assert taken() == taken({}) == taken(None) == RouterOptions()


def test_every_option_of_the_body_is_read():
    options = taken({
        "priority": "cost", "abilities": ["tools", "images"], "capabilities": ["math"], "fallbacks": ["a", "b"],
        "max_cost_usd": 0.1, "max_latency_ms": 900, "cache": {"ttl": 60}, "timeout": 5, "stall_timeout": 2.5,
        "strict": True, "objective": 7, "min_quality": 0.5, "policy": "learned",
    })  # fmt: skip
    assert options == RouterOptions(
        priority=Priority.COST, abilities=frozenset({Ability.TOOLS, Ability.IMAGES}), capabilities=("math",),
        fallbacks=("a", "b"), max_cost_usd=0.1, max_latency_ms=900, cache=CacheOption(ttl=60), timeout=5,
        stall_timeout=2.5, strict=True, objective=7, min_quality=0.5, policy="learned",
    )  # fmt: skip


def test_every_option_of_a_header_is_read_lists_by_commas():
    assert taken(
        priority="speed", abilities="tools, json_schema", capabilities="math,code", fallbacks="a,b ,",
        max_cost_usd="0.25", max_latency_ms="900", cache="ON", timeout="5", stall_timeout="2.5", strict="true",
        objective="7.5", min_quality="0", policy="rules",
    ) == RouterOptions(
        priority=Priority.SPEED, abilities=frozenset({Ability.TOOLS, Ability.JSON_SCHEMA}),
        capabilities=("math", "code"), fallbacks=("a", "b"), max_cost_usd=0.25, max_latency_ms=900, cache="on",
        timeout=5, stall_timeout=2.5, strict=True, objective=7.5, min_quality=0, policy="rules",
    )  # fmt: skip


def test_the_body_wins_over_a_header_option_by_option():
    options = taken({"priority": "cost", "strict": False}, priority="speed", strict="true", timeout="7")
    assert (options.priority, options.strict, options.timeout) == (Priority.COST, False, 7)


@pytest.mark.parametrize(
    ("usd", "nano"),
    [(0.1, 100_000_000), (0.000000001, 1), (1.234567891, 1_234_567_891), (1_000_000, 10**15), (0, 0), (1e-10, 0)],
)
def test_money_is_exact_to_the_nano_dollar(usd, nano):
    assert taken({"max_cost_usd": usd}).max_cost == nano
    assert taken(max_cost_usd=f"{usd:.10f}").max_cost == nano


@pytest.mark.parametrize(
    ("said", "param"),
    [
        ({"priority": "best"}, "neuroroute.priority"), ({"abilities": ["taste"]}, "neuroroute.abilities[0]"),
        ({"abilities": "tools"}, "neuroroute.abilities"), ({"capabilities": [""]}, "neuroroute.capabilities[0]"),
        ({"fallbacks": ["m"] * 11}, "neuroroute.fallbacks"), ({"fallbacks": [1]}, "neuroroute.fallbacks[0]"),
        ({"max_cost_usd": -1}, "neuroroute.max_cost_usd"), ({"max_cost_usd": "1"}, "neuroroute.max_cost_usd"),
        ({"max_cost_usd": True}, "neuroroute.max_cost_usd"), ({"max_latency_ms": 0}, "neuroroute.max_latency_ms"),
        ({"max_latency_ms": 1.5}, "neuroroute.max_latency_ms"), ({"cache": "yes"}, "neuroroute.cache"),
        ({"cache": {"ttl": 0}}, "neuroroute.cache.ttl"), ({"cache": {"for": 1}}, "neuroroute.cache"),
        ({"timeout": 0.09}, "neuroroute.timeout"), ({"timeout": 3601}, "neuroroute.timeout"),
        ({"timeout": "5"}, "neuroroute.timeout"), ({"stall_timeout": 0}, "neuroroute.stall_timeout"),
        ({"objective": -0.1}, "neuroroute.objective"), ({"objective": 10.1}, "neuroroute.objective"),
        ({"objective": "7"}, "neuroroute.objective"), ({"objective": True}, "neuroroute.objective"),
        ({"min_quality": 1.01}, "neuroroute.min_quality"), ({"min_quality": []}, "neuroroute.min_quality"),
        ({"policy": "best"}, "neuroroute.policy"), ({"policy": 1}, "neuroroute.policy"),
        ({"strict": 1}, "neuroroute.strict"), ({"strict": "true"}, "neuroroute.strict"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_its_name_and_what_is_allowed_is_told(said, param):
    error = refused(said)
    assert error.param == param
    assert "Allowed: " in str(error)


@pytest.mark.parametrize(
    "header",
    [
        {"timeout": "soon"}, {"timeout": "nan"}, {"strict": "perhaps"}, {"cache": "60"}, {"objective": "nan"},
        {"objective": "11"}, {"objective": "cost"}, {"min_quality": "inf"}, {"policy": "learnt"},
    ],
)  # fmt: skip
def test_a_wrong_header_is_refused_by_its_name(header):
    (name,) = header
    assert refused(**header).param == f"x-neuroroute-{name.replace('_', '-')}"


@pytest.mark.parametrize("said", [[], "fast", 5, True])
def test_what_is_no_object_is_refused(said):
    assert refused(said).param == "neuroroute"


def test_an_unknown_option_is_refused_and_the_known_ones_are_listed():
    for error in (refused({"speed": 1}), refused(speed="1")):
        assert all(name in str(error) for name in RouterOptions.__struct_fields__)
        assert "speed" in error.param


@pytest.mark.parametrize("name", ["api_base", "base_url", "api_key", "extra_headers"])
def test_whom_we_ask_with_whose_key_is_not_said_by_callers(name):
    for body in ({name: "x-secret"}, {name: None}, {"neuroroute": {name: "x-secret"}}):
        with pytest.raises(InvalidRequest) as caught:
            take_options(dict(body), {})
        assert name in caught.value.param
        assert "x-secret" not in str(caught.value)


def test_deeper_down_the_same_words_are_content():
    body = {"metadata": {"api_key": "x"}, "messages": [{"role": "user", "content": "x", "base_url": "y"}]}
    take_options(body, {})
    assert body == {"metadata": {"api_key": "x"}, "messages": [{"role": "user", "content": "x", "base_url": "y"}]}


def test_an_unsaid_option_may_be_null():
    unsaid = dict.fromkeys(("priority", "max_cost_usd", "cache", "timeout", "stall_timeout"))
    assert taken(unsaid) == RouterOptions()


def test_a_refusal_does_not_say_back_what_may_be_a_key_in_the_wrong_place():
    for error in (refused({"priority": "sk-secret"}), refused({"timeout": "sk-secret"}), refused(cache="sk-secret")):
        assert "sk-secret" not in str(error)
