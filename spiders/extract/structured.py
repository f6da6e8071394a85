"""What a page says of itself: JSON-LD, meta elements, canonical address, language."""

import html as entities
import json
import re
from typing import Any

import msgspec

from spiders.extract.tree import Node, squash, text_of

ARTICLE_TYPES = frozenset(
    "article newsarticle reportagenewsarticle analysisnewsarticle opinionnewsarticle reviewnewsarticle"
    " backgroundnewsarticle blogposting liveblogposting report scholarlyarticle"
    " techarticle advertisercontentarticle satiricalarticle"
    " askpublicnewsarticle".split()
)
_LIST_TYPES = frozenset("collectionpage searchresultspage itemlist profilepage".split())
_COMMAS = re.compile(r",(\s*[}\]])")
_BARE = re.compile(
    r'"(@type|headline|datePublished|dateModified|dateCreated|inLanguage|articleSection)"\s*:\s*"((?:[^"\\]|\\.)*)"'
)


class Structured(msgspec.Struct, frozen=True):
    """Structured facts of one page, as found and unjudged."""

    article: dict[str, Any]
    """The article's JSON-LD node, keys as in schema.org; empty where there is none."""
    types: frozenset[str]
    """All JSON-LD types of the page, lower case."""
    meta: dict[str, list[str]]
    """Contents of meta elements by their name, property or itemprop in lower case."""
    canonical: str
    lang: str
    title_tag: str

    def first(self, *names: str) -> str:
        """First content that is not empty among meta elements of these names, in the order of the names."""
        return next((v for n in names for v in self.meta.get(n, ()) if v), "")

    def text(self, key: str) -> str:
        """A plain value of the article node on one line; an empty string where there is none."""
        value = self.article.get(key)
        if isinstance(value, list) and value:
            value = value[0]
        return squash(entities.unescape(value)) if isinstance(value, str) else ""

    @property
    def is_article(self) -> bool:
        """Whether the page calls itself an article in JSON-LD."""
        return bool(self.article)

    @property
    def is_list(self) -> bool:
        """Whether the page calls itself a list of pages."""
        return bool(self.types & _LIST_TYPES)


def read(root: Node) -> Structured:
    """Collect the structured facts of a page."""
    meta: dict[str, list[str]] = {}
    for node in root.iter("meta"):
        content = squash(node.get("content") or "")
        for name in {node.get("property"), node.get("name"), node.get("itemprop")} - {None, ""}:
            meta.setdefault(str(name).strip().lower(), []).append(content)
    links = [n.get("href") or "" for n in root.iter("link") if "canonical" in (n.get("rel") or "").lower().split()]
    title = next((text_of(n) or squash(n.text or "") for n in root.iter("title") if _in_head(n)), "")
    nodes = _json_ld(root)
    flat = [n for node in nodes for n in _flatten(node)]
    types = frozenset(t for n in flat for t in types_of(n))
    lang = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    return Structured(
        article=_pick(flat, meta.get("og:title", [""])[0]),
        types=types,
        meta=meta,
        canonical=next((h.strip() for h in links if h.strip()), ""),
        lang=lang.strip(),
        title_tag=title,
    )


def _in_head(node: Node) -> bool:
    # <title> stands in SVG icons too.
    return all(a.tag != "svg" for a in node.iterancestors())


def types_of(node: dict[str, Any]) -> list[str]:
    """Types of a JSON-LD node in lower case, without the vocabulary's address."""
    raw = node.get("@type")
    many = raw if isinstance(raw, list) else [raw]
    return [t.rsplit("/", 1)[-1].lower() for t in many if isinstance(t, str)]


def _json_ld(root: Node) -> list[Any]:
    nodes: list[Any] = []
    for script in root.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower() or not script.text:
            continue
        raw = script.text.strip().removeprefix("<!--").removesuffix("-->").strip()
        raw = (
            raw.removeprefix("//<![CDATA[")
            .removeprefix("<![CDATA[")
            .removesuffix("//]]>")
            .removesuffix("]]>")
            .strip()
            .rstrip(";")
        )
        nodes.append(_load(raw))
    return nodes


def _load(raw: str) -> Any:
    """A JSON value, mended where need be. Of what cannot be mended the plain keys are picked."""
    try:
        return json.loads(raw, strict=False)
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(_COMMAS.sub(r"\1", raw), strict=False)
    except (ValueError, RecursionError):
        pass
    picked: dict[str, Any] = {}
    for key, value in _BARE.findall(raw):
        if key == "@type" and picked.get("@type", "").lower() in ARTICLE_TYPES:
            continue
        if key == "@type" or key not in picked:
            picked[key] = value.replace('\\"', '"').replace("\\/", "/")
    return picked


def _flatten(value: Any, depth: int = 0) -> list[dict[str, Any]]:
    """The nodes of a graph. Lists of other pages (``itemListElement``) and nested parts are not gone into."""
    if depth > 5:
        return []
    if isinstance(value, list):
        return [n for v in value for n in _flatten(v, depth + 1)]
    if not isinstance(value, dict):
        return []
    below = [n for key in ("@graph", "mainEntity", "mainEntityOfPage") for n in _flatten(value.get(key), depth + 1)]
    return [value, *below]


def _pick(nodes: list[dict[str, Any]], title: str) -> dict[str, Any]:
    """The node of the page's own article: a live blog first, then the one with the page's title, then the first."""
    found = [n for n in nodes if ARTICLE_TYPES.intersection(types_of(n))]
    if len(found) > 1:

        def rank(node: dict[str, Any]) -> tuple[bool, bool, bool]:
            headline = node.get("headline") or node.get("name") or ""
            same = (
                isinstance(headline, str)
                and bool(title)
                and squash(entities.unescape(headline)).casefold() == title.casefold()
            )
            return ("liveblogposting" not in types_of(node), not same, "datePublished" not in node)

        found.sort(key=rank)
    return found[0] if found else {}
