"""Providers' keys and settings in the earlier service's language, and never a key in it."""

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.dialects.api_keys import (
    ApiKeyIn,
    read_key,
    read_provider,
    read_settings,
    show_key,
    show_settings,
)
from neuroroute.dialects.lax import LINE, Unreadable
from neuroroute.dialects.native import InvalidPrompt
from neuroroute.domain.access import Secret
from neuroroute.domain.credential import CredentialStatus, ProviderCredential, ProviderSettings
from neuroroute.infrastructure.formats import BASE_URL

ENTERED = {"provider": "openai", "api_key": "sk-canary-4711"}
HIDDEN = st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=60)


def settings(body):
    return read_settings(body, base_url=BASE_URL.parse)


def problems(read, body):
    with pytest.raises(InvalidPrompt) as raised:
        read(body)
    assert "canary" not in str(raised.value)
    return [(problem.type, problem.loc) for problem in raised.value.problems]


def credential(key="sk-1", **fields):
    said = {"id": 7, "provider": "openai", "is_active": True, "origin": "", **fields}
    return ProviderCredential(key=None if key is None else Secret(key), **said)


def test_a_key_is_active_unless_the_body_says_otherwise():
    assert read_key(ENTERED) == ApiKeyIn(provider="openai", api_key="sk-canary-4711", is_active=True)
    for said in (False, "no", 0, "OFF"):
        assert read_key({**ENTERED, "is_active": said}).is_active is False
    assert read_key({**ENTERED, "is_active": "yes", "unknown": [1]}).is_active is True


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"provider": 1}, ("string_type", ("body", "provider"))),
        ({"provider": ""}, ("string_too_short", ("body", "provider"))),
        ({"provider": "a/b"}, ("value_error", ("body", "provider"))),
        ({"provider": "settings"}, ("value_error", ("body", "provider"))),
        ({"provider": ".."}, ("value_error", ("body", "provider"))),
        ({"provider": "a\nb"}, ("value_error", ("body", "provider"))),
        ({"provider": "a\0b"}, ("string_unicode", ("body", "provider"))),
        ({"provider": "a\ud800"}, ("string_unicode", ("body", "provider"))),
        ({"provider": "x" * 256}, ("string_too_long", ("body", "provider"))),
        ({"api_key": None}, ("string_type", ("body", "api_key"))),
        ({"api_key": ["sk-canary"]}, ("string_type", ("body", "api_key"))),
        ({"api_key": ""}, ("value_error", ("body", "api_key"))),
        ({"api_key": "sk canary"}, ("value_error", ("body", "api_key"))),
        ({"api_key": "sk-canary\n"}, ("value_error", ("body", "api_key"))),
        ({"api_key": "sk-cänary"}, ("value_error", ("body", "api_key"))),
        ({"api_key": "k" * 4097}, ("string_too_long", ("body", "api_key"))),
        ({"is_active": "maybe"}, ("bool_parsing", ("body", "is_active"))),
        ({"is_active": None}, ("bool_parsing", ("body", "is_active"))),
    ],
)
def test_what_a_field_does_not_allow_is_named(change, expected):
    assert problems(read_key, {**ENTERED, **change}) == [expected]


def test_every_field_that_is_wrong_is_named_at_once():
    assert problems(read_key, {"is_active": "maybe"}) == [
        ("missing", ("body", "provider")),
        ("missing", ("body", "api_key")),
        ("bool_parsing", ("body", "is_active")),
    ]
    assert problems(settings, {}) == [("missing", ("body", "provider"))]


@pytest.mark.parametrize("read", [read_key, settings])
def test_a_body_that_is_no_object_is_refused(read):
    assert problems(read, None) == [("missing", ("body",))]
    for body in ([], "text", 1, True):
        assert problems(read, body) == [("model_attributes_type", ("body",))]


def test_settings_that_are_left_out_null_or_empty_are_null():
    nothing = ProviderSettings(id=0, provider="s")
    assert settings({"provider": "s"}) == nothing
    for empty in (None, ""):
        assert settings({"provider": "s", "model": empty, "organization": empty, "api_base": empty}) == nothing


def test_settings_are_kept_as_they_are_said():
    said = {"provider": "s", "model": "m1", "organization": "o", "api_base": "http://x.test/v1"}
    read = settings(said)
    assert msgspec.to_builtins(show_settings(read)) == {**said, "id": 0}


@pytest.mark.parametrize(
    "address",
    ["x.test", "ftp://x.test", "file:///etc/passwd", "http://", "https://canary:pw@x.test", "http://x.test/?a=b",
     "http://x.test/#f", "http://x.test/ v1", "http://x.test/\r\nHost: evil", "http://x.test:0", "http://x.test:99999",
     "http://[::1", "gopher://x", "http://x.test/" + "a" * 2048, 1, ["http://x.test"]],
)  # fmt: skip
def test_an_address_of_another_form_is_refused(address):
    ((_, loc),) = problems(settings, {"provider": "s", "api_base": address})
    assert loc == ("body", "api_base")


@pytest.mark.parametrize("field", ["model", "organization"])
def test_settings_are_one_line_of_text_each(field):
    for wrong in ("a\nb", "a\x1b[0m", "a\0", "x" * 256, 1, {}):
        ((_, loc),) = problems(settings, {"provider": "s", field: wrong})
        assert loc == ("body", field)


@given(HIDDEN)
def test_no_more_of_a_key_is_shown_than_the_end_of_a_long_one(key):
    shown = show_key(credential(key), CredentialStatus.ACTIVE).api_key
    assert shown == ("*****" + key[-4:] if len(key) >= 20 else "*****")


def test_a_key_that_does_not_open_is_shown_as_such():
    shown = msgspec.to_builtins(show_key(credential(None), CredentialStatus.UNDECRYPTABLE))
    assert shown == {"provider": "openai", "api_key": "*****", "is_active": True, "id": 7, "status": "undecryptable"}


def test_what_was_read_prints_without_its_key():
    assert "canary" not in repr(read_key(ENTERED))


@given(st.text(max_size=300))
def test_a_name_is_taken_as_it_is_or_not_at_all(name):
    try:
        assert read_provider(name) == name
    except Unreadable:
        assert (
            not name
            or "/" in name
            or not re.fullmatch(f"{LINE}*", name)
            or len(name) > 255
            or name in {"settings", ".", ".."}
        )


@pytest.mark.parametrize(
    ("key", "is_active", "origin", "status"),
    [
        ("sk", True, "https://a.test:443", CredentialStatus.ACTIVE),
        ("sk", False, "https://a.test:443", CredentialStatus.INACTIVE),
        ("sk", True, "https://b.test:443", CredentialStatus.OTHER_ORIGIN),
        ("sk", True, "", CredentialStatus.OTHER_ORIGIN),
        ("sk", False, "", CredentialStatus.INACTIVE),
        (None, True, "https://a.test:443", CredentialStatus.UNDECRYPTABLE),
        (None, False, "", CredentialStatus.UNDECRYPTABLE),
    ],
)
def test_a_key_is_used_only_if_it_opens_is_switched_on_and_stays_at_home(key, is_active, origin, status):
    assert credential(key, is_active=is_active, origin=origin).status("https://a.test:443") is status
