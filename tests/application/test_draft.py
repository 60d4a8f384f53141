"""What a record is known by."""

import time
import uuid

from factories import RoutingRequestFactory

from neuroroute.application.draft import Draft, new_id
from neuroroute.domain.record import Outcome


def test_an_id_is_a_uuid_of_version_7_with_the_time_first():
    before = time.time_ns() // 1_000_000
    read = uuid.UUID(new_id())
    after = time.time_ns() // 1_000_000
    assert (read.version, read.variant) == (7, uuid.RFC_4122)
    assert before <= read.int >> 80 <= after


def test_ids_sort_by_the_millisecond_in_which_they_were_made():
    earlier = new_id()
    time.sleep(0.002)
    assert earlier < new_id()


def test_no_two_ids_are_alike():
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_a_record_has_the_id_that_was_made_when_it_began():
    draft = Draft(RoutingRequestFactory.build())
    assert draft.finish(Outcome.FAILED).id == draft.id
