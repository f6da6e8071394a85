"""What is published where and when: one plan that follows from the start moment and the seed alone."""

import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from anyascii import anyascii

from tocsin.press.cast import BOILERPLATE, SECTIONS, SITES, Site
from tocsin.press.weave import TOPICS, Text, Writer, fixed, live

STORIES = 300
BEFORE = 7
"""Stories of each outlet that are out before the start."""
CORRECTED_AFTER = 25.0

FIXED = (
    ("conscripts-only", "eastern-dispatch", 3.0, ""),
    ("bakhmutom-only", "ranok-nad-richkoiu", 5.0, ""),
    ("lantern-barracks", "daily-lantern", 7.0, ""),
    ("wire-conscription", "harbour-ledger", 9.0, "norvik-1"),
    ("corrected", "lowland-courier", 11.0, ""),
    ("wire-bakhmut", "stepovyi-visnyk", 13.0, "norvik-2"),
    ("prize-two", "baltiyskiy-bereg", 16.0, ""),
    ("wire-conscription", "eastern-dispatch", 20.0, "norvik-1"),
    ("wire-bakhmut", "naddniprianska-hazeta", 26.0, "norvik-2"),
    ("call-two", "vecherniy-vagon", 29.0, ""),
    ("wire-conscription", "lowland-courier", 33.0, "norvik-1"),
    ("wire-bakhmut", "khronika-mista", 44.0, "norvik-2"),
    ("three-towns", "meridian-live", -5400.0, ""),
    ("luhansk-teacher", "svobodnaya-pristan", -9000.0, ""),
    ("prize-one", "svobodnaya-pristan", -20000.0, ""),
    ("call-one", "vecherniy-vagon", -30000.0, ""),
)
"""Stories written out: name, outlet, seconds after the start, wire id."""
LIVE_SITE = "meridian-live"
LIVE_AT = tuple(map(float, (-14000, -9800, -4300, -1200, 6, 15, 24, 32, 41, 50, 62, 78, 95, 120, 150, 200)))
OLD = (900.0, 46 * 3600.0)
"""Least and greatest age in seconds of what is out before the start."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One page of one outlet, bound to its moment."""

    id: int
    site: str
    path: str
    section: str
    text: Text
    published: datetime
    """Aware, UTC, whole seconds: the page exists from then on."""
    corrected: datetime | None = None
    wire: str = ""
    kind: str = "article"
    dropped: str = ""
    """Why a crawler should leave it out; empty for stories."""
    entries: tuple[tuple[datetime, str, str], ...] = ()
    """Live blog only: moment, heading and text of each entry."""

    def title(self) -> str:
        """The headline."""
        return self.text.title

    def paragraphs(self, now: datetime) -> tuple[str, ...]:
        """The text as it stands at ``now``, with the outlet's words around an agency's."""
        if self.entries:
            return tuple(text for at, _, text in self.entries if at <= now)
        body = self.text.corrected if self.corrected and self.corrected <= now else self.text.paragraphs
        if not self.wire:
            return body
        around = BOILERPLATE[self.site]
        first, *rest = body
        if around.credit_first:
            return (around.dateline + first, around.credit, *rest)
        return (around.dateline + first, *rest, around.credit)

    def updated(self, now: datetime) -> datetime:
        """When the page was last changed, as seen at ``now``."""
        moments = [self.published, *([self.corrected] if self.corrected else []), *(at for at, _, _ in self.entries)]
        return max((at for at in moments if at <= now), default=self.published)


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A page before the start moment is known."""

    at: float
    """Seconds after the start; below zero before it."""
    site: Site
    text: Text
    wire: str = ""
    kind: str = "article"
    dropped: str = ""
    path: str = ""
    """Where it does not follow from the outlet's scheme."""
    entries: tuple[tuple[float, str, str], ...] = ()


def plan(started: datetime, seed: int, speed: float) -> tuple[Item, ...]:
    """All pages of all outlets, oldest first: the same for the same arguments in any process.

    ``started`` is aware; ``speed`` divides the seconds between the start and what follows it.
    """
    start = started.replace(microsecond=0)
    drafts = sorted(_drafts(seed), key=lambda draft: draft.at)
    return tuple(_bound(draft, 20417 + 7 * number, start, speed) for number, draft in enumerate(drafts))


def _bound(draft: Draft, ident: int, start: datetime, speed: float) -> Item:
    """The draft as a page: with an address and moments of the calendar."""
    text, published = draft.text, _moment(start, draft.at, speed)
    section = next(name for name, topics in SECTIONS.items() if text.topic in topics)
    return Item(
        id=ident,
        site=draft.site.name,
        path=draft.path or _path(draft.site, section, text.title, ident, published),
        section=section,
        text=text,
        published=published,
        corrected=_moment(start, draft.at + CORRECTED_AFTER, speed) if text.corrected else None,
        wire=draft.wire,
        kind=draft.kind,
        dropped=draft.dropped,
        entries=tuple((_moment(start, at, speed), heading, told) for at, heading, told in draft.entries),
    )


def _moment(start: datetime, offset: float, speed: float) -> datetime:
    return start + timedelta(seconds=int(offset / speed if offset > 0 else offset))


def _path(site: Site, section: str, title: str, ident: int, published: datetime) -> str:
    local = published.astimezone(ZoneInfo(site.timezone))
    slug = "-".join(re.findall(r"[a-z0-9]+", anyascii(title.replace("’", "").replace("'", "")).lower())[:9])
    day = {"y": f"{local:%Y}", "m": f"{local:%m}", "d": f"{local:%d}"}
    return site.scheme.format(section=section, slug=slug, id=ident, **day)


def _drafts(seed: int) -> Iterator[Draft]:
    sites = {site.name: site for site in SITES}
    written = fixed()
    for name, site, at, wire in FIXED:
        yield Draft(at=at, site=sites[site], text=written[name], wire=wire)
    yield from _woven(seed)
    yield from _oddities(sites, written)
    title, told = live()
    entries = tuple((at, *entry) for at, entry in zip(LIVE_AT, told, strict=True))
    text = Text(lang="en", topic="front", title=title, paragraphs=())
    yield Draft(at=LIVE_AT[0], site=sites[LIVE_SITE], text=text, kind="live", entries=entries)


def _woven(seed: int) -> Iterator[Draft]:
    """The generated stories: an equal share for each outlet, and one behind each outlet's robots.txt."""
    rng = random.Random(f"press/{seed}")
    writers = {lang: Writer(lang, random.Random(f"press/{seed}/{lang}")) for lang in ("en", "uk", "ru")}
    written = dict.fromkeys(writers, 0)
    planned = {site.name: [at for _, name, at, _ in FIXED if name == site.name] for site in SITES}

    def story(site: Site) -> Text:
        written[site.lang] += 1
        return writers[site.lang].write(TOPICS[written[site.lang] * 3 % len(TOPICS)])

    for site in SITES:
        for _ in range(BEFORE - sum(at < 0 for at in planned[site.name])):
            yield Draft(at=-rng.uniform(*OLD), site=site, text=story(site))
        hidden = f"/desk/{site.name}-notes"
        yield Draft(at=-rng.uniform(*OLD), site=site, text=story(site), dropped="robots.txt", path=hidden)
    at = 1.0
    for turn in range(STORIES // len(SITES) - BEFORE):
        for site in rng.sample(SITES, len(SITES)):
            if turn < sum(moment > 0 for moment in planned[site.name]):
                continue
            yield Draft(at=at, site=site, text=story(site))
            at += rng.uniform(1.5, 3.0)


def _oddities(sites: dict[str, Site], written: dict[str, Text]) -> Iterator[Draft]:
    """What a crawler meets and should leave out."""
    wall, pictures = written["cookie-wall"], written["gallery"]
    paper = Text(lang="en", topic="other", title="Annual report of the press council in one document", paragraphs=())
    gone = Text(lang="uk", topic="other", title="Сторінка, яку редакція прибрала з сайту", paragraphs=())
    for at, site, text, kind, dropped, path in (
        (-7200.0, "harbour-ledger", wall, "other", "consent wall", ""),
        (-7600.0, "lowland-courier", pictures, "gallery", "gallery", ""),
        (-8000.0, "eastern-dispatch", paper, "other", "not html", "/files/press-council-report.pdf"),
        (-8600.0, "khronika-mista", gone, "other", "not found", "/prybrana-storinka.html"),
    ):
        yield Draft(at=at, site=sites[site], text=text, kind=kind, dropped=dropped, path=path)
