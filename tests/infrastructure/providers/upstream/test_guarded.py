"""A client of an address that came in over HTTP goes nowhere but to addresses that were judged."""

import ssl

import pytest
import trustme

from neuroroute.domain.errors import ProviderUnavailable
from neuroroute.infrastructure.providers.reach import Reach
from neuroroute.infrastructure.providers.upstream import Upstream

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


async def answer(talk):
    while await talk.request():
        await talk.send(OK)


@pytest.fixture
def guarded(lab):
    """A client of `host`, at the provider's port, which `answers` say the addresses of, one resolution each."""

    def make(provider, *answers, host="provider.test", reach=Reach.PUBLIC, context=None):
        asked = []

        async def resolver(name, port):
            asked.append((name, port))
            return answers[min(len(asked), len(answers)) - 1]

        upstream = Upstream(
            f"http{'s' if provider.tls else ''}://{host}:{provider.port}/v1",
            max_connections=5,
            max_response_bytes=1 << 20,
            reach=reach,
            ssl_context=context,
            resolver=resolver,
        )
        lab.stack.push_async_callback(upstream.aclose)
        return upstream, asked

    return make


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
async def test_this_machine_is_not_reached_however_it_is_written(lab, host):
    provider = await lab.provider(answer)
    upstream = Upstream(f"http://{host}:{provider.port}", max_connections=1, max_response_bytes=100, reach=Reach.PUBLIC)
    with pytest.raises(ProviderUnavailable, match="its address is none that one set over HTTP may lead to") as caught:
        await lab.get(upstream)
    assert not any(told in str(caught.value) for told in (host, "127.0.0.1", str(provider.port)))
    assert provider.connections == 0
    assert upstream.in_flight == 0


async def test_a_local_provider_is_reached_at_the_address_that_was_judged_and_by_no_second_look(lab, guarded):
    provider = await lab.provider(answer)
    upstream, asked = guarded(provider, ["127.0.0.1"], reach=Reach.NEARBY)
    assert [await lab.get(upstream) for _ in range(3)] == [b"hi"] * 3
    assert asked == [("provider.test", provider.port)]


async def test_a_name_that_is_bound_anew_is_refused(lab, guarded):
    async def once(talk):
        await talk.request()
        await talk.send(OK)

    provider = await lab.provider(once)
    upstream, asked = guarded(provider, ["127.0.0.1"], ["169.254.169.254"], reach=Reach.NEARBY)
    assert await lab.get(upstream) == b"hi"
    await lab.until(lambda: upstream.idle == 0)
    with pytest.raises(ProviderUnavailable, match="may lead to"):
        await lab.get(upstream)
    assert len(asked) == 2
    assert provider.connections == 1


async def test_one_bad_address_among_good_ones_is_enough_to_refuse(lab, guarded):
    provider = await lab.provider(answer)
    upstream, _ = guarded(provider, ["1.1.1.1", "127.0.0.1"])
    with pytest.raises(ProviderUnavailable, match="may lead to"):
        await lab.get(upstream)
    assert provider.connections == 0


async def test_the_next_address_is_tried_when_one_does_not_answer(lab, guarded):
    provider = await lab.provider(answer)
    upstream, _ = guarded(provider, ["127.0.0.2", "127.0.0.1"], reach=Reach.NEARBY)
    assert await lab.get(upstream) == b"hi"


async def test_the_certificate_is_for_the_host_and_not_for_the_address(lab, guarded):
    authority = trustme.CA()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    for names, fits in ((("provider.test",), True), (("127.0.0.1",), False)):
        serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*names).configure_cert(serving)
        provider = await lab.provider(answer, serving)
        upstream, _ = guarded(provider, ["127.0.0.1"], reach=Reach.NEARBY, context=trusting)
        if fits:
            assert await lab.get(upstream) == b"hi"
        else:
            with pytest.raises(ProviderUnavailable, match="another host"):
                await lab.get(upstream)


async def test_a_retired_client_serves_on_and_keeps_nothing(lab):
    provider = await lab.provider(answer)
    upstream = lab.client(provider)
    assert await lab.get(upstream) == b"hi"
    async with lab.ask(upstream) as reply:
        upstream.retire()
        assert upstream.idle == 0
        assert await reply.read() == b"hi"
    await lab.until(lambda: upstream.idle == 0)
    assert await lab.get(upstream) == b"hi"
    await lab.until(lambda: upstream.idle == 0)
    assert provider.connections == 2
