"""A source as a process: works a list off into a store as a spider does, and is killed now and then.

    python -m bench.faults.source LIST --acknowledged FILE --hold FILE --rate N [--twice SEED]

Articles go through the ledger, pages through the intake with its extraction children. What it remembers is in the
store alone: started anew, it goes on with the addresses whose page nobody has read. Settings come from ``TOCSIN_…``.
"""

import argparse
import asyncio
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from bench.faults.given import Item, outlet_of, page_of, read
from spiders.children import Pool
from spiders.ledger import Ledger
from spiders.pipelines import Counters, Intake
from tocsin import logs, settings
from tocsin.clock import SystemClock
from tocsin.errors import UserError
from tocsin.parent import when_parent_goes
from tocsin.records import Article, PageState
from tocsin.settings import Settings
from tocsin.stores import open_store
from tocsin.stores.port import CrawlStore

AT_ONCE = 24
TARGET = "spiders.extract:extract"


def main() -> int:
    """Until all of the list is in the store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list", type=Path)
    parser.add_argument("--acknowledged", type=Path, required=True)
    parser.add_argument("--rate", type=float, required=True, help="articles a second at most")
    parser.add_argument("--hold", type=Path, required=True, help="as long as this file is there, nothing is brought")
    parser.add_argument("--twice", type=int, help="send every hint twice and in disorder, by this seed")
    parser.add_argument("--target", default=TARGET, help="what reads a page")
    parser.add_argument("--deadline", type=float, default=20.0, help="seconds for a page")
    arguments = parser.parse_args()
    when_parent_goes(lambda: os._exit(1))
    try:
        _work_off(settings.load(), arguments)
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return error.code
    return 0


def _work_off(chosen: Settings, arguments: argparse.Namespace) -> None:
    logs.configure(chosen.log_level)
    store = open_store(chosen.store_url, chosen.redis)
    hint, flush = _hint(chosen, arguments.twice)
    asyncio.run(_all_of(Source(store, hint, arguments), read(arguments.list)))
    flush()
    store.close()


async def _all_of(source: "Source", items: Sequence[Item]) -> None:
    try:
        await source.run(items)
    except UserError as error:
        # Before the loop ends, which would tell of every write that failed with it.
        sys.stderr.write(f"{error}\n")
        sys.stderr.flush()
        os._exit(error.code)


Hint = Callable[[Sequence[Article]], object]


def _hint(chosen: Settings, twice: int | None) -> tuple[Hint | None, Callable[[], object]]:
    """What tells the workers, as a spider's does, and what to call at the end."""
    if not chosen.broker:
        return None, lambda: None
    from tocsin.queue import Hints

    hints = Hints(chosen, SystemClock())
    if twice is None:
        return hints.accepted, lambda: None
    kept: list[Article] = []
    dice = random.Random(twice)

    def flush() -> None:
        both = [*kept, *kept]
        dice.shuffle(both)
        hints.accepted(both)
        kept.clear()

    def late(articles: Sequence[Article]) -> None:
        kept.extend(articles)
        if len(kept) >= 60:
            flush()

    return late, flush


class Source:
    """Works a list off."""

    def __init__(self, store: CrawlStore, hint: Hint | None, arguments: argparse.Namespace) -> None:
        self._store, self._hint = store, hint
        self._target, self._deadline, self._rate = arguments.target, arguments.deadline, arguments.rate
        self._hold: Path = arguments.hold
        self._said = os.open(arguments.acknowledged, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
        self._clock = SystemClock()

    async def run(self, items: Sequence[Item]) -> None:
        """Until every address has been read, or left out with a reason."""
        pool = Pool(2, target=self._target, deadline=self._deadline)
        self._ledger = Ledger(self._store, hint=self._hint)
        self._intake = Intake(self._ledger, pool, self._clock, Counters(), depth=AT_ONCE)
        while left := await self._unread(items):
            self._begun, self._count = time.monotonic(), 0
            waiting = iter(left)
            await asyncio.gather(*(self._work(waiting) for _ in range(AT_ONCE)))
            await self._intake.drain()
        await self._ledger.close()
        await pool.close()

    async def _unread(self, items: Sequence[Item]) -> list[tuple[Item, PageState]]:
        """What nobody has read, with what the store knows of it."""
        names = [item.article.address_id for item in items]
        known: dict[str, PageState] = {}
        for start in range(0, len(names), 500):
            part = names[start : start + 500]
            known |= await self._ledger.ask(lambda store, part=part: store.pages(part))  # type: ignore[misc]
        return [
            (item, state or PageState(address_id=it.address_id, url=it.url, outlet=it.outlet, due=self._clock.now()))
            for item in items
            for it in (item.article,)
            if (state := known.get(it.address_id)) is None or state.fetched is None
        ]

    async def _work(self, waiting: Iterator[tuple[Item, PageState]]) -> None:
        for item, state in waiting:
            await self._pace()
            if item.page:
                await self._intake.put(outlet_of(item.article), state, page_of(item))
                continue
            now = self._clock.now()
            article = msgspec.structs.replace(item.article, first_seen=now)
            page = PageState(address_id=state.address_id, url=state.url, outlet=state.outlet, status=200, fetched=now)
            await self._ledger.write(articles=[article], pages=[page])
            os.write(self._said, f"{article.id}\n".encode())

    async def _pace(self) -> None:
        while self._hold.exists():  # noqa: ASYNC110 - another process makes the file
            await asyncio.sleep(0.1)
        self._count += 1
        await asyncio.sleep(max(0.0, self._begun + self._count / self._rate - time.monotonic()))


if __name__ == "__main__":
    sys.exit(main())
