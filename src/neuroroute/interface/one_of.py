"""JSON Schema of objects of several kinds, of which only some are known here: others are a provider's own."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from msgspec import Struct

Schema: TypeAlias = Mapping[str, object]

TEXT: Final[Schema] = {"type": "string"}


class Members(Struct, frozen=True):
    """What an object holds, besides whatever else."""

    needed: Mapping[str, Schema] = {}
    other: Mapping[str, Schema] = {}


def member(needed: Mapping[str, Schema], other: Mapping[str, Schema] | None = None) -> dict[str, object]:
    """An object with the `needed` members and perhaps the `other` ones, and whatever else."""
    return {"type": "object", "properties": {**needed, **(other or {})}, "required": sorted(needed)}


def maybe(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def kinds(known: Mapping[str, Members], *, by: str = "type", other: Members | None = None) -> dict[str, object]:
    """One of the `known` kinds, told by the member `by`; or of any other, or with nothing there.

    `other`: what those hold that say a kind in text, which they have to then.
    """
    choices = [member({by: {"const": name}, **one.needed}, one.other) for name, one in known.items()]
    unknown: Schema = {"not": {"enum": list(known)}}
    if other is None:
        return {"anyOf": [*choices, member({}, {by: unknown})]}
    return {"anyOf": [*choices, member({by: {**TEXT, **unknown}, **other.needed}, other.other)]}


def kind_or_none(name: str, one: Members) -> dict[str, object]:
    """Of the kind `name`, which need not be said; or of any other."""
    own = member(one.needed, {"type": {"enum": [name, None]}, **one.other})
    return {"anyOf": [own, member({"type": {"not": {"enum": [name, None]}}})]}
