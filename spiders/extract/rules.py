"""What the rules of an outlet give on one page, piece by piece; what none of them gives is read as on any page.

Of several rules the newest layout is asked first: the one with the latest ``since`` that is not after the page's day.
Where it finds nothing the next older one is asked, for this piece alone: old pages still have the old layout.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec
from lxml import etree

from spiders.extract import localdate, relative
from spiders.extract.body import Body
from spiders.extract.date import Dates
from spiders.extract.datefinds import zone_of
from spiders.extract.lines import sift
from spiders.extract.people import names_in
from spiders.extract.selectors import Selector, compiled
from spiders.extract.tree import BLOCKS, SILENT, Node, drop, squash, text_of
from tocsin.records import DateCandidate, Outlet, Page, Rule

ORIGIN = "rule"
"""Origin of a piece that a rule gave."""
PIECES = ("title", "body", "date", "modified", "authors", "section", "image")
_NO_TEXT = SILENT | {"figcaption", "nav", "form"}
_LONGEST_TITLE = 400
_MOST_NAMES = 20
_MOST_DROPPED = 500


class Ruled(msgspec.Struct, frozen=True):
    """What the rules gave; a piece that none of them gave is empty."""

    title: str = ""
    title_node: Node = None
    lines: tuple[str, ...] = ()
    """Paragraphs of the body."""
    date: str = ""
    """As the page has it, readable."""
    modified: str = ""
    authors: tuple[str, ...] = ()
    section: str = ""
    image: str = ""
    dropped: tuple[str, ...] = ()
    """Texts of what was taken out."""
    pieces: tuple[tuple[str, int], ...] = ()
    """Names of the pieces that were given, ``drop`` among them, each with the number of its rule, from 1."""


NOTHING = Ruled()


def apply(root: Node, page: Page, outlet: Outlet) -> Ruled:
    """Ask the outlet's rules for each piece of a page. What they drop leaves the tree."""
    asked = _asked(outlet, page)
    if not asked:
        return NOTHING
    given: dict[str, Any] = {}
    pieces: list[tuple[str, int]] = []
    for number, rule in asked:
        if gone := _dropped(root, rule):
            given["dropped"] = tuple(gone)
            pieces.append(("drop", number))
            break
    for piece in PIECES:
        for number, rule in asked:
            if found := _piece(root, piece, rule, page, outlet):
                given |= found
                pieces.append((piece, number))
                break
    return Ruled(**given, pieces=tuple(pieces))


def _asked(outlet: Outlet, page: Page) -> list[tuple[int, Rule]]:
    """The rules for this page with their numbers, the newest layout first, and of one day those of the file's end."""
    day = page.fetched.date()
    numbered = [
        (number, rule)
        for number, rule in enumerate(outlet.rules, 1)
        if (rule.since is None or rule.since <= day) and is_for(rule.pages, page.fetched_url or page.url)
    ]
    return sorted(numbered, key=lambda one: (one[1].since is not None, one[1].since or day, one[0]), reverse=True)


def is_for(pages: str, url: str) -> bool:
    """Whether an address, or what follows its host, begins as ``pages`` says; ``*`` stands for anything."""
    if pages.startswith("/"):
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        url = parts.path + (f"?{parts.query}" if parts.query else "")
    first, *others = pages.split("*")
    if not url.startswith(first):
        return False
    at = len(first)
    for part in others:
        at = url.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def _selector(written: str) -> Selector | None:
    """The compiled selector; None where there is none, or a stored one that cannot be read (import refuses those)."""
    try:
        return compiled(written) if written else None
    except ValueError:
        return None


def _dropped(root: Node, rule: Rule) -> list[str]:
    gone: list[str] = []
    for selector in filter(None, map(_selector, rule.drop)):
        for node in selector.find(root)[:_MOST_DROPPED]:
            if node.tag not in ("html", "body"):
                gone.append(text_of(node) or f"<{node.tag}>")
                drop(node)
    return gone


def _piece(root: Node, piece: str, rule: Rule, page: Page, outlet: Outlet) -> dict[str, Any]:
    """The fields of a piece by one rule; nothing where the rule does not find it."""
    selector = _selector(getattr(rule, piece))
    if selector is None:
        return {}
    nodes = selector.find(root)
    if piece == "body":
        lines = tuple(line for node in nodes for line in paragraphs(node))
        return {"lines": lines} if lines else {}
    if piece == "authors":
        names = _names([selector.says(node) for node in nodes[:_MOST_NAMES]])
        return {"authors": names} if names else {}
    for node in nodes[:5]:
        said = selector.says(node)
        if piece in ("date", "modified") and _moment(said, page, outlet) is None:
            continue
        if piece == "image":
            said = _address(said, page)
        if said and len(said) <= _LONGEST_TITLE * (10 if piece == "image" else 1):
            return {piece: said} | ({"title_node": node} if piece == "title" else {})
    return {}


def _names(said: list[str]) -> tuple[str, ...]:
    found = [name.text for line in said for name in names_in(line, declared=True)]
    return tuple(dict.fromkeys(found))[:_MOST_NAMES]


def _address(said: str, page: Page) -> str:
    try:
        url = urljoin(page.fetched_url or page.url, said)
    except ValueError:
        return ""
    return url if url.startswith(("http://", "https://")) else ""


def paragraphs(node: Node) -> list[str]:
    """Visible text of an element by its blocks, each on one line whatever lines its source has; no captions."""
    lines: list[list[str]] = [[]]
    walk = etree.iterwalk(node, events=("start", "end"))
    for event, el in walk:
        silent = event == "start" and el.tag in _NO_TEXT
        if el.tag in BLOCKS and not silent:
            lines.append([])
        if silent:
            walk.skip_subtree()
        elif event == "start":
            lines[-1].append(el.text or "")
        elif el is not node:
            lines[-1].append(el.tail or "")
    return [line for line in (squash("".join(pieces)) for pieces in lines) if line]


def text(ruled: Ruled, title: str, authors: tuple[str, ...]) -> Body:
    """The text out of the paragraphs that a rule gave; empty where there are none, or none that belongs to a text."""
    found = sift(ruled.lines, title, authors)
    return Body("\n\n".join(found.kept), tuple(dict.fromkeys([*ruled.dropped, *found.dropped])), ORIGIN)


def used(ruled: Ruled, text_origin: str, date_origin: str) -> tuple[tuple[str, int], ...]:
    """The pieces that stand in the article: a text of nothing but noise, or a date of tomorrow, was given in vain."""
    origins = {"body": text_origin, "date": date_origin}
    return tuple(piece for piece in ruled.pieces if origins.get(piece[0], ORIGIN) == ORIGIN)


# ---- dates


def _moment(said: str, page: Page, outlet: Outlet) -> datetime | None:
    """The date of a line, as machines or as people write it; naive where no zone stands beside it."""
    if not said or len(said) > 200:
        return None
    if value := localdate.parse_iso(said):
        return value
    told = relative.find(said, page.fetched, zone_of(outlet))
    return told.value if told else None


def dated(dates: Dates, ruled: Ruled, page: Page, outlet: Outlet) -> Dates:
    """The ledger with the rules' dates in the first place. A date after the fetch is refused as any other."""
    latest = page.fetched + timedelta(days=1)
    published, modified = (_aware(_moment(said, page, outlet), outlet) for said in (ruled.date, ruled.modified))
    if modified is not None and _in_utc(modified) <= latest:
        dates = msgspec.structs.replace(dates, modified=modified)
    if published is None:
        return dates
    if _in_utc(published) > latest:
        refused = DateCandidate(raw=ruled.date, origin=ORIGIN, value=published, verdict="in the future")
        return msgspec.structs.replace(dates, ledger=(refused, *dates.ledger))
    own = DateCandidate(raw=ruled.date, origin=ORIGIN, value=published, verdict="chosen")
    others = (
        msgspec.structs.replace(one, verdict="a rule of the outlet comes first") if one.verdict == "chosen" else one
        for one in dates.ledger
    )
    note = "" if published.tzinfo else "no zone on the page and none known for the outlet"
    return msgspec.structs.replace(
        dates,
        published=published,
        origin=ORIGIN,
        note=note,
        ledger=(own, *others),
        confidence="high",
        reason="A rule of the outlet gives it.",
    )


def _aware(value: datetime | None, outlet: Outlet) -> datetime | None:
    zone = zone_of(outlet)
    return value.replace(tzinfo=zone) if value is not None and value.tzinfo is None and zone is not None else value


def _in_utc(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)
