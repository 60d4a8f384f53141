"""OpenAI's embeddings: a unit vector for each text, which is a function of the seed, the model and the text alone."""

import base64
import hashlib
import math
import random
import struct
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct

from neuroroute.infrastructure.simulated.conversation import restatable, tokens
from neuroroute.infrastructure.simulated.wire import Unanswerable

_DIMENSIONS: Final = 1536
"""Of `text-embedding-3-small`; the most for every model here."""


_Several: TypeAlias = Annotated[list[str | int | list[int]], Meta(min_length=1, max_length=2048)]


class _Body(Struct):
    input: Raw
    """A text or several, tokens by their numbers, or several such."""
    model: str
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, Meta(ge=1, le=_DIMENSIONS)] | None = None


class Embeddings(Struct, frozen=True, kw_only=True):
    """A request for embeddings."""

    model: str
    texts: tuple[str, ...]
    dimensions: int
    as_base64: bool
    restated: dict[str, Raw]

    @property
    def prompt(self) -> str:
        """The last text: where markers are looked for."""
        return self.texts[-1]

    @property
    def prompt_tokens(self) -> int:
        return sum(len(tokens(text)) for text in self.texts)


def read_embeddings(body: bytes) -> Embeddings:
    """Texts, or tokens by their numbers, which are taken for words.

    Raises:
        Unanswerable: it is malformed, or a text is empty.
    """
    try:
        asked = msgspec.json.decode(body, type=_Body)
        texts = _texts(asked.input)
        restated = restatable(body, ("x_simulated",))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as exc:
        raise Unanswerable(f"We could not read the request: {type(exc).__name__}: {exc}") from exc
    if not all(texts):
        raise Unanswerable("input: a text is empty")
    return Embeddings(
        model=asked.model,
        texts=texts,
        dimensions=asked.dimensions or _DIMENSIONS,
        as_base64=asked.encoding_format == "base64",
        restated=restated,
    )


def write_embeddings(asked: Embeddings, *, seed: int) -> bytes:
    """The body of the answer."""
    data = [
        {"object": "embedding", "index": index, "embedding": _written(_vector(asked, text, seed), asked)}
        for index, text in enumerate(asked.texts)
    ]
    usage = {"prompt_tokens": asked.prompt_tokens, "total_tokens": asked.prompt_tokens}
    told: dict[str, object] = {"object": "list", "data": data, "model": asked.model, "usage": usage}
    return msgspec.json.encode(told | asked.restated)


def _texts(given: Raw) -> tuple[str, ...]:
    if bytes(given).startswith(b'"'):
        return (msgspec.json.decode(given, type=str),)
    mixed = msgspec.json.decode(given, type=_Several)
    if all(isinstance(each, int) for each in mixed):
        return (" ".join(map(str, mixed)),)
    if any(isinstance(each, int) for each in mixed):
        raise Unanswerable("input: texts and tokens are mixed")
    return tuple(
        each if isinstance(each, str) else " ".join(map(str, each)) for each in mixed if not isinstance(each, int)
    )


def _vector(asked: Embeddings, text: str, seed: int) -> list[float]:
    digest = hashlib.sha256(msgspec.json.encode((seed, asked.model, text))).hexdigest()
    draw = random.Random(digest)  # noqa: S311 - repeatable, not secret
    # The first so many of the longest, as shortened embeddings are.
    drawn = [draw.gauss(0.0, 1.0) for _ in range(asked.dimensions)]
    length = math.hypot(*drawn)
    return [number / length for number in drawn]


def _written(vector: list[float], asked: Embeddings) -> str | list[float]:
    if not asked.as_base64:
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
