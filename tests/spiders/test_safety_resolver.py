"""Proves that of the addresses of a name only those that may be connected to are handed on to the connection."""

from types import SimpleNamespace

import pytest

from spiders.safety import GuardedResolver
from tocsin.egress import Network


class Below:
    """Stands for the system's resolver: answers with the addresses of the case."""

    def __init__(self, answers: list[str]) -> None:
        self.answers, self.asked = answers, 0

    def resolveHostName(self, receiver, host, port=0, kinds=None, transport="TCP"):  # noqa: N802
        self.asked += 1
        receiver.resolutionBegan(self)
        for one in self.answers:
            receiver.addressResolved(SimpleNamespace(host=one, port=port))
        receiver.resolutionComplete()
        return self


class Asker:
    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.complete = False

    def resolutionBegan(self, resolution):  # noqa: N802
        """Nothing to do."""

    def addressResolved(self, address):  # noqa: N802
        self.addresses.append(address.host)

    def resolutionComplete(self):  # noqa: N802
        self.complete = True


def resolve(answers: list[str], *, host="news.example", port=443, private: tuple[Network, ...] = (), proxies=()):
    below = Below(answers)
    guard = GuardedResolver(SimpleNamespace(nameResolver=below), private, proxies)
    asker = Asker()
    guard.resolveHostName(asker, host, port)
    assert asker.complete
    assert below.asked == 1
    return asker.addresses, guard.refused(host, port)


@pytest.mark.parametrize(
    ("answers", "passed", "refused"),
    [
        (["1.1.1.1", "2606:4700:4700::1111"], ["1.1.1.1", "2606:4700:4700::1111"], False),
        (["1.1.1.1", "127.0.0.1", "::1"], ["1.1.1.1"], False),
        (["127.0.0.1"], [], True),
        (["169.254.169.254", "fe80::1", "::ffff:10.0.0.1"], [], True),
        ([], [], False),
    ],
)
def test_every_address_is_checked(answers, passed, refused):
    assert resolve(answers) == (passed, refused)


def test_ports():
    assert resolve(["1.1.1.1"], port=6379) == ([], True)
    assert resolve(["1.1.1.1"], port=80) == (["1.1.1.1"], False)


def test_a_named_proxy_is_trusted_at_its_port_only():
    proxies = ("proxy.example:3128",)
    assert resolve(["10.0.0.1"], host="proxy.example", port=3128, proxies=proxies) == (["10.0.0.1"], False)
    assert resolve(["10.0.0.1"], host="proxy.example", port=80, proxies=proxies) == ([], True)
    assert resolve(["10.0.0.1"], host="news.example", port=3128, proxies=proxies) == ([], True)
