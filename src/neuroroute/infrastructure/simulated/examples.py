"""An example of the JSON that a schema describes: the arguments of tool calls, and structured answers."""

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

JsonValue: TypeAlias = "str | int | float | bool | Raw | list[JsonValue] | dict[str, JsonValue] | None"

ANYTHING: Final = Raw(b'{"type":"object","properties":{"simulated":{"type":"boolean"}}}')
"""The schema of JSON that was asked for without one."""
_MOST: Final = 2000
"""Values of one example: references multiply."""
_DEEPEST: Final = 6
"""References followed into each other before a recursive schema is cut short."""
_WORD: Final = "simulated"
_FORMATS: Final = {
    "date": "2024-02-29",
    "time": "12:00:00Z",
    "date-time": "2024-02-29T12:00:00Z",
    "duration": "P1D",
    "email": "simulated@example.com",
    "hostname": "simulated.example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/simulated",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_Length: TypeAlias = Annotated[int, Meta(ge=0, le=1000)]


class _Schema(Struct, frozen=True):
    """As much of JSON Schema as an example needs."""

    ref: str | None = field(default=None, name="$ref")
    defs: "dict[str, _Schema | bool]" = field(default_factory=dict, name="$defs")
    definitions: "dict[str, _Schema | bool]" = {}
    const: Raw | UnsetType = UNSET
    enum: list[Raw] = []
    any_of: "list[_Schema | bool]" = field(default_factory=list, name="anyOf")
    one_of: "list[_Schema | bool]" = field(default_factory=list, name="oneOf")
    all_of: "list[_Schema | bool]" = field(default_factory=list, name="allOf")
    type: str | list[str] | None = None
    properties: "dict[str, _Schema | bool]" = {}
    required: list[str] = []
    items: "_Schema | bool" = True
    prefix_items: "list[_Schema | bool]" = field(default_factory=list, name="prefixItems")
    min_items: _Length = field(default=0, name="minItems")
    max_items: int | None = field(default=None, name="maxItems")
    min_length: _Length = field(default=0, name="minLength")
    max_length: int | None = field(default=None, name="maxLength")
    format: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = field(default=None, name="exclusiveMinimum")
    exclusive_maximum: float | None = field(default=None, name="exclusiveMaximum")

    @property
    def kind(self) -> str:
        if isinstance(self.type, str):
            return self.type
        if self.type:
            return self.type[0]
        return "array" if self.prefix_items or isinstance(self.items, _Schema) else "object"


def example(schema: Raw) -> bytes:
    """JSON of an example; `{}` of a schema that we do not understand."""
    try:
        root = msgspec.json.decode(schema, type=_Schema)
        return msgspec.json.encode(_Example(root).of(root, 0))
    except (msgspec.MsgspecError, RecursionError):
        # A schema beyond `_Schema` is the caller's right; the answer stays well-formed.
        return b"{}"


class _Example:
    """One example in the making."""

    def __init__(self, root: _Schema) -> None:
        self._root: Final = root
        self._named: Final = root.defs | root.definitions
        self._left = _MOST

    def of(self, schema: _Schema | bool, hops: int) -> JsonValue:  # noqa: FBT001 - `true` is a schema too
        """`hops`: references followed so far."""
        self._left -= 1
        if isinstance(schema, bool) or self._left < 0:
            return _WORD
        if schema.ref is not None:
            named = self._root if schema.ref == "#" else self._named.get(schema.ref.rpartition("/")[2], True)
            return self.of(named, hops + 1)
        if schema.const is not UNSET:
            return schema.const
        if schema.enum:
            return schema.enum[0]
        variants = schema.any_of or schema.one_of or schema.all_of
        return self.of(_variant(variants, hops), hops) if variants else self._typed(schema, hops)

    def _typed(self, schema: _Schema, hops: int) -> JsonValue:
        match schema.kind:
            case "object":
                return self._object(schema, hops)
            case "array":
                return self._array(schema, hops)
            case "string":
                return _string(schema)
            case "integer":
                return int(_number(schema, 1))
            case "number":
                return _number(schema, 1.5)
            case other:
                return {"boolean": True, "null": None}.get(other, _WORD)

    def _object(self, schema: _Schema, hops: int) -> JsonValue:
        shown = schema.properties
        if hops >= _DEEPEST:
            shown = {name: inner for name, inner in shown.items() if name in schema.required}
        return {name: self.of(inner, hops) for name, inner in shown.items()}

    def _array(self, schema: _Schema, hops: int) -> JsonValue:
        if schema.prefix_items:
            return [self.of(each, hops) for each in schema.prefix_items]
        wanted = 1 if isinstance(schema.items, _Schema) and hops < _DEEPEST and schema.max_items != 0 else 0
        return [self.of(schema.items, hops) for _ in range(max(wanted, schema.min_items))]


def _variant(variants: "list[_Schema | bool]", hops: int) -> _Schema | bool:
    nothing = [each for each in variants if isinstance(each, _Schema) and each.type == "null"]
    return nothing[0] if nothing and hops >= _DEEPEST else variants[0]


def _string(schema: _Schema) -> str:
    if schema.format in _FORMATS:
        return _FORMATS[schema.format]
    word = _WORD + "." * (schema.min_length - len(_WORD))
    return word if schema.max_length is None else word[: max(0, schema.max_length)]


def _number(schema: _Schema, usual: float) -> float:
    least, most = schema.minimum, schema.maximum
    if schema.exclusive_minimum is not None:
        least = schema.exclusive_minimum + 1
    if schema.exclusive_maximum is not None:
        most = schema.exclusive_maximum - 1
    number = usual if least is None else max(usual, least)
    return number if most is None else min(number, most)
