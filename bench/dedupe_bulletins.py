"""Twenty bulletins by one form each, sixty days of them: texts that differ in little but are not copies of each other.

The forms are written by hand in ``bench/bulletins.yaml`` and filled by a seeded generator. Some days a second outlet,
or a third, prints the day's bulletin too: these are copies, and the only ones. Gold group: family and day.
"""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import yaml

from bench.dedupe_events import AFTER, BEFORE, OUTLETS, Row

FORMS = Path(__file__).with_name("bulletins.yaml")
DAYS = 60
SEEDS = 20260302, 2, 4
"""With the last two, horoscopes of two days were most alike."""
START = datetime(2026, 3, 2, tzinfo=UTC)
SECOND, THIRD = 0.35, 0.1
"""Share of the days on which another outlet, and a further one, prints the same bulletin."""
MONTHS = {
    "en": "March April",
    "uk": "березня квітня",
    "ru": "марта апреля",
}
WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "uk": "понеділок вівторок середу четвер п'ятницю суботу неділю",
    "ru": "понедельник вторник среду четверг пятницу субботу воскресенье",
}
_SLOT = re.compile(r"\{(?:(\w+)=)?([^{}]+)\}")
_RANGE = re.compile(r"(?:(\d+)\+)?(-?[\d,.]*\d)\.\.(-?[\d,.]*\d)")


def rows(seed: int = SEEDS[0], days: int = DAYS) -> list[Row]:
    """All bulletins in order of arrival, as lines of ``tocsin group`` with ``kind`` (family) and ``group``."""
    read: dict[str, Any] = yaml.safe_load(FORMS.read_text("utf-8"))
    made = []
    for place, family in enumerate(read["families"]):
        form = Form(family, read["pools"], seed)
        for day in range(days):
            made += _printed(form, day, place)
    return sorted(made, key=lambda row: (row["published"], row["id"]))


class Form:
    """A bulletin's form, and what its growing totals have come to."""

    def __init__(self, family: Row, pools: dict[str, str], seed: int) -> None:
        self.name: str = family["name"]
        self.lang: str = family["lang"]
        self.chance = Random(f"{seed} {self.name}")
        self._title: str = family["title"]
        self._text: str = family["text"]
        self._pools = pools
        self._totals: dict[str, int] = {}
        self._dealt: dict[str, list[str]] = {}

    def filled(self, day: int) -> tuple[str, str]:
        """Title and text of a day; days are asked for in order."""
        self._dealt.clear()
        date = START + timedelta(days=day)
        month = MONTHS[self.lang].split()[date.month - START.month]
        known = {
            "date": f"{date.day} {month}",
            "weekday": WEEKDAYS[self.lang].split()[date.weekday()],
            "n": str(day + 1),
        }

        def fill(found: re.Match[str]) -> str:
            name, slot = found[1], found[2]
            value = known[slot] if slot in known else self._drawn(slot)
            if name:
                known[name] = value
            return value

        return _SLOT.sub(fill, self._title), "\n\n".join(_SLOT.sub(fill, self._text).splitlines())

    def _drawn(self, slot: str) -> str:
        """What stands in a place today."""
        if slot.startswith("@"):
            return self._dealt_from(slot[1:])
        span = _RANGE.fullmatch(slot)
        if span is None:
            return self.chance.choice(slot.split("|"))
        base, low, high = span.groups()
        if "." in low:
            digits = len(low.partition(".")[2])
            value = f"{self.chance.uniform(float(low), float(high)):.{digits}f}"
            return value if self.lang == "en" else value.replace(".", ",")
        number = self.chance.randint(int(low.replace(",", "")), int(high.replace(",", "")))
        if base:
            number += self._totals.get(slot, int(base))
            self._totals[slot] = number
        return f"{number:,}" if "," in low else str(number)

    def _dealt_from(self, pool: str) -> str:
        """One of a pool; no name stands twice in a bulletin before all have stood there."""
        left = self._dealt.get(pool)
        if not left:
            names = self._pools[pool].split("|")
            left = self._dealt[pool] = self.chance.sample(names, len(names))
        return left.pop()


def _printed(form: Form, day: int, place: int) -> list[Row]:
    """A day's bulletin, and its copies in other outlets, if it has any."""
    title, text = form.filled(day)
    chance = form.chance
    hour = START + timedelta(days=day, hours=5 + place % 12, minutes=7 * place % 60)
    made = [_row(form, day, 0, place, hour, title, text)]
    if chance.random() >= SECOND:
        return made
    outlets = 2 if chance.random() < THIRD / SECOND else 1
    for copy in range(1, outlets + 1):
        hour += timedelta(minutes=chance.randint(11, 170))
        paragraphs = text.split("\n\n")
        if chance.random() < 0.5:
            paragraphs.insert(0, chance.choice(BEFORE[form.lang]))
        if chance.random() < 0.5:
            paragraphs.append(chance.choice(AFTER[form.lang]))
        name = title if chance.random() < 0.7 else f"{title} | {_outlet(form, place, copy)}"
        made.append(_row(form, day, copy, place, hour, name, "\n\n".join(paragraphs)))
    return made


def _row(form: Form, day: int, copy: int, place: int, hour: datetime, title: str, text: str) -> Row:
    outlet = _outlet(form, place, copy)
    return {
        "id": f"{form.name}-{day:02}-{copy}",
        "url": f"https://{outlet}/{hour:%Y/%m/%d}/{form.name}-{7000 + 13 * day + copy}",
        "outlet": outlet,
        "title": title,
        "text": text,
        "lang": form.lang,
        "published": hour.isoformat(),
        "kind": form.name,
        "group": f"{form.name}-{day:02}",
    }


def _outlet(form: Form, place: int, copy: int) -> str:
    names = OUTLETS[form.lang]
    return f"{names[(place + copy) % len(names)]}.example"
