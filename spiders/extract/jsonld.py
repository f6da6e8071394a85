"""JSON-LD: what stands in the scripts of a page, mended where it is broken, as one graph."""

import html as entities
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from spiders.extract.tree import squash

Item = dict[str, Any]
"""One node of the graph, keys as in schema.org."""

ARTICLE_TYPES = frozenset(
    "article newsarticle reportagenewsarticle analysisnewsarticle opinionnewsarticle reviewnewsarticle"
    " backgroundnewsarticle blogposting liveblogposting report scholarlyarticle"
    " techarticle advertisercontentarticle satiricalarticle"
    " askpublicnewsarticle".split()
)
WORK_TYPES = (
    "discussionforumposting",
    "socialmediaposting",
    "podcastepisode",
    "recipe",
    "howto",
    "review",
    "creativework",
    "webpage",
)
"""What else may name its author and title, the most telling first."""

_WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)+|(?:-->|//\s*\]\]>|\]\]>|;)+\s*$"
)
_STRING = r'"(?:[^"\\]|\\.)*"'
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.{{0,300}}?\*/", re.DOTALL)
_COMMAS = re.compile(r",(?=\s*[}\]])|,(?=\s*,)|(?<=[{\[])\s*,")
_NO_VALUE = re.compile(r'("[\w@]+"\s*:)\s*(?=[,}])')
_ESCAPE = re.compile(r'\\(?!["\\/bfnrtu])')
_TOGETHER = re.compile(r'(?<=[}\]"])(\s*)(?=[{"])')
_WANTED = re.compile(
    r'"(@type|@id|headline|name|datePublished|dateModified|dateCreated|inLanguage|articleSection|author|creator'
    r'|articleBody|isAccessibleForFree)"\s*:\s*'
)
_QUOTED = re.compile(r'"(.{0,500}?)"\s*(?=,\s*"[\w@]+"\s*:|[}\]])')
"""A string that may hold quotation marks nobody escaped: it ends where the next key or the end of its node follows."""
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,200}>")
_LONGEST_MENDED = 200_000
_LARGEST = 20_000
"""JSON values looked at in a page."""
_DECODER = json.JSONDecoder(strict=False)


def plain(value: Any) -> str:
    """A text value on one line, without entities (also those escaped twice) and mark-up; '' for anything else."""
    if not isinstance(value, str):
        return ""
    text = value
    for _ in range(2):
        if "&" in text:
            text = entities.unescape(text)
    return squash(_TAG.sub("", text) if "<" in text else text)


def types_of(node: Item) -> list[str]:
    """Types of a node in lower case, without the vocabulary's address."""
    raw = node.get("@type")
    many = raw if isinstance(raw, list) else [raw]
    return [t.rsplit("/", 1)[-1].rsplit(":", 1)[-1].lower() for t in many if isinstance(t, str)]


def load(raw: str) -> Any:
    """The value of a script, mended where need be; of what cannot be mended, the wanted keys."""
    text = _WRAPPING.sub("", raw.strip()).strip()
    if not text:
        return None
    for mend in (str, _mended, _mended_more) if len(text) <= _LONGEST_MENDED else (str,):
        try:
            return json.loads(mend(text), strict=False)
        except (ValueError, RecursionError):
            pass
    if text.startswith(("{&quot;", "[{&quot;", "{&#34;")):
        return load(entities.unescape(text))
    return _several(text) or _picked(text)


def _mended(text: str) -> str:
    bare = _COMMENT.sub(lambda m: m.group(1) or "", text) if "//" in text or "/*" in text else text
    return _COMMAS.sub("", bare)


def _mended_more(text: str) -> str:
    return _COMMAS.sub("", _NO_VALUE.sub(r"\1 null", _TOGETHER.sub(r",\1", _ESCAPE.sub("", _mended(text)))))


def _several(text: str) -> list[Any]:
    """Values that stand one after another in a script."""
    found: list[Any] = []
    at = 0
    while at < len(text) and len(found) < 50:
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            break
        found.append(value)
        while at < len(text) and text[at] in " \t\r\n,;":
            at += 1
    return found


def _picked(text: str) -> Item:
    """The wanted keys of a text that is no JSON: an article's type before others, of other keys the first."""
    picked: Item = {}
    for count, found in enumerate(_WANTED.finditer(text)):
        if count > 200:
            break
        key = found.group(1)
        if key in picked and not (key == "@type" and not ARTICLE_TYPES.intersection(types_of(picked))):
            continue
        try:
            value, end = _DECODER.raw_decode(text, found.end())
        except (ValueError, RecursionError):
            continue
        quoted = _QUOTED.match(text, found.end()) if isinstance(value, str) else None
        picked[key] = quoted.group(1) if quoted and text[end : end + 20].lstrip()[:1] not in ",}]" else value
    return picked


def nodes_of(value: Any, depth: int = 0) -> list[Item]:
    """The nodes of a graph. Lists of other pages (``itemListElement``) and nested parts are not gone into."""
    if depth > 5:
        return []
    if isinstance(value, list):
        return [n for v in value[:500] for n in nodes_of(v, depth + 1)]
    if not isinstance(value, dict):
        return []
    below = [n for key in ("@graph", "mainEntity", "mainEntityOfPage") for n in nodes_of(value.get(key), depth + 1)]
    return [value, *below]


def by_id(documents: Iterable[Any]) -> dict[str, Item]:
    """Nodes by their ``@id``, wherever they stand; what is said of one in several places is put together."""
    found: dict[str, Item] = {}
    for count, value in enumerate(_all_values(documents)):
        if count > _LARGEST:
            break
        name = value.get("@id")
        if isinstance(name, str) and len(value) > 1:
            found[name] = {**value, **found[name]} if name in found else value
    return found


def _all_values(documents: Iterable[Any]) -> Iterator[Item]:
    waiting = list(documents)[::-1]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield value
            waiting.extend(v for v in reversed(value.values()) if isinstance(v, dict | list))
        elif isinstance(value, list):
            waiting.extend(v for v in reversed(value[:_LARGEST]) if isinstance(v, dict | list))


def resolve(value: Any, known: dict[str, Item]) -> Any:
    """A value with its references (``{"@id": …}``, or the bare identifier) replaced by the nodes they name."""
    if isinstance(value, list):
        return [resolve(v, known) for v in value[:100]]
    if isinstance(value, str):
        return known.get(value, value)
    if isinstance(value, dict) and isinstance(value.get("@id"), str) and value["@id"] in known:
        return {**known[value["@id"]], **value}
    return value


def pick(nodes: list[Item], title: str) -> Item:
    """The node of the page's own article: a live blog first, then the one with the page's title, then the first."""
    found = [n for n in nodes if ARTICLE_TYPES.intersection(types_of(n))]

    def rank(node: Item) -> tuple[bool, bool, bool]:
        headline = plain(node.get("headline") or node.get("name"))
        same = bool(title) and headline.casefold() == title.casefold()
        return ("liveblogposting" not in types_of(node), not same, "datePublished" not in node)

    return min(found, key=rank, default={})


def work_of(nodes: list[Item]) -> Item:
    """The node of the page itself where it has no article: a posting, a recipe, or else the web page."""
    for name in WORK_TYPES:
        for node in nodes:
            if name in types_of(node):
                return node
    return {}


def crumbs(nodes: list[Item]) -> list[tuple[str, str]]:
    """Names and addresses of the first breadcrumb list, in order."""
    lists = [n.get("itemListElement") for n in nodes if "breadcrumblist" in types_of(n)]
    rows = next((r for r in lists if isinstance(r, list) and r), [])
    found: list[tuple[float, str, str]] = []
    for count, row in enumerate(rows[:20]):
        if not isinstance(row, dict):
            continue
        item = row.get("item")
        inner = item if isinstance(item, dict) else {}
        url = item if isinstance(item, str) else inner.get("@id") or inner.get("url") or ""
        place = row.get("position")
        name = plain(row.get("name")) or plain(inner.get("name"))
        found.append((_number(place, count + 1), name, url if isinstance(url, str) else ""))
    return [(name, url) for _, name, url in sorted(found, key=lambda f: f[0]) if name]


def _number(value: Any, otherwise: int) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return otherwise
