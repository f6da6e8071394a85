"""``extract``: a page → its article, with where each piece came from; or many pages at once."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tocsin.cli.bodies import body_of
from tocsin.cli.opening import JsonOption, settings_of
from tocsin.clock import SystemClock
from tocsin.errors import UserError

if TYPE_CHECKING:
    from spiders.voices import Told
    from tocsin.records import Article, Outlet, Page
    from tocsin.settings import Settings
    from workers.enrich import Enricher

OutOption = Annotated[Path, typer.Option("--out", help="With --jsonl: file to write; - is standard output.")]
ExplainOption = Annotated[bool, typer.Option("--explain", help="Say in words where each piece came from.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(extract)


def extract(
    file: Annotated[Path | None, typer.Argument(help="HTML of the page, gzip too; without it, standard input.")] = None,
    url: Annotated[str, typer.Option("--url", help="Address of the page.")] = "",
    jsonl: Annotated[Path | None, typer.Option("--jsonl", help="Many pages: lines {id, url, path or html}.")] = None,
    out: OutOption = Path("-"),
    explain: ExplainOption = False,
    as_json: JsonOption = False,
) -> None:
    """Page → article, with the date ledger and what was left out. With --jsonl many pages, on all cores."""
    settings = settings_of()
    if jsonl is not None:
        if file is not None or url or explain:
            raise UserError("With --jsonl the pages stand in the lines: leave FILE, --url and --explain out.")
        from tocsin.cli.batch import extract_lines

        extract_lines(jsonl, out)
        return
    if str(out) != "-":
        raise UserError("--out goes with --jsonl; for one page write: tocsin extract … > FILE.")
    if explain and as_json:
        raise UserError("Choose one of --explain and --json: the JSON holds the ledger and all origins.")
    page, outlet = page_of(url, body_of(file, url))
    _one(page, outlet, settings, explain=explain, as_json=as_json)


def page_of(
    url: str, body: bytes, outlet: "Outlet | None" = None, fetched: datetime | None = None
) -> "tuple[Page, Outlet]":
    """A page as if it had been fetched, and its outlet: made up from the address unless one is given.

    Raises UserError where the address is none.
    """
    from tocsin.addresses import canonical, host_of
    from tocsin.records import HttpFacts, Outlet, Page

    address = canonical(url)
    if not address:
        raise UserError(f"{url!r} is no web address: write one such as https://example.org/news/1.")
    page = Page(
        url=address,
        fetched_url=address,
        body=body,
        fetched=fetched or SystemClock().now(),
        http=HttpFacts(status=200, size=len(body)),
        asked=True,
    )
    return page, outlet or Outlet(name=host_of(address), home=canonical("/", address))


def _one(page: "Page", outlet: "Outlet", settings: "Settings", *, explain: bool, as_json: bool) -> None:
    told, enricher = asyncio.run(_read(page, outlet, settings))
    found = told.found
    for raw in found.articles:
        article, _ = enricher.enrich(raw)
        if as_json:
            sys.stdout.write(article.to_json().decode() + "\n")
        elif explain:
            _explain(article, raw.lang, told.titles)
        else:
            _show(article)
    if found.drop:
        whether = "The crawler would leave it out" if found.articles else "No article"
        print(f"{whether}: {found.drop} ({found.detail})".replace(" ()", ""), file=sys.stderr)
    if not found.articles:
        raise typer.Exit(1)


async def _read(page: "Page", outlet: "Outlet", settings: "Settings") -> "tuple[Told, Enricher]":
    """The page as a child reads it, and what enriches its articles, which is loaded meanwhile."""
    from spiders.children import Pool
    from spiders.extract import Extraction
    from spiders.voices import Told
    from tocsin.cli.articles import enricher_of
    from tocsin.cli.fates import DEADLINE, outcome

    pool = Pool(1, target="spiders.voices:told", deadline=DEADLINE)
    try:
        loading = asyncio.create_task(asyncio.to_thread(enricher_of, settings))
        told = await outcome(lambda: pool.ask(page, outlet, Told))
        enricher, _ = await loading
    finally:
        await pool.close()
    return Told(told) if isinstance(told, Extraction) else told, enricher


def _explain(article: "Article", claimed: str, titles: Sequence[tuple[str, str]]) -> None:
    from rich.console import Console
    from rich.text import Text

    from tocsin.cli.origins import explained
    from tocsin.messages import plain

    console = Console(soft_wrap=True, highlight=False)
    for line in explained(article, claimed, titles):
        indented = line.startswith(" ")
        blanks = line[: len(line) - len(line.lstrip())]
        console.print(Text(blanks + plain(line), style="" if indented else "bold"))
    console.print()


def _show(article: "Article") -> None:
    from rich.console import Console
    from rich.text import Text

    from tocsin.messages import plain

    console = Console(soft_wrap=True, highlight=False)
    console.print(Text(plain(article.title) or "(no title)", style="bold"))
    facts = {
        "address": article.url,
        "kind": article.kind if article.kind != "article" else "",
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
