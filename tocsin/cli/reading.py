"""``search``, ``alerts``, ``why``: what a reader asks of the store."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tocsin.addresses import masked
from tocsin.cli.explaining import tell_remarks
from tocsin.cli.opening import JsonOption, SinceOption, StoreOption, expander_of, opened, since_of
from tocsin.clock import SystemClock

if TYPE_CHECKING:
    from rich.console import Console

    from tocsin.records import Article, Hit
    from tocsin.stores.port import Store


MOST = 10_000
"""Articles that are counted beyond those shown."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(context_settings={"ignore_unknown_options": True})(search)  # a query may begin with a minus
    app.command()(alerts)
    app.command()(why)


def search(
    query: Annotated[str, typer.Argument(help='What to look for: Bakhmut, "draft office", title:призов AND lang:uk …')],
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many articles.")] = 20,
    since: SinceOption = None,
    stories: Annotated[bool, typer.Option("--stories", help="One article of each story, not its copies.")] = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Articles that meet a query, newest arrival first, with the words that met.

    Each version of a page is found by its own words. Of an older one, --json names the newest in ``newer``.
    """
    import msgspec

    from tocsin.query.expand import fixed
    from tocsin.words import ANALYSER

    start = since_of(since)
    with opened(store) as (settings, handle):
        plan = fixed(expander_of(settings).read(query), SystemClock().now())
        tell_remarks(query)
        if handle.outdated(ANALYSER, 1):
            print("Some texts were read by an older analyser and are not found: run tocsin reindex.", file=sys.stderr)
        after = handle.arrival_at(start) if start else 0
        found = handle.search(plan, limit=limit, after=after, stories=stories)
        newer = handle.newer([article.id for article in found])
        if as_json:
            for article in found:
                later = {"newer": newer[article.id].id} if article.id in newer else {}
                sys.stdout.write(msgspec.json.encode(article.to_dict() | later).decode() + "\n")
            return
        from rich.console import Console

        from tocsin.query.document import Document
        from tocsin.query.hits import Lines, hits

        console = Console()
        for article in found:
            analysed = handle.tokens(article.id)
            met = hits(plan, Document.of(article, analysed), Lines(article), 4) if analysed else ()
            _show(console, article, settings.time_zone, met, newer.get(article.id))
        total = handle.count(plan, MOST) if len(found) == limit and not since and not stories else len(found)
        whole = f"more than {MOST:,}" if total > MOST else f"{total:,}"
        shown = f"{len(found)} of {whole}" if len(found) < total else f"{len(found)}"
        console.print(f"{shown} article{'s' if shown != '1' else ''}.", highlight=False)


def _show(console: "Console", article: "Article", zone: str, met: "tuple[Hit, ...]", newer: "Article | None") -> None:
    from zoneinfo import ZoneInfo

    from rich.text import Text

    from tocsin.messages import harmless, plain, published_line

    console.print(Text(plain(article.title) or "(no title)", style="bold"))
    relation = "" if article.relation == "original" else f" · {article.relation}"
    if newer is not None:
        relation += f" · changed since (version {newer.version}; see tocsin why)"
    published = published_line(article, ZoneInfo(zone))
    console.print(Text(f"  {plain(article.outlet)} · {article.lang} · {published}{relation}", style="dim"))
    if not met and article.text:
        console.print(Text("  " + plain(article.text.partition("\n")[0][:200]), style="dim"))
    for sentence in dict.fromkeys(hit.sentence for hit in met):
        line = Text("  " + harmless(sentence))
        for hit in met:
            if hit.sentence == sentence:
                line.stylize("bold yellow", hit.start + 2, hit.start + 2 + len(hit.form))
        console.print(line)
    console.print(Text(f"  {plain(article.url)}", style="blue"), soft_wrap=True)
    console.print()


def _deliveries(store: "Store", notice: str) -> list[dict[str, Any]]:
    """How a notice went, without the secrets that a channel's address may hold."""
    return [sent.to_dict() | {"channel": masked(sent.channel)} for sent in store.deliveries(notice)]


def alerts(
    since: SinceOption = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many alerts.")] = 20,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """What was sent to whom, newest first, and how it went."""
    import msgspec

    with opened(store) as (settings, handle):
        found = handle.alerts(since=since_of(since), limit=limit)
        if as_json:
            for alert, notices in found:
                rows = [notice.to_dict() | {"deliveries": _deliveries(handle, notice.id)} for notice in notices]
                sys.stdout.write(msgspec.json.encode(alert.to_dict() | {"notices": rows}).decode() + "\n")
            return
        from rich.console import Console
        from rich.text import Text

        from tocsin.messages import Told, render

        console = Console()
        subscriptions = {subscription.id: subscription for subscription in handle.subscriptions()}
        for alert, notices in found:
            articles = handle.articles([it for notice in notices for it in (notice.article, notice.before) if it])
            story = handle.story(alert.story)
            for notice in notices:
                article = articles.get(notice.article)
                if article is None:
                    continue
                subscription, before = subscriptions.get(alert.subscription), articles.get(notice.before)
                message = render(Told(notice, alert, article, subscription, story, before), settings.zone)
                console.print(Text("\n".join(message.lines)))
                for delivery in handle.deliveries(notice.id):
                    console.print(
                        Text(f"  {masked(delivery.channel)}: {delivery.state} {delivery.error}".rstrip(), style="dim")
                    )
                console.print()
        console.print(f"{len(found)} alert{'s' if len(found) != 1 else ''}.", highlight=False)


def why(
    url: Annotated[str, typer.Argument(help="Address of a page, as a browser shows it.")],
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """One address's whole history: fetched, left out and why, accepted, filed, alerted."""
    import json

    from tocsin.messages import plain

    with opened(store) as (_, handle):
        lines = handle.why(url)
        for line in lines:
            if as_json:
                print(json.dumps(line, ensure_ascii=False))
            else:
                print(f"{(line['at'] or '-')[:19]:19}  {plain(line['what']):40}  {plain(line['detail'])}")
        if not lines:
            print(
                f"Nothing is known of {url}: no feed, sitemap or front of an active outlet has named it.",
                file=sys.stderr,
            )
            raise typer.Exit(1)
