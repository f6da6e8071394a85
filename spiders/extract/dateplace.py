"""Whose a place on a page is: the article's, or that of another article, a comment, the site."""

import re
from itertools import islice

from spiders.extract.tree import Node, count_words, names_of, text_of

_ELSEWHERE = re.compile(
    r"(?:^|[\s_-])(?:comment(?:s|list|author|meta|date)?|commentmetadata|kommentar\w*|repl(?:y|ies)|related\w*"
    r"|recommend\w*|teasers?|cards?|footer|copyright|masthead|site-?header|page-?header|top-?line|top-?bar"
    r"|nav|menu|navigation|breadcrumbs?|ticker|weather|clock|today|now|current-?date|header-?date|events?(?![_-]?date)"
    r"|calendar|most-?read|popular|trending|recent|latest|newest|archives?|widgets?|joined|postprofile|newsletter|cookies?"
    r"|adverts?|ads|promo|sponsored|carousel|slider|more-?(?:news|posts|stories)|read-?more|also|next|prev(?:ious)?)(?:$|[\s_-])"
    r"|cardcontainer|teaser|related"
)
_OWN = re.compile(
    r"(?:^|[\s_-])(?:meta|submitted|asset-footer|(?:entry|post|article|asset)-?(?:meta|info|footer))(?:$|[\s_-])"
)
_CARD = 4
"""Levels above a date within which another article's headline makes it that article's."""
_MANY = 12
_LINK_WORDS = 5
_HEAD_WORDS = 3
_PERSON = re.compile(r"(?i)/(?:authors?|autor(?:en|es)?|auteurs?|people|profiles?|team|experts?|contributors?)/")
_PARAGRAPHS = 4
_TEASED = 800
"""Characters beyond which a block is a text of its own."""


def elsewhere(node: Node, title: Node | None) -> bool:
    """Whether an element belongs to something else than the article: another one, a comment, the site."""
    shared = set() if title is None else set(title.iterancestors())
    here, level = node, 0
    while here is not None and here not in shared and here.tag != "body":
        if here.tag == "nav" or (here.tag in ("header", "footer") and not _inside(here)):
            return True
        names = names_of(here)
        if names and _ELSEWHERE.search(names) and not _OWN.search(names):
            return True
        if 0 < level < _CARD and _is_card(here, node):
            return True
        here, level = here.getparent(), level + 1
    return False


def in_card(node: Node, title: Node | None) -> bool:
    """Whether an element is a part of what shows another article."""
    shared = set() if title is None else set(title.iterancestors())
    return any(
        n not in shared and n.tag != "body" and _is_card(n, node) for n in islice(node.iterancestors(), _CARD - 1)
    )


def _inside(node: Node) -> bool:
    """Whether a header or footer is that of an article or a part of the page, not the site's."""
    return any(above.tag in ("article", "main", "section") for above in node.iterancestors())


def _is_card(block: Node, node: Node) -> bool:
    """Whether a block shows another article: a heading or a link of several words, and no text of any length."""
    if len(block) > _MANY or len(block.findall(".//p")) > _PARAGRAPHS or len(text_of(block)) > _TEASED:
        return False
    own = {node, *node.iterancestors()}
    return any(_is_headline(n) for n in block.iter("h2", "h3", "h4", "a") if n not in own)


def _is_headline(node: Node) -> bool:
    """Whether a heading or a link may be the headline of another article: no label, and no name of a person."""
    if node.tag == "a" and (_PERSON.search(node.get("href") or "") or "author" in (node.get("rel") or "")):
        return False
    return count_words(text_of(node)) >= (_LINK_WORDS if node.tag == "a" else _HEAD_WORDS)
