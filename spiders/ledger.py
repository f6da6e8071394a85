"""The crawler's only door to the store: one thread, one call at a time, writes gathered into few transactions.

The store is synchronous and each of its writes waits for the disk; the crawler's loop must never do that. Whoever
writes here waits until the write is durable.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, TypeVar

import structlog

from tocsin import logs
from tocsin.errors import Away
from tocsin.records import Article, Drop, Feed, Listing, PageState

if TYPE_CHECKING:
    from tocsin.stores.port import CrawlStore

T = TypeVar("T")

GATHER = 0.1
"""Seconds that a write waits for others to share its transaction."""
BATCH = 20
"""Articles in one transaction at most: other processes write too, and wait meanwhile."""
AWAY = (1.0, 2.0, 5.0, 10.0)
"""Seconds to wait, again and again, for a store whose server is away; the last one repeats."""

log = structlog.get_logger("spiders")


class _Entry:
    """One write that waits, with the future of who waits for it."""

    __slots__ = ("articles", "done", "drops", "feeds", "pages")

    def __init__(
        self, articles: Sequence[Article], pages: Sequence[PageState], feeds: Sequence[Feed], drops: Sequence[Drop]
    ) -> None:
        self.articles, self.pages, self.feeds, self.drops = articles, pages, feeds, drops
        self.done: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()


class Ledger:
    """Opened in the crawler's loop; ``close`` writes what still waits."""

    def __init__(
        self, store: "CrawlStore", *, gather: float = GATHER, hint: Callable[[Sequence[Article]], object] | None = None
    ) -> None:
        """``hint`` is told of articles that are accepted and new, in the store's thread; it must not fail."""
        self._store = store
        self._gather = gather
        self._hint = hint
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._waiting: list[_Entry] = []
        self._writer: asyncio.Task[None] | None = None
        self._closing = False
        self.failed: Exception | None = None
        """The first failure of the store: nothing that follows can be relied on, and the run must end with it."""

    async def ask(self, call: Callable[["CrawlStore"], T]) -> T:
        """Run a read in the store's thread. Raises what the store raises.

        Where its server is away everybody waits for it, until it is back or the run ends: nothing more is fetched then.
        """
        waits = 0
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(self._thread, call, self._store)
            except Exception as error:
                if not isinstance(error, Away) or self._closing:
                    self.failed = self.failed or error
                    raise
                if not waits:
                    log.warning("the crawl rests until the store is back", error=str(error))
            await asyncio.sleep(AWAY[min(waits, len(AWAY) - 1)])
            waits += 1

    async def write(
        self,
        *,
        articles: Sequence[Article] = (),
        pages: Sequence[PageState] = (),
        feeds: Sequence[Feed] = (),
        drops: Sequence[Drop] = (),
    ) -> list[str]:
        """Durable when it returns. Pages are written before feeds: a feed's ETag must not outlive what it listed.

        Returns the ids of the articles that are new. Raises what the store raises.
        """
        entry = _Entry(articles, pages, feeds, drops)
        self._waiting.append(entry)
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        # Who is cancelled while waiting must not take the write along that others share.
        return await asyncio.shield(entry.done)

    async def _write_all(self) -> None:
        while self._waiting:
            if self._gather > 0:
                await asyncio.sleep(self._gather)
            batch, self._waiting = _cut(self._waiting)
            await self._write_batch(batch)

    async def _write_batch(self, batch: list[_Entry]) -> None:
        try:
            new = set(await self.ask(lambda store: _transfer(store, batch)))
        except Exception as error:  # noqa: BLE001 - handed to everybody who waits for this write
            for entry in batch:
                if not entry.done.done():
                    entry.done.set_exception(error)
            return
        for entry in batch:
            if not entry.done.done():
                entry.done.set_result([article.id for article in entry.articles if article.id in new])
        for name in new:
            logs.follow("accepted", article=name)
        if new and (hint := self._hint) is not None:
            articles = {article.id: article for entry in batch for article in entry.articles if article.id in new}
            await self.ask(lambda _: hint(list(articles.values())))

    async def close(self) -> None:
        """Write what waits and end the thread. A store that is away is not waited for any more."""
        self._closing = True
        while self._waiting or (self._writer is not None and not self._writer.done()):
            if self._writer is None or self._writer.done():
                self._writer = asyncio.create_task(self._write_all())
            await asyncio.shield(self._writer)
        self._thread.shutdown(wait=True)


def _cut(waiting: list[_Entry]) -> tuple[list[_Entry], list[_Entry]]:
    """The entries of the next transaction, and the rest."""
    count = 0
    for place, entry in enumerate(waiting):
        count += len(entry.articles)
        if count > BATCH and place:
            return waiting[:place], waiting[place:]
    return waiting, []


def _transfer(store: "CrawlStore", batch: Sequence[_Entry]) -> list[str]:
    articles: dict[str, Article] = {}
    pages: dict[str, PageState] = {}
    feeds: dict[str, Feed] = {}
    drops: list[Drop] = []
    for entry in batch:
        articles.update((article.id, article) for article in entry.articles)
        pages.update((page.address_id, page) for page in entry.pages)
        feeds.update((feed.url, feed) for feed in entry.feeds)
        drops.extend(entry.drops)
    new: list[str] = []
    if articles:
        new = store.accept(list(articles.values()), list(pages.values()))
    elif pages:
        store.put_pages(pages.values())
    told = [page for entry in batch if entry.feeds for page in entry.pages]
    dated = {page.address_id: listing for page in told if (listing := _late_date(page)) is not None}
    if dated:
        store.date_undated(dated)
    if drops:
        store.drop(drops)
    if feeds:
        store.put_feeds(feeds.values())
    return new


def _late_date(page: PageState) -> Listing | None:
    """What a feed says of a page that was read before, if it holds a date that the page could have.

    Only what a poll brought: a date that was known when the page was read was judged there, with the page's own.
    """
    listing = page.listing
    if page.fetched is None or listing is None or listing.published is None:
        return None
    published = listing.published if listing.published.tzinfo else listing.published.replace(tzinfo=UTC)
    return listing if published <= page.fetched + timedelta(days=1) else None
