"""Sixty invented events, each told seven times: what counts as one text and what does not.

An event is written by hand in ``bench/events``: a wire report and what other desks made of it. A line of a text is a
paragraph; ``{3}`` stands for the wire's third paragraph, ``{quote}`` for the official's words. The usual changes of a
republication (headline, boilerplate, typographic quotes, a trimmed end, a dateline) are made here, other ones for each
event. Places, persons, agencies and outlets exist nowhere.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).with_name("events")
UNSEEN = Path(__file__).with_name("events_unseen")
"""Events in the same form by writers who did not know the rules: the first ones before these were made as they are, the
second ones after. In one denial of them ``no danger to people or livestock`` became ``danger to people and livestock``.
"""
START = datetime(2026, 2, 2, 5, 10, tzinfo=UTC)
LAST = 4
"""Paragraphs of a wire that stay, at least, when its end is trimmed."""
MOST = 3
"""Paragraphs of background in a follow-up."""
AGENCIES = {
    "en": ("Meridian Wire", "Halyard Press", "Northline News Agency"),
    "uk": ("агенція «Обрій-Інформ»", "«Степова хвиля»", "агенція «Перевал»"),
    "ru": ("агентство «Меридиан-Юг»", "«Волна-Пресс»", "агентство «Перекат»"),
}
OUTLETS = {
    "en": ("saltmarsh-courier", "evening-lantern", "ridgeway-times", "the-quayside", "plainsman-daily", "harrow-post"),
    "uk": ("ranok-nad-richkoiu", "visnyk-stepu", "tochka-opory", "misto-i-liudy", "hrebin-hory", "nova-shpalta"),
    "ru": ("utro-na-beregu", "stepnoy-vestnik", "gorod-za-rekoy", "novaya-polosa", "yuzhny-prichal", "kamenny-most"),
}
BEFORE = {
    "en": (
        "Home | Region | Courts | Money | Weather | Letters",
        "You are reading the free edition. Sign in to keep this story for later.",
        "The Ridgeway Times, independent since 1911",
    ),
    "uk": (
        "Головна | Область | Гроші | Довкілля | Листи читачів",
        "Підписуйтеся на нас у месенджерах, щоб не пропустити важливого",
        "Час читання: дві хвилини. Автор: черговий редактор стрічки",
    ),
    "ru": (
        "Главная | Область | Деньги | Погода | Письма читателей",
        "Подпишитесь на нашу рассылку: главное за день одним письмом",
        "Время чтения: две минуты. Дежурный редактор ленты",
    ),
}
AFTER = {
    "en": (
        "Have you seen something we should know about? Write to the newsroom, we protect our sources.",
        "Copyright of this text lies with its agency. Reprinting is allowed to subscribers only.",
        "More from the region: ferry timetable changes; school heating fund; letters of the week.",
    ),
    "uk": (
        "Помітили помилку? Виділіть її та натисніть Ctrl+Enter, і редакція все виправить.",
        "Передрук дозволено лише з гіперпосиланням, не закритим для пошукових систем.",
        "Читайте також: новий розклад електричок; де обміняти старі лічильники; погода на вихідні.",
    ),
    "ru": (
        "Нашли ошибку? Выделите её и нажмите Ctrl+Enter, редакция всё исправит.",
        "Перепечатка разрешена только с указанием источника и активной ссылкой.",
        "Читайте также: новое расписание электричек; где поменять счётчики; погода на выходные.",
    ),
}
_PLACE = re.compile(r"\{(\w+)\}")

Row = dict[str, Any]
Change = Callable[["Text", "Event"], "Text"]


@dataclass(frozen=True)
class Text:
    """A headline and the paragraphs under it."""

    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Event:
    """An event as it was written: the wire, and each text made from it by its kind."""

    name: str
    number: int
    lang: str
    other: str
    """Language of the translation."""
    quote: str
    wire: Text
    headline: str
    """What the republication is called; empty where it keeps the wire's headline."""
    swaps: tuple[tuple[str, str], ...]
    """What the denial says otherwise than the wire."""
    texts: dict[str, Text] = field(default_factory=dict)

    @property
    def begins(self) -> datetime:
        """When the wire came: two events a day, so that the stream of one crosses the next."""
        return START + timedelta(hours=11 * self.number, minutes=17 * self.number % 60)


def events(folder: Path = HERE) -> list[Event]:
    """All events by language, numbered through."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    written = []
    for path in sorted(folder.glob("*.yaml")):
        written += [(path.stem, row) for row in yaml.load(path.read_text("utf-8"), Loader=loader)]
    return [_event(number, lang, row) for number, (lang, row) in enumerate(written)]


def _event(number: int, lang: str, row: Row) -> Event:
    wire = Text(row["title"], _paragraphs(row["wire"], (), row["quote"]))

    def text(kind: str) -> Text:
        return Text(row[kind]["title"], _paragraphs(row[kind]["text"], wire.paragraphs, row["quote"]))

    kinds = {kind: text(kind) for kind in ("rewrite", "independent", "followup", "translation")}
    swaps = tuple((old, new) for old, new in row["denial"]["swap"].items())
    kinds["denial"] = denied(wire, row["denial"]["title"], swaps)
    return Event(
        name=row["name"],
        number=number,
        lang=lang,
        other=row["translation"]["lang"],
        quote=row["quote"],
        wire=wire,
        headline=row.get("headline", ""),
        swaps=swaps,
        texts=kinds,
    )


def _paragraphs(text: str, wire: tuple[str, ...], quote: str) -> tuple[str, ...]:
    """Lines with their places filled."""

    def filled(found: re.Match[str]) -> str:
        return quote if found[1] == "quote" else wire[int(found[1]) - 1]

    return tuple(_PLACE.sub(filled, line.strip()) for line in text.splitlines() if line.strip())


def denied(wire: Text, title: str, swaps: tuple[tuple[str, str], ...]) -> Text:
    """The wire with its claim turned round. Raises ValueError where what is to be changed does not stand there once."""
    body = "\n".join(wire.paragraphs)
    for old, new in swaps:
        if body.count(old) != 1:
            raise ValueError(f"{wire.title!r}: {old!r} stands in the wire {body.count(old)} times, not once")
        body = body.replace(old, new)
    return Text(title, tuple(body.split("\n")))


def _headline(text: Text, event: Event) -> Text:
    return Text(event.headline or f"{text.title} | {_outlet(event, 1)}", text.paragraphs)


def _line_before(text: Text, event: Event) -> Text:
    return Text(text.title, (_chosen(BEFORE[event.lang], event), *text.paragraphs))


def _line_behind(text: Text, event: Event) -> Text:
    return Text(text.title, (*text.paragraphs, _chosen(AFTER[event.lang], event)))


def _typographic(text: Text, event: Event) -> Text:
    opening, closing = "“”" if event.lang == "en" else "«»"
    quoted = re.compile(r'"([^"\n]*)"')
    return Text(
        quoted.sub(rf"{opening}\1{closing}", text.title),
        tuple(quoted.sub(rf"{opening}\1{closing}", line).replace("'", "’") for line in text.paragraphs),
    )


def _trimmed(text: Text, _event: Event) -> Text:
    return Text(text.title, text.paragraphs[: max(LAST, len(text.paragraphs) - 1)])


def _dateline(text: Text, event: Event) -> Text:
    first, *rest = text.paragraphs
    return Text(text.title, (f"({_chosen(AGENCIES[event.lang], event)}) — {first}", *rest))


CHANGES: tuple[tuple[Change, ...], ...] = (
    (_headline,),
    (_line_before,),
    (_typographic, _line_behind),
    (_trimmed,),
    (_dateline,),
    (_headline, _trimmed, _dateline),
    (_headline, _typographic, _line_before, _line_behind),
    (_typographic, _trimmed),
    (),
    (_headline, _line_behind),
    (_headline, _dateline, _line_before),
)
"""What an outlet does to a wire; event after event takes the next."""


def republished(event: Event) -> Text:
    """The wire as another outlet prints it."""
    text = event.wire
    for change in CHANGES[event.number % len(CHANGES)]:
        text = change(text, event)
    return text


def noted(event: Event) -> Text:
    """The independent report; every fifth is a short note, of which the official's words are the larger part."""
    text = event.texts["independent"]
    return Text(text.title, text.paragraphs[:-1] if event.number % 5 == 2 else text.paragraphs)


def followed_up(event: Event) -> Text:
    """The next day's report; every third has three paragraphs of background where it was written with two."""
    text = event.texts["followup"]
    pasted = [line for line in text.paragraphs if line in event.wire.paragraphs]
    more = [line for line in event.wire.paragraphs[1:] if line not in pasted and event.quote not in line]
    short = event.number % 3 == 1 and len(pasted) < MOST
    return Text(text.title, (*text.paragraphs, *more[-1:]) if short else text.paragraphs)


def documents(event: Event) -> Iterator[Row]:
    """The event's documents as lines of ``tocsin group``, with ``kind`` and ``event`` for the judge."""
    minutes = event.number * 7 % 23
    arrivals = {
        "wire": (event.wire, 0, 0),
        "republication": (republished(event), 1, 35 + minutes),
        "independent": (noted(event), 2, 95 + minutes),
        "rewrite": (event.texts["rewrite"], 3, 130 + minutes),
        "denial": (event.texts["denial"], 4, 190 + minutes),
        "translation": (event.texts["translation"], 0, 245 + minutes),
        "followup": (followed_up(event), 5 * (event.number % 2), 1380 + 11 * minutes),
    }
    origin = _address(event, 0, "wire")
    for kind, (text, outlet, after) in arrivals.items():
        row: Row = {
            "id": f"{event.lang}-{event.name}-{kind}",
            "url": _address(event, outlet, kind),
            "outlet": _outlet(event, outlet),
            "title": text.title,
            "text": "\n\n".join(text.paragraphs),
            "lang": event.other if kind == "translation" else event.lang,
            "published": (event.begins + timedelta(minutes=after)).isoformat(),
            "kind": kind,
            "event": f"{event.lang}-{event.name}",
        }
        if kind == "translation":
            row["alternates"] = [origin]
        yield row


def _address(event: Event, outlet: int, kind: str) -> str:
    section = f"/{event.other}" if kind == "translation" else ""
    number = 100_000 + 97 * event.number + sum(map(ord, kind))
    return f"https://{_outlet(event, outlet)}{section}/{event.begins:%Y/%m/%d}/{event.name}-{number}"


def _outlet(event: Event, place: int) -> str:
    """An outlet of the event's language; each event is told by six of them, in turns."""
    names = OUTLETS[event.lang]
    return f"{names[(event.number + place) % len(names)]}.example"


def _chosen(choices: tuple[str, ...], event: Event) -> str:
    return choices[event.number // len(CHANGES) % len(choices)]


def rows(folder: Path = HERE) -> list[Row]:
    """All documents of all events in order of arrival."""
    found = (row for event in events(folder) for row in documents(event))
    return sorted(found, key=lambda row: (row["published"], row["id"]))
