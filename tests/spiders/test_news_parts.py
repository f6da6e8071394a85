"""Proves the parts of the crawl that need no network: schedule, listings, robots rules, intake and ledger."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders import pipelines
from spiders.children import ChildDied, ChildTimeout, NoChild
from spiders.extract import Extraction
from spiders.ledger import BATCH, Ledger
from spiders.listings import better, worth_a_look
from spiders.pipelines import Counters, Intake
from spiders.robots import rules_of, unavailable
from spiders.schedule import LADDER, feed_due, feed_retry, next_look, page_retry
from tests.spiders.memory_store import MemoryStore
from tocsin.addresses import address_id, article_id
from tocsin.clock import SystemClock
from tocsin.records import Article, Feed, HttpFacts, Listing, Outlet, Page, PageState

NOW = datetime(2026, 11, 16, 12, tzinfo=UTC)
OUTLET = Outlet(name="post", home="https://post.example/")
FAST = Outlet(name="fast", home="https://fast.example/", every=2.0)
URL = "https://post.example/a"


def seconds(due):
    return (due - NOW).total_seconds()


# ---- schedule


def test_the_ladder_of_looks_ends():
    before, steps = 0.0, []
    while (due := next_look(OUTLET, NOW, before=before, live=False, changed=False)) is not None:
        before = seconds(due)
        steps.append(before)
    assert tuple(steps) == LADDER
    assert [sum(steps[: n + 1]) / 60 for n in range(5)] == [15, 60, 6 * 60, 24 * 60, 7 * 24 * 60]


def test_a_late_look_leaves_out_the_steps_that_it_covers():
    def after(before, waited):
        return seconds(next_look(OUTLET, NOW, before=before, waited=waited, live=False, changed=False))

    assert after(900, 1500) == 2700
    assert after(900, 3 * 3600) == 18000
    assert after(900, 86400) == 6 * 86400
    assert next_look(OUTLET, NOW, before=900, waited=8 * 86400, live=False, changed=False) is None
    assert seconds(next_look(OUTLET, NOW, before=900, waited=8 * 86400, live=False, changed=True)) == 900


@given(st.floats(0, 90000), st.floats(0, 700000), st.floats(1, 3600))
def test_every_ladder_ends(before, waited, every):
    outlet = msgspec.structs.replace(OUTLET, every=every)
    for _ in range(len(LADDER) + 1):
        due = next_look(outlet, NOW, before=before, waited=waited, live=False, changed=False)
        if due is None:
            return
        before, waited = seconds(due), 0.0
    pytest.fail("the ladder goes on")


def test_a_change_starts_the_ladder_anew_and_a_fast_outlet_climbs_fast():
    assert seconds(next_look(OUTLET, NOW, before=LADDER[2], live=False, changed=True)) == LADDER[0]
    assert seconds(next_look(FAST, NOW, before=0, live=False, changed=False)) == pytest.approx(3.0)


def test_a_live_blog_is_looked_at_often_while_it_changes():
    assert seconds(next_look(OUTLET, NOW, before=0, live=True, changed=True)) == 120
    assert seconds(next_look(OUTLET, NOW, before=120, live=True, changed=False)) == 180
    assert next_look(OUTLET, NOW, before=6 * 3600, live=True, changed=False) is None


@given(st.floats(0.5, 86400), st.integers(1, 200), st.floats(0, 90000))
def test_a_failing_feed_is_polled_later_and_later_but_daily(every, failures, wait):
    outlet = msgspec.structs.replace(OUTLET, every=every)
    span = seconds(feed_retry(outlet, failures, NOW, at_least=wait))
    assert min(every, wait) <= span <= max(86400, wait) + 1
    assert span <= seconds(feed_retry(outlet, failures + 1, NOW, at_least=wait)) + 1e-3


def test_a_feed_may_ask_for_longer_but_not_for_days():
    one = Feed(url=URL, outlet="post", kind="feed")
    assert seconds(feed_due(OUTLET, one, NOW)) == 600
    assert seconds(feed_due(OUTLET, one, NOW, ttl=60)) == 600
    assert seconds(feed_due(OUTLET, one, NOW, ttl=1800)) == 1800
    assert seconds(feed_due(OUTLET, one, NOW, ttl=86400)) == 3600
    assert seconds(feed_due(OUTLET, msgspec.structs.replace(one, kind="section"), NOW)) == 1800


def test_a_failing_page_is_given_up_in_the_end():
    before, tries = 0.0, 0
    while (due := page_retry(OUTLET, NOW, before=before, first=120)) is not None:
        before = seconds(due)
        tries += 1
    assert 5 < tries < 20


# ---- listings


def test_what_the_better_source_says_wins():
    front = Listing(url=URL, source="front", title="Front title", published=NOW)
    feed = Listing(url=URL, source="feed", title="Feed title", authors=("A",))
    for merged in (better(front, feed), better(feed, front)):
        assert (merged.source, merged.title, merged.published, merged.authors) == ("feed", "Feed title", NOW, ("A",))


def test_only_a_new_and_certain_update_is_worth_a_look():
    state = PageState(address_id="x", url=URL, outlet="post", status=200, fetched=NOW)

    def looks(updated, known=None):
        known_listing = Listing(url=URL, source="feed", updated=known)
        listing = Listing(url=URL, source="feed", updated=updated)
        return worth_a_look(msgspec.structs.replace(state, listing=known_listing), listing, NOW + timedelta(minutes=10))

    later = NOW + timedelta(minutes=5)
    assert looks(later)
    assert looks(later, known=NOW)
    assert not looks(later, known=later)
    assert not looks(NOW - timedelta(minutes=5))
    assert not looks(later.replace(tzinfo=None))
    assert not looks(NOW + timedelta(days=300))
    assert not looks(None)


# ---- robots.txt


def test_robots_rules():
    text = b"User-agent: *\nDisallow: /\n\nUser-agent: Tocsin\nDisallow: /no\nCrawl-delay: 5\nSitemap: https://post.example/s.xml"
    rules = rules_of(200, text, NOW)
    assert rules.allowed(URL)
    assert not rules.allowed("https://post.example/no/x")
    assert rules.delay == 5
    assert rules.sitemaps() == ["https://post.example/s.xml"]
    assert rules.expires == NOW + timedelta(hours=24)


@pytest.mark.parametrize(
    ("status", "open_"), [(404, True), (403, True), (410, True), (429, False), (500, False), (503, False)]
)
def test_robots_answers(status, open_):
    rules = rules_of(status, b"", NOW)
    assert rules.allowed(URL) is open_
    assert bool(rules.closed) is not open_


def test_robots_is_asked_again_soon_where_it_failed():
    assert unavailable("down", NOW).expires < NOW + timedelta(hours=1)


@given(st.binary(max_size=200))
def test_no_robots_file_breaks_the_rules(body):
    rules = rules_of(200, body, NOW)
    rules.allowed(URL)
    assert 0 <= rules.delay <= 60
    rules.sitemaps()


def test_a_crawl_delay_of_days_counts_as_a_minute():
    assert rules_of(200, b"User-agent: *\nCrawl-delay: 86400", NOW).delay == 60


# ---- intake and ledger


class Deadly:
    """A reader over which its children die a number of times."""

    def __init__(self, deaths: int) -> None:
        self.deaths = deaths
        self.counts: list[int] = []

    async def start(self) -> None:
        """Nothing to start."""

    async def close(self) -> None:
        """Nothing to close."""

    async def extract(self, page, outlet):
        if self.deaths:
            self.deaths -= 1
            raise ChildDied("signal 11")
        ident = address_id(page.url)
        return Extraction(
            articles=(
                Article(
                    id=article_id(ident, "t"),
                    address_id=ident,
                    url=page.url,
                    outlet=outlet.name,
                    first_seen=page.fetched,
                ),
            ),
            canonical="https://post.example/canonical",
        )


def passed(reader, store, *, crashes=0):
    async def go():
        ledger, counters = Ledger(store, gather=0.0), Counters()
        intake = Intake(ledger, reader, SystemClock(), counters, depth=2)
        state = PageState(address_id=address_id(URL), url=URL, outlet="post", due=NOW, crashes=crashes)
        page = Page(url=URL, fetched_url=URL + "/moved", body=b"x", fetched=NOW, http=HttpFacts(status=200, etag='"1"'))
        await intake.put(OUTLET, state, page)
        await intake.drain()
        await ledger.close()
        assert ledger.failed is None
        return counters

    return asyncio.run(go())


def test_an_accepted_page_is_known_by_all_its_addresses():
    store = MemoryStore()
    counters = passed(Deadly(0), store)
    assert counters.articles == 1
    assert {state.url for state in store.states.values()} == {URL, URL + "/moved", "https://post.example/canonical"}
    state = store.states[address_id(URL)]
    assert (state.status, state.etag, state.crashes, state.fetched) == (200, '"1"', 0, NOW)
    assert state.due > NOW
    assert [one.due for one in store.states.values() if one.url != URL] == [None, None]
    # Counted before it was handed over, and accepted together with its states.
    assert store.calls == ["put_pages", "accept"]


def test_a_page_that_kills_twice_is_read_by_the_third_child():
    store = MemoryStore()
    assert passed(Deadly(2), store).articles == 1
    assert store.states[address_id(URL)].crashes == 0


def test_a_page_that_kills_three_children_is_left_out_with_a_reason():
    store = MemoryStore()
    assert passed(Deadly(9), store).articles == 0
    state = store.states[address_id(URL)]
    assert (state.crashes, state.due) == (3, None)
    assert [(drop.reason, drop.url) for drop in store.drops] == [("page crashes the reader", URL)]


def test_crashes_of_earlier_processes_count():
    store = MemoryStore()
    passed(Deadly(9), store, crashes=2)
    assert len(store.drops) == 1
    assert store.states[address_id(URL)].crashes == 3


class Short(Deadly):
    """A reader for which no child starts a number of times."""

    def __init__(self, shortages: int) -> None:
        super().__init__(0)
        self.shortages = shortages

    async def extract(self, page, outlet):
        if self.shortages:
            self.shortages -= 1
            raise NoChild("no more processes")
        return await super().extract(page, outlet)


def test_a_shortage_of_children_is_waited_for_and_counts_against_no_page(monkeypatch):
    monkeypatch.setattr(pipelines, "NO_CHILD", (0.0, 0.0, 0.0, 0.0))
    store = MemoryStore()
    assert passed(Short(4), store, crashes=2).articles == 1
    assert store.drops == []


def test_a_long_shortage_of_children_puts_a_page_off(monkeypatch):
    monkeypatch.setattr(pipelines, "NO_CHILD", (0.0, 0.0))
    store = MemoryStore()
    assert passed(Short(99), store, crashes=2).articles == 0
    state = store.states[address_id(URL)]
    assert (state.crashes, state.fetched, store.drops) == (2, None, [])
    assert state.due is not None


@pytest.mark.parametrize(("failure", "asked"), [(ChildDied("signal 9"), 2), (ChildTimeout("no answer"), 1)])
def test_a_feed_is_read_again_where_its_child_was_killed_but_not_where_it_hung(failure, asked):
    class Reader(Deadly):
        calls = 0

        async def read(self, page, outlet, kind):
            self.calls += 1
            raise failure

    async def go():
        ledger, reader = Ledger(MemoryStore(), gather=0.0), Reader(0)
        intake = Intake(ledger, reader, SystemClock(), Counters(), depth=2)
        page = Page(url=URL, fetched_url=URL, body=b"x", fetched=NOW)
        with pytest.raises(type(failure)):
            await intake.read(page, OUTLET, "feed")
        await ledger.close()
        return reader.calls

    assert asyncio.run(go()) == asked


def test_writes_share_transactions_and_feeds_come_last():
    store = MemoryStore()

    async def go():
        ledger = Ledger(store, gather=0.02)
        writes = [
            ledger.write(
                articles=[Article(id=str(n), address_id=str(n), url=URL, outlet="post", first_seen=NOW)],
                pages=[PageState(address_id=str(n), url=URL, outlet="post")],
                feeds=[Feed(url=str(n), outlet="post", kind="feed")],
            )
            for n in range(BATCH * 2)
        ]
        new = await asyncio.gather(*writes)
        again = await ledger.write(articles=[msgspec.structs.replace(store.accepted["0"], title="other")])
        await ledger.close()
        return new, again

    new, again = asyncio.run(go())
    assert new == [[str(n)] for n in range(BATCH * 2)]
    assert again == []
    assert store.calls == ["accept", "put_feeds"] * 2 + ["accept"]


def test_a_store_that_fails_fails_those_who_write():
    class Full(MemoryStore):
        def put_pages(self, pages):
            raise OSError("disk full")

    async def go():
        ledger = Ledger(Full(), gather=0.0)
        with pytest.raises(OSError, match="disk full"):
            await ledger.write(pages=[PageState(address_id="x", url=URL, outlet="post")])
        assert isinstance(ledger.failed, OSError)
        await ledger.close()

    asyncio.run(go())
