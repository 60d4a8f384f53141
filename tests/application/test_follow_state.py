"""What a process holds follows what is stored, and goes on to follow it whatever is found there."""

import pytest

from neuroroute.application.follow_state import FollowState, Held
from neuroroute.application.stores import Topic
from neuroroute.domain.errors import StateUnavailable
from neuroroute.infrastructure.memory.revisions import MemoryRevisions

pytestmark = pytest.mark.anyio


class Holder(Held):
    """Counts its loads; fails while it is told to."""

    def __init__(self, *topics):
        self.topics = frozenset(topics)
        self.loads = 0
        self.fault = None

    async def load(self):
        if self.fault is not None:
            raise self.fault
        self.loads += 1


class Process:
    """Two holders that follow."""

    def __init__(self):
        self.revisions = MemoryRevisions()
        self.catalog, self.keys = Holder(Topic.CATALOG, Topic.CREDENTIALS), Holder(Topic.CLIENT_KEYS)
        self.told = []
        self.follow = FollowState(
            self.revisions, [self.keys, self.catalog], prepare=self._prepare, tell=self.told.append
        )

    async def _prepare(self):
        pass


@pytest.fixture
def process():
    return Process()


async def test_whoever_holds_a_changed_topic_loads_it_and_nobody_else(process):
    await process.follow.attempt()
    process.revisions.bump(Topic.CLIENT_KEYS)
    await process.follow.attempt()
    await process.follow.attempt()
    assert (process.keys.loads, process.catalog.loads) == (2, 1)


async def test_a_row_that_cannot_be_read_is_an_obstacle_and_ends_with_it(process):
    await process.follow.attempt()
    process.catalog.fault = ValueError("'klingon' is not a valid Dialect")
    process.revisions.bump(Topic.CATALOG)
    await process.follow.attempt()
    assert "klingon" not in str(process.follow.obstacle)
    assert "ValueError" in str(process.follow.obstacle)
    process.catalog.fault = None
    await process.follow.attempt()
    assert process.follow.obstacle is None
    assert process.catalog.loads == 2


@pytest.mark.parametrize("fault", [ValueError(), StateUnavailable("away")])
async def test_what_was_written_stands_even_if_it_cannot_be_read(process, fault):
    process.catalog.fault = fault
    with pytest.raises(StateUnavailable):
        await process.follow.refresh()
    await process.follow.catch_up()
    process.catalog.fault = None
    await process.follow.catch_up()
    assert process.catalog.loads == 1


async def test_keys_are_followed_while_the_catalogue_cannot_be_read(process):
    await process.follow.attempt()
    process.catalog.fault = ValueError()
    process.revisions.bump(Topic.CATALOG)
    process.revisions.bump(Topic.CLIENT_KEYS)
    await process.follow.attempt()
    assert process.keys.loads == 2


async def test_a_loss_is_told_once_and_so_is_the_return(process):
    process.catalog.fault = StateUnavailable("away")
    for _ in range(3):
        await process.follow.attempt()
    process.catalog.fault = None
    await process.follow.attempt()
    process.catalog.fault = StateUnavailable("away")
    process.revisions.bump(Topic.CATALOG)
    for _ in range(3):
        await process.follow.attempt()
    assert [None if told is None else str(told) for told in process.told] == ["away", None, "away"]
