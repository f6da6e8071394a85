"""The pages: one route each, a question to the store, a template."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.exceptions import HTTPException

from tocsin import __version__
from tocsin.addresses import canonical
from tocsin.desk import answers, show
from tocsin.desk.reading import Desk
from tocsin.messages import followable, plain

PER_PAGE = 25
ADDRESS_LENGTH = 4096

Arrival = Annotated[int | None, Query(ge=1, le=2**63 - 1)]
Limit = Annotated[int, Query(ge=1, le=200)]


class Pages:
    """The HTML side of the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._templates = _environment()

    def router(self) -> APIRouter:
        """Routes of all pages. HEAD is answered as GET."""
        router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
        for path, page in (
            ("/", self.overview),
            ("/search", self.search),
            ("/alerts", self.alerts),
            ("/article/{identifier}", self.article),
            ("/why", self.why),
        ):
            router.add_api_route(path, page, methods=["GET", "HEAD"])
        return router

    def failure(self, status: int, message: str) -> HTMLResponse:
        """A page that says what went wrong."""
        return self._page("failure.html", status, title=f"Error {status}", message=message, status=status)

    def unsubscribe(self, name: str, channel: str, action: str) -> HTMLResponse:
        """The question whether a channel is to hear of a subscription no more."""
        return self._page("unsubscribe.html", title="Unsubscribe", name=plain(name), channel=channel, action=action)

    async def overview(self, *, live: bool = False) -> HTMLResponse:
        """Counts, newest stories, drops, health of the outlets."""
        lens = self._desk.lens()
        seen = await self._desk.ask(lambda store: answers.overview(store, lens))
        return self._page("overview.html", title="Overview", here="/", seen=seen, live=live)

    async def search(self, *, q: str = "", before: Arrival = None, stories: bool = False) -> HTMLResponse:
        """The articles that meet a query."""
        lens, asked = self._desk.lens(), self._desk.understand(q)
        found = await self._desk.ask(
            lambda store: answers.find(store, asked, lens, limit=PER_PAGE, before=before, stories=stories)
        )
        return self._page(
            "search.html",
            400 if asked.problem else 200,
            title="Search",
            here="/search",
            asked=asked,
            found=found,
            before=before,
            stories=stories,
        )

    async def alerts(self, *, limit: Limit = 50, live: bool = False) -> HTMLResponse:
        """The newest alerts, what met, and how the notices went."""
        lens = self._desk.lens()
        rows = await self._desk.ask(lambda store: answers.alerts(store, lens, limit=limit))
        return self._page("alerts.html", title="Alerts", here="/alerts", rows=rows, limit=limit, live=live)

    async def article(self, identifier: str, q: str = "") -> HTMLResponse:
        """One article with its ledger; words of ``q`` are marked."""
        lens, asked = self._desk.lens(), self._desk.understand(q)
        ledger = await self._desk.ask(lambda store: answers.article(store, identifier, asked, lens))
        if ledger is None:
            raise HTTPException(404)
        return self._page(
            "article.html",
            title=plain(ledger.row.article.title) or "Untitled",
            ledger=ledger,
            history=ledger.history,
            asked=asked,
        )

    async def why(self, request: Request, url: str = "") -> HTMLResponse:
        """The whole history of one address."""
        typed = url.strip()[:ADDRESS_LENGTH]
        address = canonical(typed)
        lines = await self._desk.ask(lambda store: answers.history(store, typed)) if address else []
        return self._page("why.html", title="Why", here="/why", typed=typed, address=address, history=lines)

    def _page(self, template: str, status: int = 200, /, **given: object) -> HTMLResponse:
        lens = self._desk.lens()
        defaults: dict[str, object] = {"here": "", "live": False, "version": __version__}
        text = self._templates.get_template(template).render(
            **(defaults | given),
            zone=str(lens.zone),
            rendered=lens.moment(lens.now, seconds=True),
            at=lambda when: lens.moment(when, seconds=True),
        )
        return HTMLResponse(text, status)


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("tocsin.desk"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["thousands"] = lambda number: f"{number:,}"
    for function in (followable, show.language, show.lang_attribute, show.narrowed, show.search_path):
        environment.globals[function.__name__] = function
    return environment
