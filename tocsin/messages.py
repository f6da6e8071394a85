"""Messages: what a reader is told of a notice, as plain lines and as a JSON payload. Pure: records in, a message out.

Outside text is never trusted to be harmless on a terminal: whatever would move the cursor, turn the direction of
writing or hide is shown by its number. A message names addresses but loads nothing, and no link carries a query.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

import msgspec

from tocsin.edits import Shown, between, printed
from tocsin.records import SCHEMA, Alert, Article, Hit, Notice, NoticeKind, Record, Story, Subscription, derived_id

MARK = "**"
"""Stands on both sides of a matched word."""
LONGEST = 400
"""Characters of a title or sentence that a line shows."""
MOST = 30
"""Notices of one subscription that a digest has in full."""
EDITS = 4
"""Edits of a text that a message shows."""
LATE = timedelta(days=3)
"""Age at which a text is said to be an old one."""

_TITLES = {
    "first": "",
    "added": "another text: ",
    "grown": "spread further: ",
    "corrected": "corrected: ",
    "gone": "withdrawn: ",
}
_KINDS = {
    "first": ("new text", "new texts"),
    "added": ("addition", "additions"),
    "grown": ("spread further", "spread further"),
    "corrected": ("correction", "corrections"),
    "gone": ("withdrawn", "withdrawn"),
}
_JOINERS = "\u200c\u200d"
"""Zero-width, but part of how Persian and emoji are spelled."""
_UNSAFE_JSON = re.compile(
    r"[\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)


class Told(NamedTuple):
    """A notice with all that it tells of."""

    notice: Notice
    alert: Alert
    article: Article
    subscription: Subscription | None
    """None where it was removed since."""
    story: Story | None
    before: Article | None = None
    """The text that was told before, of a notice that is not the first."""


class Message(Record):
    """One notice, or those of a digest, as a channel sends it."""

    id: str
    """Of the notice, or of the digest: the same on every retry."""
    alert: str
    """Empty for a digest."""
    kind: NoticeKind | Literal["digest"]
    subject: str
    lines: tuple[str, ...]
    """Plain text; no line holds a control or direction character."""
    url: str
    """Address of the article; empty where it is not one that a reader may follow."""
    payload: dict[str, Any]
    """JSON types only."""

    def body(self) -> bytes:
        """The payload as one line of JSON in UTF-8, with invisible and line-breaking characters escaped."""
        text = msgspec.json.encode(self.payload).decode("utf-8")
        return _UNSAFE_JSON.sub(_escape, text).encode("utf-8")


def render(told: Told, zone: tzinfo) -> Message:
    """A notice as a message, times in the reader's ``zone``."""
    notice, article, story = told.notice, told.article, told.story
    name = _name(told)
    title = _title(article)
    url = followable(article.url)
    lines = [
        f"{name}: {_TITLES[notice.kind]}{plain(article.outlet)}",
        title,
        url or f"{plain(article.url)} (not an address of the web)",
        *([f"  {plain(notice.reason)}"] if notice.reason else []),
        *(_diff_lines(told.before, article) if told.before and notice.kind == "corrected" else []),
        *(_hit_lines(notice.hits) if notice.hits or not notice.before else []),
        _times_line(notice, article, zone),
    ]
    if late := _late_line(article):
        lines.append(late)
    if story and len(story.outlets) > 1:
        lines.append(_story_line(story, zone))
    return Message(
        id=notice.id,
        alert=told.alert.id,
        kind=notice.kind,
        subject=f"[{name}] {_TITLES[notice.kind]}{title} | {plain(article.outlet)} ({_sort(article)})",
        lines=tuple(lines),
        url=url,
        payload=_payload(told),
    )


def render_digest(told: Sequence[Told], digest: str, zone: tzinfo) -> Message:
    """Notices that go out together: by subscription, new texts first, then what became of those that were known.

    The id of the message follows from what it tells, so that what joins a digest late is not taken for a repetition.
    """
    groups: dict[str, list[Told]] = {}
    for one in sorted(told, key=_in_digest):
        groups.setdefault(one.alert.subscription, []).append(one)
    lines = []
    for several in groups.values():
        lines += ["", f"{_name(several[0])}: {_counted(several)}"]
        for one in several[:MOST]:
            lines += _short(one, zone)
        if len(several) > MOST:
            lines.append(f"  … and {len(several) - MOST} more")
    names = ", ".join(_name(several[0]) for several in groups.values())
    name = derived_id("digest", digest, *sorted(one.notice.id for one in told))
    return Message(
        id=name,
        alert="",
        kind="digest",
        subject=f"[{_cut(names)}] {_counted(told)}",
        lines=tuple(lines[1:]),
        url="",
        payload={
            "schema": SCHEMA,
            "id": name,
            "kind": "digest",
            "notices": [_payload(one) for several in groups.values() for one in several],
        },
    )


def _in_digest(told: Told) -> tuple[str, bool, datetime, str]:
    return _name(told).casefold(), told.notice.kind != "first", told.notice.created, told.notice.id


def _short(told: Told, zone: tzinfo) -> list[str]:
    """A notice in a digest."""
    article = told.article
    what = f"{_TITLES[told.notice.kind]}{plain(told.notice.reason)}" if told.notice.reason else ""
    spread = f"; {len(told.story.outlets)} outlets" if told.story and len(told.story.outlets) > 1 else ""
    return [
        f"- {_title(article)} | {plain(article.outlet)} ({_sort(article)})",
        f"  {published_line(article, zone)}{spread}",
        *([f"  {what}"] if what else []),
        *[line for line in _hit_lines(told.notice.hits)[:1] if told.notice.hits],
        f"  {followable(article.url) or plain(article.url)}",
    ]


def _counted(told: Sequence[Told]) -> str:
    """``3 new texts, 1 correction``."""
    number = Counter[str](one.notice.kind for one in told)
    said = [
        f"{number[kind]} {one if number[kind] == 1 else many}" for kind, (one, many) in _KINDS.items() if number[kind]
    ]
    return ", ".join(said)


def _name(told: Told) -> str:
    return plain(told.subscription.name if told.subscription else "(removed subscription)")


def _title(article: Article) -> str:
    return _cut(plain(article.title)) or "(no title)"


def _sort(article: Article) -> str:
    """What a text is, and in which language: ``republished, uk``."""
    what = {"original": "own text", "version": "edited", "translation": "translated"}.get(
        article.relation, "republished"
    )
    return f"{what}, {article.lang}" if article.lang else what


def _diff_lines(before: Article, after: Article) -> list[str]:
    """The first edits, word by word: what is gone in ``[-…-]``, what came in ``{+…+}``."""
    edits, more = printed(between(before, after), EDITS)
    lines = [f"  {'headline: ' if edit.what == 'headline' else ''}{_cut(_diff(edit.runs))}" for edit in edits]
    return [*lines, *([f"  … and {more} more edits"] if more else [])]


def _diff(runs: Sequence[Shown]) -> str:
    marks = {"kept": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
    pieces = []
    for run in runs:
        begin, end = marks[run.how]
        pieces.append(f"{' ' if run.spaced else ''}{begin}{plain(run.text)}{end}")
    return "".join(pieces).strip()


def _late_line(article: Article) -> str:
    """Said of a text that was published long before it was seen."""
    if article.published is None or article.published.tzinfo is None:
        return ""
    age = article.first_seen - article.published
    return f"  dated {age.days} days ago, first seen now" if age >= LATE else ""


def published_line(article: Article, zone: tzinfo) -> str:
    """When an article was published: in the reader's zone, with its own zone and origin, or why nobody knows."""
    if article.published is None:
        return f"no date: {plain(article.published_note) or 'none was found that can be trusted'}"
    origin = plain(article.published_origin) or "origin unknown"
    if article.published.tzinfo is None:
        note = plain(article.published_note) or "the page gives none"
        return f"published {_digits(article.published)}, zone unknown ({origin}; {note})"
    own = article.published.strftime("%H:%M %z")
    return f"published {_in_zone(article.published, zone)} ({own[:-2]}:{own[-2:]} at the source, {origin})"


def plain(text: str) -> str:
    """Outside text on one line: blanks joined, soft hyphens gone, other invisible characters shown as ``⟨U+202E⟩``."""
    return " ".join("".join(map(_visible, text)).split())


def harmless(text: str) -> str:
    """Outside text for a terminal, character by character: offsets stay, what could move the cursor is ``�``."""
    return "".join(
        ch if ch in _JOINERS or (unicodedata.category(ch)[0] != "C" and ch not in "\u2028\u2029") else _stand_in(ch)
        for ch in text
    )


def _stand_in(char: str) -> str:
    return char if char == "\n" else " " if _visible(char) in ("", " ") else "\ufffd"


def followable(url: str) -> str:
    """An address that a reader may follow: http(s), a host, no user name, nothing invisible. Else empty."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return ""
    return url if usable and plain(url) == url and " " not in url else ""


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    if category[0] != "C" and category not in ("Zl", "Zp"):
        return char
    if char in _JOINERS:
        return char
    if char in "\t\n\v\f\r\x85\u2028\u2029":
        return " "
    return "" if char == "\xad" else f"⟨U+{ord(char):04X}⟩"


def _escape(found: re.Match[str]) -> str:
    units = found.group().encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 2].rstrip() + " …"


def _hit_lines(hits: tuple[Hit, ...]) -> list[str]:
    """Each sentence once with its words marked, and under it which query word each of them met."""
    if not hits:
        return ["  no word met: the query asks for a property, such as an outlet, a language or a place"]
    sentences: dict[tuple[str, str], list[Hit]] = {}
    for hit in hits:
        sentences.setdefault((hit.field, hit.sentence), []).append(hit)
    lines = []
    for (field, sentence), met in sentences.items():
        if sentence:
            lines.append(f"  {'title: ' if field == 'title' else ''}{_cut(_marked(sentence, met))}")
        lines += [f"    {plain(hit.form)} ← {plain(hit.word)}, {plain(hit.how)}" for hit in dict.fromkeys(met)]
    return lines


def _marked(sentence: str, hits: list[Hit]) -> str:
    """A sentence with its words marked. A hit that does not stand where it says is left unmarked."""
    pieces, at = [], 0
    for hit in sorted(hits, key=lambda hit: (hit.start, -len(hit.form))):
        end = hit.start + len(hit.form)
        if hit.start < at or not hit.form or sentence[hit.start : end] != hit.form:
            continue
        pieces += [sentence[at : hit.start], MARK, hit.form, MARK]
        at = end
    return plain("".join([*pieces, sentence[at:]]))


def _times_line(notice: Notice, article: Article, zone: tzinfo) -> str:
    seen = f"seen {_in_zone(article.first_seen, zone)}"
    if article.published is not None and article.published.tzinfo is not None:
        seen += f" ({_gap(article.published, article.first_seen)})"
    alerted = f"alerted {_in_zone(notice.created, zone)} ({_gap(article.first_seen, notice.created)})"
    return f"  {published_line(article, zone)} → {seen} → {alerted}"


def _story_line(story: Story, zone: tzinfo) -> str:
    first = f"{plain(story.outlets[0])} {story.first_seen.astimezone(zone):%H:%M}"
    return f"  One text, republished by {len(story.outlets)} outlets (first: {first}). No independent report seen yet."


def _in_zone(when: datetime, zone: tzinfo) -> str:
    try:
        local = when.astimezone(zone)
    except OverflowError:  # the first or last day that a calendar has
        local = when
    return f"{_digits(local)} {local.strftime('%Z')}".rstrip()


def _digits(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M:%S" if when.second else "%Y-%m-%d %H:%M")


def _gap(earlier: datetime, later: datetime) -> str:
    seconds = round((later - earlier) / timedelta(seconds=1))
    hours, rest = divmod(abs(seconds), 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(hours or minutes) + [f"{left} s"]
    return " ".join(parts) + (" later" if seconds >= 0 else " before")


def _payload(told: Told) -> dict[str, Any]:
    """What machines get. ``schema`` stands first: by it a line that was cut off in writing is known as ours."""
    notice, alert, article, subscription, story, before = told
    published = article.published
    gap = None
    if published is not None and published.tzinfo is not None:
        gap = (article.first_seen - published).total_seconds()
    return {
        "schema": SCHEMA,
        "id": notice.id,
        "alert": alert.id,
        "kind": notice.kind,
        "reason": notice.reason,
        "before": {"id": before.id, "title": before.title} if before else None,
        "subscription": {
            "id": alert.subscription,
            "name": subscription.name if subscription else "",
            "query": subscription.query if subscription else "",
        },
        "article": {
            "id": article.id,
            "url": article.url,
            "outlet": article.outlet,
            "title": article.title,
            "lang": article.lang,
            "published": published.isoformat() if published else None,
            "published_origin": article.published_origin,
            "published_note": article.published_note,
            "first_seen": article.first_seen.isoformat(),
            "places": list(article.places),
            "topics": list(article.topics),
        },
        "hits": [hit.to_dict() for hit in notice.hits],
        "story": {
            "id": alert.story,
            "outlets": list(story.outlets) if story else [article.outlet],
            "texts": story.texts if story else 1,
        },
        "times": {
            "published": published.isoformat() if published else None,
            "seen": article.first_seen.isoformat(),
            "alerted": notice.created.isoformat(),
            "published_to_seen_seconds": gap,
            "seen_to_alerted_seconds": (notice.created - article.first_seen).total_seconds(),
        },
    }
