"""How faults are asked for, and that nonsense is refused."""

from pathlib import Path

import pytest

from neuroroute.infrastructure.simulated.faults import KNOWN, LASTING, in_header

pytestmark = pytest.mark.anyio

GUIDE = Path(__file__).parents[3] / "docs" / "simulated-providers.md"


async def test_faults_combine_and_only_their_scope_sees_them(chat, message):
    prompt = "Hi [[sim:all.words=30]] [[sim:openai.status=500]] [[sim:anthropic.no_usage=1]] there"
    assert (await chat(prompt)).status_code == 500
    answer = (await message(prompt)).json()
    assert len(answer["content"][0]["text"].split()) == 30
    assert "usage" not in answer
    assert "usage" in (await chat(prompt, local=True)).json()


async def test_only_the_last_message_of_the_user_is_searched_for_markers(chat):
    messages = [
        {"role": "user", "content": "[[sim:all.status=500]]"},
        {"role": "assistant", "content": "[[sim:all.status=501]]"},
        {"role": "user", "content": [{"type": "text", "text": "and now?"}]},
    ]
    assert (await chat(messages=messages)).status_code == 200


@pytest.mark.parametrize(
    "marker",
    [
        "[[sim:all.nothing=1]]",
        "[[sim:all.status=ok]]",
        "[[sim:all.status=200]]",
        "[[sim:nobody.status=500]]",
        "[[sim:anthropic.status=1]]",
        "[[sim:status=500]]",
        "[[sim:all.status]]",
        "[[sim:all.status=500",
        "[[sim:all.delay=nan]]",
        "[[sim:all.close=1]]",
        "[[sim:all.times=1]]",
        "[[sim:all.retry_after=1\r\nx: y]]",
    ],
)
async def test_a_marker_that_is_wrong_is_refused_with_what_is_known(chat, marker):
    answer = await chat(f"Hi {marker}")
    assert answer.status_code == 400
    assert "malformed_sse" in answer.json()["error"]["message"]


@pytest.mark.parametrize("header", ["nothing=1", "status", "status=500; cut=fin", "delay=601", "rate=2"])
async def test_a_header_that_is_wrong_is_refused_with_what_is_known(message, header):
    answer = await message(simulate=header)
    assert answer.status_code == 400
    assert "malformed_sse" in answer.json()["error"]["message"]


def test_the_guide_describes_every_fault_and_its_examples_are_right():
    rows = [
        line.split(" | ")
        for line in GUIDE.read_text().splitlines()
        if line.startswith("| `") and line.count(" | ") == 3
    ]
    assert [row[0].strip("| `") for row in rows] == list(KNOWN)
    for row in rows:
        in_header(row[3].strip("| `"))
    assert all(f"`{name}`" in GUIDE.read_text() for name in LASTING)
