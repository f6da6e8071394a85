"""The egress guard: which addresses of the network may be connected to at all.

Every address that a stranger can choose (a page's link, a feed, a redirect, a webhook) goes through ``allowed`` at the
moment of connecting, with the address that will be connected to, never with a name.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PORTS = frozenset({80, 443})
"""Ports that may be connected to outside of the explicitly allowed networks."""

_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
# Python's is_global lags behind the registries: of IPv6, only what is handed out as unicast may be global at all.
_UNICAST = IPv6Network("2000::/3")
_DOCUMENTATION = IPv6Network("3fff::/20")


def unwrap(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, or the address itself.

    Knows IPv4-mapped (RFC 4291), IPv4-compatible (RFC 4291, deprecated), 6to4 (RFC 3056), Teredo (RFC 4380, the
    client's address) and NAT64 (RFC 6052, the well-known prefix).
    """
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 0xFFFF):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def explicitly_allowed(address: Address, allow_private: Sequence[Network]) -> bool:
    """Whether a person opened the guard for the network of this address."""
    inner = unwrap(address)
    return any(
        one in network for network in allow_private for one in (address, inner) if one.version == network.version
    )


def allowed(ip: str | Address, allow_private: Sequence[Network] = ()) -> bool:
    """Whether this address may be connected to: a public unicast one, or one in an explicitly allowed network.

    Text that is no IP address is never allowed.
    """
    try:
        address = ip_address(ip) if isinstance(ip, str) else ip
    except ValueError:
        return False
    return explicitly_allowed(address, allow_private) or _is_public(unwrap(address))


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and (address not in _UNICAST or address in _DOCUMENTATION):
        return False
    return address.is_global and not address.is_multicast


def allowed_port(ip: str | Address, port: int, allow_private: Sequence[Network] = ()) -> bool:
    """Whether this port may be connected to: 80 and 443 of public addresses, any in explicitly allowed networks."""
    try:
        address = ip_address(ip) if isinstance(ip, str) else ip
    except ValueError:
        return False
    return explicitly_allowed(address, allow_private) or (port in PORTS and allowed(address))
