"""A source that always says "now" is noticed over pages, reported once, and no longer believed."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from spiders.clocks import LEAST, Clocks
from tocsin.records import Article, DateCandidate, ExtractionFacts

NOON = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)


def page(
    number: int, meta: datetime, listed: datetime | None = None, *, fetched: datetime = NOON, outlet: str = "one"
) -> Article:
    """A page whose meta element was chosen; the feed, if it lists the page, came second."""
    ledger = [DateCandidate(raw="m", origin="meta", value=meta, verdict="chosen")]
    if listed is not None:
        ledger.append(DateCandidate(raw="f", origin="feed", value=listed, verdict="another source comes first"))
    return Article(
        id=str(number),
        address_id=f"{outlet}{number}",
        url=f"https://{outlet}.example/{number}",
        outlet=outlet,
        first_seen=fetched,
        published=meta,
        published_origin="meta",
        extraction=ExtractionFacts(dates=tuple(ledger)),
    )


def after(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_a_clock_is_reported_once_and_the_listing_takes_its_place() -> None:
    clocks = Clocks()
    pages = [page(n, after(n), after(n) - timedelta(days=2), fetched=after(n)) for n in range(8)]
    settled = [clocks.settle(p) for p in pages]
    assert settled[: LEAST - 1] == pages[: LEAST - 1], "a few pages prove nothing"
    assert settled[-1].published == pages[-1].first_seen - timedelta(days=2)
    assert settled[-1].published_origin == "feed"
    assert "always give the moment of the fetch as meta" in settled[-1].published_note
    assert [c.verdict for c in settled[-1].extraction.dates] == ["this source always says now", "chosen"]
    (told,) = clocks.untold()
    assert (told.outlet, told.origin, told.pages) == ("one", "meta", LEAST)
    assert clocks.untold() == [], "reported once"


def test_without_another_date_there_is_none_and_the_note_says_why() -> None:
    """The same five pages, looked at again: each names another moment, so none of the moments is its date."""
    clocks = Clocks()
    for look in (0, 300):
        for n in range(LEAST):
            clocks.settle(page(n, after(look + n), fetched=after(look + n)))
    settled = clocks.settle(page(99, after(600), fetched=after(600)))
    assert (settled.published, settled.published_origin) == (None, "")
    assert "always give the moment of the fetch" in settled.published_note
    assert settled.extraction.date_confidence == ""


def test_a_refused_date_that_says_now_counts_and_is_replaced_too() -> None:
    """The reading of one page had refused it already, and with it what stands behind."""
    clocks = Clocks()
    for n in range(LEAST + 1):
        one = page(n, after(n), fetched=after(n))
        ledger = (
            DateCandidate(
                raw="m",
                origin="meta",
                value=after(n),
                verdict="equals the minute of the fetch, and nothing else says so",
            ),
            DateCandidate(
                raw="t",
                origin="text",
                value=datetime(2026, 11, 10, 9),
                verdict="stands behind a date that may be the page's clock",
            ),
        )
        refused = msgspec.structs.replace(
            one, published=None, published_origin="", extraction=ExtractionFacts(dates=ledger)
        )
        settled = clocks.settle(refused)
    assert (settled.published, settled.published_origin) == (datetime(2026, 11, 10, 9), "text")


@pytest.mark.parametrize(
    "pages",
    [
        [page(n, after(n), after(n), fetched=after(n)) for n in range(9)],
        [page(n, after(n), fetched=after(n)) for n in range(9)],
        [page(n, NOON - timedelta(hours=n), NOON - timedelta(days=9)) for n in range(1, 9)],
        [page(n, NOON if n % 2 else NOON - timedelta(hours=5), NOON - timedelta(days=2)) for n in range(9)],
        [page(n, NOON, NOON - timedelta(days=2), outlet=f"o{n}") for n in range(9)],
        [page(1, NOON, NOON - timedelta(days=2)) for _ in range(9)],
    ],
    ids=["the feed agrees", "nothing proves it wrong", "not now", "half of them", "many outlets", "one page only"],
)
def test_news_of_this_minute_is_no_clock(pages: list[Article]) -> None:
    clocks = Clocks()
    assert [clocks.settle(p) for p in pages] == pages
    assert clocks.untold() == []


def test_a_day_that_is_always_today() -> None:
    """Days without a time of day are told by the day; on later days the same pages name another one."""
    clocks = Clocks()
    for day in (0, 1, 2):
        for n in range(LEAST):
            at = NOON + timedelta(days=day)
            clocks.settle(page(n, at.replace(hour=0, tzinfo=None), fetched=at))
    assert [c.origin for c in clocks.untold()] == ["meta"]
