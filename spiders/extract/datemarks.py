"""Dates at second sight: what a page without a plain date of its own still tells, the most telling place first.

Asked only where JSON-LD, the common meta names, the article's header and the feed gave nothing. The places: other
machine-written marks, ``time`` elements and elements named for a date, print behind a label or beside the title, data
in scripts, and at last the dates of change. Other articles' dates, comments and clocks stand in places of their own.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from lxml import etree

from spiders.extract import jsonld, localdate
from spiders.extract.dateheader import FIGURE, LONGEST_LINE, brief
from spiders.extract.dateplace import elsewhere
from spiders.extract.phrases import WEATHER
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
_BEFORE = 4
_NAMED = 40
_PUBLISHED = re.compile(r"publi[sc]h|entry-?date|post-?date|pub-?date|posted|created")
_CHANGED_NAME = re.compile(r"updat|modif")
_DATE_NAME = re.compile(
    r"(?:^|[\s_-])(?:date|datum|data|fecha|pubdate|datetime|timestamp|submitted|published|created|posted|byline)(?:$|[\s_-])"
    r"|(?:^|[\s_-])(?:post|entry|article|news|author|page|byline)[\w-]{0,12}"
    r"(?:meta|info|data|date|time|details?)(?:$|[\s_-])"
    r"|(?:_|-|[a-z])date(?:$|[\s_-])|date(?:block|line|container|andauthor)|metadata|(?:^|\s)d(?:ate)?line"
)
_AN_ARTICLES = re.compile(r"post|entry|article|author|byline|publi|submitted")
_NO_DATE_NAME = re.compile(r"updat|modif|validat|candidate|current|today|header-date|event|expir|birth|deadline")
_LABEL = (
    r"published|publication date|posted|released|first published|date|issued|created|uploaded|written|press release"
    r"|опубліковано|дата(?: публікації| публикации)?|опубликовано|размещено|розміщено|додано|добавлено"
    r"|veröffentlicht|erschienen|erstellt|datum|stand|eingestellt|geschrieben|gespeichert|beitrag|pressemitteilung|meldung|vom"
    r"|publié|mise? en ligne|paru|posté|publicado|fecha|opublikowano|dodano|data|pubblicato|gepubliceerd|geplaatst"
)
_LABELLED = re.compile(rf"(?i)(?:^|[\W_])(?:{_LABEL})\b[^.!?;]{{0,50}}$")
_LEAD = 70
"""Characters before a date beyond which a word is no label of it."""
_SENTENCE = 14
"""Words from which a line is no label with a date."""
_BY = re.compile(r"^\W*(?:[Vv]on|[Bb]y|BY|VON|[Pp]ar|[Pp]or|[Aa]uth?or|[Дд]жерело|Автор)\W\s*[^.!?;]{3,40}$")
_LABEL_FIRST = re.compile(
    rf"(?i)^\W*(?:{_LABEL}|(?:this|dieser|cet|este) (?:entry|post|article|beitrag|eintrag|artikel|billet|artículo))\b"
    r"[^.!?;]{0,50}$"
)
"""In a sentence the same word is no label unless it begins with it."""
_LABEL_ALONE = re.compile(rf"(?i)^\W*(?:{_LABEL})(?: am| le| el| on| vom)?\W*$")
CHANGED = re.compile(
    r"(?i)\b(?:updated|modified|last (?:reviewed|changed?)|оновлено|обновлено|изменено|змінено"
    r"|(?:letzte[rs]? )?(?:aktualisiert|aktualisierung|änderung|update)|geändert|mise? à jour|actualizado"
    r"|actualizaci[oó]n|aktualizacja|zaktualizowano|aggiornato|atualizado|bijgewerkt)\b"
)
"""A label of a date of change."""
FOREIGN = re.compile(
    r"(?i)copyright|©|\(c\)|\b(?:received|accepted|revised)\b|abgerufen|retrieved|accessed|gültig|valid|expires?|geboren"
    r"|born"
)
"""What is said before a date that is another one than that of publication."""
SCRIPT = re.compile(
    r"\\?[\"'](?:date_?published|published_?(?:at|date|on|time)?|publish_?(?:date|time|ed_?date)|post_?date(?:_?gmt)?"
    r"|publication_?date|pub_?date|article_?date|date_?created|first_?published(?:_?at)?)\\?[\"']\s*:\s*\\?[\"'](\d[^\"'\\]{7,40})",
    re.IGNORECASE,
)
_SCRIPTS = 400_000
"""Characters of scripts that are looked through."""
_MOST = 8000
"""Beginnings and ends of elements."""
_NEAR_WEATHER = 2
_SPREAD = 40
"""Elements from the title, in the order of the document, within which a bare date is still the article's."""


Lines = Callable[[], list[tuple[str, Node]]]
"""Gives the lines of a page (``lines_of``), which several looks need and most pages do not."""


def machine(facts: Structured, title: Node | None, *, month_first: bool) -> Iterator[DateCandidate]:
    """What machines wrote elsewhere than at first sight, the most trustworthy first. Lazy: who believes one stops."""
    yield from _work(facts)
    yield from _metas(facts)
    yield from _props(facts, title, month_first=month_first)
    yield from _times(facts, title)


def shown(
    root: Node, facts: Structured, title: Node | None, lines: Lines, *, month_first: bool
) -> Iterator[DateCandidate]:
    """What is written for people, or for the page's scripts, the most trustworthy first. Lazy as well."""
    yield from _in_print(title, lines, month_first=month_first)
    yield from (machine_date(raw, "json-ld") for k in ("datePublished", "dateCreated") if (raw := facts.text(k)))
    yield from _scripts(root)


def changes(facts: Structured, lines: Lines, *, month_first: bool) -> Iterator[DateCandidate]:
    """Dates of change that stand for a date of publication where there is no other: in print, or the machine's."""
    for raw in (jsonld.plain(facts.work.get("dateModified")), facts.text("dateModified")):
        if raw:
            yield machine_date(raw, "json-ld")
    for name, values in facts.meta.items():
        if _CHANGED_NAME.search(name):
            yield from (machine_date(raw, "meta") for raw in values if raw)
    for text, _ in lines():
        label = CHANGED.search(text)
        found = next(localdate.find(text[label.end() :], month_first=month_first), None) if label else None
        if found is not None and found.start < 25:
            yield DateCandidate(raw=found.raw, origin="text", value=found.value)


def machine_date(raw: str, origin: str) -> DateCandidate:
    """What a machine wrote as a date, readable or not."""
    return DateCandidate(raw=raw[:80], origin=origin, value=localdate.parse_iso(raw))


def _work(facts: Structured) -> Iterator[DateCandidate]:
    for key in ("datePublished", "dateCreated", "uploadDate"):
        if raw := jsonld.plain(facts.work.get(key)):
            yield machine_date(raw, "json-ld")


def _metas(facts: Structured) -> Iterator[DateCandidate]:
    for name, values in facts.meta.items():
        if _OTHER_META.search(name) and not _NO_META.search(name):
            yield from (machine_date(raw, "meta") for raw in values if raw and any(c.isdigit() for c in raw))


def _props(facts: Structured, title: Node | None, *, month_first: bool) -> Iterator[DateCandidate]:
    """Microdata and RDFa: those of the article, or wherever it stands the only day that is marked so."""
    for prop in _PROPS:
        nodes = facts.nodes.props.get(prop, ())[:20]
        found = [(n, c) for n in nodes for c in _marked(n, month_first=month_first)]
        days = {c.value.date() for _, c in found if c.value is not None}
        yield from (c for n, c in found if len(days) == 1 or not elsewhere(n, title))


def _marked(node: Node, *, month_first: bool) -> Iterator[DateCandidate]:
    raw = node.get("content") or node.get("datetime") or node.get("title") or ""
    yield from [machine_date(raw, "time")] if raw else _printed(text_of(node)[:80], month_first=month_first)


def _times(facts: Structured, title: Node | None) -> Iterator[DateCandidate]:
    """``time`` elements: those named for publication; else the nearest behind the title, or the only day there is."""
    own = [n for n in facts.nodes.tags.get("time", ())[:60] if not elsewhere(n, title)]
    kept = [n for n in own if _PUBLISHED.search(names_of(n)) or not _CHANGED_NAME.search(names_of(n))]
    named = [n for n in kept if _PUBLISHED.search(names_of(n))]
    found = [machine_date(n.get("datetime") or text_of(n)[:80], "time") for n in named or _nearest(kept, facts, title)]
    days = {c.value.date() for c in found if c.value is not None}
    yield from found[:1] if len(days) == 1 or title is not None else ()


def _nearest(nodes: list[Node], facts: Structured, title: Node | None) -> list[Node]:
    """Elements by their distance from the title; what stands before it counts as farther away."""
    place = facts.nodes.place
    if title is None or title not in place:
        return nodes
    here = place[title]
    return sorted(nodes, key=lambda n: place[n] - here if place[n] > here else _BEFORE * (here - place[n]))


def named(facts: Structured, title: Node | None, *, month_first: bool) -> Iterator[DateCandidate]:
    """Print in an element whose class or id speaks of a date, the nearest to the title first."""
    nodes = [n for n, names in facts.nodes.named if _DATE_NAME.search(names) and not _NO_DATE_NAME.search(names)][:200]
    for node in _nearest(nodes, facts, title)[:_NAMED]:
        text = brief(node, LONGEST_LINE) if len(node) < 12 else ""
        if len(text) >= 6 and FIGURE.search(text) and not CHANGED.search(text[:40]):
            printed = list(_printed(text, month_first=month_first))
            if printed and not elsewhere(node, title) and _is_framed(node, title, facts):
                yield printed[0]


def _is_framed(node: Node, title: Node | None, facts: Structured) -> bool:
    """Whether a date before the title shares a block with it that holds no part of the site: clocks stand outside."""
    place = facts.nodes.place
    if title is None or title not in place or place[node] > place[title] or _AN_ARTICLES.search(names_of(node)):
        return True
    above = set(title.iterancestors())
    block = next((n for n in node.iterancestors() if n in above), None)
    return block is not None and block.tag != "body" and next(block.iter("nav", "header"), None) is None


def _printed(text: str, *, month_first: bool) -> Iterator[DateCandidate]:
    for found in localdate.find(text, month_first=month_first):
        yield DateCandidate(raw=found.raw, origin="text", value=found.value)


def lines_of(root: Node) -> Iterator[tuple[str, Node]]:
    """Short texts with a figure in them, with what stands right before them, and their elements."""
    before = ""
    for text, node in _texts(root.find("body")):
        line = squash(text[:400])
        if not line:
            continue
        if FIGURE.search(line):
            yield (f"{before} {line}" if _LABEL_ALONE.match(before) or CHANGED.search(before) else line), node
        before = line[-60:]


def _texts(body: Node) -> Iterator[tuple[str, Node]]:
    """Texts in the order of the page, each with the element whose own it is."""
    walk = etree.iterwalk(body, events=("start", "end"))
    for count, (event, node) in enumerate(walk):
        if count > _MOST:
            return
        if event == "start" and node.tag in SILENT:
            walk.skip_subtree()
        elif event == "start" and node.text:
            yield node.text, node
        elif event == "end" and node.tail and node is not body:
            yield node.tail, node.getparent()


def _in_print(title: Node | None, lines: Lines, *, month_first: bool) -> Iterator[DateCandidate]:
    """Print behind a label or by itself close to the title; then what stands behind a label anywhere."""
    bare: list[DateCandidate] = []
    far: list[DateCandidate] = []
    near = _around(title)
    weather = 0
    for text, node in lines():
        weather = _NEAR_WEATHER if WEATHER.match(text) else weather - 1
        for found in localdate.find(text, month_first=month_first):
            lead = text[: found.start]
            if FOREIGN.search(lead) or CHANGED.search(lead) or elsewhere(node, title):
                continue
            one = DateCandidate(raw=found.raw, origin="text", value=found.value)
            if is_labelled(text, lead) and node in near:
                yield one
            elif is_labelled(text, lead):
                far.append(one)
            elif (
                node in near
                and weather < 0
                and (len(lead) <= 3 or localdate.is_date_line(text))
                and not _is_clock(found.raw, node, title)
            ):
                bare.append(one)
    yield from bare[:1]
    yield from far


def is_labelled(text: str, lead: str) -> bool:
    """Whether what stands before a date says that it is the day of publication; in a sentence only its first word."""
    if len(lead) > _LEAD:
        return False
    if len(text.split()) > _SENTENCE:
        return bool(_LABEL_FIRST.search(lead))
    return bool(_LABELLED.search(lead) or _BY.search(lead))


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
            found += [machine_date(m[1], "script") for m in SCRIPT.finditer(text)]
        if left <= 0 or len(found) > 20:
            break
    yield from one_day(found)


def one_day(found: Iterable[DateCandidate]) -> Iterator[DateCandidate]:
    """The first of candidates that all name one day."""
    read = [c for c in found if c.value is not None]
    if len({c.value.date() for c in read if c.value}) == 1:
        yield read[0]
