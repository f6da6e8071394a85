"""The webhook channel against a real receiver: signed, guarded, patient, and never led elsewhere."""

import base64
import hashlib
import hmac
import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from tocsin.clock import SystemClock
from tocsin.errors import UserError
from tocsin.messages import Message
from tocsin.records import near_id
from workers.channels.given import Given, Way
from workers.channels.port import Later, Refused
from workers.channels.webhook import WebhookChannel

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
KEY = b"a key of twenty-four byte"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


def message(name: str = "n1") -> Message:
    payload = {"schema": 1, "id": name, "title": "Бої під Бахмутом"}
    return Message(id=name, alert="al", kind="first", subject="s", lines=("one",), url="", payload=payload)


def channel(address: str, filled: str = "", **more: Any) -> WebhookChannel:
    way = Way(SystemClock(), LOOPBACK, 2.0)._replace(**more)
    return WebhookChannel(Given(address, filled or address, way, Path(), io.StringIO(), {}.get, ""))


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_message_is_posted_as_json(receiver) -> None:
    channel(f"{receiver.url}/hook?team=1").send(message())
    path, headers, body = receiver.got[0]
    assert path == "/hook?team=1"
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    assert json.loads(body)["title"] == "Бої під Бахмутом"
    assert "webhook-signature" not in headers


def test_signature_is_what_standard_webhooks_says(receiver) -> None:
    channel(f"{receiver.url}/#secret={SECRET}").send(message())
    path, headers, body = receiver.got[0]
    assert path == "/", "the key never leaves"
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    version, _, given = headers["webhook-signature"].partition(",")
    assert version == "v1"
    assert hmac.compare_digest(base64.b64decode(given), hmac.digest(KEY, signed, hashlib.sha256))
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 5


def test_two_keys_sign_while_they_are_exchanged(receiver) -> None:
    other = base64.b64encode(b"another key, sixteen or more").decode()
    channel(f"{receiver.url}/#secret={SECRET}&secret=whsec_{other}").send(message())
    signatures = receiver.got[0][1]["webhook-signature"].split(" ")
    assert len(set(signatures)) == 2
    assert all(signature.startswith("v1,") for signature in signatures)


def test_id_is_the_deliverys_and_stays_through_retries_and_other_secrets(receiver) -> None:
    address = f"{receiver.url}/${{TOKEN}}"
    for token in ("old", "old", "new"):
        channel(address, f"{receiver.url}/{token}").send(message())
    assert [path for path, _, _ in receiver.got] == ["/old", "/old", "/new"]
    assert {headers["webhook-id"] for _, headers, _ in receiver.got} == {near_id("n1", "delivery", "n1", address)}


def test_user_name_becomes_basic_authorization(receiver) -> None:
    channel(f"http://me:p%40ss@127.0.0.1:{receiver.port}/").send(message())
    assert base64.b64decode(receiver.got[0][1]["authorization"].removeprefix("Basic ")) == b"me:p@ss"


@pytest.mark.parametrize(("code", "only_this"), [(500, True), (502, True), (408, True), (425, True), (429, False)])
def test_not_now_is_tried_again(receiver, code: int, only_this: bool) -> None:
    receiver.answers = [receiver.status(code, b"busy\x1b[2J")]
    with pytest.raises(Later, match=f"answered {code}: busy⟨U") as caught:
        channel(receiver.url).send(message())
    assert caught.value.after_seconds is None
    assert caught.value.only_this is only_this


@pytest.mark.parametrize(("asked", "obeyed"), [("7", 7), ("999999", 3600), ("-5", None), ("soon", None)])
def test_retry_after_is_obeyed(receiver, asked: str, obeyed: float | None) -> None:
    receiver.answers = [receiver.status(429, Retry_After=asked)]
    with pytest.raises(Later) as caught:
        channel(receiver.url).send(message())
    assert caught.value.after_seconds == obeyed
    assert not caught.value.only_this


def test_retry_after_may_be_a_date(receiver) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    receiver.answers = [receiver.status(503, Retry_After=until)]
    with pytest.raises(Later) as caught:
        channel(receiver.url).send(message())
    assert 80 < (caught.value.after_seconds or 0) <= 90


@pytest.mark.parametrize("code", [400, 401, 404, 410, 422])
def test_no_is_no(receiver, code: int) -> None:
    receiver.answers = [receiver.status(code)]
    with pytest.raises(Refused, match=f"answered {code}"):
        channel(receiver.url).send(message())


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirect_to_loopback_is_not_followed(receiver, code: int) -> None:
    receiver.answers = [receiver.status(code, Location=f"{receiver.url}/inner")]
    with pytest.raises(Refused, match="Redirects are not followed"):
        channel(f"{receiver.url}/outer").send(message())
    assert [path for path, _, _ in receiver.got] == ["/outer"]


def test_silence_ends_in_time(silent: int) -> None:
    start = time.monotonic()
    with pytest.raises(Later, match=r"no answer within 0\.5 seconds"):
        channel(f"http://127.0.0.1:{silent}/", timeout=0.5).send(message())
    assert time.monotonic() - start < 1.5


def test_dripping_answer_ends_in_time(receiver) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        for _ in range(100):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.1)

    receiver.answers = [drip]
    start = time.monotonic()
    with pytest.raises(Later, match="no answer within"):
        channel(receiver.url, timeout=0.6).send(message())
    assert time.monotonic() - start < 1.6


def test_endless_answer_is_not_read_to_the_end(receiver) -> None:
    sent = []

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(500)
        handler.end_headers()
        try:
            for _ in range(2000):
                handler.wfile.write(b"x" * 65536)
                sent.append(65536)
        except OSError:
            pass

    receiver.answers = [endless]
    with pytest.raises(Later) as caught:
        channel(receiver.url).send(message())
    assert len(caught.value.reason) < 300
    time.sleep(0.2)
    assert sum(sent) < 16_000_000


def test_nobody_there(free_port: int) -> None:
    with pytest.raises(Later, match="cannot be reached") as caught:
        channel(f"http://127.0.0.1:{free_port}/").send(message())
    assert not caught.value.only_this, "the line behind it has nobody to go to either"


def test_connection_cut_in_the_answer(receiver) -> None:
    def cut(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.shutdown(socket.SHUT_RDWR)

    receiver.answers = [cut]
    with pytest.raises(Later, match="cannot be reached"):
        channel(receiver.url).send(message())


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]", "0.0.0.0"]
)
def test_guard_lets_no_spelling_of_loopback_through(receiver, host: str) -> None:
    with pytest.raises(Later, match=r"egress guard|cannot be reached"):
        channel(f"http://{host}:{receiver.port}/", allow_private=()).send(message())
    assert receiver.got == []


def test_guard_refuses_other_ports_of_public_addresses() -> None:
    with pytest.raises(Later, match="egress guard"):
        channel("http://public.example:6379/", resolve=lambda *_: ["93.184.215.14"]).send(message())


def test_name_is_resolved_once_and_the_checked_address_is_used(receiver) -> None:
    asked = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["10.0.0.1", "127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    channel(f"http://hook.example:{receiver.port}/", resolve=rebinding).send(message())
    assert asked == ["hook.example"]
    assert receiver.got[0][1]["host"] == f"hook.example:{receiver.port}"


def test_next_address_is_tried_where_one_is_dead(receiver) -> None:
    channel(f"http://hook.example:{receiver.port}/", resolve=lambda *_: ["127.0.0.2", "127.0.0.1"]).send(message())
    assert len(receiver.got) == 1


def test_name_without_address_waits() -> None:
    with pytest.raises(Later, match="cannot be resolved"):
        channel("http://no-such-host.invalid/").send(message())


def test_no_reason_shows_a_secret(receiver, free_port: int) -> None:
    def echo(handler: BaseHTTPRequestHandler) -> None:
        receiver.status(404, f"Cannot POST {handler.path} {handler.headers['Authorization']} u:hunter2".encode())(
            handler
        )

    reasons = []
    for answer, port in ((receiver.status(500), receiver.port), (echo, receiver.port), (echo, free_port)):
        receiver.answers = [answer]
        address = "http://u:${PASSWORD}@127.0.0.1:%d/${WORD}/Tok3nTok3n?key=hunter3#secret=%s" % (port, SECRET)  # noqa: UP031
        filled = address.replace("${PASSWORD}", "hunter2").replace("${WORD}", "swordfish")
        with pytest.raises((Later, Refused)) as caught:
            channel(address, filled).send(message())
        reasons.append(str(caught.value))
    assert "Cannot POST" in reasons[1]
    for secret in (
        "hunter2",
        "hunter3",
        "swordfish",
        "Tok3nTok3n",
        SECRET[6:],
        base64.b64encode(b"u:hunter2").decode(),
    ):
        assert not any(secret in reason for reason in reasons), secret


def test_filled_in_address_that_cannot_be_used_is_not_shown() -> None:
    with pytest.raises(UserError, match=r"https://host/\$\{WORD\} holds a blank") as caught:
        channel("https://host/${WORD}", "https://host/sword fish")
    assert "sword" not in str(caught.value)


def test_proxy_of_the_environment_is_not_asked(receiver, monkeypatch: pytest.MonkeyPatch, free_port: int) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port}")
    channel(receiver.url).send(message())
    assert len(receiver.got) == 1


def test_certificate_is_verified() -> None:
    """A TLS receiver whose certificate nobody signed gets nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        heard = []

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                heard.append(connection.recv(65536))
                connection.sendall(b"\x15\x03\x01\x00\x02\x02\x28")

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(Later, match="cannot be reached"):
            channel(f"https://127.0.0.1:{server.getsockname()[1]}/").send(message())
        thread.join(5)
    assert heard[0][:1] == b"\x16", "a TLS hello, nothing in the clear"
    assert b"schema" not in heard[0]
