"""What each rule of an outlet gives on a page, by itself, beside what the general reading gives."""

from collections.abc import Callable
from typing import Literal, Protocol

from msgspec.structs import replace

from spiders.extract.extraction import Extraction
from tocsin.records import Article, Outlet, Page, Record, Rule

PIECES = ("title", "body", "drop", "date", "modified", "authors", "section", "image")
Fate = Literal["used", "given", "nothing", "other pages", "no article"]


class Reader(Protocol):
    """The pool of extraction children."""

    async def extract(self, page: Page, outlet: Outlet) -> Extraction:
        """The reading of a page; raises ChildDied where a child was lost over it."""


class Try(Record):
    """One piece of one rule on one page."""

    rule: int
    """Number of the rule, from 1."""
    piece: str
    selector: str
    fate: Fate
    """``used`` in the article; ``given``, but a newer rule's stands there; ``nothing`` found; not for this page; or
    the page has no article whatever is asked."""
    value: str = ""
    """What the rule gave, in short."""
    general: str = ""
    """What the general reading gives, in short."""


async def tried(reader: Reader, page: Page, outlet: Outlet) -> list[Try]:
    """Try each piece of each rule on a page, as if its layout were in use. Raises what the reader raises."""
    general = await reader.extract(page, replace(outlet, rules=()))
    whole = await reader.extract(page, outlet)
    used = set(whole.articles[0].extraction.ruled) if whole.articles else set()
    found: list[Try] = []
    for number, rule in enumerate(outlet.rules, 1):
        alone = await reader.extract(page, replace(outlet, rules=(replace(rule, since=None),)))
        found += [
            _try(number, piece, rule, page, (alone, general), is_used=(piece, number) in used)
            for piece in PIECES
            if getattr(rule, piece)
        ]
    return found


def _try(
    number: int, piece: str, rule: Rule, page: Page, readings: tuple[Extraction, Extraction], *, is_used: bool
) -> Try:
    from spiders.extract.rules import is_for

    written = getattr(rule, piece)
    selector = ", ".join(written) if isinstance(written, tuple) else written
    told = [_SHORT[piece](one.articles[0]) if one.articles else "" for one in readings]
    alone = readings[0]
    fate: Fate = "nothing"
    if not is_for(rule.pages, page.fetched_url or page.url):
        fate = "other pages"
    elif not alone.articles:
        fate = "no article"
    elif piece in dict(alone.articles[0].extraction.ruled):
        fate = "used" if is_used else "given"
    return Try(number, piece, selector, fate, told[0] if fate in ("used", "given") else "", told[1])


def _body(article: Article) -> str:
    return f"{article.extraction.words} words: {article.text[:60]}"


_SHORT: dict[str, Callable[[Article], str]] = {
    "title": lambda article: article.title,
    "body": _body,
    "drop": lambda article: next(iter(article.extraction.dropped), "")[:60],
    "date": lambda article: article.published.isoformat() if article.published else "",
    "modified": lambda article: article.modified.isoformat() if article.modified else "",
    "authors": lambda article: ", ".join(article.authors),
    "section": lambda article: article.section,
    "image": lambda article: article.lead_image,
}
