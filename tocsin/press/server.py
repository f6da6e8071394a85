"""The press on the wire: one HTTP/1.1 listener for each outlet, all on one event loop in one background thread."""

import asyncio
import contextlib
import errno
import socket
import threading
import weakref
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Self

import msgspec

from tocsin.clock import Clock, SystemClock
from tocsin.errors import UserError
from tocsin.press.cast import SITES
from tocsin.press.newsroom import Newsroom, Reply, anchor
from tocsin.press.schedule import Item, plan
from tocsin.records import Outlet

IDLE = 30.0
"""Seconds after which a silent connection is closed."""
HEAD_LIMIT = 16_384
_TRIES = 20


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """The truth about one published page: what a crawler should have found."""

    outlet: str
    url: str
    """Absolute; an entry of a live blog carries its anchor."""
    title: str
    lang: str
    published: datetime
    """Aware, UTC."""
    updated: datetime
    """Later than ``published`` after a correction or a new entry."""
    text: tuple[str, ...]
    """Paragraphs as they stand now, an outlet's dateline and credit included."""
    kind: str = "article"
    """``article``, ``live``, ``entry``, ``gallery`` or ``other``."""
    topic: str = ""
    wire: str = ""
    """The same for all copies of one agency story; empty elsewhere."""
    dropped: str = ""
    """Why it should be left out; empty for stories."""


class Press:
    """The running press. Listens from the moment it is opened, answers from ``start()`` to ``stop()``."""

    def __init__(
        self, listeners: Sequence[socket.socket], *, started: datetime, seed: int, speed: float, clock: Clock
    ) -> None:
        self.started = started
        self._clock = clock
        self._listeners = list(listeners)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = asyncio.Event()
        self._lines = weakref.WeakSet[asyncio.StreamWriter]()
        self._thread: threading.Thread | None = None
        items: dict[str, list[Item]] = {site.name: [] for site in SITES}
        for item in plan(started, seed, speed):
            items[item.site].append(item)
        bases = ("http://{}:{}".format(*listener.getsockname()) for listener in self._listeners)
        self._rooms = tuple(Newsroom(site, base, items[site.name]) for site, base in zip(SITES, bases, strict=True))
        self.outlets: tuple[Outlet, ...] = tuple(room.outlet() for room in self._rooms)

    @property
    def port(self) -> int:
        """Port of the first outlet: with this one, ``started`` and ``seed`` the same press opens again."""
        return int(self._rooms[0].base.rpartition(":")[2])

    def published(self, now: datetime | None = None) -> list[Piece]:
        """All that is out at ``now`` (aware; None: this moment), oldest first, whether or not it should be kept."""
        now = now or self._clock.now()
        pieces = [piece for room in self._rooms for item in room.items(now) for piece in _pieces(room, item, now)]
        return sorted(pieces, key=lambda piece: (piece.published, piece.url))

    def start(self) -> Self:
        """Answers requests in a background thread."""
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run, args=(self._loop, self._over), name="press", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Closes all connections and listeners; a second call does nothing."""
        if self._loop and self._thread:
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join()
            self._loop.close()
        for listener in self._listeners:
            listener.close()
        self._loop = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self, loop: asyncio.AbstractEventLoop, over: asyncio.Event) -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(self._serve(over))

    async def _serve(self, over: asyncio.Event) -> None:
        """Answers until ``over`` is set, then ends every connection."""
        servers = [
            await asyncio.start_server(partial(self._talk, room), sock=listener, limit=HEAD_LIMIT)
            for room, listener in zip(self._rooms, self._listeners, strict=True)
        ]
        await over.wait()
        for server in servers:
            server.close()
        talks = asyncio.all_tasks() - {asyncio.current_task()}
        # A cancelled talk would be reported as an error by Python 3.11's streams; a lost line just ends it.
        for line in list(self._lines):
            line.transport.abort()
        await asyncio.gather(*talks, return_exceptions=True)

    async def _talk(self, room: Newsroom, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        gone = (ConnectionError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
        self._lines.add(writer)
        with contextlib.closing(writer), contextlib.suppress(*gone):
            keep = True
            while keep:
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), IDLE)
                line, _, rest = head.decode("latin-1").partition("\r\n")
                headers = _headers(rest)
                method, _, target = line.rpartition(" ")[0].partition(" ")
                # A body would have to be read before the next request; nobody sends one to a press.
                keep = "content-length" not in headers and headers.get("connection", "").lower() != "close"
                writer.write(_response(room, method, target, headers, now=self._clock.now(), keep=keep))
                await writer.drain()


def _headers(text: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in text.split("\r\n") if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _response(room: Newsroom, method: str, target: str, headers: dict[str, str], *, now: datetime, keep: bool) -> bytes:
    if method in ("GET", "HEAD"):
        reply = room.answer(target, now)
    else:
        reply = Reply(status=405, content_type="text/plain; charset=utf-8", body=b"Only GET and HEAD.\n")
    status = 304 if reply.status == 200 and _unchanged(reply, headers) else reply.status
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Date: {format_datetime(now.astimezone(UTC), usegmt=True)}",
        f"Connection: {'keep-alive' if keep else 'close'}",
    ]
    if reply.status == 200:
        lines.append(f"ETag: {reply.etag}")
        if reply.last_modified:
            lines.append(f"Last-Modified: {format_datetime(reply.last_modified.astimezone(UTC), usegmt=True)}")
    if status != 304:
        lines += [f"Content-Type: {reply.content_type}", f"Content-Length: {len(reply.body)}"]
    body = b"" if status == 304 or method == "HEAD" else reply.body
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def _unchanged(reply: Reply, headers: dict[str, str]) -> bool:
    """Whether the asker has this answer already (RFC 9110, 13.2.2: the entity tag goes before the date)."""
    if "if-none-match" in headers:
        asked = {tag.strip().removeprefix("W/") for tag in headers["if-none-match"].split(",")}
        return reply.etag in asked or "*" in asked
    if "if-modified-since" not in headers or reply.last_modified is None:
        return False
    try:
        since = parsedate_to_datetime(headers["if-modified-since"])
    except ValueError:
        return False
    return since.tzinfo is not None and reply.last_modified <= since


def _pieces(room: Newsroom, item: Item, now: datetime) -> list[Piece]:
    piece = Piece(
        outlet=item.site, url=room.url(item), title=item.title(), lang=item.text.lang, published=item.published,
        updated=item.updated(now), text=item.paragraphs(now), kind=item.kind, topic=item.text.topic, wire=item.wire,
        dropped=item.dropped,
    )  # fmt: skip
    entries = [
        msgspec.structs.replace(
            piece,
            url=f"{piece.url}#{anchor(number)}",
            title=title,
            published=at,
            updated=at,
            text=(text,),
            kind="entry",
        )
        for number, (at, title, text) in enumerate(item.entries, 1)
        if at <= now
    ]
    return [piece, *entries]


def open_press(
    *,
    port: int = 0,
    started: datetime | None = None,
    seed: int = 1,
    speed: float = 1.0,
    clock: Clock | None = None,
) -> Press:
    """Opens the press and takes its addresses; ``start()`` it or use it as a context.

    Outlets stand at 127.0.3.1, 127.0.3.2 … on one port, so that each is a host of its own; where the machine has no
    such addresses (macOS), at 127.0.0.1 on ports that follow each other from ``port``. ``started`` (aware; default:
    now) is the moment from which fresh stories come, ``speed`` how much faster than by the second. The same port,
    started, seed and speed give the same addresses and texts in any process.
    Raises UserError (code 1) when the port is in use.
    """
    clock = clock or SystemClock()
    listeners = _listen(port, len(SITES))
    return Press(listeners, started=started or clock.now(), seed=seed, speed=speed, clock=clock)


def _listen(port: int, count: int) -> list[socket.socket]:
    """Listening sockets, one for each outlet."""
    own_hosts = _own_hosts()
    last: OSError | None = None
    for _ in range(1 if port else _TRIES):
        taken: list[socket.socket] = []
        try:
            for number in range(count):
                base = taken[0].getsockname()[1] if taken else port
                where = (f"127.0.3.{number + 1}", base) if own_hosts else ("127.0.0.1", base + number if base else 0)
                taken.append(_socket(where))
        except (OSError, OverflowError) as error:
            last = error if isinstance(error, OSError) else None
            for listener in taken:
                listener.close()
            continue
        return taken
    if port and last and last.errno == errno.EADDRINUSE:
        message = f"The port {port} of the press is in use: stop the other program or choose another port."
    else:
        message = f"The press found no free port on loopback for {count} outlets ({last or 'port out of range'})."
    raise UserError(message, code=1)


def _socket(where: tuple[str, int]) -> socket.socket:
    listener = socket.socket()
    try:
        # A press that was killed leaves connections behind that would hold the port for a minute.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    return listener


def _own_hosts() -> bool:
    """Whether all of 127.0.0.0/8 is loopback here, as on Linux."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.3.1", 0))
        except OSError:
            return False
    return True
