"""What a simulated model says and how long it takes: a function of the seed and of what was asked alone."""

import hashlib
import random
import re
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct

from neuroroute.infrastructure.simulated.wire import Asked, Finish, Persona, Reply, ToolCall

PADDING: Final = "\ue000"
"""Stands in a reply's text for the bytes of a huge body, which are put in when it is sent."""

_TOKEN: Final = re.compile(r"\s*\S{1,6}|\s+")
_WORDS: Final = (
    "amber basin cedar delta ember fjord grove harbor inlet juniper kelp lagoon meadow north orchard pebble quarry "
    "river summit tundra upland valley willow yonder atlas beacon compass drift echo flint glacier horizon"
)


class Pace(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How fast a simulated model is. The defaults are chosen for a demonstration; they model no real provider."""

    first_token: Annotated[float, Meta(ge=0, le=60)] = 0.04
    """Median seconds to the first token."""
    spread: Annotated[float, Meta(ge=0, le=3)] = 0.3
    """Sigma of the log-normal around that median: 0 is always the median."""
    tokens_per_second: Annotated[float, Meta(ge=0, le=1e6)] = 200.0
    """After the first; 0 is as fast as possible."""


INSTANT: Final = Pace(first_token=0.0, tokens_per_second=0.0)
"""No waiting at all: for tests."""


def tokens(text: str) -> list[str]:
    """Cut as the simulated models count: up to six characters of a word, with the white space before it."""
    return _TOKEN.findall(text)


def prompt_tokens(asked: Asked) -> int:
    """Of every text of the conversation, and at least one."""
    return max(1, sum(len(tokens(text)) for _, text in asked.transcript))


def compose(
    asked: Asked, *, persona: Persona, seed: int, pace: Pace, words: int | None = None, huge: int | None = None
) -> Reply:
    """The reply. Its text depends on the seed, the persona, the model and the conversation alone: streamed or whole,
    it is the same, and one cut by `max_tokens` or a stop sequence is the beginning of the uncut one.

    `words` asks for exactly that many; `huge` for a text of that many bytes beyond its opening.
    """
    digest = _digest(asked, persona=persona, seed=seed)
    draw = random.Random(digest)  # noqa: S311 - repeatable, not secret
    first_token = pace.first_token * draw.lognormvariate(0.0, pace.spread)
    per_token = 1 / pace.tokens_per_second if pace.tokens_per_second else 0.0
    tool_call = _tool_call(asked, digest) if words is None and huge is None else None
    counted = prompt_tokens(asked)
    stop_sequence: str | None = None
    if tool_call is not None:
        cut, finish, spoken = [], Finish.TOOL, len(tokens(tool_call.name)) + len(tokens(tool_call.arguments))
    elif huge is not None:
        opening = tokens(f"[simulated {persona}] ")
        cut, finish, spoken = [*opening, PADDING], Finish.NATURAL, len(opening) + -(-huge // 6)
    else:
        text = _text(f"[simulated {persona}] Answer {digest[:8]} to a prompt of {counted} tokens:", draw, words)
        cut, finish, stop_sequence = _limited(tokens(text), asked)
        spoken = len(cut)
    return Reply(
        id=digest[:24],
        model=asked.model,
        tokens=tuple(cut),
        prompt_tokens=counted,
        completion_tokens=spoken,
        finish=finish,
        stop_sequence=stop_sequence,
        tool_call=tool_call,
        first_token=first_token,
        per_token=per_token,
    )


def _digest(asked: Asked, *, persona: Persona, seed: int) -> str:
    tool = asked.tool.name if asked.tool is not None else None
    said = msgspec.json.encode((seed, persona, asked.model, asked.transcript, tool))
    return hashlib.sha256(said).hexdigest()


def _text(opening: str, draw: random.Random, words: int | None) -> str:
    said, vocabulary = opening.split(), _WORDS.split()
    wanted = len(said) + draw.randint(12, 60) if words is None else words
    said.extend(draw.choice(vocabulary) for _ in range(wanted - len(said)))
    return " ".join(said[:wanted])


def _limited(cut: list[str], asked: Asked) -> tuple[list[str], Finish, str | None]:
    finish = Finish.NATURAL
    if asked.max_tokens is not None and len(cut) > asked.max_tokens:
        cut, finish = cut[: asked.max_tokens], Finish.LENGTH
    text = "".join(cut)
    found = [(text.find(stop), stop) for stop in asked.stops if stop in text]
    if not found:
        return cut, finish, None
    place, stop = min(found)
    return tokens(text[:place]), Finish.STOP_SEQUENCE, stop


JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"


class _Schema(Struct, frozen=True):
    """As much of JSON Schema as an example needs."""

    type: str | list[str] = "object"
    properties: dict[str, "_Schema"] = {}
    items: "_Schema | None" = None
    enum: list[str | int | float | bool | None] | None = None


def _tool_call(asked: Asked, digest: str) -> ToolCall | None:
    if asked.tool is None:
        return None
    return ToolCall(digest[24:40], asked.tool.name, msgspec.json.encode(_example(asked.tool.schema)).decode())


def _example(schema: Raw) -> JsonValue:
    try:
        return _fits(msgspec.json.decode(schema, type=_Schema))
    except (msgspec.MsgspecError, RecursionError):
        # A schema beyond `_Schema` is the caller's right; the call stays well-formed.
        return {}


def _fits(schema: _Schema) -> JsonValue:
    if schema.enum:
        return schema.enum[0]
    kind = schema.type if isinstance(schema.type, str) else next(iter(schema.type), "null")
    if kind == "object":
        return {name: _fits(inner) for name, inner in schema.properties.items()}
    if kind == "array":
        return [] if schema.items is None else [_fits(schema.items)]
    return _SCALARS.get(kind, "simulated")


_SCALARS: Final[dict[str, JsonValue]] = {"integer": 1, "number": 1.5, "boolean": True, "null": None}
