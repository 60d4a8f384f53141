"""The same seed and request give the same text, tokens and latency, in any order."""

import asyncio
import random

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.infrastructure.simulated.replies import INSTANT, Pace, compose, tokens
from neuroroute.infrastructure.simulated.server import FREE_PORTS, Simulator
from neuroroute.infrastructure.simulated.wire import Asked, Finish, Persona

ROLE = '"role"'


def asked(prompt="hello", *, max_tokens=None, stops=()):
    return Asked(
        model="m",
        transcript=(("user", prompt),),
        prompt=prompt,
        max_tokens=max_tokens,
        stops=stops,
        stream=False,
        include_usage=False,
        tool=None,
    )


def said(question, *, seed=1, pace=INSTANT, persona=Persona.OPENAI, **wanted):
    return compose(question, persona=persona, seed=seed, pace=pace, **wanted)


@given(st.text())
def test_tokens_add_up_to_the_text(text):
    assert "".join(tokens(text)) == text


@given(st.text(max_size=50), st.integers(1, 80), st.lists(st.sampled_from(["[s", "lag", " to", "e"]), max_size=3))
def test_a_limited_answer_is_the_beginning_of_the_unlimited_one(prompt, most, stops):
    whole = said(asked(prompt))
    cut = said(asked(prompt, max_tokens=most, stops=tuple(stops)))
    assert whole.text.startswith(cut.text)
    assert cut.completion_tokens == len(tokens(cut.text)) <= most
    assert not any(stop in cut.text for stop in stops)
    if cut.finish is Finish.LENGTH:
        assert cut.completion_tokens == most


def test_seed_persona_and_prompt_each_change_the_answer():
    texts = {
        said(asked()).text,
        said(asked(), seed=2).text,
        said(asked("hello!")).text,
        said(asked(), persona=Persona.LOCAL).text,
    }
    assert len(texts) == 4


def test_words_gives_exactly_so_many():
    for wanted in (1, 3, 9, 400):
        assert len(said(asked(), words=wanted).text.split()) == wanted


def test_first_tokens_spread_around_their_median():
    pace = Pace(first_token=1.0, spread=0.3, tokens_per_second=100)
    drawn = sorted(said(asked(str(number)), pace=pace).first_token for number in range(501))
    assert 0.9 < drawn[250] < 1.1
    assert drawn[50] < 0.8
    assert drawn[450] > 1.25
    assert said(asked(), pace=Pace(first_token=1.0, spread=0.0)).first_token == 1.0


@pytest.mark.anyio
async def test_two_simulators_answer_alike_whatever_the_order():
    async def answers(order):
        async with Simulator(FREE_PORTS, seed=3, pace=INSTANT) as simulator, httpx.AsyncClient(verify=False) as client:

            async def ask(number):
                body = {"model": "m", "messages": [{"role": "user", "content": f"question {number}"}]}
                answer = await client.post(f"{simulator.urls.openai}/chat/completions", json=body, timeout=10)
                return number, answer.json()["choices"], answer.json()["usage"]

            return sorted(await asyncio.gather(*map(ask, order)))

    shuffled = [*range(20)]
    random.Random(0).shuffle(shuffled)
    assert await answers(range(20)) == await answers(shuffled)


@pytest.mark.anyio
async def test_a_stream_keeps_its_pace():
    pace = Pace(first_token=0.2, spread=0.0, tokens_per_second=100)
    async with Simulator(FREE_PORTS, seed=3, pace=pace) as simulator, httpx.AsyncClient(verify=False) as client:
        body = {"messages": [{"role": "user", "content": "x"}], "stream": True, "max_tokens": 31}
        began = anyio.current_time()
        async with client.stream(
            "POST", f"{simulator.urls.lmstudio}/chat/completions", json=body, timeout=10
        ) as answer:
            headers = anyio.current_time() - began
            lines = answer.aiter_lines()
            arrived = [
                anyio.current_time() - began async for line in lines if '"content":"' in line and ROLE not in line
            ]
        # A busy machine delays; it never hastens. 31 tokens: the last is due 0.2 s + 30 * 10 ms after the headers.
        assert headers < arrived[0]
        assert arrived[0] >= 0.19
        assert arrived[-1] >= 0.49
        assert len(arrived) == 31
        began = anyio.current_time()
        await client.post(f"{simulator.urls.lmstudio}/chat/completions", json=body | {"stream": False}, timeout=10)
        assert anyio.current_time() - began >= 0.49
