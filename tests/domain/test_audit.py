"""Nothing in the audit log is changed, removed or put elsewhere by who does not have its keys, and not found."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from neuroroute.domain.audit import RESUMED, AuditEntry, AuditFilter, AuditHead
from neuroroute.domain.audit_verification import MAX_FINDINGS, Flaw, Verification, verify

KEYS = {"a": b"a" * 32, "b": b"b" * 32}
FORGED = b"forged" * 6
TEXT = st.text(max_size=8)
CHANGES = st.fixed_dictionaries(
    {
        "at": st.floats(0, 2e9),
        "actor": TEXT,
        "action": TEXT,
        "target": TEXT,
        "before": st.none() | TEXT,
        "after": st.none() | TEXT,
        "key_id": st.sampled_from(sorted(KEYS)),
    }
)


def chain(changes, keys=KEYS):
    entries = []
    for seq, change in enumerate(changes, start=1):
        previous = entries[-1].hash if entries else b""
        entries.append(AuditEntry(seq=seq, previous=previous, **change).chained(keys[change["key_id"]]))
    return entries


LOGS = st.lists(CHANGES, min_size=1, max_size=12).map(chain)
"""Whole logs, written with two keys in turns."""


def log(length, key_id="a"):
    change = {"at": 1.5, "actor": "admin", "action": "put", "target": "openai", "before": None, "after": "{}"}
    return chain([{**change, "key_id": key_id}] * length)


def head(entries):
    return AuditHead.of(entries[-1], KEYS[entries[-1].key_id]) if entries else None


def found(entries, end, *, written=None, keys=KEYS):
    read = verify(entries, end, written=(end.seq if end else 0) if written is None else written, keys=keys)
    return [(finding.flaw, finding.first, finding.last) for finding in read.findings]


@given(LOGS)
def test_a_log_as_it_was_written_is_whole(entries):
    read = verify(entries, head(entries), written=len(entries), keys=KEYS)
    assert read.is_whole
    assert read.entries == len(entries)


def test_a_log_in_which_nothing_was_ever_written_is_whole():
    assert verify([], None, written=0, keys={}).is_whole


@given(LOGS, st.data())
def test_any_changed_field_is_found(entries, data):
    place = data.draw(st.integers(0, len(entries) - 1))
    field = data.draw(st.sampled_from(AuditEntry.__struct_fields__))
    other = {"seq": st.integers(-9, 99), "key_id": TEXT, "at": st.floats(0, 2e9)}
    values = other.get(field, st.binary(max_size=40) if field in {"previous", "hash"} else st.none() | TEXT)
    value = data.draw(values.filter(lambda value: value != getattr(entries[place], field)))
    tampered = [*entries[:place], replace(entries[place], **{field: value}), *entries[place + 1 :]]
    assert found(tampered, head(entries))


@given(LOGS, st.data())
def test_any_removed_entry_is_found(entries, data):
    place = data.draw(st.integers(0, len(entries) - 1))
    removed = [*entries[:place], *entries[place + 1 :]]
    assert (Flaw.MISSING, place + 1, place + 1) in found(removed, head(entries))


@given(LOGS.filter(lambda entries: len(entries) > 1), st.data())
def test_any_two_entries_that_swapped_places_are_found(entries, data):
    one, other = data.draw(st.lists(st.integers(0, len(entries) - 1), min_size=2, max_size=2, unique=True))
    swapped = list(entries)
    swapped[one], swapped[other] = entries[other], entries[one]
    assert found(swapped, head(entries))
    renumbered = [replace(entry, seq=seq) for seq, entry in enumerate(swapped, start=1)]
    assert found(renumbered, head(entries))


@given(LOGS, st.integers(0, 11))
def test_hashes_made_without_the_key_are_found(entries, place):
    place %= len(entries)
    forged = list(entries[:place])
    for entry in entries[place:]:
        target = "evil" if entry is entries[place] else entry.target
        changed = replace(entry, target=target, previous=forged[-1].hash if forged else b"")
        forged.append(changed.chained(FORGED))
    resealed = AuditHead.of(forged[-1], FORGED)
    assert (Flaw.CHANGED, place + 1, len(entries)) in found(forged, resealed)


def test_a_log_cut_at_its_end_is_found_whatever_is_done_to_its_head():
    whole = log(5)
    assert found(whole[:3], head(whole)) == [(Flaw.MISSING, 4, 5)]
    assert found(whole[:3], None, written=5) == [(Flaw.MISSING, 4, 5)]
    assert found(whole[:3], None, written=3) == [(Flaw.UNSEALED, 3, 3)]
    assert found(whole[:3], replace(head(whole), seq=3)) == [(Flaw.UNSEALED, 3, 3)]
    assert found(whole[:3], AuditHead.of(whole[2], FORGED)) == [(Flaw.UNSEALED, 3, 3)]
    assert found([], None, written=5) == [(Flaw.MISSING, 1, 5)]
    assert found([], None, written=0) == [(Flaw.UNSEALED, 0, 0)], "its key tells that there were entries"


def test_a_log_cut_at_its_beginning_is_found():
    whole = log(5)
    assert found(whole[2:], head(whole)) == [(Flaw.MISSING, 1, 2)]


def test_entries_after_the_head_are_found():
    whole = log(5)
    assert found(whole, head(whole[:4]), written=4) == [(Flaw.UNSEALED, 5, 5)]


def test_an_entry_of_another_history_is_found():
    """The key wrote both: before and after an old copy of the database was put back, for one."""
    whole = log(3)
    other = replace(whole[1], target="anthropic").chained(KEYS["a"])
    assert found([whole[0], other, whole[2]], head(whole)) == [(Flaw.UNLINKED, 3, 3)]


def test_entries_whose_key_does_not_open_are_neither_called_whole_nor_changed():
    whole = log(4)
    read = verify(whole, head(whole), written=4, keys={})
    assert [(each.flaw, each.first, each.last, each.key_id) for each in read.findings] == [(Flaw.UNPROVEN, 1, 4, "a")]
    assert str(read.findings[0]).startswith("Entries 1 to 4 (key a): cannot be verified")


def resumed(entries, told):
    """The log goes on with another key, as it does when the one before does not open."""
    after = msgspec.json.encode(told).decode()
    note = {"at": 2.0, "actor": "audit", "action": RESUMED, "target": "audit_log", "before": None, "after": after}
    entry = AuditEntry(seq=len(entries) + 1, key_id="b", previous=entries[-1].hash, **note)
    return [*entries, entry.chained(KEYS["b"])]


def test_a_log_that_went_on_with_another_key_says_so_until_the_first_one_opens_again():
    entries = resumed(log(3), head(log(3)))
    assert found(entries, head(entries), keys={"b": KEYS["b"]}) == [(Flaw.UNPROVEN, 1, 3), (Flaw.RESUMED, 4, 4)]
    assert found(entries, head(entries)) == []


@pytest.mark.parametrize("told", [head(log(5)), AuditHead.of(log(3)[-1], FORGED), None])
def test_a_log_that_went_on_after_it_was_cut_says_so_for_ever(told):
    entries = resumed(log(3), told)
    assert found(entries, head(entries)) == [(Flaw.RESUMED, 4, 4)]


def test_what_is_found_takes_no_more_room_the_longer_the_log_is():
    read = Verification()
    for entry in log(4 * MAX_FINDINGS):
        read = read.after(entry if entry.seq % 2 else replace(entry, actor="someone else"), KEYS)
    assert len(read.findings) == MAX_FINDINGS
    assert read.stopped


def test_a_filter_admits_what_it_names():
    entry = log(1)[0]
    for wanted in (AuditFilter(), AuditFilter(actor="admin", action="put", target="openai", since=1.5, until=1.6)):
        assert wanted.admits(entry)
    for name, value in (("actor", "cli"), ("action", "x"), ("target", "x"), ("since", 1.6), ("until", 1.5)):
        assert not AuditFilter(**{name: value}).admits(entry)
