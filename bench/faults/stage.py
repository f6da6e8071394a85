"""A run: parts at work on a list, faults at their points, and a watch on when all is well again."""

import os
import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from bench.faults.given import Given
from bench.faults.judge import judged
from bench.faults.parts import Part, below, parents, peak, surroundings
from bench.faults.receiver import Receiver
from bench.faults.table import Found, Row
from tocsin.errors import UserError
from tocsin.stores import open_store
from tocsin.stores.port import Store

TICK = 0.1
LOOK = 1.0
"""Seconds between two looks at the store."""
AHEAD = 120
"""Articles that may be on their way before the source is held: recovery is to be measured, and not a backlog."""
LATE = 5
"""Articles that may be accepted after a point has come before the source is held until it could be done."""
PATIENCE = 300.0
"""Seconds after the last article was accepted in which all of it has to be told."""
LONGEST = 2_400.0
"""Seconds of a run."""


class Place(NamedTuple):
    """Where a run happens."""

    name: str
    url: str
    folder: Path
    redis: str = ""
    broker: str = ""
    workers: int = 1
    """Processes ``python -m workers``."""
    stand_in: Path | None = None
    """A folder whose ``sitecustomize`` every part loads first."""


class Point(NamedTuple):
    """A fault, and after how many acknowledged articles it comes."""

    after: int
    kind: str
    act: "Callable[[Stage], bool | None]"
    """Does it, and returns when it is over; False where it could not be done yet, None where it will note itself."""
    slow: bool = False
    """Whether it takes its time: it runs beside then, and the next one waits until all is well again."""


class _Watch(msgspec.Struct):
    """What has to become ready and told after a fault."""

    kind: str
    names: set[str]
    since: float
    took: float = 0.0


class Stage:
    """The parts of a run."""

    def __init__(self, given: Given, place: Place, receiver: Receiver, *, rate: float, **more: str) -> None:
        """``rate``: articles a second that the source accepts; ``more``: further options of the source."""
        self.given, self.place, self.receiver = given, place, receiver
        receiver.log.clear()
        self.store = _patient(open_store(place.url, place.redis))
        self.store.put_subscriptions(given.told_to(receiver.address))
        place.folder.mkdir(parents=True, exist_ok=True)
        given.write(place.folder / "list")
        self._said, self._hold = place.folder / "acknowledged", place.folder / "hold"
        environment = surroundings(
            place.folder, store=place.url, redis=place.redis, broker=place.broker, processes=2,
        )  # fmt: skip
        if place.stand_in:
            environment["PYTHONPATH"] = os.pathsep.join([str(place.stand_in), str(Path.cwd())])
        options = [word for name, value in more.items() for word in (f"--{name}", value)]
        words = [str(place.folder / "list"), "--acknowledged", str(self._said), "--hold", str(self._hold)]
        words += ["--rate", str(rate), *options]
        self.source = Part("source", ["bench.faults.source", *words], place.folder, environment)
        self.workers = [
            Part(f"workers{number}", ["workers", "--with-parent"], place.folder, environment)
            for number in range(place.workers)
        ]
        self.done: list[str] = []
        """The kinds of faults that were done."""
        self.peak = 0.0
        self.wrong: list[str] = []
        self._watches: list[_Watch] = []
        # One thread as long as the run: what a thread has started may end with it (a server of the tests does).
        self._beside = ThreadPoolExecutor(max_workers=1)
        self._busy: Future[bool] | None = None
        self._looked = 0.0
        self._open = 0
        """How many articles were on their way at the last look."""
        self._late = False

    @property
    def acknowledged(self) -> list[str]:
        """Ids that the store has acknowledged to the source."""
        return self._said.read_text().split() if self._said.exists() else []

    def run(self, points: Sequence[Point]) -> Found:
        """Until everything has flowed, and been told. Returns what stands then."""
        waiting = sorted(points, key=lambda it: it.after)
        end = latest = time.monotonic() + LONGEST
        while time.monotonic() < end:
            for part in (self.source, *self.workers):
                part.see_to_it()
            # A fault that finds nothing on its way proves nothing: it is left out, and the number of points tells.
            if waiting and (self._now(waiting[0]) or self.source.done):
                waiting.pop(0)
            self._late = bool(waiting) and len(self.acknowledged) > waiting[0].after + LATE
            well = self._look() if self._free() and time.monotonic() - self._looked > LOOK else False
            if self.source.done and (well or end == latest):
                if well and not waiting:
                    break
                end = min(end, time.monotonic() + PATIENCE)
            time.sleep(TICK)
        else:
            self.wrong.append(f"not all was told in time: {self._overview()}")
        return self._judged()

    def stop(self) -> None:
        """End all parts in order."""
        for part in (self.source, *self.workers):
            took = part.stop()
            if took > 60 and part is not self.source:
                self.wrong.append(f"{part.name} took {took:.0f} s to end")
        self.store.close()
        self._beside.shutdown()

    def rows(self, found: Found, seconds: float, seed: int, asked: float = 60.0, least: int = 1) -> list[Row]:
        """A row for each kind of fault."""
        kinds = list(dict.fromkeys(self.done))
        return [
            Row(
                fault=kind, store=self.place.name, points=self.done.count(kind), found=found, asked=asked,
                recovery=max((it.took for it in self._watches if it.kind == kind), default=0.0), peak=self.peak,
                seconds=seconds, seed=seed, wrong=tuple(self.wrong), at_least=least,
            )
            for kind in kinds
        ]  # fmt: skip

    def _free(self) -> bool:
        return self._busy is None or self._busy.done()

    def _now(self, point: Point) -> bool:
        """Do what is due. False where it is not, or cannot be done yet."""
        if not self._free() or (point.slow and any(not it.took for it in self._watches)):
            return False
        if len(self.acknowledged) < point.after or not self._open:
            return False
        if point.slow:
            self._busy = self._beside.submit(self._act, point)
            return True
        return self._act(point)

    def _act(self, point: Point) -> bool:
        done = point.act(self)
        if done:
            self.note(point.kind)
        return done is not False

    def note(self, kind: str) -> None:
        """A fault is over: from now on it is watched how long it takes until all is well again."""
        self.done.append(kind)
        self._watches.append(_Watch(kind, set(self.acknowledged), time.monotonic()))

    def _look(self) -> bool:
        """Measure, and see who has recovered. Whether nothing is left to be done."""
        self._looked = time.monotonic()
        tree = parents()
        pids = [pid for part in (self.source, *self.workers) for pid in (part.pid, *below(part.pid, tree))]
        self.peak = max(self.peak, *map(peak, pids))
        try:
            open_ = {it.id for it in self.store.on_their_way()}
            # What goes out with a digest is meant to wait.
            due = self.store.deliveries_due(_later(), 5_000)
            open_ |= {notice.article for delivery, notice in due if not delivery.digest}
        except UserError:
            return False
        for watch in self._watches:
            if not watch.took and not watch.names & open_:
                watch.took = max(0.01, time.monotonic() - watch.since)
        self._open = len(open_)
        held = self._open > AHEAD or (self._late and self._open > 0)
        (self._hold.touch if held else partial(self._hold.unlink, missing_ok=True))()
        return not open_

    def _judged(self) -> Found:
        now = time.monotonic()
        for watch in self._watches:
            watch.took = watch.took or now - watch.since
        return judged(self.store, self.given, self.receiver)

    def _overview(self) -> str:
        try:
            told = self.store.overview()
        except UserError as error:
            return str(error)
        return ", ".join(f"{name} {told[name]}" for name in ("accepted", "filed", "ready", "parked", "waiting"))


def _later() -> datetime:
    return datetime.now(UTC) + timedelta(days=30)


def _patient(store: Store) -> Store:
    """The judge must not wait for a server that is away while parts die."""
    server = getattr(store, "server", None)
    if server is not None:
        server.patience = 2.0
    return store


def spread(kinds: Sequence[str], number: int, articles: int, seed: int) -> list[tuple[int, str]]:
    """So many random points of a flow, each kind as often as the others, in random order.

    Pages are not acknowledged one by one, and behind the last point something has to flow.
    """
    dice = random.Random(seed)
    names = [kinds[place % len(kinds)] for place in range(number)]
    dice.shuffle(names)
    return list(zip(sorted(dice.sample(range(articles // 20, articles * 3 // 5), number)), names, strict=True))
