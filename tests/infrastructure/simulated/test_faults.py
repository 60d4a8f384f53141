"""Every fault, as a client sees it."""

import json

import anyio
import httpx
import pytest

pytestmark = pytest.mark.anyio

BROKEN = (httpx.ReadError, httpx.RemoteProtocolError)


async def received(client, url, body, simulate):
    """The bytes that came, and the error that ended them, if any."""
    got = b""
    try:
        async with client.stream("POST", url, json=body, headers={"x-simulate": simulate}) as answer:
            async for piece in answer.aiter_raw():
                got += piece
    except BROKEN as exc:
        return got, exc
    return got, None


async def abandoned(simulator, client, wanted):
    for _ in range(500):
        counts = (await client.get(f"{simulator.urls.anthropic}/_stats")).json()["openai"]
        if counts.get("abandoned") == wanted:
            return True
        await anyio.sleep(0.01)
    return False


@pytest.fixture
def chat_body():
    return {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture
def chat_url(simulator):
    return f"{simulator.urls.openai}/chat/completions"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422, 429, 500, 502, 503, 529])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_status_comes_with_the_providers_own_body(chat, message, status, stream):
    answer = await chat(simulate=f"status={status}", stream=stream)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert answer.headers.get("retry-after") == ("1" if status == 429 else None)
    answer = await message(f"[[sim:anthropic.status={status}]]", stream=stream)
    assert answer.status_code == status
    assert answer.json()["type"] == "error"
    if status == 529:
        assert answer.json()["error"]["type"] == "overloaded_error"
    answer = await chat(f"[[sim:local.status={status}]]", stream=stream, local=True)
    assert isinstance(answer.json()["error"], str)


@pytest.mark.parametrize("value", ["0", "9e9", "-5", "Fri, 31 Dec 1999 23:59:59 GMT", "soon"])
async def test_retry_after_is_sent_as_written(chat, value):
    assert (await chat(simulate=f"retry_after={value}")).headers["retry-after"] == value
    assert (await chat(simulate="retry_after=none")).status_code == 429
    assert "retry-after" not in (await chat(simulate="status=429; retry_after=none")).headers


async def test_an_error_can_carry_another_word(chat, message):
    answer = await chat(simulate="status=429; retry_after=none; error_code=insufficient_quota")
    assert answer.json()["error"]["code"] == "insufficient_quota"
    answer = await message(simulate="status=429; error_code=enforced_spend_limit_reached")
    assert answer.json()["error"]["type"] == "enforced_spend_limit_reached"


async def test_a_redirect_leads_elsewhere(chat):
    answer = await chat(simulate="status=302")
    assert (answer.status_code, answer.headers["location"]) == (302, "/v1/elsewhere")


async def test_delay_is_silence_before_the_headers(chat):
    began = anyio.current_time()
    assert (await chat(simulate="delay=0.2")).status_code == 200
    assert anyio.current_time() - began >= 0.2


@pytest.mark.parametrize("how", ["fin", "rst"])
async def test_close_gives_no_answer_at_all(chat, how):
    with pytest.raises(BROKEN) as caught:
        await chat(simulate=f"close={how}")
    assert isinstance(caught.value, httpx.RemoteProtocolError if how == "fin" else httpx.ReadError)


@pytest.mark.parametrize("stream", [False, True])
async def test_garbage_is_a_200_that_is_no_answer(chat, message, stream):
    for ask in (chat, message):
        page = await ask(simulate="garbage=html", stream=stream)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "error" not in (await ask(simulate="garbage=shape", stream=stream)).json()
        with pytest.raises(json.JSONDecodeError):
            (await ask(simulate="garbage=truncated", stream=stream)).json()
        with pytest.raises(UnicodeDecodeError):
            (await ask(simulate="garbage=utf8", stream=stream)).content.decode()


async def test_an_answer_can_be_empty(chat, message, events, chat_text):
    assert (await chat(simulate="empty=choices")).json()["choices"] == []
    assert (await chat(simulate="empty=text")).json()["choices"][0]["message"]["content"] == ""
    assert (await message(simulate="empty=choices")).json()["content"] == []
    assert (await message(simulate="empty=text")).json()["content"][0]["text"] == ""
    streamed = events((await chat(simulate="empty=choices", stream=True)).text)
    assert [json.loads(data)["choices"] for _, data in streamed[:-1]] == [[]]
    assert chat_text((await chat(simulate="empty=text", stream=True)).text) == ""
    streamed = events((await message(simulate="empty=choices", stream=True)).text)
    assert [name for name, _ in streamed] == ["message_start", "message_delta", "message_stop"]


async def test_the_usage_can_be_missing(chat, message):
    asked = {"stream": True, "stream_options": {"include_usage": True}}
    assert "usage" not in (await chat(simulate="no_usage=1")).text
    assert "usage" not in (await chat(simulate="no_usage=1", **asked)).text
    assert "usage" not in (await message(simulate="no_usage=true")).text
    assert "usage" not in (await message(simulate="no_usage=1", stream=True)).text


async def test_a_stream_can_end_without_its_end(chat, message, events):
    text = (await chat(simulate="no_end=terminator", stream=True)).text
    assert "[DONE]" not in text
    assert '"finish_reason":"stop"' in text
    assert '"finish_reason":"stop"' not in (await chat(simulate="no_end=finish", stream=True)).text
    names = [name for name, _ in events((await message(simulate="no_end=terminator", stream=True)).text)]
    assert names[-1] == "message_delta"
    names = [name for name, _ in events((await message(simulate="no_end=finish", stream=True)).text)]
    assert names[-1] == "content_block_delta"


@pytest.mark.parametrize("after", [0, 2, 10_000])
async def test_an_error_comes_inside_the_stream_after_so_many_chunks(chat, message, events, after):
    answer = await chat(simulate=f"error_after={after}", stream=True)
    assert answer.status_code == 200
    *before, last = [json.loads(data) for _, data in events(answer.text)]
    assert set(last) == {"error"}
    if after < 10_000:
        assert len(before) == 1 + after
    answer = await message(simulate=f"error_after={after}; error_code=overloaded_error", stream=True)
    *before, (name, data) = events(answer.text)
    assert (name, json.loads(data)["error"]["type"]) == ("error", "overloaded_error")
    assert "message_stop" not in answer.text


async def test_an_unstreamed_answer_can_be_an_error_inside_a_200(chat, message):
    answer = await chat(simulate="error_after=0")
    assert (answer.status_code, set(answer.json())) == (200, {"error"})
    assert (await message(simulate="error_after=3")).json()["type"] == "error"


@pytest.mark.parametrize(("after", "contents"), [(-1, 0), (0, 0), (3, 3), (10_000, None)])
async def test_a_stream_stalls_after_so_many_chunks_for_a_bounded_time(client, chat_url, chat_body, after, contents):
    began = anyio.current_time()
    got, error = await received(client, chat_url, chat_body | {"stream": True}, f"stall_after={after}; stall_for=0.3")
    assert anyio.current_time() - began >= 0.3
    assert isinstance(error, httpx.RemoteProtocolError)
    chunks = [line for line in got.decode().split("\n") if '"content":"' in line and '"role"' not in line]
    assert b"[DONE]" not in got
    assert b'"finish_reason":"stop"' not in got
    assert (got == b"") == (after == -1)
    assert len(chunks) == contents if contents is not None else len(chunks) > 20


@pytest.mark.parametrize(("after", "some"), [(-1, False), (0, False), (1, True)])
async def test_an_unstreamed_answer_stalls_before_or_amid_its_body(client, chat_url, chat_body, after, some):
    got, error = await received(client, chat_url, chat_body, f"stall_after={after}; stall_for=0.1")
    assert isinstance(error, httpx.RemoteProtocolError)
    assert bool(got) == some


async def test_a_stall_ends_when_the_client_leaves(simulator, client, chat):
    for simulate in ("stall_after=1", "delay=60"):
        with anyio.move_on_after(1.0):
            await chat(simulate=simulate, stream=True)
    assert await abandoned(simulator, client, 2)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("how", ["rst", "fin"])
@pytest.mark.parametrize("after", [0, 1, 200, 500])
async def test_a_body_is_cut_after_exactly_so_many_bytes(client, chat_url, chat_body, stream, how, after):
    body = chat_body | {"stream": stream}
    whole, error = await received(client, chat_url, body, "words=100")
    assert error is None
    got, error = await received(client, chat_url, body, f"words=100; cut_after={after}; cut={how}")
    assert isinstance(error, httpx.ReadError if how == "rst" else httpx.RemoteProtocolError)
    assert len(got) == after
    if not stream:
        assert got[:60] == whole[: min(after, 60)]


async def test_a_stream_cut_after_its_end_lacks_the_end_of_its_framing(client, chat_url, chat_body):
    got, error = await received(client, chat_url, chat_body | {"stream": True}, "cut_after=10000000")
    assert got.endswith(b"[DONE]\n\n")
    assert error is not None


@pytest.mark.parametrize("kind", ["json", "utf8", "shape", "unframed"])
@pytest.mark.parametrize("after", [0, 4])
async def test_one_event_of_a_stream_is_malformed(chat, message, events, kind, after):
    for ask in (chat, message):
        good = (await ask(stream=True)).content
        bad = (await ask(stream=True, simulate=f"malformed_sse={kind}; malformed_after={after}")).content
        blocks = [block for block in bad.split(b"\n\n") if b'"content":"' in block or b"text_delta" in block]
        assert bad != good
        broken = 0
        for _, data in events(bad.decode(errors="replace")):
            try:
                broken += "\ufffd" in data or '"simulated":true' in data
                json.loads(data)
            except json.JSONDecodeError:
                broken += data != "[DONE]" and "\ufffd" not in data
        assert broken == 1
        assert len(blocks) > 5


@pytest.mark.parametrize("style", ["crlf", "cr", "comments", "split"])
async def test_a_stream_can_be_odd_and_lawful(chat, chat_text, style):
    plain = chat_text((await chat(stream=True)).text)
    odd = (await chat(stream=True, simulate=f"sse={style}")).content.decode()
    lines = odd.replace("\r\n", "\n").replace("\r", "\n")
    assert odd.count("\r") == (0 if style in {"comments", "split"} else lines.count("\n"))
    kept = "\n\n".join(block for block in lines.split("\n\n") if not block.startswith(":"))
    assert chat_text(kept) == plain


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("size", [1, 70_000, 3_000_000])
async def test_a_huge_text_is_so_many_bytes_long(chat, message, chat_text, stream, size):
    answer = await chat(simulate=f"huge={size}", stream=stream)
    assert "content-length" not in answer.headers
    text = chat_text(answer.text) if stream else answer.json()["choices"][0]["message"]["content"]
    assert text == "[simulated openai]" + "x" * size or text == "[simulated openai] " + "x" * size
    assert len((await message(simulate=f"huge={size}", stream=stream)).content) > size


async def test_a_huge_answer_waits_for_its_reader_and_stops_when_it_leaves(simulator, client, chat_url, chat_body):
    headers = {"x-simulate": "huge=1000000000000"}
    async with client.stream("POST", chat_url, json=chat_body, headers=headers) as answer:
        got = 0
        async for piece in answer.aiter_raw():
            got += len(piece)
            if got > 5_000_000:
                break
    assert await abandoned(simulator, client, 1)


async def test_a_body_can_trickle(client, chat_url, chat_body):
    began = anyio.current_time()
    got, error = await received(client, chat_url, chat_body, "bytes_per_second=2000; words=60")
    assert error is None
    assert anyio.current_time() - began >= len(got) / 2000 * 0.95


async def test_the_models_can_be_faulty_too(simulator, client):
    url = f"{simulator.urls.openai}/models"
    assert (await client.get(url, headers={"x-simulate": "status=503"})).status_code == 503
    assert (await client.get(url, headers={"x-simulate": "garbage=html"})).headers["content-type"].startswith("text")
    assert len((await client.get(url, headers={"x-simulate": "huge=100000"})).content) > 100_000
    with pytest.raises(BROKEN):
        await client.get(url, headers={"x-simulate": "cut_after=10"})
