"""Who asks, and what they may do."""

import hmac
from enum import StrEnum
from typing import Never, Self, final

from msgspec import Struct

from neuroroute.domain.model import ModelId


class Scope(StrEnum):
    """What a route asks of a caller."""

    PUBLIC = "public"
    """Nothing: health and documents."""
    CLIENT = "client"
    """To be one of this installation's clients; anybody while access is open."""
    METRICS = "metrics"
    """To read the metrics; anybody on a loopback address."""
    ADMIN = "admin"
    """To hold the admin key, or a client key that opens as much."""


class Caller(Struct, frozen=True):
    """Who asks. Answers are never shared between callers of different `id`."""

    id: str
    opens: frozenset[Scope] = frozenset()
    """The routes that its key opens to it."""
    models: frozenset[ModelId] | None = None
    """The only models that may answer it; `None` is any."""
    requests_per_minute: int | None = None
    """`None` is any number."""
    policy: str | None = None
    """How models are chosen for it, unless a request says otherwise; `None` is as for everybody."""

    def may_ask(self, model: str) -> bool:
        """Whether `model` may answer it."""
        return self.models is None or model in self.models


ANYONE = Caller("anyone")
"""Every caller without a key: all are one, and share."""
ADMIN = Caller("admin", opens=frozenset(Scope))
"""Who holds the admin key."""


@final
class Secret:
    """A text that prints as `*****`, however it is printed. Neither msgspec nor pickle writes it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that needs it."""
        return self._text

    def __repr__(self) -> str:
        return "*****"

    def __format__(self, spec: str) -> str:
        return "*****"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(
            self._text.encode(errors="surrogatepass"), other._text.encode(errors="surrogatepass")
        )

    def __hash__(self) -> int:
        return hash(self._text)

    def __deepcopy__(self, memo: object) -> Self:
        return self  # it is frozen, and containers copy what they hold

    def __reduce__(self) -> Never:
        raise TypeError("a secret is not written anywhere")
