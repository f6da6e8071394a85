"""While a server is away the rooms rest and hold back, and end when they are told to."""

import asyncio
from pathlib import Path

import pytest

from spiders import ledger as module
from spiders.ledger import Ledger
from tests.logged import log_of
from tests.stores.test_contract import article
from tocsin import settings
from tocsin.clock import SystemClock
from tocsin.errors import Away, UserError
from tocsin.stores import open_store
from workers import __main__ as workers


class Leaving:
    """A store whose server is away for the first calls."""

    def __init__(self, times: int, error: type[UserError] = Away) -> None:
        self.times, self.error, self.taken = times, error, list[str]()

    def accept(self, articles, pages) -> list[str]:
        self.times -= 1
        if self.times >= 0:
            raise self.error("It is away.")
        self.taken += [it.id for it in articles]
        return self.taken


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AWAY", (0.01,))
    monkeypatch.setattr(workers, "AWAY_SECONDS", (0.01,))
    monkeypatch.setattr(workers, "IDLE_SECONDS", 0.01)


def test_who_brings_a_page_waits_until_it_is_stored() -> None:
    async def crawl() -> None:
        ledger = Ledger(store := Leaving(5), gather=0.0)  # type: ignore[arg-type]
        assert await ledger.write(articles=[article(1)]) == [article(1).id]
        assert ledger.failed is None
        assert store.taken == [article(1).id]
        await ledger.close()

    asyncio.run(crawl())


def test_a_run_that_ends_waits_no_more() -> None:
    async def crawl() -> None:
        ledger = Ledger(Leaving(10**9), gather=0.0)  # type: ignore[arg-type]
        writing = asyncio.create_task(ledger.write(articles=[article(1)]))
        await asyncio.sleep(0.1)
        assert not writing.done()
        await asyncio.wait_for(ledger.close(), 5)
        with pytest.raises(Away):
            await writing
        assert isinstance(ledger.failed, Away)

    asyncio.run(crawl())


def test_what_no_waiting_mends_ends_the_run() -> None:
    async def crawl() -> None:
        ledger = Ledger(Leaving(1, UserError), gather=0.0)  # type: ignore[arg-type]
        with pytest.raises(UserError):
            await ledger.write(articles=[article(1)])
        assert ledger.failed is not None
        await ledger.close()

    asyncio.run(crawl())


@pytest.mark.parametrize("once", [False, True])
def test_the_worker_rests_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, once: bool) -> None:
    """It is said once; a run that is to end when nothing waits ends with the sentence instead."""
    store = open_store(f"sqlite:{tmp_path}/store.db")
    store.accept([article(1)])
    claim, calls = store.claim, list[int]()

    def claimed(*given):
        calls.append(1)
        if len(calls) in (1, 2, 3, 5):
            raise Away("It is away.")
        return claim(*given)

    monkeypatch.setattr(store, "claim", claimed)

    def work() -> int:
        known = settings.load(data_dir=tmp_path)
        return workers.run(store, known, SystemClock(), once=once, stopped=lambda: len(calls) > 6)

    if once:
        with pytest.raises(Away):
            work()
    else:
        with log_of(workers) as said:
            assert work() == 1
        assert [line["event"] for line in said] == ["the work rests until a server is back"] * 2
    store.close()
