"""One outlet under watch: polls what lists articles, and fetches the pages that are due. Knows no Scrapy.

The store is the queue: new pages, retries and second looks are all just pages that are due.
"""

import asyncio
from collections import deque
from datetime import datetime, timedelta

import msgspec
import structlog

from spiders.answers import Answer, Fetcher
from spiders.ledger import Ledger
from spiders.pipelines import Counters, Intake, since, span
from spiders.polls import Polls
from spiders.schedule import GONE, next_look, page_retry, scale
from tocsin.clock import Clock
from tocsin.records import Article, Drop, Feed, HttpFacts, Outlet, Page, PageState, derived_id

log = structlog.get_logger("spiders")

PATIENCE = 30.0
"""Seconds that a single run waits for a host that asked for a pause; beyond that the rest is left for the next run."""
TROUBLE = 3
"""Failures of a host in a row after which its outlet rests."""
HANDFUL = 200
"""Pages taken from the store at a time."""


class Watch:
    """The watch over one outlet; ``run`` is its whole life.

    Requests go out one after another, so that a host is never asked by two at once and a pause that it asks for holds
    for everything that would have followed.
    """

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
        self._polls = Polls(outlet, fetcher=fetcher, ledger=ledger, intake=intake, clock=clock, counters=counters)
        self._queue: deque[PageState] = deque()
        self._tries: dict[str, int] = {}
        self._again: list[PageState] = []
        self._feeds_again: list[str] = []
        self._ask_at = 0.0
        self._rest_until = 0.0
        self._trouble = 0
        self._left = False

    async def run(self) -> None:
        """Watch until cancelled, or, in a single run, until nothing is due."""
        await self._polls.open()
        while True:
            await self._rest()
            if not self._left:
                await self._polls.learn()
            polled = await self._poll_next()
            fetched = not self._polls.unread() and await self._fetch_next()
            if polled or fetched:
                continue
            if not self._once:
                await asyncio.sleep(min(5.0, max(0.1, self.outlet.every / 4)))
                continue
            await self._intake.drain()
            if not await self._second_try():
                return

    async def _rest(self) -> None:
        """Wait while the host asked for it; a single run waits a little and leaves the rest for the next one."""
        wait = self._rest_until - self._clock.monotonic()
        if wait <= 0:
            return
        if not self._once or wait <= PATIENCE:
            await asyncio.sleep(wait)
            return
        log.info("left for the next run", outlet=self.outlet.name, seconds=round(wait), pages=len(self._queue))
        self._left = True
        self._queue.clear()
        self._polls.leave()
        self._again.clear()
        self._feeds_again.clear()
        self._rest_until = 0.0

    def _note_trouble(self, answer: Answer) -> None:
        """Rest where the host asks for it, or where it failed several times in a row."""
        rest = answer.wait
        self._trouble = self._trouble + 1 if answer.host_trouble else 0
        if self._trouble >= TROUBLE:
            rest = max(rest, min(3600.0, 60.0 * 2.0 ** min(self._trouble - TROUBLE, 10)))
        if rest > 0:
            self._rest_until = max(self._rest_until, self._clock.monotonic() + rest)

    # ---- feeds

    async def _poll_next(self) -> bool:
        feed = self._polls.due(once=self._once)
        if feed is None:
            return False
        await self._poll(feed)
        return True

    async def _poll(self, feed: Feed) -> None:
        answer, pages = await self._polls.poll(feed)
        self._note_trouble(answer)
        if self._once and answer.host_trouble and not self._tries.get(feed.url):
            self._tries[feed.url] = 1
            self._feeds_again.append(feed.url)
        if pages:
            self._take(pages)
            self._ask_at = 0.0

    # ---- pages

    async def _fetch_next(self) -> bool:
        if self._rest_until > self._clock.monotonic():
            return True  # the poll before was told to wait
        if not self._queue and not await self._fill():
            return False
        feed = self._polls.behind(self._queue[0], once=self._once)
        if feed is not None:
            await self._poll(feed)
            return True
        state = self._queue.popleft()
        if not self._intake.busy(state.address_id):
            await self._fetch(state)
        return True

    def _take(self, listed: list[PageState]) -> None:
        """Queue what a poll listed: news first, then what was never fetched, then what changed, then second looks.

        Without this a new page would wait behind the second looks that are due, for as many paces as they are.
        """
        soon = self._clock.now() + timedelta(milliseconds=10)
        found = {state.address_id: state for state in listed}
        # What waits here already may have got a better listing.
        queue = [found.pop(state.address_id, state) for state in self._queue]
        added = [one for one in found.values() if one.due is not None and one.due <= soon and self._may_try(one)]
        added = added[:HANDFUL]
        new = {one.address_id for one in added}

        def rank(state: PageState) -> int:
            if state.fetched is not None:
                return 2 if state.address_id in new else 3
            news = state.address_id in new and state.listing is not None and state.listing.source == "feed"
            return 0 if news else 1

        self._queue = deque(sorted([*queue, *added], key=rank))

    async def _fill(self) -> bool:
        """Take what is due from the store; asked at most every quarter of the outlet's polling span."""
        if self._left or self._clock.monotonic() < self._ask_at:
            return False
        self._ask_at = self._clock.monotonic() + min(30.0, max(0.5, self.outlet.every / 4))
        # A little ahead: what a feed listed is due in microseconds that keep its order.
        soon = self._clock.now() + timedelta(milliseconds=10)
        found = await self._ledger.ask(lambda store: store.pages_due([self.outlet.name], soon, HANDFUL))
        due = [one for one in found if not self._intake.busy(one.address_id) and self._may_try(one)]
        due.sort(key=lambda one: (one.fetched is not None, one.due or soon))
        self._queue.extend(due)
        if due:
            self._ask_at = 0.0
        return bool(due)

    def _may_try(self, state: PageState) -> bool:
        """A single run comes back to a page only by ``_second_try``, whatever its due time says."""
        return not self._once or state.address_id not in self._tries

    async def _second_try(self) -> bool:
        """In a single run, what failed is tried once more at the end; whether there is anything left to do."""
        pages, self._again = self._again, []
        feeds, self._feeds_again = self._feeds_again, []
        self._queue.extend(pages)
        for url in feeds:
            self._polls.again(url)
        self._ask_at = 0.0
        return bool(pages or feeds) or await self._fill()

    async def _fetch(self, state: PageState) -> None:
        if self._once:
            self._tries[state.address_id] = self._tries.get(state.address_id, 0) + 1
        answer = await self._fetcher.fetch(
            self.outlet,
            state.url,
            kind="page",
            etag=state.etag,
            modified=state.last_modified,
            since=state.fetched if state.status in (200, 304) else None,
        )
        self._note_trouble(answer)
        now = self._clock.now()
        if answer.reason:
            await self._failed(state, answer, now)
        elif answer.status == 304:
            self._counters.unchanged += 1
            live = self._intake.is_live(state.address_id)
            due = next_look(self.outlet, now, before=span(state), waited=since(state, now), live=live, changed=False)
            await self._ledger.write(
                pages=[msgspec.structs.replace(state, status=304, fetched=now, due=due, missing=None)]
            )
        else:
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

    async def _failed(self, state: PageState, answer: Answer, now: datetime) -> None:
        self._counters.failures += 1
        tries = self._tries.get(state.address_id, 0)
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
        withdrawn: list[Article] = []
        if answer.status in (404, 410) and state.fetched is not None:
            failed, withdrawn = await self._gone(state, failed, answer, now)
        if self._once and answer.retry and tries < 2:
            self._again.append(failed)
        self._counters.drops += 1
        drop = Drop(
            at=now, room="spiders", reason=answer.reason, url=state.url, outlet=self.outlet.name, detail=answer.detail
        )
        await self._ledger.write(articles=withdrawn, pages=[failed], drops=[drop])

    async def _gone(
        self, state: PageState, failed: PageState, answer: Answer, now: datetime
    ) -> tuple[PageState, list[Article]]:
        """A page that was there and is not: looked for once more, and withdrawn where it is missing then as well."""
        again = GONE * scale(self.outlet)
        if state.status in (200, 304):
            return msgspec.structs.replace(failed, missing=now, due=now + timedelta(seconds=again)), []
        if state.missing is None:
            return failed, []
        if (now - state.missing).total_seconds() < again:
            return msgspec.structs.replace(failed, due=state.missing + timedelta(seconds=again)), []
        last = (await self._ledger.ask(lambda store: store.latest([state.address_id]))).get(state.address_id)
        return failed, [withdrawal(last, answer, now)] if last and last.kind != "withdrawn" else []


def withdrawal(last: Article, answer: Answer, now: datetime) -> Article:
    """What stands at the address of a text that is no longer there: its headline and no text."""
    return Article(
        id=derived_id("withdrawn", last.id),
        address_id=last.address_id,
        url=last.url,
        fetched_url=answer.url,
        outlet=last.outlet,
        outlet_country=last.outlet_country,
        first_seen=now,
        title=last.title,
        lang=last.lang,
        published=last.published,
        published_origin=last.published_origin,
        published_note=last.published_note,
        kind="withdrawn",
        http=HttpFacts(status=answer.status),
        text_hash=derived_id("text", ""),
    )
