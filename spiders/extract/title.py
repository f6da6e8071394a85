"""The title by consensus: what stands on the page, confirmed by what the page says of itself."""

import re
from collections.abc import Sequence
from itertools import pairwise

import msgspec

from spiders.extract import headings, jsonld
from spiders.extract.headings import LONGEST, Heading
from spiders.extract.sites import key_of, sites_of, without_end, without_site, words
from spiders.extract.structured import Structured
from spiders.extract.tree import Node, names_of, squash

__all__ = ["Title", "choose", "is_glued", "printed_twice", "words"]

_CUT_SHORT = re.compile(r"\s*(?:…|\.\.\.)$")


class Title(msgspec.Struct, frozen=True):
    """A title and where it was found."""

    text: str = ""
    origin: str = ""
    node: Node = None
    """The element that shows it; None where only the head has it."""


def choose(root: Node, facts: Structured, listed: str = "", shown: Sequence[str] = ()) -> Title:
    """The title of a page.

    ``listed`` is what the feed calls it; ``shown`` are further lines of the page that look like its title. The first
    heading whose words another voice confirms wins; where one candidate is another one with a word glued to its front,
    the shorter, which also stands alone, is the title.
    """
    sites = sites_of(facts)
    head = _head_voices(facts, listed, sites)
    voices = [v for _, v in head] + list(shown)
    sure = [v for origin, v in head if origin != "title tag"] + list(shown)
    ones = headings.ones_of(facts, voices, sites)
    own = [h for h in ones if h.own]
    best = (
        _first(own, sure)
        or _like(own, sure)
        or _from_page([*own, *headings.others_of(facts, ones, voices, sites)], sure, voices)
        or (Title(shown[0], "text") if shown else None)
        or (Title(head[0][1], head[0][0]) if head else None)
        or _first(ones, voices)
        or next((_title(h) for h in headings.others_of(facts, ones, voices, sites)), Title())
    )
    best = _unglued(best, sure, [*voices, *(h.text for h in ones)])
    return best if best.node is not None else Title(best.text, best.origin, _shows(root, best.text))


def _head_voices(facts: Structured, listed: str, sites: frozenset[str]) -> list[tuple[str, str]]:
    found = [
        ("json-ld", without_site(facts.text("headline"), sites)),
        ("meta", without_site(jsonld.plain(facts.first("og:title")), sites)),
        ("meta", without_site(jsonld.plain(facts.first("twitter:title")), sites)),
        ("feed", squash(listed)),
        ("title tag", without_end(facts.title_tag, sites)),
    ]
    found = [(origin, text) for origin, text in found if words(text) and len(text) <= LONGEST]
    whole = [(o, t) for o, t in found if key_of(t) not in sites and not _CUT_SHORT.search(t)]
    return whole or found


def _from_page(page: Sequence[Heading], sure: Sequence[str], voices: Sequence[str]) -> Title | None:
    """The title among all headings of a page."""
    return (
        _equal(page, sure)
        or _first(page, sure)
        # The tag alone also confirms a site's name in its own h1: not against a better voice.
        or _first([h for h in page if not sure or _alike(h.text, sure)], voices)
        or _only([h for h in page if h.node.tag == "h1"], sure, voices)
    )


def _title(heading: Heading) -> Title:
    return Title(heading.text, "h1" if heading.node.tag == "h1" else "heading", heading.node)


def _equal(page: Sequence[Heading], voices: Sequence[str]) -> Title | None:
    """The first heading that is what a voice says, neither more nor less."""
    told = {words(v) for v in voices}
    return next((_title(h) for h in page if len(words(h.text)) > 2 and words(h.text) in told), None)


def _first(page: Sequence[Heading], voices: Sequence[str]) -> Title | None:
    """The first heading that a voice confirms."""
    return next((_title(h) for h in page if _confirmed(h, voices)), None)


def _confirmed(heading: Heading, voices: Sequence[str]) -> bool:
    """Whether all the words of a heading stand in one voice in a row, and are no small part of it."""
    mine = words(heading.text)
    own = " ".join(mine)
    if len(own) <= 3:
        return False
    share = 1 if heading.node.tag == "h1" and len(mine) > 2 else 2 if heading.node.tag != "h1" else 3
    return any(
        (share == 1 or share * len(mine) >= len(told)) and f" {own} " in f" {' '.join(told)} "
        for told in map(words, voices)
    )


def _like(ones: Sequence[Heading], voices: Sequence[str]) -> Title | None:
    """The only h1 that shares half its words with a voice, and the voice with it; or most of its words."""
    like = [
        h
        for h in ones
        if any(_alike(h.text, [v]) and (_alike(v, [h.text]) or _alike(h.text, [v], 4 / 3)) for v in voices)
    ]
    return _title(like[0]) if len({h.text for h in like}) == 1 else None


def _only(ones: Sequence[Heading], sure: Sequence[str], voices: Sequence[str]) -> Title | None:
    """The h1 that nothing confirms: the only one, where it is alike or long enough."""
    if len({h.text for h in ones}) != 1:
        return None
    least = 4 if sure and not headings.is_headline(names_of(ones[0].node)) else 3
    return _title(ones[0]) if len(words(ones[0].text)) >= least or _alike(ones[0].text, sure or voices) else None


def _alike(text: str, voices: Sequence[str], part: float = 2.0) -> bool:
    """Whether half the words of a heading, or one in ``part``, are known to a voice."""
    own = set(words(text))
    return any(part * len(own & set(words(v))) >= len(own) for v in voices)


def _shows(root: Node, text: str) -> Node | None:
    """The first element whose own text is the title."""
    for node in root.find("body").iter(
        "p", "div", "span", "td", "b", "strong", "h2", "h3", "font", "a", "center", "li"
    ):
        own = node.text
        if own and text[:8] in own and squash(own) == text:
            return node
    return None


def _unglued(best: Title, sure: Sequence[str], others: Sequence[str]) -> Title:
    own = words(best.text)
    for other in sorted({o for o in others if len(words(o)) >= 3}, key=len):
        if is_glued(best.text, other) and not (best.text[-len(other) - 1].isspace() and own in map(words, sure)):
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
        if len(words(one)) >= 3 and len(one) <= LONGEST and is_glued(two, one):
            return one
    return ""
