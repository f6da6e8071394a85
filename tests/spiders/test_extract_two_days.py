"""The same page on two days: saved again later it has the same date or none, and the day of the fetch is never one.

A case's ``meta.json`` may say two things for it. ``clock``: what the page renders at the moment of the fetch, as
``text``, and in ``then`` how that reads so many days later. ``holds``: days for which a date that is printed without
its day or year (“today, 14:05”) can be read from the bytes of the first day; without it for ever.
"""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from spiders.extract import extract
from tests.spiders.test_extract_pages import CASES, read
from tocsin.records import Outlet, Page

DAYS = (1, 30, 400)
_MACHINE = re.compile(
    rb"<script[^>]*application/(?:ld\+)?json[^>]*>.*?</script>"
    rb"|<meta[^>]+(?:published|modified)_time[^>]*>|<meta[^>]+name=\"(?:pubdate|date)\"[^>]*>"
    rb"|(?<=\s)(?:datetime|content)=\"\d{4}-\d\d-\d\dT[^\"]*\"",
    re.IGNORECASE | re.DOTALL,
)


def meta_of(case: Path) -> dict[str, Any]:
    facts: dict[str, Any] = msgspec.json.decode((case / "meta.json").read_bytes())
    return facts


def wanted_of(case: Path) -> list[dict[str, Any]]:
    articles: list[dict[str, Any]] = msgspec.json.decode((case / "expected.json").read_bytes()).get("articles", [])
    return articles


ARTICLES = [c for c in CASES if wanted_of(c)]
CLOCKS = [c for c in ARTICLES if meta_of(c).get("clock")]


def name(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


def dates(page: Page, outlet: Outlet) -> list[datetime | None]:
    return [a.published for a in extract(page, outlet).articles]


def later(page: Page, days: int) -> Page:
    return msgspec.structs.replace(page, fetched=page.fetched + timedelta(days=days))


def rendered(case: Path, days: int) -> tuple[Page, Outlet]:
    """The page as its outlet would render it so many days later."""
    page, outlet = read(case)
    body = page.body
    for clock in meta_of(case)["clock"]:
        was, then = (clock["text"], clock["then"][str(days)])
        found = [c for c in ("utf-8", "cp1251") if was.encode(c, "replace") in body]
        assert found, f"the page does not show {was}"
        body = body.replace(was.encode(found[0]), then.encode(found[0]))
    return msgspec.structs.replace(later(page, days), body=body), outlet


def day(value: datetime | str | None) -> str:
    return str(value)[:10] if value else ""


def test_there_are_pages_to_ask() -> None:
    assert len(ARTICLES) > 50
    assert len(CLOCKS) > 25


@pytest.mark.parametrize("days", DAYS)
@pytest.mark.parametrize("case", ARTICLES, ids=name)
def test_the_same_bytes_later(case: Path, days: int) -> None:
    if days > meta_of(case).get("holds", days):
        pytest.skip("its date is told from the day of the fetch only")
    page, outlet = read(case)
    for first, again in zip(dates(page, outlet), dates(later(page, days), outlet), strict=True):
        assert again in (first, None)


@pytest.mark.parametrize("days", DAYS)
@pytest.mark.parametrize("case", CLOCKS, ids=name)
def test_rendered_anew_later(case: Path, days: int) -> None:
    """A date that the page tells from the day of the fetch (“yesterday”) is held against the truth, by its day."""
    again = dates(*rendered(case, days))
    if "holds" not in meta_of(case):
        assert all(b in (a, None) for a, b in zip(dates(*read(case)), again, strict=True))
        return
    assert all(day(b) in (day(w["published"]), "") for w, b in zip(wanted_of(case), again, strict=True))


@pytest.mark.parametrize("days", [0, *DAYS])
@pytest.mark.parametrize("case", CLOCKS, ids=name)
def test_without_what_is_written_for_machines(case: Path, days: int) -> None:
    """Printed dates alone: that of the article, or none, and never the clock's."""
    page, outlet = rendered(case, days) if days else read(case)
    bare = msgspec.structs.replace(page, body=_MACHINE.sub(b"", page.body))
    articles = extract(bare, outlet).articles
    known = {wanted["title"]: day(wanted.get("published")) for wanted in wanted_of(case)}
    for article in articles:
        assert day(article.published) in ("", known.get(article.title, "")), article.title
