"""A run with poison in it: it is parked or left out after three tries, ``tocsin why`` says so, and all else flows."""

import subprocess
import sys
import time

import msgspec

from bench.faults.given import Given, Item, page_with
from bench.faults.judge import judged
from bench.faults.parts import surroundings
from bench.faults.poison import CRASH, HANG, stand_in
from bench.faults.receiver import Receiver
from bench.faults.stage import Place, Stage
from bench.faults.table import Row
from tocsin.addresses import address_id, article_id
from tocsin.records import Article

MOST = 400
"""Articles of the run."""
LIMIT = 8.0
"""Seconds of a task, instead of five minutes."""
REASON_OF_ARTICLES, REASON_OF_PAGES = "failed on it three times", "page crashes the reader"


def run(given: Given, place: Place, receiver: Receiver, seed: int, lease: float) -> list[Row]:
    """One run over part of the list, with two poisoned articles and two poisoned pages among it."""
    # Without a broker nobody watches how long a worker takes over one article.
    kinds = (CRASH, HANG) if place.broker else (CRASH,)
    sound = given.first(MOST)
    base = next(item.article for item in sound.items if not item.page)
    articles = [Item(_named(base, word, "article")) for word in kinds]
    pages = [
        Item(it, page_with(it, f"<!-- {word} -->")) for word in (CRASH, HANG) for it in (_named(base, word, "page"),)
    ]
    items = [*sound.items[:50], *articles, *pages, *sound.items[50:]]
    first = stand_in(place.folder / "first", lease=lease, limit=LIMIT, poison=True)
    begun = time.monotonic()
    stage = Stage(
        sound._replace(items=items), place._replace(stand_in=first), receiver, rate=30.0,
        target="bench.faults.poison:extract", deadline="3",
    )  # fmt: skip
    try:
        stage.run([])
        found = judged(stage.store, stage.given, receiver, left_out=len(pages))
    finally:
        stage.stop()
    wrong = list(stage.wrong)
    for told, reason in ((articles, REASON_OF_ARTICLES), (pages, REASON_OF_PAGES)):
        wrong += [f"why does not tell of {it.article.url}" for it in told if reason not in _why(place, it.article.url)]
    name = "poison: kills or holds its reader" if HANG in kinds else "poison: kills its reader"
    return [
        Row(name, place.name, len(articles) + len(pages), found, asked=0, peak=stage.peak,
            seconds=time.monotonic() - begun, seed=seed, wrong=tuple(wrong), may_park=len(articles), at_least=3)
    ]  # fmt: skip


def _named(base: Article, word: str, kind: str) -> Article:
    url = f"https://poison.example/{kind}-{word.lower()}-10001"
    address, title = address_id(url), f"{word} {base.title}"
    return msgspec.structs.replace(
        base, id=article_id(address, base.text_hash, title), address_id=address, url=url, fetched_url=url,
        outlet="poison", title=title,
    )  # fmt: skip


def _why(place: Place, url: str) -> str:
    environment = surroundings(place.folder, store=place.url, redis=place.redis)
    command = [sys.executable, "-m", "tocsin.cli", "why", url]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout
