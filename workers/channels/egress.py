"""A connection that goes only where the egress guard lets it, and only for a given time (for httpcore)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpcore

from tocsin.clock import Clock
from tocsin.egress import Network, allowed_port
from workers.channels.given import Resolve


class NotAllowed(Exception):  # noqa: N818 - an answer of the guard
    """The egress guard lets none of a host's addresses through."""


class Deadline:
    """A moment by which everything must be done, however slowly the other side drips."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._end = clock.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left. Raises httpcore.ReadTimeout where there are none."""
        left = self._end - self._clock.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the time is over")
        return left


class GuardedBackend(httpcore.NetworkBackend):
    """Resolves a name once, asks the guard about each address, and connects to an address that was asked about."""

    def __init__(self, allow_private: Sequence[Network], deadline: Deadline, resolve: Resolve) -> None:
        self._allow_private = allow_private
        self._deadline = deadline
        self._resolve = resolve
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first allowed address that answers.

        Raises NotAllowed where the guard lets none through, httpcore.ConnectError where none answers.
        """
        try:
            passed = let_through(self._resolve(host, port), lambda ip: allowed_port(ip, port, self._allow_private))
        except OSError as error:
            raise httpcore.ConnectError(f"the name cannot be resolved ({error.strerror or error})") from error
        for number, ip in enumerate(passed, 1):
            try:
                # An address that swallows packets must leave time for the ones after it.
                seconds = self._deadline.left() / (len(passed) - number + 1)
                stream = self._plain.connect_tcp(ip, port, seconds, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(passed):
                    raise
                continue
            return _TimedStream(stream, self._deadline)
        raise NotAllowed


class _TimedStream(httpcore.NetworkStream):
    """A stream each of whose steps ends by the deadline."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, self._deadline.left()), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def let_through(addresses: Sequence[str], may: Callable[[str], bool]) -> list[str]:
    """Those of a host's addresses that may be connected to. Raises NotAllowed where there are none."""
    passed = [ip for ip in addresses if may(ip)]
    if not passed:
        raise NotAllowed
    return passed
