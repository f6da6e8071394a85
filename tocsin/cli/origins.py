"""Where each piece of an article came from, in words: for ``extract --explain``."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tocsin.records import Article, DateCandidate

LINES = 20
"""Lines left out that are told one by one."""
_MOST_KEPT = 50
"""Lines left out that an article keeps."""
_VOICES = {
    "h1": "the page's heading (h1)",
    "heading": "a heading of the page",
    "json-ld": "JSON-LD",
    "meta": "meta elements",
    "title tag": "the title tag",
    "feed": "the feed",
    "sitemap": "the news sitemap",
    "front": "the front page",
    "section": "a section front",
    "text": "the lines of the page",
    "time": "a time element",
    "url": "the address",
    "markup": "marks in the markup",
    "byline": "the byline",
    "rule": "a rule of the outlet",
    "entry": "the entry of the live blog",
    "trafilatura": "trafilatura",
    "blocks": "the page's blocks, judged one by one",
    "lines": "the page read as lines",
    "script": "data in a script",
    "import": "the imported line",
}


def explained(article: "Article", claimed: str, titles: Sequence[tuple[str, str]]) -> list[str]:
    """The origins of each piece, a line each; lines that belong to the one before are indented.

    ``claimed`` is the language that the page says, ``titles`` is what its voices call it; ``article`` is as enriched.
    """
    blocks = (
        _title(article, titles),
        _date(article),
        _authors(article),
        _language(article, claimed),
        _text(article),
        _kind(article),
        _page(article),
    )
    return [line for block in blocks for line in block]


def voice(origin: str) -> str:
    """An origin in words."""
    first, _, rest = origin.partition(" ")
    named = _VOICES.get(origin) or _VOICES.get(first)
    return f"{named} ({rest})" if named and rest and origin not in _VOICES else named or origin or "nowhere"


def _title(article: "Article", titles: Sequence[tuple[str, str]]) -> Iterator[str]:
    if not article.title:
        yield "Title: none was found"
        return
    yield f"Title: {article.title}"
    if article.kind == "entry":
        yield f"  from {voice(article.extraction.title_origin)}"
        return
    own, voices = voice(article.extraction.title_origin), [(voice(name), said) for name, said in titles]
    confirmed = [name for name, said in voices if name != own and _key(article.title) in _key(said)]
    says = "so say" if len(confirmed) > 1 else "so says"
    yield f"  from {own}" + (f", and {says} {', '.join(confirmed)}" if confirmed else ", which no other voice repeats")
    for name, said in voices:
        if _key(said) != _key(article.title):
            yield f"  {name}: {said}"


def _key(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def _date(article: "Article") -> Iterator[str]:
    facts = article.extraction
    if article.published is None:
        yield "Date: none"
    else:
        yield f"Date: {article.published.isoformat()}"
        sure = f", {facts.date_confidence} confidence" if facts.date_confidence else ""
        yield f"  from {voice(article.published_origin)}{sure}"
    if facts.date_reason:
        yield f"  why: {facts.date_reason}"
    if article.published_note and article.published_note != facts.date_reason:
        yield f"  note: {article.published_note}"
    if article.modified:
        yield f"  changed: {article.modified.isoformat()}"
    if facts.dates:
        yield "  what was seen:"
    for candidate in facts.dates:
        yield f"    {_candidate(candidate)}"


def _candidate(candidate: "DateCandidate") -> str:
    read = candidate.value.isoformat() if candidate.value else "not readable"
    return f"{candidate.verdict or 'not used'}: {candidate.raw!r} from {voice(candidate.origin)}, read as {read}"


def _authors(article: "Article") -> Iterator[str]:
    if not article.authors:
        yield "Authors: none are named"
        return
    yield f"Authors: {', '.join(article.authors)}"
    yield f"  from {voice(article.extraction.authors_origin)}"


def _language(article: "Article", claimed: str) -> Iterator[str]:
    yield f"Language: {article.lang or 'unknown'}"
    if not claimed:
        yield "  by the text; the page claims none"
    elif claimed == article.lang:
        yield "  by the text, and the page claims the same"
    else:
        yield f"  by the text; the page claims {claimed}"


def _text(article: "Article") -> Iterator[str]:
    facts = article.extraction
    paragraphs = len([part for part in article.text.split("\n\n") if part])
    yield f"Text: {_many(facts.words, 'word')} in {_many(paragraphs, 'paragraph')}"
    yield f"  from {voice(facts.text_origin)}"
    if not facts.dropped:
        yield "  nothing was left out"
        return
    reasons = [(line, _reason(line, article)) for line in facts.dropped]
    counts = ", ".join(f"{number} {reason}" for reason, number in Counter(r for _, r in reasons).most_common())
    least = "at least " if len(reasons) >= _MOST_KEPT else ""
    yield f"  left out, {least}{_many(len(reasons), 'line')}: {counts}"
    for line, reason in reasons[:LINES]:
        yield f"    {reason}: {line[:120]}{'…' if len(line) > 120 else ''}"
    if len(reasons) > LINES:
        yield f"    and {len(reasons) - LINES} more"


def _reason(line: str, article: "Article") -> str:
    """What a line is that was left out, as far as it can be told from the line."""
    if _key(line) == _key(article.title):
        return "title again"
    if any(_key(name) in _key(line) for name in article.authors) and len(line) < 80:
        return "byline"
    return next((reason for reason, is_so in _sorts() if is_so(line)), "beside the text")


@cache
def _sorts() -> "tuple[tuple[str, Callable[[str], object]], ...]":
    """Sorts of lines that belong to no article, and how each is told; the first that fits is named."""
    from spiders.extract import phrases
    from spiders.extract.localdate import is_date_line

    return (
        ("teaser", phrases.is_teaser),
        ("copyright", phrases.COPYRIGHT.match),
        ("credit", phrases.CREDIT.match),
        ("date", is_date_line),
        ("footer", phrases.FOOTER.match),
        ("note to readers", phrases.is_note),
        ("script", phrases.is_code),
        ("widget", phrases.SMALL.match),
        ("widget", phrases.WEATHER.match),
        ("widget", phrases.AGO.search),
        ("about the author", phrases.BIO.match),
        ("invitation", phrases.invites),
    )


def _kind(article: "Article") -> Iterator[str]:
    paid = ", for paying readers (the text may be cut)" if article.paywalled else ""
    yield f"Kind: {article.kind}{paid}"
    if article.parent:
        yield f"  of the live blog {article.parent}"
    for name, said in (("correction", article.correction), ("to editors", article.advisory)):
        if said:
            yield f"  {name}: {said}"
    if article.cited:
        yield f"  cites: {', '.join(article.cited)}"


def _page(article: "Article") -> Iterator[str]:
    yield f"Address: {article.url}"
    if article.fetched_url and article.fetched_url != article.url:
        yield f"  the page at {article.fetched_url} names it as its own"
    yield f"  {article.http.size:,} bytes, read as {article.http.charset}, in {article.extraction.ms:.0f} ms"
    if article.extraction.ruled:
        given = ", ".join(f"{piece} (rule {number})" for piece, number in article.extraction.ruled)
        yield f"  rules of the outlet gave: {given}"


def _many(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
