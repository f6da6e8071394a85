"""What a page is: article, live blog, gallery, or none of these; and why it is left out."""

import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import urlsplit

from spiders.extract.structured import Structured
from spiders.extract.tree import Node, count_words, text_of
from tocsin.addresses import canonical
from tocsin.records import Kind, Outlet, Page

_LISTS = re.compile(
    r"(?i)^/(?:[a-z]{2}(?:[-_][a-z]{2})?/)?(?:section|sections|category|categories|tags?|topics?|themes?"
    r"|search|authors?|archive|archives|page|rubric|rubrics|rubrik|kategorie|label|feed|news/page|tema|temas)(?:/|$)"
)
_ROOT = re.compile(r"(?i)^/?(?:(?:[a-z]{2}(?:[-_][a-z]{2})?|ukr|rus|eng)/?)?(?:index\.(?:html?|php)|home/?)?$")
_WORD = re.compile(r"^/[^\W\d_]+/?$")
_NOT_FOUND = re.compile(
    r"(?i)^\W*(?:(?:error\s*)?404\b|page not found|not found|сторінк\w+ не знайдено|страниц\w+ не найден\w+"
    r"|seite nicht gefunden|page introuvable|página no encontrada|nie znaleziono strony|this page (?:does"
    r"|doesn)|oops)"
)
_WALLS = (
    (
        "script wall",
        re.compile(
            r"(?i)enable javascript|javascript is (?:disabled|required)|just a moment|checking (?:if|your browser)"
            r"|verify (?:that )?you are (?:a )?human|are you a robot|attention required|увімкніть javascript"
            r"|включите javascript"
        ),
    ),
    (
        "cookie wall",
        re.compile(
            r"(?i)(?:accept|consent|agree|use of|uses?|allow)\b.{0,60}\bcookies?|cookies?\b.{0,60}\b(?:accept"
            r"|consent|agree|continue)|zustimmen.{0,80}cookie|cookie.{0,80}(?:zustimm|akzept|согла|погод)"
            r"|accepter.{0,80}cookie"
        ),
    ),
    (
        "paywall",
        re.compile(
            r"(?i)subscribe to (?:read|continue)|subscribers? only|to continue reading|already a subscriber"
            r"|for subscribers|nur für abonnenten|réservé aux abonnés|только для подписчиков|лише для передплатників"
        ),
    ),
)
_CONSENT = re.compile(
    r"(?i)cookies?|our (?:\d+ )?partners|personal data|accept all|reject all|(?:manage|your) (?:options|choices)"
    r"|legitimate interest|consent|einwilligung|alle akzeptieren|berechtigtes interesse|tout accepter"
    r"|прийняти всі|файли cookie|персональн\w+ дан\w+|принять все|файлы cookie"
)
"""What consent walls are made of."""
_TELLING = 4
_LONGEST_WALL = 200
_GALLERY = re.compile(r"(?i)/(?:gallery|galleries|photos?|photo-?galler\w+|fotogaler\w+|bilder|diaporama|fotos|foto)/")
_VIDEO = re.compile(r"(?i)/(?:videos?|watch|tv)/")
_LEAST = 40
"""Words of an article."""
_LEAST_LISTED = 12
"""Words of a flash that a feed or a news sitemap calls news."""
_SERIES = 2
_CARDS = 8
_PARAGRAPHS = 3
_LONG = 25


def is_front(page: Page) -> bool:
    """Whether the address is a start page or, by its form, a list of pages."""
    return bool(is_root(page.fetched_url or page.url) or _LISTS.match(urlsplit(page.fetched_url or page.url).path))


def is_list(url: str) -> bool:
    """Whether an address has the form of a list of pages: a section by its hint, or one bare word."""
    path = urlsplit(url).path
    return bool(_LISTS.match(path) or _WORD.match(path))


def is_root(url: str) -> bool:
    """Whether an address names a whole site."""
    parts = urlsplit(url)
    return bool(_ROOT.match(parts.path)) and not parts.query


def before_text(root: Node, facts: Structured, page: Page, outlet: Outlet) -> tuple[str, str]:
    """Reason and detail to leave a page out without reading its text; two empty strings to go on."""
    title = facts.title_tag or facts.first("og:title")
    heading = next((text_of(n) for n in root.iter("h1")), "")
    if not facts.is_article and (_NOT_FOUND.match(heading) or (_NOT_FOUND.match(title) and len(title) < 60)):
        return "soft 404", f"the page is titled “{(heading or title)[:80]}”"
    fetched = page.fetched_url or page.url
    if (is_root(fetched) or canonical(fetched) == canonical(outlet.home)) and not facts.is_article:
        return "not an article", "the address is a start page"
    if facts.is_article or facts.first("og:type").lower() in ("article", "news", "blog"):
        return "", ""
    if page.listing is not None and page.listing.source in ("feed", "sitemap"):
        return "", ""
    if is_front(page):
        return "not an article", "the address is that of a list of pages"
    if facts.is_list:
        return "not an article", "the page calls itself a list of pages"
    cards = sum(1 for n in root.iter("article") if next(n.iter("a"), None) is not None and not any(_long(n)))
    if cards >= _CARDS and len(list(islice(_long(root), _PARAGRAPHS))) < _PARAGRAPHS:
        return "not an article", f"the page lists {cards} articles"
    return "", ""


def _long(node: Node) -> Iterator[bool]:
    """One True for each long paragraph in an element."""
    return (True for p in node.iter("p") if count_words(text_of(p)) > _LONG)


def after_text(page_text: str, text: str, facts: Structured, *, pictures: bool, listed: bool) -> tuple[str, str]:
    """Reason and detail to leave a page out after its text was read; two empty strings to keep it.

    ``page_text`` is the beginning of the page's whole visible text; ``pictures`` says that it shows a series of them,
    ``listed`` that a feed or a sitemap names the page.
    """
    count = count_words(text)
    if count < _LONGEST_WALL and len({found.casefold() for found in _CONSENT.findall(text)}) >= _TELLING:
        return "cookie wall", f"{count} words of text, all of them about consent"
    if count >= _LEAST:
        return "", ""
    if not facts.is_article or count < 5:
        for name, pattern in _WALLS:
            if pattern.search(page_text):
                return name, f"{count} words of text beside a {name}"
        if pictures:
            return "gallery without text", f"{count} words of text beside pictures"
        least = _LEAST_LISTED if listed else _LEAST
        if count < least:
            return "text too short", f"{count} words; at least {least} are needed"
    return "", ""


def has_pictures(root: Node, facts: Structured, page: Page) -> bool:
    """Whether a page shows a series of pictures."""
    return kind_of(facts, page) == "gallery" or sum(1 for _ in root.find("body").iter("figure")) >= _SERIES


def kind_of(facts: Structured, page: Page) -> Kind:
    """Kind of the page by its own words, else by its address."""
    path = urlsplit(page.fetched_url or page.url).path + "/"
    if "liveblogposting" in facts.types:
        return "live"
    if facts.types & {"imagegallery", "mediagallery"} or (_GALLERY.search(path) and not facts.is_article):
        return "gallery"
    if (
        (facts.types & {"videoobject"} and not facts.is_article)
        or facts.first("og:type").lower().startswith("video")
        or (_VIDEO.search(path) and not facts.is_article)
    ):
        return "video"
    return "article"
