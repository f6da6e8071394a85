"""A text saved from a page, with the page's clutter still in it, comes out the same however it is wrapped in HTML:
title once, clutter gone, paragraphs whole, and the render date refused with its reason on any day.
"""

import textwrap
from datetime import UTC, datetime
from html import escape

import pytest

from spiders.extract import extract
from spiders.extract.plain import title_of
from spiders.extract.title import is_glued, printed_twice
from tocsin.records import Article, Outlet, Page

TITLE = "Villagers say 'quiet' call-up emptied three valleys in a week"
ABOVE = ["18 C", "Los Angeles", "Thursday, September 28, 2023"]
PARAGRAPHS = [
    "The summons came on a Tuesday, folded into the bread delivery, and by Friday the bus to the coast ran empty.",
    "Nobody in Dolna Reka would give a name. The baker counted eleven men gone from his street alone.",
    "“They told us it was for a week,” said a woman who was packing jars of cherries into a crate.",
    "“It was not for a week.",
    "“My brother rang from a railway yard and then the line went dead.”",
    "The recruitment office wrote that no conscripts had been taken out of turn, and that rumours had been spread.",
    "Teachers have merged two classes. The dairy has stopped its evening round, and the priest rings the bell himself.",
]
TEASER = "READ MORE: Dairy asks the army for its drivers back"
BELOW = ["Check out our other content", "Check out other tags:", "Most Popular Articles"]
LINES = [*ABOVE, TITLE, "News" + TITLE, *PARAGRAPHS[:5], TEASER, *PARAGRAPHS[5:], *BELOW]
REASON = "only a page-render date was found (Thursday, September 28, 2023)"
RAW = "\n".join(ABOVE) + "\n\n" + "\n\n".join(LINES[3:])


def p(lines: list[str]) -> str:
    return "\n".join(f"<p>{escape(line)}</p>" for line in lines)


def wrapped(lines: list[str]) -> str:
    return "\n\n".join(textwrap.fill(line, 78, break_on_hyphens=False) for line in lines)


LINKS = "".join(f'<a href="/{word}">{word}</a> ' for word in ("home", "world", "sport", "culture", "science"))
BODIES = {
    "paragraphs": p(LINES),
    "paragraphs on one line": p(LINES).replace("\n", ""),
    "breaks in one div": f"<div>{'<br>'.join(map(escape, LINES))}</div>",
    "double breaks": f"<div>{'<br><br>'.join(map(escape, LINES))}</div>",
    "breaks and line feeds": "<br/>\n".join(map(escape, RAW.split("\n"))),
    "pre": f"<pre>{escape(RAW)}</pre>",
    "pre wrapped at a column": f"<pre>{escape(wrapped(LINES))}</pre>",
    "bare": escape(RAW),
    "bare without blank lines": escape("\n".join(LINES)),
    "article": f"<article>{p(LINES)}</article>",
    "article with breaks": f"<article>{'<br>'.join(map(escape, LINES))}</article>",
    "divs": "".join(f"<div>{escape(line)}</div>" for line in LINES),
    "spans": "".join(f"<span>{escape(line)}</span><br>" for line in LINES),
    "list": f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in LINES)}</ul>",
    "table": f"<table><tr><td>{p(LINES)}</td></tr></table>",
    "heading alone": p(ABOVE) + f"<h1>{escape(TITLE)}</h1>" + p(LINES[5:]),
    "heading, then glued": p(ABOVE) + f"<h1>{escape(TITLE)}</h1>" + p(LINES[4:]),
    "glued heading": p(LINES[:4]) + f"<h1>{escape(LINES[4])}</h1>" + p(LINES[5:]),
    "heading with a category": p(LINES[:4]) + f"<h1><span>News</span>{escape(TITLE)}</h1>" + p(LINES[5:]),
    "heading above all": f"<h1>{escape(TITLE)}</h1>" + p(LINES),
    "header and footer": f"<header>{p(ABOVE)}</header><main>{p(LINES[3:-3])}</main><footer>{p(BELOW)}</footer>",
    "named divs": f"<div class=header>{p(ABOVE)}</div><div class=content>{p(LINES[3:-3])}</div><div>{p(BELOW)}</div>",
    "menu before": f"<nav>{LINKS}</nav>{p(ABOVE)}<article>{p(LINES[3:-3])}</article>{p(BELOW)}",
    "menu before paragraphs": f"<nav>{LINKS}</nav>{p(LINES)}<ul><li><a href=/x>A goat wins a race</a></li></ul>",
    "wrapped paragraphs": "".join(f"<p>{wrapped([escape(line)])}</p>" for line in LINES),
}
HEADS = {
    "no title": "",
    "title": f"<title>{escape(TITLE)}</title>",
    "title with site": f"<title>{escape(TITLE)} | Valley Messenger</title>",
    "glued title": f"<title>{escape(LINES[4])}</title>",
    "other title": "<title>saved page</title>",
}


def read(html: str, fetched: datetime = datetime(2023, 9, 28, 12, tzinfo=UTC)) -> Article:
    url = "http://messenger.example/news/valleys.html"
    page = Page(url=url, fetched_url=url, body=html.encode(), fetched=fetched)
    extraction = extract(page, Outlet(name="messenger", home="http://messenger.example/"))
    assert extraction.drop == "", extraction.detail
    return extraction.articles[0]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("body", BODIES)
def test_every_wrapping_gives_the_same(head: str, body: str) -> None:
    article = read(f"<html><head><meta charset=utf-8>{HEADS[head]}</head><body>{BODIES[body]}</body></html>")
    assert article.title == TITLE
    assert article.text.split("\n\n") == PARAGRAPHS
    assert (article.published, article.published_note) == (None, REASON)


@pytest.mark.parametrize("fragment", ["paragraphs", "pre", "bare", "article", "divs"])
def test_fragments_without_html_and_body(fragment: str) -> None:
    article = read(BODIES[fragment])
    assert (article.title, article.text.split("\n\n")) == (TITLE, PARAGRAPHS)


@pytest.mark.parametrize("day", [datetime(2023, 9, 28, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)])
def test_the_render_date_is_refused_on_any_day_and_stays_in_the_ledger(day: datetime) -> None:
    article = read(f"<body>{BODIES['paragraphs']}</body>", day)
    assert (article.published, article.published_note) == (None, REASON)
    assert {c.verdict for c in article.extraction.dates} <= {"render date", "page furniture"}
    assert [c.raw for c in article.extraction.dates] == ["Thursday, September 28, 2023"]


def test_clutter_is_kept_beside_the_text() -> None:
    assert set(read(BODIES["paragraphs"]).extraction.dropped) >= {"18 C", "Los Angeles", TEASER, *BELOW}


@pytest.mark.parametrize(
    ("long", "short", "glued"),
    [
        ("NewsPutin faces army revolt", "Putin faces army revolt", True),
        ("Новини Сейм ухвалив бюджет", "Сейм ухвалив бюджет", True),
        ("Live: river rises through the night", "river rises through the night", False),
        ("Ukraine war: Bridge reopens today", "Bridge reopens today", False),
        ("“No” says the mayor of the town", "says the mayor of the town", False),
        ("Bridge reopens today", "Bridge reopens today", False),
        ("The whole story of how the Bridge reopens today", "Bridge reopens today", False),
    ],
)
def test_glued(long: str, short: str, glued: bool) -> None:
    assert is_glued(long, short) is glued


def test_the_title_of_lines() -> None:
    assert (
        printed_twice(["Menu", "A bridge reopens today", "NewsA bridge reopens today", "Text."])
        == "A bridge reopens today"
    )
    assert printed_twice(["A bridge reopens today", "Text."]) == ""
    assert (
        title_of(["18 C", "Thursday, September 28, 2023", "A bridge reopens today", "Text."])
        == "A bridge reopens today"
    )
    assert title_of(["It is a long first sentence that runs on and ends with a stop.", "And another one here"]) == ""
