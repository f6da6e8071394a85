"""The date ledger: which source wins, what is refused and why, zones, and printed dates in seven languages."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from spiders.extract import extract
from spiders.extract.localdate import find, is_date_line, parse_iso
from tocsin.records import Article, FeedKind, Listing, Outlet, Page

FETCHED = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TEXT = "".join(
    f"<p>Paragraph {n} tells at some length what happened at the harbour that morning and who saw it.</p>"
    for n in range(5)
)
TITLE = "Harbour reopens after the long storm"
URL = "https://x.example/news/harbour"


def listed(published: datetime, source: FeedKind = "feed") -> Listing:
    return Listing(url=URL, source=source, title=TITLE, published=published)


def read(
    head: str = "",
    header: str = "",
    *,
    above: str = "",
    listing: Listing | None = None,
    zone: str = "",
    url: str = URL,
    country: str = "",
) -> Article:
    html = f"<html><head>{head}</head><body>{above}<main><h1>{TITLE}</h1>{header}<div>{TEXT}</div></main></body></html>"
    page = Page(url=url, fetched_url=url, body=html.encode(), fetched=FETCHED, listing=listing)
    outlet = Outlet(name="x", home="https://x.example/", timezone=zone, country=country)
    return extract(page, outlet).articles[0]


def ld(**facts: str) -> str:
    pairs = ",".join(f'"{k}":"{v}"' for k, v in {"@type": "NewsArticle", "headline": TITLE, **facts}.items())
    return f'<script type="application/ld+json">{{{pairs}}}</script>'


def verdicts(article: Article) -> dict[str, str]:
    return {c.origin: c.verdict for c in article.extraction.dates}


JSON = ld(datePublished="2026-11-20T10:00:00+02:00")
META = '<meta property="article:published_time" content="2026-11-20T09:30:00Z">'
TIME = '<time datetime="2026-11-20T10:30:00Z">20 Nov</time>'
FEED = listed(datetime(2026, 11, 20, 11, 0, tzinfo=UTC))
PRINT = '<div class="date">20.11.2026 14:00</div>'


@pytest.mark.parametrize(
    ("head", "header", "listing", "origin", "hour"),
    [
        (JSON + META, TIME + PRINT, FEED, "json-ld", 10),
        (META, TIME + PRINT, FEED, "meta", 9),
        ("", TIME + PRINT, FEED, "time", 10),
        ("", PRINT, FEED, "feed", 11),
        ("", PRINT, listed(datetime(2026, 11, 20, 12, tzinfo=UTC), "sitemap"), "sitemap", 12),
        ("", PRINT, None, "text", 14),
    ],
)
def test_the_order_of_sources(head: str, header: str, listing: Listing | None, origin: str, hour: int) -> None:
    article = read(head, header, listing=listing)
    published = article.published
    assert published is not None
    at = published.astimezone(UTC) if origin != "json-ld" and published.tzinfo else published
    assert (article.published_origin, at.hour) == (origin, hour)


def test_every_candidate_is_in_the_ledger() -> None:
    article = read(JSON + META, TIME + PRINT, listing=FEED, url="https://x.example/2026/11/20/harbour")
    assert set(verdicts(article)) == {"json-ld", "meta", "time", "feed", "text", "url"}
    assert verdicts(article)["json-ld"] == "chosen"


def test_a_naive_date_takes_the_zone_of_the_outlet() -> None:
    assert read("", PRINT, zone="Europe/Kyiv").published == datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    naive = read("", PRINT)
    assert naive.published == datetime(2026, 11, 20, 14, 0)
    assert naive.published_note == "no zone on the page and none known for the outlet"
    assert read("", PRINT, zone="No/Such_Zone").published == datetime(2026, 11, 20, 14, 0)


def test_an_aware_date_stands_in_for_a_naive_one_that_agrees_up_to_an_offset() -> None:
    article = read(ld(datePublished="2026-11-20T13:00:00"), listing=FEED)
    assert (article.published, article.published_origin) == (datetime(2026, 11, 20, 11, 0, tzinfo=UTC), "feed")
    other = read(ld(datePublished="2026-11-20T13:07:00"), listing=FEED)
    assert other.published_origin == "json-ld", "seven minutes are no offset"


def test_a_day_gets_its_time_from_a_source_that_has_one() -> None:
    article = read(ld(datePublished="2026-11-20"), listing=FEED)
    assert (article.published_origin, article.published_note) == ("feed", "")
    alone = read(ld(datePublished="2026-11-20"), zone="UTC")
    assert (alone.published, alone.published_note) == (datetime(2026, 11, 20, tzinfo=UTC), "day only")


def test_the_address_gives_a_day_only_when_nothing_else_does() -> None:
    article = read(url="https://x.example/2026/11/20/harbour", zone="Europe/Kyiv")
    assert (article.published_origin, article.published_note) == ("url", "day only")
    assert read(url="https://x.example/2026/1/harbour").published is None
    assert read(url="https://x.example/20261399/harbour").published is None


@pytest.mark.parametrize(
    "clock",
    [
        '<header><a href="/">X</a><div class="clock">22 November 2026, 14:00</div></header>',
        '<div class="top-bar"><span>Sunday, November 22, 2026</span></div>',
        '<aside class="weather"><span>22.11.2026 13:58</span></aside>',
        "<p>Sunday, November 22, 2026</p>",
        '<nav><time datetime="2026-11-22T12:00:00Z">now</time></nav>',
    ],
)
def test_a_render_clock_never_wins(clock: str) -> None:
    article = read(above=clock)
    assert article.published is None
    assert article.published_note.startswith(("only a page-render date was found (", "no date of the article"))
    assert all(c.verdict in ("render date", "page furniture") for c in article.extraction.dates)
    assert read("", PRINT, above=clock, zone="UTC").published == datetime(2026, 11, 20, 14, 0, tzinfo=UTC)


def test_a_clock_beside_the_weather_under_the_title_is_furniture_too() -> None:
    article = read("", "<div><p>18 C</p><p>Los Angeles</p><p>Thursday, September 28, 2023</p></div>")
    assert (article.published, article.published_note) == (
        None,
        "only a page-render date was found (Thursday, September 28, 2023)",
    )


def test_a_machine_date_of_this_minute_loses_against_an_older_listing() -> None:
    article = read(ld(datePublished=FETCHED.isoformat()), listing=FEED)
    assert (article.published_origin, verdicts(article)["json-ld"]) == ("feed", "render date")
    fresh = read(ld(datePublished=FETCHED.isoformat()), listing=listed(FETCHED - timedelta(minutes=20)))
    assert fresh.published_origin == "json-ld"


@pytest.mark.parametrize(
    ("raw", "verdict"),
    [("2026-12-24T10:00:00Z", "in the future"), ("1970-01-01T00:00:00Z", "too long ago"), ("soon", "not readable")],
)
def test_impossible_dates_are_refused_with_the_reason(raw: str, verdict: str) -> None:
    article = read(ld(datePublished=raw))
    assert (article.published, verdicts(article)["json-ld"]) == (None, verdict)
    assert verdict in article.published_note


def test_dates_of_other_articles_are_no_candidates_to_choose() -> None:
    related = '<aside class="related"><time datetime="2026-11-21T10:00:00Z">x</time></aside>'
    below = '<div class="cards"><time datetime="2026-11-21T11:00:00Z">x</time></div>'
    article = read(header=related + TEXT + below)
    assert article.published is None
    assert {c.verdict for c in article.extraction.dates} == {"page furniture", "outside the article's header"}


def test_a_date_of_change_is_not_the_publication() -> None:
    article = read("", '<span class="date">Updated: 22.11.2026 10:00</span>')
    assert article.published is None
    assert "a date of change" in article.published_note


def test_modified_comes_from_json_ld_or_meta_or_feed() -> None:
    assert read(ld(dateModified="2026-11-21T10:00:00+01:00")).modified == datetime(2026, 11, 21, 9, tzinfo=UTC)
    head = '<meta property="article:modified_time" content="2026-11-21T07:00:00Z">'
    assert read(head).modified == datetime(2026, 11, 21, 7, tzinfo=UTC)
    assert read(ld(dateModified="2027-11-21T10:00:00Z")).modified is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("22 листопада 2026, 14:05", (2026, 11, 22, 14, 5)),
        ("14:05, 22 ноября 2026", (2026, 11, 22, 14, 5)),
        ("22 ноября 2026 г., 14:05", (2026, 11, 22, 14, 5)),
        ("22.11.2026 14:05", (2026, 11, 22, 14, 5)),
        ("22.11.2026, о 9:05", (2026, 11, 22, 9, 5)),
        ("November 22, 2026 14:05", (2026, 11, 22, 14, 5)),
        ("Nov. 22, 2026 at 2:05 p.m.", (2026, 11, 22, 14, 5)),
        ("22nd November 2026", (2026, 11, 22, 0, 0)),
        ("22. November 2026, 14:05 Uhr", (2026, 11, 22, 14, 5)),
        ("22 novembre 2026 à 14h05", (2026, 11, 22, 14, 5)),
        ("1er mars 2026", (2026, 3, 1, 0, 0)),
        ("22 de noviembre de 2026, 14:05", (2026, 11, 22, 14, 5)),
        ("22 listopada 2026, 14:05", (2026, 11, 22, 14, 5)),
        ("2026-11-22 14:05", (2026, 11, 22, 14, 5)),
        ("грудня 1, 2026 00:07", (2026, 12, 1, 0, 7)),
    ],
)
def test_printed_dates(text: str, value: tuple[int, ...]) -> None:
    found = list(find(text))
    assert [f.value for f in found] == [datetime(*value)]  # type: ignore[arg-type]


def test_printed_zones_and_orders() -> None:
    assert next(find("22 November 2026 14:05 GMT")).value == datetime(2026, 11, 22, 14, 5, tzinfo=UTC)
    assert next(find("22.11.2026 14:05 +02:00")).value == datetime(2026, 11, 22, 12, 5, tzinfo=UTC)
    assert next(find("November 22, 2026 9:05 am EST")).value.utcoffset() == timedelta(hours=-5)
    assert next(find("03/04/2026")).value == datetime(2026, 4, 3)
    assert next(find("03/04/2026", month_first=True)).value == datetime(2026, 3, 4)
    assert next(find("25/04/2026", month_first=True)).value == datetime(2026, 4, 25)
    assert next(find("Thursday, September 28, 2023")).raw == "Thursday, September 28, 2023"


@pytest.mark.parametrize("text", ["31.02.2026", "99 May 2026", "1.2.3", "version 10.12.2026.4", "in May 2026", "2026"])
def test_no_dates(text: str) -> None:
    assert list(find(text)) == []


def test_date_lines() -> None:
    assert is_date_line("Thursday, September 28, 2023")
    assert is_date_line("22 листопада 2026, 14:05")
    assert not is_date_line("The bridge was opened on 22 November 2026 by the mayor")
    assert not is_date_line("Chapter 22")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("2026-11-22T14:05:00Z", datetime(2026, 11, 22, 14, 5, tzinfo=UTC)),
        ("2026-11-22T14:05:00+0200", datetime(2026, 11, 22, 12, 5, tzinfo=UTC)),
        ("2026-11-22T14:05:00.123+02", datetime(2026, 11, 22, 14, 5, 0, 123000, tzinfo=timezone(timedelta(hours=2)))),
        ("2026-11-22 14:05:00 UTC", datetime(2026, 11, 22, 14, 5)),
        ("Sun, 22 Nov 2026 14:05:00 GMT", datetime(2026, 11, 22, 14, 5, tzinfo=UTC)),
        ("2026-11-22", datetime(2026, 11, 22)),
        ("nonsense", None),
        ("", None),
    ],
)
def test_machine_dates(raw: str, value: datetime | None) -> None:
    assert parse_iso(raw) == value
