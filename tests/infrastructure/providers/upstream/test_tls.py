"""The certificate is verified before the first byte of a request."""

import asyncio
import ssl

import pytest
import trustme

from neuroroute.domain.errors import ProviderUnavailable

pytestmark = pytest.mark.anyio

AUTHORITY = trustme.CA()


def serving(*names: str, authority=AUTHORITY) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


async def answer(talk):
    while await talk.request():
        await talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_speaks_tls_over_a_kept_connection(lab, host):
    provider = await lab.provider(answer, serving(host))
    upstream = lab.client(provider, host=host, context=trusting())
    assert [await lab.get(upstream) for _ in range(3)] == [b"hi"] * 3
    assert provider.connections == 1


@pytest.mark.parametrize(
    ("names", "authority"),
    [(("elsewhere.example",), AUTHORITY), (("127.0.0.1",), trustme.CA())],
    ids=["another host", "unknown authority"],
)
async def test_sends_nothing_to_a_server_it_cannot_verify(lab, names, authority):
    requests = []

    async def handler(talk):
        requests.append(await talk.request())

    provider = await lab.provider(handler, serving(*names, authority=authority))
    upstream = lab.client(provider, context=trusting())
    with pytest.raises(ProviderUnavailable, match="its certificate is not trusted") as caught:
        await lab.get(upstream, headers=[("authorization", "Bearer sk-secret")])
    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
    assert not any(told in str(caught.value) for told in ("sk-secret", "127.0.0.1", "localhost", str(provider.port)))
    await asyncio.sleep(0.02)
    assert requests == []
    assert upstream.in_flight == 0


async def test_the_system_trust_does_not_know_a_private_authority(lab):
    upstream = lab.client(await lab.provider(answer, serving("127.0.0.1")))
    with pytest.raises(ProviderUnavailable, match="not trusted"):
        await lab.get(upstream)


async def test_plain_http_on_a_tls_port_is_told_plainly(lab):
    provider = await lab.provider(answer)
    provider.tls = True
    with pytest.raises(ProviderUnavailable, match="no connection to the provider"):
        await lab.get(lab.client(provider, context=trusting()), connect=1.0)


async def test_a_cut_inside_tls_is_a_cut(lab):
    async def handler(talk):
        await talk.request()
        await talk.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nh")
        await asyncio.sleep(0.01)
        talk.reset()

    upstream = lab.client(await lab.provider(handler, serving("127.0.0.1")), context=trusting())
    with pytest.raises(ProviderUnavailable, match="cut in the middle"):
        await lab.get(upstream)
