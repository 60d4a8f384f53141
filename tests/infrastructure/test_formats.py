"""How values are written in the environment and in the catalogue."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.infrastructure import formats
from neuroroute.infrastructure.formats import Malformed, key_of_bytes, number, optional, size, whole

CANARY = "sk-canary-5f0c"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1000000", 1_000_000), ("16MiB", 2**24), ("16 MiB", 2**24), ("16 mib", 2**24), ("2kB", 2000), ("5B", 5)],
)
def test_a_size_has_a_unit_or_none(text, expected):
    assert size(1, 10**9).parse(text) == expected


@pytest.mark.parametrize("text", ["", "MiB", "-1", "1.5MiB", "1TB", "1  MiB", "16MiB ", "1e6", "٣", "0"])
def test_what_is_no_size_is_refused(text):
    with pytest.raises(Malformed):
        size(1, 10**9).parse(text)


@pytest.mark.parametrize("text", ["on", "TRUE", "yes", "1", "t", "Y"])
def test_on_is_written_in_many_ways(text):
    assert formats.SWITCH.parse(text) is True


@pytest.mark.parametrize("text", ["off", "False", "NO", "0", "f", "n"])
def test_off_too(text):
    assert formats.SWITCH.parse(text) is False


@pytest.mark.parametrize("text", ["nan", "inf", "-inf", "1_0", "1e3", "", ".", "0.09", "300.1", "sixty"])
def test_what_is_no_number_within_bounds_is_refused(text):
    with pytest.raises(Malformed):
        number(0.1, 300).parse(text)


@given(st.integers(0, 10**9))
def test_a_whole_number_reads_as_python_writes_it(value):
    assert whole(0, 10**9).parse(str(value)) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://localhost:1234/v1", "http://localhost:1234/v1"),
        ("https://api.example.com/", "https://api.example.com"),
        ("http://[::1]:8080/a/b/", "http://[::1]:8080/a/b"),
    ],
)
def test_a_base_url_loses_the_slash_at_its_end(text, expected):
    assert formats.BASE_URL.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "localhost:1234",
        "ftp://a.test",
        "http://",
        "http:///v1",
        "//a.test",
        "http://user@a.test",
        "http://u:p@a.test",
        "http://a.test?x=1",
        "http://a.test#x",
        "http://a.test?",
        "http://a.test:99999",
        "http://a.test:x",
        "http://a.test:0",
        "http://a test",
        "http://a.test/\nx",
        "http://a.test/\tx",
        "http://[::1",
        "http://a.test/é",
        "http://" + "a" * 70 + ".test",
    ],
)
def test_what_is_no_base_url_is_refused(text):
    with pytest.raises(Malformed):
        formats.BASE_URL.parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("[]", ()),
        ("*", ("*",)),
        ('["*"]', ("*",)),
        ("https://a.test, *", ("*",)),
        ("https://A.test,http://b.test:8080,https://a.test", ("https://a.test", "http://b.test:8080")),
        (
            '["https://a.test:443","http://a.test:80","http://a.test:443"]',
            ("https://a.test", "http://a.test", "http://a.test:443"),
        ),
        ("http://[::1]:3000,chrome-extension://abc", ("http://[::1]:3000", "chrome-extension://abc")),
    ],
)
def test_origins_are_a_comma_list_or_a_json_list(text, expected):
    assert formats.ORIGINS.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a.test",
        "https://a.test/",
        "https://a.test/x",
        "https://*.a.test",
        "null",
        "https://",
        "https://a.test:0",
        "https://a.test:70000",
        "https://u@a.test",
        "[1]",
        '["https://a.test"',
        '{"a":1}',
        "https://a.test https://b.test",
    ],
)
def test_what_is_no_origin_is_refused(text):
    with pytest.raises(Malformed):
        formats.ORIGINS.parse(text)


@pytest.mark.parametrize("text", ["localhost", "127.0.0.1", "::1", "0.0.0.0", "a-b.test", "db_1"])
def test_a_host_stands_alone(text):
    assert formats.HOST.parse(text) == text
    if ":" in text:
        assert formats.HOST.parse(f"[{text}]") == text


@pytest.mark.parametrize("text", ["http://a.test", "a.test:80", "a b", "-a", "a/b", "u@a"])
def test_what_is_no_host_is_refused(text):
    with pytest.raises(Malformed):
        formats.HOST.parse(text)


@pytest.mark.parametrize("text", ["redis://h", "redis://:p@h:6379/0", "rediss://u:p@h:1", "unix:///run/redis.sock"])
def test_a_redis_address(text):
    assert formats.REDIS_URL.parse(text).reveal() == text


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:p@h/db", "postgresql:///db", "postgresql:///db?host=/run/pg&port=5433",
        "postgresql://h/db?sslmode=verify-full", "sqlite:///a.db", "sqlite:////var/a.db",
    ],
)  # fmt: skip
def test_a_database_address(text):
    assert formats.DATABASE_URL.parse(text).reveal() == text


@pytest.mark.parametrize(
    "text",
    [
        "mysql://h/db", "postgresql:h", "sqlite://", "sqlite:///", "postgresql://h:x/db", "h", "postgresql://h\n",
        "postgresql://h/db?sslmode=require&channel_binding=require", "postgres://h/db?connect_timeout=3",
    ],
)  # fmt: skip
def test_what_is_no_database_address_is_refused(text):
    with pytest.raises(Malformed):
        formats.DATABASE_URL.parse(text)


def test_a_key_of_32_bytes_is_base64():
    text = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
    assert key_of_bytes(32).parse(text).reveal() == text
    for wrong in ("QUFB", "?" + text[1:], text[:-1], "x" * 32):
        with pytest.raises(Malformed):
            key_of_bytes(32).parse(wrong)


def test_optional_is_nothing_when_empty():
    assert optional(formats.PORT).parse("") is None
    assert optional(formats.PORT).parse("80") == 80


@pytest.mark.parametrize(
    "kind",
    [
        formats.BASE_URL,
        formats.REDIS_URL,
        formats.DATABASE_URL,
        formats.ORIGINS,
        formats.HOST,
        formats.PORT,
        formats.KEY,
        formats.SWITCH,
        formats.ONE_LINE,
        formats.PATH,
        number(0, 1),
        size(1, 2),
        key_of_bytes(32),
    ],
)
@given(text=st.text(max_size=20).map(lambda around: f"{around}{CANARY}\n{around}"))
def test_no_message_holds_the_value(kind, text):
    with pytest.raises(Malformed) as caught:
        kind.parse(text)
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None
