"""A database with decisions in it, and commands that read it."""

import asyncio
import os
from contextlib import asynccontextmanager

from click.testing import CliRunner
from decisions import CARDS

from neuroroute.cli.main import main
from neuroroute.domain.access import Secret
from neuroroute.infrastructure.sql.database import Database
from neuroroute.infrastructure.sql.decisions import SqlDecisions
from neuroroute.infrastructure.sql.feedback import SqlFeedback
from neuroroute.infrastructure.sql.ledger import SqlLedger


class Past:
    """What was decided, in the database at `url`; commands have their home in `home`."""

    def __init__(self, url, home):
        self._url = url
        self._environ = {"PATH": os.defpath, "DATABASE_URL": url, "NEUROROUTE_HOME": str(home)}

    def keep(self, *prompts, scores=(), cards=CARDS, version="3f7a"):
        """Writes prompts with their decisions, and in turn a caller's word on each, where there is one."""

        async def write():
            async with self._database() as database:
                await SqlLedger(database).write(prompts)
                if cards:
                    await SqlDecisions(database).keep_cards(version, cards)
                for prompt, score in zip(prompts, scores, strict=False):
                    if score is not None:
                        await SqlFeedback(database).give(prompt.id, caller=prompt.caller, score=score, at=prompt.at)

        asyncio.run(write())

    def run(self, *arguments, code=0):
        """What the command prints."""
        done = CliRunner().invoke(main, arguments, env=self._environ)
        assert done.exit_code == code, done.output
        return done.output

    @asynccontextmanager
    async def _database(self):
        database = Database(Secret(self._url))
        try:
            yield database
        finally:
            await database.close()
