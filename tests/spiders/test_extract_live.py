"""Live blogs in many layouts: every entry an article of its own, with its time, its text and an address that lasts."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spiders.extract import extract
from spiders.extract.livetime import Bounds, Stamp, day_of, is_clock, machine, printed, settle
from tocsin.records import Article, HttpFacts, Outlet, Page

KYIV = ZoneInfo("Europe/Kyiv")
OUTLET = Outlet(name="x", home="https://x.example/", timezone="Europe/Kyiv")
URL = "https://x.example/news/river-rises-over-the-town"
FETCHED = datetime(2026, 11, 23, 9, 30, tzinfo=KYIV)
FILLER = (
    "The fire brigade said so at the bridge, where three crews have worked since the evening and a fourth is coming.",
    "Nobody was hurt, the town hall wrote, and the school in Mill Street stays open for all who cannot go home now.",
)
MONTHS = {22: "22 листопада", 23: "23 листопада", 21: "21 листопада"}


class Item(msgspec.Struct, frozen=True):
    """An entry as the newsroom wrote it."""

    number: int
    moment: datetime
    heading: str
    text: str


def items(count: int = 40, minutes: int = 37) -> list[Item]:
    """Newest first, back over more than one midnight."""
    newest = datetime(2026, 11, 23, 9, 5, tzinfo=KYIV)
    return [
        Item(
            number=1000 + count - n,
            moment=newest - timedelta(minutes=minutes * n),
            heading=f"Report {count - n} from the river",
            text=f"Gauge {count - n} shows another {count - n + 3} centimetres. {FILLER[n % 2]}",
        )
        for n in range(count)
    ]


Layout = Callable[[Sequence[Item]], str]


def page_of(body: str, head: str = "", title: str = "Live: the river rises over the town") -> str:
    top = f"<html lang='en'><head><title>{title}</title><meta property='og:title' content='{title}'>{head}</head>"
    lead = "<p>Our reporters are in three places along the river tonight, and they write down what they see there.</p>"
    return f"{top}<body><nav><a href='/'>Home</a></nav><main><h1>{title}</h1>{lead}{body}</main></body></html>"


def ids_and_times(entries: Sequence[Item]) -> str:
    """An ``article`` with an id, a heading, and a time for machines."""
    rows = "".join(
        f"<article class='entry' id='e{i.number}'><h2>{i.heading}</h2>"
        f"<time datetime='{i.moment.isoformat()}'>now</time>"
        f"<p>{i.text}</p><div class='share'>Share on Facebook</div></article>"
        for i in entries
    )
    return page_of(f"<div class='stream'>{rows}</div>")


def data_attributes(entries: Sequence[Item]) -> str:
    """Boxes with data attributes, no headings, quotes with times of their own, a list of key events on top."""
    keys = "".join(
        f"<li><a href='#p{i.number}'><time>{i.moment:%H:%M}</time> {i.heading}</a></li>" for i in entries[::7]
    )
    rows = "".join(
        f"<div class='live-entry{' pinned' if n == 0 else ''}' data-post-id='p{i.number}'"
        f" data-timestamp='{int(i.moment.timestamp())}'><div class='meta'>"
        f"<span class='author-name'>Jane Roe</span></div>"
        f"<div><p>{i.text}</p><blockquote class='tweet'><p>The water is at my door.</p>"
        f"<time datetime='2025-01-01T00:00:00Z'>1 Jan</time></blockquote></div></div>"
        for n, i in enumerate(entries)
    )
    return page_of(f"<div class='key-events'><ul>{keys}</ul></div><section>{rows}</section>")


def clocks_under_days(entries: Sequence[Item]) -> str:
    """Only ``14:05`` at each entry, and headings of the days between them; permanent links."""
    rows, day = "", 0
    for i in entries:
        if i.moment.day != day:
            day = i.moment.day
            rows += f"<h3 class='day'>{MONTHS[day]}</h3>"
        rows += (
            f"<div class='item'><a class='time' href='{URL}?post={i.number}#post-{i.number}'>"
            f"<time>{i.moment:%H:%M}</time></a><div class='text'><h4>{i.heading}</h4><p>{i.text}</p></div></div>"
        )
    return page_of(f"<div class='feed'>{rows}</div>")


def days_as_sections(entries: Sequence[Item]) -> str:
    """A section for each day, the clock in a ``span``, no ids at all."""
    days: dict[int, str] = {}
    for i in entries:
        row = f"<div class='row'><span class='t'>{i.moment:%H:%M}</span><div><p>{i.text}</p></div></div>"
        days[i.moment.day] = days.get(i.moment.day, "") + row
    sections = "".join(f"<section class='d'><h2>{MONTHS[d]} 2026</h2>{rows}</section>" for d, rows in days.items())
    return page_of(f"<div>{sections}</div>", title="Річка виходить з берегів. Текстова трансляція")


def clocks_alone(entries: Sequence[Item]) -> str:
    """Clocks without any day, across midnights; the ids count from the top and would shift with the next entry."""
    rows = "".join(
        f"<li class='u' id='update-{n}'><span class='clock'>{i.moment:%H:%M}</span>"
        f"<h3>{i.heading}</h3><p>{i.text}</p></li>"
        for n, i in enumerate(entries)
    )
    return page_of(f"<ul class='updates'>{rows}</ul>")


def json_in_a_graph(entries: Sequence[Item]) -> str:
    """Updates in JSON-LD under ``@graph``; the page itself shows only the newest three, without times."""
    updates = [
        {
            "@type": "BlogPosting",
            "headline": i.heading,
            "articleBody": f"<p>{i.text}</p><p>{FILLER[0]}</p>",
            "datePublished": i.moment.astimezone(UTC).isoformat(),
            "url": f"{URL}?page=with:block-{i.number}#block-{i.number}",
            "author": {"@type": "Person", "name": "Jane Roe"},
        }
        for i in entries
    ]
    graph = {"@graph": [{"@type": "WebPage"}, {"@type": "LiveBlogPosting", "liveBlogUpdate": updates}]}
    shown = "".join(f"<p>{i.text}</p>" for i in entries[:3])
    head = f"<script type='application/ld+json'>{json.dumps(graph)}</script>"
    return page_of(f"<div id='app'>{shown}</div>", head, "The river rises over the town")


def microdata(entries: Sequence[Item]) -> str:
    """Updates marked up inside the page."""
    rows = "".join(
        f"<div itemprop='liveBlogUpdate' itemscope itemtype='https://schema.org/BlogPosting' id='u{i.number}'>"
        f"<meta itemprop='datePublished' content='{i.moment.isoformat()}'><h3 itemprop='headline'>{i.heading}</h3>"
        f"<div itemprop='articleBody'><p>{i.text}</p></div></div>"
        for i in entries
    )
    return page_of(f"<div itemscope itemtype='https://schema.org/LiveBlogPosting'>{rows}</div>", title="The river")


def chronicle(entries: Sequence[Item]) -> str:
    """One body, its paragraphs beginning with bold clocks, each with a second paragraph; headings of the days."""
    rows, day = "", 0
    for i in entries:
        if i.moment.day != day:
            day = i.moment.day
            rows += f"<p><strong>{MONTHS[day]}</strong></p>"
        rows += f"<p><strong>{i.moment:%H:%M}</strong> — {i.text}</p><p>{FILLER[1]}</p>"
    return page_of(f"<div class='article-body'>{rows}</div>", title="Повінь на річці. Хроніка")


def headed_by_clocks(entries: Sequence[Item]) -> str:
    """Headings that begin with the clock, oldest entry first, no day anywhere but in the page's metadata."""
    rows = "".join(f"<h3>{i.moment:%H:%M} {i.heading}</h3><p>{i.text}</p>" for i in reversed(entries))
    head = f"<meta property='article:published_time' content='{entries[-1].moment.isoformat()}'>"
    return page_of(f"<div class='text'>{rows}</div>", head, "Река выходит из берегов. Онлайн-трансляция")


LAYOUTS = [
    ids_and_times,
    data_attributes,
    clocks_under_days,
    days_as_sections,
    clocks_alone,
    json_in_a_graph,
    microdata,
    chronicle,
    headed_by_clocks,
]


def read(html: str, fetched: datetime = FETCHED, outlet: Outlet = OUTLET, url: str = URL) -> list[Article]:
    page = Page(
        url=url, fetched_url=url, body=html.encode(), fetched=fetched.astimezone(UTC), http=HttpFacts(status=200)
    )
    return list(extract(page, outlet).articles)


def entries_of(articles: Sequence[Article]) -> list[Article]:
    return [a for a in articles if a.kind == "entry"]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_forty_entries_with_their_times(layout: Layout) -> None:
    told = items()
    found = entries_of(read(layout(told)))
    told = told if found[0].published == told[0].moment else told[::-1]
    assert [a.published for a in found] == [i.moment for i in told]
    for article, item in zip(found, told, strict=True):
        assert item.text in article.text
        assert article.parent == URL
        assert article.url.startswith(URL + "#")
        assert article.published_note == ""
        assert "Share" not in article.text
        assert f"Gauge {item.number - 999}" not in article.text
        assert not article.text.startswith(f"{item.moment:%H:%M}")
    assert len({a.url for a in found}) == len({a.id for a in found}) == 40


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_address_outlives_an_edit_and_newer_entries(layout: Layout) -> None:
    told = items(44)
    before = {a.url: a for a in entries_of(read(layout(told[4:])))}
    edited = list(told)
    edited[20] = msgspec.structs.replace(
        told[20], text=f"Corrected: the gauge stands still. {FILLER[0]}", heading="Calm"
    )
    after = {a.url: a for a in entries_of(read(layout(edited)))}
    assert set(before) < set(after)
    assert len(after) == 44
    changed = [url for url in before if before[url].id != after[url].id]
    assert [after[url].published for url in changed] == [told[20].moment]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_blog_itself_holds_no_entry(layout: Layout) -> None:
    own = [a for a in read(layout(items())) if a.kind == "live"]
    assert len(own) == 1
    assert "Our reporters are in three places" in own[0].text
    assert own[0].url == URL
    assert own[0].parent == ""
    assert not any(i.text in own[0].text for i in items())


def test_two_entries_of_one_minute_keep_their_names_when_a_third_comes() -> None:
    same = [msgspec.structs.replace(i, moment=FETCHED - timedelta(hours=1)) for i in items(6)]
    before = {a.text: a.url for a in entries_of(read(days_as_sections(same[2:])))}
    after = {a.text: a.url for a in entries_of(read(days_as_sections(same)))}
    assert len(set(after.values())) == 6
    assert before.items() <= after.items()


def test_authors_and_changes_of_an_entry() -> None:
    moment = datetime(2026, 11, 23, 8, 0, tzinfo=KYIV)
    rows = "".join(
        f"<article id='b{n}'><time class='published' datetime='{(moment - timedelta(hours=n)).isoformat()}'></time>"
        f"<time class='updated' datetime='{(moment - timedelta(hours=n) + timedelta(minutes=9)).isoformat()}'></time>"
        f"<span class='byline'>By Reporter {'ABC'[n]}oe</span><p>{FILLER[0]}</p><p>{FILLER[1]} {n}</p></article>"
        for n in range(3)
    )
    found = entries_of(read(page_of(f"<div>{rows}</div>")))
    assert [a.authors for a in found] == [("Reporter Aoe",), ("Reporter Boe",), ("Reporter Coe",)]
    assert [a.modified for a in found] == [moment - timedelta(hours=n, minutes=-9) for n in range(3)]
    assert all("Reporter" not in a.text for a in found)


def test_a_pinned_copy_is_no_second_entry() -> None:
    told = items(6)
    row = "<div class='post' data-id='{0}'><time datetime='{1}'></time><p>{2}</p></div>"
    rows = [row.format(i.number, i.moment.isoformat(), i.text) for i in told]
    found = entries_of(read(page_of(f"<div>{rows[4]}{''.join(rows)}</div>")))
    assert [a.published for a in found] == [i.moment for i in told]


def test_an_old_page_whose_clocks_have_no_day_counts_from_its_publication() -> None:
    told = items(12, minutes=120)
    head = f"<meta property='article:published_time' content='{told[-1].moment.isoformat()}'>"
    html = clocks_alone(told).replace("</head>", head + "</head>")
    found = entries_of(read(html, fetched=FETCHED + timedelta(days=40)))
    assert [a.published for a in found] == [i.moment for i in told]


def test_an_old_page_that_tells_its_last_change_counts_back_from_it() -> None:
    told = items(12, minutes=120)
    head = (
        f"<meta property='article:published_time' content='{told[-1].moment.isoformat()}'>"
        f"<meta property='article:modified_time' content='{told[0].moment.isoformat()}'>"
    )
    html = clocks_alone(told).replace("</head>", head + "</head>")
    assert [a.published for a in entries_of(read(html, fetched=FETCHED + timedelta(days=9)))] == [
        i.moment for i in told
    ]


def test_without_a_zone_the_digits_stay_local() -> None:
    found = entries_of(read(clocks_under_days(items()), outlet=Outlet(name="x", home="https://x.example/")))
    assert [a.published for a in found] == [i.moment.replace(tzinfo=None) for i in items()]
    assert {a.published_note for a in found} == {"no zone on the page and none known for the outlet"}


PARAGRAPHS = "".join(
    f"<p>Paragraph {n} of the report on the river tells what the council did about the dam. {FILLER[n % 2]}</p>"
    for n in range(8)
)
TIMELINE = "".join(
    f"<li id='t{n}'><time>{n + 8:02}:15</time> The crew {n} came to the bridge there.</li>" for n in range(6)
)
NEWEST = "".join(
    f"<li id='n{n}'><time>{n + 8:02}:15</time><a href='/news/{n}'>Council number {n} meets on the budget again</a></li>"
    for n in range(12)
)
CARDS = "".join(
    f"<article class='card' id='c{n}'><h3><a href='/news/story-{n}-of-the-day'>Story {n} of the day</a></h3>"
    f"<time datetime='2026-11-2{n % 3}T10:00:00+02:00'>x</time>"
    f"<p>The council met for {n} hours on the day.</p></article>"
    for n in range(9)
)
COMMENTS = "".join(
    f"<li class='comment' id='comment-{n}'><time datetime='2026-11-22T1{n}:00:00+02:00'></time>"
    f"<p>Reader {n} thinks that the dam should be higher than that.</p></li>"
    for n in range(9)
)


@pytest.mark.parametrize(
    ("body", "title"),
    [
        (f"{PARAGRAPHS}<div class='timeline'><h2>How it went</h2><ul>{TIMELINE}</ul></div>", "River rises"),
        (f"<div class='live-ticker'><ul>{NEWEST}</ul></div>{PARAGRAPHS}", "River rises"),
        (f"<div class='live-news'><ul>{TIMELINE}</ul></div>{PARAGRAPHS}", "River rises"),
        (f"{PARAGRAPHS}<section class='more'>{CARDS}</section>", "Live: river rises"),
        (f"{PARAGRAPHS}<ol class='comment-list'>{COMMENTS}</ol>", "Live: river rises"),
        (f"{PARAGRAPHS}<ul class='x'>{NEWEST}</ul>", "River rises. Онлайн"),
        (PARAGRAPHS.replace("<p>Paragraph 3", "<p>14:05 Paragraph 3"), "Хроніка"),
        (f"<p>14:05</p>{PARAGRAPHS}", "River rises"),
    ],
)
def test_an_article_with_times_in_it_is_no_live_blog(body: str, title: str) -> None:
    (found,) = read(page_of(f"<article>{body}</article>", title=title))
    assert found.kind == "article"
    assert "Paragraph 0 of the report" in found.text
    assert "Paragraph 7 of the report" in found.text


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("1795424700", datetime(2026, 11, 23, 9, 5, tzinfo=UTC)),
        ("1795424700000", datetime(2026, 11, 23, 9, 5, tzinfo=UTC)),
        ("2026-11-23T09:05:00+02:00", datetime(2026, 11, 23, 9, 5, tzinfo=KYIV)),
        ("2026-11-23 09:05", datetime(2026, 11, 23, 9, 5)),
    ],
)
def test_times_for_machines(raw: str, value: datetime) -> None:
    assert machine(raw).value == value


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("14:05", "14:05"),
        ("14.05 Uhr", "14:05"),
        ("14h05", "14:05"),
        ("2:05 pm", "14:05"),
        ("12:05 a.m. ET", "00:05"),
        ("14.05 GMT", "14:05"),
        ("о 9:30", "09:30"),
        ("(14:05)", "14:05"),
    ],
)
def test_clocks(text: str, clock: str) -> None:
    stamp = printed(text)
    assert stamp.clock is not None
    assert stamp.clock.strftime("%H:%M") == clock
    assert is_clock(text)


@pytest.mark.parametrize(
    "text", ["3.50 €", "1:0", "25:10", "2026", "10.11.2026", "at 5", "12:05:33.4.1", "Psalm 14:05 and more to read"]
)
def test_no_clocks(text: str) -> None:
    assert not is_clock(text)


TODAY = datetime(2026, 11, 23).date()


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("22 листопада", "2026-11-22"),
        ("Неділя, 22 листопада 2026 року", "2026-11-22"),
        ("Sunday 22 November", "2026-11-22"),
        ("November 22, 2026", "2026-11-22"),
        ("31 декабря", "2025-12-31"),
        ("22.11", "2026-11-22"),
        ("Вчора", "2026-11-22"),
        ("heute", "2026-11-23"),
        ("Samstag, 21. November", "2026-11-21"),
        ("The council met on 22 November and spoke about the dam", ""),
        ("14 months later", ""),
        ("Report 22", ""),
    ],
)
def test_days(text: str, day: str) -> None:
    found = day_of(text, TODAY)
    assert (found.isoformat() if found else "") == day


@settings(max_examples=200, deadline=None)
@given(
    gaps=st.lists(st.integers(1, 600), min_size=2, max_size=40),
    rising=st.booleans(),
    waited=st.integers(0, 300),
    zone=st.sampled_from(["Europe/Kyiv", "America/New_York", "Asia/Tokyo", "UTC"]),
)
def test_clocks_find_their_days_in_order(gaps: list[int], *, rising: bool, waited: int, zone: str) -> None:
    """Entries less than ten hours apart, newest or oldest first, over any number of midnights."""
    own = ZoneInfo(zone)
    newest = datetime(2026, 7, 15, 18, 20, tzinfo=own)
    moments = [newest - timedelta(minutes=sum(gaps[:n])) for n in range(len(gaps) + 1)]
    moments = moments[::-1] if rising else moments
    stamps = [(Stamp(f"{m:%H:%M}", None, m.time()), None) for m in moments]
    fetched = (newest + timedelta(minutes=waited)).astimezone(UTC)
    steps = [(b.hour * 60 + b.minute) - (a.hour * 60 + a.minute) for a, b in pairwise(moments)]
    near = [s for s in steps if abs(s) < 720]
    if (
        sum(s > 0 for s in near) > sum(s < 0 for s in near)
        if not rising
        else sum(s > 0 for s in near) <= sum(s < 0 for s in near)
    ):
        return  # so many midnights that the clocks tell another order than the page has
    assert settle(stamps, Bounds(fetched, zone=own)) == moments
