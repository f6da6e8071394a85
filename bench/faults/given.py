"""What flows: articles, some of them as pages, subscriptions to their words, and who has to be told of what.

Articles are those of the outlet simulator (which this project did not write) with all their copies, or, where it is not
beside the project, texts of our own making. Who has to be told is worked out once, article by article, with no store.
"""

import html
import itertools
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

import msgspec

from bench.dedupe_stream import SIMULATOR, stream
from spiders.extract import extract
from tocsin import settings
from tocsin.addresses import canonical
from tocsin.cli.jsonl import Line
from tocsin.lists import load
from tocsin.query.document import Document
from tocsin.query.expand import Expander
from tocsin.records import Article, HttpFacts, Outlet, Page, Subscription
from tocsin.words import Words
from workers.enrich import Enricher
from workers.rules import Rules

PAGES = 8
"""Every so-manieth article comes as a page, through the extraction children."""
SUBSCRIPTIONS = 24
SHARE = 0.005, 0.02
"""Share of the titles that a subscribed word stands in: readers are told of a good tenth of all texts."""
_PARTS = "village district river station council hospital bridge brigade market harbour school depot".split()
_DEEDS = "reported opened closed shelled repaired questioned evacuated inspected counted flooded moved sold".split()


class Item(msgspec.Struct, frozen=True):
    """One line of the list that the source works off: an article, or the page that it is to be read from."""

    article: Article
    page: str = ""


class Given(NamedTuple):
    """All of it."""

    items: list[Item]
    subscriptions: list[Subscription]
    """Without their channels."""
    expected: dict[str, set[str]]
    """Article ids by subscription: which texts meet it."""

    def write(self, path: Path) -> None:
        """The list as the source reads it."""
        path.write_bytes(b"\n".join(msgspec.json.encode(item) for item in self.items))

    def told_to(self, channel: str) -> list[Subscription]:
        """The subscriptions, with a channel."""
        return [msgspec.structs.replace(it, channels=(channel,)) for it in self.subscriptions]

    def first(self, number: int) -> "Given":
        """The same with fewer articles."""
        kept = {item.article.id for item in self.items[:number]}
        return self._replace(
            items=self.items[:number], expected={name: found & kept for name, found in self.expected.items()}
        )


def read(path: Path) -> list[Item]:
    """The list of a source."""
    return [msgspec.json.decode(line, type=Item) for line in path.read_bytes().splitlines()]


def given(number: int, seed: int, *, own: bool = False) -> Given:
    """So many articles, and what is expected of them; ``own``: of our own making also beside a simulator."""
    # A day of a hundred outlets is some 2,500 texts.
    simulated = not own and SIMULATOR.is_file()
    rows = stream(days=1 + number // 2_900)[:number] if simulated else list(made(number, seed))
    items = []
    for place, row in enumerate(rows):
        article = _article(row)
        item = _as_page(article) if place % PAGES == PAGES - 1 else None
        items.append(item or Item(article))
    return _with_subscriptions(items)


def made(number: int, seed: int) -> Iterator[dict[str, str]]:
    """Rows as the simulator has them: each tells of something else, and every fifth is a copy of one before."""
    dice = random.Random(seed)
    before: list[dict[str, str]] = []
    now = datetime.now(UTC).isoformat()
    places = ["".join(dice.choice("bdfgklmnrstvz") + dice.choice("aeiou") for _ in range(4)) for _ in range(120)]
    for count in range(number):
        outlet = f"o{dice.randrange(40):04}"
        row = dict(dice.choice(before)) if count % 5 == 4 else {**_telling(dice, places), "lang": "en"}
        before.append(row)
        yield {**row, "url": f"https://{outlet}.example/{count}-{seed}", "outlet": outlet, "published": now}


def _telling(dice: random.Random, places: Sequence[str]) -> dict[str, str]:
    names = ["".join(dice.choice("bdfgklmnrstvz") + dice.choice("aeiou") for _ in range(5)) for _ in range(60)]
    told = [
        f"The {dice.choice(_PARTS)} of {name.title()} {dice.choice(_DEEDS)} {dice.randrange(2, 900)} {other}s on Sunday"
        for name, other in itertools.pairwise(names)
    ]
    paragraphs = [". ".join(told[start : start + 6]) + "." for start in range(0, len(told), 6)]
    title = (
        f"{dice.choice(_PARTS).title()} of {names[0].title()} near {dice.choice(places).title()} {dice.choice(_DEEDS)}"
    )
    return {"title": title, "text": "\n\n".join(paragraphs)}


def _article(row: dict[str, str]) -> Article:
    known = {name: row[name] for name in ("url", "title", "text", "lang", "outlet", "published")}
    return msgspec.convert(known, Line).article(datetime.now(UTC))


def outlet_of(article: Article) -> Outlet:
    """Who published it, as the crawler would have it."""
    return Outlet(name=article.outlet, home=urljoin(article.url, "/"), lang=article.lang)


def page_of(item: Item) -> Page:
    """The page of an article, as fetched now."""
    url = item.article.url
    return Page(
        url=url, fetched_url=url, body=item.page.encode(), fetched=datetime.now(UTC),
        http=HttpFacts(status=200, content_type="text/html; charset=utf-8", size=len(item.page)),
    )  # fmt: skip


def page_with(article: Article, head: str = "") -> str:
    """HTML that holds an article."""
    paragraphs = "".join(f"<p>{html.escape(part)}</p>" for part in article.text.split("\n\n"))
    title, published = html.escape(article.title), article.published.isoformat() if article.published else ""
    return (
        f'<!doctype html><html lang="{article.lang}"><head><meta charset="utf-8"><title>{title}</title>{head}'
        f'<meta property="og:type" content="article"><meta property="og:title" content="{title}">'
        f'<meta property="article:published_time" content="{published}"></head>'
        f"<body><main><article><h1>{title}</h1>{paragraphs}</article></main></body></html>"
    )


def _as_page(article: Article) -> Item | None:
    """The article as its page is read; None where the page would be left out."""
    item = Item(article, page_with(article))
    found = extract(page_of(item), outlet_of(article)).articles
    if len(found) != 1 or found[0].url != canonical(article.url):
        return None
    return Item(found[0], item.page)


def _with_subscriptions(items: Sequence[Item]) -> Given:
    words = Counter(word for it in items for word in {*re.findall(r"[^\W\d_]{5,}", it.article.title.casefold())})
    least, most = (max(some, share * len(items)) for some, share in zip((1, 3), SHARE, strict=True))
    chosen = sorted((count, word) for word, count in words.items() if least <= count <= most)[-SUBSCRIPTIONS:]
    now = datetime.now(UTC)
    subscriptions = [
        Subscription(id=f"s{place:02}", name=word, query=f"title:{word}", channels=(), created=now)
        for place, (_, word) in enumerate(chosen)
    ]
    return Given(list(items), subscriptions, _Expected(subscriptions).of([item.article for item in items]))


class _Expected:
    """Matches each article alone, with what the workers open."""

    def __init__(self, subscriptions: Sequence[Subscription]) -> None:
        self._subscriptions = subscriptions

    @cached_property
    def _enricher(self) -> Enricher:
        words, lists = Words.open(settings.load().cache_dir), load(None)
        return Enricher(words, Expander(words, lists), lists)

    def of(self, articles: Sequence[Article]) -> dict[str, set[str]]:
        lists = load(None)
        rules = Rules(Expander(self._enricher.words, lists))
        rules.become(1, self._subscriptions)
        found: dict[str, set[str]] = {it.id: set() for it in self._subscriptions}
        for article in articles:
            enriched, analysed = self._enricher.enrich(article)
            for subscription in rules.matches(Document.of(enriched, analysed, datetime.now(UTC))):
                found[subscription.id].add(article.id)
        return found


def describe(it: Given) -> str:
    """One line."""
    pages, expected = sum(bool(item.page) for item in it.items), sum(map(len, it.expected.values()))
    return json.dumps(
        {"articles": len(it.items), "as pages": pages, "subscriptions": len(it.subscriptions), "meetings": expected}
    )
