"""Articles for the equivalence of the back-ends: real texts and the press's stories.

Their attributes and times are drawn by lot and want to differ. They are enriched by the road's own step and put into
the stores as the road puts them there.
"""

import json
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import msgspec

from bench.corpus import texts
from bench.reference import Reference, Sheet
from tocsin import settings
from tocsin.addresses import address_id, article_id
from tocsin.lists import Lists, load
from tocsin.press.schedule import plan as press_plan
from tocsin.query.document import Document, attributes, times
from tocsin.query.elastic_fields import MAPPING, document
from tocsin.query.expand import Expander
from tocsin.records import Article
from tocsin.stores.port import Sketch
from tocsin.stores.sqlite import SqliteStore
from tocsin.words import Analysed, Words
from workers.enrich import Enricher

NOW = datetime(2026, 6, 20, 12, 0, 0, 654_321, tzinfo=UTC)
"""When all is asked; not a whole millisecond."""
INDEX = "equivalence"
"""Name of the index on Elasticsearch."""
AUTHORS: tuple[tuple[str, ...], ...] = (
    ("Olena Kovalenko", "J. R. O’Neil"),
    ("Олена Коваленко",),
    ("JEAN-LUC MÜLLER", "Олена Коваленко"),
    ("Ёлкин, Пётр",),
    (),
)


class Ground(NamedTuple):
    """Articles with all that the back-ends want to know of them."""

    articles: list[Article]
    analysed: list[Analysed]
    documents: list[Document]
    expander: Expander
    lists: Lists

    def sheet(self, number: int) -> Sheet:
        """An article for the reference."""
        it, analysed = self.articles[number], self.analysed[number]
        title, text = (list(map(set, analysed.keys(field))) for field in ("title", "text"))
        return Sheet(title, text, list(analysed.sentences), _attributes(it), times(it))

    def reference(self) -> Reference:
        """The articles laid end to end."""
        return Reference(list(map(self.sheet, range(len(self.articles)))), NOW)


def _attributes(it: Article) -> dict[str, set[str]]:
    return {name: {value.casefold() for value in values if value} for name, values in attributes(it).items()}


def chosen(number: int, seed: int) -> list[Article]:
    """Real articles: all of the rarer languages, and so many of the others that the number is full."""
    found = texts()
    random.Random(seed).shuffle(found)
    return sorted(found, key=lambda it: it.lang in ("en", "de"))[:number]


def press() -> list[Article]:
    """The stories of the demo's press, in three languages."""
    found = []
    for item in press_plan(NOW - timedelta(days=1), 1, 1.0):
        url, text = f"https://{item.site}.example{item.path}", "\n".join(item.paragraphs(NOW))
        address = address_id(url)
        found.append(
            Article(
                id=article_id(address, text), address_id=address, url=url, outlet=item.site, first_seen=NOW,
                title=item.title(), text=text, lang=item.text.lang, published=item.published,
            )
        )  # fmt: skip
    return list({it.id: it for it in found}.values())


def laid(articles: Iterable[Article], seed: int) -> Ground:
    """The articles with attributes and times drawn by lot, enriched and analysed."""
    dice = random.Random(seed)
    words, lists = Words.open(settings.load().cache_dir), load()
    expander = Expander(words, lists)
    enricher = Enricher(words, expander, lists)
    pairs = [enricher.enrich(_varied(it, number, dice)) for number, it in enumerate(articles)]
    documents = [Document.of(it, analysed, NOW) for it, analysed in pairs]
    return Ground([it for it, _ in pairs], [analysed for _, analysed in pairs], documents, expander, lists)


def _varied(it: Article, number: int, dice: random.Random) -> Article:
    edge = timedelta(
        days=dice.randint(-1, 9), hours=dice.choice((0, 0, 5)), microseconds=dice.choice((-322, -1, 0, 1, 679))
    )
    any_time = timedelta(seconds=dice.randrange(70 * 86_400), microseconds=dice.randrange(1_000_000))
    zone = dice.choice((None, UTC, UTC, timezone(timedelta(hours=2)), timezone(-timedelta(hours=3, minutes=30))))
    moments = [NOW - edge, NOW - any_time]
    published = dice.choice((it.published, it.published, *(moment.astimezone(zone or UTC) for moment in moments), None))
    if published and zone is None:
        published = published.replace(tzinfo=None)
    return msgspec.structs.replace(
        it,
        published=published,
        first_seen=dice.choice((it.first_seen, *moments)),
        authors=it.authors or dice.choice(AUTHORS),
        outlet=dice.choice((it.outlet, it.outlet, it.outlet, "Ukrainska Pravda", "BBC-News")),
        outlet_country=dice.choice(("ua", "ru", "us", "GB", "")),
        kind=dice.choice((it.kind, it.kind, it.kind, "live", "video")),
        story=f"s{number // 3}",
    )


def fill_store(ground: Ground, path: Path) -> None:
    """All articles into a new store, by the road's own steps."""
    store = SqliteStore.open(str(path))
    by_id = {it.id: number for number, it in enumerate(ground.articles)}
    store.accept(ground.articles)
    while claimed := store.claim(200, 3600, NOW):
        numbers = [by_id[it.id] for it in claimed]
        with store.filing() as filing:
            for it, number in zip(claimed, numbers, strict=True):
                sketch = Sketch(
                    article=it.id, story=it.story, outlet=it.outlet, address_id=it.address_id, text_hash="",
                    title_hash="", tokens=0, shingles=b"", first_seen=it.first_seen,
                )  # fmt: skip
                filing.file(it, sketch, [], ground.analysed[number])
        with store.publishing() as publishing:
            for it, number in zip(claimed, numbers, strict=True):
                publishing.make_ready(msgspec.structs.replace(it, state="filed"), ground.analysed[number], NOW)
    store.close()


def fill_index(ground: Ground, client: httpx.Client) -> None:
    """All articles into a new index, numbered."""
    client.delete(f"/{INDEX}")
    one_shard = {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"}
    client.put(f"/{INDEX}", json={"settings": one_shard, "mappings": dict(MAPPING)}).raise_for_status()
    for start in range(0, len(ground.articles), 200):
        lines = []
        for number in range(start, min(start + 200, len(ground.articles))):
            it = ground.articles[number]
            fields = document(ground.analysed[number], _attributes(it), times(it))
            lines += [{"index": {"_id": str(number)}}, fields]
        answer = posted(client, f"/{INDEX}/_bulk", lines)
        if answer["errors"]:
            raise RuntimeError(f"Elasticsearch refused articles: {str(answer)[:1000]}")
    client.post(f"/{INDEX}/_refresh").raise_for_status()


def posted(client: httpx.Client, where: str, lines: Iterable[object]) -> dict[str, Any]:
    """The answer to lines of JSON; raises HTTPStatusError where the server refuses them."""
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    answer = client.post(where, content=body, headers={"content-type": "application/x-ndjson"})
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found
