"""Dates at second sight: what a page without a plain date of its own still tells, the most telling place first.

Asked only where JSON-LD, the common meta names, the article's header and the feed gave nothing. The places: other
machine-written marks, ``time`` elements and elements named for a date, print behind a label or beside the title, data
in scripts, and at last the dates of change. Other articles' dates, comments and clocks stand in places of their own.
"""

import re
from collections.abc import Iterable, Iterator

from spiders.extract import jsonld, localdate
from spiders.extract.structured import Structured
from spiders.extract.tree import SILENT, Node, names_of, squash, text_of
from tocsin.records import DateCandidate

_OTHER_META = re.compile(
    r"publi(?:sh|c)|posted|created?(?:[._-]|$|d|at|on|time)|issued|pubdate|release|upload|(?:article|post|page|content|news)[._:-]?date"
    r"|^dc[.:].*date|^dcterms[.:](?:issued|available)|^date[._-]"
)
_NO_META = re.compile(
    r"publisher|modif|updat|expir|valid|revis|review|event|start|end|public[_-]?key|category|section|name|type|index"
)
_PROPS = ("datepublished", "published", "issued", "pubdate", "datecreated", "created", "date")
_ELSEWHERE = re.compile(
    r"(?:^|[\s_-])(?:comment(?:s|list|ary|author|meta|date)?|commentmetadata|kommentar\w*|repl(?:y|ies)|related\w*"
    r"|recommend\w*|teasers?|cards?|footer|copyright|masthead|site-?header|page-?header|top-?line|top-?bar"
    r"|nav|menu|navigation|breadcrumbs?|ticker|weather|clock|today|now|current-?date|header-?date|events?(?![_-]?date)|calendar"
    r"|most-?read|popular|trending|recent|latest|newest|archives?|widgets?|newsletter|cookies?|adverts?|ads|promo"
    r"|sponsored|carousel|slider|more-?(?:news|posts|stories)|read-?more|also|next|prev(?:ious)?)(?:$|[\s_-])"
    r"|cardcontainer|teaser|related"
)
_OWN = re.compile(
    r"(?:^|[\s_-])(?:meta|submitted|asset-footer|(?:entry|post|article|asset)-?(?:meta|info|footer))(?:$|[\s_-])"
)
_CARD = 4
"""Levels above a date within which another article's headline makes it that article's."""
_MANY = 12
_LINK_WORDS = 5
_PARAGRAPHS = 4
_TEASED = 800
"""Characters beyond which a block is a text of its own."""
_PUBLISHED = re.compile(r"publi[sc]h|entry-?date|post-?date|pub-?date|posted|created")
_CHANGED_NAME = re.compile(r"updat|modif")
_DATE_NAME = re.compile(
    r"(?:^|[\s_-])(?:date|datum|data|fecha|pubdate|datetime|timestamp|submitted|published|created|posted)(?:$|[\s_-])"
    r"|(?:^|[\s_-])(?:post|entry|article|news|author|page|byline)[\w-]{0,12}"
    r"(?:meta|info|data|date|time|details?)(?:$|[\s_-])"
    r"|(?:_|-|[a-z])date(?:$|[\s_-])|date(?:block|line|container|andauthor)|metadata|(?:^|\s)d(?:ate)?line"
)
_NO_DATE_NAME = re.compile(r"updat|modif|validat|candidate|current|today|header-date|event|expir|birth|deadline")
_LABEL = (
    r"published|publication date|posted|released|first published|date|issued|created|uploaded|written|press release"
    r"|опубліковано|дата(?: публікації| публикации)?|опубликовано|размещено|розміщено|додано|добавлено"
    r"|veröffentlicht|erschienen|erstellt|datum|stand|eingestellt|geschrieben|gespeichert|beitrag|pressemitteilung|meldung|vom"
    r"|publié|mise? en ligne|paru|posté|publicado|fecha|opublikowano|dodano|data|pubblicato|gepubliceerd|geplaatst"
)
_LABELLED = re.compile(rf"(?i)(?:^|[\W_])(?:{_LABEL})\b[^.!?;]{{0,50}}$")
_LABEL_ALONE = re.compile(rf"(?i)^\W*(?:{_LABEL})(?: am| le| el| on| vom)?\W*$")
CHANGED = re.compile(
    r"(?i)\b(?:updated|modified|last (?:reviewed|changed?)|оновлено|обновлено|изменено|змінено"
    r"|(?:letzte[rs]? )?(?:aktualisiert|aktualisierung|änderung|update)|geändert|mise? à jour|actualizado"
    r"|actualizaci[oó]n|aktualizacja|zaktualizowano|aggiornato|atualizado|bijgewerkt)\b"
)
"""A label of a date of change."""
_FOREIGN = re.compile(r"(?i)copyright|©|\(c\)|abgerufen|retrieved|accessed|gültig|valid|expires?|geboren|born")
_SCRIPT = re.compile(
    r"\\?[\"'](?:date_?published|published_?(?:at|date|on|time)?|publish_?(?:date|time|ed_?date)|post_?date(?:_?gmt)?|publication_?date"
    r"|pub_?date|article_?date|date_?created|first_?published(?:_?at)?)\\?[\"']\s*:\s*\\?[\"'](\d[^\"'\\]{7,40})",
    re.IGNORECASE,
)
_SCRIPTS = 400_000
"""Characters of scripts that are looked through."""
_MOST = 4000
_SPREAD = 40
"""Elements from the title, in the order of the document, within which a bare date is still the article's."""


def machine(facts: Structured, title: Node | None, *, month_first: bool) -> Iterator[DateCandidate]:
    """What machines wrote elsewhere than at first sight, the most trustworthy first. Lazy: who believes one stops."""
    yield from _work(facts)
    yield from _metas(facts)
    yield from _props(facts, title, month_first=month_first)
    yield from _times(facts, title)


def shown(root: Node, facts: Structured, title: Node | None, *, month_first: bool) -> Iterator[DateCandidate]:
    """What is written for people, or for the page's scripts, the most trustworthy first. Lazy as well."""
    yield from _named(facts, title, month_first=month_first)
    yield from _in_print(root, title, month_first=month_first)
    yield from (_machine(raw, "json-ld") for k in ("datePublished", "dateCreated") if (raw := facts.text(k)))
    yield from _scripts(root)


def changes(root: Node, facts: Structured, *, month_first: bool) -> Iterator[DateCandidate]:
    """Dates of change that stand for a date of publication where there is no other: in print, or the machine's."""
    for raw in (jsonld.plain(facts.work.get("dateModified")), facts.text("dateModified")):
        if raw:
            yield _machine(raw, "json-ld")
    for name, values in facts.meta.items():
        if _CHANGED_NAME.search(name):
            yield from (_machine(raw, "meta") for raw in values if raw)
    for text, _ in _lines(root):
        label = CHANGED.search(text)
        found = next(localdate.find(text[label.end() :], month_first=month_first), None) if label else None
        if found is not None and found.start < 25:
            yield DateCandidate(raw=found.raw, origin="text", value=found.value)


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


def _inside(node: Node) -> bool:
    """Whether a header or footer is that of an article or a part of the page, not the site's."""
    return any(above.tag in ("article", "main", "section") for above in node.iterancestors())


def _is_card(block: Node, node: Node) -> bool:
    """Whether a block shows another article: a heading or a link of several words, and no text of any length."""
    if len(block) > _MANY or len(block.findall(".//p")) > _PARAGRAPHS or len(text_of(block)) > _TEASED:
        return False
    own = {node, *node.iterancestors()}
    return any(
        n.tag != "a" or len(text_of(n).split()) >= _LINK_WORDS
        for n in block.iter("h2", "h3", "h4", "a")
        if n not in own and text_of(n)
    )


def _machine(raw: str, origin: str) -> DateCandidate:
    return DateCandidate(raw=raw[:80], origin=origin, value=localdate.parse_iso(raw))


def _work(facts: Structured) -> Iterator[DateCandidate]:
    for key in ("datePublished", "dateCreated", "uploadDate"):
        if raw := jsonld.plain(facts.work.get(key)):
            yield _machine(raw, "json-ld")


def _metas(facts: Structured) -> Iterator[DateCandidate]:
    for name, values in facts.meta.items():
        if _OTHER_META.search(name) and not _NO_META.search(name):
            yield from (_machine(raw, "meta") for raw in values if raw and any(c.isdigit() for c in raw))


def _props(facts: Structured, title: Node | None, *, month_first: bool) -> Iterator[DateCandidate]:
    """Microdata and RDFa: those of the article, or wherever it stands the only day that is marked so."""
    for prop in _PROPS:
        nodes = facts.nodes.props.get(prop, ())[:20]
        found = [(n, c) for n in nodes for c in _marked(n, month_first=month_first)]
        days = {c.value.date() for _, c in found if c.value is not None}
        yield from (c for n, c in found if len(days) == 1 or not elsewhere(n, title))


def _marked(node: Node, *, month_first: bool) -> Iterator[DateCandidate]:
    raw = node.get("content") or node.get("datetime") or node.get("title") or ""
    yield from [_machine(raw, "time")] if raw else _printed(text_of(node)[:80], month_first=month_first)


def _times(facts: Structured, title: Node | None) -> Iterator[DateCandidate]:
    """``time`` elements: those named for publication; else the nearest behind the title, or the only day there is."""
    own = [n for n in facts.nodes.tags.get("time", ())[:60] if not elsewhere(n, title)]
    kept = [n for n in own if _PUBLISHED.search(names_of(n)) or not _CHANGED_NAME.search(names_of(n))]
    named = [n for n in kept if _PUBLISHED.search(names_of(n))]
    found = [_machine(n.get("datetime") or text_of(n)[:80], "time") for n in named or _nearest(kept, facts, title)]
    days = {c.value.date() for c in found if c.value is not None}
    yield from found[:1] if len(days) == 1 or title is not None else ()


def _nearest(nodes: list[Node], facts: Structured, title: Node | None) -> list[Node]:
    place = facts.nodes.place
    if title is None or title not in place:
        return nodes
    return sorted(nodes, key=lambda n: (place[n] < place[title], abs(place[n] - place[title])))


def _named(facts: Structured, title: Node | None, *, month_first: bool) -> Iterator[DateCandidate]:
    """Print in an element whose class or id speaks of a date, the nearest to the title first."""
    nodes = [n for n, names in facts.nodes.named if _DATE_NAME.search(names) and not _NO_DATE_NAME.search(names)][:200]
    for node in _nearest(nodes, facts, title)[:40]:
        text = text_of(node)[:200] if len(node) < 12 else ""
        if 6 <= len(text) <= 160 and any(c.isdigit() for c in text) and not CHANGED.search(text[:40]):
            printed = list(_printed(text, month_first=month_first))
            if printed and not elsewhere(node, title):
                yield printed[0]


def _printed(text: str, *, month_first: bool) -> Iterator[DateCandidate]:
    for found in localdate.find(text, month_first=month_first):
        yield DateCandidate(raw=found.raw, origin="text", value=found.value)


def _lines(root: Node) -> Iterator[tuple[str, Node]]:
    """Short texts with a figure in them, with what stands right before them, and their elements."""
    body = root.find("body")
    before = ""
    for count, node in enumerate(body.iter()):
        if count > _MOST:
            return
        if not isinstance(node.tag, str) or node.tag in SILENT:
            continue
        for text in (node.text, *(c.tail for c in node)):
            if text and (line := squash(text[:400])):
                if any(c.isdigit() for c in line):
                    yield (f"{before} {line}" if _LABEL_ALONE.match(before) or CHANGED.search(before) else line), node
                before = line[-60:]


def _in_print(root: Node, title: Node | None, *, month_first: bool) -> Iterator[DateCandidate]:
    """Print behind a label, at the beginning of a paragraph, or by itself close to the title."""
    bare: list[DateCandidate] = []
    near = _around(title)
    for text, node in _lines(root):
        for found in localdate.find(text, month_first=month_first):
            lead = text[: found.start]
            if _FOREIGN.search(lead) or CHANGED.search(lead) or elsewhere(node, title):
                continue
            one = DateCandidate(raw=found.raw, origin="text", value=found.value)
            if _LABELLED.search(lead):
                yield one
            elif (
                node in near
                and (len(lead) <= 3 or localdate.is_date_line(text))
                and not _is_clock(found.raw, node, title)
            ):
                bare.append(one)
    yield from bare[:1]


def _around(title: Node | None) -> set[Node]:
    """Elements shortly before and after the title, inside of what holds title and text."""
    if title is None:
        return set()
    found: list[Node] = []
    here = title
    for _ in range(4):
        above = here.getparent()
        if above is None or above.tag == "body":
            break
        for sibling in here.itersiblings(preceding=True):
            found += [n for n in sibling.iter() if isinstance(n.tag, str)][:8]
        for sibling in here.itersiblings():
            found += [n for n in sibling.iter() if isinstance(n.tag, str)][:_SPREAD]
        here = above
        if len(found) > 3 * _SPREAD:
            break
    return set(found)


def _is_clock(raw: str, node: Node, title: Node | None) -> bool:
    """Whether a date looks like the site's clock: a weekday written out, before the title."""
    if title is None or not localdate.with_weekday(raw):
        return False
    return any(node is n for s in title.itersiblings(preceding=True) for n in s.iter()) or node.tag != "time"


def _scripts(root: Node) -> Iterator[DateCandidate]:
    """Dates of publication in the data of scripts, where all that are there name one day."""
    left, found = _SCRIPTS, []
    for script in root.iter("script"):
        text = (script.text or "")[:left]
        left -= len(text)
        if "ubli" in text or "ate" in text:
            found += [_machine(m[1], "script") for m in _SCRIPT.finditer(text)]
        if left <= 0 or len(found) > 20:
            break
    yield from _one_day(found)


def _one_day(found: Iterable[DateCandidate]) -> Iterator[DateCandidate]:
    read = [c for c in found if c.value is not None]
    if len({c.value.date() for c in read if c.value}) == 1:
        yield read[0]
