"""Who asks whom: each language as it is, and those that are translated both ways."""

from interface.v1 import CHAT, MESSAGES, RESPONSES
from streams.expected import Route
from streams.told import CHAT_STREAM, MESSAGE_STREAM, RESPONSE_STREAM

ROUTES = {
    "chat": Route(CHAT, "openai", CHAT_STREAM, CHAT_STREAM),
    "messages": Route(MESSAGES, "anthropic", MESSAGE_STREAM, CHAT_STREAM),
    "responses": Route(RESPONSES, "openai", RESPONSE_STREAM, RESPONSE_STREAM),
    "chat-of-messages": Route(CHAT, "anthropic", MESSAGE_STREAM, CHAT_STREAM),
    "messages-of-chat": Route(MESSAGES, "openai", CHAT_STREAM, CHAT_STREAM),
}
