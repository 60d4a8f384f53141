"""The control endpoint: lasting faults, rates, counts, the last request."""

import pytest

pytestmark = pytest.mark.anyio


async def statuses(ask, times):
    return [(await ask()).status_code for _ in range(times)]


async def test_a_lasting_fault_befalls_every_endpoint_of_its_scope_until_cleared(
    simulator, client, chat, message, control
):
    told = await control({"openai": {"status": 503, "retry_after": 7}})
    assert told.json() == {"openai": {"status": 503, "retry_after": "7"}}
    answer = await chat()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert (await client.get(f"{simulator.urls.openai}/models")).status_code == 503
    assert (await message()).status_code == 200
    assert (await client.get(f"{simulator.urls.lmstudio.removesuffix('/v1')}/_control")).json() == told.json()
    assert (await control({})).json() == {}
    assert (await chat()).status_code == 200


async def test_on_narrows_a_fault_to_an_endpoint(simulator, client, chat, control):
    await control({"all": {"status": 500, "on": "completions"}})
    assert (await chat()).status_code == 500
    assert (await client.get(f"{simulator.urls.openai}/models")).status_code == 200
    await control({"all": {"status": 500, "on": "models"}})
    assert (await chat()).status_code == 200
    assert (await client.get(f"{simulator.urls.openai}/models")).status_code == 500


async def test_times_ends_a_fault_by_itself(chat, control):
    await control({"openai": {"status": 500, "times": 2}})
    assert await statuses(chat, 4) == [500, 500, 200, 200]


async def test_a_rate_befalls_its_share_and_the_same_after_a_reset(simulator, client, chat, control):
    await control({"openai": {"status": 500, "rate": 0.3}})
    first = await statuses(chat, 100)
    assert 15 <= first.count(500) <= 45
    await client.post(f"{simulator.urls.openai.removesuffix('/v1')}/_reset")
    assert await statuses(chat, 3) == [200, 200, 200]
    await client.post(f"{simulator.urls.openai.removesuffix('/v1')}/_reset")
    await control({"openai": {"status": 500, "rate": 0.3}})
    assert await statuses(chat, 100) == first


async def test_what_the_request_asks_for_wins_over_what_lasts(chat, control):
    await control({"all": {"status": 500}, "openai": {"status": 501}})
    assert (await chat()).status_code == 501
    assert (await chat(simulate="status=502")).status_code == 502
    assert (await chat("[[sim:openai.status=503]]", simulate="status=502")).status_code == 503
    assert (await chat(local=True)).status_code == 500


@pytest.mark.parametrize(
    "told",
    [
        {"opnai": {"status": 500}},
        {"openai": {"statsu": 500}},
        {"openai": {"status": "many"}},
        {"openai": {"times": 0}},
        {"openai": {"cut": "fin"}},
        {"openai": 500},
        [],
    ],
)
async def test_nonsense_is_refused_and_changes_nothing(chat, control, told):
    await control({"openai": {"status": 503}})
    refused = await control(told)
    assert refused.status_code == 400
    assert "stall_after" in refused.text
    assert (await chat()).status_code == 503


async def test_requests_are_counted_by_provider_and_endpoint(simulator, client, chat, message):
    whole = (await chat()).json()["usage"]
    await chat(simulate="status=500")
    await chat(simulate="nonsense=1")
    await message(stream=True)
    await client.get(f"{simulator.urls.lmstudio}/models")
    counts = (await client.get(f"{simulator.urls.anthropic}/_stats")).json()
    assert counts["openai"] == {
        "completions": 3,
        "healthy": 2,
        "faulty": 1,
        "refused": 1,
        "prompt_tokens": whole["prompt_tokens"],
        "completion_tokens": whole["completion_tokens"],
    }
    assert counts["anthropic"]["completions"] == 1
    assert counts["local"] == {"models": 1, "healthy": 1}
    await client.post(f"{simulator.urls.anthropic}/_reset")
    assert (await client.get(f"{simulator.urls.anthropic}/_stats")).json()["openai"] == {}


async def test_the_last_request_shows_a_key_by_its_end_only(simulator, client, chat, message):
    await chat(temperature=0.3, simulate="status=500")
    await message(key="short")
    last = (await client.get(f"{simulator.urls.anthropic}/_last")).json()
    assert last["openai"]["path"] == "/v1/chat/completions"
    assert last["openai"]["headers"]["authorization"] == "Bearer ****5678"
    assert last["openai"]["body"]["temperature"] == 0.3
    assert (last["openai"]["status"], last["openai"]["faults"]) == (500, {"status": 500})
    assert last["anthropic"]["headers"]["x-api-key"] == "****"
    assert "local" not in last
