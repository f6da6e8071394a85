"""E-mail against a real server: what it is made of, what it answers, and what each answer of a server does to it."""

import re
import ssl
import time
from pathlib import Path

import pytest

from tocsin.errors import UserError
from tocsin.records import near_id
from workers.channels.mail import MailChannel, server_of
from workers.channels.port import Later, Refused

TO = "mailto:reader@example.org"


def smtp(port: int, scheme: str = "smtp", user: str = "") -> str:
    return f"{scheme}://{user}127.0.0.1:{port}?from=alerts@tocsin.example"


def test_message_has_plain_text_and_html_and_the_headers_of_a_machine(mail_server, given, notice) -> None:
    box = mail_server()
    told = notice()
    MailChannel(given(TO, smtp=smtp(box.port))).send(told)
    (got,) = box.got
    assert box.to == [["reader@example.org"]]
    assert got["Subject"] == told.subject
    assert got["From"] == "Tocsin <alerts@tocsin.example>"
    assert got["To"] == "reader@example.org"
    assert got["Auto-Submitted"] == "auto-generated"
    assert got["Date"].datetime.tzinfo
    assert got["Message-ID"] == f"<{near_id(told.id, 'delivery', told.id, TO)}@tocsin.example>"
    assert got["In-Reply-To"] is None
    assert [part.get_content_type() for part in got.iter_parts()] == ["text/plain", "text/html"]
    text = got.get_body(("plain",)).get_content()
    assert text.splitlines()[: len(told.lines)] == list(told.lines)
    assert "<b>Бахмутом</b>" in got.get_body(("html",)).get_content()
    assert max(map(len, box.raw[0].split(b"\r\n"))) <= 998
    assert not re.search(rb"(?<!\r)\n", box.raw[0])


def test_later_notices_of_an_alert_answer_its_first(mail_server, given, notice) -> None:
    box = mail_server()
    channel = MailChannel(given(TO, smtp=smtp(box.port)))
    for kind in ("first", "grown", "corrected"):
        channel.send(notice(kind=kind))
    first, grown, corrected = box.got
    assert grown["In-Reply-To"] == grown["References"] == corrected["In-Reply-To"] == first["Message-ID"]
    assert len({one["Message-ID"] for one in box.got}) == 3


def test_one_click_unsubscription_leads_to_the_desk(mail_server, given, notice) -> None:
    box = mail_server()
    told = notice()
    MailChannel(given(TO, smtp=smtp(box.port), desk="https://tocsin.example/desk")).send(told)
    delivery = near_id(told.id, "delivery", told.id, TO)
    stop = f"https://tocsin.example/desk/unsubscribe/{delivery}"
    assert (
        box.got[0]["List-Unsubscribe"] == f"<{stop}>, <mailto:alerts@tocsin.example?subject=unsubscribe%20{delivery}>"
    )
    assert box.got[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert stop in box.got[0].get_body(("plain",)).get_content()


def test_without_a_desk_unsubscription_is_a_letter(mail_server, given, notice) -> None:
    box = mail_server()
    MailChannel(given(TO, smtp=smtp(box.port))).send(notice())
    assert box.got[0]["List-Unsubscribe"].startswith("<mailto:alerts@tocsin.example?subject=unsubscribe%20")
    assert box.got[0]["List-Unsubscribe-Post"] is None


def test_digest_comes_whole(mail_server, given, digest) -> None:
    box = mail_server()
    MailChannel(given(TO, smtp=smtp(box.port))).send(digest)
    html = box.got[0].get_body(("html",)).get_content()
    assert html.count('<a href="https://hromada.example/news/') == 40
    assert box.got[0]["In-Reply-To"] is None


@pytest.mark.parametrize(
    ("rcpt", "data", "answer", "says"),
    [
        (["450 4.2.0 Greylisted, try again"], [], Later, "450: 4.2.0 Greylisted, try again"),
        (["421 4.3.2 going down"], [], Later, "421"),
        (["550 5.1.1 no such user"], [], Refused, "550: 5.1.1 no such user"),
        (["530 5.7.0 authentication required"], [], Later, "530"),
        ([], ["451 4.3.0 full"], Later, "451"),
        ([], ["554 5.7.1 spam\x1b[2J"], Refused, "554: 5.7.1 spam⟨U"),
    ],
)
def test_answers(mail_server, given, notice, rcpt, data, answer, says) -> None:
    box = mail_server()
    box.rcpt, box.data = rcpt, data
    channel = MailChannel(given(TO, smtp=smtp(box.port)))
    with pytest.raises(answer, match=re.escape(says)):
        channel.send(notice())
    channel.send(notice())
    assert len({one["Message-ID"] for one in box.got}) == 1


def test_dropped_after_data_is_sent_again_under_the_same_id(mail_server, given, notice) -> None:
    box = mail_server()
    box.drop_after_data = 1
    channel = MailChannel(given(TO, smtp=smtp(box.port)))
    with pytest.raises(Later, match="hung up before it had taken"):
        channel.send(notice())
    channel.send(notice())
    assert len(box.got) == 2
    assert box.got[0]["Message-ID"] == box.got[1]["Message-ID"]


def test_server_that_is_down_waits(given, notice, free_port: int) -> None:
    with pytest.raises(Later, match="cannot be reached: Connection refused"):
        MailChannel(given(TO, smtp=smtp(free_port))).send(notice())


@pytest.mark.parametrize("greeting", [b"421 4.3.2 too busy\r\n", b"554 no service here\r\n"])
def test_server_that_turns_us_away_at_the_door_waits(scripted, given, notice, greeting: bytes) -> None:
    server = scripted(greeting)
    with pytest.raises(Later, match=greeting[:3].decode()):
        MailChannel(given(TO, smtp=smtp(server.port))).send(notice())


@pytest.mark.parametrize("lines", [(...,), (b"220 hello\r\n", ...), (b"220 hello\r\n", b"250-hello\r\n", ...)])
def test_server_that_hangs_is_left_in_time(scripted, given, notice, lines) -> None:
    server = scripted(*lines)
    begun = time.monotonic()
    with pytest.raises(Later, match=r"no answer within 0\.5 seconds"):
        MailChannel(given(TO, smtp=smtp(server.port), timeout=0.5)).send(notice())
    assert time.monotonic() - begun < 8


def test_server_that_drips_is_left_in_time(scripted, given, notice) -> None:
    """Each byte comes in time and the whole never: the deadline is one for all."""
    import socket
    import threading

    stop = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _ = server.accept()
        with connection:
            while not stop.wait(0.1):
                try:
                    connection.sendall(b"2")
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    begun = time.monotonic()
    with pytest.raises(Later, match="no answer within"):
        MailChannel(given(TO, smtp=smtp(server.getsockname()[1]), timeout=0.8)).send(notice())
    assert time.monotonic() - begun < 8
    stop.set()
    thread.join(5)
    server.close()


@pytest.fixture
def server_tls(certificates: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "certificate.pem", certificates / "key.pem")
    return context


def authenticator(known: tuple[bytes, bytes]):
    from aiosmtpd.smtp import AuthResult

    def check(server, session, envelope, mechanism, data):
        return AuthResult(success=(data.login, data.password) == known, handled=False)

    return check


PASSWORD = "p@ss/w:rd?#%"


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
def test_encrypted_and_with_a_password(mail_server, given, notice, server_tls, scheme: str) -> None:
    settings = (
        {"tls_context": server_tls, "require_starttls": True} if scheme != "smtps" else {"ssl_context": server_tls}
    )
    box = mail_server(
        authenticator=authenticator((b"me@tocsin.example", PASSWORD.encode())),
        auth_required=True,
        auth_require_tls=scheme != "smtps",
        **settings,
    )
    address = f"{scheme}://me%40tocsin.example:${{SMTP_PASSWORD}}@127.0.0.1:{box.port}"
    MailChannel(given(TO, smtp=address, secrets={"SMTP_PASSWORD": PASSWORD})).send(notice())
    assert box.got[0]["From"] == "Tocsin <me@tocsin.example>"
    with pytest.raises(Later, match="535") as caught:
        MailChannel(given(TO, smtp=address, secrets={"SMTP_PASSWORD": "hunter2"})).send(notice())
    assert "hunter2" not in str(caught.value)
    assert len(box.got) == 1


def test_server_without_starttls_gets_nothing(mail_server, given, notice) -> None:
    box = mail_server()
    with pytest.raises(Later, match="STARTTLS"):
        MailChannel(given(TO, smtp=smtp(box.port, "smtp+starttls"))).send(notice())
    assert box.got == []


def test_certificate_of_a_stranger_gets_nothing(mail_server, given, notice, server_tls, monkeypatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    box = mail_server(tls_context=server_tls, require_starttls=True)
    with pytest.raises(Later, match="certificate verify failed"):
        MailChannel(given(TO, smtp=smtp(box.port, "smtp+starttls"))).send(notice())
    assert box.got == []


@pytest.mark.parametrize(
    ("scheme", "ip", "port", "passes"),
    [
        ("smtp", "127.0.0.1", 25, True),
        ("smtp", "::1", 25, True),
        ("smtp", "93.184.215.14", 25, False),
        ("smtps", "93.184.215.14", 465, True),
        ("smtp+starttls", "93.184.215.14", 587, True),
        ("smtps", "93.184.215.14", 6379, False),
        ("smtps", "10.0.0.5", 465, False),
        ("smtps", "169.254.169.254", 465, False),
        ("smtps", "::ffff:10.0.0.5", 465, False),
    ],
)
def test_guard(given, notice, monkeypatch, scheme: str, ip: str, port: int, passes: bool) -> None:
    asked = []

    def connect(place, timeout):
        asked.append(place)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr("socket.create_connection", connect)
    setting = f"{scheme}://mail.example:{port}?from=a@b.example"
    channel = MailChannel(given(TO, smtp=setting, allow_private=(), resolve=lambda *_: [ip]))
    with pytest.raises(Later, match="cannot be reached" if passes else "egress guard refuses"):
        channel.send(notice())
    assert asked == ([(ip, port)] if passes else [])


@pytest.mark.parametrize(
    "setting",
    [
        "smtp://",
        "http://host?from=a@b.example",
        "smtps://host:99999?from=a@b.example",
        "smtps://host",
        "smtps://host?from=nobody",
        "smtps://u:hunter2@host?from=a%0d%0aBcc:x@b.example",
        "smtps://u:hunter2@host?from=a@b.example>,<c@d.example",
    ],
)
def test_server_that_cannot_be_used_is_told_without_its_password(setting: str) -> None:
    with pytest.raises(UserError, match="TOCSIN_SMTP") as caught:
        server_of(setting, {}.get)
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_server_is_told() -> None:
    with pytest.raises(UserError, match="needs TOCSIN_SMTP, which is not set"):
        server_of("", {}.get)


@pytest.mark.parametrize(
    "address",
    ["mailto:", "mailto:x", "mailto:a@b@c", "mailto:a@b.example,c@d.example", "mailto:a%0d%0aBcc:x@b.example",
     "mailto:a@b.example?cc=c@d.example", "mailto:<a@b.example>", "mailto:ж@b.example"],
)  # fmt: skip
def test_no_mailbox(given, address: str) -> None:
    with pytest.raises(UserError, match="no mailbox"):
        MailChannel(given(address, smtp=smtp(25)))


def test_mailbox_in_another_alphabet_is_written_in_ascii(mail_server, given, notice) -> None:
    box = mail_server()
    MailChannel(given("mailto:reader@приклад.укр", smtp=smtp(box.port))).send(notice())
    assert box.to == [["reader@xn--80aikifvh.xn--j1amh"]]
