"""Dates as pages print them: day, month and year in nine languages, with or without time and zone."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import msgspec

_MONTHS = (
    (
        "january jan січня січень січ января январь янв januar jänner janvier janv enero ene stycznia styczeń"
        " sty gennaio gen janeiro januari ianuarie януари студзеня ocak ledna يناير"
    ),
    (
        "february feb лютого лютий лют февраля февраль фев februar février févr febrero lutego luty lut"
        " febbraio fevereiro fev februari februarie февруари лютага şubat února فبراير"
    ),
    (
        "march mar березня березень бер марта март мар märz mars marzo marca marzec março maart mrt martie"
        " сакавіка mart března مارس"
    ),
    (
        "april apr квітня квітень кві апреля апрель апр avril avr abril abr kwietnia kwiecień kwi aprile"
        " aprilie април красавіка nisan dubna أبريل ابريل إبريل"
    ),
    ("may травня травень тра мая май mai mayo maja maj maggio mag maio mei мая mayıs května مايو"),
    (
        "june jun червня червень чер июня июнь июн juni juin junio czerwca czerwiec cze giugno giu junho"
        " iunie юни чэрвеня haziran června يونيو"
    ),
    (
        "july jul липня липень лип июля июль июл juli juillet juil julio lipca lipiec lip luglio lug julho"
        " iulie юли ліпеня temmuz července يوليو"
    ),
    (
        "august aug серпня серпень сер августа август авг août agosto ago sierpnia sierpień sie augustus"
        " augusti жніўня ağustos srpna أغسطس اغسطس"
    ),
    (
        "september sept sep вересня вересень вер сентября сентябрь сен сент septembre septiembre września"
        " wrzesień wrz settembre set setembro septembrie септември верасня eylül září سبتمبر"
    ),
    (
        "october oct жовтня жовтень жов октября октябрь окт oktober okt octobre octubre października"
        " październik paź ottobre ott outubro out octombrie октомври кастрычніка ekim října أكتوبر اكتوبر"
    ),
    (
        "november nov листопада листопад лис ноября ноябрь ноя нояб novembre noviembre listopada listopad"
        " novembro noiembrie ноември лістапада kasım نوفمبر"
    ),
    (
        "december dec грудня грудень гру декабря декабрь дек dezember dez décembre déc diciembre dic grudnia"
        " grudzień gru dicembre dezembro decembrie декември снежня aralık prosince desember ديسمبر"
    ),
)
_MONTH = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_NAMES = "|".join(sorted(_MONTH, key=len, reverse=True))
_DATE = re.compile(
    rf"(?i)(?<![\w/.-])(?:(?P<d1>\d{{1,2}})(?:(?:st|nd|rd|th|er|º|\.)?(?:\s+|(?<=\.))(?:de\s+)?(?P<m1>{_NAMES})\b"
    rf"\.?,?\s*(?:de[l]?\s+)?|(?P<dash>[-/])(?P<m6>{_NAMES})\b(?P=dash))(?P<y1>(?:19|20)\d\d)\b"
    rf"|(?P<m2>{_NAMES})\b\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y2>(?:19|20)\d\d)\b"
    r"|(?P<d3>\d{1,2})(?P<sep>[./-])(?P<m3>\d{1,2})(?P=sep)(?P<y3>(?:19|20)\d\d)\b"
    rf"|(?P<y4>(?:19|20)\d\d)(?:(?P<sep4>[./-])(?P<m4>\d{{1,2}})(?P=sep4)(?P<d4>\d{{1,2}})"
    rf"|\s(?P<m7>{_NAMES})\b\.?\s(?P<d7>\d{{1,2}})|\s?年\s?(?P<m8>\d{{1,2}})\s?月\s?(?P<d8>\d{{1,2}})\s?日)"
    r"|(?P<d5>\d\d)\.(?P<m5>\d\d)\.(?P<y5>\d\d))(?![\d/-]|\.\d)"
)
_YEAR = re.compile(r"(?:19|20)\d\d|\d\.\d\d\.\d\d")
_LAST_SHORT = 49
"""Of two digits up to this one, the century is the present one; higher ones are no year of a page."""
_CLOCK = r"(?P<h>[01]?\d|2[0-3])(?:[:h.]|\s?h\s?)(?P<min>[0-5]\d)(?::[0-5]\d)?(?:\s*(?P<half>[ap]\.?m\b\.?|[صم]\b))?"
_ZONE = (
    r"(?:\s*\(?(?P<zone>UTC|GMT|Z|BST|CET|CEST|EET|EEST|MSK|мск|EST|EDT|PST|PDT|CST|CDT"
    r"|МСК)?\)?\s*(?P<off>[+−-]\d\d?:?(?:\d\d)?)?)"
)
_TIME_AFTER = re.compile(rf"(?i)^[\s,|–—•·T-]*(?:at|о|об|в|um|à|a las|o|г\.?,?|р\.?,?)?[\s,|]*{_CLOCK}(?![\d.]){_ZONE}")
_TIME_BEFORE = re.compile(
    rf"(?i)(?<![\d.:]){_CLOCK}(?P<zone>)(?P<off>)(?:\s*(?:UTC|GMT|EST|EDT|ET))?[\s,|–—•·-]*(?:on\s+)?$"
)
_ZONES = {
    "utc": 0,
    "gmt": 0,
    "z": 0,
    "bst": 60,
    "cet": 60,
    "cest": 120,
    "eet": 120,
    "eest": 180,
    "msk": 180,
    "мск": 180,
    "est": -300,
    "edt": -240,
    "cst": -360,
    "cdt": -300,
    "pst": -480,
    "pdt": -420,
}
_WEEKDAY = re.compile(
    r"(?i)\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b|понеділок|вівторок|середа|четвер"
    r"|п[’']?ятниця|субота|неділя|понедельник|вторник"
    r"|среда|четверг|пятница|суббота|воскресенье|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag"
    r"|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|lunes|martes|miércoles|jueves|viernes|sábado|domingo|poniedziałek|wtorek|środa|czwartek|piątek|sobota|niedziela"
)
_WEEKDAY_BEFORE = re.compile(rf"(?:{_WEEKDAY.pattern[4:]})\.?,?\s*$", re.IGNORECASE)


class Printed(msgspec.Struct, frozen=True):
    """A date as printed."""

    raw: str
    value: datetime
    """Naive unless a zone is printed beside it; midnight where no time is."""
    timed: bool
    start: int
    end: int


def find(text: str, *, month_first: bool = False) -> Iterator[Printed]:
    """Dates with a year in a line. ``month_first`` says how to read ``03/04/2026`` (with slashes only)."""
    # Most texts with figures have no year: this spares them the search for names of months.
    for found in _DATE.finditer(text) if _YEAR.search(text) else ():
        day = _day(found, month_first=month_first)
        if day is None:
            continue
        start, end = found.span()
        after = _TIME_AFTER.match(text[end : end + 40])
        before = None if after else _TIME_BEFORE.search(text[max(0, start - 24) : start])
        clock = after or before
        if clock:
            day = _at(day, clock)
            end, start = (end + after.end(), start) if after else (end, max(0, start - 24) + clock.start())
        weekday = _WEEKDAY_BEFORE.search(text[max(0, start - 16) : start])
        start -= len(weekday.group(0)) if weekday else 0
        yield Printed(text[start:end].strip(), day, clock is not None, start, end)


def _day(found: re.Match[str], *, month_first: bool) -> datetime | None:
    g = found.groupdict()
    year = int(g["y1"] or g["y2"] or g["y3"] or g["y4"] or 0)
    try:
        if g["y5"]:
            return datetime(2000 + int(g["y5"]), int(g["m5"]), int(g["d5"])) if int(g["y5"]) <= _LAST_SHORT else None
        if name := g["m1"] or g["m2"] or g["m6"] or g["m7"]:
            return datetime(year, _MONTH.get(name.casefold(), 0), int(g["d1"] or g["d2"] or g["d7"]))
        if g["y4"]:
            return datetime(year, int(g["m4"] or g["m8"]), int(g["d4"] or g["d8"]))
        day, month = int(g["d3"]), int(g["m3"])
        if month > 12 or (month_first and g["sep"] == "/" and day <= 12):
            day, month = month, day
        return datetime(year, month, day)
    except ValueError:
        return None


def _at(day: datetime, clock: re.Match[str]) -> datetime:
    hour = int(clock["h"])
    half = (clock["half"] or "").lower().replace(".", "")
    if half and hour <= 12:
        hour = hour % 12 + (12 if half in ("pm", "م") else 0)
    moment = day.replace(hour=hour, minute=int(clock["min"]))
    zone, offset = (clock["zone"] or "").lower(), (clock["off"] or "").replace("−", "-").replace(":", "")
    if offset:
        hours, minutes = int(offset[1:3]), int(offset[3:5] or 0)
        minutes = (hours * 60 + minutes) * (-1 if offset[0] == "-" else 1)
        return moment.replace(tzinfo=timezone(timedelta(minutes=minutes))) if abs(minutes) < 1440 else moment
    return moment.replace(tzinfo=zone_named(zone))


def zone_named(name: str) -> tzinfo | None:
    """The zone of an abbreviation in lower case, such as ``eet``; None where it is unknown."""
    minutes = _ZONES.get(name)
    if minutes is None:
        return None
    return timezone(timedelta(minutes=minutes)) if minutes else UTC


def is_date_line(line: str) -> bool:
    """Whether a short line holds a date and next to nothing else (a weekday, a place, a separator)."""
    if len(line) > 80 or not any(c.isdigit() for c in line):
        return False
    found = next(find(line), None)
    if found is None:
        return False
    rest = _WEEKDAY.sub("", line[: found.start] + " " + line[found.end :])
    return len(re.findall(r"[^\W\d_]{2,}", rest)) <= 2


def with_weekday(text: str) -> bool:
    """Whether a printed date names the day of the week."""
    return bool(_WEEKDAY.search(text))


def without_weekday(text: str) -> str:
    """A text without the names of days."""
    return _WEEKDAY.sub("", text)


def is_for_people(raw: str) -> bool:
    """Whether what stands where a machine's date should be is a day as people write it: ``Jun 12, 2025``."""
    found = next(find(raw), None)
    return found is not None and not found.timed and not raw.strip()[:4].isdigit()


def parse_iso(raw: str) -> datetime | None:
    """A machine-written date: ISO 8601 as met in the wild, or RFC 2822; None where it is neither."""
    text = raw.strip().replace("Z[UTC]", "Z")
    text = re.sub(r"([+-]\d\d)$", r"\1:00", text) if "T" in text else text
    text = re.sub(
        r"^(\d{4}-\d\d-\d\d)[ T](\d\d?:\d\d(?::\d\d)?(?:\.\d+)?)\s*(?:UTC|GMT)?\s*([+-]\d\d:?\d\d|Z)?.*$",
        r"\1T\2\3",
        text,
    )
    text = re.sub(r"T(\d):", r"T0\1:", text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        from email.utils import parsedate_to_datetime

        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        pass
    # Some pages write a printed date where a machine's should be.
    printed = next(find(text), None)
    return printed.value if printed else None
