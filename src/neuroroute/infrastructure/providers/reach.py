"""Which addresses a provider may be at: an address that came in over HTTP must not lead into this network.

The name is resolved once, every address it has is judged, and the connection goes to an address that was judged: a
name that answers otherwise the next time (DNS rebinding) changes nothing. Tables: IANA's registries of special-purpose
IPv4 and IPv6 addresses (RFC 6890), and the places where clouds answer with their machines' credentials.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, TypeAlias

Resolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a host and a port to its addresses, at least one. Raises: OSError."""


class Reach(StrEnum):
    """How far a provider's address may lead."""

    ANYWHERE = "anywhere"
    """It is the operator's own word: not looked at."""
    NEARBY = "nearby"
    """Also this machine and private networks: for providers marked local."""
    PUBLIC = "public"
    """The public internet alone."""


class AddressRefused(OSError):
    """The name leads to an address that is out of reach. Says neither of them."""


_SPECIAL: Final = tuple(
    ip_network(net)
    for net in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's wire server
        "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
    )
)  # fmt: skip
_GLOBAL_UNICAST: Final = ip_network("2000::/3")
_NAT64: Final = ip_network("64:ff9b::/96")
"""An IPv4 address as networks without IPv4 reach it: as good as the address within."""
_NEAR: Final = tuple(
    ip_network(net)
    for net in ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)
_METADATA: Final = frozenset(map(ip_address, ("100.100.100.200", "fd00:ec2::254", "fd20:ce::254")))
"""Those of Alibaba, Amazon and Google that lie in private networks; all others are link-local."""


def admits(reach: Reach, address: str) -> bool:
    """Whether `address`, as a resolver writes it, is within reach."""
    if reach is Reach.ANYWHERE:
        return True
    try:
        ip = _plain(ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    return _is_public(ip) or (reach is Reach.NEARBY and _is_near(ip))


async def resolve(host: str, port: int) -> Sequence[str]:
    """By the system's resolver, which also reads the decimal, octal and short forms of an address."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


async def resolve_within(reach: Reach, host: str, port: int, by: Resolve) -> Sequence[str]:
    """Every address of `host`, all of them within reach.

    Raises:
        AddressRefused: one is not.
        OSError: the name cannot be resolved.
    """
    addresses = await by(host, port)
    if not addresses or not all(admits(reach, address) for address in addresses):
        raise AddressRefused("out of reach")
    return addresses


def _plain(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for on the wire."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return IPv4Address(ip.packed[-4:]) if ip in _NAT64 else ip


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if isinstance(ip, IPv6Address) and ip not in _GLOBAL_UNICAST:
        return False
    return not any(ip in net for net in _SPECIAL)


def _is_near(ip: IPv4Address | IPv6Address) -> bool:
    return ip not in _METADATA and any(ip in net for net in _NEAR)
