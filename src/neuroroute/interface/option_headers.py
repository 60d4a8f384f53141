"""The options of the router as headers, as the OpenAPI document describes them."""

from collections.abc import Mapping, Sequence
from typing import Final

from neuroroute.domain.model import Ability
from neuroroute.domain.routing import Priority
from neuroroute.interface.router_options import MOST_FALLBACKS
from neuroroute.interface.routes import Parameter

_SECONDS: Final = {"type": "number", "minimum": 0.1, "maximum": 3600}


def _words(most: int) -> Mapping[str, object]:
    word = "[^,]{0,100}"
    return {"type": "string", "pattern": f"^{word}(?:,{word}){{0,{most - 1}}}$", "description": "Comma-separated"}


_OPTIONS: Final[Sequence[tuple[str, Mapping[str, object], str]]] = (
    ("Priority", {"type": "string", "enum": list(Priority)}, "What `auto` is to look for"),
    ("Objective", {"type": "number", "minimum": 0, "maximum": 10}, "The same from the cheapest, 0, to the best, 10"),
    ("Min-Quality", {"type": "number", "minimum": 0, "maximum": 1}, "The least predicted quality"),
    ("Policy", {"type": "string", "enum": ["learned", "rules"]}, "How `auto` chooses"),
    (
        "Abilities",
        {"type": "array", "items": {"type": "string", "enum": list(Ability)}},
        "What the model must be able to",
    ),
    ("Capabilities", _words(20), "What the model should be good at: words of /models/capabilities"),
    ("Fallbacks", _words(MOST_FALLBACKS), "Models that may take the place of the one that is named"),
    ("Max-Cost-Usd", {"type": "number", "minimum": 0, "maximum": 1_000_000}, "Of the whole answer, at the longest"),
    ("Max-Latency-Ms", {"type": "integer", "minimum": 1, "maximum": 3_600_000}, "By its latest answers, or its card"),
    ("Cache", {"type": "string", "enum": ["on", "off"]}, "Whether the response cache is used; it is not unless said"),
    ("Timeout", _SECONDS, "Seconds for each model that is asked; of a stream, until its first event"),
    ("Stall-Timeout", _SECONDS, "Seconds for each silence of a stream"),
    ("Strict", {"type": "boolean"}, "Refuse the request rather than leave out what a provider cannot be told"),
)


def option_headers() -> list[Parameter]:
    """For clients that cannot add fields to a body; what the body says wins. Lists are comma-separated."""
    return [
        Parameter(name=f"X-NeuroRoute-{name}", place="header", schema=schema, summary=summary)
        for name, schema, summary in _OPTIONS
    ]
