"""Server-sent events as a strict reader takes them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx


class Event(NamedTuple):
    """`name` is empty when the stream gives none."""

    name: str
    data: dict[str, Any]


def read_events(text: str) -> list[Event]:
    """Every event; a line that is no field, or an event that does not end, fails."""
    assert text.endswith("\n\n"), f"the last event does not end: {text[-80:]!r}"
    found = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        name, data = "", []
        for line in block.split("\n"):
            field, colon, value = line.partition(": ")
            assert colon, f"not a field: {line!r}"
            assert field in {"event", "data"}
            if field == "event":
                name = value
            else:
                data.append(value)
        found.append(Event(name, json.loads("\n".join(data))))
    return found


def stream(
    client: httpx.Client, prompt: str, *, path: str = "/prompt", headers=None, **metadata: object
) -> httpx.Response:
    """A streamed answer, read to its end."""
    body = {"prompt": prompt, "metadata": {"stream": True, "use_cache": False, **metadata}}
    return client.post(path, json=body, headers=headers)


@contextmanager
def streaming(client: httpx.Client, prompt: str, **metadata: object) -> Iterator[httpx.Response]:
    """A streamed answer, to be read piece by piece."""
    body = {"prompt": prompt, "metadata": {"stream": True, "use_cache": False, **metadata}}
    with client.stream("POST", "/prompt", json=body) as answer:
        yield answer


def text_of(events: list[Event]) -> str:
    return "".join(event.data["text"] for event in events if not event.name)
