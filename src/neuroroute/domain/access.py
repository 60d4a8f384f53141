"""Who asks, and what they may do."""

from enum import StrEnum

from msgspec import Struct


class Scope(StrEnum):
    """What a route asks of a caller."""

    PUBLIC = "public"
    """Nothing: health and documents."""
    CLIENT = "client"
    """To be one of this installation's clients; anybody while access is open."""
    METRICS = "metrics"
    """To read the metrics; anybody on a loopback address."""
    ADMIN = "admin"
    """To hold the admin key."""


class Caller(Struct, frozen=True):
    """Who asks. Answers are never shared between callers of different `id`."""

    id: str
    admin: bool = False


ANYONE = Caller("anyone")
"""Every caller of an open installation: all are one, and share."""
ADMIN = Caller("admin", admin=True)
