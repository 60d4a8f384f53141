"""What a spool file says after whatever has happened to it."""

from binascii import crc32

import pytest
from decisions import READING, a_decision, decided
from factories import RoutedPromptFactory
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from neuroroute.infrastructure.ledger.spool_lines import read_lines, write_lines

RECORDS = [
    RoutedPromptFactory.build(request_id=f"req_{number}", caller="é\n\0 {}", at=1.8e9 + number / 7)
    for number in range(4)
]
LINES = [write_lines([record]) for record in RECORDS]
DATA = b"".join(LINES)
ENDS = [sum(map(len, LINES[: number + 1])) for number in range(4)]


def test_what_was_written_is_read_as_it_was():
    assert read_lines(write_lines(RECORDS)) == read_lines(DATA)
    assert (read_lines(DATA).records, read_lines(DATA).damaged) == (RECORDS, 0)


def test_an_empty_file_holds_nothing():
    assert (read_lines(b"").records, read_lines(b"").damaged) == ([], 0)


def test_cut_at_every_byte_it_keeps_the_whole_lines_and_tells_of_the_torn_one():
    for place in range(len(DATA) + 1):
        contents = read_lines(DATA[:place])
        whole = sum(place >= end - 1 for end in ENDS)  # the last line feed may be missing
        assert contents.records == RECORDS[:whole]
        begun = ENDS[whole - 1] if whole else 0
        assert contents.damaged == (1 if place > begun + 1 else 0)


def test_cut_at_its_beginning_it_keeps_the_lines_that_are_whole():
    for place in range(ENDS[0]):
        assert read_lines(DATA[place:]).records[-3:] == RECORDS[1:]


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_a_byte_that_changed_costs_no_other_line(place, change):
    data = bytearray(DATA)
    data[place] ^= change
    hit = sum(place >= end for end in ENDS)
    contents = read_lines(bytes(data))
    others = [record for number, record in enumerate(RECORDS) if number != hit]
    assert [record for record in contents.records if record.request_id != f"req_{hit}"] == others
    assert len(contents.records) == 4 or contents.damaged


@given(st.binary())
def test_no_bytes_make_it_fail(data):
    assert read_lines(data).records == []


@given(st.lists(st.tuples(st.integers(0, len(DATA)), st.binary(max_size=20)), max_size=5))
def test_whatever_is_put_between_them_no_line_is_read_that_was_not_written(insertions):
    data = DATA
    for place, inserted in insertions:
        data = data[:place] + inserted + data[place:]
    assert all(record in RECORDS for record in read_lines(data).records)


def test_what_another_version_wrote_is_read_as_far_as_it_is_known():
    newer = write_lines([RECORDS[0]])
    body = newer.strip().split(b" ", 1)[1].replace(b'{"id"', b'{"new_field":1,"id"', 1)

    assert read_lines(b"%08x %b" % (crc32(body), body)).records == [RECORDS[0]]


@pytest.mark.parametrize("decision", [a_decision(shadow=READING), a_decision(rules=True), a_decision(caller="é\n\0")])
def test_a_decision_is_read_bit_for_bit(decision):
    record = decided(decision)
    (read,) = read_lines(write_lines([record])).records
    assert read == record
    assert repr(read.decision.plan) == repr(decision.plan), "also the last bit of each number, and the sign of a zero"


def test_what_a_version_before_decisions_wrote_is_read():
    body = write_lines([RECORDS[0]]).strip().split(b" ", 1)[1]
    older = body.replace(b',"decision":null', b"")
    assert older != body
    assert read_lines(b"%08x %b" % (crc32(older), older)).records == [RECORDS[0]]


@pytest.mark.parametrize(
    "change", [(b'"type":"learned"', b'"type":"of tomorrow"'), (b'"exchange":', b'"exchange":null,"x":')]
)
def test_a_decision_that_cannot_be_read_costs_no_record(change):
    record = decided()
    body = write_lines([record]).strip().split(b" ", 1)[1]
    other = body.replace(*change)
    assert other != body
    contents = read_lines(b"%08x %b" % (crc32(other), other))
    assert (contents.records, contents.damaged) == ([replace(record, decision=None)], 0)
