"""Proves over real connections that the press serves what its truth says: feeds, sitemaps, pages, traps, 304."""

import gzip
import json
import re
from calendar import timegm
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.robotparser import RobotFileParser

import feedparser
import httpx
import pytest
from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from tocsin.press import Piece, Press, open_press

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class HandClock:
    """A calendar that is set by hand."""

    def __init__(self, now: datetime) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return 0.0


@pytest.fixture(scope="module")
def clock() -> HandClock:
    return HandClock(START + timedelta(seconds=60))


@pytest.fixture(scope="module")
def press(clock: HandClock) -> Iterator[Press]:
    with open_press(started=START, clock=clock) as running:
        yield running


@pytest.fixture(scope="module")
def web() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=10) as client:
        yield client


@pytest.fixture(autouse=True)
def one_minute_in(clock: HandClock) -> None:
    """Every test begins a minute after the start."""
    clock.at = START + timedelta(seconds=60)


def _home(press: Press, name: str) -> str:
    return next(outlet.home for outlet in press.outlets if outlet.name == name)


def _stories(press: Press, name: str) -> list[Piece]:
    return [p for p in press.published() if p.outlet == name and not p.dropped and p.kind == "article"]


def test_twelve_outlets_stand_at_hosts_of_their_own(press: Press, web: httpx.Client) -> None:
    """Each home answers, names a language, and every link in it is absolute and on the same host."""
    assert len(press.outlets) == 12
    assert len({outlet.home for outlet in press.outlets}) == 12
    assert len({outlet.timezone for outlet in press.outlets}) >= 5
    for outlet in press.outlets:
        page = web.get(outlet.home)
        assert page.status_code == 200
        links = [node.attributes["href"] or "" for node in LexborHTMLParser(page.content).css("a[href]")]
        assert len(links) > 8
        assert all(link.startswith(outlet.home) for link in links), outlet.name


def test_every_story_is_reachable_and_whole(press: Press, web: httpx.Client) -> None:
    """All that is out answers 200 with its title and each of its paragraphs; what is not out yet answers 404."""
    for piece in press.published():
        if piece.dropped in ("not found", "not html") or piece.kind == "entry":
            continue
        page = web.get(piece.url)
        assert page.status_code == 200, piece.url
        charset = "windows-1251" if piece.outlet == "vecherniy-vagon" else "utf-8"
        words = LexborHTMLParser(page.content.decode(charset)).text(separator=" ")
        assert piece.title in words
        assert all(paragraph in words for paragraph in piece.text), piece.url
    later = press.published(START + timedelta(hours=1))[-1]
    assert web.get(later.url).status_code == 404


def test_feeds_and_sitemaps_tell_the_truth(press: Press, web: httpx.Client, clock: HandClock) -> None:
    """Each feed and sitemap parses, lists every story of its outlet, and its times are exact where it has them."""
    seen = set()
    for outlet in press.outlets:
        truth = {piece.url: piece for piece in _stories(press, outlet.name)}
        link = LexborHTMLParser(web.get(outlet.home).text).css_first("link[rel=alternate]")
        if link is not None:
            answer = web.get(str(link.attributes["href"]))
            feed = feedparser.parse(answer.content)
            assert not feed.bozo, outlet.name
            seen.add(feed.version)
            entries = {entry.link: entry for entry in feed.entries}
            assert truth.keys() <= entries.keys()
            for url, piece in truth.items():
                assert entries[url].title == piece.title
                if outlet.name != "ranok-nad-richkoiu":
                    assert timegm(entries[url].published_parsed) == piece.published.timestamp()
        told = re.search(r"Sitemap: (\S+)", web.get(outlet.home + "robots.txt").text)
        if told:
            listed = _sitemap(web, told[1])
            assert {url: listed.get(url) for url in truth} == {url: piece.published for url, piece in truth.items()}
            seen.add("sitemap")
    assert {"rss20", "atom10", "rss10", "sitemap"} <= seen


def _sitemap(web: httpx.Client, url: str) -> dict[str, datetime]:
    body = web.get(url).content
    tree = etree.fromstring(gzip.decompress(body) if url.endswith(".gz") else body)
    names = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "n": "http://www.google.com/schemas/sitemap-news/0.9"}
    found: dict[str, datetime] = {}
    for child in tree.xpath("//s:sitemap/s:loc/text()", namespaces=names):
        found |= _sitemap(web, str(child))
    for entry in tree.xpath("//s:url", namespaces=names):
        date = entry.findtext("n:news/n:publication_date", namespaces=names)
        found[entry.findtext("s:loc", namespaces=names)] = datetime.fromisoformat(date)
    return found


def test_an_outlet_without_feed_and_sitemap_is_whole_in_its_sections(press: Press, web: httpx.Client) -> None:
    """The section fronts of the third kind of outlet list each of its stories."""
    home = _home(press, "svobodnaya-pristan")
    fronts = "".join(web.get(f"{home}{name}/").text for name in ("war", "money", "society", "culture"))
    assert all(piece.url in fronts for piece in _stories(press, "svobodnaya-pristan"))


def test_robots_forbids_something_that_is_there_and_linked(press: Press, web: httpx.Client) -> None:
    """Each outlet links a page on its front that its robots.txt forbids, and forbids no story."""
    for outlet in press.outlets:
        rules = RobotFileParser()
        rules.parse(web.get(outlet.home + "robots.txt").text.splitlines())
        hidden = [p for p in press.published() if p.outlet == outlet.name and p.dropped == "robots.txt"]
        assert len(hidden) == 1
        assert hidden[0].url in web.get(outlet.home).text
        assert not rules.can_fetch("Tocsin", hidden[0].url)
        assert all(rules.can_fetch("Tocsin", piece.url) for piece in _stories(press, outlet.name))


def test_unchanged_answers_are_304(press: Press, web: httpx.Client, clock: HandClock) -> None:
    """An entity tag and a date are honoured; a feed that grew is sent anew."""
    home = _home(press, "lowland-courier")
    piece = _stories(press, "lowland-courier")[0]
    first = web.get(piece.url)
    assert web.get(piece.url, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert web.get(piece.url, headers={"If-Modified-Since": first.headers["Last-Modified"]}).status_code == 304
    assert web.get(piece.url, headers={"If-None-Match": '"other"'}).status_code == 200
    feed = web.get(home + "feed.xml")
    clock.at += timedelta(seconds=60)
    again = web.get(home + "feed.xml", headers={"If-None-Match": feed.headers["ETag"]})
    assert again.status_code == 200
    assert again.text.count("<item>") > feed.text.count("<item>")


def test_the_seed_like_page_has_every_trap(press: Press, web: httpx.Client, clock: HandClock) -> None:
    """Weather first, today's date, the title twice and once glued, READ MORE, footers, and no date of its own."""
    piece = _stories(press, "daily-lantern")[-1]
    for day, name in ((22, "Sunday, November 22, 2026"), (24, "Tuesday, November 24, 2026")):
        clock.at = datetime(2026, 11, day, 20, 0, tzinfo=UTC)
        answer = web.get(piece.url)
        text = LexborHTMLParser(answer.text).body.text()  # type: ignore[union-attr]
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        assert lines[0].startswith("18 C")
        assert name in text
        assert f"News{piece.title}" in text
        assert text.count(piece.title) == 2
        assert re.search(r"READ MORE: .*[Cc]onscription", text)
        for footer in ("Check out our other content", "Check out other tags:", "Most Popular Articles"):
            assert footer in text
        assert not re.findall(r"\b20\d\d\b", answer.text.replace(name, ""))
        assert "Last-Modified" not in answer.headers


def test_the_correction_changes_text_and_dates(press: Press, web: httpx.Client, clock: HandClock) -> None:
    """After 25 s the figure, the correction line, dateModified, the feed and the sitemap say so."""
    home = _home(press, "lowland-courier")
    piece = next(p for p in press.published() if p.title.startswith("Fire at switching station"))
    clock.at = piece.published + timedelta(seconds=10)
    before, feed_before = web.get(piece.url), web.get(home + "feed.xml").text
    clock.at = piece.published + timedelta(seconds=30)
    after, corrected = web.get(piece.url), piece.published + timedelta(seconds=25)
    assert "214 thousand" in before.text
    assert "Correction:" not in before.text
    assert "241 thousand" in after.text
    assert "Correction:" in after.text
    facts = json.loads(LexborHTMLParser(after.text).css_first("script[type='application/ld+json']").text())  # type: ignore[union-attr]
    assert datetime.fromisoformat(facts["dateModified"]) == corrected
    assert datetime.fromisoformat(facts["datePublished"]) == piece.published
    assert f"<atom:updated>{corrected.isoformat()}" not in feed_before
    assert f"<atom:updated>{corrected.isoformat()}" in web.get(home + "feed.xml").text
    assert f"<lastmod>{corrected.isoformat()}" in web.get(home + "news-sitemap.xml").text


def test_the_live_blog_grows(press: Press, web: httpx.Client, clock: HandClock) -> None:
    """Entries have anchors and times, on the page and in JSON-LD, and become more during the run."""
    live = next(piece for piece in press.published() if piece.kind == "live")
    counts = []
    for seconds in (1, 40):
        clock.at = START + timedelta(seconds=seconds)
        page = LexborHTMLParser(web.get(live.url).text)
        truth = {p.url.partition("#")[2]: p for p in press.published() if p.kind == "entry"}
        facts = json.loads(page.css_first("script[type='application/ld+json']").text())  # type: ignore[union-attr]
        assert facts["@type"] == "LiveBlogPosting"
        shown = {str(node.attributes["id"]): node for node in page.css("article.live-entry")}
        assert shown.keys() == truth.keys()
        for update in facts["liveBlogUpdate"]:
            entry = truth[update["url"].partition("#")[2]]
            assert (update["headline"], update["articleBody"]) == (entry.title, entry.text[0])
            assert datetime.fromisoformat(update["datePublished"]) == entry.published
        counts.append(len(shown))
    assert counts == [4, 8]


def test_dates_are_where_each_layout_has_them(press: Press, web: httpx.Client) -> None:
    """JSON-LD with zone, meta in UTC, visible local digits in the outlet's language: one example each, exact."""
    by_outlet = {outlet.name: _stories(press, outlet.name)[-1] for outlet in press.outlets}
    pages = {name: web.get(piece.url) for name, piece in by_outlet.items()}
    facts = re.search(r'"datePublished": "([^"]+)"', pages["baltiyskiy-bereg"].text)
    assert facts
    assert facts[1].endswith("+02:00")
    assert datetime.fromisoformat(facts[1]) == by_outlet["baltiyskiy-bereg"].published
    at = by_outlet["harbour-ledger"].published
    assert f'"article:published_time" content="{at:%Y-%m-%dT%H:%M:%SZ}"' in pages["harbour-ledger"].text
    local = by_outlet["ranok-nad-richkoiu"].published + timedelta(hours=2)
    assert f"{local.day} листопада 2026, {local:%H:%M}" in pages["ranok-nad-richkoiu"].text
    table = pages["vecherniy-vagon"]
    assert "charset" not in table.headers["Content-Type"]
    local = by_outlet["vecherniy-vagon"].published + timedelta(hours=5)
    assert f"{local:%d.%m.%Y %H:%M}" in table.content.decode("windows-1251")


def test_what_should_be_dropped_is_linked_and_odd(press: Press, web: httpx.Client) -> None:
    """A PDF, a consent wall, a gallery and a missing page stand on fronts, each as its reason says."""
    odd = {piece.dropped: piece for piece in press.published() if piece.dropped and piece.dropped != "robots.txt"}
    assert odd.keys() == {"not html", "consent wall", "gallery", "not found"}
    for piece in odd.values():
        assert piece.url in web.get(_home(press, piece.outlet)).text
    assert web.get(odd["not html"].url).headers["Content-Type"] == "application/pdf"
    assert web.get(odd["not html"].url).content.startswith(b"%PDF-")
    assert web.get(odd["not found"].url).status_code == 404
    assert "partners" in web.get(odd["consent wall"].url).text
    assert not LexborHTMLParser(web.get(odd["gallery"].url).text).css("p")
