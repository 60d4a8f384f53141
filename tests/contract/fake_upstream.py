"""The providers that the recorded cases were written for: three ports, faults by marker or by control endpoint.

The shipped simulated providers do more; these stay because the cases name their replies and their `[[fake:…]]` markers.
  in a prompt: [[fake:SCOPE.FAULT=VALUE]], scope all | openai | anthropic | local
      status=500  delay=2.5  body=garbage|empty  nousage=1  close=1  words=400
  lasting: POST /_control {scope: {fault: value}}, also down=1: every connection is closed, that of GET /v1/models too
  seen: GET /_stats, GET /_last (each provider's last request), POST /_reset
Run: python fake_upstream.py; the ports are said as one line of JSON; ends when its standard input does.
"""

import asyncio
import json
import re
import sys
import time
from functools import partial

MARKER = re.compile(r"\[\[fake:(all|openai|anthropic|local)\.(\w+)=([^\]]*)\]\]")
SEEN_HEADERS = ("authorization", "x-api-key", "anthropic-version", "x-request-id", "content-type", "user-agent")
WORDS = {429: "Rate limit reached for requests", 401: "Incorrect API key provided", 400: "Bad request"}
KINDS = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}


class Fake:
    def __init__(self):
        self.control, self.stats, self.last = {}, {}, {}

    def faults(self, provider, text):
        found = {**self.control.get("all", {}), **self.control.get(provider, {})}
        return found | {fault: value for scope, fault, value in MARKER.findall(text) if scope in {"all", provider}}

    def ruled(self, path, body):
        """The answer of the control endpoints, or nothing."""
        if path == "/_stats":
            return self.stats
        if path == "/_last":
            return self.last
        if path == "/_reset":
            self.__init__()
            return {"ok": True}
        if path == "/_control":
            self.control = json.loads(body or b"{}")
            return self.control
        return None

    async def answer(self, provider, path, headers, raw):
        """The bytes of one answer; none closes the connection."""
        ruled = self.ruled(path, raw)
        if ruled is not None:
            return http(200, ruled)
        if path == "/v1/models":
            return self.models(provider)
        if path != ("/v1/messages" if provider == "anthropic" else "/v1/chat/completions"):
            return http(404, error(provider, 404))
        return await self.completion(provider, path, headers, json.loads(raw))

    def models(self, provider):
        self.stats[f"{provider}.models"] = self.stats.get(f"{provider}.models", 0) + 1
        faults = self.faults(provider, "")
        if faults.get("down"):
            return b""
        if status := faults.get("status"):
            return http(int(status), error(provider, int(status)))
        return http(200, {"object": "list", "data": [{"id": f"fake-{provider}", "object": "model"}]})

    async def completion(self, provider, path, headers, body):
        text = asked(body)
        self.stats[provider] = self.stats.get(provider, 0) + 1
        seen = {name: value for name, value in headers.items() if name in SEEN_HEADERS}
        self.last[provider] = {"path": path, "body": body, "headers": seen}
        faults = self.faults(provider, text)
        await asyncio.sleep(float(faults.get("delay", 0)))
        if faults.get("close") or faults.get("down"):
            return b""
        if status := faults.get("status"):
            extra = b"retry-after: 1\r\n" if status == "429" else b""
            return http(int(status), error(provider, int(status)), extra=extra)
        if faults.get("body") == "garbage":
            return http(200, b"<html>not json</html>")
        reply = f"fake {provider} reply to: {text[:40]}"
        if words := faults.get("words"):
            reply = " ".join(["word"] * int(words))
        write = anthropic if provider == "anthropic" else openai
        told = write(body.get("model") or f"fake-{provider}", text, reply, empty=faults.get("body") == "empty")
        if faults.get("nousage"):
            del told["usage"]
        return http(200, told)


def asked(body):
    contents = [message.get("content") for message in body.get("messages", [])]
    texts = [content for content in contents if isinstance(content, str)]
    texts += [part.get("text", "") for content in contents if isinstance(content, list) for part in content]
    return texts[-1] if texts else ""


def openai(model, text, reply, *, empty):
    used = {"prompt_tokens": max(1, len(text.split())), "completion_tokens": max(1, len(reply.split()))}
    choice = {"index": 0, "message": {"role": "assistant", "content": reply}, "finish_reason": "stop"}
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [] if empty else [choice],
        "usage": {**used, "total_tokens": sum(used.values())},
    }


def anthropic(model, text, reply, *, empty):
    return {
        "id": "msg_fake",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [] if empty else [{"type": "text", "text": reply}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": max(1, len(text.split())), "output_tokens": max(1, len(reply.split()))},
    }


def error(provider, status):
    message = WORDS.get(status, "The server had an error while processing your request")
    if provider == "anthropic":
        return {"type": "error", "error": {"type": KINDS.get(status, "api_error"), "message": message}}
    return {"error": {"message": message, "type": "server_error" if status >= 500 else "requests", "code": None}}


def http(status, body, *, extra=b""):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = b"HTTP/1.1 %d Fake\r\ncontent-type: application/json\r\ncontent-length: %d\r\n%s\r\n"
    return head % (status, len(content), extra) + content


async def serve(fake, provider, reader, writer):
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            path = first.split(" ")[1].partition("?")[0]
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            raw = await reader.readexactly(int(headers.get("content-length") or 0))
            told = await fake.answer(provider, path, headers, raw)
            if not told:
                break
            writer.write(told)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main():
    fake = Fake()
    servers = {
        provider: await asyncio.start_server(partial(serve, fake, provider), "127.0.0.1", 0)
        for provider in ("openai", "anthropic", "local")
    }
    ports = {name: server.sockets[0].getsockname()[1] for name, server in servers.items()}
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), ended.set)
    await ended.wait()
    for server in servers.values():
        server.close()


if __name__ == "__main__":
    asyncio.run(main())
