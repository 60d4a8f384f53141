"""What a provider's status says of the request, of us, and of the provider."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.domain.errors import (
    ProviderMisconfigured,
    ProviderRefused,
    ProviderThrottled,
    ProviderUnavailable,
)
from neuroroute.infrastructure.providers.connection import Connection
from neuroroute.infrastructure.providers.failures import failure_of
from neuroroute.infrastructure.providers.response import Response
from neuroroute.infrastructure.providers.upstream import Reply


def failure(status):
    response = Response(bodiless=False, limit=1 << 10)
    response.feed(b"HTTP/1.1 %d Nope\r\nContent-Length: 0\r\n\r\n" % status)
    loop = asyncio.new_event_loop()
    try:
        return failure_of(Reply(Connection(loop, lambda _: None), response), None)
    finally:
        loop.close()


@pytest.mark.parametrize("status", [400, 413, 422])
def test_only_what_speaks_of_the_request_itself_is_a_refusal(status):
    assert isinstance(failure(status), ProviderRefused)


@given(st.integers(400, 499).filter(lambda status: status not in {400, 408, 413, 422, 429}))
def test_any_other_status_of_the_kind_says_that_we_are_set_up_wrongly(status):
    told = failure(status)
    assert isinstance(told, ProviderMisconfigured)
    assert (told.status, str(status) in str(told)) == (status, True)


@pytest.mark.parametrize("status", [408, 300, 302, 500, 502, 503, 529, 204])
def test_the_rest_is_a_provider_that_is_not_there(status):
    assert isinstance(failure(status), ProviderUnavailable)


def test_429_is_throttling():
    assert isinstance(failure(429), ProviderThrottled)
