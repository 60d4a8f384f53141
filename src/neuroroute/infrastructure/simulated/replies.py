"""What a simulated model says and how long it takes: a function of the seed and of what was asked alone."""

import hashlib
import random
from enum import Enum
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Raw, Struct

from neuroroute.infrastructure.simulated.conversation import Asked, tokens
from neuroroute.infrastructure.simulated.examples import example
from neuroroute.infrastructure.simulated.wire import Persona

PADDING: Final = "\ue000"
"""Stands in a reply's text for the bytes of a huge body, which are put in when it is sent."""
CACHED: Final = "[[cached]]"
"""In the user's last words: the provider's cache has the beginning of the prompt."""
_WORDS: Final = (
    "amber basin cedar delta ember fjord grove harbor inlet juniper kelp lagoon meadow north orchard pebble quarry "
    "river summit tundra upland valley willow yonder atlas beacon compass drift echo flint glacier horizon"
)
_REPEATED: Final = 200
"""Characters of the tools' results that a text repeats."""


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


class Finish(Enum):
    """Why a reply ends."""

    NATURAL = "natural"
    LENGTH = "length"
    STOP_SEQUENCE = "stop sequence"
    TOOL = "tool"


class ToolCall(Struct, frozen=True):
    """A call that the model makes."""

    id: str
    """Hexadecimal, of its own."""
    name: str
    arguments: str
    """JSON, made from the tool's schema."""


class Choice(Struct, frozen=True, kw_only=True):
    """One of the answers that were asked for."""

    reasoning: tuple[str, ...] = ()
    """What it thinks before, cut as `tokens`."""
    tokens: tuple[str, ...] = ()
    """The text, cut where a stream is cut: one event each."""
    calls: tuple[ToolCall, ...] = ()
    finish: Finish = Finish.NATURAL
    stop_sequence: str | None = None
    spoken: int
    """Tokens of completion, the reasoning's too."""

    @property
    def text(self) -> str:
        return "".join(self.tokens)


class Reply(Struct, frozen=True, kw_only=True):
    """What is answered, in nobody's dialect."""

    id: str
    """Hexadecimal; the same for the same request and seed."""
    model: str
    choices: tuple[Choice, ...]
    """At least one."""
    prompt_tokens: int
    cached: int = 0
    """Tokens of the prompt that were read from the provider's cache."""
    first_token: float
    """Seconds from the request to the first token."""
    per_token: float
    """Seconds between tokens."""

    @property
    def completion_tokens(self) -> int:
        return sum(choice.spoken for choice in self.choices)

    @property
    def reasoning_tokens(self) -> int:
        return sum(len(choice.reasoning) for choice in self.choices)

    @property
    def duration(self) -> float:
        """Seconds from the request to the last token."""
        return self.at(max(0, max(choice.spoken for choice in self.choices) - 1))

    def at(self, place: int) -> float:
        """Seconds from the request to the token at that place of a choice."""
        return self.first_token + self.per_token * place


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
    counted = asked.prompt_tokens
    speaker = _Speaker(asked=asked, persona=persona, counted=counted, words=words, huge=huge)
    others = [hashlib.sha256(f"{digest}/{place}".encode()).hexdigest() for place in range(1, asked.choices)]
    cacheable = counted // 2 if asked.cacheable is None else min(asked.cacheable, counted)
    return Reply(
        id=digest[:24],
        model=asked.model,
        choices=(
            speaker.choice(digest, draw),
            *(speaker.choice(other, random.Random(other)) for other in others),  # noqa: S311 - as above
        ),
        prompt_tokens=counted,
        cached=cacheable if CACHED in asked.prompt else 0,
        first_token=first_token,
        per_token=1 / pace.tokens_per_second if pace.tokens_per_second else 0.0,
    )


def _digest(asked: Asked, *, persona: Persona, seed: int) -> str:
    names = [tool.name for tool in asked.tools]
    transcript = [(turn.role, turn.whole) for turn in asked.turns]
    said = msgspec.json.encode((seed, persona, asked.model, transcript, names[0] if len(names) == 1 else names or None))
    return hashlib.sha256(said).hexdigest()


class _Speaker(Struct, frozen=True, kw_only=True):
    """Makes the choices of one reply."""

    asked: Asked
    persona: Persona
    counted: int
    """Tokens of the prompt."""
    words: int | None
    huge: int | None

    def choice(self, digest: str, draw: random.Random) -> Choice:
        """`digest` is of this choice alone; `draw` follows from it."""
        asked = self.asked
        if self.huge is not None:
            opening = tokens(f"[simulated {self.persona}] ")
            return Choice(tokens=(*opening, PADDING), spoken=len(opening) + -(-self.huge // 6))
        thought = self._thought(digest)[: asked.max_tokens]
        if asked.tools and self.words is None:
            calls = tuple(_call(tool.name, tool.schema, digest, place) for place, tool in enumerate(asked.tools))
            spoken = sum(len(tokens(call.name)) + len(tokens(call.arguments)) for call in calls)
            return Choice(reasoning=thought, calls=calls, finish=Finish.TOOL, spoken=len(thought) + spoken)
        text = self._text(digest, draw)
        most = None if asked.max_tokens is None else asked.max_tokens - len(thought)
        cut, finish, stop = _limited(tokens(text), most, asked.stops)
        return Choice(
            reasoning=thought, tokens=tuple(cut), finish=finish, stop_sequence=stop, spoken=len(thought) + len(cut)
        )

    def _thought(self, digest: str) -> tuple[str, ...]:
        if not self.asked.reasoning:
            return ()
        draw = random.Random(f"{digest}/thought")  # noqa: S311 - repeatable, not secret
        opening = f"[simulated {self.persona}] Thinking about {self.counted} tokens:"
        return tuple(tokens(_filled(opening, draw, draw.randint(6, 20))))

    def _text(self, digest: str, draw: random.Random) -> str:
        if self.asked.schema is not None and self.words is None:
            return example(self.asked.schema).decode()
        results = "; ".join(result.text for result in self.asked.results)
        told = f" and the tools' results ({results[:_REPEATED]})" if self.asked.results else ""
        opening = f"[simulated {self.persona}] Answer {digest[:8]} to a prompt of {self.counted} tokens{told}:"
        if self.words is None:
            return _filled(opening, draw, draw.randint(12, 60))
        said = opening.split()[: self.words]
        return _filled(" ".join(said), draw, self.words - len(said))


def _filled(opening: str, draw: random.Random, words: int) -> str:
    vocabulary = _WORDS.split()
    return " ".join([opening, *(draw.choice(vocabulary) for _ in range(words))])


def _call(name: str, schema: Raw, digest: str, place: int) -> ToolCall:
    own = digest[24:40] if place == 0 else hashlib.sha256(f"{digest}/call/{place}".encode()).hexdigest()[:16]
    return ToolCall(own, name, example(schema).decode())


def _limited(cut: list[str], most: int | None, stops: tuple[str, ...]) -> tuple[list[str], Finish, str | None]:
    finish = Finish.NATURAL
    if most is not None and len(cut) > most:
        cut, finish = cut[:most], Finish.LENGTH
    text = "".join(cut)
    found = [(text.find(stop), stop) for stop in stops if stop in text]
    if not found:
        return cut, finish, None
    place, stop = min(found)
    return tokens(text[:place]), Finish.STOP_SEQUENCE, stop
