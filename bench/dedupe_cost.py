"""What deduplication costs: CPU of an article, and time and bytes of an article as more and more are registered.

    python -m bench.dedupe_cost [--sizes 10000,100000,1000000] [--only sqlite|redis] [--plot docs/dedupe-cost.svg]

Texts are of a seeded vocabulary whose words are as unevenly frequent as in a language; 15 in 100 are copies of a recent
one, whole, cut, or with words of their own. At each size the next two thousand articles are timed. A million takes ten
minutes for each store, half of them to draw the texts. Points are added to ``--data``, if it is given, so that each
store may have its own run.

Asked (issue 6): 1,000 articles/s of CPU on one core with their tokens at hand; Redis 2 kB and 0.3 ms of the server's
time an article, with what verification needs; at a million registered, twice the time of ten thousand at most.
"""

import argparse
import json
import random
import struct
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.services import redis_server
from tocsin.addresses import address_id, article_id
from tocsin.records import Article, derived_id
from tocsin.stores.port import Met, Sketch, own_story
from tocsin.stores.sqlite import SqliteStore
from tocsin.words import Analysed, Token
from workers.dedupe import CANDIDATES, decide
from workers.flow import BATCH
from workers.sketch import sketch

PER_SECOND, BYTES, SERVER_MS, GROWTH = 1_000, 2_048, 0.3, 2.0
"""What is asked."""
SIZES = (10_000, 100_000)
TIMED = 2_000
COPIES = 0.15
_VOCABULARY = 60_000
_NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
_PER_DAY = 40_000

Registration = tuple[Sketch, tuple[int, ...]]


class Point(NamedTuple):
    """What an article costs when so many are registered."""

    registered: int
    ms: float
    """Of SQLite by the wall clock, commit included: half of the batches are faster. Of Redis the server's own time."""
    cpu_ms: float
    """Of the worker's process."""
    bytes: float


class Press:
    """Texts one after the other, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        letters = "etaoinshrdlucmfwypvbgk"
        made = ["".join(self._dice.choices(letters, k=self._dice.randint(2, 11))) for _ in range(_VOCABULARY)]
        words = [word.capitalize() if at > 300 and at % 7 == 0 else word for at, word in enumerate(made)]
        words = [str(at * 37) if at > 500 and at % 90 == 0 else word for at, word in enumerate(words)]
        self._tokens = {word: Token((f"s:{word.casefold()}", f"x:{word}")) for word in words}
        self.vocabulary = tuple(self._tokens.values())
        self._words = list(self._tokens)
        self._hashes = {word: self._dice.getrandbits(32) for word in self._words}
        self._chances = list(accumulate(1 / (rank + 3) for rank in range(len(self._words))))
        self._recent: list[list[str]] = []
        self._count = 0

    def articles(self) -> Iterator[tuple[Article, Analysed]]:
        """Articles with their tokens, for ever."""
        while True:
            words = self._next()
            text = " ".join(words) + "."
            url = f"https://outlet{self._count % 200}.example/{self._count}"
            text_hash = derived_id("text", text)
            article = Article(
                id=article_id(address_id(url), text_hash), address_id=address_id(url), url=url, lang="en",
                outlet=f"outlet{self._count % 200}", first_seen=self._now(), title=" ".join(words[:8]), text=text,
                text_hash=text_hash,
            )  # fmt: skip
            tokens = tuple(self._tokens[word] for word in words)
            yield article, Analysed(title=tokens[:8], text=tokens, sentences=tuple(range(0, len(tokens), 20)))

    def registrations(self) -> Iterator[Registration]:
        """Sketches and fingerprints as of such texts, with cheaper hashes: here the drawing is not measured."""
        while True:
            words = self._next()
            one = [self._hashes[word] for word in words]
            runs = zip(one, one[1:], one[2:], one[3:], strict=False)
            mixed = ((a * 5 + b * 0x9E3779B1 + c * 0x85EBCA6B + d * 0xC2B2AE35) & 0xFFFFFFFF for a, b, c, d in runs)
            hashes = sorted(set(mixed))
            name = derived_id("bench", str(self._count))
            drawn = Sketch(
                article=name, story="", outlet=f"outlet{self._count % 200}", lang="en", address_id=name,
                text_hash=derived_id("text", *words), title_hash=name, tokens=len(words),
                shingles=struct.pack(f"<{len(hashes)}I", *hashes), names=struct.pack("<20I", *sorted(one[:20])),
                slots=struct.pack("<40I", *one[:40]), numbers=("100", "2,5"), first_seen=self._now(),
            )  # fmt: skip
            yield drawn, tuple(hashes[: min(64, max(24, len(hashes) // 12))])

    def _now(self) -> datetime:
        return _NOON + timedelta(days=self._count / _PER_DAY)

    def _next(self) -> list[str]:
        self._count += 1
        if not self._recent or self._dice.random() >= COPIES:
            words = self._some(min(1_500, max(60, int(self._dice.lognormvariate(5.6, 0.5)))))
            self._recent.append(words)
            if len(self._recent) > 2_000:
                self._recent[self._dice.randrange(2_000)] = self._recent.pop()
            return words
        words = self._dice.choice(self._recent)
        kind = self._dice.random()
        if kind < 0.4:
            return words
        return words[: max(60, len(words) * 3 // 4)] if kind < 0.7 else [*words, *self._some(25)]

    def _some(self, count: int) -> list[str]:
        return self._dice.choices(self._words, cum_weights=self._chances, k=count)


def filing_rate(folder: Path, count: int = 4_000) -> dict[str, float]:
    """CPU milliseconds of an article, step by step, tokens at hand; the second half of so many is measured."""
    store = SqliteStore.open(str(folder / "rate.db"))
    spent = dict.fromkeys(("sketch", "meet", "decide", "file", "commit"), 0.0)
    press = Press(1)
    with store.db.write() as cursor:
        # A store that has run for a while knows the words of its language.
        store.db.forms.stored(Analysed(title=(), text=press.vocabulary), cursor)
    articles = press.articles()
    for at in range(0, count, BATCH):
        if at == count // 2:
            spent = dict.fromkeys(spent, 0.0)
        batch = list(islice(articles, BATCH))
        store.accept([article for article, _ in batch])
        claimed = store.claim(BATCH, 30, _NOON)
        _file(store, [(article, analysed) for article, (_, analysed) in zip(claimed, batch, strict=True)], spent)
    store.close()
    return {step: 1e3 * seconds / (count // 2) for step, seconds in spent.items()}


def _file(store: SqliteStore, batch: Sequence[tuple[Article, Analysed]], spent: dict[str, float]) -> None:
    """As ``workers.flow.file``, with a watch."""
    last = time.process_time()

    def lap(step: str) -> None:
        nonlocal last
        now = time.process_time()
        spent[step] += now - last
        last = now

    drawn = [sketch(article, analysed) for article, analysed in batch]
    lap("sketch")
    with store.filing() as filing:
        for (article, analysed), one in zip(batch, drawn, strict=True):
            met = filing.meet(one.sketch, one.prints, (), CANDIDATES)
            lap("meet")
            decided = decide(article, one, met)
            lap("decide")
            filing.file(decided.article, decided.sketch, one.prints, analysed)
            for other in decided.joins:
                filing.join(decided.article.story, other)
            lap("file")
    lap("commit")


def sqlite_curve(sizes: Sequence[int], folder: Path) -> list[Point]:
    """Time and bytes of an article in the store's file."""
    store = SqliteStore.open(str(folder / "curve.db"))
    press = Press(2).registrations()
    points, registered = [], 0
    for size in sizes:
        registered += _filled(store, islice(press, size - TIMED - registered))
        walls = []
        batches = [list(islice(press, BATCH)) for _ in range(TIMED // BATCH)]
        cpu = time.process_time()
        for batch in batches:
            start = time.perf_counter()
            registered += len(_registered(store, batch))
            walls.append((time.perf_counter() - start) / len(batch))
        cpu = (time.process_time() - cpu) / TIMED
        taken = store.db.one("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        points.append(Point(registered, 1e3 * median(walls), 1e3 * cpu, taken / registered))
        print(f"  sqlite {points[-1]}", file=sys.stderr, flush=True)
    store.close()
    return points


def _filled(store: SqliteStore, texts: Iterator[Registration]) -> int:
    """Register texts without a look at what they meet, and without waiting for the disk. Returns how many."""
    count = 0
    store.db.connection.pragma("synchronous", "off")
    while batch := list(islice(texts, 200)):
        with store.filing() as filing:
            for drawn, prints in batch:
                filing.meet(drawn, prints, (), 0)
        count += len(batch)
    store.db.connection.pragma("synchronous", "full")
    return count


def _registered(store: SqliteStore, batch: Sequence[Registration]) -> Sequence[Registration]:
    with store.filing() as filing:
        for drawn, prints in batch:
            met = filing.meet(drawn, prints, (), CANDIDATES)
            filing.settle(drawn.article, _story(drawn, met))
    return batch


def _story(drawn: Sketch, met: Met) -> str:
    """The story of a copy's original, which begins alike; deciding is not measured here."""
    return next((it.story for it in met.near if it.names == drawn.names), own_story(drawn.article))


def redis_curve(sizes: Sequence[int], server: str) -> list[Point]:
    """The same in Redis, by the server's own clock and memory. It is filled by the way of rebuilding."""
    from tocsin.stores.redis import RedisFingerprints

    press = Press(2).registrations()
    points, registered = [], 0
    with redis_server.running(server) as address:
        known = RedisFingerprints.open(address)
        client = known._client  # noqa: SLF001
        empty = client.info("memory")["used_memory"]
        for size in sizes:
            known.rebuild(islice(press, size - TIMED - registered), ())
            batch = list(islice(press, TIMED))
            registered = size
            client.config_resetstat()
            cpu = time.process_time()
            for drawn, prints in batch:
                met = known.meet(drawn, prints, (), CANDIDATES)
                known.settle(drawn.article, _story(drawn, met))
            cpu = (time.process_time() - cpu) / TIMED
            spent = client.info("commandstats")["cmdstat_evalsha"]["usec"] / TIMED / 1e3
            taken = (client.info("memory")["used_memory"] - empty) / registered
            points.append(Point(registered, spent, 1e3 * cpu, taken))
            print(f"  redis {points[-1]}", file=sys.stderr, flush=True)
    return points


def failures(steps: dict[str, float], curves: dict[str, list[Point]]) -> list[str]:
    """What falls short of what is asked."""
    found = []
    if steps and 1e3 / sum(steps.values()) < PER_SECOND:
        found.append(f"{1e3 / sum(steps.values()):.0f} articles/s of CPU, asked {PER_SECOND}")
    for name, points in curves.items():
        if (growth := points[-1].ms / points[0].ms) > GROWTH:
            found.append(f"{name}: {growth:.2f} times the time at {points[-1].registered:,}, asked {GROWTH}")
    for point in curves.get("redis", ()):
        if point.bytes > BYTES:
            found.append(f"Redis takes {point.bytes:.0f} bytes an article at {point.registered:,}, asked {BYTES}")
        if point.ms > SERVER_MS:
            found.append(f"Redis takes {point.ms:.3f} ms an article at {point.registered:,}, asked {SERVER_MS}")
    return found


def plot(curves: dict[str, list[Point]]) -> str:
    """The curves as SVG: milliseconds of an article over texts registered, which grow tenfold from mark to mark."""
    from math import log10

    every = [point for points in curves.values() for point in points]
    low, high = log10(min(it.registered for it in every)), log10(max(it.registered for it in every))
    top = 1.2 * max(it.ms for it in every)

    def at(registered: float, ms: float) -> tuple[float, float]:
        return 70 + 520 * (log10(registered) - low) / max(high - low, 1e-9), 260 - 220 * ms / top

    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 680 310" font-family="sans-serif" font-size="12">',
        '<rect width="680" height="310" fill="#fff"/>',
        '<text x="70" y="22" font-size="14">Milliseconds to register an article and find its like</text>',
    ]
    for step in range(5):
        _, y = at(10**low, top * step / 4)
        lines.append(f'<path d="M70 {y:.1f}H590" stroke="#ddd"/>')
        lines.append(f'<text x="62" y="{y + 4:.1f}" text-anchor="end">{top * step / 4:.2f}</text>')
    for registered in sorted({it.registered for it in every}):
        x, _ = at(registered, 0)
        lines.append(f'<text x="{x:.1f}" y="280" text-anchor="middle">{registered:,}</text>')
    lines.append('<text x="330" y="300" text-anchor="middle">texts registered</text>')
    names = {"sqlite": ("SQLite, with its commit", "#1b6ca8"), "redis": ("Redis, server", "#b8442a")}
    for name, points in curves.items():
        label, colour = names[name]
        places = [at(it.registered, it.ms) for it in points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        lines.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
        x, y = places[-1]
        lines.append(f'<text x="{x:.1f}" y="{y - 10:.1f}" text-anchor="end" fill="{colour}">{label}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def measured(sizes: Sequence[int], only: str = "") -> tuple[dict[str, float], dict[str, list[Point]]]:
    """The steps of filing, and the curve of each store."""
    with tempfile.TemporaryDirectory(prefix="tocsin-dedupe-") as name:
        curves = {}
        steps = filing_rate(Path(name))
        if only in {"", "sqlite"}:
            curves["sqlite"] = sqlite_curve(sizes, Path(name))
        server = redis_server.program()
        if only in {"", "redis"} and server:
            curves["redis"] = redis_curve(sizes, server)
    return steps, curves


def part(sizes: Sequence[int] = SIZES, only: str = "") -> list[str]:
    """Measure, print the table, and return what falls short."""
    return _told(*measured(sizes, only))


def _told(steps: dict[str, float], curves: dict[str, list[Point]]) -> list[str]:
    per_step = ", ".join(f"{step} {ms:.3f}" for step, ms in steps.items())
    print(f"filing: {1e3 / sum(steps.values()):,.0f} articles/s of CPU; ms: {per_step}")
    print(f"{'store':8} {'registered':>11} {'ms':>7} {'CPU ms':>7} {'bytes':>7}")
    for store, points in curves.items():
        for it in points:
            print(f"{store:8} {it.registered:11,} {it.ms:7.3f} {it.cpu_ms:7.3f} {it.bytes:7.0f}")
    if "redis" not in curves:
        print("redis: not measured")
    return failures(steps, curves)


def main() -> int:
    """Measure, print, plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="texts registered, separated by commas")
    parser.add_argument("--only", default="", choices=["sqlite", "redis"], help="one store alone")
    parser.add_argument("--data", type=Path, help="file of points, as JSON: those of another run are kept")
    parser.add_argument("--plot", type=Path, help="where to write the curve, as SVG")
    arguments = parser.parse_args()
    steps, curves = measured([int(size) for size in arguments.sizes.split(",")], arguments.only)
    if arguments.data:
        if arguments.data.exists():
            before = json.loads(arguments.data.read_text())
            curves = {store: [Point(*it) for it in points] for store, points in before.items()} | curves
        arguments.data.write_text(json.dumps(curves, indent=1))
    short = _told(steps, curves)
    if arguments.plot:
        arguments.plot.write_text(plot(curves))
    for line in short:
        print("NOT REACHED:", line)
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
