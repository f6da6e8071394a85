"""Dates at third sight: what is left where neither machines nor named elements tell, each with a reason to doubt it.

The places: print close behind the title in what is named like furniture, states of scripts kept in attributes, a day in
the address that is written day first, and the only date that is printed on the page at all. The site's clock, comments
and other articles have places of their own; a day of the week without a time of day, a weather report close by, and a
word such as “today” make a date a clock here.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from urllib.parse import urlsplit

from spiders.extract import localdate
from spiders.extract.dateheader import FIGURE, LONGEST_LINE, Header, brief
from spiders.extract.datemarks import CHANGED, FOREIGN, SCRIPT, Lines, is_labelled, machine_date, one_day
from spiders.extract.dateplace import in_card
from spiders.extract.phrases import WEATHER, without_date_label
from spiders.extract.tree import Node, names_of, squash, text_of
from tocsin.records import DateCandidate, Page

_OTHERS = re.compile(
    r"comment|kommentar|joined|registered|related|recommend|breadcrumb|ticker|weather|calendar|most-?read|popular|trending|archive|cookie"
    r"|advert|promo|sponsor|carousel|slider|masthead|site-?header|page-?header|top-?bar|top-?line|copyright|header-?date"
    r"|(?:^|[\s_-])(?:repl(?:y|ies)|nav\w*|menu\w*|clock|today|current\w*|now|events?|recent\w*|latest|newest|ads?"
    r"|more\w*|next|prev\w*|also)(?:$|[\s_-])"
)
"""Names of what is not the article's, wherever it stands."""
_NOW = re.compile(
    r"(?i)\b(?:current|local|server|now|today|generated|printed|retrieved|aktuelle?|jetzt|heute|gedruckt|zeit|uhrzeit"
    r"|зараз|сьогодні|сейчас|сегодня|aujourd|heure|hoy|ahora|hora|dziś|dzisiaj|teraz|oggi|hoje|vandaag)\b"
)
"""Words that make a date the day of the fetch."""
_CLOCKS = re.compile(r"nav|menu|breadcrumb|weather|clock|top-?bar|top-?line|masthead|comment|site-?header|page-?header")
_PATH = 9
"""Characters that the path of an article has at least."""
_CARD_TEXT = 400
_NEAR_WEATHER = 3
_NOTHING = 3
_LEVELS = 4
_FEW = 200
_TEXT = 500
_BESIDE = 25
"""Elements behind the title within which a date in furniture is still the article's."""
_DAY_FIRST = re.compile(r"(?<![\d])(0?[1-9]|[12]\d|3[01])[-_.](0?[1-9]|1[0-2])[-_.]((?:19|20)\d\d)(?![\d])")
_ATTRIBUTES = "//@*[contains(., 'ublish') and contains(., '\":')]"


def beside(header: Header, *, month_first: bool) -> Iterator[DateCandidate]:
    """Print close behind the title that its place made furniture: a teaser, a sidebar, a card with a headline.

    Lines that hold nothing but a date and its label, and that no name gives to others.
    """
    weather = -9
    for at, node in enumerate([node for node, above in header.nodes if not above][:_BESIDE]):
        weather = at if WEATHER.match(squash(node.text or "")) else weather
        if at - weather <= _NEAR_WEATHER:
            continue
        for text in (node.text, *(c.tail for c in node)):
            line = squash(text) if text and FIGURE.search(text) else ""
            if not 6 <= len(line) <= LONGEST_LINE or CHANGED.search(line) or _NOW.search(line):
                continue
            found = next(localdate.find(line, month_first=month_first), None)
            if found is None or not (_is_bare(line) or is_labelled(line, line[: found.start])):
                continue
            if (found.timed or not localdate.with_weekday(found.raw)) and not _is_others(node, header.title):
                yield DateCandidate(raw=found.raw, origin="text", value=found.value)


def states(root: Node) -> Iterator[DateCandidate]:
    """Dates of publication in what scripts keep in attributes, where all that are there name one day."""
    raws = [found[1] for value in root.xpath(_ATTRIBUTES) for found in SCRIPT.finditer(value)]
    yield from one_day(machine_date(raw, "script") for raw in raws)


def address(page: Page) -> Iterator[DateCandidate]:
    """A day in the address that is written day first."""
    for found in _DAY_FIRST.finditer(page.fetched_url or page.url):
        day, month, year = map(int, found.groups())
        try:
            value = datetime(year, month, day)
        except ValueError:
            continue
        yield DateCandidate(raw=found[0], origin="url", value=value)


def own_card(root: Node, page: Page) -> Iterator[DateCandidate]:
    """The date in a list of the site's articles beside the link that leads to this very page."""
    address = urlsplit(page.fetched_url or page.url)
    path = address.path.rstrip("/")
    if len(path) < _PATH or address.query:
        return
    for link in root.find("body").iter("a"):
        if not (link.get("href") or "").rstrip("/").endswith(path) or _in_furniture(link):
            continue
        for block in (link, link.getparent()):
            text = brief(block, _CARD_TEXT)
            found = list(localdate.find(text))
            if len(found) == 1 and not _NOW.search(text) and not localdate.with_weekday(found[0].raw):
                yield DateCandidate(raw=found[0].raw, origin="text", value=found[0].value)
                break


def _in_furniture(node: Node) -> bool:
    """Whether an element stands in the site's menus, or where its clock does."""
    return any(n.tag in ("nav", "header") or _CLOCKS.search(names_of(n)) for n in (node, *node.iterancestors()))


def alone(lines: Lines, header: Header, *, month_first: bool) -> Iterator[DateCandidate]:
    """The only day that is printed on the page, if it stands behind the title by itself or behind its label."""
    found = [(f, line, node) for line, node in lines() for f in localdate.find(line, month_first=month_first)]
    if len({f.value.date() for f, _, _ in found}) != 1:
        return
    if any(WEATHER.match(line) for line, _ in lines()):
        return
    before = set() if header.title is None else set(header.title.xpath("preceding::*"))
    for printed, line, node in found:
        lead = line[: printed.start]
        said = FOREIGN.search(lead) or CHANGED.search(line) or _NOW.search(line) or localdate.with_weekday(printed.raw)
        if said or not (len(lead) <= _NOTHING or is_labelled(line, lead)):
            continue
        placed = _heads_a_text(node) if header.title is None else node not in before
        if placed and not _is_others(node, header.title) and not in_card(node, header.title):
            yield DateCandidate(raw=printed.raw, origin="text", value=printed.value)


def _heads_a_text(node: Node) -> bool:
    """Whether a date shares a block with a text, and with little else."""
    for block in islice(node.iterancestors(), _LEVELS):
        if block.tag == "body" or len(list(islice(block.iter(), _FEW))) == _FEW:
            return False
        if len(text_of(block)) > _TEXT:
            return next(block.iter("nav", "header"), None) is None
    return False


def _is_bare(line: str) -> bool:
    """Whether a line says little but a date: alone, behind its label, or with a place or a section to it."""
    return localdate.is_date_line(without_date_label(line))


def _is_others(node: Node, title: Node | None) -> bool:
    """Whether a name up to what an element shares with the title gives it to the site or to somebody else."""
    shared = set() if title is None else set(title.iterancestors())
    here = node
    while here is not None and here not in shared and here.tag != "body":
        if here.tag in ("nav", "footer") or _OTHERS.search(names_of(here)):
            return True
        here = here.getparent()
    return False
