"""One request to the router: the prompt, what the caller asks of the choice, and how it is to be handled."""

from msgspec import Struct

from neuroroute.domain.access import Caller
from neuroroute.domain.prompt import Prompt
from neuroroute.domain.routing import Objective, Requirements


class CacheUse(Struct, frozen=True, kw_only=True):
    """How the response cache serves a request."""

    ttl: float | None = None
    """Seconds an answer is kept; `None` is the cache's default."""
    vary: tuple[str | None, ...] = ()
    """What the caller says the answer depends on, beyond the prompt: its user, its language."""


class RoutingRequest(Struct, frozen=True, kw_only=True):
    """Everything that one call of the router is told."""

    id: str
    surface: str
    """Where it came in, one of a closed set: `prompt`, `test_model`, or a `Wire`."""
    caller: Caller
    prompt: Prompt
    requirements: Requirements
    objective: Objective
    timeout: float
    """Seconds for each model that is asked; see `ports.Provider.answer`."""
    stall: float | None = None
    """Seconds for each silence of a streamed answer; `None` is `timeout`."""
    policy: str | None = None
    """The name of the policy that is to choose; `None` is the caller's, or everybody's."""
    strict: bool = False
    """Whether the caller would rather be refused than have a field left out."""
    cache: CacheUse | None
    """`None` neither reads nor writes it."""
