"""The desk put together: guard, pages, API, feeds, and what is said when something goes wrong."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import tzinfo
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from tocsin.clock import Clock
from tocsin.desk import api, feeds, pages, probes, unsubscribe
from tocsin.desk.guard import Guard
from tocsin.desk.probes import Probes
from tocsin.desk.reading import Desk, DeskStore
from tocsin.errors import UserError
from tocsin.query.expand import Expander

STATIC = Path(__file__).parent / "static"


class _Guarded(FastAPI):
    """The guard stands outside everything, also outside of what answers when a page fails."""

    def __init__(self, *, public: str, **given: Any) -> None:
        self._public = public
        super().__init__(**given)

    def build_middleware_stack(self) -> ASGIApp:
        """Put the guard around the stack."""
        return Guard(super().build_middleware_stack(), self._public)


def create_app(
    store: DeskStore,
    *,
    clock: Clock,
    zone: tzinfo,
    expander: Expander,
    watch: Probes | None = None,
    public: str = "",
) -> FastAPI:
    """The desk over an open store.

    Times are shown in ``zone``; ``expander`` gives queries their meaning; ``watch`` is closed with the application, and
    without it there is neither ``/health`` nor ``/ready`` nor ``/metrics``. ``public`` is the address that stands in
    messages: under its name readers may unsubscribe, and nothing else. All calls of the store come from one thread
    of the application's own; the store is not closed. The interactive documentation of FastAPI is off: it loads its
    scripts from elsewhere.
    """
    desk = Desk(store, clock, zone, expander)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        desk.close()
        if watch is not None:
            watch.close()

    app = _Guarded(
        public=urlsplit(public).hostname or "",
        title="Tocsin desk",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        lifespan=lifespan,
    )
    show = pages.Pages(desk)
    app.include_router(show.router())
    app.include_router(api.router(desk))
    app.include_router(feeds.router(desk))
    app.include_router(unsubscribe.router(desk, show))
    if watch is not None:
        app.include_router(probes.router(watch))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _explain(app, show)
    return app


def _explain(app: FastAPI, show: pages.Pages) -> None:
    """Failures as one clear sentence: a page for readers, an object for programs."""

    def answer(request: Request, status: int, message: str) -> Response:
        if request.url.path.startswith("/api/"):
            return api.failure(status, message)
        return show.failure(status, message)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        plain = {404: "There is no such page.", 405: "The desk only reads here: this request changes nothing."}
        return answer(request, error.status_code, plain.get(error.status_code, str(error.detail)))

    @app.exception_handler(RequestValidationError)
    async def malformed(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return answer(request, 400, f"The parameter {first['loc'][-1]} cannot be used: {first['msg']}.")

    @app.exception_handler(UserError)
    async def troubled(request: Request, error: UserError) -> Response:
        return answer(request, 503, str(error))

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:  # noqa: ARG001 - the server logs it
        return answer(request, 500, "The desk failed over this request. The cause stands in its log.")
