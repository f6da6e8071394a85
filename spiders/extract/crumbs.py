"""Where a page stands in its site: the breadcrumbs of JSON-LD or of the markup, and the section they name."""

import re
from urllib.parse import urlsplit

from spiders.extract.tree import Node, text_of

Crumb = tuple[str, str]
"""Name and address, as written."""

_HOME = re.compile(
    r"(?i)^(?:home(?:page)?|start(?:seite)?|accueil|inicio|in[ií]cio|portada|головна(?: сторінка)?"
    r"|главная(?: страница)?|strona główna|hjem|hem|forside|etusivu|главна|news home|úvod|domov|kezdőlap|acasă|начало"
    r"|首页|ホーム|トップ|articles?|artikel|blog|uncategori[sz]ed|без категории|без категорії)$"
)
"""Breadcrumbs that say nothing of a subject."""
_WORD = re.compile(r"\w+")


def crumbs_of(named: list[tuple[Node, str]]) -> list[Crumb]:
    """Breadcrumbs of the markup: the links of the first element that is named so.

    ``named`` are elements with their classes and ids in lower case.
    """
    for node, names in named:
        if "breadcrumb" in names and node.tag in ("nav", "ul", "ol", "div", "p", "section"):
            links = [(text_of(a), a.get("href") or "") for a in node.iter("a")][:20]
            if any(text for text, _ in links):
                return [(text, url) for text, url in links if text]
    return []


def section_of(crumbs: list[Crumb], titles: list[str], canonical: str) -> str:
    """The last breadcrumb that is no start page, no date, and not the page itself; an empty string where none is.

    ``titles`` are what the page calls itself, ``canonical`` is its address as written.
    """
    own = [_key(t) for t in titles if t]
    rows = [(name, url) for name, url in crumbs if not _HOME.match(name) and not _is_own(_key(name), own)]
    rows = [(name, url) for name, url in rows if not url or (_path(url) and url != canonical)]
    if len(rows) > 1 and not rows[-1][1]:
        rows.pop()
    return rows[-1][0][:80] if rows else ""


def _is_own(name: str, titles: list[str]) -> bool:
    if not name or name.isdigit():
        return True
    return any(name == t or (len(name) > 20 and (name in t or t in name)) for t in titles)


def _key(text: str) -> str:
    return "".join(_WORD.findall(text.casefold()))


def _path(url: str) -> str:
    try:
        return urlsplit(url).path.strip("/")
    except ValueError:
        return ""
