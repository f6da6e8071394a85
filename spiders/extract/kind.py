"""What a page is: article, live blog, bulletin, gallery, video, or none of these; and why it is left out.

A page is looked at twice: at its tree before the text is read (``look``), and with its text (``judge``).
"""

import re
from typing import Any
from urllib.parse import urlsplit

import msgspec

from spiders.extract import cards, walls
from spiders.extract.phrases import is_paragraph
from spiders.extract.structured import Structured
from spiders.extract.tree import Node, count_words, lines_of, text_of
from tocsin.addresses import canonical, looks_like_article
from tocsin.records import Kind, Outlet, Page

NO_ARTICLE = "not an article"
SHORT = "text too short"
READABLE = (NO_ARTICLE, SHORT, "gallery without text", "video without text", "paywall")
"""Reasons for leaving a page out that speak of what the crawler wants, not of what the page holds."""

_LISTS = re.compile(
    r"(?i)^/(?:[a-z]{2}(?:[-_][a-z]{2})?/)?(?:section|sections|category|categories|tags?|topics?|themes?"
    r"|search|authors?|archive|archives|page|rubric|rubrics|rubrik|kategorie|label|feed|news/page|tema|temas)(?:/|$)"
)
_SURE_LISTS = re.compile(
    r"(?i)^/(?:[a-z]{2}(?:[-_][a-z]{2})?/)?(?:(?:category|categories|tags?|search|authors?|rubrics?|rubrik|kategorie"
    r"|label|feed)(?:/|$)|(?:\w{4,10})(?:/\d{1,4}){0,3}/?$)"
)
_ROOT = re.compile(r"(?i)^/?(?:(?:[a-z]{2}(?:[-_][a-z]{2})?|ukr|rus|eng)/?)?(?:index\.(?:html?|php)|home/?)?$")
_WORD = re.compile(r"^/[^\W\d_]+/?$")
_GALLERY = re.compile(r"(?i)/(?:gallery|galleries|photos?|photo-?galler\w+|fotogaler\w+|bilder|diaporama|fotos|foto)/")
_VIDEO = re.compile(r"(?i)/(?:videos?|watch|tv)/")
_DIGEST = re.compile(
    r"(?i)^\W*(?:(?:\w+ )?(?:morning|evening|daily|weekly|nightly|midday) (?:briefing|bulletin|digest|round-?up"
    r"|brief)\b"
    r"|the day in brief|(?:news|world|week) (?:in brief|round-?up|digest)|today[’']s (?:top )?(?:headlines|news"
    r"|stories)"
    r"|(?:the )?top (?:news|stories|headlines) (?:of|for) (?:the day|today|the week)"
    r"|(?:\d+|two|three|four|five|six|seven|eight|nine|ten) things (?:to know|you need to know)"
    r"|(?:головн\w{1,2}|найважливіше|підсумки|новини|дайджест|важливі новини|топ[- ]?новини)(?: новини| події)?"
    r" (?:за|на|до)? ?(?:день|добу|ніч|ранок|ранку|вечір|вечора|тиждень|дня|доби|ночі|тижня|\d{1,2} \w{3,12})(?![\w’'])"
    r"|(?:ранковий|вечірній|щоденний|тижневий) (?:дайджест|випуск|брифінг)"
    r"|(?:главн\w{2,3}|самое важное|итоги|новости|дайджест)(?: новости| события)?"
    r" (?:за|на|к)? ?(?:день|сутки|ночь|утро|утру|вечер|вечеру|неделю|дня|суток|ночи|недели|\d{1,2} \w{3,12})(?!\w)"
    r"|(?:утренн\w{2}|вечерн\w{2}|ежедневн\w{2}) (?:дайджест|выпуск|брифинг)"
    r"|(?:der|die|das) (?:tag|woche|nacht|lage) (?:im überblick|kompakt|am \w{5,8})|(?:morgen|abend)(?:lage|briefing)"
    r"|nachrichten(?:überblick)?(?: vom tag| kompakt| am \w{5,8})"
    r"|(?:l[’']essentiel|l[’']actu\w{0,6}) (?:du|de la) (?:jour|semaine)|ce qu[’']il faut retenir"
    r"|(?:las )?(?:principales )?noticias (?:del día|de la semana)|(?:el )?resumen (?:del día|de la)"
    r"|(?:najważniejsze|podsumowanie) (?:\w+ )?(?:dnia|tygodnia|informacje|wydarzenia))"
    r"|[|:—–-]\s*(?:morning|evening|daily) (?:briefing|bulletin|digest)\W*$"
)
_KNOWN = re.compile(
    r"(?i)\bwhat (?:we|to) know\b|\bwhat happened\b|\bkey (?:events|developments)\b|\bat a glance\b|що (?:відомо"
    r"|сталося за)"
    r"|головне (?:на|станом)|что (?:известно|произошло за)|was (?:bisher|wir) (?:\w+ )?(?:bekannt|wissen|geschah)"
    r"|ce que l[’']on sait|lo que se sabe|co (?:wiemy|wiadomo)|\blive briefing\b|\bbriefly\b"
)
_LEAST = 40
"""Words of an article."""
_LEAST_TOLD = 30
"""The same where at least one line is a whole sentence."""
_LEAST_LISTED = 12
"""Words of a flash that a feed or a news sitemap calls news, and of a stub before a paywall."""
_LONGEST_WALL = 200
_TELLING = 4
_SERIES = 2
_ITEMS = 4
"""Items with headings of their own that make a text “what we know” of a bulletin."""
_CARDS = 8
_RUNNING, _RUNNING_OF_A_SECTION = 60, 150
"""Words of running text, cards aside, from which a page with many cards is an article none the less."""
_RUNNING_A_CARD, _RUNNING_AT_MOST = 12, 400
_CUT = 350
"""Words from which a text that stands beside a paywall's invitation is taken to be whole."""
_BEGINNING = 20_000


class Look(msgspec.Struct, frozen=True):
    """What the tree and the address of a page say of its kind."""

    reason: str = ""
    """Why the page is left out whatever its text, one of the fixed phrases; empty where the text decides."""
    detail: str = ""
    kind: Kind = "article"
    gone: str = ""
    """Whether the page's heading says that there is no such page: ``surely``, ``perhaps`` or empty."""
    listed: bool = False
    """A feed or a sitemap names the page."""
    pictures: bool = False
    headings: int = 0
    """Headings below the title."""
    cards: int = 0
    """Cards that lead to other pages."""
    shown: tuple[str, ...] = ()
    """Lines that stand in cards, letters and digits only."""
    section: bool = False
    """The address is not that of an article."""
    beginning: str = ""
    """Beginning of the page's visible text."""


class Verdict(msgspec.Struct, frozen=True):
    """What a page is: an article of this kind, or where there is a reason, none."""

    kind: Kind
    paywalled: bool = False
    reason: str = ""
    detail: str = ""


def look(root: Node, facts: Structured, page: Page, outlet: Outlet) -> Look:
    """Look at a page before its text is read: the tree must be whole."""
    heading = next((text_of(n) for n in root.iter("h1")), "")
    gone = walls.gone(heading, facts.title_tag or facts.first("og:title"))
    reason, detail = _by_address(facts, page, outlet)
    if gone == "surely" and not facts.is_article:
        reason, detail = "soft 404", f"the page is titled “{(heading or facts.title_tag)[:80]}”"
    listed = _is_listed(page)
    section = not looks_like_article(page.fetched_url or page.url)
    sure = listed or bool(reason) or (not section and (facts.is_article or _calls_itself_article(facts)))
    number, shown = (0, ()) if sure else cards.count(root)
    body = root.find("body")
    return Look(
        reason=reason,
        detail=detail,
        kind=kind_of(facts, page),
        gone=gone,
        listed=listed,
        pictures=sum(1 for _ in body.iter("figure")) >= _SERIES,
        headings=sum(1 for _ in body.iter("h2", "h3", "h4")),
        cards=number,
        shown=shown,
        section=section,
        beginning=lines_of(body)[:_BEGINNING],
    )


def judge(seen: Look, facts: Structured, title: str, text: str, dropped: tuple[str, ...] = ()) -> Verdict:
    """What a page is now that its text was read. ``dropped`` are lines of the page that were left out of the text."""
    count = count_words(text)
    paid = _paywalled(facts, text, dropped, count)
    sort: Kind = "bulletin" if seen.kind == "article" and _is_bulletin(seen, title) else seen.kind
    if seen.reason:
        return Verdict(sort, paid, seen.reason, seen.detail)
    if seen.gone and count < _LEAST:
        return Verdict(sort, paid, "soft 404", f"the page is titled “{title[:80]}” and has {count} words of text")
    if _consent(text):
        return Verdict(sort, paid, "cookie wall", f"{count} words of text, all of them about consent")
    running = cards.running(text, seen.shown) if seen.cards else 0
    if seen.cards and _is_list(seen, facts, running):
        detail = f"the page lists {seen.cards} others beside {running} words of running text"
        return Verdict(sort, paid, NO_ARTICLE, detail)
    if count >= _LEAST:
        return Verdict(sort, paid)
    return _short(seen, facts, text, count, Verdict(sort, paid))


def _short(seen: Look, facts: Structured, text: str, count: int, verdict: Verdict) -> Verdict:
    """The verdict on a text of less than an article's words."""
    own = sum(count_words(line) for line in text.split("\n") if not walls.wall_of(line))
    if facts.is_article and own >= 5:
        return verdict
    wall = walls.wall_of(seen.beginning) or _consent(seen.beginning)
    named = seen.listed or facts.is_article or _calls_itself_article(facts)
    if (wall == "paywall" or verdict.paywalled) and own >= _LEAST_LISTED and named:
        return Verdict(verdict.kind, paywalled=True)
    reason, detail = "", ""
    # Every page of some outlets shows a banner about cookies: beside a flash that a feed names, or pictures, no wall.
    shows = seen.pictures or verdict.kind in ("gallery", "video")
    banner = wall == "cookie wall" and (shows or (seen.listed and own >= _LEAST_LISTED))
    if wall and not banner:
        reason, detail = wall, f"{own} words of text beside a {wall}"
    elif seen.pictures or verdict.kind == "gallery":
        reason, detail = "gallery without text", f"{count} words of text beside pictures"
    elif verdict.kind == "video":
        reason, detail = "video without text", f"{count} words of text beside a video"
    elif count < (least := _least(seen, text)):
        reason, detail = SHORT, f"{count} words; at least {least} are needed"
    return Verdict(verdict.kind, verdict.paywalled, reason, detail)


def _least(seen: Look, text: str) -> int:
    """Words that a text needs to be an article: fewer where it is news by its listing, or reads like a sentence."""
    if seen.listed:
        return _LEAST_LISTED
    return _LEAST_TOLD if any(is_paragraph(line) for line in text.split("\n")) else _LEAST


def _consent(text: str) -> str:
    """``cookie wall`` for a text that is short and speaks of consent in several words; else empty."""
    if count_words(text) >= _LONGEST_WALL:
        return ""
    told = {found.casefold() for found in walls.CONSENT.findall(text)}
    return "cookie wall" if len(told) >= _TELLING else ""


def _is_listed(page: Page) -> bool:
    return page.listing is not None and page.listing.source in ("feed", "sitemap")


def _calls_itself_article(facts: Structured) -> bool:
    return facts.first("og:type").lower() in ("article", "news", "blog")


def _by_address(facts: Structured, page: Page, outlet: Outlet) -> tuple[str, str]:
    """Reason and detail to leave a page out by its address or by what it calls itself; two empty strings to go on."""
    url = page.fetched_url or page.url
    if facts.is_article:
        return "", ""
    if is_root(url) or canonical(url) == canonical(outlet.home):
        return NO_ARTICLE, "the address is a start page"
    if _is_listed(page) or looks_like_article(url):
        return "", ""
    path = urlsplit(url).path
    # Section fronts call themselves articles too (og:type is a default of some systems): against a sure address that
    # weighs nothing, else the cards decide.
    if _LISTS.match(path) and (_SURE_LISTS.match(path) or not _calls_itself_article(facts)):
        return NO_ARTICLE, "the address is that of a list of pages"
    if facts.is_list and not _calls_itself_article(facts):
        return NO_ARTICLE, "the page calls itself a list of pages"
    return "", ""


def is_list(url: str) -> bool:
    """Whether an address has the form of a list of pages: a section by its hint, or one bare word."""
    path = urlsplit(url).path
    return bool(_LISTS.match(path) or _WORD.match(path))


def is_root(url: str) -> bool:
    """Whether an address names a whole site."""
    parts = urlsplit(url)
    return bool(_ROOT.match(parts.path)) and not parts.query


def _is_list(seen: Look, facts: Structured, running: int) -> bool:
    """Whether a page shows other pages rather than a text of its own."""
    if seen.cards >= _CARDS and running < _RUNNING:
        return True
    if not seen.section or facts.is_article or _calls_itself_article(facts) or seen.cards < cards.FEW:
        return False
    return running < max(_RUNNING_OF_A_SECTION, min(_RUNNING_AT_MOST, _RUNNING_A_CARD * seen.cards))


def _is_bulletin(seen: Look, title: str) -> bool:
    return bool(_DIGEST.search(title)) or (seen.headings >= _ITEMS and bool(_KNOWN.search(title)))


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


def _paywalled(facts: Structured, text: str, dropped: tuple[str, ...], count: int) -> bool:
    """Whether a page says that its text is for paying readers, or shows that it was cut for others."""
    free = _free(facts.article)
    if free is False or facts.first("article:content_tier").lower() in ("locked", "premium", "paid", "subscriber"):
        return True
    if free or count >= _CUT:
        return False
    end = text.split("\n")[-5:]
    return any(walls.PAY.search(line) for line in (*end, *dropped) if len(line) < 600)


def _free(article: dict[str, Any]) -> bool | None:
    """``isAccessibleForFree`` of an article, or else of its parts; None where nothing is said."""
    parts = article.get("hasPart")
    many = parts if isinstance(parts, list) else [parts]
    for node in (article, *(p for p in many if isinstance(p, dict))):
        said = str(node.get("isAccessibleForFree", "")).rsplit("/", 1)[-1].strip().lower()
        if said in ("false", "0", "no", "true", "1", "yes"):
            return said in ("true", "1", "yes")
    return None
