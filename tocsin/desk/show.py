"""How a record looks to a reader: times in the reader's zone, safe links, words by which a query can be narrowed.

Pure: records in, small views out. Nothing here writes HTML; the templates do, with everything escaped.
"""

import re
from datetime import datetime, timedelta, tzinfo
from urllib.parse import urlencode

import msgspec

from tocsin.records import Article

LANGUAGES = {
    "ar": "Arabic",
    "be": "Belarusian",
    "cs": "Czech",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fr": "French",
    "he": "Hebrew",
    "it": "Italian",
    "ka": "Georgian",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "tr": "Turkish",
    "uk": "Ukrainian",
}
_LANG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")
_CONTROL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class View(msgspec.Struct, frozen=True):
    """Base of what templates receive."""


class Moment(View, frozen=True):
    """A point in time as a page shows it."""

    iso: str
    """For the ``datetime`` attribute."""
    text: str
    """In the reader's zone, with its abbreviation."""
    hover: str


class Publication(View, frozen=True):
    """When an article says it was published, or why nobody knows."""

    moment: Moment | None
    origin: str
    note: str


class Part(View, frozen=True):
    """A piece of text; ``word`` is the query word it met, empty where it met none."""

    text: str
    word: str = ""
    how: str = ""


class Met(View, frozen=True):
    """A word of the query and the forms of it that a text has."""

    word: str
    form: str
    how: str


class Lens(View, frozen=True):
    """Through what a reader sees times: the own zone and the present."""

    zone: tzinfo
    now: datetime

    def moment(self, when: datetime, *, seconds: bool = False) -> Moment:
        """A time in the reader's zone; one without a zone stays as its digits and says so."""
        if when.tzinfo is None:
            shown, label, hover = when, "zone unknown", "The page gives no zone: these are its own digits."
        else:
            shown = when.astimezone(self.zone)
            label = shown.strftime("%Z")
            hover = f"{when.isoformat(sep=' ', timespec='seconds')} as recorded"
        year = "" if shown.year == self.now.astimezone(self.zone).year else f" {shown.year}"
        digits = shown.strftime("%H:%M:%S" if seconds else "%H:%M")
        text = f"{shown.day} {shown.strftime('%b')}{year}, {digits} {label}"
        return Moment(when.isoformat(timespec="seconds"), text, hover)

    def maybe(self, when: datetime | None, *, seconds: bool = False) -> Moment | None:
        """As ``moment``; None stays None."""
        return None if when is None else self.moment(when, seconds=seconds)

    def publication(self, article: Article) -> Publication:
        """The publication time with its origin; the time as the page had it stands in ``hover``."""
        if article.published is None:
            return Publication(None, "", article.published_note or "no trustworthy date was found")
        shown = self.moment(article.published)
        origin = article.published_origin or "origin unknown"
        zoned = article.published.isoformat(sep=" ", timespec="minutes")
        hover = f"As published: {zoned}{'' if article.published.tzinfo else ', no zone'}. Origin: {origin}."
        return Publication(Moment(shown.iso, shown.text, hover), origin, article.published_note)


def gap(earlier: datetime | None, later: datetime) -> str:
    """How long it took from one time to another, in words; empty where it cannot be said."""
    if earlier is None or earlier.tzinfo is None:
        return ""
    seconds = (later - earlier) // timedelta(seconds=1)
    if seconds < 0:
        return f"{_span(-seconds)} before"
    return f"{_span(seconds)} later"


def _span(seconds: int) -> str:
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"


def language(code: str) -> str:
    """English name of a language, its code where the name is not listed."""
    return LANGUAGES.get(code, code)


def lang_attribute(code: str) -> str | None:
    """A value fit for ``lang``; None where there is none, so that the attribute is left out."""
    return code if _LANG.fullmatch(code) else None


def printable(text: str) -> str:
    """Text without the characters that XML 1.0 forbids: one of them would break a whole feed."""
    return _CONTROL.sub("", text)


def opening(text: str, limit: int = 280) -> str:
    """The beginning of a text, cut between words."""
    flat = " ".join(text[: limit * 2].split())
    if len(flat) <= limit:
        return flat
    return flat[:limit].rpartition(" ")[0].rstrip(",;:–—-") + " …"


def narrowed(query: str, field: str, value: str) -> str:
    """Path of a search that asks for one more thing; an OR on top is put in parentheses first."""
    value = value.replace('"', " ").strip()
    more = f'{field}:"{value}"' if not value.isalnum() else f"{field}:{value}"
    old = query.strip()
    if more in old:
        return search_path(old)
    if re.search(r"\bOR\b|\|", old):
        old = f"({old})"
    return search_path(f"{old} {more}".strip())


def search_path(query: str, **more: str | int) -> str:
    """Path of the search page for a query; empty parameters are left out."""
    given = {"q": query, **more}
    return "/search?" + urlencode({key: value for key, value in given.items() if value != ""})
