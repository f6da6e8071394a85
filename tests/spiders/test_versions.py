"""A page that is seen again is a version where it says something new, and a drop where only its furniture changed."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from spiders.extract import Extraction
from spiders.ledger import Ledger
from spiders.pipelines import RESTARTS, SAME, Counters, Intake
from spiders.schedule import LADDER
from tests.spiders.memory_store import MemoryStore
from tocsin.addresses import address_id, article_id
from tocsin.clock import SystemClock
from tocsin.records import Article, HttpFacts, Outlet, Page, PageState, derived_id

OUTLET = Outlet(name="post", home="https://post.example/")
URL = "https://post.example/a"
BODY = "The council met late on Monday and agreed that the bridge must be closed.\n\nEngineers had warned for years."


def article(text: str, title: str = "Bridge closed", url: str = URL, kind: str = "article") -> Article:
    ident, hashed = address_id(url), derived_id("text", text)
    return Article(
        id=article_id(ident, hashed, title), address_id=ident, url=url, outlet="post", title=title, text=text,
        text_hash=hashed, first_seen=datetime.now(UTC), kind=kind,
    )  # fmt: skip


class Reading:
    """A reader that finds these articles."""

    def __init__(self, *articles: Article) -> None:
        self.articles = articles

    async def extract(self, page: Page, outlet: Outlet) -> Extraction:
        """The articles."""
        return Extraction(articles=self.articles)


class Site:
    """One page, looked at again and again."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.state = PageState(address_id=address_id(URL), url=URL, outlet="post")

    def look(self, *articles: Article, late: float = 0.0) -> Counters:
        """Look at the page at its time, or so many seconds late: then the last look lies further back."""
        counters = Counters()
        if self.state.fetched is not None and self.state.due is not None:
            back = self.state.due - datetime.now(UTC) + timedelta(seconds=late)
            planned = {"fetched": self.state.fetched - back, "due": self.state.due - back}
            self.state = msgspec.structs.replace(self.state, **planned)

        async def go() -> None:
            ledger = Ledger(self.store, gather=0.0)
            reader: Any = Reading(*articles)
            intake = Intake(ledger, reader, SystemClock(), counters, depth=1)
            page = Page(url=URL, fetched_url=URL, body=b"x", fetched=datetime.now(UTC), http=HttpFacts(status=200))
            await intake.put(OUTLET, self.state, page)
            await intake.drain()
            await ledger.close()

        asyncio.run(go())
        self.state = self.store.states[self.state.address_id]
        return counters

    def span(self) -> int:
        """Seconds to the next look."""
        assert self.state.due is not None
        assert self.state.fetched is not None
        return round((self.state.due - self.state.fetched).total_seconds())


def test_clocks_and_counters_are_no_version_and_leave_a_row() -> None:
    site = Site()
    assert site.look(article(f"{BODY}\n\n1,204 views")).articles == 1
    counters = site.look(article(f"Updated 5 minutes ago\n\n{BODY}\n\n1,377 views"))
    assert (counters.articles, counters.drops) == (0, 1)
    assert len(site.store.accepted) == 1
    assert [(drop.reason, drop.url, drop.detail) for drop in site.store.drops] == [(SAME, URL, f"1 of 1: {URL}")]
    assert site.state.changes == 0
    assert site.span() == LADDER[1]


def test_an_edit_is_a_version_and_starts_the_looks_anew() -> None:
    site = Site()
    site.look(article(BODY))
    site.look(article(BODY))
    assert site.span() == LADDER[1]
    assert site.look(article(f"{BODY}\n\nA ferry will run from Tuesday.")).articles == 1
    assert site.store.drops == []
    assert (site.state.changes, site.span()) == (1, LADDER[0])


def test_what_is_compared_is_the_newest_text() -> None:
    site = Site()
    edited = f"{BODY}\n\nA ferry will run from Tuesday."
    for text, new in ((BODY, 1), (edited, 1), (f"{edited}\n\n5 comments", 0), (f"{BODY}\n\n5 comments", 1)):
        assert site.look(article(text)).articles == new


def test_a_changed_headline_over_a_changed_counter_is_a_version() -> None:
    site = Site()
    site.look(article(f"{BODY}\n\n1 comment"))
    assert site.look(article(f"{BODY}\n\n2 comments", title="Bridge open")).articles == 1


def test_a_changed_headline_alone_is_a_version() -> None:
    site = Site()
    site.look(article(BODY, title="Bridge closed"))
    site.look(article(BODY, title="Bridge closed"))
    assert site.look(article(BODY, title="Bridge closed for good")).articles == 1
    assert (site.store.drops, site.span()) == ([], LADDER[0])
    assert [one.text_hash for one in site.store.accepted.values()] == [article(BODY).text_hash] * 2


@pytest.mark.parametrize("same", ["bridge\u00a0 closed", "Bri\u00addge closed", " Bridge Closed\u200b", ""])
def test_a_headline_set_in_another_way_is_no_version(same: str) -> None:
    site = Site()
    site.look(article(BODY))
    assert site.look(article(BODY, title=same)).articles == 0
    assert len(site.store.accepted) == 1


def test_a_row_of_before_headlines_counted_gets_no_second_one() -> None:
    site = Site()
    new = article(BODY)
    old = msgspec.structs.replace(new, id=article_id(new.address_id, new.text_hash))
    assert old.id != new.id
    site.store.accept([old])
    for _ in range(2):
        assert site.look(new).articles == 0
    assert site.look(article(BODY, title="Bridge open")).articles == 1
    assert site.store.drops == []


def test_an_edit_taken_back_is_the_last_word() -> None:
    site = Site()
    first, second = article(BODY), article(f"{BODY}\n\nA ferry will run from Tuesday.")
    made = [site.look(one).articles for one in (first, second, first, first, second, first, first)]
    assert made == [1, 1, 1, 0, 1, 1, 0]
    assert [one.text for one in site.store.accepted.values()] == [
        one.text for one in (first, second, first, second, first)
    ]
    assert site.store.drops == []


def test_a_page_that_wavers_between_two_texts_is_looked_at_as_one_that_stays() -> None:
    site = Site()
    texts = (article(BODY), article(BODY, title="Bridge open"))
    looks = 0
    while site.state.due is not None or not looks:
        site.look(texts[looks % 2])
        looks += 1
    assert looks == 1 + 1 + len(LADDER)


@pytest.mark.parametrize("edited", [False, True])
def test_entries_of_a_live_blog_are_compared_one_by_one(edited: bool) -> None:
    site = Site()

    def entries(minutes: int, last: str) -> list[Article]:
        texts = ("The bridge closes at noon.", "Traffic goes over the dam.", last)
        return [
            article(f"{minutes} minutes ago\n\n{text}", url=f"{URL}#e{n}", kind="entry") for n, text in enumerate(texts)
        ]

    site.look(*entries(5, "A ferry is asked for."))
    counters = site.look(*entries(9, "A ferry is on its way." if edited else "A ferry is asked for."))
    assert (counters.articles, counters.drops) == (int(edited), 1)
    assert site.store.drops[0].detail.startswith("2 of 3" if edited else "3 of 3")


def test_a_look_that_comes_late_leaves_steps_out() -> None:
    site = Site()
    site.look(article(BODY))
    site.look(article(BODY), late=86400)
    assert site.span() == LADDER[4]


def test_the_looks_end_after_a_week() -> None:
    site = Site()
    spans = []
    for _ in range(6):
        site.look(article(BODY))
        if site.state.due is not None:
            spans.append(site.span())
    assert tuple(spans) == LADDER
    assert site.state.due is None


def test_a_page_that_is_never_the_same_twice_is_left_in_peace_in_the_end() -> None:
    site = Site()
    looks = 0
    while site.state.due is not None or not looks:
        site.look(article(f"{BODY}\n\nThe wind blew from the north {looks} times."))
        looks += 1
        assert looks < 100
    assert looks == RESTARTS + len(LADDER) + 1
