"""A search as an Atom feed (RFC 4287), for readers who stay in their feed reader."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from lxml import etree
from lxml.builder import ElementMaker
from starlette.exceptions import HTTPException

from tocsin.desk.answers import Row, find
from tocsin.desk.reading import Asked, Desk
from tocsin.desk.show import printable, search_path
from tocsin.messages import followable
from tocsin.records import derived_id

ATOM = "http://www.w3.org/2005/Atom"
_A = ElementMaker(namespace=ATOM, nsmap={None: ATOM})


def router(desk: Desk) -> APIRouter:
    """The route of the feed."""
    routes = APIRouter(prefix="/feeds", include_in_schema=False)

    @routes.get("/search.atom")
    async def search(request: Request, q: str = "", limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Response:
        """The newest articles that meet a query."""
        lens, asked = desk.lens(), desk.understand(q)
        if problem := asked.problem:
            raise HTTPException(400, f"{problem.message} (column {problem.column})")
        found = await desk.ask(lambda store: find(store, asked, lens, limit=limit))
        feed = _feed(asked, found.rows, str(request.base_url).rstrip("/"), lens.now)
        return Response(etree.tostring(feed, xml_declaration=True, encoding="utf-8"), media_type="application/atom+xml")

    return routes


def _feed(asked: Asked, rows: list[Row], base: str, now: datetime) -> etree._Element:
    path = search_path(asked.text)
    # RFC 4287 asks for one `updated`; a quiet search must not look changed at each poll.
    updated = max((row.article.first_seen for row in rows), default=datetime(now.year, 1, 1, tzinfo=UTC))
    return _A.feed(
        _A.id(f"urn:tocsin:search:{derived_id('search', asked.text.strip())}"),
        _A.title(printable(f"Tocsin: {asked.text.strip() or 'everything'}")),
        _A.updated(updated.isoformat()),
        _A.link(rel="self", href=base + path.replace("/search", "/feeds/search.atom", 1)),
        _A.link(rel="alternate", type="text/html", href=base + path),
        *map(_entry, rows),
    )


def _entry(row: Row) -> etree._Element:
    article = row.article
    entry = _A.entry(
        _A.id(f"urn:tocsin:article:{article.id}"),
        _A.title(printable(article.title) or "Untitled"),
        _A.updated(article.first_seen.isoformat()),
        _A.author(_A.name(printable(", ".join(article.authors) or row.outlet))),
        _A.summary(printable(" … ".join("".join(part.text for part in sentence) for sentence in row.snippet))),
    )
    if article.published and article.published.tzinfo:
        entry.append(_A.published(article.published.isoformat()))
    if link := followable(article.url):
        entry.append(_A.link(rel="alternate", href=printable(link)))
    entry.extend(_A.category(term=printable(name)) for name in article.places + article.topics)
    return entry
