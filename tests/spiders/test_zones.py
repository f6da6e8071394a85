"""An outlet's zone is learnt from its own pages, never guessed, and not carried over the end of summer time."""

from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from spiders.zones import NOTE, Zones
from tocsin.records import Article, DateCandidate, ExtractionFacts

KYIV = timedelta(hours=2)
NOON = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)
BARE = Article(
    id="",
    address_id="",
    url="https://one.example/1",
    outlet="one",
    first_seen=NOON,
    published=datetime(2026, 11, 15, 9, 30),
)


def telling(offset: timedelta, when: datetime = NOON, verdict: str = "agrees", outlet: str = "one") -> Article:
    """A page that prints local digits, of which a feed tells the moment."""
    local = (when + offset).replace(tzinfo=None, second=0)
    ledger = (DateCandidate(raw="x", origin="text", value=local, verdict=verdict),)
    moment = when + timedelta(seconds=37)
    return msgspec.structs.replace(
        BARE, outlet=outlet, published=moment, extraction=ExtractionFacts(dates=ledger), published_origin="feed"
    )


@pytest.mark.parametrize("offset", [KYIV, timedelta(hours=-5), timedelta(hours=5, minutes=30), timedelta()])
def test_two_pages_tell_the_offset(offset: timedelta) -> None:
    """One page is not enough; two are, and the article says where its zone is from."""
    zones = Zones()
    zones.settle(telling(offset))
    assert zones.settle(BARE) == BARE
    zones.settle(telling(offset, NOON - timedelta(days=1)))
    settled = zones.settle(BARE)
    assert settled.published == datetime(2026, 11, 15, 9, 30, tzinfo=timezone(offset))
    assert settled.published_note == NOTE


def test_what_tells_nothing_is_not_learnt_from() -> None:
    """A clock of the page, another outlet, a gap that is no offset, pages that disagree, dates far away."""
    for pages in (
        [telling(KYIV, verdict="page furniture")] * 3,
        [telling(KYIV, outlet="two")] * 3,
        [telling(timedelta(minutes=127))] * 3,
        [telling(KYIV), telling(KYIV), telling(timedelta(hours=3)), telling(timedelta(hours=3))],
        [telling(KYIV, NOON - timedelta(days=40))] * 3,
    ):
        zones = Zones()
        for page in pages:
            zones.settle(page)
        assert zones.settle(BARE) == BARE


def test_a_day_without_a_time_stays_a_day() -> None:
    """There is no minute to put into a zone."""
    zones = Zones()
    for _ in range(3):
        zones.settle(telling(KYIV))
    day = msgspec.structs.replace(BARE, published=datetime(2026, 11, 15), published_note="day only; no zone")
    assert zones.settle(day) == day
