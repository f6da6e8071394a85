"""The crawler's guards inside Scrapy: where it may connect, what it may fetch, and how often.

``GuardedResolver`` stands where every connection begins: Twisted asks it for names and for literal addresses, for each
redirect hop as well, and connects to the very addresses that it hands out. ``EgressMiddleware`` refuses what can be
seen before. ``PolitenessMiddleware`` obeys robots.txt and keeps the pace of each host.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_address, ip_network
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from twisted.internet.interfaces import IHostnameResolver, IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]

from spiders.dates import retry_after
from spiders.robots import MAX_SIZE, UNREACHED, Rules, rules_of, unavailable
from tocsin.clock import Clock, SystemClock
from tocsin.egress import PORTS, Network, allowed_port

DEFAULT_HOLD = 30.0
"""Seconds that a host is left alone after 429 without a Retry-After."""
MAX_HOLD = 86400.0


class AddressRefused(IgnoreRequest):
    """The address, or what its name resolves to, may not be connected to."""


class RobotsDisallows(IgnoreRequest):
    """robots.txt forbids this address."""


class RobotsUnavailable(IgnoreRequest):
    """robots.txt could not be read; nothing is fetched from the host for now."""


class _Sieve:
    """Stands between the system's resolver and who asked: lets through only what may be connected to."""

    def __init__(self, receiver: Any, guard: "GuardedResolver", host: str, port: int) -> None:
        self._receiver, self._guard, self._host, self._port = receiver, guard, host, port
        self._passed = self._stopped = 0

    def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802 - Twisted's interface
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        if self._guard.permits(str(address.host), self._host, self._port):
            self._passed += 1
            self._receiver.addressResolved(address)
        else:
            self._stopped += 1

    def resolutionComplete(self) -> None:  # noqa: N802
        self._guard.note(self._host, self._port, refused=bool(self._stopped and not self._passed))
        self._receiver.resolutionComplete()


@implementer(IHostnameResolver)
class GuardedResolver:
    """Resolves once for each new connection, checks every address, hands out only those that pass the egress guard."""

    def __init__(self, reactor: Any, allow_private: Sequence[Network], proxies: Sequence[str]) -> None:
        self._reactor = reactor
        self._below: Any = reactor.nameResolver
        self._allow_private = tuple(allow_private)
        self._proxies = frozenset(proxies)
        self._refused: set[tuple[str, int]] = set()

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> "GuardedResolver":
        """As Scrapy makes it: ``crawler`` is anything with settings."""
        return cls(reactor, networks_of(crawler.settings), crawler.settings.getlist("TOCSIN_PROXIES"))

    def install_on_reactor(self) -> None:
        """Take the place of the reactor's resolver."""
        self._reactor.installNameResolver(self)

    def permits(self, address: str, host: str, port: int) -> bool:
        """Whether this address of this host may be connected to. A proxy that a person named is trusted."""
        return f"{host}:{port}" in self._proxies or allowed_port(address, port, self._allow_private)

    def note(self, host: str, port: int, *, refused: bool) -> None:
        """Remember whether all addresses of a host were refused, to tell that apart from a name that is unknown."""
        if refused and len(self._refused) < 10_000:
            self._refused.add((host, port))
        else:
            self._refused.discard((host, port))

    def refused(self, host: str, port: int) -> bool:
        """Whether the last resolution of this host ended with every address refused."""
        return (host, port) in self._refused

    def resolveHostName(  # noqa: N802 - Twisted's interface
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Any = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> Any:
        """Twisted's question before it connects."""
        sieve = implementer(IResolutionReceiver)(_Sieve)(resolutionReceiver, self, hostName, portNumber)
        return self._below.resolveHostName(sieve, hostName, portNumber, addressTypes, transportSemantics)


def networks_of(settings: Any) -> tuple[Network, ...]:
    """The explicitly allowed networks as the Scrapy settings carry them."""
    return tuple(ip_network(one) for one in settings.getlist("TOCSIN_ALLOW_PRIVATE"))


def netloc(url: str) -> str:
    """Host and port of an address: what one pace is kept for."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


def _host_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


class EgressMiddleware:
    """Refuses what can be refused before anything is resolved, and names the refusals of the resolver.

    Behind a proxy this is all there is: the proxy resolves names, and must keep its own guard.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._allow_private = networks_of(crawler.settings)
        self._proxies = frozenset(crawler.settings.getlist("TOCSIN_PROXIES"))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "EgressMiddleware":
        """As Scrapy makes it."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Raise AddressRefused for other schemes, user names in addresses, literal addresses and ports not allowed."""
        try:
            parts = urlsplit(request.url)
            host, port = _host_port(request.url)
        except ValueError as error:
            raise AddressRefused("not an address") from error
        if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
            raise AddressRefused(f"not an address to fetch: {parts.scheme}")
        if f"{host}:{port}" in self._proxies:
            raise AddressRefused("the proxy itself is no page")
        try:
            address = ip_address(host)
        except ValueError:
            if request.meta.get("proxy") and port not in PORTS:
                raise AddressRefused(f"port {port} is not allowed behind a proxy") from None
            return
        if not allowed_port(address, port, self._allow_private):
            raise AddressRefused(f"{host}:{port} is not a public address")

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Tell a name whose addresses were all refused apart from one that does not exist."""
        from twisted.internet import reactor

        if isinstance(exception, CannotResolveHostError):
            resolver: Any = reactor.nameResolver
            host, port = _host_port(request.url)
            if isinstance(resolver, GuardedResolver) and resolver.refused(host, port):
                raise AddressRefused(f"{host}:{port} resolves to no allowed address") from exception


class PolitenessMiddleware:
    """robots.txt first, the larger of pace and Crawl-delay between two requests to a host, pauses where asked for.

    Scrapy's own robots middleware allows everything when robots.txt cannot be read, keeps it for the whole run and
    ignores Crawl-delay; its retries ignore Retry-After.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._clock: Clock = getattr(crawler.spider, "clock", None) or SystemClock()
        self._rules: dict[str, asyncio.Future[Rules]] = {}
        self._paces: dict[str, float] = {}
        self._asked: dict[str, float] = {}
        crawler.signals.connect(self._downloaded, signal=signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> "PolitenessMiddleware":
        """As Scrapy makes it."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Raise RobotsDisallows or RobotsUnavailable; else give the request the slot of its host."""
        # A redirect copies the meta of its request, slot included: each hop gets the slot of its own host.
        slot = request.meta["download_slot"] = netloc(request.url)
        pace = float(request.meta.get("pace", 0.0))
        self._keep_pace(slot, pace)
        if request.meta.get("robots_txt"):
            return
        rules = await self.rules(request.url, pace=pace, proxy=request.meta.get("proxy"))
        if rules.closed:
            raise RobotsUnavailable(rules.closed)
        if not rules.allowed(request.url):
            raise RobotsDisallows("robots.txt disallows this address")

    async def rules(self, url: str, *, pace: float, proxy: str | None = None) -> Rules:
        """The rules of the host of ``url``, fetched where they are unknown or too old; asked for once at a time."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{netloc(url)}"
        known = self._rules.get(origin)
        if known is None or (known.done() and (known.cancelled() or known.result().expires <= self._clock.now())):
            known = self._rules[origin] = asyncio.ensure_future(self._fetch_rules(origin, pace, proxy))
        # Shielded: who gives up waiting must not take the answer away from the others.
        rules = await asyncio.shield(known)
        self._asked[netloc(url)] = rules.delay
        self._keep_pace(netloc(url), max(pace, rules.delay))
        return rules

    async def _fetch_rules(self, origin: str, pace: float, proxy: str | None) -> Rules:
        meta: dict[str, Any] = {"robots_txt": True, "pace": pace, "download_maxsize": 4 * MAX_SIZE, "proxy": proxy}
        request = Request(origin + "/robots.txt", meta=meta, callback=NO_CALLBACK)
        try:
            response = await self._crawler.engine.download_async(request)
        except AddressRefused:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the reason, an unread robots.txt closes the host
            return unavailable(in_words(error), self._clock.now(), UNREACHED)
        return rules_of(response.status, response.body, self._clock.now())

    def _keep_pace(self, slot: str, pace: float) -> None:
        pace = self._paces[slot] = max(pace, self._paces.get(slot, 0.001))
        downloader = self._crawler.engine.downloader
        downloader.per_slot_settings[slot] = {"concurrency": 1, "delay": pace, "jitter": 0.0}
        if slot in downloader.slots:
            downloader.slots[slot].delay = pace

    def _downloaded(self, response: Response, request: Request) -> None:
        """Hold a host that asks for a pause. Runs before Scrapy starts the next request that waits for the host."""
        hold = hold_of(response, self._clock.now())
        slot = self._crawler.engine.downloader.slots.get(request.meta.get("download_slot", ""))
        if slot is None:
            return
        if hold > 0:
            slot.lastseen = monotonic() + hold - slot.delay
        elif self._asked.get(request.meta["download_slot"]):
            # A delay that the host asked for counts from the end of its answer: the host counts from when it saw the
            # request, which may be later than when it was sent.
            slot.lastseen = max(slot.lastseen, monotonic())


def hold_of(response: Response, now: datetime) -> float:
    """Seconds that an answer asks us to leave its host alone; 0 for most."""
    if response.status not in (429, 503):
        return 0.0
    asked = retry_after((response.headers.get("Retry-After") or b"").decode("latin-1"), now)
    if asked <= 0:
        return DEFAULT_HOLD if response.status == 429 else 0.0
    return min(asked, MAX_HOLD)


def in_words(error: BaseException) -> str:
    """A failure of the network in plain words."""
    names = {
        "CannotResolveHostError": "host not found",
        "DownloadConnectionRefusedError": "connection refused",
        "DownloadTimeoutError": "timed out",
        "ResponseDataLossError": "answer cut short",
        "DownloadCancelledError": "too large",
    }
    return names.get(type(error).__name__, str(error)[:200] or type(error).__name__)
