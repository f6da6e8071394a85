"""A hundred thousand articles in a store: paragraphs of real ones (``bench/corpus.py``), shuffled with a seed.

The store is made once and kept in the cache folder; ``python -m bench.large`` makes it. Words, dates and attributes are
written as the road writes them; only what the road would have found out about the texts is drawn by lot.
"""

import argparse
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import msgspec
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench.corpus import texts
from tocsin import settings
from tocsin.addresses import address_id, article_id
from tocsin.lists import Lists, load
from tocsin.records import Article
from tocsin.stores.port import Sketch
from tocsin.stores.sqlite import SqliteStore
from tocsin.words import ANALYSER, Words

VERSION = 1
"""Of what is written here: another number makes the store anew."""
NOW = datetime(2026, 6, 20, 12, tzinfo=UTC)
LETTERS = 2400
"""Letters of an article at the least: about four hundred words."""
BATCH = 200
SHARES = {"en": 0.55, "uk": 0.15, "ru": 0.15, "de": 0.08, "": 0.07}
"""How many of the articles are in which language; the last stands for all others."""
COUNTRIES = ("ua", "ru", "us", "gb", "de")
KINDS = ("article", "article", "article", "live", "entry", "video")


def store_path(number: int) -> Path:
    """Where the store of so many articles is kept."""
    return settings.load().cache_dir / f"bench-large-{number}-{VERSION}-{ANALYSER}" / "store.db"


def opened(number: int) -> SqliteStore:
    """The store of so many articles, made where it is not there yet."""
    path = store_path(number)
    if not path.exists():
        draft = path.with_name("draft.db")
        for left in path.parent.glob("draft.db*") if path.parent.exists() else ():
            left.unlink()
        store = SqliteStore.open(str(draft))
        fill(store, number)
        store.db.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        store.close()
        for left in path.parent.glob("draft.db-*"):
            left.unlink()
        draft.rename(path)
    return SqliteStore.open(str(path))


def fill(store: SqliteStore, number: int) -> None:
    """Accept, file and publish so many articles."""
    words, lists = Words.open(settings.load().cache_dir), load()
    rest = islice(shuffled(lists, 1), number)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns) as progress:
        task = progress.add_task("articles into the store", total=number)
        while batch := list(islice(rest, BATCH)):
            store.accept(batch)
            claimed = store.claim(BATCH, 600, NOW)
            analysed = [words.analyse(it.title, it.text, it.lang) for it in claimed]
            with store.filing() as filing:
                for it, tokens in zip(claimed, analysed, strict=True):
                    filing.file(it, _sketch(it), [], tokens)
            with store.publishing() as publishing:
                for it, tokens in zip(claimed, analysed, strict=True):
                    filed = msgspec.structs.replace(it, state="filed", analyser=ANALYSER)
                    publishing.make_ready(filed, tokens, NOW)
            progress.advance(task, len(claimed))


def shuffled(lists: Lists, seed: int) -> Iterator[Article]:
    """Articles without end: titles, authors and paragraphs of real ones of a language, in any company."""
    dice = random.Random(seed)
    titles: dict[str, list[Article]] = defaultdict(list)
    paragraphs: dict[str, list[str]] = defaultdict(list)
    for it in texts():
        lang = it.lang if it.lang in SHARES else ""
        titles[lang].append(it)
        paragraphs[lang] += [part for part in it.text.split("\n") if len(part) > 40]
    places, people = [place.name for place in lists.places], [person.name for person in lists.people]
    topics = [topic.id for topic in lists.topics]
    number = 0
    while True:
        number += 1
        lang = dice.choices(list(SHARES), list(SHARES.values()))[0]
        model = dice.choice(titles[lang])
        chosen: list[str] = []
        while sum(map(len, chosen)) < LETTERS:
            chosen.append(dice.choice(paragraphs[lang])[:LETTERS])
        outlet = f"outlet-{dice.randrange(50)}"
        url = f"https://www.{outlet}.example/{number}"
        text = "\n".join(chosen)
        address = address_id(url)
        seen = NOW - timedelta(minutes=5 * number + dice.randrange(5))
        yield Article(
            id=article_id(address, text), address_id=address, url=url, outlet=outlet, first_seen=seen,
            title=model.title, text=text, lang=model.lang, authors=model.authors, outlet_country=dice.choice(COUNTRIES),
            kind=dice.choice(KINDS), published=seen - timedelta(minutes=7) if dice.random() < 0.9 else None,
            places=tuple(dice.sample(places, 2)), people=tuple(dice.sample(people, 1)),
            topics=tuple(dice.sample(topics, 1)), story=str(number),
        )  # fmt: skip


def _sketch(it: Article) -> Sketch:
    return Sketch(
        article=it.id, story=it.story, outlet=it.outlet, address_id=it.address_id, text_hash="", title_hash="",
        tokens=0, shingles=b"", first_seen=it.first_seen,
    )  # fmt: skip


def main() -> None:
    """Make the store and tell what it weighs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=100_000)
    number = parser.parse_args().articles
    fresh, started = not store_path(number).exists(), time.perf_counter()
    opened(number).close()
    took = f", made in {time.perf_counter() - started:.0f} s" if fresh else ""
    print(f"{number:,} articles in {store_path(number).stat().st_size / 1e6:,.0f} MB{took}", file=sys.stderr)


if __name__ == "__main__":
    main()
