"""What a provider says of its failure reaches its caller, unless it says something of our account or our key."""

import pytest

from neuroroute.domain.access import Secret
from neuroroute.domain.errors import ProviderWords
from neuroroute.infrastructure.providers.failures import words_of

pytestmark = pytest.mark.anyio

KEY = "sk-proj-0123456789abcdefghijklmnopqrstuvwxyz"


def said(body):
    return ProviderWords(type="its_type", code="its_code", param="messages", message=body.decode())


async def words(lab, status, body=b"too long", *, head=b"", **seconds):
    length = head or b"content-length: %d\r\n" % len(body)
    upstream = await lab.answering(b"HTTP/1.1 %d No\r\n%s\r\n%s" % (status, length, body))
    async with lab.ask(upstream, **seconds) as reply:
        return await words_of(reply, said, key=Secret(KEY))


@pytest.mark.parametrize("status", [400, 404, 413, 422, 429])
async def test_of_a_request_that_it_does_not_take_everything_is_told(lab, status):
    assert await words(lab, status) == ProviderWords(
        type="its_type", code="its_code", param="messages", message="too long"
    )


async def test_of_a_forbidden_one_only_the_kind(lab):
    assert await words(lab, 403) == ProviderWords(type="its_type", code="its_code")


@pytest.mark.parametrize("status", [401, 402, 500, 503])
async def test_of_our_key_and_of_its_own_faults_nothing(lab, status):
    assert await words(lab, status) is None


@pytest.mark.parametrize("part", [KEY, KEY[-12:], KEY[9:21], f"Bearer {KEY}"])
async def test_nothing_that_holds_a_part_of_our_key(lab, part):
    assert await words(lab, 400, f"Incorrect: {part}!".encode()) is None


async def test_a_body_that_does_not_come_is_not_waited_for(lab):
    assert await words(lab, 400, b"half", head=b"content-length: 100\r\n", idle=0.05) is None
