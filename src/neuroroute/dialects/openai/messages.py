"""The messages of a chat, as callers write them."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, final

import msgspec
from msgspec import Struct

from neuroroute.dialects.fields import read, unread
from neuroroute.domain.completion import ToolCall
from neuroroute.domain.model import Ability
from neuroroute.domain.prompt import Document, Image, Message, Part, Role, Text, ToolResult

_Object: TypeAlias = Mapping[str, object]
_Medium: TypeAlias = Text | Image | Document

_ROLES: Final = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "tool": Role.USER,
}
_PLAIN: Final = {role: said for role, said in _ROLES.items() if role != "tool"}
_MESSAGE: Final = {"role", "content"}
_KNOWN: Final = {
    "assistant": {*_MESSAGE, "refusal", "tool_calls"},
    "tool": {*_MESSAGE, "tool_call_id"},
}
_TEXT: Final = {"type", "text"}
_IMAGE: Final = {"type", "image_url"}
_URL: Final = {"url"}
_FILE: Final = {"type", "file"}
_DATA: Final = {"file_data", "filename"}
_CALL: Final = {"id", "type", "function", "index"}
"""With `index`, which is a stream's: clients send back what they were told."""
_FUNCTION: Final = {"name", "arguments"}
_REFUSAL: Final = {"type", "refusal"}


class SaidMessage(Struct):
    """A message of any role: as much of it as is carried."""

    role: str
    content: str | list[dict[str, object]] | None = None
    refusal: str | None = None
    tool_calls: list[dict[str, object]] | None = None
    tool_call_id: str | None = None


class _Function(Struct):
    name: str
    arguments: str | dict[str, object] | None = None


class _Call(Struct):
    function: dict[str, object]
    id: str | None = None


class _TextPart(Struct):
    text: str


class _Refusal(Struct):
    refusal: str


class _Url(Struct):
    url: str


class _ImagePart(Struct):
    image_url: dict[str, object] | str
    """The object; some servers take the address alone."""


class _File(Struct):
    file_data: str | None = None
    filename: str | None = None


class _FilePart(Struct):
    file: dict[str, object]


@final
class MessageReader:
    """Reads messages, and notes what they take and what of them is not carried."""

    def __init__(self) -> None:
        self.untranslated = list[str]()
        self.abilities = set[Ability]()
        self.images = 0
        self.image_characters = 0
        """Of the images that are in the request itself."""

    def read(self, messages: Sequence[SaidMessage], raw: Sequence[_Object]) -> tuple[Message, ...]:
        """What `messages` say in the domain's words. `raw` are the same, with all that is not carried.

        Raises:
            InvalidRequest: one of a kind that we know is not as it should be.
        """
        turns = list[Message]()
        for at, (message, fields) in enumerate(zip(messages, raw, strict=True)):
            if len(fields) == len(_MESSAGE) and isinstance(message.content, str) and message.role in _PLAIN:
                turns.append(Message(_PLAIN[message.role], message.content))  # as almost all are
                continue
            path = f"messages[{at}]"
            if message.role not in _ROLES:
                self.untranslated.append(path)
                continue
            self.untranslated += unread(fields, _KNOWN.get(message.role, _MESSAGE), path)
            parts = self._content(message.content, f"{path}.content")
            said = self._result(message, parts) if message.role == "tool" else self._said(message, parts, path)
            turns.append(Message(_ROLES[message.role], said))
        return tuple(turns)

    def _said(self, message: SaidMessage, parts: str | tuple[_Medium, ...], path: str) -> str | tuple[Part, ...]:
        if message.role != "assistant" or not (message.refusal or message.tool_calls):
            return parts
        said = list[Part]([Text(parts)] if isinstance(parts, str) and parts else parts or ())
        if message.refusal:
            said.append(Text(message.refusal))
        for at, fields in enumerate(message.tool_calls or ()):
            if (call := self._call(fields, f"{path}.tool_calls[{at}]")) is not None:
                said.append(call)
        return tuple(said)

    def _call(self, fields: _Object, path: str) -> ToolCall | None:
        self.abilities.add(Ability.TOOLS)
        if fields.get("type") not in ("function", None):
            self.untranslated.append(path)
            return None
        self.untranslated += unread(fields, _CALL, path)
        call = read(_Call, fields, path)
        self.untranslated += unread(call.function, _FUNCTION, f"{path}.function")
        function = read(_Function, call.function, f"{path}.function")
        return ToolCall(call.id or "", function.name, _arguments(function))

    def _result(self, message: SaidMessage, content: str | tuple[_Medium, ...]) -> tuple[ToolResult]:
        self.abilities.add(Ability.TOOLS)
        return (ToolResult(message.tool_call_id or "", (Text(content),) if isinstance(content, str) else content),)

    def _content(self, content: str | Sequence[_Object] | None, path: str) -> str | tuple[_Medium, ...]:
        if content is None or isinstance(content, str):
            return content or ""
        media = [self._medium(fields, f"{path}[{at}]") for at, fields in enumerate(content)]
        return tuple([medium for medium in media if medium is not None])

    def _medium(self, fields: _Object, path: str) -> _Medium | None:
        kind, text = fields.get("type"), fields.get("text")
        match kind:
            case "text":
                self.untranslated += unread(fields, _TEXT, path)
                return Text(text if isinstance(text, str) else read(_TextPart, fields, path).text)
            case "refusal":
                self.untranslated += unread(fields, _REFUSAL, path)
                return Text(read(_Refusal, fields, path).refusal)
            case "image_url":
                self.untranslated += unread(fields, _IMAGE, path)
                return self._image(read(_ImagePart, fields, path).image_url, f"{path}.image_url")
            case "file" if "file" in fields:
                self.untranslated += unread(fields, _FILE, path)
                return self._document(read(_FilePart, fields, path).file, f"{path}.file")
            case _:
                if kind == "input_audio":
                    self.abilities.add(Ability.AUDIO)
                elif kind == "file":  # Mistral's, by its id alone
                    self.abilities.add(Ability.FILES)
                self.untranslated.append(path)
                return None

    def _image(self, said: _Object | str, path: str) -> Image:
        self.abilities.add(Ability.IMAGES)
        self.images += 1
        if isinstance(said, str):
            url = said
        else:
            self.untranslated += unread(said, _URL, path)
            url = read(_Url, said, path).url
        self.image_characters += len(url)
        return Image(url)

    def _document(self, said: _Object, path: str) -> Document | None:
        self.abilities.add(Ability.FILES)
        file = read(_File, said, path)
        if file.file_data is None:
            self.untranslated.append(path)
            return None
        self.untranslated += unread(said, _DATA, path)
        return Document(file.file_data, file.filename)


def _arguments(function: _Function) -> str:
    """As the caller wrote them, whatever they are: they are the model's words, which it may have got wrong."""
    if function.arguments is None or isinstance(function.arguments, str):
        return function.arguments or ""
    return msgspec.json.encode(function.arguments).decode()
