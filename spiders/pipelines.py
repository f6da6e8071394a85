"""What a fetched page passes through: crash count → extraction → acceptance. Each step is durable before the next.

No item pipelines of Scrapy: a page is accepted in batches with others, and knows when it is durable.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import msgspec
import structlog

from spiders.children import ChildDied, ChildRaised, ChildTimeout, NoChild
from spiders.clocks import Clocks
from spiders.ledger import Ledger
from spiders.reading import Reading
from spiders.schedule import next_look, second_look
from spiders.zones import Zones
from tocsin.addresses import address_id, canonical, return_id
from tocsin.changes import Text, is_change
from tocsin.clock import Clock
from tocsin.edits import is_same
from tocsin.records import Article, Drop, FeedKind, Outlet, Page, PageState

if TYPE_CHECKING:
    from tocsin.stores.port import CrawlStore

MAX_CRASHES = 3
"""Children that a page may cost before it is left out."""
MAY_CHANGE = ("text too short", "cookie wall", "log-in wall", "paywall", "script wall", "gallery without text",
              "video without text")  # fmt: skip
"""Reasons for leaving a page out that a later look may not find any more."""
SAME = "nothing new in the text"
"""Why another text of a known address is left out: it differs in clocks, counters, advertisements or spelling alone."""
RESTARTS = 20
"""Versions of a page after which a further one starts its looks anew no more: some pages are never the same twice."""
NO_CHILD = (1.0, 5.0, 15.0, 60.0)
"""Seconds to wait, again and again, for a child that cannot be started, before the page is put off."""

T = TypeVar("T")

log = structlog.get_logger("spiders")


class Reader(Protocol):
    """The pool of extraction children."""

    async def start(self) -> None:
        """Start the children; raises where they cannot be started at all."""

    async def extract(self, page: Page, outlet: Outlet) -> Any:
        """An Extraction; raises where the child died, was killed or raised, NoChild where none starts."""

    async def read(self, page: Page, outlet: Outlet, kind: FeedKind) -> Reading:
        """What a feed or a front lists; raises as ``extract`` does."""

    async def close(self) -> None:
        """End the children."""


class Counters(msgspec.Struct):
    """What a run has done so far."""

    polls: int = 0
    unchanged: int = 0
    """Conditional requests answered with 304, feeds and pages."""
    listed: int = 0
    """Addresses listed that were not known before."""
    pages: int = 0
    """Pages fetched with a body."""
    articles: int = 0
    """Articles accepted that were not known before."""
    drops: int = 0
    failures: int = 0
    """Requests that brought no answer worth reading."""


class Intake:
    """Takes fetched pages; at most ``depth`` of them are under way, and who brings more waits."""

    def __init__(
        self,
        ledger: Ledger,
        reader: Reader,
        clock: Clock,
        counters: Counters,
        *,
        depth: int,
    ) -> None:
        self._ledger, self._reader, self._clock, self._counters = ledger, reader, clock, counters
        self._room = asyncio.Semaphore(depth)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._live: set[str] = set()
        self._zones = Zones()
        self._clocks = Clocks()

    async def read(self, page: Page, outlet: Outlet, kind: FeedKind) -> Reading:
        """What a feed or a front lists; raises what the reader raises. Another child is asked if one was killed."""
        try:
            return await self._patiently(outlet, lambda: self._reader.read(page, outlet, kind))
        except (ChildTimeout, ChildRaised):
            raise
        except ChildDied:
            return await self._reader.read(page, outlet, kind)

    def busy(self, address: str) -> bool:
        """Whether a page of this address id is under way."""
        return address in self._tasks

    def is_live(self, address: str) -> bool:
        """Whether the last look at this address id found a live blog; forgotten when the process ends."""
        return address in self._live

    async def put(self, outlet: Outlet, state: PageState, page: Page) -> None:
        """Start a page on its way; returns as soon as there is room for it."""
        await self._room.acquire()
        if state.address_id in self._tasks:
            self._room.release()
            return
        task = asyncio.create_task(self._pass(outlet, state, page))
        self._tasks[state.address_id] = task
        task.add_done_callback(lambda done: self._ended(state.address_id, done))

    def _ended(self, address: str, task: asyncio.Task[None]) -> None:
        self._tasks.pop(address, None)
        self._room.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("page left", url=address, error=repr(error))

    async def drain(self, *, seconds: float | None = None) -> None:
        """Wait until nothing is under way, or the time is over: what is left then is fetched again at the next run."""
        if self._tasks:
            await asyncio.wait(list(self._tasks.values()), timeout=seconds)

    async def abandon(self) -> None:
        """Drop what is under way; its pages are due and will be fetched again."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pass(self, outlet: Outlet, state: PageState, page: Page) -> None:
        extraction = None
        crashes = state.crashes
        while extraction is None:
            # Stored first: a page that takes the whole process down must be counted as well. ``due`` stays in the
            # past meanwhile, so that a kill at any moment brings the page again.
            crashes += 1
            mark = msgspec.structs.replace(state, crashes=crashes, due=state.due or self._clock.now())
            await self._ledger.write(pages=[mark])
            try:
                extraction = await self._patiently(outlet, lambda: self._reader.extract(page, outlet))
            except NoChild as error:
                await self._put_off(state, outlet, error)
                return
            except Exception as error:  # noqa: BLE001 - whatever a page provokes is its own fate
                log.warning("child lost", outlet=outlet.name, url=page.url, crashes=crashes, error=str(error))
                if crashes >= MAX_CRASHES:
                    await self._leave_out(outlet, state, page, crashes, str(error))
                    return
        await self._accept(outlet, state, page, extraction)

    async def _patiently(self, outlet: Outlet, ask: Callable[[], Awaitable[T]]) -> T:
        """What the first child that can be had says: that there is none for now tells nothing about the page."""
        for wait in NO_CHILD:
            try:
                return await ask()
            except NoChild as error:
                log.warning("no child", outlet=outlet.name, seconds=wait, error=str(error))
            await asyncio.sleep(wait)
        return await ask()

    async def _put_off(self, state: PageState, outlet: Outlet, error: NoChild) -> None:
        """Have a page fetched again in a while, with the crashes that it had before."""
        log.error("page put off", outlet=outlet.name, url=state.url, error=str(error))
        due = self._clock.now() + timedelta(seconds=NO_CHILD[-1])
        await self._ledger.write(pages=[msgspec.structs.replace(state, due=due)])

    async def _leave_out(self, outlet: Outlet, state: PageState, page: Page, crashes: int, detail: str) -> None:
        drop = self._drop(outlet, page, "page crashes the reader", detail)
        gone = msgspec.structs.replace(_seen(state, page), crashes=crashes, due=None)
        await self._ledger.write(pages=[gone], drops=[drop])

    def _drop(self, outlet: Outlet, page: Page, reason: str, detail: str) -> Drop:
        self._counters.drops += 1
        return Drop(
            at=self._clock.now(), room="spiders", reason=reason, url=page.url, outlet=outlet.name, detail=detail[:500]
        )

    async def _accept(self, outlet: Outlet, state: PageState, page: Page, extraction: Any) -> None:
        articles = tuple(self._zones.settle(self._clocks.settle(article)) for article in extraction.articles)
        for clock in self._clocks.untold():
            log.warning(
                "dates distrusted", outlet=clock.outlet, origin=clock.origin, pages=clock.pages, said_now=clock.now
            )
        live = any(article.kind in ("live", "entry") for article in articles)
        if live:
            self._live.add(state.address_id)
        now = self._clock.now()
        again = state.fetched is not None and state.status in (200, 304)
        before, waited = (span(state), since(state, now)) if again else (0.0, 0.0)
        due = next_look(outlet, now, before=before, waited=waited, live=live, changed=False)
        seen = msgspec.structs.replace(_seen(state, page), crashes=0, due=due)
        drops = [self._drop(outlet, page, extraction.drop, extraction.detail)] if extraction.drop else []
        if not articles and not drops:
            drops = [self._drop(outlet, page, "no article on the page", extraction.detail)]
        if not articles:
            again_at = second_look(outlet, now, before=before) if extraction.drop in MAY_CHANGE else None
            seen = msgspec.structs.replace(seen, due=again_at)
        news = await self._ledger.ask(lambda store: _news(store, articles))
        if news.stale:
            same = " ".join(article.url for article in news.stale)
            drops.append(self._drop(outlet, page, SAME, f"{len(news.stale)} of {len(articles)}: {same}"))
        states = [seen, *_aliases(seen, page, extraction.canonical)]
        new = await self._ledger.write(articles=(*news.fresh, *news.returned), pages=states, drops=drops)
        self._counters.articles += len(new)
        if again and new:
            # A page that wavers between two texts would start its looks anew for ever.
            changed = bool(news.fresh) and (live or seen.changes < RESTARTS)
            due = next_look(outlet, now, before=before, waited=waited, live=live, changed=changed)
            await self._ledger.write(pages=[msgspec.structs.replace(seen, changes=seen.changes + 1, due=due)])


def span(state: PageState) -> float:
    """Seconds between the last look at a page and the one that is due."""
    return max(0.0, (state.due - state.fetched).total_seconds()) if state.due and state.fetched else 0.0


def since(state: PageState, now: datetime) -> float:
    """Seconds since the last look at a page."""
    return max(0.0, (now - state.fetched).total_seconds()) if state.fetched else 0.0


class _News(NamedTuple):
    """The articles of a page that say anything else than what the store holds of their addresses last, and the rest.

    What is the very same as at the last look is in none of these.
    """

    fresh: tuple[Article, ...]
    """What never stood at its address."""
    returned: tuple[Article, ...]
    """What stood there before, and another text in between; with ids of their own."""
    stale: tuple[Article, ...]
    """What differs in nothing that counts."""


def _news(store: "CrawlStore", articles: Sequence[Article]) -> _News:
    last = store.latest([article.address_id for article in articles]) if articles else {}
    told = [article for article in articles if not _stands(last.get(article.address_id), article)]
    changed = [article for article in told if _says_more(last.get(article.address_id), article)]
    known = store.articles([article.id for article in changed if article.address_id in last])
    return _News(
        fresh=tuple(article for article in changed if article.id not in known),
        returned=tuple(_returned(article, last[article.address_id]) for article in changed if article.id in known),
        stale=tuple(article for article in told if article not in changed),
    )


def _stands(old: Article | None, new: Article) -> bool:
    return old is not None and is_same(old, new)


def _says_more(old: Article | None, new: Article) -> bool:
    return old is None or is_change(Text(old.title, old.text), Text(new.title, new.text))


def _returned(article: Article, before: Article) -> Article:
    return msgspec.structs.replace(article, id=return_id(article.id, before.id))


def _seen(state: PageState, page: Page) -> PageState:
    return msgspec.structs.replace(
        state,
        status=page.http.status,
        etag=page.http.etag,
        last_modified=page.http.last_modified,
        fetched=page.fetched,
        missing=None,
    )


def _aliases(seen: PageState, page: Page, claimed: str) -> list[PageState]:
    """States of the other addresses of the same page: where it redirected to, and what it calls itself."""
    found = {seen.address_id: seen}
    for url in (canonical(page.fetched_url), canonical(claimed) if claimed else ""):
        if url and (alias := address_id(url)) not in found:
            found[alias] = msgspec.structs.replace(seen, address_id=alias, url=url, due=None)
    return list(found.values())[1:]
