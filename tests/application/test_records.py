"""Records are told once each, in order, soon, and many at once."""

import asyncio

import pytest
from application.scripted import Heard, comes_about
from factories import RoutedPromptFactory

from neuroroute.application.ports import Observer
from neuroroute.application.records import DELAY, MOST, Records

pytestmark = pytest.mark.anyio


class Counting(Observer):
    """How many records came at a time."""

    def __init__(self):
        self.batches = []

    def observe(self, records):
        self.batches.append(len(records))


def record(number=1):
    return RoutedPromptFactory.build(request_id=f"req_{number}")


async def test_every_observer_hears_each_record_once_and_in_order():
    one, other = Heard(), Heard()
    records = Records([one, other])
    told = [record(number) for number in range(MOST + 10)]
    for each in told:
        records.add(each)
    records.tell()
    records.tell()
    assert one.records == other.records == told


async def test_nobody_needs_to_ask():
    heard = Heard()
    records = Records([heard])
    for number in (1, 2):  # the second after the first was told
        records.add(record(number))
        assert len(heard.records) == number - 1
        await asyncio.wait_for(comes_about(lambda: len(heard.records) == number), DELAY + 5)  # noqa: B023 - awaited here


async def test_many_are_told_at_once_but_no_more_wait_than_may():
    counting = Counting()
    records = Records([counting])
    for number in range(2 * MOST + 3):
        records.add(record(number))
    assert counting.batches == [MOST, MOST]
    records.tell()
    assert counting.batches == [MOST, MOST, 3]


async def test_where_nothing_waits_nobody_is_told():
    counting = Counting()
    records = Records([counting])
    records.tell()
    records.add(record())
    records.tell()
    await asyncio.sleep(2 * DELAY)
    assert counting.batches == [1]


async def test_those_who_must_not_lose_a_record_hear_of_it_as_it_ends():
    one, other = Heard(), Counting()
    records = Records([one], at_once=[other])
    records.add(record())
    assert (one.records, other.batches) == ([], [1])
    records.tell()
    assert (len(one.records), other.batches) == (1, [1])
