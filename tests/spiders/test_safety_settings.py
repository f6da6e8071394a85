"""Proves on a running crawler that each unsafe default of Scrapy is off, and that our guards stand in their places."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from spiders.settings import proxy_hosts, user_agent
from tocsin.records import Outlet
from tocsin.settings import Settings

ROOT = Path(__file__).resolve().parents[2]

LOOK = """
import asyncio, json
import scrapy
from scrapy.crawler import AsyncCrawlerProcess
from spiders.settings import scrapy_settings
from tocsin.settings import load

process = AsyncCrawlerProcess(scrapy_settings(load(contact="desk@watch.example"), []))

class Look(scrapy.Spider):
    name = "look"

    async def start(self):
        from twisted.internet import reactor
        crawler, name = self.crawler, lambda one: type(one).__name__
        names = ["DOWNLOAD_MAXSIZE", "DOWNLOAD_WARNSIZE", "DOWNLOAD_TIMEOUT", "REDIRECT_MAX_TIMES", "COOKIES_ENABLED",
                 "DOWNLOAD_VERIFY_CERTIFICATES", "USER_AGENT", "ROBOTSTXT_OBEY", "CONCURRENT_REQUESTS_PER_DOMAIN"]
        handlers = crawler.engine.downloader.handlers
        print(json.dumps({
            "settings": {one: crawler.settings[one] for one in names},
            "downloader": [name(one) for one in crawler.engine.downloader.middleware.middlewares],
            "spider": [name(one) for one in crawler.engine.scraper.spidermw.middlewares],
            "extensions": [name(one) for one in crawler.extensions.middlewares],
            "schemes": [one for one in ("http", "https", "file", "ftp", "s3", "data") if handlers._get_handler(one)],
            "verifies": handlers._get_handler("https")._contextFactory._verify_certificates,
            "items": crawler.engine.scraper.concurrent_items,
            "resolver": name(reactor.nameResolver),
            "loop": type(asyncio.get_running_loop()).__module__,
        }))
        for nothing in ():
            yield nothing

process.crawl(Look)
process.start()
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    folder = tmp_path_factory.mktemp("look")
    done = subprocess.run(
        [sys.executable, "-c", LOOK], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT,
        env={"PATH": "", "HOME": str(folder), "PYTHONPATH": str(ROOT), "TOCSIN_DATA_DIR": str(folder)},
    )  # fmt: skip
    return json.loads(done.stdout)


def test_limits(running):
    assert running["settings"] == {
        "DOWNLOAD_MAXSIZE": 8 * 2**20,
        "DOWNLOAD_WARNSIZE": 2 * 2**20,
        "DOWNLOAD_TIMEOUT": 30,
        "REDIRECT_MAX_TIMES": 5,
        "COOKIES_ENABLED": False,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "USER_AGENT": user_agent("desk@watch.example"),
        "ROBOTSTXT_OBEY": True,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
    }
    assert running["verifies"] is True
    assert running["items"] == 1


def test_only_the_web_is_fetched_through_our_guards(running):
    assert running["schemes"] == ["http", "https"]
    assert running["resolver"] == "GuardedResolver"
    assert running["downloader"][:2] == ["EgressMiddleware", "PolitenessMiddleware"]
    forbidden = {"RobotsTxtMiddleware", "RetryMiddleware", "MetaRefreshMiddleware", "CookiesMiddleware"}
    assert not forbidden & set(running["downloader"])
    assert "RefererMiddleware" not in running["spider"]


def test_no_door_into_the_process_is_open(running):
    assert not {"TelnetConsole", "RemoteControl", "AutoThrottle", "FeedExporter"} & set(running["extensions"])


def test_the_loop_is_uvloop(running):
    pytest.importorskip("uvloop")
    assert running["loop"].startswith("uvloop")


def test_the_contact_cannot_smuggle_a_header_in():
    assert user_agent("x@y.example)\r\nX-Evil: 1").endswith("(+x@y.exampleX-Evil: 1)")
    assert "(" not in user_agent("")


def test_proxies_are_the_only_names_that_are_trusted():
    settings = Settings(proxy="http://user:secret@proxy.example:3128")
    outlets = [Outlet(name="a", home="https://a.example/", proxy="http://127.0.0.1:8118")]
    assert proxy_hosts(settings, outlets) == ["127.0.0.1:8118", "proxy.example:3128"]
