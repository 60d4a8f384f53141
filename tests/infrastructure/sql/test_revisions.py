"""The change feed, as a process of this version reads it."""

import pytest
from infrastructure.sql.asking import opened
from sqlalchemy import text

from neuroroute.application.stores import Topic
from neuroroute.infrastructure.sql.revisions import SqlRevisions, bump

pytestmark = pytest.mark.anyio


async def test_a_topic_that_a_later_version_added_is_not_ours_to_follow(database):
    async with opened(database) as held:
        async with held.writing() as session:
            await session.execute(text("INSERT INTO revisions (topic, revision) VALUES ('of_tomorrow', 3)"))
            await bump(session, Topic.CATALOG)
        assert await SqlRevisions(held).look() == {topic: int(topic is Topic.CATALOG) for topic in Topic}
