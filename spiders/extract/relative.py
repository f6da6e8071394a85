"""Dates that lean on the moment of the fetch: ``вчора``, ``2 часа назад``, ``today at 14:05``, a day without its year.

Read in the outlet's zone. Where summer time ends, a clock that came twice is the later one that is not after the fetch;
where it begins, a clock that never was is moved on by the hour that was skipped. What says no more than a day is a day.
"""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

import msgspec

from spiders.extract import localdate

TODAY = r"today|сьогодні|сегодня|heute|aujourd[’']hui|hoy|dzisiaj|dziś|oggi|hoje|vandaag"
YESTERDAY = r"yesterday|вчора|учора|вчера|gestern|hier|ayer|wczoraj|ieri|ontem|gisteren"
_BEFORE = r"позавчора|позавчера|vorgestern|avant-hier|anteayer|przedwczoraj|(?:the )?day before yesterday"
_DAY = re.compile(rf"(?i)(?<![\w-])(?:(?P<d2>{_BEFORE})|(?P<d0>{TODAY})|(?P<d1>{YESTERDAY}))(?![\w-])")
_UNITS = {
    "s": r"sec(?:ond)?s?|секунд\w?|сек|sekunden?|secondes?|segundos?|sekund\w?",
    "m": r"min(?:ute)?s?|хвилин\w?|хв|минут\w?|мин|minuten?|minutos?|minut\w?",
    "h": r"hours?|hrs?|h|годин\w?|год(?=\.)|часов|часа|час|ч|stunden?|std|heures?|horas?|godzin\w?|godz",
    "d": r"days?|день|дні|дня|днів|дней|tag(?:en?)?|jours?|días?|dni|dzień",
    "y": r"months?|years?|місяц\w*|рок\w*|рік|месяц\w*|год(?:а|ов|ы)?|лет|monat\w*|jahr\w*|mois|ans?|mes(?:es)?|años?"
    r"|miesiąc\w*|lat|rok",
    "w": r"weeks?|тиждень|тижні|тижнів|недел[юиь]|недели|wochen?|semaines?|semanas?|tydzień|tygodni\w?",
}
_SPANS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "y": timedelta(days=30),
}
_UNIT = "|".join(f"(?P<{name}>{words})" for name, words in _UNITS.items())
_AGO = tuple(
    re.compile(rf"(?i)(?<![\w.:]){lead}(?:{_UNIT})\b\.?{tail}")
    for lead, tail in (
        (r"(?:(?P<n>\d{1,3}|an?|one)\s?)", r"\s+ago\b"),
        (r"(?:(?P<n>\d{1,3})\s?)?", r"\s+(?:тому|назад|temu)\b"),
        (r"vor\s+(?P<n>\d{1,3}|einer|einem)\s+", ""),
        (r"il y a\s+(?P<n>\d{1,3}|une?)\s+", ""),
        (r"hace\s+(?P<n>\d{1,3}|una?)\s+", ""),
    )
)
_YEARLESS = re.compile(
    r"(?i)(?<![\w.:/-])(?:(?P<d>\d{1,2})(?:st|nd|rd|th|er|\.)?\s+(?:de\s+)?(?P<m>[^\W\d_]{3,12})\b\.?"
    r"|(?P<m2>[^\W\d_]{3,12})\.?\s+(?P<d2>\d{1,2})(?:st|nd|rd|th)?(?![\d:.]))(?!,?\s+(?:19|20)\d\d)"
)
_YEARLESS_FIGURES = re.compile(r"(?<![\d./:-])(?P<d>\d\d)\.(?P<m>\d\d)\.?(?=,?\s+(?:о |в |um )?\d\d:\d\d\b)")
_CLOCK_WITH_ZONE = re.compile(
    r"(?i)(?<![\d.:/-])(?:[01]?\d|2[0-3])[:.][0-5]\d\s?(?:"
    r"utc|gmt|bst|cest|cet|eest|eet|msk|мск)\b"
)
_FULL_HOUR = re.compile(r"(?i)(?<![\d.:,])([01]?\d|2[0-3])\s?(?:h|uhr)\b(?!\s?\d)")
_OTHER_WORDS = 4
_LATE = timedelta(minutes=2)
"""A page's clock may be ahead of ours by so much."""


class Relative(msgspec.Struct, frozen=True):
    """A date that was worked out from the moment of the fetch."""

    raw: str
    value: datetime | None
    """Aware; None where no day follows: the zone would have to be known, or months and years were counted."""
    day_only: bool = False


def find(text: str, fetched: datetime, zone: tzinfo | None) -> Relative | None:
    """The relative date of a short line that says little else; None where there is none.

    ``zone`` is the outlet's. Without it, only what names a zone or counts hours and minutes is understood.
    """
    line = " ".join(text.split())
    if not 3 <= len(line) <= 90:
        return None
    return _ago(line, fetched, zone) or _yearless(line, fetched, zone) or _day(line, fetched, zone)


def latest(naive: datetime, zone: tzinfo, fetched: datetime, back: timedelta = timedelta(days=1)) -> datetime:
    """The moment of a local clock: the latest that is not after the fetch; else the same clock ``back`` before."""
    for local in (naive, naive - back):
        for fold in (1, 0):
            moment = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            there = moment.astimezone(zone)
            # In the hour that is skipped fold 1 would move back: of the two readings only the other is moved on.
            if moment <= fetched + _LATE and (fold == 0 or there.replace(tzinfo=None, fold=0) == local):
                return there
    return naive.replace(tzinfo=zone)


def _few(line: str, start: int, end: int) -> bool:
    rest = localdate.without_weekday(f"{line[:start]} {line[end:]}")
    return len(re.findall(r"[^\W\d_]{2,}", rest)) <= _OTHER_WORDS


def _has_clock(line: str) -> bool:
    return bool(re.search(r"(?<!\d)\d{1,2}\s?(?:[:h.]\s?[0-5]\d|h\b|uhr\b|[ap]\.?m\b)", line.lower()))


def _alone(line: str, span: re.Match[str]) -> bool:
    """Whether a word for a day stands by itself, or behind one other word: “hier” is French, and German for here."""
    return len(re.findall(r"\w+", line[: span.start()] + " " + line[span.end() :])) <= 1


def _ago(line: str, fetched: datetime, zone: tzinfo | None) -> Relative | None:
    found = next((m for m in (p.search(line) for p in _AGO) if m), None)
    if found is None or not _few(line, *found.span()):
        return None
    unit = next(name for name in _UNITS if found[name])
    number = int(found["n"]) if found["n"] and found["n"].isdigit() else 1
    moment = (fetched - number * _SPANS[unit]).astimezone(zone or UTC).replace(second=0, microsecond=0)
    if unit in "smh":
        return Relative(found[0], moment)
    day = moment.replace(hour=0, minute=0)
    return Relative(found[0], day if zone and unit != "y" else None, day_only=True)


def _day(line: str, fetched: datetime, zone: tzinfo | None) -> Relative | None:
    found = _DAY.search(line)
    clock = None if found else _CLOCK_WITH_ZONE.search(line)
    span = found or clock
    if span is None or not _few(line, *span.span()) or not (clock or _has_clock(line) or _alone(line, span)):
        return None
    back = 2 if found and found["d2"] else 1 if found and found["d1"] else 0
    day = f"{fetched.astimezone(zone or UTC).date() - timedelta(days=back)}"
    said = f"{line[: found.start()]}{day}{line[found.end() :]}" if found else f"{day} {line[span.start() :]}"
    printed = next(localdate.find(_FULL_HOUR.sub(r"\1:00", said)), None)
    if printed is None:
        return None
    return _placed(line, printed, fetched, zone, timedelta(days=1) if back == 0 else timedelta())


def _yearless(line: str, fetched: datetime, zone: tzinfo | None) -> Relative | None:
    found = _YEARLESS_FIGURES.search(line) or _YEARLESS.search(line)
    if found is None or not _few(line, *found.span()):
        return None
    figures = found.groupdict()
    day, month = figures["d"] or figures.get("d2"), figures["m"] or figures.get("m2")
    gap = "." if month and month.isdigit() else " "
    today = fetched.astimezone(zone or UTC).date()
    for year in (today.year, today.year - 1):
        said = f"{line[: found.start()]}{day}{gap}{month}{gap}{year}{line[found.end() :]}"
        printed = next(localdate.find(_FULL_HOUR.sub(r"\1:00", said)), None)
        if printed is not None and not _after(printed, fetched, today, zone):
            return _placed(line, printed, fetched, zone, timedelta())
    return None


def _after(printed: localdate.Printed, fetched: datetime, today: date, zone: tzinfo | None) -> bool:
    if not printed.timed:
        return printed.value.date() > today
    value = printed.value if printed.value.tzinfo else printed.value.replace(tzinfo=zone or UTC)
    return value > fetched + (_LATE if zone or printed.value.tzinfo else timedelta(hours=14))


def _placed(line: str, printed: localdate.Printed, fetched: datetime, zone: tzinfo | None, back: timedelta) -> Relative:
    value = printed.value
    if value.tzinfo is not None:
        return Relative(line, value - back if back and value > fetched + _LATE else value)
    if zone is None:
        return Relative(line, None, not printed.timed)
    if not printed.timed:
        return Relative(line, value.replace(tzinfo=zone), day_only=True)
    return Relative(line, latest(value, zone, fetched, back))
