"""The languages of `/v1` as a client speaks them, side by side, so that a test can ask the same in each."""

import json
from typing import Any, NamedTuple

import httpx
from running import Service, eventually


class Language(NamedTuple):
    """How one is spoken."""

    name: str
    path: str
    own: str
    """The model of the default catalogue whose provider speaks the same language…"""
    other: str
    """…and one whose provider does not; the same where nobody translates."""
    streams: bool = True

    def body(self, prompt: str, **said: object) -> dict[str, Any]:
        """A request; `model` is the one of the same language unless it is said."""
        match self.name:
            case "chat":
                asked = {"messages": [{"role": "user", "content": prompt}]}
            case "messages":
                asked = {"messages": [{"role": "user", "content": prompt}], "max_tokens": 4096}
            case _:
                asked = {"input": prompt}
        return {"model": self.own, **asked, **said}

    def ask(self, client: httpx.Client, prompt: str, *, headers=None, **said: object) -> httpx.Response:
        return client.post(self.path, json=self.body(prompt, **said), headers=headers)

    def text(self, answer: httpx.Response) -> str:
        """What a whole or a streamed answer says."""
        if not answer.headers["content-type"].startswith("text/event-stream"):
            return self._whole(answer.json())
        return "".join([self._piece(event) for event in events(answer.text)])

    def _whole(self, body: dict[str, Any]) -> str:
        match self.name:
            case "chat":
                return body["choices"][0]["message"]["content"]
            case "messages":
                return "".join([block["text"] for block in body["content"]])
            case "responses":
                return "".join([part["text"] for item in body["output"] for part in item["content"]])
            case _:
                return str(len(body["data"]))

    def _piece(self, event: "Event") -> str:
        match self.name, event.data:
            case "chat", {"choices": [{"delta": {"content": str(text)}}]}:
                return text
            case "messages", {"type": "content_block_delta", "delta": {"text": text}}:
                return text
            case "responses", {"type": "response.output_text.delta", "delta": text}:
                return text
            case _:
                return ""

    def ends(self, answer: httpx.Response) -> bool:
        """Whether a stream says that it is whole."""
        last = events(answer.text)[-1]
        match self.name:
            case "chat":
                return last.data is None
            case "messages":
                return last.data["type"] == "message_stop"
            case _:
                return last.data["type"] == "response.completed"

    def error(self, body: dict[str, Any]) -> dict[str, Any]:
        """The error of a failed answer, or of the data of an event; its shape is checked."""
        if self.name == "messages":
            assert body.keys() == {"type", "error", "request_id"}
            assert body["type"] == "error"
            assert body["error"].keys() == {"type", "message"}
        else:
            assert body["error"].keys() == {"message", "type", "param", "code"}
        return body["error"]


class Event(NamedTuple):
    """One server-sent event; `data` is `None` where it is `[DONE]`."""

    name: str
    data: Any


def events(text: str) -> list[Event]:
    """All of a stream, comments left out; one that does not end fails."""
    assert text.endswith("\n\n"), f"the last event does not end: {text[-80:]!r}"
    found = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        fields = [line.partition(": ")[::2] for line in block.split("\n") if not line.startswith(":")]
        if fields:
            named = dict(fields)
            data = named["data"]
            found.append(Event(named.get("event", ""), None if data == "[DONE]" else json.loads(data)))
    return found


def recorded(service: Service, request_id: str) -> dict[str, Any]:
    """The log's line of a request, once it is there."""
    found: list[dict[str, Any]] = []

    def told() -> bool:
        found[:] = [json.loads(line) for line in service.log.splitlines() if f'"{request_id}"' in line]
        return bool(found)

    eventually(told, within=5)
    return found[-1]


CHAT = Language("chat", "/v1/chat/completions", own="openai", other="anthropic")
MESSAGES = Language("messages", "/v1/messages", own="anthropic", other="openai")
RESPONSES = Language("responses", "/v1/responses", own="openai", other="openai")
EMBEDDINGS = Language("embeddings", "/v1/embeddings", own="openai", other="openai", streams=False)
TRANSLATED = (CHAT, MESSAGES)
STREAMED = (CHAT, MESSAGES, RESPONSES)
ALL = (CHAT, MESSAGES, RESPONSES, EMBEDDINGS)


def named(language: Language) -> str:
    """For the ids of parametrized tests."""
    return language.name
