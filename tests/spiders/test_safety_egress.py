"""Proves that the egress guard refuses every spelling of a private address and opens only for explicit networks."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.egress import allowed, allowed_port, unwrap

LOOPBACK = (ip_network("127.0.0.0/8"),)

REFUSED = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",  # carrier-grade NAT
    "198.18.0.1",  # benchmarking
    "192.0.2.1",  # documentation
    "224.0.0.1",
    "239.255.255.250",
    "255.255.255.255",
    "240.0.0.1",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",  # IPv4-compatible
    "2002:7f00:1::",  # 6to4 of 127.0.0.1
    "2002:a00:1::1",  # 6to4 of 10.0.0.1
    "2001:0:4136:e378:8000:63bf:80ff:fffe",  # Teredo whose client is 127.0.0.1
    "64:ff9b::7f00:1",  # NAT64 of 127.0.0.1
    "64:ff9b::a9fe:a9fe",  # NAT64 of 169.254.169.254
    "64:ff9b:1::1",  # NAT64, local use
    "3fff::1",
    "5f00::1",
    "not an address",
    "",
    "127.1",
    "0x7f000001",
]
PUBLIC = ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::"]


@pytest.mark.parametrize("address", REFUSED)
def test_refused(address):
    assert not allowed(address)
    assert not allowed_port(address, 80)


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address):
    assert allowed(address)
    assert allowed_port(address, 443)


@pytest.mark.parametrize("port", [22, 25, 6379, 8080, 9200])
def test_only_web_ports_of_public_addresses(port):
    assert not allowed_port("1.1.1.1", port)
    assert allowed_port("127.0.0.1", port, LOOPBACK)


def test_an_allowed_network_opens_itself_and_nothing_else():
    assert allowed("127.1.0.5", LOOPBACK)
    assert allowed("::ffff:127.0.0.1", LOOPBACK)
    assert not allowed("10.0.0.1", LOOPBACK)
    assert not allowed("::1", LOOPBACK)
    assert allowed("::1", (ip_network("::1/128"),))


@given(st.ip_addresses(v=4))
def test_every_wrapping_of_an_address_is_judged_like_the_address(address: IPv4Address):
    number = int(address)
    wrapped = [
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address(0x0064_FF9B << 96 | number),
        IPv6Address(0x2002 << 112 | number << 80 | 1),
        IPv6Address(0x2001_0000 << 96 | (number ^ 0xFFFF_FFFF)),
    ]
    for one in wrapped:
        assert unwrap(one) == address
        assert allowed(one) == allowed(address)


@given(st.ip_addresses())
def test_nothing_special_is_ever_allowed(address):
    inner = unwrap(address)
    if inner.is_private or inner.is_multicast or inner.is_loopback or inner.is_link_local:
        assert not allowed(ip_address(str(address)))
