"""What docs/translation.md says of answers, usage and errors is what callers of the other language read."""

import json

import httpx
import pytest
from docs.tables import ROOT, codes, members, tables_of
from factories import ModelCardFactory
from running import Service, eventually

from neuroroute.dialects.anthropic.caller import MessagesDialect
from neuroroute.dialects.anthropic.provider import AnthropicDialect
from neuroroute.dialects.caller_side import Told
from neuroroute.dialects.openai.caller import ChatDialect
from neuroroute.dialects.openai.provider import OpenAIDialect
from neuroroute.domain.completion import Completion

TABLES = {(table.heading, table.columns[0]): table.rows for table in tables_of(ROOT / "docs/translation.md")}
CARD = ModelCardFactory.build(upstream="theirs")
BODY = {"model": "a", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}
TOLD = Told(id="0" * 32, model="theirs", created=1, prompt_tokens=1, tells_usage=True)


def rows(heading: str, first: str):
    return [pytest.param(*cells, id=f"line {line}") for line, cells in TABLES[heading, first]]


def _read(provider, caller, body):
    """What `caller` reads where `provider` says `body`."""
    prompt = caller.read(BODY, ()).prompt
    completion = Completion.fold(provider.call(prompt, CARD).reading.whole(json.dumps(body).encode()))
    assert completion is not None
    return json.loads(caller.write(completion, TOLD))


def chat_of(**said):
    """An answer of Anthropic's, as OpenAI's clients read it."""
    body = {"type": "message", "role": "assistant", "model": "m", "content": [{"type": "text", "text": "a"}], **said}
    return _read(AnthropicDialect(), ChatDialect(), body)


def message_of(*, finish_reason="stop", **said):
    """An answer of OpenAI's, as Anthropic's clients read it."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "a"}, "finish_reason": finish_reason}
    return _read(OpenAIDialect(), MessagesDialect(), {"id": "c", "model": "m", "choices": [choice], **said})


@pytest.mark.parametrize(("said", "read"), rows("Answers / Why it ended", "Anthropic's `stop_reason`"))
def test_openais_clients_read_why_anthropics_model_ended(said, read):
    assert [chat_of(stop_reason=codes(said)[0])["choices"][0]["finish_reason"]] == codes(read)


@pytest.mark.parametrize(("said", "read"), rows("Answers / Why it ended", "OpenAI's `finish_reason`"))
def test_anthropics_clients_read_why_openais_model_ended(said, read):
    assert [message_of(finish_reason=codes(said)[0])["stop_reason"]] == codes(read)


@pytest.mark.parametrize(("said", "read"), rows("Answers / Usage", "Anthropic says"))
def test_openais_clients_read_anthropics_usage(said, read):
    _holds(chat_of(stop_reason="end_turn", usage=members(codes(said)[0]))["usage"], members(codes(read)[0]))


@pytest.mark.parametrize(("said", "read"), rows("Answers / Usage", "OpenAI says"))
def test_anthropics_clients_read_openais_usage(said, read):
    _holds(message_of(usage=members(codes(said)[0]))["usage"], members(codes(read)[0]))


def _holds(real, wanted):
    assert {name: real[name] for name in wanted} == wanted


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with Service(tmp_path_factory.mktemp("errors"), "--simulate", environ={}) as running:
        eventually(lambda: httpx.get(f"{running.url}/health/ready", trust_env=False).status_code == 200, within=20)
        yield running


@pytest.mark.parametrize(("status", "chat", "chat_type", "messages", "messages_type"), rows("Errors", "provider"))
def test_a_providers_failure_is_told_as_its_row_says(status, chat, chat_type, messages, messages_type, service):
    for path, model, told, kind in (
        ("/v1/chat/completions", "anthropic", chat, chat_type),
        ("/v1/messages", "openai", messages, messages_type),
    ):
        failing = {"role": "user", "content": f"Hi [[sim:{model}.status={status}]]"}
        asked = {**BODY, "model": model, "messages": [failing]}
        answer = httpx.post(f"{service.url}{path}", json=asked, timeout=20, trust_env=False)
        assert (answer.status_code, answer.json()["error"]["type"]) == (int(told), codes(kind)[0])
