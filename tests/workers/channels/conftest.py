"""What the tests of channels share: ways to loopback, real servers with TLS, mail servers, and what strangers write."""

import email
import email.policy
import importlib.util
import io
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from tests.services.secrets_of_server import Secrets
from tocsin.clock import SystemClock
from tocsin.messages import Message, Told, render, render_digest
from tocsin.records import Alert, Article, Hit, Notice, Story, Subscription, near_id
from workers.channels.given import Given, Way

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
SEEN = datetime(2026, 11, 22, 12, 5, 12, tzinfo=UTC)
SENTENCE = "Уночі під Бахмутом тривали бої."
ALERT = "a1" * 16


def story_message(
    title: str = "Бої на сході", url: str = "https://hromada.example/news/17?a=1&b=2", **more: Any
) -> Message:
    """A notice as the workers render it; ``kind`` and ``sentence`` may be given."""
    return render(_told(title, url, **more), UTC)


def _told(title: str, url: str, kind: Any = "first", sentence: str = SENTENCE, form: str = "Бахмутом") -> Told:
    hit = Hit(word="Bakhmut", form=form, how="case form", field="text", sentence=sentence, start=sentence.find(form))
    article = Article(
        id="a1",
        address_id="d1",
        url=url,
        outlet="hromada",
        first_seen=SEEN,
        title=title,
        lang="uk",
        published=SEEN - timedelta(minutes=5),
        published_origin="feed",
    )
    key = "1" if kind == "first" else kind
    notice = Notice(
        id=near_id(ALERT, "notice", ALERT, kind, key),
        alert=ALERT,
        kind=kind,
        ordinal=1,
        article="a1",
        created=SEEN + timedelta(seconds=3),
        hits=(hit,),
    )
    alert = Alert(id=ALERT, subscription="s1", story="st1", article="a1", created=SEEN)
    subscription = Subscription(id="s1", name="Bakhmut", query="Bakhmut", channels=("stdout:",), created=SEEN)
    story = Story(id="st1", first="a1", title=title, outlets=("hromada", "visnyk"), texts=2, first_seen=SEEN)
    return Told(notice, alert, article, subscription, story)


@pytest.fixture(scope="session")
def notice() -> Callable[..., Message]:
    """Makes notices of an article with a title and an address of one's choice."""
    return story_message


@pytest.fixture(scope="session")
def digest() -> Message:
    """Forty notices in one message."""
    told = []
    for number in range(40):
        one = _told(f"Бої на сході {number}", f"https://hromada.example/news/{number}")
        subscription = Subscription(
            id=f"s{number % 4}", name=f"East {number % 4}", query="x", channels=(), created=SEEN
        )
        alert = Alert(id=f"{number:032x}", subscription=subscription.id, story="st", article="a1", created=SEEN)
        told.append(one._replace(alert=alert, subscription=subscription))
    return render_digest(told, "d", UTC)


@pytest.fixture
def given(tmp_path: Path) -> Callable[..., Given]:
    """Makes what a channel is opened with: an address, its filled form, and settings by name."""

    def make(address: str, filled: str = "", smtp: str = "", secrets: Any = None, **way: Any) -> Given:
        known = Way(SystemClock(), LOOPBACK, 2.0)._replace(**way)
        return Given(address, filled or address, known, tmp_path, io.StringIO(), (secrets or {}).get, smtp)

    return make


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``authority.pem``, ``certificate.pem`` (for 127.0.0.1) and ``key.pem``."""
    folder = tmp_path_factory.mktemp("certificates")
    Secrets().write(folder)
    return folder


class Mailbox:
    """A real mail server (aiosmtpd) and what it was given. ``rcpt`` and ``data`` are its next answers, in order."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.to: list[list[str]] = []
        self.rcpt: list[str] = []
        self.data: list[str] = []
        self.drop_after_data = 0
        self.controller: Any = None

    async def handle_RCPT(  # noqa: N802 - so aiosmtpd calls it
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if self.rcpt and not (answer := self.rcpt.pop(0)).startswith("250"):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the same
        self.raw.append(envelope.content)
        self.to.append(list(envelope.rcpt_tos))
        self.got.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        if self.drop_after_data:
            self.drop_after_data -= 1
            server.transport.abort()
        return self.data.pop(0) if self.data else "250 OK"

    @property
    def port(self) -> int:
        port: int = self.controller.port
        return port


@pytest.fixture
def mail_server(free_port: int, needs: Any) -> Iterator[Callable[..., Mailbox]]:
    """Starts a mail server with the settings of aiosmtpd's controller."""
    controllers = []

    def start(**settings: Any) -> Mailbox:
        from aiosmtpd.controller import Controller

        box = Mailbox()
        box.controller = Controller(box, hostname="127.0.0.1", port=free_port, **settings)
        box.controller.start()
        controllers.append(box.controller)
        return box

    needs(importlib.util.find_spec("aiosmtpd"), "aiosmtpd")
    yield start
    for controller in controllers:
        controller.stop(no_assert=True)


class Scripted:
    """A server that says its lines, each after it was told something; ``None`` closes, ``...`` is silence."""

    def __init__(self, *lines: Any) -> None:
        self.heard: list[bytes] = []
        self._lines = lines
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        try:
            for line in self._lines:
                if line is None:
                    return
                if line is ...:
                    connection.recv(65536)
                    connection.recv(65536)
                    return
                connection.sendall(line)
                self.heard.append(connection.recv(65536))
        except OSError:
            return

    def stop(self) -> None:
        self._server.close()


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    """Starts servers that say what they are given."""
    started = []

    def start(*lines: Any) -> Scripted:
        started.append(Scripted(*lines))
        return started[-1]

    yield start
    for server in started:
        server.stop()
