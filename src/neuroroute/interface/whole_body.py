"""Bodies of requests that are carried out whole: who sends one may leave, and it is done all the same."""

from typing import final

from litestar.types import Receive

from neuroroute.interface.alarm import Alarm
from neuroroute.interface.body import read_json_body
from neuroroute.interface.caller_watch import GRACE, PATIENCE, CallerWatch
from neuroroute.interface.errors import HttpRefusal
from neuroroute.interface.visit import Visit


@final
class WholeBodies:
    """Reads them, bounded in size and time. What is written by them is never cut short by the caller."""

    def __init__(self, *, limit: int) -> None:
        """`limit`: bytes."""
        self._limit = limit
        self._alarm = Alarm(GRACE)

    async def read(self, visit: Visit, receive: Receive) -> object:
        """The decoded body.

        Raises:
            HttpRefusal: 415, 413, 408, or 400 when it ended early.
            MalformedBody: it is not JSON.
        """
        with CallerWatch(receive, self._alarm) as watch:
            return await read_json_body(visit, receive, watch, limit=self._limit)
        raise HttpRefusal(408, "request_timeout", f"The body did not arrive within {PATIENCE:g} s")
