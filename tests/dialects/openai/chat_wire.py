"""Chat completions as providers write them, and what a call of ours makes of them."""

import msgspec
from factories import ModelCardFactory

from neuroroute.dialects.openai.caller import ChatDialect
from neuroroute.dialects.openai.provider import OpenAIDialect

CALLER = ChatDialect()
PROVIDER = OpenAIDialect()
CARD = ModelCardFactory.build(upstream="gpt-4o-mini", max_tokens=100_000)
HELLO = {"role": "user", "content": "Capital of France?"}
USAGE = {"prompt_tokens": 14, "completion_tokens": 9, "total_tokens": 23}


def sse(*data):
    return b"".join(b"data: " + (one if isinstance(one, bytes) else msgspec.json.encode(one)) + b"\n\n" for one in data)


def chunk(delta, finish_reason=None, *, index=0, **more):
    choice = {"index": index, "delta": delta, "finish_reason": finish_reason}
    return {"id": "c1", "object": "chat.completion.chunk", "model": "gpt-4o-2024-08-06", "choices": [choice]} | more


def usage_chunk(usage=USAGE):
    return {"id": "c1", "object": "chat.completion.chunk", "choices": [], "usage": usage}


def completion(message, finish_reason="stop", **more):
    return msgspec.json.encode(
        {
            "id": "c1",
            "object": "chat.completion",
            "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "message": {"role": "assistant"} | message, "finish_reason": finish_reason}],
            "usage": USAGE,
            **more,
        }
    )


def calls(*said):
    """A delta of tool calls: (index, id, name, arguments) each; `None` is left out."""
    return {
        "tool_calls": [
            {name: value for name, value in (("index", index), ("id", native)) if value is not None}
            | {"type": "function", "function": {"name": name, "arguments": arguments}}
            for index, native, name, arguments in said
        ]
    }


def body(**fields):
    return {"model": "gpt-4o", "messages": [HELLO]} | fields


def read(**fields):
    return CALLER.read(body(**fields), ())


def call(**fields):
    """The call of a caller who speaks the same language."""
    return PROVIDER.call(read(**fields).prompt, CARD)


def sent(prompt, card=CARD):
    return msgspec.json.decode(PROVIDER.call(prompt, card).body)
