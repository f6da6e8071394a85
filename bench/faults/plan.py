"""The parts of the table: which run, with which faults, at which size."""

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from bench.faults import disk, kills, nth, poisoning, servers
from bench.faults.given import Given, given
from bench.faults.poison import stand_in
from bench.faults.receiver import Receiver, listening
from bench.faults.stage import Place, Point, Stage
from bench.faults.table import Row
from tests.services import elastic_server

ELASTIC = 120.0
"""Seconds in which all has to be well again after Elasticsearch is back."""
PRESSURE = "500kb"
"""All writes that Elasticsearch takes at a time, for the run in which it is too busy."""


class Size(NamedTuple):
    """How much of everything."""

    articles: int
    kills: int
    """Points of the shared runs in which processes are killed."""
    redis: int
    elastic: int
    frozen: float
    """Seconds for which Redis is stopped."""
    disk: int
    step: int
    """Of so many writes of SQLite one fails; 1: each."""
    lease: float
    """Seconds of a lease; 0: as it is."""
    sqlite_rate: float
    """Articles a second: what workers and servers on two cores carry besides being killed."""
    elastic_rate: float
    outage_rate: float
    """The same while a server is away for half of the time."""
    slower: float = 1.0
    """So many times as long as promised may recovery take: tests run on machines that are busy with others."""


WHOLE = Size(5_000, 36, 10, 5, 30.0, 3, 1, 0.0, 60.0, 22.0, 12.0)
SHORT = Size(360, 8, 3, 1, 5.0, 1, 25, 5.0, 12.0, 6.0, 4.0, slower=5.0)


class Means(NamedTuple):
    """What the parts share."""

    size: Size
    seed: int
    folder: Path
    receiver: Receiver
    flowing: Given
    small: Given
    redis: str | None
    """The program; None where it is absent."""
    elastic: Path | None

    def place(self, name: str, store: str, **more: object) -> Place:
        """A folder and a store in it for a run."""
        folder = self.folder / name
        short = stand_in(folder / "first", lease=self.size.lease) if self.size.lease else None
        url = more.pop("url", f"sqlite:{folder}/store.db")
        return Place(store, str(url), folder, stand_in=short)._replace(**more)  # type: ignore[arg-type]


@contextlib.contextmanager
def means(size: Size, seed: int, folder: Path, redis: str | None, elastic: Path | None) -> Iterator[Means]:
    """Make what flows, and listen."""
    flowing = given(size.articles, seed, own=size.slower > 1)
    small = given(20, seed, own=True)
    # Each alert is some forty writes to the disk.
    few = [it for it in small.subscriptions if small.expected[it.id]][:6]
    small = small._replace(subscriptions=few, expected={it.id: small.expected[it.id] for it in few})
    with listening() as receiver:
        yield Means(size, seed, folder, receiver, flowing, small, redis, elastic)


def run(
    it: Means, place: Place, points: list[Point], rate: float, *, asked: Mapping[str, float] = MappingProxyType({}),
    nothing: str = "", after: Callable[[Stage], list[str]] = lambda _: [], **more: str,
) -> list[Row]:  # fmt: skip
    """One run and a row for each of its kinds of faults; ``nothing``: the name of a row without any."""
    begun = time.monotonic()
    stage = Stage(it.flowing, place, it.receiver, rate=rate, **more)
    try:
        found = stage.run(points)
        stage.wrong += after(stage)
    finally:
        stage.stop()
    seconds = time.monotonic() - begun
    planned = [point.kind for point in points]
    rows = [
        row._replace(asked=next((most for name, most in asked.items() if row.fault.startswith(name)), row.asked))
        for row in stage.rows(found, seconds, it.seed)
    ]
    rows = [row._replace(asked=row.asked * it.size.slower) for row in rows]
    if missing := set(planned) - {row.fault for row in rows}:
        rows += [Row(kind, place.name, 0, found, seconds=seconds, seed=it.seed) for kind in sorted(missing)]
    # In the short form the flow may be over before the last of the points could be done.
    least = 0 if it.size.slower > 1 else 1
    rows = [row._replace(at_least=least and max(1, planned.count(row.fault) * 2 // 3)) for row in rows]
    if nothing:
        rows.append(
            Row(nothing, place.name, 1, found, asked=0, peak=stage.peak, seconds=seconds, seed=it.seed,
                wrong=tuple(stage.wrong))
        )  # fmt: skip
    return rows


def sqlite_kills(it: Means) -> list[Row]:
    """Two workers over one file, without a broker."""
    points = kills.kills(kills.WITHOUT, it.size.kills, it.size.articles, it.seed)
    return run(it, it.place("kills", "SQLite", workers=2), points, it.size.sqlite_rate)


def elastic_kills(it: Means) -> list[Row]:
    """Celery over Redis and Elasticsearch."""
    with _distributed(it, "kills-elastic") as (place, _, _):
        points = kills.kills(kills.WITH_BROKER, it.size.kills, it.size.articles, it.seed)
        return run(it, place, points, it.size.elastic_rate)


def redis_faults(it: Means) -> list[Row]:
    """Broker and fingerprints befallen at once."""
    with _distributed(it, "redis") as (place, redis, _):
        points = servers.redis_points(redis, it.size.redis, it.size.articles, it.seed, it.size.frozen)
        return run(it, place, points, it.size.outage_rate)


def elastic_faults(it: Means) -> list[Row]:
    """The store itself befallen."""
    with _distributed(it, "elastic") as (place, _, elastic):
        points = servers.elastic_points(elastic, it.size.elastic, 1, it.size.articles, it.seed)
        return run(it, place, points, it.size.outage_rate, asked={"Elasticsearch": ELASTIC})


def busy_and_twice(it: Means) -> list[Row]:
    """Elasticsearch takes less at a time than is brought, and every hint comes twice and in disorder."""
    refused: list[int] = []

    def after(_: Stage) -> list[str]:
        refused.append(servers.rejections(elastic))
        return [] if refused[0] else ["no write was refused: it proves nothing"]

    with _distributed(it, "busy", PRESSURE) as (place, _, elastic):
        rows = run(
            it, place, [], it.size.elastic_rate, nothing="Elasticsearch answers 429; hints twice, in disorder",
            after=after, twice=str(it.seed),
        )  # fmt: skip
    return [row._replace(points=refused[0]) for row in rows]


def mixed(it: Means) -> list[Row]:
    """All that befalls processes and servers in one run, and every hint twice: for those who have little time."""
    with _distributed(it, "mixed") as (place, redis, elastic):
        points = [
            *kills.kills(kills.WITH_BROKER, len(kills.WITH_BROKER), it.size.articles, it.seed),
            *servers.redis_points(redis, it.size.redis, it.size.articles, it.seed, it.size.frozen),
            *servers.elastic_points(elastic, it.size.elastic, 0, it.size.articles, it.seed),
        ]
        return run(
            it, place, points, it.size.elastic_rate, asked={"Elasticsearch": ELASTIC},
            nothing="hints twice, in disorder", twice=str(it.seed),
        )  # fmt: skip


def sqlite_twice(it: Means) -> list[Row]:
    """The same with a file as the store."""
    if not it.redis:
        return []
    with servers.redis_served(it.redis) as redis:
        place = it.place("twice", "SQLite+Celery", broker=redis.broker)
        return run(it, place, [], it.size.sqlite_rate / 2, nothing="hints twice, in disorder", twice=str(it.seed))


def disk_full(it: Means) -> list[Row]:
    """No room for the file for a while."""
    points = disk.disk_points(it.size.disk, it.size.articles, it.seed, 10.0)
    place = it.place("disk", "SQLite", workers=2)
    return run(it, place, points, it.size.sqlite_rate, after=disk.told)


def sqlite_nth(it: Means) -> list[Row]:
    """Each write, each call of the receiver."""
    with _kit(it) as kit:
        rows = [nth.webhook_calls(kit, it.seed, cut=cut) for cut in (False, True)]
        return [*rows, nth.sqlite_writes(kit, it.seed, it.size.step)]


def elastic_nth(it: Means) -> list[Row]:
    """Each call of Elasticsearch."""
    with _distributed(it, "nth-elastic") as (place, _, _), _kit(it) as kit:
        step = 1 if it.size.step == 1 else 8
        return [nth.elastic_calls(kit, place, it.seed, heard=heard, step=step) for heard in (True, False)]


def sqlite_poison(it: Means) -> list[Row]:
    """Texts that kill whoever reads them."""
    return poisoning.run(it.flowing, it.place("poison", "SQLite", workers=2), it.receiver, it.seed, it.size.lease)


def elastic_poison(it: Means) -> list[Row]:
    """The same, and texts that hold a worker for ever."""
    with _distributed(it, "poison-elastic") as (place, _, _):
        return poisoning.run(it.flowing, place, it.receiver, it.seed, it.size.lease)


PARTS: Mapping[str, Callable[[Means], list[Row]]] = MappingProxyType(
    {
        "kills-sqlite": sqlite_kills, "kills-elastic": elastic_kills, "redis": redis_faults, "elastic": elastic_faults,
        "busy": busy_and_twice, "twice": sqlite_twice, "disk": disk_full, "nth-sqlite": sqlite_nth,
        "nth-elastic": elastic_nth, "poison-sqlite": sqlite_poison, "poison-elastic": elastic_poison, "mixed": mixed,
    }
)  # fmt: skip
QUICK = ("kills-sqlite", "disk", "nth-sqlite", "poison-sqlite", "mixed")
"""The short form; the long one is all but the last of these, which it has in parts."""
NEEDING = frozenset({"kills-elastic", "redis", "elastic", "busy", "nth-elastic", "poison-elastic", "mixed"})
"""Parts that need both servers; ``twice`` needs Redis."""


@contextlib.contextmanager
def _distributed(
    it: Means, name: str, pressure: str = ""
) -> Iterator[tuple[Place, servers.RedisServer, elastic_server.Server]]:
    if not (it.redis and it.elastic):
        raise ValueError("this part is not to be run without its servers")
    with servers.redis_served(it.redis) as redis, elastic_server.served(it.elastic) as elastic:
        if pressure:
            servers.pressed(elastic, pressure)
        place = it.place(
            name, "Elasticsearch", url=f"elastic+{elastic.address}/faults", redis=redis.fingerprints,
            broker=redis.broker,
        )  # fmt: skip
        yield place, redis, elastic


@contextlib.contextmanager
def _kit(it: Means) -> Iterator[nth.Kit]:
    # A thousand files are made one after the other: in memory, where there is such a place.
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="tocsin-faults-", dir=memory if memory.is_dir() else None) as folder:
        yield nth.Kit.of(it.small, it.receiver, Path(folder))
