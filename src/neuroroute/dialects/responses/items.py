"""The items of a request's input, as messages: what a person or a model said, and what tools did."""

from collections.abc import Mapping, Sequence
from typing import Final, final

from neuroroute.domain.completion import ToolCall
from neuroroute.domain.model import Ability
from neuroroute.domain.prompt import Document, Image, Message, Role, Text, ToolResult

_ROLES: Final = {
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
}
_Seen = Text | Image | Document


@final
class ItemReader:
    """Reads items, and notes what they take. What it has no noun for is passed over: the provider reads it."""

    def __init__(self) -> None:
        self.abilities = set[Ability]()
        self.images = 0
        self.image_characters = 0
        """Of images within the request."""
        self.unseen = False
        """Whether something lies elsewhere, so that nobody here knows its size."""

    def messages(self, items: Sequence[Mapping[str, object]]) -> list[Message]:
        """The items of which there are nouns."""
        return [message for item in items if (message := self._message(item)) is not None]

    def _message(self, item: Mapping[str, object]) -> Message | None:
        match item.get("type", "message"):
            case "message":
                role = _ROLES.get(_text(item, "role"))
                return None if role is None else Message(role, self._content(item.get("content")))
            case "function_call" | "custom_tool_call":
                arguments = _text(item, "arguments") or _text(item, "input")
                call = ToolCall(_text(item, "call_id"), _text(item, "name"), arguments)
                return Message(Role.ASSISTANT, (call,))
            case "function_call_output" | "custom_tool_call_output":
                said = self._content(item.get("output"))
                parts = (Text(said),) if isinstance(said, str) else said
                return Message(Role.USER, (ToolResult(_text(item, "call_id"), parts),))
            case "item_reference":
                self.unseen = True
                return None
            case _:
                return None

    def _content(self, said: object) -> str | tuple[_Seen, ...]:
        if isinstance(said, str):
            return said
        if not isinstance(said, list):
            return ""
        parts: list[object] = said  # pyright: ignore[reportUnknownVariableType] - any JSON
        return tuple([part for one in parts if (part := self._part(one)) is not None])

    def _part(self, part: object) -> _Seen | None:
        if not isinstance(part, dict):
            return None
        said: dict[str, object] = part  # pyright: ignore[reportUnknownVariableType] - a JSON object
        match said.get("type"):
            case "input_text" | "output_text" | "text":
                return Text(_text(said, "text"))
            case "input_image":
                return self._image(said)
            case "input_file":
                return self._file(said)
            case "input_audio":
                self.abilities.add(Ability.AUDIO)
                return None
            case _:
                return None

    def _image(self, said: Mapping[str, object]) -> Image:
        url = _text(said, "image_url")
        self.abilities.add(Ability.IMAGES)
        self.images += 1
        self.image_characters += len(url)
        return Image(url)

    def _file(self, said: Mapping[str, object]) -> Document:
        content = _text(said, "file_data")
        self.abilities.add(Ability.FILES)
        self.unseen = self.unseen or not content
        return Document(content or _text(said, "file_url"), _text(said, "filename") or None)


def _text(said: Mapping[str, object], name: str) -> str:
    """Nothing where it is missing, or is no text."""
    value = said.get(name)
    return value if isinstance(value, str) else ""
