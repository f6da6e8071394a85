"""A page that is not there any more is looked for once more, half an hour later, before it counts as withdrawn."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from spiders.answers import Answer, refusal
from spiders.ledger import Ledger
from spiders.pipelines import Counters, Intake
from spiders.schedule import GONE
from spiders.watch import Watch
from tests.spiders.memory_store import MemoryStore
from tests.spiders.test_versions import BODY, OUTLET, URL, article
from tocsin.addresses import address_id
from tocsin.records import PageState

HALF = timedelta(seconds=GONE)


class HandClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class Server:
    """Answers with one status after the other."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)

    async def fetch(self, *_: object, **__: object) -> Answer:
        status = self.statuses.pop(0)
        return Answer(status=304) if status == 304 else refusal(status, 0.0)


def looked(*looks: tuple[int, timedelta], stored: bool = True) -> tuple[MemoryStore, PageState]:
    """A page that was read, then looked at again with these answers, each so long after the one before."""
    store, clock = MemoryStore(), HandClock()
    name = address_id(URL)
    store.put_pages([PageState(address_id=name, url=URL, outlet="post", status=200, fetched=clock.now())])
    if stored:
        store.accept([article(BODY)])

    async def go() -> None:
        ledger, counters = Ledger(store, gather=0.0), Counters()
        intake = Intake(ledger, Any, clock, counters, depth=1)  # type: ignore[arg-type]
        server: Any = Server(*(status for status, _ in looks))
        watch = Watch(OUTLET, fetcher=server, ledger=ledger, intake=intake, clock=clock, counters=counters, once=False)
        for _, later in looks:
            clock.at += later
            await watch._fetch(store.states[name])
        await ledger.close()

    asyncio.run(go())
    return store, store.states[name]


def kinds(store: MemoryStore) -> list[str]:
    return [it.kind for it in store.accepted.values()]


@pytest.mark.parametrize("status", [404, 410])
def test_missing_twice_is_withdrawn(status: int) -> None:
    store, state = looked((status, HALF), stored=True)
    assert kinds(store) == ["article"]
    assert state.due is not None
    assert state.missing is not None
    assert state.due - state.missing == HALF
    store, state = looked((status, HALF), (status, HALF))
    assert kinds(store) == ["article", "withdrawn"]
    store, state = looked((status, HALF), (status, HALF), (status, 20 * HALF))
    assert kinds(store) == ["article", "withdrawn"]


def test_a_minute_later_is_too_soon() -> None:
    store, state = looked((404, HALF), (404, timedelta(minutes=1)))
    assert kinds(store) == ["article"]
    assert state.missing is not None
    assert state.due == state.missing + HALF
    store, _ = looked((404, HALF), (404, timedelta(minutes=1)), (404, HALF))
    assert kinds(store) == ["article", "withdrawn"]


def test_what_comes_back_was_not_withdrawn() -> None:
    store, state = looked((404, HALF), (304, HALF), (404, HALF))
    assert kinds(store) == ["article"]
    assert state.missing is not None


def test_other_failures_and_pages_without_a_text_withdraw_nothing() -> None:
    store, _ = looked((404, HALF), (503, HALF))
    assert kinds(store) == ["article"]
    store, _ = looked((404, HALF), (404, HALF), stored=False)
    assert kinds(store) == []
