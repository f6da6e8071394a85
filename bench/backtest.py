"""A hundred random subscriptions over seven simulated days: lived through, and rehearsed afterwards. 0 differences.

    python -m bench.backtest [--subscriptions 100] [--outlets 12] [--seed 1]

The outlet simulator's articles (which this project did not write), with edits, additions and pages that vanish, are
carried, rung and sent to files by a hand clock that goes through the days in steps of ten minutes. Then every
subscription is rehearsed over the same days, and its alerts, notices, deliveries and messages must be those that were:
to the last id, moment and word. Prints the table and exits 1 where anything differs.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from bench.dedupe_stream import SIMULATOR, stream
from bench.lived import HandClock, live, rung, unlike, unlike_lines
from bench.queries import QueryMaker
from spiders.answers import Answer
from spiders.watch import withdrawal
from tocsin import settings, subscriptions
from tocsin.addresses import article_id
from tocsin.backtest import Rehearsed
from tocsin.cli.jsonl import read_articles
from tocsin.errors import UserError
from tocsin.lists import load
from tocsin.query.expand import Expander
from tocsin.records import Article, Muted, Subscription, derived_id
from tocsin.stores import open_store
from tocsin.stores.port import Store
from tocsin.words import Words
from workers.channels import Channels
from workers.opening import open_hall
from workers.rehearsal import rehearse

DAYS = 7
OUTLETS = 5
SUBSCRIPTIONS = 100
EDITED, WITHDRAWN = 0.15, 0.03
"""Shares of the articles."""
EXAMPLES = 5
MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory."""
ZONES = ("UTC", "Europe/Kyiv", "America/New_York", "Asia/Kolkata")


def main() -> int:
    """Live, rehearse, compare, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subscriptions", type=int, default=SUBSCRIPTIONS)
    parser.add_argument("--outlets", type=int, default=OUTLETS)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if not SIMULATOR.is_file():
        print("Not run: the simulator is not beside the project.")
        return 0
    dice = random.Random(arguments.seed)
    # Nothing of the disk is measured, and a thousand small writes would each wait for it.
    with tempfile.TemporaryDirectory(prefix="tocsin-backtest-", dir=MEMORY if MEMORY.is_dir() else None) as name:
        folder, begun = Path(name), time.monotonic()
        articles = _with_edits(_simulated(folder, arguments.outlets), dice)
        start = min(it.first_seen for it in articles)
        wanted = _subscriptions(articles, arguments.subscriptions, start, dice)
        store = open_store(f"sqlite:{folder}/store.db")
        store.put_subscriptions(wanted)
        clock = HandClock(start)
        channels = Channels(data_dir=folder, clock=clock)
        sent = live(open_hall(store, settings.load(), clock), clock, articles, channels)
        print(f"{len(articles):,} articles of {DAYS} days lived through in {time.monotonic() - begun:.0f} s")
        begun = time.monotonic()
        heard = _rehearsed(store, wanted, start, clock.at)
        print(f"{len(wanted)} subscriptions rehearsed in {time.monotonic() - begun:.0f} s")
        short = _judged(store, heard, sent, folder)
        store.close()
    return int(short > 0)


def _simulated(folder: Path, outlets: int) -> list[Article]:
    """The stream, each article first seen within minutes of its publication."""
    path = folder / "simulated.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for row in stream(outlets, DAYS):
            row["first_seen"] = row["published"]
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return [article for _, article in read_articles(path)]


def _with_edits(articles: list[Article], dice: random.Random) -> list[Article]:
    """The same, and what became of some of their pages within hours."""
    found = list(articles)
    last = max(it.first_seen for it in articles)
    for article in articles:
        now = article.first_seen
        known = article
        while dice.random() < EDITED and now < last:
            # Some so soon that they come in one batch with what they edit.
            now += timedelta(minutes=dice.choice((0, 5, 30, 90, 600, 2000)), seconds=1)
            known = msgspec.structs.replace(_edited(known, articles, dice), first_seen=now)
            found.append(known)
        if dice.random() < WITHDRAWN:
            now += timedelta(minutes=dice.randint(40, 1500))
            found.append(withdrawal(known, Answer(status=404, url=known.url), now))
    return [it for it in found if it.first_seen <= last]


def _edited(article: Article, articles: list[Article], dice: random.Random) -> Article:
    """Another number, word, headline or paragraph."""
    words, title = article.text.split(" "), article.title
    how = dice.choice(("word", "number", "headline", "added", "added", "cut"))
    at = dice.randrange(len(words))
    if how == "word":
        words[at] = dice.choice(dice.choice(articles).text.split(" "))
    elif how == "number":
        words = [str(dice.randint(2, 999)) if word.strip(".,").isdigit() else word for word in words]
    elif how == "headline":
        title = f"{title} {dice.choice(dice.choice(articles).title.split(' '))}"
    elif how == "added":
        words += ["\n\n" + dice.choice(dice.choice(articles).text.split("\n\n"))]
    else:
        words = words[: max(30, len(words) - 60)]
    text = " ".join(words)
    digest = derived_id("text", text)
    return msgspec.structs.replace(
        article, id=article_id(article.address_id, digest, title), title=title, text=text, text_hash=digest
    )


def _subscriptions(articles: list[Article], number: int, start: datetime, dice: random.Random) -> list[Subscription]:
    """Random queries with random rhythms, quiet hours, filters and mutes; each has a file of its own."""
    chosen = settings.load()
    lists = load(chosen.user_lists)
    expander = Expander(Words.open(chosen.cache_dir), lists)
    maker = QueryMaker(
        dice.sample(articles, min(len(articles), 600)), lists, start + timedelta(days=DAYS), dice.random()
    )
    found: list[Subscription] = []
    while len(found) < number:
        for made in maker.make(number):
            try:
                it = _subscription(f"{len(found):03}", made.text, articles, start, dice)
                expander.read(subscriptions.asked(it))
            except UserError:
                continue
            found.append(it)
    return found[:number]


def _subscription(name: str, query: str, articles: list[Article], start: datetime, dice: random.Random) -> Subscription:
    muted = dice.choice(articles)
    counts = (2, 3, 5)
    return subscriptions.new(
        name,
        query,
        (f"file:{name}.jsonl",),
        start,
        every=dice.choice(("immediate", "immediate", "immediate", "hourly", "daily", "weekly")),
        at=dice.choice(("08:00", "17:30")),
        weekday=dice.choice(("monday", "saturday")),
        zone=dice.choice(ZONES),
        quiet=dice.choice(("", "", "22:00-07:00")),
        priority=dice.choice(("normal", "normal", "urgent")),
        langs=dice.choice(((), (), (), ("uk", "ru"))),
        outlets=dice.choice(((), (), (), tuple({dice.choice(articles).outlet for _ in range(4)}))),
        expires=dice.choice((None, None, None, start + timedelta(days=5))),
        muted=dice.choice(((), (Muted(what="series", key=subscriptions.series_of(muted), at=start),))),
        tells=("added", "corrected", "gone", *(("grown",) if name[-1] in "02468" else ())),
        grown_at=counts if name[-1] in "02468" else (),
    )


def _rehearsed(store: Store, wanted: list[Subscription], start: datetime, end: datetime) -> Iterator[Rehearsed]:
    chosen = settings.load()
    expander = Expander(Words.open(chosen.cache_dir), load(chosen.user_lists))
    return [rehearse(store, expander, it, start, end + timedelta(seconds=1)) for it in wanted]


def _judged(store: Store, heard: list[Rehearsed], sent: list[datetime], folder: Path) -> int:
    """Print the table. Returns how much differs, or 1 where nothing rang that could differ."""
    lived, kinds, rhythms, wrong = rung(store), Counter[str](), Counter[str](), list[str]()
    table: Counter[str] = Counter()
    for it in heard:
        name = it.subscription.id
        found = [
            *unlike(store, lived.get(name, []), it, sent),
            *unlike_lines(folder / f"{it.subscription.name}.jsonl", it, sent[-1]),
        ]
        wrong += [f"{it.subscription.name} {it.subscription.query!r}: {line}" for line in found]
        table["differ"] += len(found)
        table["subscriptions that rang"] += bool(it.alerts)
        table["alerts"] += len(it.alerts)
        table["copies counted"] += sum(alert.copies for alert in it.alerts)
        table["muted"] += sum(one.state == "muted" for each in it.heard for one in each.deliveries)
        table["messages in the files"] += _lines(folder / f"{it.subscription.name}.jsonl")
        kinds.update(each.notice.kind for each in it.heard)
        rhythms[it.subscription.every] += len(it.heard)
    for what, number in [*table.items(), *(("notices, " + what, n) for what, n in (*kinds.items(), *rhythms.items()))]:
        print(f"{what:34} {number:8,}")
    for line in wrong[:EXAMPLES]:
        print("   ", line[:3000])
    told = all(kinds[kind] for kind in ("first", "added", "grown", "corrected", "gone")) and table["muted"]
    if not told:
        print("Nothing is proven: not every kind of notice was told, or nothing was muted.")
    print(f"{len(heard)} subscriptions, {DAYS} days: {len(wrong)} differences")
    return len(wrong) or int(not told)


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.is_file() else 0


if __name__ == "__main__":
    sys.exit(main())
