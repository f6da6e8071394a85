"""Room one as a process: ``python -m spiders --store URL [--once] [--pace S] [--only name,name] [--with-parent]``."""

import argparse
import asyncio
import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from tocsin import logs
from tocsin.clock import Clock, SystemClock
from tocsin.errors import UserError
from tocsin.parent import when_parent_goes
from tocsin.records import Article, Outlet
from tocsin.settings import Settings, load
from tocsin.stores.heartbeats import Heart

if TYPE_CHECKING:
    from spiders.answers import Answer
    from spiders.share import Share


def main(arguments: Sequence[str] | None = None) -> int:
    """Open settings and store, crawl, and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = load(store=options.store)
        _set_up_log(settings)
        from tocsin.stores import open_store

        store = open_store(settings.store_url, settings.redis)
        try:
            names = [name.strip() for name in options.only.split(",") if name.strip()] if options.only else None
            heart = None if options.once else Heart.open("spiders", settings, SystemClock(), options.pulse)
            try:
                run(
                    store, settings, once=options.once, pace=options.pace, outlets=names,
                    with_parent=options.with_parent, beat=heart.beat if heart else None,
                )  # fmt: skip
            finally:
                if heart is not None:
                    heart.end()
        finally:
            store.close()
    except UserError as error:
        sys.stderr.write(f"{error}\n")
        return error.code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m spiders", description="Crawl the active outlets of a store.")
    parser.add_argument("--store", help="address of the store; default: TOCSIN_STORE, or the data folder's")
    parser.add_argument("--once", action="store_true", help="fetch what is due now, then end")
    parser.add_argument(
        "--pace", type=_seconds, help="seconds between two requests to a host, instead of each outlet's own"
    )
    parser.add_argument("--only", default="", metavar="NAME,NAME", help="only these outlets")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input is closed")
    # What a supervisor gives: a descriptor that is touched as the loop comes round.
    parser.add_argument("--pulse", type=int, help=argparse.SUPPRESS)
    return parser


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 3600:
        raise argparse.ArgumentTypeError("give seconds between 0 and 3600")
    return value


def _set_up_log(settings: Settings) -> None:
    """Scrapy tells of each page that is not there: only who looks for a mistake wants to read it."""
    level = settings.log_level if settings.log_level in ("debug", "info") else "critical"
    if structlog.is_configured():
        logs.quieten(level)
    else:
        logs.configure(settings.log_level, level)


def run(
    store: Any,
    settings: Settings,
    *,
    once: bool = False,
    pace: float | None = None,
    outlets: Sequence[str] | None = None,
    clock: Clock | None = None,
    with_parent: bool = False,
    beat: Callable[[], object] | None = None,
) -> dict[str, Any]:
    """Crawl the active outlets of a store, or only the named ones, until SIGTERM or SIGINT; with ``once`` until
    nothing is due. Returns ``{outlets, polls, unchanged, listed, pages, articles, drops, failures}``.

    To be called once in a process: a Twisted reactor cannot be started twice. ``pace`` replaces every outlet's own,
    in seconds. ``beat`` is called about each second for as long as the loop comes round, from a thread beside it.
    Raises UserError for a name that no active outlet has, and what the store raises.
    """
    from scrapy.crawler import AsyncCrawlerProcess

    from spiders.children import Pool
    from spiders.settings import scrapy_settings

    _set_up_log(settings)
    active = store.outlets(active=True)
    if unknown := sorted(set(outlets or ()) - {one.name for one in active}):
        raise UserError(f"There is no active outlet named {unknown[0]!r}; 'tocsin outlets list' shows them all.")

    process = AsyncCrawlerProcess(scrapy_settings(settings, active))
    # Only now: this module installs nothing by being imported, but the spider's module needs the reactor's loop.
    from spiders.news import Company, NewsSpider

    company = Company(
        store=store,
        clock=clock or SystemClock(),
        reader=Pool(settings.children),
        once=once,
        pace=pace,
        names=tuple(outlets) if outlets is not None else None,
        proxy=settings.proxy,
        # Each page waits twice for a write that it shares with others: many must be under way to keep a child busy.
        depth=32 + 4 * settings.children,
        hint=_hint(settings, clock or SystemClock()),
        share=_share(settings, clock or SystemClock(), picked=once or outlets is not None),
        beat=beat,
        stop=lambda event: _connect_stop(event, with_parent=with_parent),
    )
    process.crawl(NewsSpider, company=company)
    process.start(install_signal_handlers=False)
    if company.failed is not None:
        raise company.failed
    return {"outlets": company.outlets, **msgspec.structs.asdict(company.counters)}


def _hint(settings: Settings, clock: Clock) -> Callable[[Sequence[Article]], object] | None:
    """What tells the workers of articles; None where they ask the store themselves."""
    if not settings.broker:
        return None
    try:
        from tocsin.queue import Hints
    except ModuleNotFoundError as error:
        raise UserError(
            "TOCSIN_BROKER needs further packages: install tocsin with its extra, pip install 'tocsin[distributed]'."
        ) from error
    return Hints(settings, clock).accepted


def _share(settings: Settings, clock: Clock, *, picked: bool) -> "Share | None":
    """Which outlets are ours; None where no other process crawls this store."""
    if not settings.broker and not settings.redis:
        return None
    from spiders.share import Share
    from tocsin.stores.leases import open_leases

    return Share(open_leases(settings.store_url, settings.redis), clock, picked=picked)


def fetch_pages(settings: Settings, outlet: Outlet, urls: Sequence[str]) -> "list[Answer]":
    """Fetch a few pages of an outlet as a crawl would, and keep nothing. The answers stand in the order of ``urls``.

    To be called once in a process, see ``run``. Raises what goes wrong beyond a single request.
    """
    from scrapy.crawler import AsyncCrawlerProcess

    from spiders.children import Pool
    from spiders.settings import scrapy_settings

    _set_up_log(settings)
    process = AsyncCrawlerProcess(scrapy_settings(settings, [outlet]))
    from spiders.news import Company
    from spiders.sample import SampleSpider

    answers: list[Answer] = []
    company = Company(store=None, clock=SystemClock(), reader=Pool(1), proxy=settings.proxy)
    process.crawl(SampleSpider, company=company, outlet=outlet, urls=tuple(urls), answers=answers)
    process.start()
    if company.failed is not None:
        raise company.failed
    return answers


def _connect_stop(event: asyncio.Event, *, with_parent: bool) -> None:
    """End the run on SIGTERM and SIGINT, and when the parent that held our standard input is gone."""
    loop = asyncio.get_running_loop()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, event.set)
    if with_parent:
        when_parent_goes(lambda: _from_elsewhere(loop, event.set))


def _from_elsewhere(loop: asyncio.AbstractEventLoop, then: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: the run ended before its parent
        loop.call_soon_threadsafe(then)


if __name__ == "__main__":
    sys.exit(main())
