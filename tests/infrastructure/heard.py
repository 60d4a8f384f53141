"""A pipe in place of standard output, and what comes out of it."""

import os
import select
import time

import msgspec

from neuroroute.infrastructure.log_lines import LineWriter


class Log:
    """A pipe in place of standard output."""

    def __init__(self):
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        self.lines = LineWriter(self._write)

    def close(self):
        self.lines.close(wait=5.0)
        os.close(self._read)
        os.close(self._write)

    def told(self):
        self.lines.close(wait=5.0)
        return parsed(os.read(self._read, 1 << 16))

    def wait(self, seconds):
        """What arrives within so many seconds, and how long that took."""
        began = time.monotonic()
        assert select.select([self._read], [], [], seconds)[0]
        return parsed(os.read(self._read, 1 << 16)), time.monotonic() - began


def parsed(data):
    assert data.endswith(b"\n")
    return [msgspec.json.decode(line) for line in data.splitlines()]
