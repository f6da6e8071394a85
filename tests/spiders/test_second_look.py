"""A page that held too little is looked at again, twice; a page that is no article is not."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from spiders.extract import Extraction
from spiders.ledger import Ledger
from spiders.pipelines import MAY_CHANGE, Counters, Intake
from spiders.schedule import LADDER, second_look
from tests.spiders.memory_store import MemoryStore
from tocsin.addresses import address_id
from tocsin.clock import SystemClock
from tocsin.records import HttpFacts, Outlet, Page, PageState

OUTLET = Outlet(name="post", home="https://post.example/")
FAST = msgspec.structs.replace(OUTLET, every=6.0)
URL = "https://post.example/a"


class Dropping:
    """A reader that finds no article, for one reason."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    async def extract(self, page: Page, outlet: Outlet) -> Extraction:
        """No article."""
        return Extraction(drop=self.reason, detail=f"{outlet.name}: {page.url}")


def look(state: PageState, reason: str) -> tuple[PageState, MemoryStore]:
    store = MemoryStore()

    async def go() -> None:
        ledger = Ledger(store, gather=0.0)
        reader: Any = Dropping(reason)
        intake = Intake(ledger, reader, SystemClock(), Counters(), depth=1)
        now = datetime.now(UTC)
        await intake.put(
            OUTLET, state, Page(url=URL, fetched_url=URL, body=b"x", fetched=now, http=HttpFacts(status=200))
        )
        await intake.drain()
        await ledger.close()

    asyncio.run(go())
    return store.states[address_id(URL)], store


@pytest.mark.parametrize("reason", MAY_CHANGE)
def test_a_page_with_too_little_gets_two_more_looks(reason: str) -> None:
    state = PageState(address_id=address_id(URL), url=URL, outlet="post")
    spans = []
    for _ in range(3):
        state, store = look(state, reason)
        assert [drop.reason for drop in store.drops] == [reason]
        if state.due is None or state.fetched is None:
            break
        spans.append(round((state.due - state.fetched).total_seconds()))
    assert spans == [LADDER[0], LADDER[1]]
    assert state.due is None


@pytest.mark.parametrize("reason", ["not an article", "soft 404", "not HTML"])
def test_a_page_that_is_no_article_is_left_alone(reason: str) -> None:
    state, store = look(PageState(address_id=address_id(URL), url=URL, outlet="post"), reason)
    assert state.due is None
    assert [drop.reason for drop in store.drops] == [reason]


def test_a_fast_outlet_looks_again_soon() -> None:
    now = datetime(2026, 11, 26, tzinfo=UTC)
    first = second_look(FAST, now, before=0.0)
    assert first is not None
    assert (first - now).total_seconds() == pytest.approx(LADDER[0] / 100)
    assert second_look(FAST, now, before=LADDER[1] / 100) is None
