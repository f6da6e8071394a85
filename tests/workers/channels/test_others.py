"""Apprise and TLS: what goes out by another's connections, and a real HTTPS receiver that checks what we signed."""

import importlib.util
import json
import re
import ssl
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.workers.conftest import Receiver
from tocsin.errors import UserError
from workers.channels import Later, check_channel, others
from workers.channels.webhook import WebhookChannel

OLD, NEW = "whsec_MDEyMzQ1Njc4OWFiY2RlZg==", "whsec_YW5vdGhlciBrZXksIHNpeHRlZW4="


@pytest.fixture(scope="module")
def verifier(root: Path) -> dict[str, Any]:
    """The verifier that docs/webhooks.md shows, as a receiver would copy it."""
    (code,) = re.findall(r"```python verifier\n(.*?)```", (root / "docs" / "webhooks.md").read_text(), re.DOTALL)
    assert len(code.splitlines()) <= 25
    names: dict[str, Any] = {}
    exec(compile(code, "docs/webhooks.md", "exec"), names)
    return names


@pytest.fixture
def https(certificates: Path, monkeypatch: pytest.MonkeyPatch):
    """A receiver behind TLS, and its authority known to us."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "certificate.pem", certificates / "key.pem")
    running = Receiver(context)
    yield running
    running.stop()


def test_verifier_of_the_docs_knows_our_requests_over_tls(https, given, notice, verifier) -> None:
    told = notice()
    WebhookChannel(given(f"webhook+{https.url}/hook#secret={OLD}")).send(told)
    _, headers, body = https.got[0]
    verify = verifier["verify"]
    assert verify(headers, body, [OLD]) == headers["webhook-id"]
    assert verify(headers, body, [NEW, OLD]) == headers["webhook-id"]
    with pytest.raises(ValueError, match="not signed"):
        verify(headers, body, [NEW])
    with pytest.raises(ValueError, match="not signed"):
        verify(headers, body + b" ", [OLD])
    with pytest.raises(ValueError, match="not signed"):
        verify({**headers, "webhook-id": "another"}, body, [OLD])
    late = {**headers, "webhook-timestamp": str(int(time.time()) - 301)}
    with pytest.raises(ValueError, match="too old"):
        verify(late, body, [OLD])


def test_while_keys_are_exchanged_both_receivers_are_content(https, given, notice, verifier) -> None:
    """As the docs have it: two in the address, or both in one variable, so that the address and the ids stay."""
    stored = f"{https.url}/hook#secret=${{KEY}}"
    for filled in (OLD, f"{OLD}&secret={NEW}", NEW):
        WebhookChannel(given(stored, stored.replace("${KEY}", filled))).send(notice())
    (_, first, _), (_, both, body), (_, last, _) = https.got
    assert verifier["verify"](both, body, [OLD]) == verifier["verify"](both, body, [NEW])
    assert first["webhook-id"] == both["webhook-id"] == last["webhook-id"]


def test_https_receiver_of_a_stranger_gets_nothing(https, given, notice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Later, match="certificate verify failed"):
        WebhookChannel(given(f"{https.url}/hook")).send(notice())
    assert https.got == []


@pytest.fixture
def apprise(needs) -> None:
    needs(importlib.util.find_spec("apprise"), "apprise")


def test_apprise_carries_a_message(apprise, receiver, given, notice) -> None:
    others.opened(given(f"apprise+json://127.0.0.1:{receiver.port}/x")).send(notice())
    assert "на сході" in json.loads(receiver.got[0][2])["message"]


def test_apprise_that_says_no_waits(apprise, receiver, given, notice) -> None:
    receiver.answers = [receiver.status(500)]
    with pytest.raises(Later, match="did not take the message"):
        others.opened(given(f"apprise+json://127.0.0.1:{receiver.port}/x")).send(notice())


@pytest.mark.parametrize(
    ("host", "resolves"),
    [
        ("127.0.0.1", []),
        ("[::1]", []),
        ("2130706433", ["127.0.0.1"]),
        ("0x7f000001", ["127.0.0.1"]),
        ("localhost", ["127.0.0.1"]),
        ("redis", ["10.0.0.5"]),
        ("Redis", ["10.0.0.5"]),
        ("rebinding.example", ["93.184.215.14", "10.0.0.5"]),
    ],
)
def test_apprise_is_not_led_to_private_hosts(apprise, receiver, given, notice, host: str, resolves: list[str]) -> None:
    address = f"apprise+json://{host}:{receiver.port}/x"
    channel = others.opened(given(address, allow_private=(), resolve=lambda *_: resolves))
    with pytest.raises(Later, match="egress guard refuses"):
        channel.send(notice())
    assert receiver.got == []


def test_tokens_in_a_hosts_place_are_not_looked_up(apprise, given) -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["10.0.0.5"]

    channel = others.opened(given("apprise+slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/", resolve=resolve))
    assert channel._may()
    assert asked == []


def test_address_that_apprise_does_not_know(apprise, given) -> None:
    with pytest.raises(UserError, match="not understood by Apprise"):
        others.opened(given("apprise+nosuchservice://x"))


def test_without_apprise_it_is_said_when_subscribing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(UserError, match=re.escape("pip install 'tocsin[apprise]'")):
        check_channel("apprise+discord://1/abc")
