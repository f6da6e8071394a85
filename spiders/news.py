"""The spider: one Scrapy process over all active outlets, each under its own watch."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import msgspec
import structlog
from scrapy import Request, Spider, signals
from scrapy.exceptions import StopDownload
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from spiders import safety
from spiders.answers import Answer, refusal
from spiders.ledger import Ledger
from spiders.pipelines import Counters, Intake, Reader
from spiders.settings import MAX_PAGE, MAX_SITEMAP
from spiders.share import RENEW, Share, host_of
from spiders.watch import Watch
from tocsin.clock import Clock
from tocsin.errors import UserError
from tocsin.records import Article, HttpFacts, Outlet

log = structlog.get_logger("spiders")

IN_FLIGHT = 256
"""Requests at a time over all outlets, those that wait for their host's pace included."""
GRACE = 2.0
"""Seconds that pages under way have to be finished after a stop was asked for."""
AFTER_FAILURE = 60.0
"""Seconds after which a watch that failed begins anew."""
REREAD = 10.0
"""Seconds between two looks at the store's list of outlets."""
_NO_TEXT = ("image/", "video/", "audio/", "font/", "application/pdf", "application/zip", "application/x-tar",
            "application/msword", "application/vnd.", "application/epub")  # fmt: skip
_BINARY = (b"%PDF-", b"PK\x03\x04", b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"\x00\x00\x00")


class Company(msgspec.Struct):
    """What the spider works with, opened in the main."""

    store: Any
    clock: Clock
    reader: Reader
    """The extraction children."""
    once: bool = False
    pace: float | None = None
    names: tuple[str, ...] | None = None
    """Only these outlets; None: all active ones."""
    proxy: str = ""
    depth: int = 4
    hint: Callable[[Sequence[Article]], object] | None = None
    """Told of articles that are accepted and new, see ``Ledger``."""
    share: Share | None = None
    """Which outlets are ours; None: all."""
    beat: Callable[[], object] | None = None
    """Called about each second for as long as the loop comes round, in a thread beside it; it must not fail."""
    stop: Callable[[asyncio.Event], None] = lambda _: None
    """Connects what may ask for a stop (signals, a closed pipe) with the event that ends the run."""
    counters: Counters = msgspec.field(default_factory=Counters)
    outlets: int = 0
    failed: BaseException | None = None


class NewsSpider(Spider):
    """Runs the watches. Requests go straight to Scrapy's downloader: the queue is the store, not Scrapy's scheduler."""

    name = "news"

    def __init__(self, company: Company, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._company = company
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._watches: dict[str, tuple[Outlet, asyncio.Task[None]]] = {}
        self._done: set[str] = set()
        self._not_before: dict[str, float] = {}

    async def start(self) -> AsyncIterator[Any]:
        """Scrapy's entrance: the whole run happens in here, and nothing is ever yielded."""
        self.crawler.signals.connect(self._headers, signal=signals.headers_received)
        try:
            await self._run()
        except Exception as error:  # noqa: BLE001 - Scrapy would log and swallow it; the main raises it again
            self._company.failed = error
        for nothing in list[Any]():
            yield nothing

    async def _run(self) -> None:
        company = self._company
        stop = asyncio.Event()
        company.stop(stop)
        over = asyncio.Event()
        beating = asyncio.create_task(self._beat(over))
        ledger = Ledger(company.store, hint=company.hint)
        intake = Intake(ledger, company.reader, company.clock, company.counters, depth=company.depth)
        try:
            await self._start_children()
            await self._supervise(ledger, intake, stop)
        finally:
            await self._end(intake, stop)
            if (share := company.share) is not None:
                await ledger.ask(lambda _: share.end())
            await company.reader.close()
            await ledger.close()
            over.set()
            await asyncio.wait([beating])
        if ledger.failed is not None:
            raise ledger.failed

    async def _beat(self, over: asyncio.Event) -> None:
        beat = self._company.beat
        while beat is not None and not over.is_set():
            await asyncio.to_thread(beat)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), 1.0)

    async def _start_children(self) -> None:
        """Children that cannot be started at all are our trouble, not that of the first pages."""
        try:
            await self._company.reader.start()
        except Exception as error:
            raise UserError(f"The processes that read pages cannot be started: {error}.", code=1) from error

    async def _supervise(self, ledger: Ledger, intake: Intake, stop: asyncio.Event) -> None:
        """Keep one watch on each active outlet until a stop is asked for or, in a single run, all are done."""
        company = self._company
        told = reread = 0.0
        while not stop.is_set() and ledger.failed is None:
            now = company.clock.monotonic()
            if now >= reread:
                often = REREAD if company.share is None else RENEW
                reread = now + often if company.share or not company.once else float("inf")
                await self._follow(ledger, intake)
            if now >= told:
                told = now + 10
                log.info("crawling", **msgspec.structs.asdict(company.counters))
            if company.once and not self._watches:
                break
            tasks = [task for _, task in self._watches.values()]
            waiter = asyncio.create_task(stop.wait())
            await asyncio.wait([*tasks, waiter], timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
            waiter.cancel()
            self._collect(ledger)
        log.info("ending", **msgspec.structs.asdict(company.counters))

    async def _follow(self, ledger: Ledger, intake: Intake) -> None:
        """Start watches for new and changed outlets, end those of outlets that are active no more."""
        company = self._company
        outlets = {one.name: one for one in await ledger.ask(lambda store: store.outlets(active=True))}
        if company.names is not None:
            outlets = {name: one for name, one in outlets.items() if name in company.names}
        if company.share is not None:
            outlets = await self._ours(ledger, company.share, outlets)
        company.outlets = len(outlets)
        for name, (outlet, task) in list(self._watches.items()):
            if outlets.get(name) != outlet:
                task.cancel()
                del self._watches[name]
        for name, outlet in outlets.items():
            waits = self._not_before.get(name, 0.0) > company.clock.monotonic()
            if name not in self._watches and name not in self._done and not waits:
                watched = msgspec.structs.replace(outlet, pace=company.pace) if company.pace is not None else outlet
                watch = Watch(
                    watched, fetcher=self, ledger=ledger, intake=intake, clock=company.clock,
                    counters=company.counters, once=company.once,
                )  # fmt: skip
                self._watches[name] = (outlet, asyncio.create_task(watch.run()))

    async def _ours(self, ledger: Ledger, share: Share, outlets: dict[str, Outlet]) -> dict[str, Outlet]:
        """Those outlets that no other process crawls. What falls to another is let go when nobody here asks for it."""
        hosts = {name: host_of(outlet) for name, outlet in outlets.items()}
        wanted = await ledger.ask(lambda _: share.wanted(set(hosts.values())))
        leaving = [self._watches.pop(name)[1] for name in list(self._watches) if hosts.get(name) not in wanted]
        for task in leaving:
            task.cancel()
        await asyncio.gather(*leaving, return_exceptions=True)
        held = await ledger.ask(lambda _: share.take(wanted))
        return {name: outlet for name, outlet in outlets.items() if hosts[name] in held}

    def _collect(self, ledger: Ledger) -> None:
        """Take note of watches that ended. One that failed over its outlet begins anew later; the others go on."""
        company = self._company
        for name, (_, task) in list(self._watches.items()):
            if not task.done():
                continue
            del self._watches[name]
            if not task.cancelled() and (error := task.exception()) is not None and ledger.failed is None:
                log.error("watch failed", outlet=name, error=repr(error))
                self._not_before[name] = company.clock.monotonic() + AFTER_FAILURE
            if company.once:
                self._done.add(name)

    async def _end(self, intake: Intake, stop: asyncio.Event) -> None:
        tasks = [task for _, task in self._watches.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await intake.drain(seconds=GRACE if stop.is_set() else None)
        await intake.abandon()

    # ---- one request

    async def fetch(
        self, outlet: Outlet, url: str, *, kind: str, etag: str = "", modified: str = "", since: datetime | None = None
    ) -> Answer:
        """Get one address, see ``answers.Fetcher``."""
        share = self._company.share
        while share is not None and not share.holds(outlet):  # noqa: ASYNC110 - it becomes so as time goes by
            await asyncio.sleep(RENEW / 5)
        headers = _conditions(etag, modified, since)
        # None, rather than nothing, keeps a proxy of the environment out: it is not the one that was chosen.
        meta: dict[str, Any] = {"pace": outlet.pace, "kind": kind, "proxy": self._proxy(outlet)}
        if kind == "sitemap":
            meta["download_maxsize"] = MAX_SITEMAP
        try:
            request = Request(url, headers=headers, meta=meta, callback=NO_CALLBACK, dont_filter=True)
            async with self._room:
                response = await self.crawler.engine.download_async(request)
        except Exception as error:  # noqa: BLE001 - whatever the other side does is an answer, not a crash
            return failure(error)
        return self._answer(response, kind)

    async def sitemaps(self, outlet: Outlet) -> list[str] | None:
        """Sitemaps of the outlet's robots.txt, None where it cannot be read for now."""
        polite = self.crawler.get_downloader_middleware(safety.PolitenessMiddleware)
        if polite is None:
            return []
        try:
            rules = await polite.rules(outlet.home, pace=outlet.pace, proxy=self._proxy(outlet))
        except Exception as error:  # noqa: BLE001 - told by the first fetch, in its own words
            log.info("robots.txt not read", outlet=outlet.name, error=str(error))
            return None
        return None if rules.closed else rules.sitemaps()

    def _proxy(self, outlet: Outlet) -> str | None:
        return outlet.proxy or self._company.proxy or None

    @property
    def clock(self) -> Clock:
        """The clock that the guards share."""
        return self._company.clock

    def _answer(self, response: Response, kind: str) -> Answer:
        status = response.status
        http = HttpFacts(
            status=status,
            content_type=_header(response, "Content-Type"),
            etag=_header(response, "ETag"),
            last_modified=_header(response, "Last-Modified"),
            size=len(response.body),
        )
        if status == 304:
            return Answer(status=status, url=response.url, http=http)
        if not 200 <= status < 300:
            hold = safety.hold_of(response, self._company.clock.now())
            return refusal(status, hold)
        if "download_stopped" in response.flags or (kind == "page" and response.body.startswith(_BINARY)):
            return Answer(status=status, reason="not a text page", detail=http.content_type)
        if not response.body.strip():
            return Answer(status=status, reason="empty answer", retry=3600.0)
        return Answer(status=status, url=response.url, body=response.body, http=http)

    def _headers(self, headers: Any, body_length: int, request: Request, spider: Spider) -> None:
        """Hang up before the body where the headers say that it is no text."""
        kind = (headers.get("Content-Type") or b"").decode("latin-1").lower()
        if kind.startswith(_NO_TEXT) and not request.meta.get("robots_txt"):
            raise StopDownload(fail=False)


def _header(response: Response, name: str) -> str:
    return (response.headers.get(name) or b"").decode("latin-1")[:500]


def _conditions(etag: str, modified: str, since: datetime | None) -> dict[str, str]:
    """Headers of a conditional request. Without validators the time of the last fetch stands in (RFC 9110, 13.1.3)."""
    headers = {}
    if etag:
        headers["If-None-Match"] = etag
    if modified:
        headers["If-Modified-Since"] = modified
    elif since is not None and not etag:
        headers["If-Modified-Since"] = format_datetime(since.astimezone(UTC) - timedelta(seconds=1), usegmt=True)
    return headers


def failure(error: BaseException) -> Answer:
    """A request that brought no answer, in fixed words."""
    name, text = type(error).__name__, str(error)[:300]
    if isinstance(error, safety.RobotsDisallows):
        return Answer(reason="robots.txt disallows")
    if isinstance(error, safety.RobotsUnavailable):
        return Answer(reason="robots.txt unavailable", detail=text, host_trouble=True, retry=600.0)
    if isinstance(error, safety.AddressRefused):
        return Answer(reason="address refused", detail=text, retry=86400.0)
    if name == "DownloadCancelledError" or "DOWNLOAD_MAXSIZE" in text:
        return Answer(reason="too large", detail=f"more than {MAX_PAGE // 2**20} MB")
    if "redirections" in text:
        return Answer(reason="too many redirects", detail=text, retry=86400.0)
    network = {
        "CannotResolveHostError": ("host not found", "the name is unknown, or the network is missing"),
        "DownloadConnectionRefusedError": ("no connection", "the host refuses the connection"),
        "DownloadTimeoutError": ("timed out", "no full answer in time"),
        "ResponseDataLossError": ("answer cut short", "the connection ended before the page did"),
    }
    if name in network:
        reason, detail = network[name]
        return Answer(reason=reason, detail=detail, host_trouble=name != "ResponseDataLossError", retry=120.0)
    if name in ("UnsupportedURLSchemeError", "NotSupported", "ValueError"):
        return Answer(reason="address refused", detail=text)
    return Answer(reason="no connection", detail=safety.in_words(error), host_trouble=True, retry=300.0)
