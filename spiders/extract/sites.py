"""What the site of a page is called, and titles without that name."""

import re
from urllib.parse import urlsplit

from spiders.extract import jsonld
from spiders.extract.structured import Structured
from spiders.extract.tree import Node, squash, text_of

_WORD = re.compile(r"\w+")
SITE_CUT = re.compile(r"(\s+[|•·»«/\\–—―-]+\s+|\s*[|•»]\s*|\s+::?\s+|--+|\s+via\s+(?=@))")
"""What parts a title from the name of its site."""
EDGES = " |•·/\\–—―-:"


def words(text: str) -> tuple[str, ...]:
    """Words of a text in one case: what titles are compared by."""
    return tuple(_WORD.findall(text.casefold()))


def key_of(text: str) -> str:
    """Letters and digits of a text in one case."""
    return "".join(_WORD.findall(text.casefold()))


def sites_of(facts: Structured) -> frozenset[str]:
    """What the site is called, each as letters and digits only: its names, its host with and without the ending."""
    found = [*facts.site_names, *(p for n in facts.site_names for p in SITE_CUT.split(n)[::2])]
    for url in (facts.canonical, facts.first("og:url")):
        host = _host(url)
        labels = host.removeprefix("www.").split(".")
        found += [host, ".".join(labels), *labels[:-1], ".".join(labels[-2:])] if len(labels) > 1 else []
    found.append(facts.first("twitter:site").lstrip("@"))
    found += [text_of(n) for n in facts.nodes.tags.get("h1", ())[:20] if leads_home(n)]
    title = jsonld.plain(facts.first("og:title")) or facts.text("headline")
    if title and facts.title_tag.startswith(title):
        found += SITE_CUT.split(facts.title_tag[len(title) :])[::2]
    keys = {"blogarchive", "blogarchiv", *map(key_of, found)}
    return frozenset(k for k in keys if len(k) > 1 and k not in ("www", "com", "co", "news", "blog"))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def without_site(text: str, sites: frozenset[str]) -> str:
    """A title without the site's name, and what comes behind it, at its end or front."""
    parts = SITE_CUT.split(squash(text))
    texts = parts[::2]
    if len(texts) < 2:
        return squash(text)
    keys = [key_of(t) for t in texts]
    first = next((n for n in range(len(keys) - 1) if keys[n] not in sites), len(keys) - 1)
    last = next((n for n in range(first + 1, len(keys)) if keys[n] in sites), len(keys))
    rest = "".join(parts[2 * first : 2 * last - 1]).strip(EDGES)
    return rest if words(rest) else squash(text)


def without_end(text: str, sites: frozenset[str]) -> str:
    """A title tag without the site's name, or else without its last part where that is the short side of a line."""
    bare = without_site(text, sites)
    parts = SITE_CUT.split(text)
    end = parts[-1]
    if bare != text or len(parts) < 3 or len(end.split()) > 5 or len(end) >= len(text) / 2:
        return bare
    return "".join(parts[:-2]).rstrip(EDGES)


def leads_home(node: Node) -> bool:
    """Whether a heading is nothing but a link to the start page."""
    links = list(node.iter("a"))
    if len(links) != 1 or text_of(links[0]) != text_of(node):
        return False
    if "home" in (links[0].get("rel") or "").lower():
        return True
    try:
        parts = urlsplit((links[0].get("href") or "x").strip())
    except ValueError:
        return False
    return parts.path in ("", "/") and not parts.query and not parts.fragment
