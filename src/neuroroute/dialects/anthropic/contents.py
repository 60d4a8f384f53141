"""The content of turns, as callers write it."""

from collections.abc import Sequence
from typing import final

import msgspec
from msgspec import Struct

from neuroroute.dialects.anthropic.sources import ReadSource
from neuroroute.dialects.fields import invalid, read, unread
from neuroroute.domain.completion import ToolCall
from neuroroute.domain.model import Ability
from neuroroute.domain.prompt import Document, Image, Part, Text, ToolResult

Blocks = Sequence[dict[str, object]]

_TEXT = frozenset({"type", "text"})
_IMAGE = frozenset({"type", "source"})
_DOCUMENT = frozenset({"type", "source", "title"})
_SOURCE = frozenset(ReadSource.__struct_fields__)
_TOOL_USE = frozenset({"type", "id", "name", "input"})
_TOOL_RESULT = frozenset({"type", "tool_use_id", "content", "is_error"})


class _Image(Struct):
    source: dict[str, object]


class _Document(Struct):
    source: dict[str, object]
    title: str | None = None


class _ToolUse(Struct):
    id: str
    name: str
    input: dict[str, object]


class _ToolResult(Struct):
    tool_use_id: str
    content: str | list[dict[str, object]] | None = None
    is_error: bool | None = None


@final
class ContentReader:
    """Reads blocks, and notes what they take and what of them is not carried."""

    def __init__(self) -> None:
        self.untranslated = list[str]()
        self.abilities = set[Ability]()
        self.images = 0
        self.image_characters = 0
        """Of the images that are in the request itself."""

    def parts(self, blocks: Blocks, path: str) -> tuple[Part, ...]:
        """What `blocks`, which are at `path`, say in the domain's words.

        Raises:
            InvalidRequest: a block of a kind that we know is not as it should be.
        """
        parts: list[Part] = []
        for at, block in enumerate(blocks):
            text = block.get("text")
            if len(block) == len(_TEXT) and block.get("type") == "text" and isinstance(text, str):
                parts.append(Text(text))  # as almost all blocks of long conversations are
            elif (part := self._part(block, f"{path}[{at}]")) is not None:
                parts.append(part)
        return tuple(parts)

    def texts(self, blocks: Blocks, path: str) -> tuple[Text, ...]:
        """Likewise, where only words are carried."""
        texts: list[Text] = []
        for at, block in enumerate(blocks):
            part = self._medium(block, f"{path}[{at}]")
            if isinstance(part, Text):
                texts.append(part)
            elif part is not None:
                self.untranslated.append(f"{path}[{at}]")
        return tuple(texts)

    def _part(self, block: dict[str, object], path: str) -> Part | None:
        match block.get("type"):
            case "tool_use":
                call = read(_ToolUse, block, path)
                self._note(block, _TOOL_USE, path)
                self.abilities.add(Ability.TOOLS)
                return ToolCall(call.id, call.name, msgspec.json.encode(call.input).decode())
            case "tool_result":
                result = read(_ToolResult, block, path)
                self._note(block, _TOOL_RESULT, path)
                self.abilities.add(Ability.TOOLS)
                return ToolResult(result.tool_use_id, self._result(result.content, path), bool(result.is_error))
            case _:
                return self._medium(block, path)

    def _result(self, content: str | Blocks | None, path: str) -> tuple[Text | Image | Document, ...]:
        if content is None or isinstance(content, str):
            return (Text(content),) if content else ()
        media = [self._medium(block, f"{path}.content[{at}]") for at, block in enumerate(content)]
        return tuple([medium for medium in media if medium is not None])

    def _medium(self, block: dict[str, object], path: str) -> Text | Image | Document | None:
        match block.get("type"):
            case "text":
                self._note(block, _TEXT, path)
                text = block.get("text")
                if isinstance(text, str):
                    return Text(text)
                raise invalid("Expected `str`", f"{path}.text")
            case "image":
                self._note(block, _IMAGE, path)
                return self._image(read(_Image, block, path), path)
            case "document":
                self._note(block, _DOCUMENT, path)
                return self._document(read(_Document, block, path), path)
            case str():
                self.untranslated.append(path)
                return None
            case _:
                raise invalid("Field required", f"{path}.type")

    def _image(self, image: _Image, path: str) -> Image | None:
        self.abilities.add(Ability.IMAGES)
        source = read(ReadSource, image.source, f"{path}.source")
        self.images += 1
        self.image_characters += len(source.data or "")
        url = self._url(source, image.source, path)
        return None if url is None else Image(url)

    def _document(self, document: _Document, path: str) -> Document | None:
        self.abilities.add(Ability.FILES)
        url = self._url(read(ReadSource, document.source, f"{path}.source"), document.source, path)
        return None if url is None else Document(url, document.title)

    def _url(self, source: ReadSource, fields: dict[str, object], path: str) -> str | None:
        """Where it is; `None`, with `path` noted, where no other language can say it."""
        if (url := source.as_url()) is None:
            self.untranslated.append(path)
        else:
            self.untranslated += unread(fields, _SOURCE, f"{path}.source")
        return url

    def _note(self, block: dict[str, object], known: frozenset[str], path: str) -> None:
        if len(block) > 2 and not block.keys() <= known:
            self.untranslated += unread(block, known, path)
