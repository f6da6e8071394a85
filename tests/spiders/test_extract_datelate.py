"""Dates that only a later look finds, and that none of these looks takes a clock for one."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spiders.extract import extract
from spiders.extract.localdate import find
from tests.spiders.test_extract_date import TEXT, TITLE, URL, ld
from tests.spiders.test_extract_daterules import CLOCKS, DAY, PLACES, PRINTS, filled, meta
from tocsin.records import Article, Outlet, Page

SHORT = "<p>See the <a href='/tides'>tide table</a> too.</p>"
AUTHOR = '<a href="/authors/anna-bela-cora-dora-eva">Anna Bela Cora Dora Eva</a>'
LONG = "filed under Ships, Harbours and Weather, where you can follow any responses to it through a feed."
LINKS = "".join(f'<a href="/topic/{n}">Topic {n}</a> ' for n in range(30))
OTHER = "<h3>The bridge that fell twice</h3>"


def read(body: str, *, url: str = URL, head: str = "", fetched: datetime = DAY) -> Article:
    html = f"<html><head>{head}</head><body>{body}<ul class='menu'>{LINKS}</ul></body></html>"
    page = Page(url=url, fetched_url=url, body=html.encode(), fetched=fetched)
    return extract(page, Outlet(name="x", home="https://x.example/")).articles[0]


def under(header: str, behind: str = "", *, url: str = URL, head: str = "", fetched: datetime = DAY) -> Article:
    body = f"<main><h1>{TITLE}</h1>{header}<div>{TEXT}</div>{behind}</main>"
    return read(body, url=url, head=head, fetched=fetched)


def day_of(article: Article) -> str:
    return str(article.published.date()) if article.published else ""


@pytest.mark.parametrize(
    "header",
    [
        '<div class="teaser-small"><p>by Anna Bela on 12.03.2024</p></div>',
        '<div class="teaser-text"><p>Press release of 12 March 2024 | Kyiv</p></div>',
        '<aside class="side-col"><p>12.03.2024</p></aside>',
        '<div class="elementor-widget widget"><ul><li>12 Mar 2024</li></ul></div>',
        '<div class="newsletter-details"><p>12.03.2024</p></div>',
        "<aside><p>Tue 12 Mar 2024 18.08 CET</p></aside>",
        '<div class="single-post-sidebar"><h4>Published</h4><div>12.03.2024</div></div>',
        f"<div><p>12.03.2024</p>{OTHER}</div>",
    ],
)
def test_close_behind_the_title_in_what_is_named_like_furniture(header: str) -> None:
    article = under(header)
    assert day_of(article) == "2024-03-12"
    assert article.extraction.date_confidence == "low"


def test_the_reason_of_a_later_look_is_a_sentence() -> None:
    article = under('<aside class="side-col"><p>12.03.2024</p></aside>')
    assert article.extraction.date_reason == (
        "The page's print gives it close to the title, in a place that other dates stand in as well."
    )
    alone = read(f'<main><h1>{TITLE}</h1>{TEXT}</main><div><span class="x">12.03.2024</span></div>')
    assert alone.extraction.date_reason == "The page's print gives it, and shows no other date."


@pytest.mark.parametrize(
    "clock",
    [
        "<aside><p>Tuesday, 12 March 2024</p></aside>",
        '<div class="teaser"><p>Today: 12.03.2024</p></div>',
        '<div class="teaser"><p>Aktuelle Zeit: 12.03.2024, 12:18</p></div>',
        '<div class="teaser"><p>Сьогодні 12.03.2024</p></div>',
        '<div class="sidebar clock"><p>12.03.2024</p></div>',
        '<div class="current-date"><p>12.03.2024</p></div>',
        '<div class="top-bar"><p>12.03.2024 12:18</p></div>',
        "<aside><p>18 C</p><p>Los Angeles</p><p>12.03.2024</p></aside>",
        '<div class="related"><p>12.03.2024</p></div>',
        '<div class="comments"><p>12.03.2024</p></div>',
        '<div class="teaser"><p>Updated: 12.03.2024</p></div>',
    ],
)
def test_no_clock_and_no_other_date_behind_the_title(clock: str) -> None:
    assert day_of(under(clock)) in ("", "2024-03-12" if "Updated" in clock else "")
    if "Updated" in clock:
        assert under(clock).published_note.startswith("day only; only a date of change")


@pytest.mark.parametrize("gap", [0, 1, 40])
@pytest.mark.parametrize(
    "place",
    [
        '<div class="teaser"><p>{}</p></div>',
        '<aside class="sidebar"><p>{}</p></aside>',
        '<aside class="sidebar"><p>Published {}</p></aside>',
        "<div>{}</div>",
        '<p class="dateline">{}</p>',
    ],
)
@pytest.mark.parametrize("where", ["header", "behind"])
def test_the_day_of_the_fetch_never_wins_by_print_alone(place: str, gap: int, where: str) -> None:
    at = DAY + timedelta(days=gap)
    clock = place.format(f"{at:%d.%m.%Y}")
    article = under(clock, fetched=at) if where == "header" else under("", clock, fetched=at)
    assert article.published is None


def test_the_only_date_of_the_page() -> None:
    def beyond(rest: str) -> str:
        return day_of(read(f"<main><h1>{TITLE}</h1>{TEXT}</main><div>{rest}</div>"))

    assert beyond("<span>12.03.2024</span>") == "2024-03-12"
    assert beyond("<span>12.03.2024</span><span>13.03.2024</span>") == ""
    assert beyond("<footer><p>12.03.2024</p></footer>") == ""
    assert beyond(f"<ul><li>{OTHER}<span>12.03.2024</span></li></ul>") == ""
    assert beyond("<span>Tuesday, 12 March 2024</span>") == ""
    assert beyond("<span>Server time: 12.03.2024 12:18</span>") == ""
    assert beyond("<p>18 C</p><span>12.03.2024</span>") == ""
    assert day_of(read(f"<div><span>12.03.2024</span></div><main><h1>{TITLE}</h1>{TEXT}</main>")) == ""


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://x.example/news/29-10-2021", "2021-10-29"),
        ("https://x.example/news/harbour-29.10.2021.html", "2021-10-29"),
        ("https://x.example/news/31-02-2021", ""),
        ("https://x.example/news/129-10-2021", ""),
    ],
)
def test_a_day_in_the_address_that_is_written_day_first(url: str, day: str) -> None:
    article = under("", url=url)
    assert (day_of(article), article.published_origin) == (day, "url" if day else "")


@pytest.mark.parametrize(
    ("card", "day"),
    [
        ('<li><a href="/news/harbour"><span>12.03.2024</span><h2>{}</h2></a></li>', "2024-03-12"),
        ('<li><a href="https://x.example/news/harbour/">{}</a> <span>12.03.2024</span></li>', "2024-03-12"),
        ('<li><a href="/news/bridge"><span>12.03.2024</span><h2>{}</h2></a></li>', ""),
        ('<li><a href="/news/harbour?showComment=1">12.03.2024</a></li>', ""),
        ('<li class="comment"><a href="/news/harbour">12.03.2024</a></li>', ""),
        ('<nav><div><a href="/news/harbour">{}</a> 12.03.2024</div></nav>', ""),
        ('<div class="top-bar"><a href="/news/harbour">{}</a> 12.03.2024</div>', ""),
        ('<div><a href="/news/harbour">{}</a> Tuesday, 12 March 2024</div>', ""),
        ('<div><a href="/news/harbour">{}</a> <b>now</b> 12.03.2024 12:18</div>', ""),
        (f'<li><a href="/news/harbour"><span>{DAY:%d.%m.%Y}</span><h2>{{}}</h2></a></li>', ""),
    ],
)
def test_the_card_that_leads_to_this_very_page(card: str, day: str) -> None:
    other = "<ul class='latest'><li><a href='/news/bridge-two'>The bridge</a> <span>11.03.2024</span></li>{}</ul>"
    body = f"<main><h1>{TITLE}</h1>{TEXT}</main>{other.format(card.format(TITLE))}"
    assert day_of(read(body)) == day


def test_a_machine_s_slashes_are_read_as_the_day_that_is_printed() -> None:
    head = '<meta name="date" content="11/01/2023 12:43:42">'
    assert day_of(under("", "<p>Erstellt am: 01.11.2023</p>", head=head)) == "2023-11-01"
    assert day_of(under("", "<p>Erstellt am: 11.01.2023</p>", head=head)) == "2023-01-11"
    assert day_of(under("", head=head)) == "2023-01-11"
    assert day_of(under("", "<p>01.11.2023</p><p>11.01.2023</p>", head=head)) == "2023-01-11"


def test_the_state_of_scripts_in_an_attribute() -> None:
    state = "{&quot;datePublished&quot;:&quot;2024-03-12T10:00:00Z&quot;}"
    assert day_of(read(f'<div data-page="{state}"><main><h1>{TITLE}</h1>{TEXT}</main></div>')) == "2024-03-12"
    two = state.replace("03-12", "04-12")
    body = f'<div data-page="{state}"><i data-props="{two}"></i><main><h1>{TITLE}</h1>{TEXT}</main></div>'
    assert day_of(read(body)) == ""
    now = state.replace("2024-03-12T10:00:00Z", DAY.isoformat())
    assert day_of(read(f'<div data-page="{now}"><main><h1>{TITLE}</h1>{TEXT}</main></div>')) == ""


def blog(header: str) -> str:
    archive = "".join(f'<span class="archivedate">{n} posts</span>' for n in range(60))
    return (
        f'<div class="blog-posts"><div class="date-outer"><h2 class="date-header"><span>{header}</span></h2>'
        f'<div class="post"><h3 class="post-title">{TITLE}</h3><div>{TEXT}</div></div></div></div><div>{archive}</div>'
    )


def test_a_day_above_the_title_that_frames_the_article() -> None:
    head = f'<title>{TITLE}</title><meta property="og:title" content="{TITLE}">'
    assert day_of(read(blog("Samstag, 5. Oktober 2013"), head=head)) == "2013-10-05"
    today = blog(f"{DAY:%d.%m.%Y}")
    assert day_of(read(today, head=head)) == ""


def test_a_clock_above_the_title_frames_the_site() -> None:
    nav = "<nav><a href='/'>Home</a></nav>"
    clock = '<div class="date">Tuesday, 12 March 2024</div>'
    assert day_of(read(f"<div>{nav}{clock}<div><h1>{TITLE}</h1>{TEXT}</div></div>")) == ""
    assert day_of(read(f"{clock}<div><h1>{TITLE}</h1>{TEXT}</div>")) == ""


def test_a_heading_is_the_place_of_the_title_where_none_was_settled() -> None:
    body = f"<div class='c'><h1>{TITLE}</h1><p class='caption'>12.03.2024 | Nature</p></div>{TEXT}"
    assert day_of(read(body, head=f"<title>{TITLE} | The Harbour Post</title>")) == "2024-03-12"


@pytest.mark.parametrize(
    ("behind", "day"),
    [
        ("<p>By Anna Bela on 12.03.2024, 11:51 | 3 comments |</p>", "2024-03-12"),
        ("<p><b>Published on </b>12.03.2024.</p>", "2024-03-12"),
        (f"<p>This entry was posted on Tuesday, March 12th, 2024 at 10:00 am and is {LONG}</p>", "2024-03-12"),
        (f"<p>Nobody had ever seen what was published on 12.03.2024, or on 13.03.2024, and it was {LONG}</p>", ""),
    ],
)
def test_labels_behind_the_text(behind: str, day: str) -> None:
    assert day_of(under("", f"<div class='asset-foot'>{behind}</div>")) == day


def test_a_label_far_off_comes_after_a_date_close_to_the_title() -> None:
    notes = "<ol><li>Article on the tides of 15.10.2014. Published 15.10.2014</li></ol>"
    article = under("<div class='author'>Anna Bela, 21.01.2015</div>", SHORT * 60 + notes)
    assert day_of(article) == "2015-01-21"


def test_captions_and_members_are_no_dates_of_the_article() -> None:
    caption = "<figure><figcaption>Engines of war in the town, 24 April 2023</figcaption></figure>"
    assert day_of(under(caption)) == ""
    assert day_of(under('<dl><dd class="profile-joined"><b>Registered:</b> 18.09.2008, 05:56</dd></dl>')) == ""


def test_a_card_is_another_article_by_its_headline_not_by_a_label_or_a_name() -> None:
    named = '<div><div class="when"><span>{}</span><span class="date">12.03.2024</span></div></div>'
    assert day_of(under("", named.format("<h4>Insights from</h4>"))) == "2024-03-12"
    assert day_of(under("", named.format(AUTHOR))) == "2024-03-12"
    assert day_of(under("", named.format(OTHER))) == ""


def test_a_marked_date_in_the_foot_of_a_post_is_the_article_s() -> None:
    foot = (
        '<div class="post-footer"><abbr itemprop="datePublished" title="2024-03-12T10:52:00+02:00">10:52</abbr></div>'
    )
    article = under("<p>Out on 14.08.2017</p>", foot)
    assert day_of(article) == "2024-03-12"


@pytest.mark.parametrize(
    ("moment", "url", "told"),
    [
        ("2025-12-19T02:41:41Z", "2025/12/18", "2025-12-18T23:41:41-03:00"),
        ("2023-11-01T23:01:00Z", "2023/11/02", "2023-11-02T00:01:00+01:00"),
        ("2023-11-01T12:30:00Z", "2023/11/01", "2023-11-01T12:30:00+00:00"),
        ("2023-11-01T14:00:00Z", "2023/10/31", "2023-11-01T14:00:00+00:00"),
        ("2023-11-01T02:00:00+01:00", "2023/10/31", "2023-11-01T02:00:00+01:00"),
    ],
)
def test_a_moment_in_utc_falls_on_the_day_of_the_address(moment: str, url: str, told: str) -> None:
    article = under("", head=meta(moment), url=f"https://x.example/{url}/harbour")
    published = article.published
    assert published is not None
    assert published.isoformat() == told
    assert ("the day of the address" in article.published_note) == (told[:10] != moment[:10])
    assert published == datetime.fromisoformat(moment), "the moment itself stays"


@pytest.mark.parametrize(
    ("head", "header", "day"),
    [
        (ld(datePublished="2025-11-20T16:02:46Z"), '<div class="date">14.05.2025</div>', "2025-05-14"),
        (ld(datePublished="2025-05-15T01:00:00Z"), '<div class="date">14.05.2025</div>', "2025-05-15"),
        (ld(datePublished="2025-05-14T16:02:46Z"), '<div class="date">20.11.2025</div>', "2025-05-14"),
        (ld(datePublished="2025-11-20T16:02:46Z"), "<p>Ships at sea, 14.05.2025</p>", "2025-11-20"),
        (
            ld(datePublished="2025-11-20T16:02:46Z"),
            '<p class="date">14.05.2025</p><time datetime="2025-11-20">20.11.2025</time>',
            "2025-11-20",
        ),
    ],
)
def test_what_is_shown_as_the_earlier_day_was_the_first_publication(head: str, header: str, day: str) -> None:
    assert day_of(under(header, head=head)) == day


def test_a_full_date_with_a_clock_does_not_lean_on_the_fetch() -> None:
    article = under("<nav><p>Fri 22 Dec 2023 18.08 CET</p></nav><span>Fri 22 Dec 2023 18.08 CET</span>")
    assert article.published == datetime(2023, 12, 22, 17, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("04-ago-2021 5:11", (2021, 8, 4, 5, 11)),
        ("8.Dezember 2010", (2010, 12, 8, 0, 0)),
        ("2023 Jan 7", (2023, 1, 7, 0, 0)),
        ("22/Nov/2026", (2026, 11, 22, 0, 0)),
        ("2020年07月12日", (2020, 7, 12, 0, 0)),
        ("20 septembrie 2020 16:20", (2020, 9, 20, 16, 20)),
        ("12 de março de 2020", (2020, 3, 12, 0, 0)),
        ("5 лістапада 2026", (2026, 11, 5, 0, 0)),
        ("7 октомври 2026", (2026, 10, 7, 0, 0)),
        ("15 Mayıs 2020", (2020, 5, 15, 0, 0)),
        ("07 أكتوبر 2020 - 12:09 م", (2020, 10, 7, 12, 9)),
        ("07 أكتوبر 2020 - 3:09 م", (2020, 10, 7, 15, 9)),
    ],
)
def test_more_printed_dates(text: str, value: tuple[int, ...]) -> None:
    assert [f.value for f in find(text)] == [datetime(*value)]  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["15 MAYIS 2020", "0 мая 2020", "2020 Smarch 7", "2020年13月12日"])
def test_unreadable_dates_are_none(text: str) -> None:
    assert list(find(text)) == []


MORE_PLACES = (
    *PLACES,
    '<meta name="dc.date.issued" content="{iso}">',
    '<meta property="article:modified_time" content="{iso}">',
    '<script>{{"publishedAt":"{iso}"}}</script>',
)
MORE_PRINTS = (
    *PRINTS,
    '<aside class="sidebar"><p>{print}</p></aside>',
    '<div class="teaser"><p>{print} 09:12</p></div>',
    "<p>Updated {print}</p>",
    '<p class="byline">by Anna Bela on {print}</p>',
    '<abbr itemprop="datePublished" title="{iso}">x</abbr>',
)
MORE_CLOCKS = (*CLOCKS, '<div class="date">{print}</div>', "<div><span>Server time: {print}, {time}</span></div>")
BEHIND = ("", "<div><span>{print}</span></div>", "<p>By Anna Bela on {print}</p>", "<aside><p>{print}</p></aside>")
ADDRESSES = (URL, "https://x.example/2026/11/20/harbour", "https://x.example/news/20-11-2026")
AGES = st.integers(-6, 0)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(MORE_PLACES), AGES), max_size=2),
    st.lists(st.tuples(st.sampled_from(MORE_PRINTS), AGES), max_size=3),
    st.lists(st.sampled_from(MORE_CLOCKS), max_size=2),
    st.tuples(st.sampled_from(BEHIND), AGES),
    st.tuples(st.integers(1, 400), st.booleans(), st.sampled_from(ADDRESSES)),
)
def test_the_same_page_on_two_days_at_every_look(
    places: list[tuple[str, int]],
    prints: list[tuple[str, int]],
    clocks: list[str],
    behind: tuple[str, int],
    other: tuple[int, bool, str],
) -> None:
    head, header, foot = (
        "".join(filled(p, DAY + timedelta(days=d)) for p, d in found) for found in (places, prints, [behind])
    )
    later, again, url = other
    days = set()
    for at in (DAY, DAY + timedelta(days=later)):
        above = "".join(filled(c, at if again else DAY) for c in clocks)
        body = f"{above}<main><h1>{TITLE}</h1>{header}<div>{TEXT}</div>{foot}</main>"
        days |= {day_of(read(body, url=url, head=head, fetched=at))} - {""}
    assert len(days) <= 1


@pytest.mark.parametrize("clock", MORE_CLOCKS)
@pytest.mark.parametrize("days", [0, 1, 30])
def test_a_clock_that_is_all_that_the_page_shows(clock: str, days: int) -> None:
    at = DAY + timedelta(days=days)
    assert read(f"{filled(clock, at)}<main><h1>{TITLE}</h1>{TEXT}</main>", fetched=at).published is None


def test_what_would_be_sharper_on_another_day_takes_the_day_along() -> None:
    at = DAY.replace(hour=10)
    header = f'<div class="meta"><time datetime="{at.isoformat()}">now</time></div>'
    first, again = (
        under(header, head='<meta name="date" content="2026-11-21">', fetched=at + timedelta(days=n)) for n in (0, 1)
    )
    assert (day_of(first), day_of(again)) == ("", "2026-11-22")
