"""The channel ``mailto:reader@example.org``: an e-mail over the SMTP server that ``TOCSIN_SMTP`` names.

The server is a person's setting and no stranger's word, so it may stand on this machine, and ports of mail are open to
it; for the rest it goes through the egress guard as all do. In the clear only to this machine or an explicitly allowed
network.
"""

import re
import smtplib
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from tocsin.addresses import masked
from tocsin.egress import Network, allowed, explicitly_allowed
from tocsin.errors import UserError
from tocsin.messages import Message, plain
from workers.channels.address import Secrets, fill
from workers.channels.egress import Deadline, NotAllowed, let_through
from workers.channels.given import Given, Way
from workers.channels.letter import letter
from workers.channels.port import Later, Refused
from workers.channels.posting import not_allowed, tls_context

_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_MAIL_PORTS = frozenset({25, 465, 587, 2525})
_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?P<domain>[^\s@<>,;:()\[\]\\\"]{1,255})")
_MEND_SECONDS = 300.0
"""After what a person has to mend: a password, a server without encryption."""
_FORM = "write it like smtp+starttls://user:${SMTP_PASSWORD}@smtp.example.org:587?from=alerts@example.org"
_PASSWORD_WRONG = frozenset({530, 534, 535, 538})
"""Answers that mean the account and not the message."""


class Server(NamedTuple):
    """The mail server, as a person set it."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    sender: str

    @property
    def shown(self) -> str:
        """Where it is."""
        return f"the mail server {self.host}:{self.port}"


class MailChannel:
    """Writes to one mailbox."""

    def __init__(self, given: Given) -> None:
        """Raises UserError where the address is no mailbox or no server is set."""
        self._address = given.address
        self._to = mailbox(given.filled)
        self._way = given.way
        self._server = server = server_of(given.smtp, given.secrets)
        self._tls = None if server.scheme == "smtp" else tls_context()

    def send(self, message: Message) -> None:
        """Send one e-mail. Raises Later (also where the server hangs up before it has taken it) or Refused."""
        to = self._server
        whole = letter(message, self._address, self._to, to.sender, self._way.clock.now(), self._way.desk)
        deadline = Deadline(self._way.clock, self._way.timeout)
        try:
            with self._session(deadline) as session:
                session.sendmail(to.sender, [self._to], whole)
        except NotAllowed as error:
            raise not_allowed(to.shown.capitalize()) from error
        except smtplib.SMTPException as error:
            raise self._judged(error, deadline) from error
        except OSError as error:
            if isinstance(error, TimeoutError) or _over(deadline):
                raise self._slow() from error
            reason = plain(error.strerror or str(error)) or type(error).__name__
            raise Later(f"{to.shown.capitalize()} cannot be reached: {reason}.") from error

    @contextmanager
    def _session(self, deadline: Deadline) -> Iterator[smtplib.SMTP]:
        """A session in which a message may be sent. Whatever hangs in it is cut off at the deadline."""
        to = self._server
        connection = _connected(to, self._way, deadline)
        # A copy of the descriptor: that of the session is another one once it is encrypted.
        watched = connection.dup()
        alarm = threading.Timer(deadline.left(), lambda: _hang_up(watched))
        alarm.daemon = True
        alarm.start()
        session = _Session(timeout=self._way.timeout)
        try:
            if to.scheme == "smtps" and self._tls:
                connection = self._tls.wrap_socket(connection, server_hostname=to.host)
            session.greet(connection, to.host)
            if to.scheme == "smtp+starttls":
                session.starttls(context=self._tls)
                session.ehlo_or_helo_if_needed()
            if to.user:
                session.login(to.user, to.password)
            yield session
            # The message is out: what goes wrong from here on is of no concern.
            with suppress(smtplib.SMTPException, OSError):
                session.quit()
        finally:
            alarm.cancel()
            session.close()
            connection.close()
            watched.close()

    def _judged(self, error: smtplib.SMTPException, deadline: Deadline) -> Later | Refused:
        """What an answer of the server means: 4xx and hanging up, later; 5xx, never, unless it means our account."""
        if _over(deadline):
            # What was cut off in the middle may look like an answer.
            return self._slow()
        shown = self._server.shown.capitalize()
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            code, told = next(iter(error.recipients.values()))
        elif isinstance(error, smtplib.SMTPResponseException):
            code, told = error.smtp_code, _bytes(error.smtp_error)
        elif isinstance(error, smtplib.SMTPServerDisconnected):
            return Later(f"{shown} hung up before it had taken the message.", only_this=True)
        else:
            return Later(f"{shown} does not do what it was asked: {plain(str(error))}.", _MEND_SECONDS)
        said = plain(told.decode("utf-8", "replace"))[:160]
        reason = f"{shown} answered {code}" + (f": {said}" if said else "") + "."
        ours = isinstance(error, smtplib.SMTPAuthenticationError | smtplib.SMTPConnectError | smtplib.SMTPHeloError)
        if ours or code in _PASSWORD_WRONG:
            return Later(reason, _MEND_SECONDS if code >= 500 else None)
        if code >= 500:
            return Refused(reason)
        return Later(reason, only_this=isinstance(error, smtplib.SMTPDataError) and code != 421)

    def _slow(self) -> Later:
        return Later(f"{self._server.shown.capitalize()} gave no answer within {self._way.timeout:g} seconds.")


class _Session(smtplib.SMTP):
    """A session over a connection that is there already."""

    def __init__(self, timeout: float) -> None:
        super().__init__(local_hostname="[127.0.0.1]", timeout=timeout)

    def greet(self, connection: socket.socket, host: str) -> None:
        """Hear the greeting. Raises SMTPConnectError where it is none."""
        self.sock = connection
        # What the certificate is compared with.
        self._host = host
        code, told = self.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, told)
        self.ehlo_or_helo_if_needed()


def server_of(setting: str, secrets: Secrets) -> Server:
    """The server that ``TOCSIN_SMTP`` names. Secrets are filled in after it was taken apart: they may hold anything.

    Raises UserError where it cannot be used; the message does not repeat it.
    """
    if not setting:
        raise UserError(f"A channel mailto: needs TOCSIN_SMTP, which is not set; {_FORM}.", 1)
    wrong = UserError(f"The setting TOCSIN_SMTP ({masked(setting)}) cannot be used: {_FORM}.")
    try:
        parts = urlsplit(setting)
        port = parts.port or _PORTS[parts.scheme]
        host = (parts.hostname or "").encode("idna").decode("ascii")
        given = parse_qs(parts.query, strict_parsing=bool(parts.query))
    except (ValueError, KeyError):
        raise wrong from None
    user, password = (fill(unquote(part or ""), secrets) for part in (parts.username, parts.password))
    sender = fill(given.get("from", [user])[0], secrets)
    if not host or not _MAILBOX.fullmatch(sender) or not sender.isascii() or re.search(r"[\r\n\0]", user + password):
        raise wrong
    return Server(parts.scheme, host, port, user, password, sender)


def mailbox(address: str) -> str:
    """The mailbox of ``mailto:reader@example.org``, its domain in ASCII. Raises UserError where it is none."""
    found = _MAILBOX.fullmatch(unquote(address.partition(":")[2]))
    with suppress(UnicodeError):
        if found:
            name, _, domain = found[0].rpartition("@")
            return f"{name}@{domain.encode('idna').decode('ascii')}"
    raise UserError(f"The channel {masked(address)!r} is no mailbox, such as mailto:you@example.org.")


def opened(given: Given) -> MailChannel:
    """Open the channel. Raises UserError where its address or the server cannot be used."""
    return MailChannel(given)


def check(address: str, _data_dir: Path | None = None) -> None:
    """Raise UserError where an address, stand-ins for its secrets filled in, cannot be used."""
    mailbox(address)


def _connected(to: Server, way: Way, deadline: Deadline) -> socket.socket:
    """A connection to the first allowed address that answers. Raises NotAllowed, or OSError where none does."""
    try:
        found = way.resolve(to.host, to.port)
    except OSError as error:
        raise OSError(f"the name cannot be resolved ({error.strerror or error})") from error
    passed = let_through(found, lambda ip: _may(ip, to, way.allow_private))
    for number, ip in enumerate(passed, 1):
        try:
            return socket.create_connection((ip, to.port), deadline.left() / (len(passed) - number + 1))
        except OSError:
            if number == len(passed):
                raise
    raise NotAllowed


def _may(ip: str, to: Server, allow_private: Sequence[Network]) -> bool:
    address = ip_address(ip)
    ours = address.is_loopback or explicitly_allowed(address, allow_private)
    return ours or (to.scheme != "smtp" and to.port in _MAIL_PORTS and allowed(address))


def _bytes(text: bytes | str) -> bytes:
    return text.encode("utf-8", "replace") if isinstance(text, str) else text


def _over(deadline: Deadline) -> bool:
    import httpcore

    try:
        return deadline.left() <= 0
    except httpcore.ReadTimeout:
        return True


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
