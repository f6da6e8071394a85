"""The desk's one way to the store, and its one way to understand a query.

Every call of the store runs in one thread of its own, one after the other: a SQLite connection is not to be shared,
and a page must never hold up the event loop.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import tzinfo
from typing import Protocol, TypeVar

from tocsin.clock import Clock
from tocsin.desk.show import Lens, View
from tocsin.query.expand import Expander, fixed
from tocsin.query.parse import QueryError, Remark, read
from tocsin.query.plan import Plan
from tocsin.records import Feed, Outlet, Subscription
from tocsin.stores.port import ReaderStore
from tocsin.words import Analysed

QUERY_BYTES = 4096
"""Longest query that is read, in bytes of UTF-8."""

T = TypeVar("T")


class DeskStore(ReaderStore, Protocol):
    """What the desk asks: all a reader asks, and the names behind the ids. It writes where a reader unsubscribes."""

    def outlets(self, *, active: bool | None = None) -> list[Outlet]:
        """All outlets in order of name, or only the (in)active ones."""

    def feeds(self, outlet: str = "") -> list[Feed]:
        """All feeds, or those of one outlet."""

    def tokens(self, article_id: str) -> Analysed | None:
        """Tokens as stored at filing; None where there are none, or an older analyser made them."""

    def subscriptions(self) -> list[Subscription]:
        """All subscriptions, in order of their ids."""

    def put_subscription(self, subscription: Subscription) -> None:
        """Create or replace by id."""


class Problem(View, frozen=True):
    """Why a query cannot be answered, and where in it."""

    message: str
    column: int = 0
    """From 1; 0 where no place in the text is to blame."""
    expected: str = ""
    suggestion: str = ""
    before: str = ""
    at: str = ""
    after: str = ""


class Asked(View, frozen=True):
    """A query as typed and what it means; ``plan`` is None for an empty text, which asks for everything."""

    text: str
    plan: Plan | None = None
    problem: Problem | None = None
    remarks: tuple[Remark, ...] = ()
    """What is read, but perhaps not as it was meant."""


class Desk:
    """The store behind one thread, the clock, the reader's zone, and what gives queries their meaning."""

    def __init__(self, store: DeskStore, clock: Clock, zone: tzinfo, expander: Expander) -> None:
        self._store = store
        self._clock = clock
        self._zone = zone
        self._expander = expander
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desk-store")

    def lens(self) -> Lens:
        """How times are shown at this moment."""
        return Lens(self._zone, self._clock.now())

    def understand(self, text: str) -> Asked:
        """Read a query as a reader typed it. Never raises: what is wrong stands in ``problem``."""
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > QUERY_BYTES:
            message = f"The query is {size:,} bytes long; at most {QUERY_BYTES:,} are read. Shorten it."
            return Asked(text[:QUERY_BYTES], problem=Problem(message))
        if not text.strip():
            return Asked(text)
        try:
            plan = fixed(self._expander.read(text), self._clock.now())
            return Asked(text, plan=plan, remarks=read(text).remarks)
        except QueryError as error:
            return Asked(text, problem=_pointed(text, error))

    async def ask(self, question: Callable[[DeskStore], T]) -> T:
        """Put one question to the store, in its turn."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, question, self._store)

    def close(self) -> None:
        """Stop the thread. The store stays open: it belongs to whoever opened it."""
        self._thread.shutdown(wait=True)


def _pointed(text: str, error: QueryError) -> Problem:
    """A problem with the text around its column, at most some 60 characters on each side."""
    line = "".join(" " if mark.isspace() else mark for mark in text)
    place = min(max(error.column - 1, 0), len(line))
    before, at, after = line[:place], line[place : place + 1], line[place + 1 :]
    before = before if len(before) <= 60 else "… " + before[-60:]
    after = after if len(after) <= 60 else after[:60] + " …"
    message = error.what[:1].upper() + error.what[1:] + "."
    return Problem(message, error.column, error.expected, error.suggestion, before, at, after)
