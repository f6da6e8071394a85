"""Proves the crawler as a process, over real sockets and a real store: what it fetches, how often, what it refuses."""

import gzip
import signal
import time
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tests.spiders.crawling import crawl_once, opened, start, urls
from tests.spiders.site_server import Site, article, feed
from tocsin.addresses import address_id
from tocsin.press import open_press
from tocsin.records import Outlet, PageState


def outlet(site, **fields):
    return Outlet(**{"name": "post", "home": site.url, "pace": 0.02, **fields})


def front(*paths):
    links = "".join(f'<article><h2><a href="{path}">Headline of four words {path}</a></h2></article>' for path in paths)
    head = '<head><link rel="alternate" type="application/rss+xml" href="/rss"></head>'
    return f"<html>{head}<body>{links}</body></html>".encode()


def wait_for(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_a_single_run_takes_what_is_there_and_writes_down_what_is_not(tmp_path):
    pages = {
        "/robots.txt": (200, {}, b"User-agent: *\nDisallow: /secret/\n"),
        "/rss": (200, {"ETag": '"1"'}, feed("/news/100001.html?utm_source=rss", "/news/100002.html")),
        "/": front(
            "/news/100001.html",
            "/news/100003.html",
            "/secret/100004.html",
            "/news/100005.html",
            "/news/100006.html",
            "/news/100007.html",
            "/news/100008.html",
            "/news/100009.html",
            "/news/100010.html",
            "/news/100011.html",
        ),
        **{f"/news/10000{n}.html": article(f"Bridge closes for repairs {n}") for n in (1, 2, 3)},
        # 100005 is missing.
        "/news/100006.html": (302, {"Location": "/news/100006.html"}, b""),
        "/news/100007.html": (302, {"Location": "http://10.1.2.3/metadata"}, b""),
        "/news/100008.html": (200, {"Content-Type": "application/pdf"}, b"%PDF-1.7 " + b"x" * 2000),
        "/news/100009.html": (200, {}, b"<html>" + b"x" * (9 * 2**20)),
        "/news/100010.html": (302, {"Location": "file:///etc/passwd"}, b""),
        "/news/100011.html": (200, {"Content-Encoding": "gzip"}, gzip.compress(b"\0" * (64 * 2**20))),
    }
    with Site(pages) as site:
        crawl_once(tmp_path, outlets=[outlet(site)])
        with opened(tmp_path) as store:
            assert sorted(urls(store)) == [f"{site.url}news/10000{n}.html" for n in (1, 2, 3)]
            drops = store.overview()["drops"]
            assert {
                "robots.txt disallows",
                "not found",
                "too many redirects",
                "address refused",
                "not a text page",
                "too large",
                "unreadable answer",
            } == set(drops)
            assert drops["too large"] == 2
            known = store.pages([address_id(f"{site.url}news/100001.html")])
            (state,) = known.values()
            assert (state.listing.source, state.listing.title) == (
                "feed",
                "Feed title of /news/100001.html?utm_source=rss",
            )
        paths = site.paths()
        assert paths[0] == "/robots.txt"
        assert not [path for path in paths if path.startswith("/secret")]
        assert [paths.count(f"/news/10000{n}.html") for n in (1, 2, 3)] == [1, 1, 1]
        for _, _, headers in site.asked:
            assert headers["user-agent"].startswith("Tocsin/")
            assert "(+desk@watch.example)" in headers["user-agent"]
            assert not {"referer", "cookie"} & set(headers)

        # All feeds are due again: they are asked conditionally, and no page is asked for.
        pages["/rss"] = lambda headers, _: (304 if headers.get("if-none-match") == '"1"' else 500, {}, b"")
        with opened(tmp_path) as store:
            store.put_feeds([msgspec.structs.replace(one, due=None) for one in store.feeds()])
        site.asked.clear()
        crawl_once(tmp_path)
        assert set(site.paths()) == {"/robots.txt", "/rss", "/", "/sitemap.xml"}
        with opened(tmp_path) as store:
            assert [one.error for one in store.feeds()] == ["", ""]


def test_a_robots_file_that_cannot_be_read_closes_the_host(tmp_path):
    with Site({"/robots.txt": (503, {}, b""), "/": front("/news/100001.html")}) as site:
        crawl_once(tmp_path, outlets=[outlet(site)])
        assert set(site.paths()) == {"/robots.txt"}
    with opened(tmp_path) as store:
        (one,) = store.feeds()
        assert "robots.txt unavailable: it answers with status 503" in one.error
        assert one.failures >= 1
        assert one.due > one.checked


def test_a_missing_robots_file_allows_everything(tmp_path):
    with Site({"/": front("/news/100001.html"), "/news/100001.html": article("Bridge closes for repairs")}) as site:
        crawl_once(tmp_path, outlets=[outlet(site)])
    with opened(tmp_path) as store:
        assert len(urls(store)) == 1


def test_pace_and_crawl_delay(tmp_path):
    pages = {
        "/robots.txt": (200, {}, b"User-agent: Tocsin\nCrawl-delay: 0.6\n"),
        "/": front("/news/100001.html", "/news/100002.html"),
        "/news/100001.html": article("Bridge closes for repairs"),
        "/news/100002.html": article("Bridge opens again at last"),
    }
    with Site(pages) as site:
        crawl_once(tmp_path, "--pace", "0.2", outlets=[outlet(site)])
        gaps = [second - first for first, second in zip(site.times(), site.times()[1:], strict=False)]
        assert len(gaps) >= 3
        assert min(gaps[1:]) >= 0.57


def test_retry_after_is_waited_for(tmp_path):
    pages = {
        "/": front("/news/100001.html", "/news/100002.html"),
        "/news/100001.html": lambda _, count: (
            (429, {"Retry-After": "2"}, b"") if count == 1 else article("Bridge closes")
        ),
        "/news/100002.html": article("Bridge opens again at last"),
    }
    with Site(pages) as site:
        crawl_once(tmp_path, outlets=[outlet(site)])
        refused = site.times("/news/100001.html")[0]
        later = [at for at in site.times() if at > refused]
        assert min(later) - refused >= 1.95
    with opened(tmp_path) as store:
        assert len(urls(store)) == 2
        assert not store.overview()["drops"]


def test_nothing_private_is_reached_without_leave(tmp_path):
    with Site({"/": front("/news/100001.html")}) as site:
        outlets = [outlet(site), outlet(site, name="by-name", home=site.url.replace("127.0.0.1", "localhost"))]
        crawl_once(tmp_path, outlets=outlets, private="")
        assert site.paths() == []
    with opened(tmp_path) as store:
        for one in store.feeds():
            assert one.error.startswith("address refused")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX")
def test_no_redirect_reaches_a_network_that_was_not_opened(tmp_path):
    with Site({"/": b"<h1>internal</h1>"}, host="127.0.0.2") as canary:
        pages = {
            "/": front("/news/100001.html", "/news/100002.html"),
            "/news/100001.html": (302, {"Location": canary.url}, b""),
            "/news/100002.html": f'<meta http-equiv="refresh" content="0;url={canary.url}">'.encode(),
        }
        with Site(pages) as site:
            crawl_once(tmp_path, outlets=[outlet(site)], private="127.0.0.1/32")
        assert canary.paths() == []


def test_an_outlet_behind_a_proxy_is_reached_by_it_alone(tmp_path, monkeypatch):
    home = "http://post.invalid/"
    pages = {
        home: front("/news/100001.html", "http://127.0.0.1/news/100002.html"),
        f"{home}news/100001.html": article("Bridge closes for repairs"),
    }
    with Site({}) as environment, Site(pages) as proxy:
        monkeypatch.setenv("http_proxy", environment.url)
        behind = Outlet(name="post", home=home, pace=0.02, proxy=proxy.url)
        direct = Outlet(name="direct", home="http://other.invalid/", pace=0.02)
        crawl_once(tmp_path, outlets=[behind, direct], private="")
        assert environment.paths() == []
        assert set(proxy.paths()) == {
            f"{home}{path}" for path in ("robots.txt", "sitemap.xml", "", "rss", "news/100001.html")
        }
    with opened(tmp_path) as store:
        assert urls(store) == [f"{home}news/100001.html"]


def test_a_certificate_that_nobody_signed_is_refused(tmp_path):
    with Site({"/": front("/news/100001.html")}, tls=tmp_path) as site:
        crawl_once(tmp_path, outlets=[outlet(site)])
        assert site.paths() == []
    with opened(tmp_path) as store:
        (one,) = store.feeds()
        assert "certificate verify failed" in one.error


def test_a_missing_network_is_told_for_each_outlet(tmp_path):
    crawl_once(tmp_path, outlets=[Outlet(name="gone", home="http://no-such-host.invalid/", pace=0.0)])
    with opened(tmp_path) as store:
        (one,) = store.feeds()
        assert "host not found" in one.error
        assert one.due > one.checked


def test_a_stop_is_quick_and_a_kill_loses_nothing(tmp_path):
    paths = [f"/news/1000{n}.html" for n in range(10, 50)]
    pages = {"/rss": (200, {"ETag": '"1"'}, feed(*paths)), **{path: article(f"Bridge closes {path}") for path in paths}}
    with Site(pages) as site:
        watched = outlet(site, feeds=(f"{site.url}rss",))
        process = start(tmp_path, outlets=[watched])
        wait_for(lambda: len(site.asked) > 15)
        process.kill()
        process.wait()
        process = start(tmp_path)
        wait_for(lambda: len(site.asked) > 30)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
        assert time.monotonic() - began < 3.5
        crawl_once(tmp_path)
        asked = site.paths()
        assert max(asked.count(path) for path in paths) <= 2
    with opened(tmp_path) as store:
        assert sorted(urls(store)) == sorted(site.url.rstrip("/") + path for path in paths)


def test_the_crawler_ends_with_its_parent(tmp_path):
    process = start(tmp_path, "--with-parent")
    time.sleep(1.5)
    assert process.poll() is None
    process.stdin.close()
    assert process.wait(timeout=10) == 0


def test_a_correction_is_seen_soon_where_an_outlet_is_polled_fast(tmp_path):
    pages = {
        "/rss": feed("/news/100001.html"),
        "/news/100001.html": lambda _, count: article("Bridge closes for repairs", paragraphs=4 + (count > 1)),
    }
    with Site(pages) as site:
        process = start(tmp_path, outlets=[outlet(site, feeds=(f"{site.url}rss",), every=2.0)])
        try:
            wait_for(lambda: len(site.times("/news/100001.html")) > 1, 10)
            second = site.headers("/news/100001.html")[1]
            assert "if-modified-since" in second
            time.sleep(1)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
    with opened(tmp_path) as store:
        assert len(urls(store)) == 2
        (state,) = store.pages([address_id(f"{site.url}news/100001.html")]).values()
        assert state.changes == 1
        assert state.due - state.fetched < timedelta(seconds=10)


def test_a_date_of_the_far_future_is_no_date(tmp_path):
    """The page prints none, and what the feed says was judged and refused when the page was read."""
    undated = article("Bridge closes for repairs", published="").replace(b"article:published_time", b"x")
    listed = feed("/news/100001.html").replace(b"2026", b"2099")
    with Site({"/rss": listed, "/news/100001.html": undated}) as site:
        crawl_once(tmp_path, outlets=[outlet(site, feeds=(f"{site.url}rss",))])
    with opened(tmp_path) as store:
        (found,) = store.claim(10, 60.0, datetime.now(UTC))
        assert found.published is None
        assert "in the future" in [one.verdict for one in found.extraction.dates]


def test_a_front_that_cannot_be_read_in_time_costs_no_other_outlet(tmp_path):
    hostile = b"<html><body>" + b"<div>" * 1_500_000
    pages = {"/rss": feed("/news/100001.html"), "/news/100001.html": article("Bridge closes for repairs")}
    with Site({"/": hostile}) as bad, Site({"/": front("/news/100001.html"), **pages}) as good:
        process = start(tmp_path, outlets=[outlet(bad, name="bad"), outlet(good, every=2.0)])
        try:
            wait_for(lambda: good.paths().count("/rss") > 2, 45)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=15) == 0
    with opened(tmp_path) as store:
        assert urls(store) == [f"{good.url}news/100001.html"]


def test_news_do_not_wait_behind_second_looks(tmp_path):
    old = [f"/news/{number}.html" for number in range(200_000, 200_060)]
    texts = {path: article(f"Bridge closes for repairs {path}") for path in old}
    pages = {
        "/rss": lambda _, count: feed(*old[:1]) if count < 2 else feed("/news/300001.html", *old[:1]),
        "/news/300001.html": article("A new bridge is planned"),
        **texts,
    }
    with Site(pages) as site:
        one = outlet(site, feeds=(f"{site.url}rss",), every=2.0, pace=0.25)
        with opened(tmp_path) as store:
            now = datetime.now(UTC)
            store.put_pages(
                PageState(
                    address_id=address_id(site.url + path[1:]),
                    url=site.url + path[1:],
                    outlet="post",
                    status=200,
                    fetched=now - timedelta(hours=1),
                    due=now - timedelta(minutes=1),
                )
                for path in old
            )
        process = start(tmp_path, outlets=[one])
        try:
            wait_for(lambda: "/news/300001.html" in site.paths(), 30)
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0
        second = site.times("/rss")[1]
        assert site.times("/news/300001.html")[0] - second < 1.5


def test_the_press(tmp_path):
    with open_press() as press:
        outlets = [msgspec.structs.replace(one, pace=0.01) for one in press.outlets]
        pieces = press.published()
        crawl_once(tmp_path, outlets=outlets)
    # Of a live blog the entries are the texts; the page around them need not have one of its own.
    kept = {piece.url for piece in pieces if not piece.dropped and piece.kind != "live"}
    with opened(tmp_path) as store:
        found = set(urls(store))
        assert len(kept & found) >= 0.99 * len(kept), sorted(kept - found)[:5]
        # What a page itself says against being kept is the extraction's to see, and proved there.
        ours = {piece.url for piece in pieces if piece.dropped in ("robots.txt", "not found")}
        assert ours
        assert not ours & found
