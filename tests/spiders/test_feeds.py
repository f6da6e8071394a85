"""Proves that feeds and sitemaps of every format become the listings that they state, and that no bytes break it."""

import gzip
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spiders.dates import read_date, retry_after
from spiders.feeds import MAX_UNPACKED, read_feed

BASE = "https://news.example/feed.xml"

RSS = b"""<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"
     xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>Post</title><link>https://news.example/</link><language>uk-UA</language><ttl>30</ttl>
<item><title>Talks end &#8211; no deal</title><media:title>A photo</media:title><link>/world/talks?utm_source=rss</link>
 <pubDate>Mon, 16 Nov 2026 10:05:00 +0200</pubDate><dc:creator>Olena Marchuk</dc:creator>
 <category>World</category><category>World</category>
 <description>&lt;p&gt;Both &lt;b&gt;sides&lt;/b&gt; left.&lt;/p&gt;</description>
 <content:encoded><![CDATA[<p>Full text</p>]]></content:encoded></item>
<item><title>Second</title><guid isPermaLink="true">https://news.example/second</guid>
 <author>desk@news.example (The Desk)</author>
 <pubDate>16 Nov 2026 08:00:00</pubDate><content:encoded><![CDATA[<p>Only the full text</p>]]></content:encoded></item>
<item><title>No link at all</title></item>
</channel></rss>"""

ATOM = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>F</title>
<entry><id>tag:1</id><title type="html">A &amp;amp; B</title><link rel="self" href="/self"/><link href="/a-b"/>
<published>2026-11-16T10:00:00+02:00</published><updated>2026-11-16T09:00:00Z</updated>
<author><name>Jane Doe</name></author><category term="war"/><summary>Short.</summary></entry>
<entry><id>https://news.example/by-id</id><title>By id</title><updated>2026-11-16T09:00:00Z</updated></entry></feed>"""

RDF = b"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="x"><title>C</title></channel>
<item rdf:about="https://news.example/one"><title>One</title><link>https://news.example/one</link>
<dc:date>2026-11-16T08:00:00+00:00</dc:date><dc:creator>A</dc:creator></item></rdf:RDF>"""

NEWS = b"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc>https://news.example/a?id=1&amp;s=x</loc><lastmod>2026-11-16T09:00:00Z</lastmod>
<image:image><image:loc>https://news.example/i.jpg</image:loc><image:title>Picture</image:title></image:image>
<news:news><news:publication><news:name>P</news:name><news:language>en</news:language></news:publication>
<news:publication_date>2026-11-16T08:00:00+02:00</news:publication_date><news:title>A title</news:title>
<news:keywords>war, peace</news:keywords></news:news></url></urlset>"""


def test_rss():
    reading = read_feed(RSS, BASE, "application/rss+xml")
    assert (reading.kind, reading.ttl, reading.error) == ("rss", 1800.0, "")
    first, second = reading.listings
    assert first.url == "https://news.example/world/talks"
    assert first.title == "Talks end – no deal"
    assert first.published == datetime(2026, 11, 16, 8, 5, tzinfo=UTC)
    assert (first.authors, first.tags, first.lang) == (("Olena Marchuk",), ("World",), "uk")
    assert first.summary == "Both sides left."
    assert second.url == "https://news.example/second"
    assert second.authors == ("The Desk",)
    assert second.published == datetime(2026, 11, 16, 8, 0)
    assert second.summary == "Only the full text"


def test_atom():
    first, second = read_feed(ATOM, BASE).listings
    assert (first.url, first.title, first.authors) == ("https://news.example/a-b", "A & B", ("Jane Doe",))
    assert first.published == datetime(2026, 11, 16, 8, tzinfo=UTC)
    assert first.updated == datetime(2026, 11, 16, 9, tzinfo=UTC)
    assert (first.tags, first.lang, first.summary) == (("war",), "en", "Short.")
    assert (second.url, second.published, second.updated) == (
        "https://news.example/by-id",
        datetime(2026, 11, 16, 9, tzinfo=UTC),
        None,
    )


def test_rdf():
    (one,) = read_feed(RDF, BASE).listings
    assert (one.url, one.title, one.published) == (
        "https://news.example/one",
        "One",
        datetime(2026, 11, 16, 8, tzinfo=UTC),
    )


def test_news_sitemap_plain_and_gzipped():
    for body in (NEWS, gzip.compress(NEWS)):
        reading = read_feed(body, "https://news.example/news.xml")
        assert reading.kind == "news sitemap"
        (one,) = reading.listings
        assert (one.url, one.title, one.lang) == ("https://news.example/a?id=1&s=x", "A title", "en")
        assert one.published == datetime(2026, 11, 16, 6, tzinfo=UTC)
        assert one.updated == datetime(2026, 11, 16, 9, tzinfo=UTC)
        assert one.tags == ("war", "peace")


def test_plain_sitemap_lists_the_newest_first_and_says_what_it_left_out():
    rows = "".join(f"<url><loc>/a/{n}</loc><lastmod>2026-{n % 12 + 1:02d}-01</lastmod></url>" for n in range(2500))
    reading = read_feed(f"<urlset>{rows}</urlset>".encode(), BASE)
    assert (reading.kind, len(reading.listings), reading.skipped) == ("sitemap", 2000, 500)
    assert reading.listings[0].updated == datetime(2026, 12, 1)


def test_sitemap_index():
    body = b"<sitemapindex><sitemap><loc>/one.xml</loc><lastmod>2026-11-16</lastmod></sitemap><sitemap/></sitemapindex>"
    reading = read_feed(body, BASE)
    assert [(one.url, one.lastmod) for one in reading.nested] == [
        ("https://news.example/one.xml", datetime(2026, 11, 16))
    ]


def test_bare_ampersands_and_html_entities_are_mended():
    body = b"<rss><channel><item><title>R&D & co&nbsp;caf&eacute;</title><link>/x?a=1&b=2</link></item></channel></rss>"
    (one,) = read_feed(body, BASE).listings
    assert (one.title, one.url) == ("R&D & co café", "https://news.example/x?a=1&b=2")


def test_a_cut_feed_is_read_as_far_as_it_goes():
    (one,) = read_feed(RSS[: RSS.index(b"<item><title>Second") + 30], BASE).listings
    assert one.title == "Talks end – no deal"


ITEM = "<rss><channel><item><title>Бахмут</title><link>/x</link></item></channel></rss>"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (f'<?xml version="1.0" encoding="windows-1251"?>{ITEM}'.encode("cp1251"), ""),
        (ITEM.encode("cp1251"), "text/xml; charset=windows-1251"),
        (f"\ufeff{ITEM}".encode(), ""),
    ],
)
def test_charsets(body, content_type):
    (one,) = read_feed(body, BASE, content_type).listings
    assert one.title == "Бахмут"


def test_entities_are_never_expanded(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("treasure")
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    body = (
        f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "ha">{laughs}<!ENTITY x SYSTEM "file://{secret}">]>'
        "<rss><channel><item><title>T &x; &l9;</title><link>/x</link></item></channel></rss>"
    ).encode()
    began = time.process_time()
    reading = read_feed(body, BASE)
    assert time.process_time() - began < 0.5
    assert "treasure" not in str(reading)
    assert len(str(reading)) < 2000


def test_a_bomb_is_refused_before_it_unpacks():
    bomb = gzip.compress(b"\0" * (MAX_UNPACKED + 1))
    assert "more than 50 MB" in read_feed(bomb, BASE).error
    assert "damaged" in read_feed(gzip.compress(RSS)[:20] + b"xxxx", BASE).error or read_feed(RSS, BASE).listings


@pytest.mark.parametrize("body", [b"", b"hello", b"<html><body>No</body></html>", b"\xff\xfe", b"{}"])
def test_what_is_no_feed_says_so(body):
    reading = read_feed(body, BASE)
    assert reading.error
    assert not reading.listings


@given(st.binary(max_size=300))
def test_random_bytes(body):
    read_feed(body, BASE)
    read_feed(b"<rss><channel><item>" + body, BASE)
    read_feed(b"\x1f\x8b" + body, BASE)


@given(st.sampled_from([RSS, ATOM, RDF, NEWS]), st.data())
@settings(max_examples=200)
def test_cut_and_damaged_feeds(body, data):
    place = data.draw(st.integers(0, len(body)))
    read_feed(body[:place], BASE)
    read_feed(body[:place] + data.draw(st.binary(min_size=1, max_size=5)) + body[place:], BASE)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Mon, 16 Nov 2026 10:00:00 GMT", datetime(2026, 11, 16, 10, tzinfo=UTC)),
        ("Mon, 16 Nov 2026 10:00:00 EET", datetime(2026, 11, 16, 8, tzinfo=UTC)),
        ("Mon, 16 Nov 2026 10:00:00", datetime(2026, 11, 16, 10)),
        ("2026-11-16T10:00:00.123+02:00", datetime(2026, 11, 16, 8, tzinfo=UTC)),
        ("2026-11-16T10:00Z", datetime(2026, 11, 16, 10, tzinfo=UTC)),
        ("2026-11-16 10:00", datetime(2026, 11, 16, 10)),
        ("2026-11-16", datetime(2026, 11, 16)),
        ("2026-13-16", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates(text, moment):
    found = read_date(text)
    assert found == moment
    assert (found.tzinfo if found else None) == (moment.tzinfo if moment else None)


@given(st.text(max_size=90))
def test_no_text_breaks_the_dates(text):
    read_date(text)


def test_retry_after():
    now = datetime(2026, 11, 16, 10, tzinfo=UTC)
    assert retry_after("120", now) == 120
    assert retry_after("Mon, 16 Nov 2026 10:01:00 GMT", now) == 61
    assert retry_after("Mon, 16 Nov 2026 09:00:00 GMT", now) == 0
    assert retry_after("soon", now) == 0


@pytest.mark.parametrize("hostile", [b"<!DOCTYPE" * 300_000, b"<!DOCTYPE[" * 5000 + b"]" * 500_000])
def test_many_document_types_take_no_time(hostile):
    started = time.monotonic()
    assert read_feed(hostile, BASE).error
    assert time.monotonic() - started < 2


def test_a_feed_that_lists_the_oldest_first_loses_the_oldest():
    days = [datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(2100)]
    items = "".join(
        f"<item><link>/n/{n}</link><pubDate>{format_datetime(day)}</pubDate></item>" for n, day in enumerate(days)
    )
    reading = read_feed(f"<rss><channel>{items}</channel></rss>".encode(), BASE)
    assert (len(reading.listings), reading.skipped) == (2000, 100)
    assert reading.listings[0].url == "https://news.example/n/2099"
    assert reading.listings[-1].url == "https://news.example/n/100"
