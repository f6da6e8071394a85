"""The road of several processes: Celery workers over a broker, fed by the door that spiders accept through."""

import asyncio
import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.faults.parts import Part, surroundings
from spiders.ledger import BATCH, Ledger
from tocsin.clock import SystemClock
from tocsin.queue import Hints
from tocsin.records import Article
from tocsin.settings import Settings
from tocsin.stores.port import Store

PATIENCE = 480.0
"""Seconds that a run may take until the last article is at the end of the road."""


class Crew(NamedTuple):
    """Processes of ``python -m workers``."""

    parts: list[Part]

    def words(self) -> str:
        """The last ones that they said."""
        return "\n".join(part.words() for part in self.parts)


@contextlib.contextmanager
def crew(settings: Settings, number: int, **environment: str) -> Iterator[Crew]:
    """So many worker processes with ``settings.processes`` children each; stopped in order at the end.

    Without a broker each is one process that asks the store. ``environment`` is set for them in addition.
    """
    folder: Path = settings.data_dir
    folder.mkdir(parents=True, exist_ok=True)
    given = {name: getattr(settings, name) for name in ("store", "redis", "broker", "processes") if settings.broker}
    around = surroundings(folder, **given) | environment
    parts = [
        Part(f"workers-{count}", ["workers", "--store", settings.store_url, "--with-parent"], folder, around)
        for count in range(number)
    ]
    try:
        yield Crew(parts)
    finally:
        for part in parts:
            part.stop()


def feed(store: Store, settings: Settings, articles: Sequence[Article]) -> None:
    """Accept articles in their order, as a spider does: through its ledger, each batch with its hints.

    Raises RuntimeError where one was not new.
    """

    async def write() -> int:
        ledger = Ledger(store, gather=0.0, hint=Hints(settings, SystemClock()).accepted)
        new = 0
        for start in range(0, len(articles), BATCH):
            new += len(await ledger.write(articles=articles[start : start + BATCH]))
        await ledger.close()
        return new

    if (new := asyncio.run(write())) != len(articles):
        raise RuntimeError(f"{len(articles)} articles were brought, and {new} were new")


def carried(store: Store, number: int, seconds: float = PATIENCE) -> float:
    """Wait until so many articles are ready or parked and nothing waits for delivery. Returns how long it took.

    Raises RuntimeError where that does not come to pass.
    """
    begun = time.monotonic()
    told = store.overview()
    while told["ready"] + told["parked"] < number or told["waiting"] or told["accepted"] or told["filed"]:
        if time.monotonic() - begun > seconds:
            raise RuntimeError(f"not at the end of the road within {seconds:.0f} seconds: {told}")
        time.sleep(1.0)
        told = store.overview()
    return time.monotonic() - begun
