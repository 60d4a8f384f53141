"""What a stream says of the answer beside its content, gathered until the end."""

from typing import final

from msgspec import Raw

from neuroroute.dialects.anthropic.counts import Counts, read_counts, usage_of
from neuroroute.dialects.anthropic.reasons import read_reason
from neuroroute.domain.completion import Finished


def finish(reason: str | None, sequence: str | None, counts: Counts, model: str | None) -> Finished:
    """The end, as the domain knows it."""
    return Finished(read_reason(reason or ""), reason or "", usage_of(counts), model, sequence)


@final
class Ending:
    """Of one stream."""

    def __init__(self) -> None:
        self.done = False
        """Whether `message_stop` came: the answer is complete then, and not before."""
        self._reason: str | None = None
        self._sequence: str | None = None
        self._model: str | None = None
        self._counts = Counts()

    def begin(self, model: str | None, usage: Raw) -> None:
        """As `message_start` tells."""
        self._model, self._counts = model, read_counts(usage)

    def end(self, reason: str | None, sequence: str | None, usage: Raw) -> None:
        """As `message_delta` tells."""
        self._reason, self._sequence = reason or self._reason, sequence or self._sequence
        self._counts = self._counts.updated(read_counts(usage))

    def finish(self) -> Finished:
        """The end, at `message_stop`."""
        self.done = True
        return finish(self._reason, self._sequence, self._counts, self._model)
