"""Live blogs: one article per entry, with the entry's own title, time, author and address.

An entry's anchor must outlive edits of its text and newer entries above it: the page's own ids are taken where they
tell more than a place in the list, else the entry's minute, and its number among those of the same minute.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from urllib.parse import urlsplit

import msgspec

from spiders.extract import liveblocks, localdate
from spiders.extract.datefinds import zone_of
from spiders.extract.lines import sift
from spiders.extract.liveread import MOST, Raw, from_block, from_update, updates
from spiders.extract.livetime import Bounds, settle
from spiders.extract.structured import Structured
from spiders.extract.tree import Node, drop, squash, text_of
from tocsin.records import DateCandidate, Outlet, Page

_LIVE_PATH = re.compile(
    r"(?i)/(?:live|liveblog|live-blog|live-news|online|ticker)(?:/|-|$)|-live(?:blog|ticker)?(?:-|/|$)"
)
_LIVE_TITLE = re.compile(
    r"(?i)^\W*live\b\s*[:|—–-]|\blive (?:updates?|blog|coverage|ticker|news)\b|[:|—–-]\s*live\W*$|\bas it happened\b"
    r"|\b(?:live-?|news-?)(?:ticker|blog)\b|^(?:en )?direct\s*[:,|—–-]|\ben (?:direct|directo|vivo)\b|última hora"
    r"|\bna żywo\b|relacja (?:live|na)|^онлайн\b\s*[:.|—–-]|[.:|—–-]\s*(?:текстов\w{1,2} )?(?:онлайн"
    r"|трансляц\w{1,2})\W*$"
    r"|(?:текстов\w{1,2}|пряма|прямая|онлайн)[ -]?(?:онлайн|трансляц|эфир|ефір)|\bхроні(?:ка|ки)\b|\bхроник[аи]\b"
    r"|\bнаживо\b"
)
_TAIL = re.compile(r"^(.*?)(\d{1,4})$")
_SENTENCE = re.compile(r"^.{20,}?[.!?…](?=\s|$)")
_LONGEST_TITLE = 140


class Entry(msgspec.Struct, frozen=True):
    """One entry of a live blog."""

    anchor: str
    title: str
    text: str
    published: datetime | None
    date: DateCandidate | None
    dropped: tuple[str, ...] = ()
    modified: datetime | None = None
    authors: tuple[str, ...] = ()


def entries(root: Node, facts: Structured, page: Page, outlet: Outlet, title: Node | None) -> tuple[Entry, ...]:
    """The entries of a live blog, in the order of the page; empty for other pages. They are taken out of the tree."""
    bounds = _bounds(facts, page, outlet)
    shown = text_of(title) if title is not None else facts.first("og:title") or facts.title_tag
    live = _calls_itself_live(facts, page, shown)
    today = bounds.fetched.astimezone(bounds.zone or UTC).date()
    blocks = liveblocks.find(root, title, today, live=live)
    url = page.fetched_url or page.url
    raws = [from_block(block, url) for block in blocks[:MOST]]
    told = [from_update(update, url) for update in updates(facts)]
    if len(told) > len(raws):
        _drop_lines(root, told)
        raws = told
    else:
        _complete(raws, told)
    _keep_lasting(raws)
    found = _settled(_once(raws), bounds)
    for block in blocks if found else ():
        for node in block.nodes:
            drop(node)
    return found


def _calls_itself_live(facts: Structured, page: Page, title: str) -> bool:
    path = urlsplit(page.fetched_url or page.url).path
    return (
        "liveblogposting" in facts.types
        or bool(_LIVE_PATH.search(path))
        or "live" in facts.first("og:type").lower()
        or bool(_LIVE_TITLE.search(title) or _LIVE_TITLE.search(facts.first("og:title")))
    )


def _bounds(facts: Structured, page: Page, outlet: Outlet) -> Bounds:
    published = _moment(facts.text("datePublished") or facts.first("article:published_time"))
    if published is None and page.listing is not None:
        published = page.listing.published
    modified = _moment(
        facts.text("dateModified") or facts.text("coverageEndTime") or facts.first("article:modified_time")
    )
    zone: tzinfo | None = zone_of(outlet)
    for moment in (published, modified):
        if zone is None and moment is not None and moment.utcoffset():
            zone = moment.tzinfo
    return Bounds(page.fetched, published, modified, zone)


def _moment(raw: str) -> datetime | None:
    return localdate.parse_iso(raw) if raw else None


def _complete(raws: Sequence[Raw], told: Sequence[Raw]) -> None:
    """Take the times of entries that show none from the updates of the same heading."""
    known = {raw.title.casefold(): raw for raw in told if raw.title}
    for raw in raws:
        same = next((known[line.casefold()] for line in (raw.title, *raw.lines[:3]) if line.casefold() in known), None)
        if same is not None and raw.stamp.value is None and same.stamp.value is not None:
            raw.stamp, raw.changed, raw.origin = same.stamp, same.changed, same.origin
            raw.anchor = raw.anchor or same.anchor


def _drop_lines(root: Node, told: Sequence[Raw]) -> None:
    """Take the lines of entries out of a page whose layout is not known, so that they are not its own text as well."""
    known = {line for raw in told for line in (*raw.lines, raw.title) if line}
    for node in list(root.find("body").iter("p", "li", "h2", "h3", "h4", "blockquote")):
        if squash(text_of(node)) in known:
            drop(node)


def _keep_lasting(raws: list[Raw]) -> None:
    """Forget anchors that only count places from the top, where the next entry would push them on."""
    tails = [found for raw in raws if (found := _TAIL.match(raw.anchor)) is not None]
    numbers = [int(t[2]) for t in tails]
    counted = len(numbers) == len(raws) > 2 and len({t[1] for t in tails}) == 1
    if counted and numbers in (list(range(len(raws))), list(range(1, len(raws) + 1))) and _falls(raws):
        for raw in raws:
            raw.anchor = ""
    again = Counter(raw.anchor for raw in raws)
    for raw in raws:
        # A key that all entries share is the blog's.
        raw.anchor = "" if again[raw.anchor] == len(raws) > 1 else raw.anchor


def _falls(raws: Sequence[Raw]) -> bool:
    """Whether the first entry is newer than the last; also where neither tells."""
    first, last = raws[0].stamp, raws[-1].stamp
    if first.value is not None and last.value is not None:
        return first.value.replace(tzinfo=None) >= last.value.replace(tzinfo=None)
    return first.clock is None or last.clock is None or first.clock >= last.clock


def _once(raws: list[Raw]) -> list[Raw]:
    """Each entry once: what is pinned on top or summed up in a list stands again below, with more words."""
    best: dict[str, Raw] = {}
    for raw in raws:
        kept = best.get(raw.anchor)
        if raw.anchor and (kept is None or sum(map(len, raw.lines)) >= sum(map(len, kept.lines))):
            best[raw.anchor] = raw
    return [raw for raw in raws if not raw.anchor or best[raw.anchor] is raw]


def _settled(raws: list[Raw], bounds: Bounds) -> tuple[Entry, ...]:
    days = [raw.block.day if raw.block else None for raw in raws]
    moments = settle([(raw.stamp, day) for raw, day in zip(raws, days, strict=True)], bounds)
    made = [_entry(raw, moment, bounds) for raw, moment in zip(raws, moments, strict=True)]
    found = [entry for entry in made if entry is not None]
    return tuple(_with_anchors(found))


def _entry(raw: Raw, value: datetime | None, bounds: Bounds) -> Entry | None:
    found = sift(raw.lines, raw.title, raw.authors, whole=False)
    kept = found.kept or tuple(line for line in raw.lines if line == raw.title)
    if sum(len(line.split()) for line in kept) < 3:
        return None
    late = value is not None and _aware(value) > bounds.fetched + timedelta(days=1)
    published = None if late else value
    verdict = "in the future" if late else "chosen" if published else "not readable"
    shown = raw.stamp.raw
    changed = raw.changed.value if raw.changed else None
    if changed is not None and changed.tzinfo is None and bounds.zone is not None:
        changed = changed.replace(tzinfo=bounds.zone)
    return Entry(
        anchor=raw.anchor,
        title=raw.title or _first_sentence(kept[0]),
        text="\n\n".join(kept),
        published=published,
        date=DateCandidate(raw=shown[:80], origin=raw.origin, value=value, verdict=verdict) if shown else None,
        dropped=found.dropped,
        modified=changed
        if changed is not None and published is not None and _aware(changed) > _aware(published)
        else None,
        authors=raw.authors,
    )


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _with_anchors(found: list[Entry]) -> Iterator[Entry]:
    """Entries without a lasting name are called by their minute; the oldest of a minute comes first in the count."""
    moments = [_aware(e.published) for e in found if e.published is not None]
    rising = len(moments) > 1 and moments[0] < moments[-1]
    taken = {entry.anchor for entry in found if entry.anchor}
    seen: Counter[str] = Counter()
    named: dict[int, str] = {}
    for at in range(len(found)) if rising else reversed(range(len(found))):
        entry = found[at]
        if entry.anchor:
            continue
        minute = entry.published.strftime("t%Y%m%d-%H%M") if entry.published else "entry"
        seen[minute] += 1
        name = minute if seen[minute] == 1 and entry.published else f"{minute}-{seen[minute]}"
        named[at] = name if name not in taken else f"{name}-x"
    for at, entry in enumerate(found):
        yield msgspec.structs.replace(entry, anchor=named[at]) if at in named else entry


def _first_sentence(line: str) -> str:
    found = _SENTENCE.match(line)
    text = found.group(0).rstrip(".") if found else line
    return text if len(text) <= _LONGEST_TITLE else text[:_LONGEST_TITLE].rsplit(" ", 1)[0] + "…"
