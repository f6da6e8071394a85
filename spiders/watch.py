"""One outlet under watch: polls what lists articles, then fetches what is due. Knows no Scrapy.

The store is the queue. What a feed lists is written down as due before the feed's own state is, so a kill at any
moment loses nothing; new pages, retries and second looks are all just pages that are due.
"""

import asyncio
from collections import deque
from datetime import datetime, timedelta
from typing import Protocol

import msgspec
import structlog

from spiders.feeds import FeedReading, read_feed
from spiders.ledger import Ledger
from spiders.links import is_furniture, read_front, same_outlet
from spiders.listings import better, worth_a_look
from spiders.pipelines import Counters, Intake, span
from spiders.schedule import DAY, feed_due, feed_retry, next_look, page_retry
from tocsin.addresses import address_id, canonical
from tocsin.clock import Clock
from tocsin.records import Drop, Feed, FeedKind, HttpFacts, Listing, Outlet, Page, PageState, Record

log = structlog.get_logger("spiders")

ORDER: dict[FeedKind, int] = {"feed": 0, "sitemap": 1, "front": 2, "section": 3}
"""Poll order: who knows titles and dates comes first, so that a page is fetched with the best listing."""
MAX_NESTED = 40
MAX_DEPTH = 3
OLD_SITEMAP = timedelta(days=7)
PATIENCE = 30.0
"""Seconds that a single run waits for a host that asked for a pause; beyond that the rest is left for the next run."""
TROUBLE = 3
"""Failures of a host in a row after which the outlet rests."""


class Answer(Record):
    """What came of one request."""

    status: int = 0
    url: str = ""
    """After redirects."""
    body: bytes = b""
    http: HttpFacts = HttpFacts()
    reason: str = ""
    """Why there is nothing to read, one of a few fixed phrases; empty after 2xx and 304."""
    detail: str = ""
    host_trouble: bool = False
    """The failure is the host's, not the page's: no connection, no name, overload."""
    wait: float = 0.0
    """Seconds that the host asked to be left alone."""
    retry: float = 0.0
    """Seconds after which a page is first tried again; 0: never by itself."""


class Fetcher(Protocol):
    """Fetches politely and safely; keeps pace, obeys robots.txt, never raises for what the other side does."""

    async def fetch(
        self, outlet: Outlet, url: str, *, kind: str, etag: str = "", modified: str = "", since: datetime | None = None
    ) -> Answer:
        """Get one address; ``kind`` is ``page`` or a feed kind. With validators the request is conditional."""

    async def sitemaps(self, outlet: Outlet) -> list[str] | None:
        """Sitemaps that the robots.txt of the outlet's host names; None where it cannot be read for now."""


class Watch:
    """The watch over one outlet; ``run`` is its whole life."""

    def __init__(
        self,
        outlet: Outlet,
        *,
        fetcher: Fetcher,
        ledger: Ledger,
        intake: Intake,
        clock: Clock,
        counters: Counters,
        once: bool,
    ) -> None:
        self.outlet = outlet
        self._fetcher, self._ledger, self._intake = fetcher, ledger, intake
        self._clock, self._counters, self._once = clock, counters, once
        self._feeds: dict[str, Feed] = {}
        self._depth: dict[str, int] = {}
        self._guesses: set[str] = set()
        self._ttl: dict[str, float] = {}
        self._queue: deque[PageState] = deque()
        self._polled: set[str] = set()
        self._tried: dict[str, int] = {}
        self._again: list[PageState] = []
        self._asked = 0.0
        self._rest_until = 0.0
        self._trouble = 0
        self._learn_at = 0.0
        self._again_feeds: list[str] = []

    async def run(self) -> None:
        """Watch until cancelled, or, in a single run, until nothing is due."""
        await self._open()
        while True:
            await self._rest()
            if not self._once and self._clock.monotonic() >= self._learn_at:
                await self._learn_sitemaps()
            polled = await self._poll_next()
            fetched = await self._fetch_next()
            if polled or fetched:
                continue
            if self._once:
                await self._intake.drain()
                if not await self._second_try():
                    return
                continue
            await asyncio.sleep(min(1.0, max(0.1, self.outlet.every / 4)))

    async def _open(self) -> None:
        for feed in await self._ledger.ask(lambda store: store.feeds(self.outlet.name)):
            self._feeds[feed.url] = feed
        for url in self.outlet.feeds:
            self._add(url, "feed")
        for url in self.outlet.sitemaps:
            self._add(url, "sitemap")
        self._add(self.outlet.home, "front")
        for url in self.outlet.sections:
            self._add(url, "section")
        await self._learn_sitemaps()

    async def _learn_sitemaps(self) -> None:
        """Take up the sitemaps of robots.txt; asked again later where it cannot be read, and once a day."""
        named = await self._fetcher.sitemaps(self.outlet)
        self._learn_at = self._clock.monotonic() + (600.0 if named is None else DAY)
        for url in named or ():
            if same_outlet(url, self.outlet.home):
                self._add(url, "sitemap")
        if named is not None and not any(feed.kind == "sitemap" for feed in self._feeds.values()):
            guess = canonical("/sitemap.xml", self.outlet.home)
            self._guesses.add(guess)
            self._add(guess, "sitemap")

    def _add(self, url: str, kind: FeedKind, *, depth: int = 0) -> None:
        url = canonical(url)
        if url and url not in self._feeds:
            self._feeds[url] = Feed(url=url, outlet=self.outlet.name, kind=kind)
            self._depth[url] = depth

    async def _rest(self) -> None:
        """Wait while the host asked for it; a single run waits a little and leaves the rest for the next one."""
        wait = self._rest_until - self._clock.monotonic()
        if wait <= 0:
            return
        if not self._once or wait <= PATIENCE:
            await asyncio.sleep(wait)
            return
        log.info("left for the next run", outlet=self.outlet.name, seconds=round(wait), pages=len(self._queue))
        due = self._clock.now() + timedelta(seconds=wait)
        await self._ledger.write(pages=[msgspec.structs.replace(state, due=due) for state in self._queue])
        self._queue.clear()
        self._polled.update(self._feeds)
        self._again.clear()
        self._again_feeds.clear()
        self._rest_until = 0.0
        self._asked = float("inf")

    # ---- feeds

    async def _poll_next(self) -> bool:
        now = self._clock.now()
        due = [feed for feed in self._feeds.values() if feed.due is None or feed.due <= now]
        if self._once:
            due = [feed for feed in due if feed.url not in self._polled]
        if not due:
            return False
        feed = min(due, key=lambda one: (ORDER[one.kind], one.due is not None, one.due or now))
        self._polled.add(feed.url)
        await self._poll(feed)
        return True

    async def _poll(self, feed: Feed) -> None:
        self._counters.polls += 1
        answer = await self._fetcher.fetch(
            self.outlet, feed.url, kind=feed.kind, etag=feed.etag, modified=feed.last_modified
        )
        now = self._clock.now()
        if answer.reason:
            self._note_trouble(answer)
            await self._feed_failed(feed, answer.reason + (f": {answer.detail}" if answer.detail else ""), answer.wait)
            if self._once and answer.host_trouble and self._tried.setdefault(feed.url, 0) == 0:
                self._tried[feed.url] = 1
                self._again_feeds.append(feed.url)
            return
        self._trouble = 0
        if answer.status == 304:
            self._counters.unchanged += 1
            due = feed_due(self.outlet, feed, now, ttl=self._ttl.get(feed.url, 0.0))
            await self._keep(msgspec.structs.replace(feed, checked=now, due=due, failures=0, error=""))
            return
        error, listings = await self._read(feed, answer)
        if error:
            await self._feed_failed(feed, error)
            return
        new, drops = await self._sift(listings, feed)
        kept = msgspec.structs.replace(
            feed,
            etag=answer.http.etag,
            last_modified=answer.http.last_modified,
            checked=now,
            due=feed_due(self.outlet, feed, now, ttl=self._ttl.get(feed.url, 0.0)),
            changed=now if new else feed.changed,
            failures=0,
            error="",
            listed=len(listings),
        )
        self._guesses.discard(feed.url)
        await self._keep(kept, new, drops)

    async def _keep(self, feed: Feed, pages: list[PageState] | None = None, drops: list[Drop] | None = None) -> None:
        self._feeds[feed.url] = feed
        if feed.url not in self._guesses:
            await self._ledger.write(feeds=[feed], pages=pages or [], drops=drops or [])

    async def _feed_failed(self, feed: Feed, error: str, wait: float = 0.0) -> None:
        now = self._clock.now()
        self._counters.failures += 1
        failures = feed.failures + 1
        due = feed_retry(self.outlet, failures, now, at_least=wait)
        if feed.url in self._guesses:
            due = now + timedelta(seconds=DAY)
        else:
            log.info("feed failed", outlet=self.outlet.name, url=feed.url, error=error)
        await self._keep(msgspec.structs.replace(feed, checked=now, due=due, failures=failures, error=error[:500]))

    async def _read(self, feed: Feed, answer: Answer) -> tuple[str, tuple[Listing, ...]]:
        """What a feed's answer lists; more feeds that it names are added on the way."""
        if feed.kind in ("front", "section"):
            return "", self._read_front(feed, answer)
        if len(answer.body) > 1 << 20:
            reading = await asyncio.to_thread(read_feed, answer.body, answer.url, answer.http.content_type)
        else:
            reading = read_feed(answer.body, answer.url, answer.http.content_type)
        if reading.error:
            return reading.error, ()
        self._ttl[feed.url] = reading.ttl
        self._add_nested(feed, reading)
        if feed.kind == "feed":
            return "", reading.listings
        listings = tuple(
            one for one in reading.listings if same_outlet(one.url, self.outlet.home) and not is_furniture(one.url)
        )
        return "", tuple(one for one in listings if one.url not in self._feeds)

    def _read_front(self, feed: Feed, answer: Answer) -> tuple[Listing, ...]:
        found = read_front(answer.body, answer.url, answer.http.content_type, source=feed.kind)
        if feed.kind == "front":
            for url in found.feeds:
                self._add(url, "feed")
            if not self.outlet.sections:
                room = 24 - sum(one.kind == "section" for one in self._feeds.values())
                for url in [one for one in found.sections if one not in self._feeds][: max(0, room)]:
                    self._add(url, "section")
        return tuple(one for one in found.listings if one.url not in self._feeds)

    def _add_nested(self, feed: Feed, reading: FeedReading) -> None:
        depth = self._depth.get(feed.url, 0) + 1
        if depth > MAX_DEPTH:
            return
        oldest = self._clock.now() - OLD_SITEMAP
        fresh = [
            one
            for one in reading.nested
            if same_outlet(one.url, self.outlet.home)
            and (one.lastmod is None or one.lastmod.replace(tzinfo=oldest.tzinfo) >= oldest)
        ]
        fresh.sort(key=lambda one: ("news" not in one.url, -_seconds(one.lastmod)))
        for one in fresh[:MAX_NESTED]:
            self._add(one.url, "sitemap", depth=depth)

    async def _sift(self, listings: tuple[Listing, ...], feed: Feed) -> tuple[list[PageState], list[Drop]]:
        """Of what is listed, the pages that are new or have news, as states that are due, in the feed's order."""
        by_id = {address_id(canonical(one.url)): one for one in listings}
        ids = list(by_id)
        known = await self._ledger.ask(lambda store: store.pages(ids))
        now = self._clock.now()
        found: list[PageState] = []
        for place, (ident, listing) in enumerate(by_id.items()):
            # Microseconds keep the order of the feed: the newest comes first in most.
            due = now + timedelta(microseconds=place)
            state = known.get(ident)
            if state is None:
                self._counters.listed += 1
                state = PageState(
                    address_id=ident, url=canonical(listing.url), outlet=self.outlet.name, due=due, listing=listing
                )
                found.append(state)
            elif worth_a_look(state, listing, now):
                found.append(msgspec.structs.replace(state, due=due, listing=better(state.listing, listing)))
            elif state.fetched is None and (merged := better(state.listing, listing)) != state.listing:
                found.append(msgspec.structs.replace(state, listing=merged))
        self._refresh_queue(found)
        if found:
            self._asked = 0.0
        return found, []

    def _refresh_queue(self, changed: list[PageState]) -> None:
        by_id = {state.address_id: state for state in changed}
        self._queue = deque(by_id.get(state.address_id, state) for state in self._queue)

    # ---- pages

    async def _fetch_next(self) -> bool:
        if not self._queue and not await self._fill():
            return False
        if self._rest_until > self._clock.monotonic():
            return True
        state = self._queue.popleft()
        if self._intake.busy(state.address_id):
            return True
        await self._fetch(state)
        return True

    async def _fill(self) -> bool:
        """Take what is due from the store; asked at most every quarter of the outlet's polling span."""
        if self._clock.monotonic() < self._asked:
            return False
        self._asked = self._clock.monotonic() + min(30.0, max(0.5, self.outlet.every / 4))
        now = self._clock.now() + timedelta(milliseconds=10)
        due = await self._ledger.ask(lambda store: store.pages_due([self.outlet.name], now, 200))
        due = [one for one in due if not self._intake.busy(one.address_id) and self._may_try(one)]
        due.sort(key=lambda one: (one.fetched is not None, one.due or now))
        self._queue.extend(due)
        if due:
            self._asked = 0.0
        return bool(due)

    def _may_try(self, state: PageState) -> bool:
        """A single run tries a page twice at most, whatever its due time says."""
        return not self._once or self._tried.get(state.address_id, 0) < 1

    async def _second_try(self) -> bool:
        """In a single run, what failed is tried once more at the end."""
        again, self._again = self._again, []
        self._queue.extend(again)
        feeds, self._again_feeds = self._again_feeds, []
        for url in feeds:
            self._polled.discard(url)
            self._feeds[url] = msgspec.structs.replace(self._feeds[url], due=None)
        if again or feeds:
            return True
        self._asked = 0.0 if self._asked != float("inf") else self._asked
        return await self._fill()

    async def _fetch(self, state: PageState) -> None:
        tries = 1
        if self._once:
            tries = self._tried[state.address_id] = self._tried.get(state.address_id, 0) + 1
        answer = await self._fetcher.fetch(
            self.outlet,
            state.url,
            kind="page",
            etag=state.etag,
            modified=state.last_modified,
            since=state.fetched if state.status in (200, 304) else None,
        )
        now = self._clock.now()
        if answer.reason:
            await self._page_failed(state, answer, now, tries)
            return
        self._trouble = 0
        if answer.status == 304:
            self._counters.unchanged += 1
            due = next_look(
                self.outlet, now, before=span(state), live=self._intake.is_live(state.address_id), changed=False
            )
            await self._ledger.write(pages=[msgspec.structs.replace(state, status=304, fetched=now, due=due)])
            return
        self._counters.pages += 1
        page = Page(
            url=state.url,
            fetched_url=answer.url,
            body=answer.body,
            fetched=now,
            http=answer.http,
            listing=state.listing,
        )
        await self._intake.put(self.outlet, state, page)

    async def _page_failed(self, state: PageState, answer: Answer, now: datetime, tries: int) -> None:
        self._counters.failures += 1
        self._note_trouble(answer)
        if answer.wait > 0:
            # Put off, not failed: the page stays due and no drop is written.
            put_off = msgspec.structs.replace(state, due=now + timedelta(seconds=answer.wait))
            await self._ledger.write(pages=[put_off])
            if self._once and tries < TROUBLE:
                self._again.append(state)
            return
        before = span(state) if state.fetched is not None and state.status not in (200, 304) else 0.0
        due = page_retry(self.outlet, now, before=before, first=answer.retry) if answer.retry else None
        failed = msgspec.structs.replace(state, status=answer.status, fetched=now, due=due)
        if self._once and answer.retry and tries < 2 and self._rest_until <= self._clock.monotonic():
            self._again.append(failed)
        self._counters.drops += 1
        drop = Drop(
            at=now, room="spiders", reason=answer.reason, url=state.url, outlet=self.outlet.name, detail=answer.detail
        )
        await self._ledger.write(pages=[failed], drops=[drop])

    def _note_trouble(self, answer: Answer) -> None:
        """Rest where the host asks for it, or where it failed several times in a row."""
        rest = answer.wait
        if answer.host_trouble:
            self._trouble += 1
            if self._trouble >= TROUBLE:
                rest = max(rest, min(3600.0, 60.0 * 2.0 ** min(self._trouble - TROUBLE, 10)))
        if rest > 0:
            self._rest_until = max(self._rest_until, self._clock.monotonic() + rest)


def _seconds(moment: datetime | None) -> float:
    return moment.replace(tzinfo=None).toordinal() * DAY + moment.hour * 3600 + moment.minute * 60 if moment else 0.0
