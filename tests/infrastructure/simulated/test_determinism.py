"""The same seed and request give the same text, tokens and latency, in any order."""

import asyncio
import random

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.infrastructure.simulated.conversation import Asked, Turn, tokens
from neuroroute.infrastructure.simulated.replies import INSTANT, Finish, Pace, compose
from neuroroute.infrastructure.simulated.server import FREE_PORTS, Simulator
from neuroroute.infrastructure.simulated.wire import Persona

ROLE = '"role"'


def asked(prompt="hello", *, max_tokens=None, stops=()):
    turns = (Turn(role="user", text=prompt),)
    return Asked(model="m", turns=turns, max_tokens=max_tokens, stops=stops)


def said(question, *, seed=1, pace=INSTANT, persona=Persona.OPENAI, **wanted):
    return compose(question, persona=persona, seed=seed, pace=pace, **wanted)


def text_of(reply):
    return reply.choices[0].text


@given(st.text())
def test_tokens_add_up_to_the_text(text):
    assert "".join(tokens(text)) == text


@given(st.text(max_size=50), st.integers(1, 80), st.lists(st.sampled_from(["[s", "lag", " to", "e"]), max_size=3))
def test_a_limited_answer_is_the_beginning_of_the_unlimited_one(prompt, most, stops):
    whole = said(asked(prompt))
    cut = said(asked(prompt, max_tokens=most, stops=tuple(stops)))
    assert text_of(whole).startswith(text_of(cut))
    assert cut.completion_tokens == len(tokens(text_of(cut))) <= most
    assert not any(stop in text_of(cut) for stop in stops)
    if cut.choices[0].finish is Finish.LENGTH:
        assert cut.completion_tokens == most


def test_seed_persona_and_prompt_each_change_the_answer():
    texts = {
        text_of(said(asked())),
        text_of(said(asked(), seed=2)),
        text_of(said(asked("hello!"))),
        text_of(said(asked(), persona=Persona.LOCAL)),
    }
    assert len(texts) == 4


def test_words_gives_exactly_so_many():
    for wanted in (1, 3, 9, 400):
        assert len(text_of(said(asked(), words=wanted)).split()) == wanted


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
