"""Server-sent events come out the same however the bytes are cut."""

import pytest
from dialects.cutting import cut, heard, one_by_one
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.dialects.sse import MAX_EVENT_BYTES, SseEvent, SseReader, relay_event, write_event
from neuroroute.domain.errors import ProviderUnavailable

LINE_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
WORDS = st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=10).map(str.encode)
LINES = st.one_of(
    WORDS.map(lambda word: b"data: " + word),
    WORDS.map(lambda word: b"data:" + word),
    WORDS.map(lambda word: b"event: " + word),
    WORDS.map(lambda word: b":" + word),
    WORDS,
    st.sampled_from([b"", b"", b"data", b"event", b"id: 7", b"retry: 100", b"\xff\xfe", b"data: \x85\x0b\x0c\x1c"]),
)
STREAMS = st.builds(
    lambda mark, lines: mark + b"".join(line + end for line, end in lines),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.lists(st.tuples(LINES, LINE_ENDS), max_size=20),
)


def read(text):
    return heard(SseReader(), [text])


@given(st.data(), STREAMS)
def test_any_cutting_gives_the_same_events(data, stream):
    whole = read(stream)
    assert heard(SseReader(), data.draw(cut(stream))) == whole
    assert heard(SseReader(), one_by_one(stream)) == whole


@given(st.data(), st.binary(max_size=200))
def test_any_cutting_of_anything_gives_the_same_events(data, stream):
    assert heard(SseReader(), data.draw(cut(stream))) == read(stream)


EVENTS = st.lists(
    st.tuples(st.text("abcdef", max_size=4).map(str.encode), st.lists(WORDS, min_size=1, max_size=3)), max_size=5
)


@given(st.data(), EVENTS)
def test_reads_every_mix_of_line_ends(data, told):
    stream = b""
    for name, lines in told:
        end = data.draw(LINE_ENDS)
        stream += end.join((b"event: " + name, *(b"data: " + line for line in lines), end))
    assert read(stream) == [SseEvent(name, b"\n".join(lines)) for name, lines in told]


@given(EVENTS)
def test_reads_what_it_writes_on_however_many_lines(told):
    written = b"".join(write_event(b"\n".join(lines), name=name.decode() or None) for name, lines in told)
    assert read(written) == [SseEvent(name, b"\n".join(lines)) for name, lines in told]


@given(STREAMS)
def test_what_is_passed_on_reads_as_what_came(stream):
    came = read(stream)
    assert read(b"".join(map(relay_event, came))) == came


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
        (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [b"a"]),  # a mark is one at the very beginning only
        (b": keep alive\n\n: again\n\ndata: a\n\n", [b"a"]),
        (b"data: a\n: in between\ndata: b\n\n", [b"a\nb"]),
        (b"data:a\ndata:  b\ndata\n\n", [b"a\n b\n"]),
        (b"data: a\r\rdata: b\r\n\r\ndata: c\n\n", [b"a", b"b", b"c"]),
        (b"data: a\r\r", [b"a"]),
        (b"data: a\n\r", [b"a"]),
        (b"data: \xe2\x80\xa8\xc2\x85\n\n", ["\u2028\u0085".encode()]),  # ends of a line in Unicode, not here
        (b"id: 1\nretry: 2\nfoo: bar\n\n", []),
        (b"event: ping\n\ndata: a\n\n", [b"a"]),
        (b"\n\n\n", []),
    ],
)
def test_reads_as_the_standard_says(stream, events):
    assert [event.data for event in read(stream)] == events


def test_a_name_is_that_of_its_own_event_only():
    stream = b"event: error\ndata: a\n\ndata: b\n\nevent: lost\n\ndata: c\n\n"
    assert [event.name for event in read(stream)] == [b"error", b"", b""]


@given(STREAMS)
def test_an_event_without_its_blank_line_never_comes_out(stream):
    stream = stream.removesuffix(b"\r") + b"\n\n"
    before = read(stream)
    assert read(stream + b"data: cut off") == before
    assert read(stream + b"data: cut off\n") == before


@pytest.mark.parametrize(
    "piece",
    [b"x" * 4096, b"data: " + b"x" * 4090, b": " + b"x" * 4094, b"data: " + b"x" * 4000 + b"\n", b"data:\n", b"data\r"],
    ids=["no line end", "no line end, data", "a comment's", "many lines", "many empty lines", "many bare fields"],
)
def test_an_event_larger_than_the_bound_is_refused_before_it_fills_the_memory(piece):
    reader = SseReader()
    pieces = piece * (65_536 // len(piece))
    with pytest.raises(ProviderUnavailable, match=str(MAX_EVENT_BYTES)):
        feed_for_ever(reader, pieces, most=len(b"data:\n") * MAX_EVENT_BYTES)


def feed_for_ever(reader, piece, *, most):
    for _ in range(most // len(piece) + 1):
        reader.feed(piece)


def test_many_events_may_together_be_larger_than_the_bound():
    reader, event = SseReader(), b"data: " + b"x" * 65_000 + b"\n\n"
    assert sum(len(reader.feed(event)) for _ in range(40)) == 40


def test_the_largest_event_is_read():
    data = b"x" * (MAX_EVENT_BYTES - 64)
    assert read(b"data: " + data + b"\n\n") == [SseEvent(b"", data)]
