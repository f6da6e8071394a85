"""The polls of one outlet: its feeds, sitemaps, front and section fronts, found, polled when due, and sifted.

What an answer lists is written down as pages that are due before the feed's own state is, in one transaction: a kill
at any moment loses nothing, although the next answer may only say "not modified".
"""

from datetime import datetime, timedelta

import msgspec
import structlog

from spiders.answers import Answer, Fetcher
from spiders.children import NoChild
from spiders.feeds import FeedReading
from spiders.ledger import Ledger
from spiders.links import MAX_SECTIONS, is_furniture, same_outlet
from spiders.listings import better, worth_a_look
from spiders.pipelines import Counters, Intake
from spiders.reading import Reading
from spiders.schedule import DAY, feed_due, feed_retry
from tocsin.addresses import address_id, canonical
from tocsin.clock import Clock
from tocsin.records import Drop, Feed, FeedKind, Listing, Outlet, Page, PageState

log = structlog.get_logger("spiders")

ORDER: dict[FeedKind, int] = {"feed": 0, "sitemap": 1, "front": 2, "section": 3}
"""Poll order: who knows titles and dates comes first, so that a page is fetched with the best listing."""
MAX_NESTED = 40
"""Sitemaps taken from one index."""
MAX_DEPTH = 3
"""Indexes within indexes."""
OLD_SITEMAP = timedelta(days=7)
"""A sitemap of an index that has not changed for so long is an archive."""


class Polls:
    """The feeds of one outlet and their state."""

    def __init__(
        self, outlet: Outlet, *, fetcher: Fetcher, ledger: Ledger, intake: Intake, clock: Clock, counters: Counters
    ) -> None:
        self._outlet, self._fetcher, self._ledger = outlet, fetcher, ledger
        self._intake, self._clock, self._counters = intake, clock, counters
        self._feeds: dict[str, Feed] = {}
        self._depth: dict[str, int] = {}
        self._guesses: set[str] = set()
        self._ttl: dict[str, float] = {}
        self._learn_at = 0.0
        self.polled: set[str] = set()
        """Addresses polled since the watch began."""

    async def open(self) -> None:
        """Take up the feeds that the store knows, those that the outlet names, and the start page."""
        for feed in await self._ledger.ask(lambda store: store.feeds(self._outlet.name)):
            self._feeds[feed.url] = feed
        for url in self._outlet.feeds:
            self._add(url, "feed")
        for url in self._outlet.sitemaps:
            self._add(url, "sitemap")
        self._add(self._outlet.home, "front")
        for url in self._outlet.sections:
            self._add(url, "section")

    async def learn(self) -> None:
        """Take up the sitemaps of robots.txt, once a day; sooner again where it could not be read."""
        if self._clock.monotonic() < self._learn_at:
            return
        named = await self._fetcher.sitemaps(self._outlet)
        self._learn_at = self._clock.monotonic() + (600.0 if named is None else DAY)
        for url in named or ():
            if same_outlet(url, self._outlet.home):
                self._add(url, "sitemap")
        if named is not None and not any(feed.kind == "sitemap" for feed in self._feeds.values()):
            self._add(canonical("/sitemap.xml", self._outlet.home), "sitemap", guess=True)

    def due(self, *, once: bool) -> Feed | None:
        """The feed to poll now, if any; with ``once``, each at most one time."""
        now = self._clock.now()
        due = [feed for feed in self._feeds.values() if feed.due is None or feed.due <= now]
        if once:
            due = [feed for feed in due if feed.url not in self.polled]
        return min(due, key=lambda one: (ORDER[one.kind], one.due or now), default=None)

    def unread(self) -> bool:
        """Whether a feed or a sitemap that was never polled is due: its titles and dates are worth waiting for.

        Not for the sitemaps of an index: they may be many, and hold back the first article for minutes.
        """
        return any(
            feed.due is None and feed.checked is None and ORDER[feed.kind] < ORDER["front"] and not self._depth.get(url)
            for url, feed in self._feeds.items()
            if url not in self.polled
        )

    def behind(self, state: PageState, *, once: bool) -> Feed | None:
        """A feed to ask once more before a page is fetched, because it may know by now what a front does not say.

        A front is often a moment ahead of the feed, and the feed may be the only one to tell the date. With ``once``
        that is asked for the start page alone: section fronts list what is older.
        """
        listing, listed = state.listing, state.due
        if state.fetched is not None or listing is None or listed is None or listing.published is not None:
            return None
        if listing.source not in ("front", "section") or (once and listing.source == "section"):
            return None
        feeds = (one for url, one in self._feeds.items() if one.kind == "feed" and not self._depth.get(url))
        return next(
            (one for one in feeds if one.checked is not None and one.checked < listed and not one.failures), None
        )

    def again(self, url: str) -> None:
        """Make a feed due once more."""
        self.polled.discard(url)
        self._feeds[url] = msgspec.structs.replace(self._feeds[url], due=None)

    def leave(self) -> None:
        """Poll nothing more in this run."""
        self.polled.update(self._feeds)

    async def poll(self, feed: Feed) -> tuple[Answer, list[PageState]]:
        """Poll one feed and write down what came of it: the answer, and the pages that became due by it."""
        self.polled.add(feed.url)
        self._counters.polls += 1
        answer = await self._fetcher.fetch(
            self._outlet, feed.url, kind=feed.kind, etag=feed.etag, modified=feed.last_modified
        )
        if answer.reason:
            await self._failed(feed, answer.words, wait=answer.wait, passing=answer.host_trouble)
            return answer, []
        if answer.status == 304:
            self._counters.unchanged += 1
            await self._keep(feed)
            return answer, []
        try:
            reading = await self._read(feed, answer)
        except Exception as error:  # noqa: BLE001 - whatever an answer provokes in a child is its own fate
            log.warning("feed not read", outlet=self._outlet.name, url=feed.url, error=str(error))
            await self._failed(feed, f"it cannot be read: {error}", passing=isinstance(error, NoChild))
            return answer, []
        if reading.error or (feed.url in self._guesses and not reading.listings and not reading.nested):
            await self._failed(feed, reading.error)
            return answer, []
        self._guesses.discard(feed.url)
        self._ttl[feed.url] = reading.ttl
        pages, drops = await self._sift(reading.listings)
        kept = msgspec.structs.replace(
            feed,
            etag=answer.http.etag,
            last_modified=answer.http.last_modified,
            changed=self._clock.now() if pages else feed.changed,
            listed=len(reading.listings),
        )
        await self._keep(kept, pages, [*self._cut_off(feed, reading), *drops])
        return answer, pages

    def _add(self, url: str, kind: FeedKind, *, depth: int = 0, guess: bool = False) -> None:
        """Take up an address. A guess is written down once it has listed something: nobody vouches for it before."""
        url = canonical(url)
        if url and url not in self._feeds:
            if guess:
                self._guesses.add(url)
            self._feeds[url] = Feed(url=url, outlet=self._outlet.name, kind=kind)
            self._depth[url] = depth

    async def _keep(self, feed: Feed, pages: list[PageState] | None = None, drops: list[Drop] | None = None) -> None:
        """Write a feed down after a success, its pages with it."""
        now = self._clock.now()
        due = feed_due(self._outlet, feed, now, ttl=self._ttl.get(feed.url, 0.0))
        feed = self._feeds[feed.url] = msgspec.structs.replace(feed, checked=now, due=due, failures=0, error="")
        await self._ledger.write(feeds=[feed], pages=pages or [], drops=drops or [])

    async def _failed(self, feed: Feed, error: str, *, wait: float = 0.0, passing: bool = False) -> None:
        """Put a feed off after a failure; a ``passing`` one says nothing against the address itself."""
        self._counters.failures += 1
        now = self._clock.now()
        failures = feed.failures + 1
        due = feed_retry(self._outlet, failures, now, at_least=wait, passing=passing)
        if feed.url in self._guesses:
            # Nobody named this address: that it is not there is no failure, and no row.
            due = due if passing else now + timedelta(seconds=DAY)
            self._feeds[feed.url] = msgspec.structs.replace(feed, due=due, failures=failures)
            return
        log.info("feed failed", outlet=self._outlet.name, url=feed.url, error=error)
        feed = msgspec.structs.replace(feed, checked=now, due=due, failures=failures, error=error[:500])
        self._feeds[feed.url] = feed
        await self._ledger.write(feeds=[feed])

    def _cut_off(self, feed: Feed, reading: FeedReading) -> list[Drop]:
        if not reading.skipped:
            return []
        self._counters.drops += 1
        detail = f"{reading.skipped} older addresses were left out"
        return [
            Drop(
                at=self._clock.now(),
                room="spiders",
                reason="feed too long",
                url=feed.url,
                outlet=self._outlet.name,
                detail=detail,
            )
        ]

    async def _read(self, feed: Feed, answer: Answer) -> FeedReading:
        """What an answer lists; further feeds that it names are added on the way."""
        page = Page(url=feed.url, fetched_url=answer.url, body=answer.body, fetched=self._clock.now(), http=answer.http)
        found = await self._intake.read(page, self._outlet, feed.kind)
        reading = found.feed
        if feed.kind in ("front", "section"):
            self._add_named(feed, found)
            listings = tuple(one for one in reading.listings if one.url not in self._feeds)
            return msgspec.structs.replace(reading, listings=listings)
        self._add_nested(feed, reading)
        if feed.kind == "feed":
            return reading
        # A sitemap may list everything, and by its rules only what lies on its own site.
        listings = tuple(
            one for one in reading.listings if same_outlet(one.url, self._outlet.home) and one.url not in self._feeds
        )
        return msgspec.structs.replace(reading, listings=listings)

    def _add_named(self, feed: Feed, found: Reading) -> None:
        """Take up the feeds and the section fronts that the start page names."""
        if feed.kind != "front":
            return
        for url in found.feeds:
            self._add(url, "feed")
        if not self._outlet.sections:
            room = MAX_SECTIONS - sum(one.kind == "section" for one in self._feeds.values())
            for url in [one for one in found.sections if one not in self._feeds][: max(0, room)]:
                self._add(url, "section", guess=True)

    def _add_nested(self, feed: Feed, reading: FeedReading) -> None:
        depth = self._depth.get(feed.url, 0) + 1
        if depth > MAX_DEPTH:
            return
        oldest = (self._clock.now() - OLD_SITEMAP).replace(tzinfo=None)
        fresh = [
            one
            for one in reading.nested
            if same_outlet(one.url, self._outlet.home)
            and (one.lastmod is None or one.lastmod.replace(tzinfo=None) >= oldest)
        ]
        fresh.sort(key=lambda one: ("news" not in one.url, -(one.lastmod.toordinal() if one.lastmod else 0)))
        for one in fresh[:MAX_NESTED]:
            self._add(one.url, "sitemap", depth=depth)

    async def _sift(self, listings: tuple[Listing, ...]) -> tuple[list[PageState], list[Drop]]:
        """Of what is listed, the pages that are new or have news, as states that are due, in the feed's order.

        What a sitemap lists beside articles (files, authors, tags) is remembered as a page that is never due, and left
        out with a reason, once.
        """
        by_id: dict[str, Listing] = {}
        for listing in listings:
            by_id.setdefault(address_id(canonical(listing.url)), listing)
        ids = list(by_id)
        known = await self._ledger.ask(lambda store: store.pages(ids)) if ids else {}
        now = self._clock.now()
        found: list[PageState] = []
        drops: list[Drop] = []
        for place, (ident, listing) in enumerate(by_id.items()):
            if self._intake.busy(ident):
                continue  # its state is being written: what was read here is old
            # Microseconds keep the order of the feed: the newest comes first in most.
            state = self._stated(known.get(ident), ident, listing, now + timedelta(microseconds=place))
            if state is None:
                continue
            if ident not in known and listing.source != "feed" and is_furniture(state.url):
                state = msgspec.structs.replace(state, due=None)
                drops.append(self._left_out(state.url, now))
            found.append(state)
        return found, drops

    def _left_out(self, url: str, now: datetime) -> Drop:
        self._counters.drops += 1
        return Drop(at=now, room="spiders", reason="not an article by its address", url=url, outlet=self._outlet.name)

    def _stated(self, state: PageState | None, ident: str, listing: Listing, due: datetime) -> PageState | None:
        """The state of a listed page, or None where the listing tells nothing new."""
        if state is None:
            self._counters.listed += 1
            url = canonical(listing.url)
            return PageState(address_id=ident, url=url, outlet=self._outlet.name, due=due, listing=listing)
        merged = better(state.listing, listing)
        if worth_a_look(state, listing, due):
            return msgspec.structs.replace(state, due=due, listing=merged)
        # The front is often ahead of the feed, and the feed may be the only one to tell the date.
        dated = state.listing is not None and state.listing.published is None and merged.published is not None
        if dated or (state.fetched is None and merged != state.listing):
            return msgspec.structs.replace(state, listing=merged)
        return None
