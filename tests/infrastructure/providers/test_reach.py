"""Where an address that came in over HTTP may lead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroroute.infrastructure.providers.reach import AddressRefused, Reach, admits, resolve, resolve_within

PUBLIC = [
    "1.1.1.1", "8.8.8.8", "104.18.7.192", "172.15.255.255", "172.32.0.1", "192.167.255.255", "192.169.0.1",
    "100.63.255.255", "100.128.0.0", "169.253.255.255", "169.255.0.0", "223.255.255.255", "198.17.255.255",
    "198.20.0.0", "11.0.0.0", "9.255.255.255", "128.0.0.1", "126.255.255.255", "192.0.1.0", "168.63.129.15",
    "2606:4700::6812:7c0", "2001:4860:4860::8888", "2a00:1450::1", "2001:200::1",
    "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
]  # fmt: skip
NEARBY = [
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1",
    "100.64.0.1", "100.127.255.255", "::1", "fc00::1", "fd12:3456:789a::1", "fdff::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "64:ff9b::7f00:1", "64:ff9b::10.1.2.3",
]  # fmt: skip
NOWHERE = [
    "0.0.0.0", "0.1.2.3", "::", "169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "febf::1",
    "::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "64:ff9b:1::1", "64:ff9b:1:a9fe:a9fe::", "fd00:ec2::254",
    "fd20:ce::254", "100.100.100.200", "::ffff:100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.0.1",
    "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "198.19.255.255", "192.88.99.1", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "::127.0.0.1", "::7f00:1", "::8.8.8.8", "2002:7f00:1::",
    "2002:a9fe:a9fe::1", "2002:808:808::", "2001::1", "2001:0:53aa:64c:0:5efe:7f00:1", "2001:db8::1", "2001:10::1",
    "3fff::1", "fec0::1", "feff::1", "ff02::1", "ff0e::1", "4000::1", "100::1", "", "provider.test", "1.2.3",
    "08.8.8.8",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_within_every_reach(address):
    assert all(admits(reach, address) for reach in Reach)


@pytest.mark.parametrize("address", NEARBY)
def test_a_private_address_is_for_local_providers_alone(address):
    assert [admits(reach, address) for reach in (Reach.PUBLIC, Reach.NEARBY, Reach.ANYWHERE)] == [False, True, True]


@pytest.mark.parametrize("address", NOWHERE)
def test_what_is_neither_is_reached_by_no_address_that_came_in_over_http(address):
    assert [admits(reach, address) for reach in (Reach.PUBLIC, Reach.NEARBY, Reach.ANYWHERE)] == [False, False, True]


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_every_form_that_a_network_carries_it_in(ip):
    for reach in (Reach.PUBLIC, Reach.NEARBY):
        assert len({admits(reach, form) for form in (str(ip), f"::ffff:{ip}", f"64:ff9b::{ip}")}) == 1


@given(st.ip_addresses())
def test_python_agrees_that_what_is_admitted_is_global(ip):
    if admits(Reach.PUBLIC, str(ip)) and getattr(ip, "ipv4_mapped", None) is None:
        assert ip.is_global


@pytest.mark.anyio
@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "localhost", "::1"])
async def test_other_ways_to_write_an_address_lead_to_the_same_judgement(host):
    with pytest.raises(AddressRefused):
        await resolve_within(Reach.PUBLIC, host, 80, resolve)


@pytest.mark.anyio
async def test_one_address_out_of_reach_refuses_them_all():
    async def resolver(host, port):
        return ["8.8.8.8", "127.0.0.1"]

    with pytest.raises(AddressRefused):
        await resolve_within(Reach.PUBLIC, "mixed.test", 443, resolver)
    assert await resolve_within(Reach.NEARBY, "mixed.test", 443, resolver) == ["8.8.8.8", "127.0.0.1"]


@pytest.mark.anyio
async def test_a_name_without_an_address_is_refused():
    async def resolver(host, port):
        return []

    with pytest.raises(AddressRefused):
        await resolve_within(Reach.PUBLIC, "nothing.test", 443, resolver)
