"""The channels ``http://`` and ``https://``: one POST of JSON a message, signed as Standard Webhooks 1.0 has it.

The address may end in ``#secret=whsec_…`` (base64): then ``webhook-signature`` is an HMAC-SHA256 over
``id.timestamp.body``; ``&secret=…`` adds a second key while keys are exchanged. ``webhook-id`` is the same on every
retry. Ports: 80 and 443, any in the networks that are explicitly allowed; the egress guard is one for the whole house.
Redirects are not followed: a moved receiver is a new address, and a person's decision.
"""

import base64
import hashlib
import hmac
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpcore

import tocsin
from tocsin.addresses import masked
from tocsin.clock import Clock
from tocsin.egress import Network
from tocsin.messages import Message, plain
from tocsin.records import derived_id
from workers.channels.address import hook
from workers.channels.egress import Deadline, GuardedBackend, NotAllowed, Resolve, system_resolve
from workers.channels.port import Later, Refused

TIMEOUT = 10.0
"""Seconds for the whole of one attempt."""
ANSWER = 64 * 1024
"""Bytes of an answer that are read at most."""
LONGEST_WAIT = 3600.0
"""Seconds that a receiver may ask us to wait."""
_GUARD_RETRY = 300.0
_AGAIN = frozenset({408, 425, 429})
"""Answers below 500 that say: not now."""


class WebhookChannel:
    """Posts messages to one address."""

    def __init__(
        self,
        address: str,
        filled: str,
        *,
        clock: Clock,
        allow_private: Sequence[Network] = (),
        timeout: float = TIMEOUT,
        resolve: Resolve = system_resolve,
    ) -> None:
        """``address`` as stored, ``filled`` with its secrets. Raises UserError where it cannot be used."""
        self._address = address
        self._shown = masked(address)
        self._hook = hook(filled, self._shown)
        self._clock = clock
        self._allow_private = allow_private
        self._timeout = timeout
        self._resolve = resolve
        self._tls = _tls_context() if self._hook.scheme == "https" else None

    def send(self, message: Message) -> None:
        """Post one message. Raises Later or Refused where the answer is not 2xx or there is none."""
        body = message.body()
        # Of the address as stored: an id must outlive an exchange of secrets. It is the id of the delivery, too.
        headers = self._headers(derived_id("delivery", message.id, self._address), body)
        try:
            status, retry_after, told = self._post(headers, body)
        except NotAllowed as error:
            raise Later(
                f"{self._shown} leads to an address or port that the egress guard refuses; "
                "TOCSIN_ALLOW_PRIVATE opens a network.",
                _GUARD_RETRY,
            ) from error
        except httpcore.TimeoutException as error:
            raise Later(f"{self._shown} gave no answer within {self._timeout:g} seconds.") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise Later(f"{self._shown} cannot be reached: {plain(str(error)) or type(error).__name__}.") from error
        self._judge(status, retry_after, told)

    def _judge(self, status: int, retry_after: str, told: str) -> None:
        if 200 <= status < 300:
            return
        said = f"{self._shown} answered {status}" + (f": {told}" if told else "")
        if 300 <= status < 400:
            raise Refused(f"{said}. Redirects are not followed; subscribe the new address instead.")
        if status == 410:
            raise Refused(f"{said}. The receiver is gone for good.")
        if status in _AGAIN or status >= 500:
            wait = self._wait(retry_after)
            raise Later(f"{said}.", wait, only_this=wait is None and status != 429)
        raise Refused(f"{said}.")

    def _post(self, headers: list[tuple[str, str]], body: bytes) -> tuple[int, str, str]:
        """Status, ``Retry-After`` and the beginning of what the receiver says."""
        to = self._hook
        backend = GuardedBackend(self._allow_private, Deadline(self._clock, self._timeout), self._resolve)
        url = httpcore.URL(scheme=to.scheme, host=to.host, port=to.port, target=to.target)
        with (
            httpcore.ConnectionPool(ssl_context=self._tls, network_backend=backend, max_connections=1) as pool,
            pool.stream("POST", url, headers=headers, content=body) as response,
        ):
            retry_after = next((value for name, value in response.headers if name.lower() == b"retry-after"), b"")
            told = _opening(response) if response.status >= 300 else b""
            return response.status, retry_after.decode("latin-1"), to.hide(plain(told.decode("utf-8", "replace")))[:160]

    def _headers(self, name: str, body: bytes) -> list[tuple[str, str]]:
        to = self._hook
        host = f"[{to.host}]" if ":" in to.host else to.host
        stamp = str(int(self._clock.now().timestamp()))
        headers = [
            ("Host", host if to.port == {"http": 80, "https": 443}[to.scheme] else f"{host}:{to.port}"),
            ("User-Agent", f"tocsin/{tocsin.__version__}"),
            ("Accept", "*/*"),
            ("Connection", "close"),
            ("Content-Type", "application/json; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("webhook-id", name),
            ("webhook-timestamp", stamp),
        ]
        if to.user:
            headers.append(("Authorization", "Basic " + base64.b64encode(to.user.encode()).decode()))
        if to.keys:
            headers.append(("webhook-signature", " ".join(_signature(key, name, stamp, body) for key in to.keys)))
        return headers

    def _wait(self, retry_after: str) -> float | None:
        """Seconds that ``Retry-After`` asks for (RFC 9110, a number or a date), at most an hour."""
        text = retry_after.strip()
        if text.isdecimal():
            return min(float(text[:9]), LONGEST_WAIT)
        try:
            until = parsedate_to_datetime(text)
        except (ValueError, TypeError):
            return None
        return min(max(0.0, (_utc(until) - self._clock.now()).total_seconds()), LONGEST_WAIT)


def _signature(key: bytes, name: str, stamp: str, body: bytes) -> str:
    digest = hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def _opening(response: httpcore.Response) -> bytes:
    """The first bytes of an answer, whatever its length."""
    read = b""
    for piece in response.iter_stream():
        read += piece
        if len(read) >= ANSWER:
            break
    return read[:ANSWER]


def _tls_context() -> ssl.SSLContext:
    import httpx

    return httpx.create_ssl_context()


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
