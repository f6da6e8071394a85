"""``export``, ``import``, ``group``, ``match``: articles as files, in and out, through the same rooms."""

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, TypeVar

import msgspec
import typer

from tocsin.cli.opening import SinceOption, StoreOption, expander_of, opened, settings_of, since_of
from tocsin.clock import SystemClock
from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.query.expand import Expander
    from tocsin.records import Article
    from tocsin.settings import Settings
    from tocsin.stores.port import Store
    from workers.enrich import Enricher

T = TypeVar("T")
OutOption = Annotated[Path, typer.Option("--out", help="File to write; - is standard output.")]
InArgument = Annotated[Path, typer.Argument(metavar="IN.jsonl", help="One JSON object a line; - is standard input.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(export)
    app.command("import")(import_)
    app.command()(group)
    app.command()(match)


class Asked(msgspec.Struct, frozen=True):
    """A line of ``match --subscriptions``."""

    id: str
    query: str


def export(out: OutOption, since: SinceOption = None, store: StoreOption = None) -> None:
    """All articles with all their fields as JSONL, in order of arrival; then, without --since, those on their way."""
    from tocsin.cli.jsonl import writing

    start = since_of(since)
    with opened(store) as (_, handle), writing(out) as file:
        ready = _written(file, handle.walk(after=handle.arrival_at(start) if start else 0))
        waiting = _written(file, handle.on_their_way() if start is None else ())
    note = f", {waiting} more on their way (run tocsin work --once to finish them)" if waiting else ""
    print(f"{ready} articles{note}.", file=sys.stderr)


def _written(file: IO[bytes], articles: "Iterable[Article]") -> int:
    number = 0
    for article in articles:
        file.write(article.to_json() + b"\n")
        number += 1
    return number


def import_(file: InArgument, store: StoreOption = None) -> None:
    """Take articles from a JSONL file through the whole road; nothing is fetched, nothing parked by kind or length."""
    from tocsin.cli.jsonl import read_articles
    from workers.__main__ import run

    new = number = 0
    with opened(store) as (settings, handle):
        for batch in _batched((article for _, article in read_articles(file)), 500):
            new += len(handle.accept(_unknown(handle, batch)))
            number += len(batch)
        run(handle, settings, SystemClock(), once=True, stopped=lambda: False)
    print(f"{number} articles read, {new} new.", file=sys.stderr)


def _unknown(store: "Store", articles: "list[Article]") -> "list[Article]":
    """Articles without those that the store holds under the id that they had before headlines counted."""
    from tocsin.addresses import article_id
    from tocsin.edits import is_same

    old_ids = [article_id(article.address_id, article.text_hash) for article in articles]
    held = store.articles(old_ids)
    pairs = zip(articles, old_ids, strict=True)
    return [article for article, name in pairs if name not in held or not is_same(held[name], article)]


def group(source: InArgument, out: OutOption) -> None:
    """The road's own dedupe over a file, in its order: lines {id, cluster, relation}."""
    from tocsin.cli.jsonl import read_articles, writing
    from tocsin.stores import open_store
    from workers.flow import BATCH, LEASE_SECONDS, Hall, file
    from workers.rules import RuleBook

    settings = settings_of()
    enricher, expander = enricher_of(settings)
    clock = SystemClock()
    with writing(out) as target:
        store = open_store("sqlite::memory:")
        hall = Hall(store, clock, enricher, RuleBook(store, expander))
        # What is filed stays leased: of one moment, so that no lease ends however long the file is.
        started = clock.now()
        # Written at the end: a later text may show that two stories are one.
        decided: list[tuple[str, str]] = []
        known: dict[str, tuple[str, str]] = {}
        for batch in _batched(read_articles(source), BATCH):
            articles = [msgspec.structs.replace(article, first_seen=_arrival_time(article)) for _, article in batch]
            store.accept(articles)
            file(hall, store.claim(BATCH, LEASE_SECONDS, started))
            filed = store.articles([article.id for article in articles])
            decided += [(line.id or line.url or "", article.id) for line, article in batch]
            known.update({name: (article.story, article.relation) for name, article in filed.items()})
        for name, article_id in decided:
            story, relation = known[article_id]
            row = {"id": name, "cluster": store.root(story), "relation": relation}
            target.write(msgspec.json.encode(row) + b"\n")


def _arrival_time(article: "Article") -> datetime:
    """In a file, what was published is the best guess of when it came."""
    published = article.published or article.first_seen
    return published if published.tzinfo else published.replace(tzinfo=UTC)


def match(
    source: InArgument,
    out: OutOption,
    subscriptions: Annotated[Path, typer.Option("--subscriptions", help="Lines {id, query}.")],
) -> None:
    """Enrich and match a file exactly as the road does: lines {id, subscriptions}."""
    from tocsin.cli.jsonl import read, read_articles, writing
    from tocsin.query.document import Document
    from tocsin.query.match import Matcher

    enricher, expander = enricher_of(settings_of())
    plans = {}
    for number, asked in read(subscriptions, Asked):
        try:
            plans[asked.id] = expander.read(asked.query)
        except UserError as error:
            raise UserError(f"{subscriptions}, line {number}: {error}") from error
    matcher, now = Matcher(plans), SystemClock().now()
    with writing(out) as target:
        for line, article in read_articles(source):
            enriched, analysed = enricher.enrich(article)
            met = matcher.match(Document.of(enriched, analysed, now))
            row = {"id": line.id or line.url, "subscriptions": sorted(met)}
            target.write(msgspec.json.encode(row) + b"\n")


def enricher_of(settings: "Settings") -> "tuple[Enricher, Expander]":
    """The enrichment of room two with this machine's words and lists, and its expander."""
    from tocsin.lists import load
    from workers.enrich import Enricher

    expander = expander_of(settings)
    return Enricher(expander.words, expander, load(settings.user_lists)), expander


def _batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
