"""Which answers in Redis still count, as this instance last saw it (`scripts` says how it is kept there)."""

import os
from collections.abc import Iterable
from typing import Final, final

import msgspec

GENERATION_BYTES: Final = 16


def new_generation() -> bytes:
    """One that never was before, also when Redis lost its memory in between."""
    return os.urandom(GENERATION_BYTES // 2).hex().encode()


@final
class Generations:
    """The epoch, which changes with every clear, and the generation of each model that has answers."""

    def __init__(self) -> None:
        self.epoch: bytes | None = None
        self._of: dict[str, bytes] = {}

    def is_current(self, model: str, generation: bytes) -> bool:
        return self._of.get(model) == generation

    def learn(self, model: str, generation: bytes, *, epoch: bytes) -> None:
        """A model got its generation, in `epoch`."""
        if epoch == self.epoch:
            self._of[model] = generation

    def adopt(self, fields: object, *, held: Iterable[str]) -> list[str]:
        """Take over all fields of the hash; those of the `held` models that may have been cleared since the last time.

        Raises:
            msgspec.ValidationError: these are no fields.
        """
        flat = msgspec.convert(fields, list[bytes])
        names = (name.decode(errors="replace") for name in flat[::2])
        before, self._of = self._of, dict(zip(names, flat[1::2], strict=True))
        epoch, self.epoch = self.epoch, self._of.pop("", None)
        if epoch == self.epoch:
            return []
        # A model without a generation had none to lose, so that only the epoch tells of its clear.
        return [model for model in held if model not in before or before[model] != self._of.get(model)]
