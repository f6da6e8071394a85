"""Proves which anchors of a front page are taken for articles, which for sections, and which are left alone."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spiders.links import read_front, same_outlet
from tocsin.addresses import looks_like_article

HOME = "https://news.example/"

PAGE = b"""<!DOCTYPE html><html><head><link rel="alternate" type="application/rss+xml" href="/rss">
<link rel="alternate" type="application/atom+xml" href="https://elsewhere.example/atom">
<link rel="alternate" hreflang="uk" href="/uk/"></head><body>
<header><a href="/">The Post</a><nav><a href="/politics">Politics</a><a href="/section/war">War</a>
<a href="/login">Log in</a><a href="/about">About us</a><a href="/search?q=x">Search</a><a href="/author/x">X</a>
<a href="/tag/bakhmut">Bakhmut</a></nav></header>
<main><article class="card"><h3><a href="/a/one-two">Council votes to keep the bridge open</a></h3>
<time datetime="2026-11-16T10:00:00Z">10:00</time></article>
<div><a href="/politics/2026/11/16/budget/"><img src="x.jpg"></a>
<a href="/politics/2026/11/16/budget/?utm_source=front">Budget passes after a long night</a></div>
<a href="/news/100012.html">Read</a><a href="/index.php?id=100012&s=war">Shelling</a>
<a href="/sport/team-wins-the-cup-again">Cup</a>
<a href="https://elsewhere.example/2026/11/16/a-story-of-another-site">A story of quite another site</a>
<a href="mailto:desk@news.example">Write to us at the desk</a><a href="javascript:void(0)">Open the whole menu now</a>
<a href="/files/report-2026-11-16.pdf">The full annual report as a file</a><a href="ftp://news.example/x">x</a>
<a href="#top">Back to the top of page</a></main></body></html>"""


def test_front_page():
    reading = read_front(PAGE, HOME, "text/html; charset=utf-8")
    assert [one.url.removeprefix(HOME) for one in reading.listings] == [
        "a/one-two",
        "politics/2026/11/16/budget/",
        "news/100012.html",
        "index.php?id=100012&s=war",
        "sport/team-wins-the-cup-again",
    ]
    assert [one.removeprefix(HOME) for one in reading.sections] == ["section/war", "politics"]
    assert reading.feeds == (HOME + "rss",)
    first, second = reading.listings[:2]
    assert (first.title, first.published) == (
        "Council votes to keep the bridge open",
        datetime(2026, 11, 16, 10, tzinfo=UTC),
    )
    assert second.title == "Budget passes after a long night"


@pytest.mark.parametrize(
    ("path", "article"),
    [
        ("war/2026/11/16/x-1/", True),
        ("2026/nov/16/some-words", True),
        ("some-long-slug-here", True),
        ("news/100012.html", True),
        ("index.php?id=100012&s=x", True),
        ("politics", False),
        ("section/war", False),
        ("2026/11/", False),
        ("2026/11/16", False),
        ("page/2", False),
        ("?page=20000", False),
    ],
)
def test_shape_of_a_path(path, article):
    assert looks_like_article(HOME + path) is article


def test_ports_tell_outlets_apart():
    assert same_outlet("http://127.0.0.1:8001/a", "http://127.0.0.1:8001/")
    assert not same_outlet("http://127.0.0.1:8001/a", "http://127.0.0.1:8002/")
    assert same_outlet("https://www.news.example/a", "http://news.example/")


@given(st.binary(max_size=400))
def test_random_bytes(body):
    read_front(body, HOME)
    read_front(b"<a href='" + body, HOME)


def test_an_endless_address_is_no_article():
    endless = f"<main><a href='/news/2026/11/20/{'a' * 100_000}'>A headline of the whole long day</a></main>"
    assert read_front(endless.encode(), HOME).listings == ()
