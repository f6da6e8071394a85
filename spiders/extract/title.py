"""The title by consensus: what stands on the page, confirmed by what the page says of itself."""

import re
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from spiders.extract.structured import Structured
from spiders.extract.tree import Node, furniture_of, names_of, squash, text_of

_WORD = re.compile(r"\w+")
_SITE_CUT = re.compile(r"\s+[|•·»«/\\–—-]+\s+|\s*[|•»]\s*|\s+::\s+")
_HEADLINE = re.compile(
    r"(?:^|[\s_-])(?:hdr|headline|title|entry-title|article-title|post-title|story-title|t|heading|zagolovok"
    r"|nazva)(?:$|[\s_-])"
)
_KICKER = re.compile(
    r"(?:^|[\s_-])(?:cat|category|kicker|label|rubric\w*|section|tag|badge|overline|eyebrow|topic|flag"
    r"|pretitle|roofline|dachzeile|spitzmarke)(?:$|[\s_-])"
)
_LONGEST = 400


class Title(msgspec.Struct, frozen=True):
    """A title and where it was found."""

    text: str = ""
    origin: str = ""
    node: Node = None
    """The element that shows it; None where only the head has it."""


def words(text: str) -> tuple[str, ...]:
    """Words of a text in one case: what titles are compared by."""
    return tuple(_WORD.findall(text.casefold()))


def choose(root: Node, facts: Structured, listed: str = "", shown: Sequence[str] = ()) -> Title:
    """The title of a page.

    ``listed`` is what the feed calls it; ``shown`` are further lines of the page that look like its title. The first
    heading whose words another voice confirms wins; where one candidate is another one with a word glued to its front,
    the shorter, which also stands alone, is the title.
    """
    head = _head_voices(facts, listed)
    voices = [v for _, v in head] + list(shown)
    site = words(facts.first("og:site_name"))
    page = [(node, text) for node, text in _headings(root, voices) if words(text) != site]
    sure = [v for origin, v in head if origin != "title tag"] + list(shown)
    ones = [(node, text) for node, text in page if node.tag == "h1"]
    best = (
        _first(page, sure)
        # The tag alone also confirms a site's name in its own h1: not against a better voice.
        or _first([p for p in page if not sure or _alike(p[1], sure)], voices)
        or (Title(ones[0][1], "h1", ones[0][0]) if len(ones) == 1 and _stands(ones[0][1], sure, voices) else None)
        or (Title(shown[0], "text") if shown else None)
        or (Title(head[0][1], head[0][0]) if head else None)
        or (Title(page[0][1], "heading", page[0][0]) if page else Title())
    )
    best = _unglued(best, [*voices, *(t for _, t in page)])
    return best if best.node is not None else Title(best.text, best.origin, _shows(root, best.text))


def _head_voices(facts: Structured, listed: str) -> list[tuple[str, str]]:
    site = facts.first("og:site_name", "application-name")
    found = [
        ("json-ld", facts.text("headline")),
        ("meta", _without_site(facts.first("og:title"), site, facts.title_tag)),
        ("meta", _without_site(facts.first("twitter:title"), site, facts.title_tag)),
        ("feed", squash(listed)),
        ("title tag", _without_site(facts.title_tag, site, "")),
    ]
    return [(origin, text) for origin, text in found if words(text) and len(text) <= _LONGEST]


def _without_site(text: str, site: str, other: str) -> str:
    """A title without the site's name at its end or front, judged by ``og:site_name``, or by the shorter side."""
    parts = [p for p in _SITE_CUT.split(text) if p.strip()]
    if len(parts) < 2 or text == other == "":
        return squash(text)
    named = words(site)
    if named:
        for at in (-1, 0):
            if words(parts[at]) == named:
                return squash(text[: text.rfind(parts[-1])] if at else text[text.find(parts[1]) :]).strip(
                    " |•·»«/\\–—-:"
                )
    if other or len(parts[-1].split()) > 5 or len(parts[-1]) >= len(text) / 2:
        return squash(text)
    return squash(text[: text.rfind(parts[-1])]).rstrip(" |•·»«/\\–—-:")


def _headings(root: Node, voices: Sequence[str]) -> list[tuple[Node, str]]:
    """Elements that may show the title, best first, each with its text less a category at its front."""
    ones = list(root.iter("h1"))
    named = [n for n in root.iter("h2", "div", "span", "p", "td") if n.get("class") and _HEADLINE.search(names_of(n))]
    lower = [] if ones else [n for n in root.iter("h2", "h3") if not n.get("class")]
    found: list[tuple[Node, str]] = []
    for node in [*ones, *named[:40], *lower[:10]]:
        if node.tag != "h1" and (len(node) > 6 or next(node.iter("h1"), None) is not None):
            continue
        text = _own_text(node, voices)
        if len(words(text)) >= 1 and len(text) <= _LONGEST and not (node.tag != "h1" and furniture_of(node, None)):
            found.append((node, text))
    return found


def _own_text(node: Node, voices: Sequence[str]) -> str:
    """Text of a heading; leading children are left out when they are categories by name or when a voice lacks them."""
    full = text_of(node)
    confirmed = {words(v) for v in voices}
    if words(full) in confirmed or (node.text or "").strip():
        return full
    rest = full
    for child in list(node)[:3]:
        piece = text_of(child)
        without = squash(rest[len(piece) :]).lstrip(" :|/•·–—-") if piece and rest.startswith(piece) else ""
        if not without:
            break
        if _KICKER.search(names_of(child)) or words(without) in confirmed:
            rest = without
        if (child.tail or "").strip():
            break
    return rest


def _first(page: Sequence[tuple[Node, str]], voices: Sequence[str]) -> Title | None:
    for node, text in page:
        if _confirmed(text, voices):
            return Title(text, "h1" if node.tag == "h1" else "heading", node)
    return None


def _confirmed(text: str, voices: Sequence[str]) -> bool:
    """Whether all the words of a heading stand in one voice in a row."""
    own = " ".join(words(text))
    return len(own) > 3 and any(f" {own} " in f" {' '.join(words(v))} " for v in voices)


def _stands(text: str, sure: Sequence[str], voices: Sequence[str]) -> bool:
    """Whether the only h1 is believed unconfirmed: when it is alike, or long enough against a mere title tag."""
    return _alike(text, sure) if sure else len(words(text)) >= 3 or _alike(text, voices)


def _alike(text: str, voices: Sequence[str]) -> bool:
    """Whether half the words of a heading are known to a voice."""
    own = set(words(text))
    return any(2 * len(own & set(words(v))) >= len(own) for v in voices)


def _shows(root: Node, text: str) -> Node | None:
    """The first element whose own text is the title."""
    for node in root.find("body").iter(
        "p", "div", "span", "td", "b", "strong", "h2", "h3", "font", "a", "center", "li"
    ):
        own = node.text
        if own and text[:8] in own and squash(own) == text:
            return node
    return None


def _unglued(best: Title, others: Sequence[str]) -> Title:
    for other in sorted({o for o in others if len(words(o)) >= 3}, key=len):
        if is_glued(best.text, other):
            return Title(other, best.origin, best.node)
    return best


def is_glued(long: str, short: str) -> bool:
    """Whether ``long`` is ``short`` with a category glued to its front: ``NewsPutin faces …``."""
    if len(short) < 12 or short[0].islower() or not long.endswith(short):
        return False
    # A colon, dash or quotation mark belongs to the title: "Live: …", "“No", …
    prefix = long[: -len(short)]
    return 0 < len(prefix) <= 30 and len(prefix.split()) <= 3 and prefix.rstrip()[-1:].isalnum()


def printed_twice(lines: Sequence[str]) -> str:
    """A line that the next line repeats, alone or with a category glued to its front; an empty string if none does."""
    for one, two in pairwise(lines):
        if len(words(one)) >= 3 and len(one) <= _LONGEST and is_glued(two, one):
            return one
    return ""
