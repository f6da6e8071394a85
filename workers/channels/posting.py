"""One request to a receiver over HTTP: guarded, in a given time, and its answer judged the same way by every channel.

Ports: 80 and 443, any in the networks that are explicitly allowed. Redirects are not followed: a moved receiver is a
new address, and a person's decision.
"""

import ssl
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import httpcore
import msgspec

import tocsin
from tocsin.messages import plain
from workers.channels.address import Hook
from workers.channels.egress import Deadline, GuardedBackend, NotAllowed
from workers.channels.given import Way
from workers.channels.port import Later, Refused

ANSWER = 64 * 1024
"""Bytes of an answer that are read at most."""
LONGEST_WAIT = 3600.0
"""Seconds that a receiver may ask us to wait."""
GUARD_RETRY = 300.0
"""Seconds after which an address that the guard refused is tried again: a person may have opened the network."""
_AGAIN = frozenset({408, 425, 429})
"""Answers below 500 that say: not now."""
_PORTS = {"http": 80, "https": 443}


class Answer(NamedTuple):
    """What a receiver said."""

    status: int
    retry_after: str
    body: bytes
    """Its beginning; empty of 2xx."""

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; empty where it is none."""
        try:
            return msgspec.json.decode(self.body, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return {}


class Door:
    """A receiver's server. Its address may hold secrets: no reason repeats them."""

    def __init__(self, to: Hook, shown: str, way: Way, pace: float = 0.0) -> None:
        """``shown``: its address as it may be printed. ``pace``: seconds between two requests at least."""
        self.to = to
        self.shown = shown
        self._way = way
        self._pace = pace
        self._before = float("-inf")
        self._tls = tls_context() if to.scheme == "https" else None

    def deadline(self) -> Deadline:
        """The end of an attempt that begins now, for those that may take more than one request."""
        return Deadline(self._way.clock, self._way.timeout)

    def ask(
        self,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        *,
        method: str = "POST",
        target: str = "",
        deadline: Deadline | None = None,
    ) -> Answer:
        """The answer to one request; ``headers`` are those beside the usual ones. Raises Later where there is none.

        ``target``: path and query, where it is not that of the address. ``deadline``: where the attempt has begun.
        """
        deadline = deadline or self.deadline()
        self._rest()
        usual = self._usual(body)
        request = httpcore.Request(method, self._url(target), headers=[*usual, *headers], content=body)
        try:
            return self._ask(request, deadline)
        except NotAllowed as error:
            raise not_allowed(self.shown) from error
        except httpcore.TimeoutException as error:
            raise Later(f"{self.shown} gave no answer within {self._way.timeout:g} seconds.") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            reason = self.to.hide(plain(str(error))) or type(error).__name__
            raise Later(f"{self.shown} cannot be reached: {reason}.") from error

    def post_json(self, content: Mapping[str, Any], *headers: tuple[str, str], **more: Any) -> Answer:
        """The same with a JSON object; ``more`` is for ``ask``."""
        kind = ("Content-Type", "application/json; charset=utf-8")
        return self.ask([kind, *headers], msgspec.json.encode(content), **more)

    def judge(self, answer: Answer, told: str | None = None, wait: float | None = None) -> None:
        """Return where the answer is 2xx. Raises Later or Refused otherwise.

        ``told``: what the receiver says, where the channel can read it. ``wait``: seconds that it asks for in a way of
        its own; ``Retry-After`` is read here.
        """
        status = answer.status
        if 200 <= status < 300:
            return
        if told is None:
            told = answer.body.decode("utf-8", "replace")
        told = self.to.hide(plain(told))[:160]
        said = f"{self.shown} answered {status}" + (f": {told}" if told else "")
        if 300 <= status < 400:
            raise Refused(f"{said}. Redirects are not followed; subscribe the new address instead.")
        if status == 410:
            raise Refused(f"{said}. The receiver is gone for good.")
        if status in _AGAIN or status >= 500:
            wait = self._wait(answer.retry_after) if wait is None else min(max(0.0, wait), LONGEST_WAIT)
            raise Later(f"{said}.", wait, only_this=wait is None and status != 429)
        raise Refused(f"{said}.")

    def _rest(self) -> None:
        """Wait for this receiver's turn, in the thread of its own line."""
        wait = self._before + self._pace - time.monotonic()
        if wait > 0:
            time.sleep(min(wait, self._pace))
        self._before = time.monotonic()

    def _ask(self, request: httpcore.Request, deadline: Deadline) -> Answer:
        backend = GuardedBackend(self._way.allow_private, deadline, self._way.resolve)
        with httpcore.ConnectionPool(ssl_context=self._tls, network_backend=backend, max_connections=1) as pool:
            response = pool.handle_request(request)
            try:
                retry_after = next((value for name, value in response.headers if name.lower() == b"retry-after"), b"")
                told = _opening(response) if response.status >= 300 else b""
            finally:
                response.close()
            return Answer(response.status, retry_after.decode("latin-1"), told)

    def _url(self, target: str) -> httpcore.URL:
        to = self.to
        return httpcore.URL(scheme=to.scheme, host=to.host, port=to.port, target=target or to.target)

    def _usual(self, body: bytes) -> list[tuple[str, str]]:
        to = self.to
        host = f"[{to.host}]" if ":" in to.host else to.host
        return [
            ("Host", host if to.port == _PORTS[to.scheme] else f"{host}:{to.port}"),
            ("User-Agent", f"tocsin/{tocsin.__version__}"),
            ("Accept", "*/*"),
            ("Connection", "close"),
            ("Content-Length", str(len(body))),
        ]

    def _wait(self, retry_after: str) -> float | None:
        """Seconds that ``Retry-After`` asks for (RFC 9110, a number or a date), at most an hour."""
        text = retry_after.strip()
        if text.isdecimal():
            return min(float(text[:9]), LONGEST_WAIT)
        try:
            until = parsedate_to_datetime(text)
        except (ValueError, TypeError):
            return None
        return min(max(0.0, (_utc(until) - self._way.clock.now()).total_seconds()), LONGEST_WAIT)


def not_allowed(shown: str) -> Later:
    """What is answered where the egress guard lets none of a receiver's addresses through."""
    return Later(
        f"{shown} leads to an address or port that the egress guard refuses; TOCSIN_ALLOW_PRIVATE opens a network.",
        GUARD_RETRY,
    )


def tls_context() -> ssl.SSLContext:
    """Certificates are verified against the authorities that come with httpx, or those that ``SSL_CERT_FILE`` names."""
    import httpx

    return httpx.create_ssl_context()


def _opening(response: httpcore.Response) -> bytes:
    """The first bytes of an answer, whatever its length."""
    read = b""
    for piece in response.iter_stream():
        read += piece
        if len(read) >= ANSWER:
            break
    return read[:ANSWER]


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
