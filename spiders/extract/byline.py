"""The byline as it stands on a page: elements named so, links to an author's page, lines that begin with ``By``."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice

from spiders.extract.brief import is_longer, text_within
from spiders.extract.people import Name, is_by, is_other_credit, names_in
from spiders.extract.structured import Structured
from spiders.extract.tree import Node, following, furniture_of, lines_of, names_of, squash

Sites = frozenset[str]
"""What the site is called, each as letters and digits only."""

_MARK = re.compile(
    r"author|by-?_?line|autor|auteur|writer|reporter|contributor|avtor|journalist|signature|posted-?by|written-?by|vcard"
    r"|h-card|username|redakteur|(?:^|[\s_-])(?:by|sig|firma|skribent|creator)(?:$|[\s_-])|(?:^|\s)a(?:$|\s)"
)
_NO_MARK = re.compile(
    r"authori[tz]|author(?:s|ed)?[\w-]*[-_](?:bio|desc\w*|img|image|avatar|photo|picture|pic|social|job|jobtitle|title"
    r"|role|position|follow|twitter|email|contact|date|time|posts?|articles?|links|more|about|count|excerpt)(?:$|[\s_-])"
    r"|comment|respon[ds]|pingback|reviewer|photograph|caption|related|recommend|newsletter|popular|trending|most-read"
    r"|latest|widget|teaser|promo|copyright|disqus|footer|no-author|author-(?:box|list)-more|archive-author"
)
_OUTRIGHT = re.compile(
    r"(?:^|[\s_-])(?:authors?|by-?line|fn|writer|autor(?:en|es)?|auteurs?|avtor|username)(?:$|\s)"
    r"|(?:author|writer|autor)_*-?name|byline_*-?(?:name|author)"
)
_AUTHOR_PAGE = re.compile(r"(?i)/(?:authors?|autor(?:en|es)?|auteurs?|avtory?|by)/[^/]")
_FOREIGN = re.compile(
    r"comment|respon[ds]e?s|pingback|disqus|related|recommend|popular|trending|latest|listing|most-read|teaser"
    r"|newsletter|(?:site|page|main|global)-?footer|carousel|slider|more-|next-|prev|reviews?-list|read-?more|also-?like"
    r"|upsell|promo"
)
_NEVER = frozenset(("body", "html", "form", "input", "textarea", "img", "time", "figure", "figcaption"))
_RIGHT = re.compile(r"text-align:\s*right|(?:text|align)-?(?:align-)?right|^right")
_SIGNED = re.compile(r"(?i)^\W*(?:текст|автор\w*|texte?|texto|tekst|autor\w*|auth?ors?|auteurs?|written by|von|by)\b")
_AFTER = 260
"""Elements below the title among which its byline is looked for; above it are a third as many."""
_LONGEST_BYLINE = 250
_LONGEST_LINE = 200
_LONGEST_NAME = 80
_LINES = 300
_MOST = 400


def persons_of(names: Iterable[Name]) -> list[Name]:
    """The persons among names."""
    return [n for n in names if n.sort == "person"]


def everywhere(facts: Structured) -> list[Node]:
    """Elements that their marks call an author's, in the order of the page."""
    nodes = facts.nodes
    found = {n: None for n, names in nodes.named if _is_mark(names)}
    found |= dict.fromkeys([*nodes.author_links, *nodes.props.get("author", ()), *nodes.props.get("creator", ())])
    return sorted(found, key=lambda n: nodes.place[n])[:_MOST]


def near(facts: Structured, title: Node | None) -> list[Node]:
    """Such elements around the title, the closest first, and those above it as if they were thrice as far."""
    place = facts.nodes.place
    holder = None if title is None else next((n for n in (title, *title.iterancestors()) if n in place), None)
    if holder is None:
        return everywhere(facts)
    here = place[holder]
    away = {n: place[n] - here if place[n] > here else 3 * (here - place[n]) for n in everywhere(facts)}
    return sorted((n for n, far in away.items() if far <= _AFTER), key=lambda n: away[n])


@lru_cache(8192)
def _is_mark(names: str) -> bool:
    # The same names come again and again, on one page and on the next of the same outlet.
    return _MARK.search(names) is not None and _NO_MARK.search(names) is None


@lru_cache(8192)
def _is_foreign_name(names: str) -> bool:
    return _FOREIGN.search(names) is not None


def is_marked(node: Node) -> bool:
    """Whether an element is said to be the author by a standard: microdata, RDFa, ``rel``, h-card."""
    said = f"{node.get('itemprop') or ''} {node.get('property') or ''} {node.get('rel') or ''}".lower()
    return "author" in said or "creator" in said or "p-author" in (node.get("class") or "")


def marked(nodes: list[Node], title: Node | None, sites: Sites) -> list[Name]:
    """Names in marked elements, of which the first are believed most.

    The first that has a person, or that is named outright an author's, is the byline; persons close to it belong to it.
    """
    shared = set() if title is None else {title, *title.iterancestors()}
    persons: list[Name] = []
    spare: list[Name] = []
    block: Node | None = None
    inner = _inner(nodes)
    for node in nodes:
        if block is not None and block not in node.iterancestors():
            continue
        within = _best_of([_in_element(i, shared, sites) for i in inner.get(node, ())])
        names = within or _in_element(node, shared, sites)
        persons += [n for n in persons_of(names) if n not in persons]
        if block is None and (persons or (names and _is_outright(node))):
            block = _block_of(node, shared)
        spare = spare or names
    return _shortest(persons) or spare


def _inner(nodes: list[Node]) -> dict[Node, list[Node]]:
    """The marked elements within each of them that have none within themselves."""
    own = set(nodes)
    above = {node: [a for a in node.iterancestors() if a in own] for node in nodes}
    outer = {a for many in above.values() for a in many}
    found: dict[Node, list[Node]] = {}
    for node in nodes:
        for a in above[node] if node not in outer else ():
            found.setdefault(a, []).append(node)
    return {a: many[:10] for a, many in found.items()}


def _best_of(found: list[list[Name]]) -> list[Name]:
    """Of the names of several elements the first with a person, or else the first that has any."""
    return next((names for names in found if persons_of(names)), next((names for names in found if names), []))


def _shortest(names: list[Name]) -> list[Name]:
    """Names without those that are another one with a word behind it: ``Jane Roe ESPN`` beside ``Jane Roe``."""
    texts = [n.text.casefold() for n in names]
    return [n for n in names if not any(n.text.casefold().startswith(t + " ") for t in texts)]


def _is_outright(node: Node) -> bool:
    """Whether an element is named an author's and nothing else."""
    page = node.tag == "a" and _AUTHOR_PAGE.search(node.get("href") or "")
    return is_marked(node) or bool(page) or _OUTRIGHT.search(names_of(node)) is not None


def _block_of(node: Node, shared: set[Node]) -> Node:
    """The largest element around a name that is still a byline: short, and without the title."""
    block = node
    for here in node.iterancestors():
        if here in shared or here.tag in ("body", "article", "main") or not text_within(here, _LONGEST_BYLINE):
            break
        block = here
    return block


def _in_element(node: Node, shared: set[Node], sites: Sites) -> list[Name]:
    if node in shared or node.tag in _NEVER or is_longer(node, _LONGEST_LINE) or _is_foreign(node, shared):
        return []
    text, parent = _line_of(node), node.getparent()
    if not text or len(text) > _LONGEST_LINE or is_other_credit(text) or is_other_credit(squash(parent.text or "")):
        return []
    # A link in the middle of a paragraph leads to a person that is written about.
    said = node.tag != "a" or "author" in f"{node.get('rel')} {names_of(node)}"
    if not said and not text_within(parent, len(text) + _LONGEST_NAME):
        return []
    parts = [text_within(n, _LONGEST_NAME) for n in node.iter("a", "li")]
    named = [n for part in parts if part and part != text for n in names_in(part, sites)]
    return named if persons_of(named) else names_in(text, sites)


def _line_of(node: Node) -> str:
    """Text of an element on one line, its blocks set apart by a bar; without any, the name its attributes give."""
    lines = [node.text or ""] if len(node) == 0 else lines_of(node).split("\n")
    text = " | ".join(line for line in map(squash, lines) if line)
    if text:
        return text
    inner = next((n for n in node.iter("meta") if (n.get("itemprop") or "").lower() == "name"), node)
    return squash(inner.get("content") or "")


def _is_foreign(node: Node, shared: set[Node]) -> bool:
    """Whether an element belongs to a comment, a teaser or furniture, up to what it shares with the title."""
    for here in (node, *node.iterancestors()):
        if here in shared or here.tag == "body":
            return False
        if here.tag in ("nav", "figure", "figcaption") or _is_footer(here) or _is_foreign_name(names_of(here)):
            return True
        if (here.get("itemprop") or "").lower() == "comment":
            return True
    return False


def _is_footer(node: Node) -> bool:
    # The footer of an article often says who wrote it.
    return node.tag == "footer" and all(a.tag not in ("article", "main") for a in node.iterancestors())


def announced(title: Node | None, sites: Sites) -> list[Name]:
    """Names behind a ``By`` below the title."""
    for own, holder in _texts_below(title):
        if len(own) > 120 or own.isspace() or not is_by(squash(own) + " X"):
            continue
        names = [] if is_longer(holder, _LONGEST_BYLINE) else _behind(squash(own), holder, sites)
        if names and names[0].sort != "handle" and not furniture_of(holder, title):
            return names
    return []


def _texts_below(title: Node | None) -> Iterator[tuple[str, Node]]:
    """Texts below the title with the elements that hold them."""
    if title is None:
        return
    yield title.tail or " ", title.getparent()
    for node in islice(following(title), _LINES):
        yield node.text or " ", node
        yield node.tail or " ", node.getparent()


def _behind(own: str, holder: Node, sites: Sites) -> list[Name]:
    """Names of a line that announces its author: in the same text, in the element, or beside a mere label."""
    for text in (own, text_within(holder, _LONGEST_BYLINE), text_within(holder.getparent(), 150)):
        if is_by(text) and (names := names_in(text, sites)):
            return names
    return names_in(text_within(holder.getnext(), _LONGEST_NAME), sites) if len(own) <= 30 else []


def signed(root: Node, title: Node | None, sites: Sites) -> list[Name]:
    """Persons in a line of their own that says whose text it is, mostly below it; or alone in bold above the text."""
    for node, right in islice(_signatures(root), _LINES):
        own, text = squash(node.text or ""), text_within(node, 120)
        if not text or not (right or is_by(own + " X")) or furniture_of(node, title):
            continue
        names = persons_of(names_in(text, sites) if right else _behind(own, node, sites))
        if names:
            return names
    return _alone(title, sites)


def _signatures(root: Node) -> Iterator[tuple[Node, bool]]:
    """Elements that may be signatures, and whether they are so by standing on the right."""
    for node in root.iter("p", "em", "i", "strong", "b", "small", "span", "div", "td", "li"):
        own = node.text or ""
        right = node.tag == "p" and len(own) <= 60 and _RIGHT.search(_placing(node)) is not None
        if right or (len(own) <= 120 and _SIGNED.match(own)):
            yield node, right


def _placing(node: Node) -> str:
    return f"{node.get('align') or ''} {node.get('style') or ''} {node.get('class') or ''}".lower()


def _alone(title: Node | None, sites: Sites) -> list[Name]:
    """Persons that a paragraph between title and text names, in bold or italics, and nothing else."""
    for node in islice(following(title), _LINES) if title is not None else ():
        if node.tag != "p" or not "".join(islice(node.itertext(), 50)).strip():
            continue
        text = text_within(node, _LONGEST_LINE)
        inner = sum(len(text_within(n, _LONGEST_LINE)) for n in node if n.tag in ("strong", "b", "em", "i"))
        if not text or inner < len(text) - 3 or furniture_of(node, title):
            return []
        if len(text) <= _LONGEST_NAME and (names := persons_of(names_in(text, sites))):
            return names
    return []
