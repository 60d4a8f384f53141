"""Anthropic's language, as providers and callers of these tests speak it."""

import msgspec
from factories import ModelCardFactory

from neuroroute.dialects.anthropic.caller import MessagesDialect
from neuroroute.dialects.anthropic.provider import AnthropicDialect
from neuroroute.dialects.caller_side import ApiError, Told
from neuroroute.domain.model import Dialect
from neuroroute.domain.prompt import Message, Prompt, Role

PROVIDER = AnthropicDialect()
CALLER = MessagesDialect()
CARD = ModelCardFactory.build(dialect=Dialect.ANTHROPIC, upstream="claude-opus-4-6", max_tokens=5000)
TOLD = Told(id="0123456789abcdef" * 2, model="gpt-4o", created=1_700_000_000, prompt_tokens=7, tells_usage=True)
CUT = ApiError(status=502, message="The model stopped in the middle", request_id="abc")
USER = {"role": "user", "content": "Capital of France?"}
PNG = "iVBORw0KGgo="


def asking(**fields):
    """A caller's body."""
    return {"model": "auto", "max_tokens": 100, "messages": [USER], **fields}


def asked(**fields):
    return CALLER.read(asking(**fields), [])


def content(*blocks, role="user"):
    """How the content of one turn is read, and what of it is not carried."""
    prompt = asked(messages=[{"role": role, "content": list(blocks)}]).prompt
    return prompt.messages[0].content, prompt.untranslated


def sent(prompt, card=CARD):
    """What a provider is sent."""
    return msgspec.json.decode(PROVIDER.call(prompt, card).body)


RELAYED = PROVIDER.call(asked().prompt, CARD).reading
TRANSLATED = PROVIDER.call(Prompt((Message(Role.USER, "Capital?"),)), CARD).reading


def sse(*told):
    return b"".join([b"event: %s\ndata: %s\n\n" % (one["type"].encode(), msgspec.json.encode(one)) for one in told])


def started(**usage):
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude", "content": [], "usage": usage}
    return {"type": "message_start", "message": message}


def begun(index, kind, **fields):
    return {"type": "content_block_start", "index": index, "content_block": {"type": kind, **fields}}


def piece(index, kind, **fields):
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def stopped(index):
    return {"type": "content_block_stop", "index": index}


def ending(reason="end_turn", *, sequence=None, **usage):
    return {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": sequence}, "usage": usage}


PING = {"type": "ping"}
STOP = {"type": "message_stop"}

STREAM = sse(
    started(input_tokens=14, cache_read_input_tokens=100, output_tokens=1),
    PING,
    begun(0, "thinking", thinking="", signature=""),
    piece(0, "thinking_delta", thinking="Capitals… "),
    piece(0, "thinking_delta", thinking="東京?"),
    piece(0, "signature_delta", signature="EqQB"),
    stopped(0),
    begun(1, "redacted_thinking", data="Em8K"),
    stopped(1),
    begun(2, "text", text=""),
    piece(2, "text_delta", text="I look "),
    piece(2, "text_delta", text="that up 🗼."),
    {"type": "something_new", "delta": 7},
    stopped(2),
    begun(3, "server_tool_use", id="srvtoolu_1", name="web_search", input={}),
    piece(3, "input_json_delta", partial_json='{"query":"x"}'),
    stopped(3),
    begun(4, "web_search_tool_result", tool_use_id="srvtoolu_1", content=[]),
    stopped(4),
    begun(5, "tool_use", id="toolu_1", name="lookup", input={}),
    piece(5, "input_json_delta", partial_json=""),
    piece(5, "input_json_delta", partial_json='{"of": "Fra'),
    piece(5, "input_json_delta", partial_json='nce"}'),
    stopped(5),
    begun(6, "tool_use", id="toolu_2", name="now", input={}),
    stopped(6),
    ending("tool_use", output_tokens=42, output_tokens_details={"thinking_tokens": 9}),
    STOP,
)
"""All kinds of events and blocks."""


def events_of(stream):
    """The data of a written stream, whose names are checked."""
    events = []
    for event in stream.decode().split("\n\n")[:-1]:
        name, data = event.split("\n")
        events.append(msgspec.json.decode(data.removeprefix("data: ")))
        assert name == f"event: {events[-1]['type']}"
    return events


def written(*events):
    """What a caller reads of them."""
    writer = CALLER.writer(TOLD)
    return b"".join(map(writer.write, events))
