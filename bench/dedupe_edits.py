"""Edited articles of the outlet simulator: found as versions within the plan of re-visits, and nothing else is.

Runs the crawler's own watches, schedule, extraction and store over the simulator's outlets (which this project did not
write), in one process whose clock jumps from one moment to the next, so that a day and more pass in a minute or two.
Twelve of a hundred articles are edited there; here it is every second one, at the same delays. On every other outlet
the text of each page stands among a clock, counters and advertisements that change from look to look and that no
``304`` hides; of what else stands there, every second article gets another headline and nothing more. Only Scrapy is
left out: pace, robots.txt and the network have benches of their own.
"""

import asyncio
import html
import math
import random
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from bench.dedupe_judge import Figure, least, none_of
from bench.judges import loaded
from spiders.answers import Answer
from spiders.extract import extract
from spiders.extract.extraction import Extraction
from spiders.ledger import Ledger
from spiders.news import _conditions
from spiders.pipelines import SAME, Counters, Intake
from spiders.reading import Reading, read_listing
from spiders.watch import Watch
from tocsin.addresses import address_id, canonical
from tocsin.records import Article, FeedKind, HttpFacts, Outlet, Page
from tocsin.stores.sqlite import SqliteStore

SIMULATOR = Path(__file__).resolve().parents[2] / "shared/bench/outlet_simulator.py"
FOUND = 0.98
"""Share of edits that is asked for."""
EDITED = 0.45
"""Share of the simulator's unedited articles that are edited here."""
DELAYS = (300, 1200, 3600, 4 * 3600)
"""Seconds from publication to edit, as the simulator has them."""
PUBLISHED = timedelta(hours=8)
"""What was published after it is not judged: its time to be looked at would not be over."""
WATCHED = timedelta(hours=32)
STEP = timedelta(minutes=5)
POLLS = 1800.0
"""Seconds between two polls: the plan of re-visits is the same for all slower than ten minutes."""
FURNITURE = {
    "en": ("Updated {m} minutes ago", "{n} views · {c} comments", "Advertisement: {ad} for every home", "{h}:{mm}"),
    "uk": ("Оновлено {m} хвилин тому", "{n} переглядів · {c} коментарів", "Реклама: {ad} для дому", "{h}:{mm}"),
    "ru": ("Обновлено {m} минут назад", "{n} просмотров · {c} комментариев", "Реклама: {ad} для дома", "{h}:{mm}"),
}
RETITLED = {"en": "officials deny it", "uk": "влада це заперечує", "ru": "власти это отрицают"}
"""What is put behind a headline that is edited alone."""
HEADLINES = "headlines alone, with furniture"
WARES = ("socks", "lamps", "килими", "чайники", "кресла", "самовары", "tents", "boots")


class Clock:
    """Simulated time; it moves when it is told to."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The moment that was set."""
        return self.at

    def monotonic(self) -> float:
        """The same in seconds."""
        return self.at.timestamp()


class Wire:
    """The simulator's answers without a network: its own handler, over a transport that keeps what is written."""

    def __init__(self, simulator: ModuleType, world: Any) -> None:
        self._handler = simulator.Http(simulator.Site(world, 256), None)
        self._handler.tr = self
        self._world = world
        self._written = b""
        self._dice = random.Random(3)
        self.pages = Counter[str]()

    def write(self, data: bytes) -> None:
        """A transport's write."""
        self._written += data

    async def sitemaps(self, outlet: Outlet) -> list[str]:
        """The sitemap that the simulator's robots.txt names."""
        named = self._world.by_host[urlsplit(outlet.home).hostname].info()["sitemap_url"]
        return [named] if named else []

    async def fetch(
        self, outlet: Outlet, url: str, *, kind: str, etag: str = "", modified: str = "", since: datetime | None = None
    ) -> Answer:
        """One request, conditional as the crawler's own."""
        parts = urlsplit(url)
        site = self._world.by_host[parts.hostname]
        noisy = kind == "page" and is_noisy(site)
        asked = {} if noisy else _conditions(etag, modified, since)
        headers = {b"host": parts.netloc} | {name.lower().encode(): value for name, value in asked.items()}
        self._written, self._handler.busy = b"", True
        self._handler.handle("GET", parts.path + ("?" + parts.query if parts.query else ""), headers, "HTTP/1.1")
        head, _, body = self._written.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        told = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        http = HttpFacts(
            status=int(first.split()[1]),
            content_type=told.get("content-type", ""),
            etag=told.get("etag", ""),
            last_modified=told.get("last-modified", ""),
        )
        if kind == "page":
            self.pages["not modified" if http.status == 304 else "fetched"] += 1
        if http.status not in (200, 304):
            return Answer(status=http.status, reason="not found")
        return Answer(
            status=http.status, url=url, body=self._furnished(site, parts, body) if noisy else body, http=http
        )

    def _furnished(self, site: Any, parts: Any, body: bytes) -> bytes:
        """A page with furniture before, within and behind its text, other than at the last look."""
        found = site.by_path.get(parts.path + ("?" + parts.query if parts.query else ""))
        page = body.decode(site.charset)
        if found and self._world.now() >= self._world.retitled.get(found.id, math.inf):
            named = html.escape(found.title, quote=True).encode(site.charset, "xmlcharrefreplace").decode(site.charset)
            page = page.replace(named, f"{named}: {RETITLED[site.lang]}")
        tag = "div" if site.family == 4 else "p"
        named = {
            "m": self._dice.randrange(2, 59), "n": self._dice.randrange(1000, 90000), "c": self._dice.randrange(2, 400),
            "ad": self._dice.choice(WARES), "h": self._dice.randrange(10, 24), "mm": self._dice.randrange(10, 60),
        }  # fmt: skip
        clock, count, advert, hour = (
            f"<{tag}>{line.format(**named)}</{tag}>" for line in self._dice.sample(FURNITURE[site.lang], 4)
        )
        paragraphs = [html.escape(one, quote=True) for one in found.body(self._world.now())] if found else []
        for at, line in ((0, clock + hour), (len(paragraphs) // 2, advert), (len(paragraphs) - 1, count)):
            if paragraphs:
                page = page.replace(f"{paragraphs[at]}</{tag}>", f"{paragraphs[at]}</{tag}>{line}", 1)
        return page.encode(site.charset, "xmlcharrefreplace")


class Here:
    """The extraction children's work, done in this process."""

    async def extract(self, page: Page, outlet: Outlet) -> Extraction:
        """The articles of a page."""
        return extract(page, outlet)

    async def read(self, page: Page, outlet: Outlet, kind: FeedKind) -> Reading:
        """What a feed or a front lists."""
        return read_listing(kind, page.body, page.fetched_url, page.http.content_type)


def is_noisy(site: Any) -> bool:
    """Whether an outlet's pages carry furniture."""
    return bool(site.i % 2)


def world_of(simulator: ModuleType, clock: Clock, outlets: int, seed: int) -> Any:
    """The simulator's world under our clock, with more edits."""
    world = simulator.World(
        SimpleNamespace(
            seed=seed, profile="clean", addressing="ip", port=8900, rate=1.0, speed=1.0, wire_per_day=160.0,
            epoch=clock.at.replace(tzinfo=None).isoformat(),
            history_days=0.1, horizon_days=WATCHED / timedelta(days=1), outlets=outlets,
        )
    )  # fmt: skip
    world.now, world.retitled = clock.monotonic, {}
    dice, other_dice = random.Random(seed), random.Random(seed)
    for site in world.outlets:
        for article in site.articles:
            if article.updated is None and dice.random() < EDITED:
                article.updated = article.published + dice.choice(DELAYS)
            elif article.updated is None and is_noisy(site) and other_dice.random() < EDITED:
                world.retitled[article.id] = article.published + other_dice.choice(DELAYS)
    return world


async def crawl(world: Any, store: SqliteStore, clock: Clock) -> Wire:
    """More than a day of watches, a step at a time: each outlet does what is due and rests."""
    simulator = sys.modules[type(world).__module__]
    wire, ledger, counters = Wire(simulator, world), Ledger(store, gather=0.0), Counters()
    reader: Any = Here()
    intake = Intake(ledger, reader, clock, counters, depth=4)
    outlets = [Outlet(name=site.name, home=f"{site.base}/", pace=0.0, every=POLLS) for site in world.outlets]
    store.put_outlets(outlets)
    end = clock.at + WATCHED
    while clock.at < end:
        for outlet in outlets:
            watch = Watch(
                outlet, fetcher=wire, ledger=ledger, intake=intake, clock=clock, counters=counters, once=True
            )  # fmt: skip
            await watch.run()
        clock.at += STEP
    await ledger.close()
    if ledger.failed is not None:
        raise ledger.failed
    return wire


def judge(world: Any, store: SqliteStore, start: datetime) -> dict[str, float]:
    """Texts of each address against what was edited when."""
    texts: dict[str, list[Article]] = {}
    for article in store.on_their_way():
        texts.setdefault(article.address_id, []).append(article)
    figures = Counter[str]()
    late: list[float] = []
    until = (start + PUBLISHED).timestamp()
    for site in world.outlets:
        for article in site.articles:
            found = texts.get(address_id(canonical(site.base + article.path)), [])
            if article.published > until or not found:
                continue
            first, *others = (one.first_seen.timestamp() for one in found)
            changed = article.updated or world.retitled.get(article.id, 0.0)
            edited = changed > first
            sort = "pages with furniture" if is_noisy(site) else "pages without"
            if article.id in world.retitled:
                sort = HEADLINES
            figures["articles, " + sort] += 1
            if edited:
                met = [at for at in others if at >= changed]
                figures["edits, " + sort] += 1
                figures["edits found, " + sort] += bool(met)
                late += [met[0] - changed] if met else []
            figures["versions that are none, " + sort] += len(others) - (edited and bool(others))
    drops = store.overview()["drops"]
    late.sort()
    return {
        **dict(sorted(figures.items())),
        "drops: nothing new in the text": drops.get(SAME, 0),
        "minutes to a version, median": round(late[len(late) // 2] / 60) if late else 0,
        "minutes to a version, most": round(late[-1] / 60) if late else 0,
    }


def measure(outlets: int = 8, seed: int = 4) -> dict[str, float]:
    """One run, as figures by name."""
    simulator = loaded(SIMULATOR)
    started = time.monotonic()
    start = datetime(2026, 11, 16, 6, tzinfo=UTC)
    clock = Clock(start)
    world = world_of(simulator, clock, outlets, seed)
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore.open(f"{folder}/edits.db")
        try:
            wire = asyncio.run(crawl(world, store, clock))
            figures = judge(world, store, start)
        finally:
            store.close()
    return {**figures, **{f"looks: {name}": number for name, number in wire.pages.items()},
            "seconds": round(time.monotonic() - started)}  # fmt: skip


def judge_edits(wrong: bool) -> list[Figure]:  # noqa: FBT001 - every part is called alike
    """Edits become versions, and what changes on its own does not."""
    if not SIMULATOR.is_file():
        return [Figure("edits", "not run: the simulator is not beside the project", "")]
    figures = measure()
    told = []
    for sort in ("pages with furniture", "pages without", HEADLINES):
        edits, found = (figures.get(f"{name}, {sort}", 0) for name in ("edits", "edits found"))
        told += [
            Figure("edits", f"edits, {sort}", f"{edits:.0f}"),
            least("edits", f"found as versions, {sort}", found / edits if edits else 0.0, FOUND),
            none_of(
                "edits",
                f"versions that are none, {sort}",
                int(figures.get(f"versions that are none, {sort}", 0)),
                int(edits),
            ),
        ]
    if wrong:
        for name, value in figures.items():
            print(f"{name:50} {value:10.6g}")
    return told
