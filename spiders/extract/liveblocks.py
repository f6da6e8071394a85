"""Where the entries of a live blog stand in its page: elements that are alike, each with a time of its own.

Entries are found from their times upwards, so that no class name has to be known: the elements around the times are
grouped by tag and class, and the group that holds most of the words is the stream.
"""

import re
from collections.abc import Iterator
from datetime import date
from itertools import islice

import msgspec
from lxml import etree

from spiders.extract import livetime
from spiders.extract.livechronicle import chronicle
from spiders.extract.liveparts import OUTSIDE, WORDS_OF_AN_ENTRY, Block, is_apart, lines, own_words
from spiders.extract.tree import SILENT, Node, count_words, names_of, squash, text_of

_STREAM = re.compile(
    r"(?:^|[\s_-])(?:live|live-?(?:blog|stream|ticker|feed|updates?|entries|posts?|content)\w*)(?:$|[\s_-])"
)
_STAMP = re.compile(r"^data-(?:[a-z]+-)*(?:time|timestamp|date|datetime|published|created)(?:-?(?:at|on|time))?$")
_CHANGED = re.compile(r"updat|modif|edit|оновл|обновл")
_DIGITS = re.compile(r"\d+")
_INLINE = frozenset(("span", "div", "p", "a", "strong", "b", "em", "small", "dt", "td", "h2", "h3", "h4", "h5"))
_ENTRY_TAGS = frozenset(("article", "div", "section", "li", "tr", "dl"))
_MARKED_TIMES = frozenset(("datepublished", "datecreated", "datemodified"))
_QUOTES = frozenset(("blockquote", "figure", "q"))
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LEVELS = 8
_NODES_OF_A_DAY = 5


def find(root: Node, title: Node | None, today: date, *, live: bool) -> list[Block]:
    """The entries in the order of the page; none where it has no stream. ``live`` says that it calls itself live."""
    body = root.find("body")
    nodes = _marked(body) or _stream(body, title, live=live)
    if nodes:
        blocks = [_block(n, today) for n in nodes]
        _give_days(body, blocks, today)
        return blocks
    return chronicle(body, today, live=live)


def _marked(body: Node) -> list[Node]:
    """Elements that say themselves that they are updates of a live blog (microdata)."""
    return [
        n
        for n in body.iter(*_ENTRY_TAGS)
        if "liveblogupdate" in (n.get("itemprop") or "").lower() and own_words(n) >= WORDS_OF_AN_ENTRY
    ]


# ---- a stream of like elements


def _stream(body: Node, title: Node | None, *, live: bool) -> list[Node]:
    if not live and not any(_is_stream(n) for n in body.iter("div", "section", "main", "ul", "ol")):
        return []
    kept = set() if title is None else {title, *title.iterancestors()}
    around = [g for g in _groups(body).values() if live or (len(g) >= 3 and _in_stream(next(iter(g))))]
    groups = [g for g in (_members(g, kept) for g in around) if len(g) >= (2 if live else 3)]
    measured = [(sum(map(own_words, g)), len(g), g) for g in groups]
    if not measured:
        return []
    most = max(words for words, _, _ in measured)
    full = [m for m in measured if m[0] >= 0.6 * most]
    count = max(m[1] for m in full)
    words, _, found = max((m for m in full if m[1] >= 0.9 * count), key=lambda m: m[0])
    whole = sum(count_words(text_of(p)) for p in body.iter("p")) or words
    return found if live or 2 * words >= whole else []


def _is_stream(node: Node) -> bool:
    names = f"{node.get('class')} {node.get('id')}"
    return ("live" in names or "Live" in names or "LIVE" in names) and bool(_STREAM.search(names_of(node)))


def _groups(body: Node) -> dict[str, dict[Node, None]]:
    """Elements around the page's times, by their tag and class."""
    found: dict[str, dict[Node, None]] = {}
    for leaf in _times(body):
        here = leaf if leaf.tag in _ENTRY_TAGS and _stamped(leaf) else leaf.getparent()
        for _ in range(_LEVELS):
            if here is None or here.tag in OUTSIDE:
                break
            if here.tag in _ENTRY_TAGS:
                found.setdefault(_signature(here), {})[here] = None
            here = here.getparent()
    return found


def _times(body: Node) -> Iterator[Node]:
    """Elements that show or carry a time."""
    for node in body.iter(etree.Element):
        shows = node.tag in _INLINE and 3 <= len(own := squash(node.text or "")) <= 40 and livetime.is_clock(own)
        if shows or node.tag == "time" or _stamped(node) or (node.get("itemprop") or "").lower() in _MARKED_TIMES:
            yield node


def _stamped(node: Node) -> bool:
    return any(map(_STAMP.match, node.attrib))


def _signature(node: Node) -> str:
    name = _DIGITS.sub("0", (node.get("class") or "").split(" ")[0].lower()) if node.get("class") else ""
    parent = node.getparent()
    return f"{node.tag}.{name}" if name or parent is None else f"{_signature_of_bare(parent)}>{node.tag}"


def _signature_of_bare(parent: Node) -> str:
    return f"{parent.tag}.{_DIGITS.sub('0', (parent.get('class') or '').split(' ')[0].lower())}"


def _members(group: dict[Node, None], kept: set[Node]) -> list[Node]:
    """The entries of a group: neither around others, nor cards of other pages, nor lists of the blog's own entries."""
    inner = dict.fromkeys(group, 0)
    for node in group:
        for above in node.iterancestors():
            if above in inner:
                inner[above] += 1
    alone = [n for n in group if inner[n] < 2 and n not in kept]
    chosen = set(alone)
    outer = [n for n in alone if not any(a in chosen for a in n.iterancestors())]
    entries = [n for n in outer if own_words(n) >= WORDS_OF_AN_ENTRY and not is_apart(n)]
    cards = sum(1 for n in entries if _is_card(n))
    return entries if 2 * cards < len(entries) else []


def _is_card(node: Node) -> bool:
    """Whether an element's heading is a link that leads to another page."""
    heading = next(node.iter(*_HEADINGS), None)
    if heading is None:
        return False
    link = next(heading.iter("a"), None)
    link = link if link is not None else next(heading.iterancestors("a"), None)
    href = (link.get("href") or "") if link is not None else ""
    return bool(href) and "#" not in href


def _in_stream(node: Node) -> bool:
    return any(_is_stream(a) for a in node.iterancestors() if a.tag not in OUTSIDE)


def _block(node: Node, today: date) -> Block:
    """An entry with its time, which is taken out of it."""
    shown = [n for n in _times(node) if not any(a.tag in _QUOTES for a in n.iterancestors()) and n is not node]
    stamps = [(n, _stamp_of(n, today)) for n in (node, *shown)]
    dated = [(n, s) for n, s in stamps if s.value is not None or s.clock is not None]
    changed = next((s for n, s in dated if _is_change(n)), None)
    first = next((s for n, s in dated if not _is_change(n)), changed)
    for n, _ in dated:
        if n is not node and len(squash(text_of(n))) <= 60 and n.tag not in _HEADINGS:
            _empty(n)
    block = Block([node], first or livetime.Stamp(), changed if changed is not first else None)
    line = next(iter(lines(node)), "")
    block.clock_in_text = livetime.starting_clock(line) is not None and block.stamp.raw[:5] in line
    return block


def _stamp_of(node: Node, today: date) -> livetime.Stamp:
    """The time that an element carries or shows: the day may stand in its attribute, the clock in its text."""
    marked = node.get("content") or "" if node.get("itemprop") else ""
    raws = [node.get("datetime") or marked, *(node.get(key) for key in node.attrib if _STAMP.match(key))]
    stamps = [s for s in map(livetime.machine, filter(None, raws)) if s.value or s.clock]
    if node.tag in _ENTRY_TAGS and raws[1:]:
        return stamps[0] if stamps else livetime.Stamp()
    shown = livetime.printed(squash(text_of(node))[:60], today)
    if not stamps:
        return shown
    first = stamps[0]
    bare = first.value is not None and first.value.time().replace(tzinfo=None) == livetime.MIDNIGHT
    if bare and first.value is not None and shown.clock is not None and "T" not in first.raw:
        return msgspec.structs.replace(
            first, value=first.value.replace(hour=shown.clock.hour, minute=shown.clock.minute)
        )
    return first


def _is_change(node: Node) -> bool:
    keys = " ".join(key for key in node.attrib if key.startswith("data-"))
    return bool(_CHANGED.search(f"{names_of(node)} {keys} {node.get('itemprop') or ''}".lower()))


def _empty(node: Node) -> None:
    for child in list(node):
        node.remove(child)
    node.text = ""


def _give_days(body: Node, blocks: list[Block], today: date) -> None:
    """Give each entry the day of the heading above it in the page."""
    places = {b.nodes[0]: b for b in blocks}
    day: date | None = None
    inside: Node | None = None
    for event, node in etree.iterwalk(body, events=("start", "end")):
        if event == "end":
            inside = None if node is inside else inside
        elif inside is None and node in places:
            inside, places[node].day = node, day
        elif inside is None and isinstance(node.tag, str) and node.tag not in SILENT:
            small = node.tag != "a" and sum(1 for _ in islice(node.iter(), _NODES_OF_A_DAY + 1)) <= _NODES_OF_A_DAY
            own = squash(text_of(node)) if small else ""
            day = (livetime.day_of(own, today) if 3 < len(own) <= 60 and not livetime.is_clock(own) else None) or day
