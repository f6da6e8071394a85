"""The load of a day on long-lived processes, while the calendar goes on by years: does anything grow?

    python -m bench.soak [--hours 24] [--only sqlite|scaled]

In each of 24 hours a spider's ledger accepts articles (copies, versions of old addresses, pages and reasons for leaving
out with them), workers carry them and deliver alerts, and at its end retention removes what is past its time. Then the
calendar of all processes goes on by sixty days, so that each of the windows (45 and 90 days of fingerprints, 30 of
reasons, 90 of deliveries, 400 of articles) has passed within the first third. At the end of each hour, when nothing
waits, memory, descriptors and threads of every process are looked at, rows of all tables, the file and its WAL; Redis
and Elasticsearch where these are used. What grows from the second third to the last one by more than it may fails.

*sqlite*: ``python -m workers`` over a file. *scaled*: Celery workers, Redis and Elasticsearch. Ten minutes each.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from bench.celery_road import crew
from bench.filling import Vocabulary
from bench.soak_clock import Calendar, for_children, install
from bench.soak_judge import judged, told
from bench.soak_look import LIMITS, ElasticLook, RedisLook, SqliteLook, looked, processes
from spiders.ledger import BATCH, Ledger
from tests.services import elastic_server, redis_server
from tocsin.addresses import address_id, article_id
from tocsin.clock import SystemClock
from tocsin.queue import Hints
from tocsin.records import Article, Drop, PageState, Subscription, derived_id
from tocsin.settings import Settings
from tocsin.stores import open_store
from tocsin.stores.port import Store
from tocsin.words import Analysed, Token

STEP = timedelta(days=60)
"""What the calendar goes on by after an hour."""
HOURS = 24
AN_HOUR = {"sqlite": 2_200, "scaled": 300}
"""Articles. Fingerprints in SQLite come round after 16,384 texts, which must lie in the first third."""
COPIES, VERSIONS, LEFT_OUT, TOLD = 10, 20, 10, 50
"""Every so-manieth article is a copy, a version; has a reason for leaving something out beside it; is told of."""
SUBSCRIPTIONS = 20
PATIENCE = 180.0
"""Seconds that the end of the road may lie behind the last article of an hour."""

Look = Callable[[], Iterator[tuple[str, float]]]


class Place(NamedTuple):
    """Where a run takes place, and what is to be looked at there."""

    name: str
    settings: Settings
    looks: Sequence[Look]
    an_hour: int


def main() -> int:
    """Run, look, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, default=HOURS)
    parser.add_argument(
        "--articles",
        type=int,
        default=0,
        help="articles an hour; fewer than given above have not come round within the first third",
    )
    parser.add_argument("--only", default="", choices=["sqlite", "scaled"], help="one mode alone")
    parser.add_argument("--samples", type=Path, help="file to which what was seen is added, a line of JSON an hour")
    arguments = parser.parse_args()
    if arguments.hours < 9:
        parser.error("nine hours are the fewest that show growth")
    short = 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tocsin-soak-")))
        calendar = install(folder / "calendar")
        calendar.jump(-arguments.hours * STEP)
        for place in _places(folder, stack, arguments.only, arguments.articles):
            start = calendar.distance
            samples = soaked(place, calendar, arguments.hours)
            if arguments.samples:
                with arguments.samples.open("ab") as file:
                    file.writelines(msgspec.json.encode(sample) + b"\n" for sample in samples)
            try:
                short += told(judged(samples, LIMITS))
            except ValueError as error:
                print(f"{place.name}: {error}")
                short += 1
            calendar.jump(start - calendar.distance)
    return int(short > 0)


def _places(folder: Path, stack: ExitStack, only: str, articles: int) -> Iterator[Place]:
    if only != "scaled":
        chosen = Settings(data_dir=folder / "sqlite")
        yield Place("sqlite", chosen, [SqliteLook(folder / "sqlite" / "tocsin.db")], articles or AN_HOUR["sqlite"])
    home, program = elastic_server.home(), redis_server.program()
    if only == "sqlite":
        return
    if not home or not program:
        print("scaled: not run, Elasticsearch or Redis is not here")
        return
    server = stack.enter_context(elastic_server.served(home, "1g"))
    redis = stack.enter_context(redis_server.running(program))
    chosen = Settings(
        data_dir=folder / "scaled", store=f"elastic+{server.address}/soak", redis=redis,
        broker=redis.replace("/0", "/1"), processes=2,
    )  # fmt: skip
    yield Place("scaled", chosen, [RedisLook(redis), ElasticLook(server, "soak")], articles or AN_HOUR["scaled"])


def soaked(place: Place, calendar: Calendar, hours: int) -> list[dict[str, float]]:
    """A sample at the end of each hour."""
    chosen = place.settings
    store = open_store(chosen.store_url, chosen.redis)
    store.put_subscriptions(_subscriptions())
    path = for_children(chosen.data_dir.parent / "site", chosen.data_dir.parent / "calendar")
    with crew(chosen, 1, PYTHONPATH=path) as workers:
        watched = {part.name: part.pid for part in workers.parts}
        try:
            samples = asyncio.run(_day(place, store, calendar, hours, watched))
        except RuntimeError as error:
            raise SystemExit(f"{place.name}: {error}\n{workers.words()}") from error
    store.close()
    return samples


def _subscriptions() -> list[Subscription]:
    return [
        Subscription(
            id=f"s{n}", name=_marker(n), query=_marker(n), channels=("file:alerts.jsonl",), created=SystemClock().now()
        )
        for n in range(SUBSCRIPTIONS)
    ]


def _marker(number: int) -> str:
    """A word that stands in texts which are told of, and in no others."""
    return f"zquorvex{chr(ord('a') + number % SUBSCRIPTIONS)}"


async def _day(
    place: Place, store: Store, calendar: Calendar, hours: int, watched: dict[str, int]
) -> list[dict[str, float]]:
    press = _press()
    hint = Hints(place.settings, SystemClock()).accepted if place.settings.broker else None
    ledger = Ledger(store, gather=0.0, hint=hint)
    samples, stored = [], 0
    for hour in range(hours):
        begun = time.monotonic()
        await _accept(ledger, [next(press) for _ in range(place.an_hour)])
        stored += place.an_hour
        await _quiet(ledger, stored)
        gone = await ledger.ask(lambda _: store.prune(SystemClock().now(), dry_run=False))
        stored -= gone["articles"]
        samples.append(looked([processes("crawler", watched), *(look() for look in place.looks)]))
        print(
            f"{place.name}, hour {hour + 1}: {time.monotonic() - begun:.0f} s, removed {gone}",
            file=sys.stderr,
            flush=True,
        )
        calendar.jump(STEP)
    await ledger.close()
    return samples


async def _accept(ledger: Ledger, articles: Sequence[Article]) -> None:
    for start in range(0, len(articles), BATCH):
        batch = articles[start : start + BATCH]
        drops = [
            Drop(at=it.first_seen, room="spiders", reason="no text", url=f"{it.url}/gallery", outlet=it.outlet)
            for it in batch[::LEFT_OUT]
        ]
        await ledger.write(articles=batch, pages=[_page(it) for it in batch], drops=drops)


async def _quiet(ledger: Ledger, stored: int) -> None:
    """Until so many articles are ready and nothing waits, twice: searches may see a second later what is there."""
    end, quiet = time.monotonic() + PATIENCE, 0
    while quiet < 2:
        found = await ledger.ask(_overview)
        if found["parked"]:
            raise RuntimeError(f"{found['parked']} articles were parked")
        quiet = 0 if found["ready"] != stored or found["waiting"] or found["accepted"] or found["filed"] else quiet + 1
        if time.monotonic() > end:
            raise RuntimeError(f"not at the end of the road within {PATIENCE:.0f} s: {stored} are stored, {found}")
        await asyncio.sleep(1.1 if quiet else 0.3)


def _overview(store: Any) -> dict[str, Any]:
    found: dict[str, Any] = store.overview()
    return found


def _page(article: Article) -> PageState:
    return PageState(
        address_id=article.address_id, url=article.url, outlet=article.outlet, status=200, fetched=article.first_seen
    )


def _press() -> Iterator[Article]:
    """Articles of now, for ever: of a fixed set of words, as unevenly frequent as in a language."""
    dice = random.Random(5)
    words = ["".join(dice.choices("bdfgklmnprstv aeiou".replace(" ", ""), k=dice.randint(3, 10))) for _ in range(6_000)]
    told_as = (
        Analysed(title=(), text=(Token((f"s:{word}", f"x:{word}")),) * (1 + 3_000 // (rank + 3)))
        for rank, word in enumerate(words)
    )
    vocabulary = Vocabulary(told_as, seed=5)
    recent: list[Article] = []
    count = 0
    while True:
        now = SystemClock().now()
        for drawn in vocabulary.texts(now, now, BATCH):
            count += 1
            article = msgspec.structs.replace(drawn.article, lang="en", analyser=0)
            if count % COPIES == 0 and recent:
                article = _again(dice.choice(recent[-200:]), article.url, article)
            elif count % VERSIONS == 1 and recent:
                article = _again(article, dice.choice(recent[-200:]).url, article)
            elif count % TOLD == 2:
                article = _again(article, article.url, article, f" {_marker(count // TOLD)}.")
            recent = [*recent[-200:], article]
            yield article


def _again(told_in: Article, url: str, seen: Article, more: str = "") -> Article:
    """A text at an address, with more words."""
    text = told_in.text + more
    address, digest = address_id(url), derived_id("text", text)
    return msgspec.structs.replace(
        seen,
        id=article_id(address, digest),
        address_id=address,
        url=url,
        title=told_in.title,
        text=text,
        text_hash=digest,
    )


if __name__ == "__main__":
    sys.exit(main())
