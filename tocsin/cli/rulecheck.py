"""``outlets check``, its second half: what each rule of an outlet gives on its newest pages, or on a saved one."""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag

from tocsin.cli.fates import DEADLINE
from tocsin.cli.opening import expander_of, opened
from tocsin.clock import SystemClock
from tocsin.errors import UserError

if TYPE_CHECKING:
    from rich.table import Table

    from spiders.trial import Try
    from tocsin.records import Outlet, Page
    from tocsin.settings import Settings
    from tocsin.stores.port import Store


def check_page(
    file: Path | None, url: str, names: list[str], rules: Path | None, store: str | None, *, as_json: bool
) -> int:
    """Try an outlet's rules on a saved page, without the network. Returns the exit code: 1 where one gives nothing.

    Raises UserError where page, address or outlet is missing.
    """
    from tocsin.cli.bodies import body_of
    from tocsin.cli.extracting import page_of

    if file is None:
        raise UserError("--url is the address of a saved page: give the page too, --page FILE.")
    body = body_of(file, url)
    if rules is not None:
        outlet = _of_file(rules, names)
    elif len(names) != 1:
        raise UserError("Name the one outlet whose rules are to be tried on the page: tocsin outlets check NAME …")
    else:
        outlet = _stored(names[0], store)
    if not outlet.rules:
        raise UserError(f"{outlet.name} has no rules: add [[rules]] to its TOML, and try it with --rules FILE.")
    page, _ = page_of(url, body, outlet)
    tries = asyncio.run(_tried([page], outlet))
    return 1 if _tell(outlet, [page], tries, as_json=as_json) else 0


def check_rules(
    handle: "Store",
    settings: "Settings",
    outlets: "Sequence[Outlet]",
    most: int,
    rules: Path | None,
    *,
    as_json: bool,
) -> int:
    """Fetch the newest known pages of the outlets that have rules, and try these. Returns how many give nothing."""
    if rules is not None:
        outlets = [_of_file(rules, [outlet.name for outlet in outlets])]
    outlets = [outlet for outlet in outlets if outlet.rules]
    if len(outlets) > 1:
        raise UserError("Several of these outlets have rules: name one at a time, or give --pages 0 for health alone.")
    failing = 0
    for outlet in outlets:
        urls = _newest(handle, settings, outlet, most)
        if not urls:
            print(f"No article of {outlet.name} is stored yet; try its rules on a saved page: --page FILE --url URL.")
            continue
        pages = _fetched(settings, outlet, urls)
        failing += _tell(outlet, pages, asyncio.run(_tried(pages, outlet)), as_json=as_json)
    return failing


def _of_file(rules: Path, names: list[str]) -> "Outlet":
    from spiders.outlet import read_outlets

    found = {outlet.name: outlet for outlet in read_outlets(rules)}
    if len(names) > 1:
        raise UserError("With --rules name one outlet at most.")
    name = names[0] if names else next(iter(found))
    if name not in found or (not names and len(found) > 1):
        raise UserError(f"{rules} holds {', '.join(found)}: name one of them.")
    return found[name]


def _stored(name: str, store: str | None) -> "Outlet":
    from spiders.outlet import catalogue

    with opened(store) as (_, handle):
        known = {outlet.name: outlet for outlet in [*catalogue(), *handle.outlets()]}
    if name not in known:
        raise UserError(f"There is no outlet named {name!r}. See: tocsin outlets list, and with --catalogue.")
    return known[name]


def _newest(handle: "Store", settings: "Settings", outlet: "Outlet", most: int) -> list[str]:
    """Addresses of the newest pages whose articles are stored."""
    from tocsin.query.expand import fixed

    plan = fixed(expander_of(settings).read(f"outlet:{outlet.name}"), SystemClock().now())
    articles = handle.search(plan, limit=20 * most)
    return list(dict.fromkeys(urldefrag(article.fetched_url or article.url).url for article in articles))[:most]


def _fetched(settings: "Settings", outlet: "Outlet", urls: list[str]) -> "list[Page]":
    """The pages as they are now; what could not be fetched is told."""
    from spiders.__main__ import fetch_pages
    from tocsin.records import Page

    print(f"Fetching {len(urls)} pages of {outlet.name}, {outlet.pace:g} s apart …", file=sys.stderr)
    pages = []
    for url, answer in zip(urls, fetch_pages(settings, outlet, urls), strict=True):
        if answer.reason:
            print(f"{url}: {answer.words}", file=sys.stderr)
            continue
        pages.append(
            Page(
                url=url,
                fetched_url=answer.url or url,
                body=answer.body,
                fetched=SystemClock().now(),
                http=answer.http,
                asked=True,
            )
        )
    return pages


async def _tried(pages: "Sequence[Page]", outlet: "Outlet") -> "list[list[Try]]":
    """The tries of each page; none for a page that kills its reader."""
    from spiders.children import ChildDied, Pool
    from spiders.trial import tried

    pool, found = Pool(1, deadline=DEADLINE), list[list[Any]]()
    try:
        for page in pages:
            try:
                found.append(await tried(pool, page, outlet))
            except ChildDied as error:
                print(f"{page.url}: it cannot be read: {error}", file=sys.stderr)
                found.append([])
    finally:
        await pool.close()
    return found


def _tell(outlet: "Outlet", pages: "Sequence[Page]", tries: "list[list[Try]]", *, as_json: bool) -> int:
    """Print what the rules gave; returns how many selectors gave nothing on each of the pages they are for."""
    if as_json:
        for page, found in zip(pages, tries, strict=True):
            for one in found:
                print(json.dumps({"name": outlet.name, "page": page.url, **one.to_dict()}, ensure_ascii=False))
    else:
        from rich.console import Console

        console = Console(highlight=False)
        for page, found in zip(pages, tries, strict=True):
            console.print(_table(page, found))
    gave: dict[tuple[int, str], bool] = {}
    for one in (one for found in tries for one in found if one.fate in ("used", "given", "nothing")):
        gave[one.rule, one.piece] = gave.get((one.rule, one.piece), False) or one.fate != "nothing"
    broken = [key for key, is_given in gave.items() if not is_given]
    for rule, piece in broken:
        print(f"{outlet.name}: rule {rule} gives no {piece} on any of these pages.", file=sys.stderr)
    return len(broken)


def _table(page: "Page", found: "Sequence[Try]") -> "Table":
    from rich.table import Table
    from rich.text import Text

    from tocsin.messages import plain

    table = Table(title=Text(plain(page.fetched_url or page.url)), title_justify="left", box=None, pad_edge=False)
    for name in ("rule", "piece", "by the rule", "by the general reading"):
        table.add_column(name, overflow="fold")
    for one in found:
        said = plain(one.value) if one.fate in ("used", "given") else one.fate
        style = {"nothing": "bold red", "used": "green"}.get(one.fate, "dim")
        note = " (an other rule's is used)" if one.fate == "given" else ""
        table.add_row(str(one.rule), one.piece, Text(said + note, style=style), Text(plain(one.general)))
    return table
