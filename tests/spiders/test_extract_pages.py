"""Whole pages, one folder each: ``page.html`` as served, ``meta.json`` how it came, ``expected.json`` what it holds.

``expected.json`` either names the reason for leaving the page out, or lists the articles with the fields to compare and
words that must stand in no text. ``optional`` are lines of which it can be argued whether they are the text's: a
standfirst that the page does not mark, the text of a footnote. The truth is what a person reads in the page, never what
the extraction gives. What ``meta.json`` says of clocks is used by ``test_extract_two_days.py``.
"""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from spiders.extract import Extraction, extract
from tocsin.addresses import address_id, article_id
from tocsin.records import Article, HttpFacts, Listing, Outlet, Page

PAGES = Path(__file__).resolve().parents[1] / "pages"
CASES = sorted(p.parent for p in PAGES.glob("*/*/expected.json"))


def read(case: Path) -> tuple[Page, Outlet]:
    meta = msgspec.json.decode((case / "meta.json").read_bytes())
    listing = msgspec.convert(meta["listing"], Listing, strict=False) if "listing" in meta else None
    page = Page(
        url=meta["url"],
        fetched_url=meta["url"],
        body=(case / "page.html").read_bytes(),
        fetched=datetime.fromisoformat(meta["fetched"]),
        http=HttpFacts(status=200, content_type=meta["content_type"]),
        listing=listing,
    )
    return page, msgspec.convert(meta["outlet"], Outlet)


def found(case: Path) -> Extraction:
    return extract(*read(case))


def shown(article: Article, field: str, optional: list[str]) -> Any:
    if field == "charset":
        return article.http.charset
    if field == "text":
        return [line for line in article.text.split("\n\n") if line not in optional]
    value = msgspec.to_builtins(getattr(article, field))
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.parent.name}/{c.name}")
def test_page(case: Path) -> None:
    expected = msgspec.json.decode((case / "expected.json").read_bytes())
    extraction = found(case)
    assert extraction.drop == expected.get("drop", ""), extraction.detail
    if extraction.drop:
        assert not extraction.articles
        assert extraction.detail
        return
    assert [a.title for a in extraction.articles] == [e["title"] for e in expected["articles"]]
    for article, wanted in zip(extraction.articles, expected["articles"], strict=True):
        assert {name: shown(article, name, expected.get("optional", [])) for name in wanted} == wanted
        assert not [words for words in expected["absent"] if words in article.text]


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.parent.name}/{c.name}")
def test_identity_and_facts(case: Path) -> None:
    page, outlet = read(case)
    extraction = extract(page, outlet)
    assert extract(page, outlet).canonical == extraction.canonical
    for article in extraction.articles:
        assert article.address_id == address_id(article.url)
        assert article.id == article_id(article.address_id, article.text_hash, article.title)
        assert (article.outlet, article.first_seen, article.state) == (outlet.name, page.fetched, "accepted")
        assert article.http.size == len(page.body)
        facts = article.extraction
        assert sum(c.verdict == "chosen" for c in facts.dates) == (article.published is not None)
        assert all(c.verdict for c in facts.dates), "every candidate has a verdict"
        assert (article.published is None) == (article.published_origin == "")
        assert article.published is not None or article.published_note
        assert facts.title_origin
        assert facts.text_origin
        assert all(len(line) <= 200 for line in facts.dropped)
        assert len(facts.dropped) <= 50
        assert article.title not in article.text.split("\n\n")
    ids = [a.id for a in extraction.articles]
    assert len(set(ids)) == len(ids)


def test_ukrainian_and_russian_pages_are_enough() -> None:
    cases = [c for c in CASES if re.search(r"[а-яєії]{4}", (c / "expected.json").read_text("utf-8"))]
    assert len(cases) >= 40
    assert len({c.parent for c in cases}) >= 10


def test_what_is_left_out_is_kept_beside_the_text() -> None:
    dropped = "\n".join(found(PAGES / "stepovyi-visnyk/table-windows-1251").articles[0].extraction.dropped)
    assert "ЧИТАЙТЕ ТАКОЖ: На елеваторі зберегли весь урожай" in dropped


def test_an_extraction_survives_the_way_between_processes() -> None:
    extraction = found(PAGES / "vesle-monitor/live-blog")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(extraction), type=Extraction) == extraction
