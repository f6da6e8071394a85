"""Single steps of extraction: charset, the line sieve, canonical address, broken input."""

from datetime import UTC, datetime

import pytest

from spiders.extract import Extraction, extract
from spiders.extract.decode import decode, not_html
from spiders.extract.lines import sift
from tocsin.records import Article, HttpFacts, Listing, Outlet, Page

OUTLET = Outlet(name="x", home="https://x.example/")
URL = "https://x.example/news/bridge"
LONG = "".join(
    f"<p>Sentence {n} is long enough to count as a paragraph of its own, and it says something new.</p>"
    for n in range(5)
)


def page(body: bytes | str, content_type: str = "text/html", url: str = URL, title: str = "") -> Page:
    raw = body.encode() if isinstance(body, str) else body
    listing = Listing(url=url, source="feed", title=title) if title else None
    fetched = datetime(2026, 11, 22, tzinfo=UTC)
    return Page(
        url=url, fetched_url=url, body=raw, fetched=fetched, http=HttpFacts(content_type=content_type), listing=listing
    )


def run(head: str, body: str, url: str = URL, title: str = "") -> Extraction:
    return extract(page(f"<html><head>{head}</head><body>{body}{LONG}</body></html>", url=url, title=title), OUTLET)


def one(head: str, body: str, url: str = URL, title: str = "") -> Article:
    return run(head, body, url, title).articles[0]


RU = "Привет, это обычный текст на русском языке."


@pytest.mark.parametrize(
    ("body", "content_type", "lang", "charset"),
    [
        (RU.encode(), "text/html; charset=utf-8", "", "utf-8"),
        (RU.encode(), "text/html; charset=iso-8859-1", "", "utf-8"),
        (RU.encode("cp1251"), "text/html; charset=windows-1251", "", "cp1251"),
        (b'<meta charset="windows-1251">' + RU.encode("cp1251"), "text/html", "", "cp1251"),
        (b'<meta charset="iso-8859-1">' + RU.encode("cp1251"), "text/html", "ru", "cp1251"),
        (b'<html lang="ru">' + RU.encode("cp1251"), "text/html", "", "cp1251"),
        (RU.encode("koi8-r"), "text/html; charset=koi8-r", "", "koi8-u"),
        (RU.encode("cp1251"), "text/html", "uk", "cp1251"),
        (b"\xef\xbb\xbf" + RU.encode(), "text/html; charset=windows-1251", "", "utf-8"),
        ("\ufeff".encode("utf-16-le") + RU.encode("utf-16-le"), "text/html", "", "utf-16-le"),
        (RU.encode() * 30 + b"\xd0", "text/html; charset=utf-8", "", "utf-8"),
        (RU.encode("cp1251"), "text/html; charset=no-such-thing", "ru", "cp1251"),
        (RU.encode("cp1251"), "text/html; charset=rot13", "ru", "cp1251"),
    ],
)
def test_charset(body: bytes, content_type: str, lang: str, charset: str) -> None:
    text, used = decode(page(body, content_type), Outlet(name="x", home="https://x.example/", lang=lang))
    assert used == charset
    assert RU in text


def test_latin_is_read_as_its_superset_and_controls_vanish() -> None:
    assert decode(page("café – x".encode("cp1252"), "text/html; charset=latin-1"), OUTLET) == ("café – x", "cp1252")
    assert decode(page(b"a\x00b\x07c"), OUTLET)[0] == "abc"


@pytest.mark.parametrize(
    "body",
    [
        b"%PDF-1.4 x",
        b"\xff\xd8\xff\xe0",
        b"",
        b"   ",
        b'<?xml version="1.0"?><rss version="2.0">',
        b"<urlset>",
        b'{"a": 1}',
        b"GIF89a",
    ],
)
def test_what_is_no_html(body: bytes) -> None:
    assert not_html(page(body))
    assert extract(page(body), OUTLET).drop == "not HTML"


LD = '<script type="application/ld+json">{%s}</script>'
STAYS = [
    "The minister said on Monday that subscribers would pay more next year for the same newsletter, which few read.",
    "Related industries have lost a third of their orders since the spring, the chamber of commerce said.",
    "More than 18 C was measured in Los Angeles on Thursday, September 28, 2023, the agency wrote in its bulletin.",
    "“Share it with your neighbours,” she said.",
    "Updated: the government will look at the schedule of purchases next week, a spokesman said in the evening.",
    "Читайте також між рядків, радив він студентам, і ніколи не вірте першому абзацу газетної статті.",
]
GOES = [
    "READ MORE: Bakery wins a bet",
    "Read also: Bakery wins a bet",
    "Read more",
    "ЧИТАЙТЕ ТАКОЖ: Пекарня виграла парі",
    "Читайте также: Пекарня выиграла пари",
    "Lire aussi : La boulangerie gagne son pari",
    "Lesen Sie auch: Die Bäckerei gewinnt",
    "Lea también: La panadería gana",
    "Czytaj też: Piekarnia wygrywa",
    "18 C",
    "Kyiv +5°C",
    "Weather today",
    "Thursday, September 28, 2023",
    "Опубліковано: 22 листопада 2026, 14:05",
    "Share on Facebook",
    "Subscribe to our newsletter",
    "Підпишіться на розсилку",
    "Подпишитесь на наш канал",
    "© The Post 2026. All rights reserved.",
    "Усі права захищено.",
    "Photo: A. Nowak / Northwire",
    "Фото: Укрінформ",
    "Advertisement",
    "By Olena Marchuk",
    "Автор: Olena Marchuk",
    "Olena Marchuk",
]


@pytest.mark.parametrize("line", STAYS)
def test_lines_that_stay(line: str) -> None:
    assert sift([line, "And then came the end."], "Some title of a text").kept[0] == line


@pytest.mark.parametrize("line", GOES)
def test_lines_that_go(line: str) -> None:
    text = ["The first real sentence of the text stands here.", line, "The second real sentence of the text ends it."]
    found = sift(text, "Some title of a text", ("Olena Marchuk",))
    assert found.kept == (text[0], text[2])
    assert found.dropped == (line,)


def test_what_follows_a_footer_heading_goes_but_never_a_paragraph() -> None:
    text = [
        "A real sentence of the text stands here and ends.",
        "Most Popular Articles",
        "A goat wins",
        "Another headline here",
    ]
    assert sift(text, "").kept == (text[0],)
    kept = [text[0], "Most read in world news", "Here the text goes on with a sentence that has an end."]
    assert sift(kept, "").kept == (kept[0], kept[2])


def test_an_inline_teaser_leaves_its_paragraph() -> None:
    teaser = '<strong>READ MORE:</strong> <a href="/x">A goat wins</a>'
    body = f"<h1>T</h1><p>The convoy stopped at the bridge. {teaser} It went on at noon, two drivers said.</p>"
    text = one("<title>T</title>", body).text
    assert "The convoy stopped at the bridge. It went on at noon, two drivers said." in text
    assert "goat" not in text


@pytest.mark.parametrize(
    ("head", "url"),
    [
        (
            '<link rel="canonical" href="https://www.x.example/news/bridge?utm_source=a">',
            "https://www.x.example/news/bridge",
        ),
        ('<link rel="canonical" href="/news/bridge-2">', "https://x.example/news/bridge-2"),
        ('<link rel="canonical" href="https://x.example/">', URL),
        ('<link rel="canonical" href="https://thief.example/news/bridge">', URL),
        (
            '<link rel="canonical" href="https://thief.example/"><meta property="og:url" content="https://x.example/n/7">',
            "https://x.example/n/7",
        ),
        ('<link rel="canonical" href="http://[bad">', URL),
        ('<link rel="canonical" href="javascript:alert(1)">', URL),
    ],
)
def test_canonical(head: str, url: str) -> None:
    extraction = run(f"<title>Title here now</title>{head}", "<h1>Title here now</h1>")
    assert extraction.canonical == extraction.articles[0].url == url


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("/news/", "/world/100012.html"),
        ("/section/world", "/world/100012.html"),
        ("/en/category/war/", "/world/100012.html"),
        ("/archive/2026/11/20/council-closes-the-old-bridge", "/archive/2026/11/20/council-closes-the-old-bridge"),
        ("/world/talks", "/world/talks"),
    ],
)
def test_a_section_is_no_canonical_address_of_an_article(named: str, told: str) -> None:
    """All articles of the outlet would be versions of one."""
    found = one(f'<link rel="canonical" href="{named}">', "<h1>A bridge</h1>", "https://x.example/world/100012.html")
    assert found.url == "https://x.example" + told


def test_updates_of_a_live_blog_that_stand_in_json_ld_alone() -> None:
    update = '{"headline":"%s","articleBody":"%s","datePublished":"2026-11-21T1%d:00:00Z","url":"%s#u%d"}'
    rows = ",".join(update % (f"Entry {n}", f"What happened at hour {n} of the day.", n, URL, n) for n in range(3))
    head = "<title>Live</title>" + LD % f'"@type":"LiveBlogPosting","liveBlogUpdate":[{rows}]'
    found = extract(page(f"<html><head>{head}</head><body><h1>Live</h1></body></html>"), OUTLET).articles
    assert [a.url for a in found] == [f"{URL}#u{n}" for n in range(3)]
    assert [a.published and a.published.hour for a in found] == [10, 11, 12]
    assert {a.kind for a in found} == {"entry"}


@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 50_000 + b"x",
        b"<table><tr><td>" * 2_000 + b"<p>word " * 50,
        b"<script type='application/ld+json'>" + b"[" * 50_000 + b"</script><p>x",
        b"<script type='application/ld+json'>" + b'"headline":"x ' * 20_000 + b"</script><p>x",
        b"<p>" + b"10:10 " * 50_000,
        b"<h1>" + b"- " * 50_000 + b"</h1><title>" + b"| " * 30_000 + b"</title>",
        b"<meta charset=hex><p>\xff\xfe\x00",
        b"<a href='http://[::1'>x</a><meta property=og:image content='http://[x'><link rel=canonical href='//'>",
        b"<html lang='x\xff'><h1>\xed\xa0\x80</h1><time datetime='99999-99-99'>",
        b"<h1>T</h1><time datetime='0001-01-01T00:00+14:00'>x</time><time datetime='9999-12-31T23:59-14:00'>y</time>",
    ],
)
@pytest.mark.timeout(20)
def test_hostile_pages_end_with_an_answer(body: bytes) -> None:
    extraction = extract(page(body), OUTLET)
    assert extraction.drop or extraction.articles


@pytest.mark.parametrize("path", ["/", "", "/index.html", "/en/", "/uk", "/index.php", "/start/"])
def test_start_pages_are_no_articles(path: str) -> None:
    outlet = Outlet(name="x", home="https://x.example/start/")
    html = f"<title>The Post</title><h1>The Post</h1>{LONG}"
    assert extract(page(html, url="https://x.example" + path), outlet).drop == "not an article"


def test_a_listed_page_is_an_article_whatever_its_address() -> None:
    url = "https://x.example/archive/bridge"
    html = f"<title>Bridge opens again</title><h1>Bridge opens again</h1>{LONG}"
    assert extract(page(html, url=url), OUTLET).drop == "not an article"
    assert extract(page(html, url=url, title="Bridge opens again"), OUTLET).drop == ""
