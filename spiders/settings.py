"""Scrapy's settings as one function: each default that is unsafe or unkind is off, with its reason."""

from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from tocsin import __version__
from tocsin.records import Outlet
from tocsin.settings import Settings

MAX_PAGE = 8 * 2**20
"""Bytes of a page, after decompression."""
MAX_SITEMAP = 50 * 2**20
"""Bytes of a sitemap, after decompression, as sitemaps.org sets it."""


def user_agent(contact: str) -> str:
    """How the crawler calls itself: ``Tocsin/0.1 (+contact)``."""
    clean = "".join(sign for sign in contact if sign.isprintable() and sign not in "()").strip()
    return f"Tocsin/{__version__} (+{clean})" if clean else f"Tocsin/{__version__}"


def proxy_hosts(settings: Settings, outlets: list[Outlet]) -> list[str]:
    """``host:port`` of every proxy in use: the only addresses that the egress guard trusts by name."""
    found = set()
    for proxy in {settings.proxy, *(outlet.proxy for outlet in outlets)} - {""}:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        if parts.hostname:
            found.add(f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}")
    return sorted(found)


def scrapy_settings(settings: Settings, outlets: list[Outlet]) -> dict[str, Any]:
    """All that differs from Scrapy's defaults."""
    values: dict[str, Any] = {
        "BOT_NAME": "tocsin",
        "USER_AGENT": user_agent(settings.contact),
        # -- what may be reached
        # The default fetches file://, ftp://, s3:// and data: addresses that a page or a redirect names.
        "DOWNLOAD_HANDLERS": {"file": None, "ftp": None, "s3": None, "data": None},
        # The default connects to loopback and to the local network.
        "TWISTED_DNS_RESOLVER": "spiders.safety.GuardedResolver",
        "TOCSIN_ALLOW_PRIVATE": [str(network) for network in settings.allow_private],
        "TOCSIN_PROXIES": proxy_hosts(settings, outlets),
        # The default accepts any certificate.
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        # -- what may be sent back
        # The defaults are 1 GiB, 180 s and 20 hops.
        "DOWNLOAD_MAXSIZE": MAX_PAGE,
        "DOWNLOAD_WARNSIZE": 2 * 2**20,
        "DOWNLOAD_TIMEOUT": 30,
        "REDIRECT_MAX_TIMES": 5,
        # A page must not send us elsewhere by its text.
        "METAREFRESH_ENABLED": False,
        # -- politeness
        # Obeyed by PolitenessMiddleware, which stands in the place of Scrapy's own (see there).
        "ROBOTSTXT_OBEY": True,
        "DOWNLOADER_MIDDLEWARES": {
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            "spiders.safety.EgressMiddleware": 90,
            "spiders.safety.PolitenessMiddleware": 100,
            # Which hosts belong to an outlet is for the watches to say.
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
        },
        # A failed page is due again by our own schedule, which obeys Retry-After; Scrapy retries at once.
        "RETRY_ENABLED": False,
        "CONCURRENT_REQUESTS": 256,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        # The pace of an outlet is a least distance, not an average.
        "DOWNLOAD_DELAY_JITTER": 0.0,
        # It follows latency only and does not slow down on bans.
        "AUTOTHROTTLE_ENABLED": False,
        # -- traces
        "COOKIES_ENABLED": False,
        "REFERER_ENABLED": False,
        "HTTPERROR_ALLOW_ALL": True,
        "DEFAULT_REQUEST_HEADERS": {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5"},
        # -- doors into the process: both are on by default, one of them runs any Python that is sent to it.
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        # -- speed: 100 tasks are made for each answer otherwise.
        "CONCURRENT_ITEMS": 1,
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
        "REACTOR_THREADPOOL_MAXSIZE": 20,
        "MEMUSAGE_ENABLED": False,
        "STATS_DUMP": False,
        "LOGSTATS_INTERVAL": 0,
        # Scrapy's own lines tell a user nothing; ours go through structlog.
        # tocsin.logs has installed one, and sets its level.
        "LOG_INSTALL_ROOT_HANDLER": False,
        "LOG_VERSIONS": [],
    }
    if find_spec("uvloop") is not None:
        values["ASYNCIO_EVENT_LOOP"] = "uvloop.Loop"
    return values
