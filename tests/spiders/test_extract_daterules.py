"""The day of the fetch: what may be a clock is no date, whoever wrote it, and one page has one date or none."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spiders.extract import extract, relative
from tests.spiders.test_extract_date import TEXT, TITLE, URL, ld
from tocsin.records import Article, Listing, Outlet, Page

DAY = datetime(2026, 11, 22, 12, 7, tzinfo=UTC)


def read(
    head: str = "",
    header: str = "",
    *,
    fetched: datetime = DAY,
    zone: str = "Europe/Kyiv",
    url: str = URL,
    above: str = "",
    feed: datetime | None = None,
) -> Article:
    html = f"<html><head>{head}</head><body>{above}<main><h1>{TITLE}</h1>{header}<div>{TEXT}</div></main></body></html>"
    listing = Listing(url=url, source="feed", title=TITLE, published=feed) if feed else None
    page = Page(url=url, fetched_url=url, body=html.encode(), fetched=fetched, listing=listing)
    return extract(page, Outlet(name="x", home="https://x.example/", timezone=zone)).articles[0]


def meta(value: str) -> str:
    return f'<meta property="article:published_time" content="{value}">'


@pytest.mark.parametrize(
    ("head", "header", "url", "feed", "day", "confidence"),
    [
        (ld(datePublished="2026-11-22T09:12:00+02:00"), "", URL, DAY.replace(hour=7, minute=12), 22, "high"),
        (ld(datePublished="2026-11-22T09:12:00+02:00"), "", URL, None, 22, "medium"),
        (ld(datePublished="2026-11-22T09:12:00+02:00"), "<p>22.11.2026 09:12</p>", URL, None, 22, "high"),
        (ld(datePublished="2026-11-22"), "", URL, None, None, ""),
        (ld(datePublished="2026-11-22") + meta("2026-11-22"), "", URL, None, None, ""),
        (ld(datePublished="2026-11-22"), "<p>22.11.2026</p>", URL, None, 22, "high"),
        (ld(datePublished="2026-11-22"), "", "https://x.example/2026/11/22/harbour", None, 22, "high"),
        ("", "<p>22.11.2026</p>", URL, None, None, ""),
        ("", "<p>22.11.2026 14:06</p>", URL, None, None, ""),
        ("", "<p>22.11.2026 11:40</p>", URL, None, 22, "low"),
        (meta("2026-11-22T12:06:30Z"), "", URL, None, None, ""),
        (meta("2026-11-22T12:06:30Z"), "", URL, DAY - timedelta(minutes=3), 22, "high"),
        (meta("2026-11-22T12:06:30Z"), "<p>19.11.2026 10:00</p>", URL, None, None, ""),
        (meta("2026-11-22T12:06:30Z"), "", URL, DAY - timedelta(days=3), 19, "medium"),
        (meta("2026-11-22T12:06:30Z"), "<p>19.11.2026 10:00</p>", "https://x.example/2026/11/19/h", None, 19, "high"),
    ],
)
def test_the_day_of_the_fetch(
    head: str, header: str, url: str, feed: datetime | None, day: int | None, confidence: str
) -> None:
    article = read(head, header, url=url, feed=feed)
    published = article.published
    assert (published.day if published else None) == day
    assert article.extraction.date_confidence == confidence
    assert article.extraction.date_reason
    assert published is not None or article.published_note


def test_the_reason_is_a_sentence() -> None:
    article = read(ld(datePublished="2026-11-20T09:12:00+02:00"), feed=datetime(2026, 11, 20, 7, 12, tzinfo=UTC))
    assert article.extraction.date_reason == "The page's JSON-LD gives it; the feed agrees."
    alone = read(ld(datePublished="2026-11-20T09:12:00+02:00"))
    assert alone.extraction.date_reason == "The page's JSON-LD gives it; nothing else confirms it."


def test_each_candidate_says_how_its_zone_is_known() -> None:
    article = read(meta("2026-11-20T09:12:00+02:00"), "<p>20.11.2026 09:12</p>")
    assert {c.origin: c.zone for c in article.extraction.dates} == {"meta": "page", "text": "outlet"}
    bare = read("", "<p>20.11.2026 09:12</p>", zone="")
    assert [c.zone for c in bare.extraction.dates] == [""]


def test_a_moment_in_utc_is_told_on_the_clock_that_the_page_shows() -> None:
    article = read(meta("2026-11-21T01:30:00Z"), "<p>20.11.2026 20:30</p>", zone="")
    assert article.published is not None
    assert article.published.isoformat() == "2026-11-20T20:30:00-05:00"
    odd = read(meta("2026-11-21T01:30:00Z"), "<p>20.11.2026 20:37</p>", zone="")
    assert odd.published is not None
    assert odd.published.utcoffset() == timedelta()


@pytest.mark.parametrize(
    ("body", "day"),
    [
        ('<div class="entry-meta"><span>12. März 2024</span></div>', 12),
        ("<p>Veröffentlicht am 12.03.2024</p>", 12),
        ("<dl><dt>Datum</dt><dd>12.03.2024</dd></dl>", 12),
        ('<ul class="nav meta"><li>12 Mar 2024 18:29</li></ul>', 12),
        ('<time class="entry-date published updated" datetime="2024-03-12T10:00:00+01:00">x</time>', 12),
        ('<div class="uploaded-date">12.03.24</div>', 12),
        ('<script>var page = {"publishedAt":"2024-03-12T10:00:00Z"}</script>', 12),
        ('<script>a={"publishedAt":"2024-03-12"};b={"publishedAt":"2024-04-01"}</script>', None),
        ("<p>Copyright 12.03.2024</p>", None),
        ('<div class="related"><p class="date">12.03.2024</p></div>', None),
        ('<li><a href="/o">The other story of the same long day</a> <span class="date">12.03.2024</span></li>', None),
        ('<ol class="comments"><li><time datetime="2024-03-12T10:00:00Z">x</time></li></ol>', None),
    ],
)
def test_the_second_look(body: str, day: int | None) -> None:
    html = f"<html><body><main><h1>{TITLE}</h1><div>{TEXT}</div><div>{body}</div></main></body></html>"
    page = Page(url=URL, fetched_url=URL, body=html.encode(), fetched=DAY)
    published = extract(page, Outlet(name="x", home="https://x.example/")).articles[0].published
    assert (published.day if published else None) == day


def test_a_date_of_change_is_the_last_resort_and_says_so() -> None:
    article = read(meta("").replace("published", "modified").replace('""', '"2024-03-12T10:00:00Z"'))
    assert (article.published, article.published_note) == (
        datetime(2024, 3, 12, 10, tzinfo=UTC),
        "only a date of change was found",
    )
    assert article.extraction.date_confidence == "low"


PLACES = (
    '<meta property="article:published_time" content="{iso}">',
    '<meta name="date" content="{day}">',
    '<script type="application/ld+json">{{"@type":"NewsArticle","headline":"x","datePublished":"{iso}"}}</script>',
    '<script type="application/ld+json">{{"@type":"NewsArticle","headline":"x","datePublished":"{day}"}}</script>',
)
PRINTS = (
    '<p class="date">{print}</p>',
    "<p>{print}</p>",
    '<div class="meta"><time datetime="{iso}">{print}</time></div>',
    "<p>Published {print}, 09:12</p>",
)
CLOCKS = (
    '<header class="site-header"><div class="clock">{print}, {time}</div></header>',
    '<div class="top-bar"><span>{print}</span></div>',
    "<header><span>Sunday, {print}</span></header>",
)


def filled(pattern: str, moment: datetime) -> str:
    return pattern.format(iso=moment.isoformat(), day=moment.date(), print=f"{moment:%d.%m.%Y}", time=f"{moment:%H:%M}")


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(PLACES), st.integers(-6, 0)), max_size=2),
    st.lists(st.tuples(st.sampled_from(PRINTS), st.integers(-6, 0)), max_size=2),
    st.lists(st.sampled_from(CLOCKS), max_size=2),
    st.integers(1, 400),
    st.booleans(),
    st.sampled_from(["", "Europe/Kyiv", "America/New_York"]),
)
def test_the_same_page_on_two_days(
    places: list[tuple[str, int]],
    prints: list[tuple[str, int]],
    clocks: list[str],
    later: int,
    again: bool,
    zone: str,
) -> None:
    """The same bytes, or with the site's clock rendered anew: one day or none. What the article says stays."""
    head = "".join(filled(p, DAY + timedelta(days=d)) for p, d in places)
    header = "".join(filled(p, DAY + timedelta(days=d)) for p, d in prints)
    other = DAY + timedelta(days=later)
    days = [
        read(head, header, fetched=at, zone=zone, above="".join(filled(c, at if again else DAY) for c in clocks))
        for at in (DAY, other)
    ]
    known = {a.published.date() for a in days if a.published is not None}
    assert len(known) <= 1


@given(st.sampled_from(PLACES + PRINTS[:3]), st.integers(0, 400), st.sampled_from(["", "Europe/Kyiv", "Asia/Tokyo"]))
def test_one_source_that_always_says_now_never_wins(pattern: str, days: int, zone: str) -> None:
    at = DAY + timedelta(days=days)
    head, header = (filled(pattern, at), "") if pattern in PLACES else ("", filled(pattern, at))
    assert read(head, header, fetched=at, zone=zone).published is None


ZONES = (
    "Europe/Kyiv",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Warsaw",
    "Europe/Lisbon",
    "Europe/Helsinki",
    "America/New_York",
    "America/Los_Angeles",
    "America/Santiago",
    "Australia/Sydney",
    "Australia/Lord_Howe",
    "Africa/Cairo",
)


def nights(name: str) -> list[datetime]:
    """The two moments of 2026 at which the clocks of a zone change."""
    zone = ZoneInfo(name)
    found, at = [], datetime(2026, 1, 1, tzinfo=UTC)
    while at.year == 2026:
        then = at + timedelta(minutes=30)
        if at.astimezone(zone).utcoffset() != then.astimezone(zone).utcoffset():
            found.append(then)
        at = then
    return found


def latest_such_clock(fetched: datetime, hour: int, minute: int, zone: ZoneInfo) -> datetime:
    """The last minute, two after the fetch at most, at which a clock in the zone showed this."""
    for back in range(-2, 60 * 50):
        moment = (fetched - timedelta(minutes=back)).replace(second=0)
        local = moment.astimezone(zone)
        if (local.hour, local.minute) == (hour, minute):
            return moment
    raise AssertionError


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("clock", ["14:05", "00:10", "02:30", "23:50"])
@pytest.mark.parametrize("night", [0, 1])
def test_today_on_a_night_of_summer_time(name: str, clock: str, night: int) -> None:
    """From a day before to a day after, each half hour around the change: the latest such clock before the fetch."""
    zone, change = ZoneInfo(name), nights(name)[night]
    hour, minute = map(int, clock.split(":"))
    for step in (*range(-48, -6, 4), *range(-6, 7), *range(8, 49, 4)):
        fetched = change + timedelta(minutes=30 * step)
        wanted = latest_such_clock(fetched, hour, minute, zone)
        found = relative.find(f"сегодня, {clock}", fetched, zone)
        assert found is not None
        assert found.value is not None
        there = found.value
        if (there.hour, there.minute) == (hour, minute):
            assert there.astimezone(UTC) == wanted, fetched
        else:
            never = datetime(there.year, there.month, there.day, hour, minute)
            assert never.replace(tzinfo=zone).astimezone(UTC).astimezone(zone) == there, fetched


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("night", [0, 1])
def test_today_in_a_page(name: str, night: int) -> None:
    """Minute-exact through the whole reading, a few hours behind the change of clocks."""
    change, zone = nights(name)[night], ZoneInfo(name)
    local = (change + timedelta(hours=18)).astimezone(zone)
    fetched = local.replace(hour=20, minute=31).astimezone(UTC)
    article = read("", "<div class='date'>сегодня, 14:05</div>", fetched=fetched, zone=name)
    day = fetched.astimezone(zone)
    assert article.published == datetime(day.year, day.month, day.day, 14, 5, tzinfo=zone)
    assert (article.published_origin, article.extraction.date_confidence) == ("text", "low")
    assert article.published_note == "told from the moment of the fetch"


def test_a_clock_that_came_twice_and_one_that_never_was() -> None:
    kyiv = ZoneInfo("Europe/Kyiv")
    autumn = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    first = relative.find("сьогодні, 03:20", autumn, kyiv)
    assert first is not None
    assert first.value is not None
    assert first.value.astimezone(UTC) == datetime(2026, 10, 25, 0, 20, tzinfo=UTC)
    second = relative.find("сьогодні, 03:20", autumn + timedelta(hours=2), kyiv)
    assert second is not None
    assert second.value is not None
    assert second.value.astimezone(UTC) == datetime(2026, 10, 25, 1, 20, tzinfo=UTC)
    spring = relative.find("сьогодні, 03:20", datetime(2026, 3, 29, 6, tzinfo=UTC), kyiv)
    assert spring is not None
    assert spring.value is not None
    assert spring.value.isoformat() == "2026-03-29T04:20:00+03:00"


KYIV = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("вчора", (21, 0, 0)),
        ("позавчора, 12:00", (20, 12, 0)),
        ("вчера в 9:30", (21, 9, 30)),
        ("2 часа назад", (22, 12, 7)),
        ("2 години тому", (22, 12, 7)),
        ("годину тому", (22, 13, 7)),
        ("5 minutes ago", (22, 14, 2)),
        ("an hour ago", (22, 13, 7)),
        ("yesterday at 10:00", (21, 10, 0)),
        ("Updated 11:05 GMT", (22, 13, 5)),
        ("heute, 13:05 Uhr", (22, 13, 5)),
        ("gestern", (21, 0, 0)),
        ("vor 3 Stunden", (22, 11, 7)),
        ("hier à 14h", (21, 14, 0)),
        ("il y a 2 heures", (22, 12, 7)),
        ("ayer", (21, 0, 0)),
        ("hace 3 horas", (22, 11, 7)),
        ("wczoraj", (21, 0, 0)),
        ("3 godziny temu", (22, 11, 7)),
        ("22 листопада, 13:05", (22, 13, 5)),
        ("Сегодня, 22 ноября, 13:05", (22, 13, 5)),
        ("Nov 22 at 1:05 pm", (22, 13, 5)),
        ("13:05, сегодня", (22, 13, 5)),
    ],
)
def test_dates_that_lean_on_the_fetch(text: str, value: tuple[int, int, int]) -> None:
    found = relative.find(text, DAY, ZoneInfo("Europe/Kyiv"))
    assert found is not None
    assert found.value == datetime(2026, 11, *value, tzinfo=KYIV)


def test_a_day_without_a_year_is_never_ahead() -> None:
    found = relative.find("23 листопада, 14:05", DAY, ZoneInfo("Europe/Kyiv"))
    assert found is not None
    assert found.value == datetime(2025, 11, 23, 14, 5, tzinfo=KYIV)


@pytest.mark.parametrize(
    "text", ["die Rezension dazu gibt es hier", "5 min read", "Es geht heute um mehr als Geld", "14:05", "2 hours"]
)
def test_what_is_no_such_date(text: str) -> None:
    assert relative.find(text, DAY, ZoneInfo("Europe/Kyiv")) is None


@pytest.mark.parametrize("text", ["вчора", "сьогодні, 14:05", "год назад", "3 months ago"])
def test_without_a_zone_or_a_day_there_is_no_date(text: str) -> None:
    found = relative.find(text, DAY, None)
    assert found is not None
    assert found.value is None


def test_updated_with_a_clock_is_the_change() -> None:
    article = read(meta("2026-11-22T08:00:00+02:00"), "<p>Updated 11:05 GMT</p>")
    assert article.modified == datetime(2026, 11, 22, 11, 5, tzinfo=UTC)
    assert article.published == datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
