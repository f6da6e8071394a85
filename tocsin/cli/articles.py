"""``export``, ``import``, ``extract``, ``group``, ``match``: articles as files, in and out, through the same rooms."""

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
import typer

from tocsin.cli.opening import JsonOption, SinceOption, StoreOption, expander_of, opened, settings_of, since_of
from tocsin.clock import SystemClock
from tocsin.errors import UserError

if TYPE_CHECKING:
    from tocsin.query.expand import Expander
    from tocsin.records import Article
    from tocsin.settings import Settings
    from workers.enrich import Enricher

T = TypeVar("T")
OutOption = Annotated[Path, typer.Option("--out", help="File to write; - is standard output.")]
InArgument = Annotated[Path, typer.Argument(metavar="IN.jsonl", help="One JSON object a line; - is standard input.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(export)
    app.command("import")(import_)
    app.command()(extract)
    app.command()(group)
    app.command()(match)


class Asked(msgspec.Struct, frozen=True):
    """A line of ``match --subscriptions``."""

    id: str
    query: str


class PageLine(msgspec.Struct, frozen=True):
    """A line of ``extract --jsonl``."""

    id: str
    url: str
    path: str = ""
    html: str = ""


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
            new += len(handle.accept(batch))
            number += len(batch)
        run(handle, settings, SystemClock(), once=True, stopped=lambda: False)
    print(f"{number} articles read, {new} new.", file=sys.stderr)


def extract(
    file: Annotated[Path | None, typer.Argument(help="HTML of the page; without it, standard input.")] = None,
    url: Annotated[str, typer.Option("--url", help="Address of the page.")] = "",
    jsonl: Annotated[Path | None, typer.Option("--jsonl", help="Many pages: lines {id, url, path or html}.")] = None,
    out: OutOption = Path("-"),
    as_json: JsonOption = False,
) -> None:
    """Page → article, with the date ledger and what was left out."""
    settings = settings_of()
    if jsonl is not None:
        _extract_many(jsonl, out)
        return
    if not url:
        raise UserError("Say which page it is: --url https://…")
    try:
        body = file.read_bytes() if file else sys.stdin.buffer.read()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}.") from error
    result = _extracted(url, body)
    enricher, _ = _enricher(settings)
    for raw in result["articles"]:
        article, _ = enricher.enrich(raw)
        if as_json:
            sys.stdout.write(article.to_json().decode() + "\n")
        else:
            _show(article)
    if not result["articles"]:
        print(f"No article: {result['drop']} {result['detail']}".rstrip(), file=sys.stderr)
        raise typer.Exit(1)


def _extracted(url: str, body: bytes) -> dict[str, Any]:
    from spiders.extract import extract as read
    from tocsin.addresses import canonical, host_of
    from tocsin.records import HttpFacts, Outlet, Page

    address = canonical(url)
    if not address:
        raise UserError(f"{url!r} is no web address: write one such as https://example.org/news/1.")
    outlet = Outlet(name=host_of(address), home=canonical("/", address))
    page = Page(
        url=address,
        fetched_url=address,
        body=body,
        fetched=SystemClock().now(),
        http=HttpFacts(status=200, size=len(body)),
    )
    result = read(page, outlet)
    return {"articles": result.articles, "drop": result.drop, "detail": result.detail}


def _show(article: "Article") -> None:
    from rich.console import Console
    from rich.text import Text

    from tocsin.messages import plain

    console = Console(soft_wrap=True, highlight=False)
    console.print(Text(plain(article.title) or "(no title)", style="bold"))
    facts = {
        "address": article.url,
        "published": f"{article.published.isoformat()} ({article.published_origin})" if article.published else "",
        "note": article.published_note,
        "authors": ", ".join(article.authors),
        "language": article.lang,
        "places": ", ".join(article.places),
        "people": ", ".join(article.people),
        "organisations": ", ".join(article.organisations),
        "topics": ", ".join(article.topics),
    }
    for name, value in facts.items():
        if value:
            console.print(Text(f"  {name + ':':15}{plain(value)}"))
    console.print(Text("\n" + "\n".join(map(plain, article.text.split("\n"))) + "\n"))
    for candidate in article.extraction.dates:
        console.print(Text(f"  date {candidate.raw!r} from {candidate.origin}: {candidate.verdict}", style="dim"))
    for line in article.extraction.dropped:
        console.print(Text(f"  left out: {plain(line)}", style="dim"))


def _extract_many(source: Path, out: Path) -> None:
    from concurrent.futures import ProcessPoolExecutor

    from tocsin.cli.jsonl import read, writing

    lines = (line for _, line in read(source, PageLine))
    with writing(out) as file, ProcessPoolExecutor() as pool:
        for batch in _batched(lines, 256):
            file.writelines(pool.map(_extract_line, batch, [source.parent] * len(batch), chunksize=4))


def _extract_line(line: PageLine, folder: Path) -> bytes:
    """One line of the batch, read and extracted in a child; what cannot be read says so in its own line."""
    import gzip

    try:
        body = line.html.encode() if line.html else (folder / line.path).read_bytes()
        result = _extracted(line.url, gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)
    except (OSError, UserError) as error:
        result = {"articles": (), "drop": "cannot be read", "detail": str(error)}
    first = (
        result["articles"][0].to_dict() if result["articles"] else {"drop": result["drop"], "detail": result["detail"]}
    )
    return msgspec.json.encode({**first, "id": line.id, "article_id": first.get("id", "")}) + b"\n"


def group(source: InArgument, out: OutOption) -> None:
    """The road's own dedupe over a file, in its order: lines {id, cluster, relation}."""
    from tocsin.cli.jsonl import read_articles, writing
    from tocsin.stores import open_store
    from workers.alert import RuleBook
    from workers.flow import BATCH, LEASE_SECONDS, Hall, file

    settings = settings_of()
    enricher, expander = _enricher(settings)
    clock = SystemClock()
    with writing(out) as target:
        store = open_store("sqlite::memory:")
        hall = Hall(store, clock, enricher, RuleBook(store, expander))
        for batch in _batched(read_articles(source), BATCH):
            articles = [msgspec.structs.replace(article, first_seen=_arrival_time(article)) for _, article in batch]
            store.accept(articles)
            file(hall, store.claim(BATCH, LEASE_SECONDS, clock.now()))
            filed = store.articles([article.id for article in articles])
            for line, article in batch:
                row = {
                    "id": line.id or line.url,
                    "cluster": filed[article.id].story,
                    "relation": filed[article.id].relation,
                }
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

    enricher, expander = _enricher(settings_of())
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


def _enricher(settings: "Settings") -> "tuple[Enricher, Expander]":
    from tocsin.lists import load
    from workers.enrich import Enricher

    expander = expander_of(settings)
    return Enricher(expander.words, expander, load(settings.user_lists)), expander


def _batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
