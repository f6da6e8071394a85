"""The title by consensus: headings against what the head says, without kickers, subtitles and the site's name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.extract import structured, title
from spiders.extract.sites import sites_of, without_site
from spiders.extract.tree import parse

TITLE = "Bridge opens again"
LD = '<script type="application/ld+json">{"@type":"Article",%s}</script>'
OG = '<meta property="og:title" content="{}">'
SITE = '<meta property="og:site_name" content="{}">'


def read(head: str, body: str, listed: str = "") -> title.Title:
    root = parse(f"<html><head>{head}</head><body>{body}<p>Some text of the article.</p></body></html>")
    return title.choose(root, structured.read(root), listed)


@pytest.mark.parametrize(
    ("head", "body", "listed"),
    [
        ("<title>Bridge opens again | The Post</title>", "<h1>Bridge opens again</h1>", ""),
        ("<title>The Post :: Bridge opens again</title>", "<h2>Bridge opens again</h2>", ""),
        ("<title>The Post - News</title>" + OG.format(TITLE), "<h1>The Post</h1>", ""),
        (OG.format(TITLE), '<h1><span class="kicker">Roads</span>Bridge opens again</h1>', ""),
        (OG.format(TITLE), "<h1><b>Roads</b>Bridge opens again</h1>", ""),
        (OG.format("Bridge opens again - The Post"), '<div class="hdr">Bridge opens again</div>', ""),
        ("<title>News</title>", '<div class="hdr">Bridge opens again</div>', TITLE),
        (OG.format("RoadsBridge opens again"), "<h1>Bridge opens again</h1>", ""),
        ("<title>Bridge opens again | The Post</title>", "", ""),
        ("<title>Bridge opens again – The Post</title>" + SITE.format("The Post"), "<h1>The Post</h1>", ""),
        ("<title>x</title>", "<h1>The Post</h1><h1>Bridge <br>opens again</h1><aside><h1>Other</h1></aside>", TITLE),
        (LD % '"headline":"Bridge &quot;opens&quot; again"', '<h1>Bridge "opens" again</h1>', ""),
        (LD % '"headline":"Bridge &amp;quot;opens&amp;quot; again"', "", ""),
        ("<title>Bridge opens again</title><svg><title>Icon</title></svg>", "<p></p>", ""),
    ],
)
def test_title(head: str, body: str, listed: str) -> None:
    assert read(head, body, listed).text.replace('"', "") == TITLE


def test_a_title_with_a_dash_or_colon_keeps_it() -> None:
    text = "Bridge – what next? Live: the day at the river"
    assert read(f"<title>{text} | The Post</title>{OG.format(text)}", f"<h1>{text}</h1>").text == text


def test_a_heading_in_the_breadcrumb_is_no_headline() -> None:
    """Some outlets hide a line for search engines there, and print another one."""
    crumb = (
        "<nav class=breadcrumb><ul><li><a href=/>Home</a><li><h1>Council and bridge: what it costs now</h1></ul></nav>"
    )
    found = read(
        OG.format("Council and bridge: what it costs now") + LD % '"headline":"Bridge opens again"',
        crumb + f"<h2>{TITLE}</h2>",
    )
    assert (found.text, found.node.tag) == (TITLE, "h2")


def test_a_site_name_in_h1_gives_way_to_the_post() -> None:
    body = f'<h1><a href="/">Roads and rivers</a></h1><h2>{TITLE}</h2>'
    assert read(f"<title>Roads and rivers » Blog Archive » {TITLE}</title>", body).text == TITLE


def test_the_only_h1_is_believed_against_a_line_for_search_engines() -> None:
    head = OG.format("Bridge costs and opening hours 2026 explained") + "<title>Bridge costs explained</title>"
    assert read(head, "<h1>At last one may walk over the river</h1>").text == "At last one may walk over the river"


def test_a_body_heading_that_is_part_of_the_title_is_not_the_title() -> None:
    head = OG.format("What is a mobile app? Definition, types, pros and cons")
    body = "<h1>What is a mobile application?</h1><h2>What is a mobile app?</h2>"
    assert read(head, body).text == "What is a mobile application?"


@pytest.mark.parametrize(
    "inner",
    [
        f'<span class="overline">Roads</span><span class="sr-only"> - </span><span>{TITLE}</span>',
        f"<small>Roads</small><br>{TITLE}",
        f'{TITLE} <span class="subtitle">What it cost and who paid</span>',
        f"{TITLE}<div class=meta>Posted on July 1 by admin</div>",
        f'<span class="sr-only">Headline: </span>{TITLE}',
        f'<span class="subline">Roads</span><span class="article__headline">{TITLE}</span>',
        "<em>Bridge</em> opens <i>again</i>",
    ],
)
def test_a_heading_without_its_kicker_and_subtitle(inner: str) -> None:
    assert read(OG.format(TITLE), f"<h1>{inner}</h1>").text == TITLE


def test_a_kicker_that_the_publisher_puts_into_the_title_stays_with_his_punctuation() -> None:
    body = f'<h1><span class="kicker">Roads</span><span class="x">{TITLE}</span></h1>'
    assert read(OG.format(f"Roads: {TITLE}"), body).text == f"Roads: {TITLE}"


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Bridge opens again - The Post", TITLE),
        ("The Post | Bridge opens again", TITLE),
        ("Bridge opens again | Roads | The Post | Archive", "Bridge opens again | Roads"),
        ("Bridge opens again - thepost.example", TITLE),
        ("Bridge – opens – again", "Bridge – opens – again"),
        ("The Post", "The Post"),
        ("Міст відкрили – Правобережна хвиля", "Міст відкрили – Правобережна хвиля"),
    ],
)
def test_a_title_without_the_name_of_its_site(text: str, bare: str) -> None:
    root = parse(f'{SITE.format("The Post")}<link rel=canonical href="https://www.thepost.example/a"><p>x')
    assert without_site(text, sites_of(structured.read(root))) == bare


@given(st.text(min_size=1, max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_heading_and_head_give_a_title_or_none(heading: str, og: str, tag: str) -> None:
    escaped = [t.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;") for t in (heading, og, tag)]
    found = read(OG.format(escaped[1]) + f"<title>{escaped[2]}</title>", f"<h1>{escaped[0]}</h1>")
    assert len(found.text) <= 400
    assert "\n" not in found.text
