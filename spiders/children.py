"""The pool of extraction children: each a process with one pipe and one page in flight, awaited by the event loop.

A page that hangs, crashes or eats memory costs its own child and nothing else. Pages cross as length + msgpack. A child
leaves when the pipe ends, so none outlives the crawler; an alarm and a CPU limit end it even in the middle of a page.
"""

import asyncio
import importlib
import logging
import multiprocessing
import resource
import signal
import socket
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import TypeVar

import msgspec

from spiders.extract.extraction import Extraction
from spiders.reading import Reading, read_listing
from tocsin.records import FeedKind, Outlet, Page, Record

T = TypeVar("T", bound=Record)
_START_SECONDS = 60.0
_GRACE = 5
_ANSWER, _RAISED, _MEMORY = b"a", b"r", b"m"


class ChildDied(Exception):  # noqa: N818 - the fate of a page, no mistake of the caller
    """The child that had the page is gone: it crashed, was killed or ran out of memory. Other pages go on."""


class ChildTimeout(ChildDied):
    """The page took longer than its deadline; its child was killed."""


class ChildRaised(ChildDied):
    """The extractor raised over the page, which is a mistake of ours. The child lives on."""


class NoChild(Exception):  # noqa: N818 - a state of this machine, no mistake of the caller
    """No child could be started: the machine is out of processes or memory. The page was never handed over."""


class _Task(msgspec.Struct, array_like=True):
    """What crosses to a child: a page to extract, or where ``kind`` is set, an answer that lists pages."""

    page: Page
    outlet: Outlet
    kind: FeedKind | None = None


class _Child:
    """The parent's end of one child."""

    def __init__(self, process: BaseProcess, pipe: socket.socket) -> None:
        self.process, self.pipe, self.pages = process, pipe, 0

    async def ask(self, message: bytes) -> bytes:
        """One message there, one back; an empty one only listens. EOFError or OSError when the child is gone."""
        loop = asyncio.get_running_loop()
        if message:
            await loop.sock_sendall(self.pipe, len(message).to_bytes(4, "big") + message)
        return await self._read(int.from_bytes(await self._read(4), "big"))

    async def _read(self, size: int) -> bytes:
        loop, data = asyncio.get_running_loop(), bytearray()
        while len(data) < size:
            part = await loop.sock_recv(self.pipe, min(size - len(data), 1 << 20))
            if not part:
                raise EOFError
            data += part
        return bytes(data)

    def gone(self) -> bool:
        """Whether an idle child has ended. The pipe knows at once; the process table may lag behind."""
        try:
            return not self.pipe.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def kill(self) -> None:
        # is_alive() also notices an earlier death: a process number that was given away since is never signalled.
        if self.process.is_alive():
            self.process.kill()

    async def cause(self) -> str:
        """How the process ended, in words."""
        await asyncio.to_thread(self.process.join, 2.0)
        code = self.process.exitcode
        return f"the child was ended by signal {-code}" if code and code < 0 else f"the child ended with code {code}"


class Pool:
    """``size`` children that run ``target`` (``module:function`` of Page and Outlet) over pages.

    ``deadline`` in seconds per page, ``memory`` in bytes of address space per child, ``recycle`` in pages per child.
    All calls belong to one event loop; threads are used to start a child and to learn how one ended, never for a page.
    """

    def __init__(
        self,
        size: int = 2,
        *,
        target: str = "spiders.extract:extract",
        deadline: float = 20.0,
        memory: int = 2 << 30,
        recycle: int = 2000,
    ) -> None:
        self._deadline, self._recycle, self._closed = deadline, recycle, False
        self._arguments = (target, deadline, memory)
        self._children: set[_Child] = set()
        self._slots: asyncio.LifoQueue[_Child | None] = asyncio.LifoQueue()
        for _ in range(size):
            self._slots.put_nowait(None)

    async def start(self) -> None:
        """Start all children now, rather than each with its first page. ChildDied if one does not come up."""
        free = [self._slots.get_nowait() for _ in range(self._slots.qsize())]
        started = await asyncio.gather(*(self._start() for child in free if child is None), return_exceptions=True)
        for child in [*(c for c in free if c is not None), *started]:
            self._slots.put_nowait(child if isinstance(child, _Child) else None)
        for failure in started:
            if isinstance(failure, BaseException):
                raise failure

    async def extract(self, page: Page, outlet: Outlet) -> Extraction:
        """Extract one page in a child; waits while all are busy.

        Raises ChildTimeout after the deadline, ChildDied when the child is lost or the pool is closed, ChildRaised
        when the extractor raised, NoChild when none could be started.
        """
        return await self.ask(page, outlet, Extraction)

    async def ask(self, page: Page, outlet: Outlet, kind: type[T]) -> T:
        """Run a target that answers with a record of this kind. Waits and raises as ``extract`` does."""
        return msgspec.msgpack.decode(await self._do(_Task(page, outlet)), type=kind)

    async def read(self, page: Page, outlet: Outlet, kind: FeedKind) -> Reading:
        """Read what a feed, a sitemap or a front lists. Waits and raises as ``extract`` does."""
        return msgspec.msgpack.decode(await self._do(_Task(page, outlet, kind)), type=Reading)

    async def _do(self, task: _Task) -> bytes:
        message = _packed(task)
        child = await self._slots.get()
        if child is not None and child.gone():
            # Killed while idle: that is not this page's doing.
            self._discard(child)
            child = None
        healthy = False
        try:
            child = child or await self._started()
            reply = await self._ask(child, message)
            healthy = reply[:1] != _MEMORY and child.pages < self._recycle
        finally:
            # Reached by a cancelled caller too: a child with a half-read answer must not be asked again.
            if child is not None and not healthy:
                self._discard(child)
            self._slots.put_nowait(child if healthy else None)
        if reply[:1] == _ANSWER:
            return reply[1:]
        kind = ChildDied if reply[:1] == _MEMORY else ChildRaised
        raise kind(reply[1:].decode("utf-8", "replace"))

    async def _ask(self, child: _Child, message: bytes) -> bytes:
        child.pages += 1
        try:
            async with asyncio.timeout(self._deadline):
                return await child.ask(message)
        except TimeoutError:
            raise ChildTimeout(f"no answer within {self._deadline:g} s") from None
        except (EOFError, OSError):
            raise ChildDied("the pool is closed" if self._closed else await child.cause()) from None

    async def _started(self) -> _Child:
        """A new child for a page, whose fault it is not if there is none."""
        try:
            return await self._start()
        except Exception as error:
            if self._closed:
                raise ChildDied("the pool is closed") from error
            raise NoChild(str(error) or type(error).__name__) from error

    async def _start(self) -> _Child:
        if self._closed:
            raise ChildDied("the pool is closed")
        # The first start waits for the fork server to load its libraries: in a thread, not in the loop.
        starting = asyncio.get_running_loop().run_in_executor(None, self._spawn)
        try:
            child = await asyncio.shield(starting)
        except asyncio.CancelledError:
            starting.add_done_callback(lambda done: None if done.exception() else self._discard(done.result()))
            raise
        ready = False
        try:
            async with asyncio.timeout(_START_SECONDS):
                await child.ask(b"")
            ready = not self._closed
        except (TimeoutError, EOFError, OSError):
            raise ChildDied(f"a child did not start: {await child.cause()}") from None
        finally:
            if not ready:
                self._discard(child)
        if not ready:
            raise ChildDied("the pool is closed")
        return child

    def _spawn(self) -> _Child:
        ours, theirs = socket.socketpair()
        ours.settimeout(0)
        with theirs:
            arguments = (theirs, *self._arguments)
            process: BaseProcess
            if "forkserver" in multiprocessing.get_all_start_methods():
                server = multiprocessing.get_context("forkserver")
                server.set_forkserver_preload(["trafilatura.core", "spiders.extract.flow", "spiders.children"])
                process = server.Process(target=run_child, args=arguments, name="extract", daemon=True)
            else:
                process = multiprocessing.get_context("spawn").Process(target=run_child, args=arguments, daemon=True)
            process.start()
        child = _Child(process, ours)
        self._children.add(child)
        return child

    def _discard(self, child: _Child) -> None:
        self._children.discard(child)
        child.kill()
        child.pipe.close()

    async def close(self) -> None:
        """End all children; pages under way fail with ChildDied. A second call does nothing."""
        self._closed = True
        ended = list(self._children)
        # A pipe that somebody listens to is never closed here: asyncio would not wake the listener. The kill does.
        for child in ended:
            child.kill()
        for idle in [self._slots.get_nowait() for _ in range(self._slots.qsize())]:
            if idle is not None:
                self._discard(idle)
            self._slots.put_nowait(None)
        await asyncio.gather(*(asyncio.to_thread(child.process.join, 2.0) for child in ended))


def run_child(pipe: socket.socket, target: str, deadline: float, memory: int) -> None:
    """The life of a child: page in, extraction out, until the pipe ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGALRM, signal.SIGXCPU, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    with pipe, pipe.makefile("rb") as stream:
        _send(pipe, b"ready")
        while len(head := stream.read(4)) == len(b"size"):
            task = msgspec.msgpack.decode(stream.read(int.from_bytes(head, "big")), type=_Task)
            _limit(int(deadline) + _GRACE)
            try:
                reply = _ANSWER + _packed(_done(task, function))
            except MemoryError:
                reply = _MEMORY + b"the child ran out of memory"
            except Exception as error:  # noqa: BLE001 - whatever a page provokes is told to the parent
                reply = _RAISED + f"{type(error).__name__}: {error}".encode("utf-8", "replace")[:2000]
            signal.alarm(0)
            _send(pipe, reply)


def _done(task: _Task, function: Callable[[Page, Outlet], Record]) -> Record:
    if task.kind is None:
        return function(task.page, task.outlet)
    page = task.page
    return read_listing(task.kind, page.body, page.fetched_url, page.http.content_type)


def _packed(record: object) -> bytes:
    """A record as msgpack. Times cross as text: msgpack's own are in UTC, and the day of a page is that of its zone."""
    return msgspec.msgpack.encode(msgspec.to_builtins(record, builtin_types=(bytes,)))


def _limit(seconds: int) -> None:
    """Seconds of life and of CPU for the next page: they end the child where the parent no longer can."""
    signal.alarm(seconds)
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft, hard = int(used.ru_utime + used.ru_stime) + seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def _send(pipe: socket.socket, message: bytes) -> None:
    pipe.sendall(len(message).to_bytes(4, "big") + message)
