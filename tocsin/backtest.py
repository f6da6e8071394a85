"""What a subscription would have sent, in figures. Pure: what a rehearsal has heard in, numbers and messages out."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from tocsin.messages import Message, Told, render, render_digest
from tocsin.query.explain import Explanation
from tocsin.query.parse import Remark
from tocsin.records import Alert, Article, Delivery, Hit, Notice, Record, Relation, Rhythm, Story, Subscription
from tocsin.spelling import fold

MANY = 30
"""Notices a day past which a subscription is over-broad: nobody reads so many."""
SAMPLES = 5
"""Sentences that are shown."""
DAY = timedelta(days=1)
_BARS = "▁▂▃▄▅▆▇█"


class Met(NamedTuple):
    """An article that met the subscription, and where."""

    article: str
    at: datetime
    outlet: str
    lang: str
    relation: Relation
    hits: tuple[Hit, ...]


class Heard(NamedTuple):
    """A notice that would have been made, and its deliveries."""

    notice: Notice
    alert: Alert
    deliveries: tuple[Delivery, ...]


class Rehearsed(NamedTuple):
    """All that a subscription would have met and sent between two moments, had it been there at the first."""

    subscription: Subscription
    start: datetime
    """Where the store begins later, the moment of its first article; where not all was taken, of the first that was."""
    end: datetime
    met: tuple[Met, ...]
    alerts: tuple[Alert, ...]
    """With the copies that were counted, oldest first."""
    heard: tuple[Heard, ...]
    """Oldest first."""
    texts: dict[str, Article]
    """The articles that notices tell of, by id."""
    story_at: Callable[[str, datetime], Story | None]
    """A story as it stood at a moment."""


class Day(Record):
    """One day of the reader's zone."""

    day: date
    articles: int
    """That met it."""
    alerts: int
    """Texts that were new to it."""
    notices: int
    """All that would have been told: first notices, additions, corrections."""


class FiredForm(Record):
    """A form that met a word of the query, and in how many articles it was shown."""

    word: str
    form: str
    """Folded."""
    how: str
    articles: int


class Sample(Record):
    """A sentence that would have been shown."""

    outlet: str
    lang: str
    hit: Hit


class Figures(Record):
    """A rehearsal in figures."""

    query: str
    start: datetime
    end: datetime
    days: float
    """Days of the store that were looked at."""
    articles: int
    """That met the query: texts, their copies and versions."""
    alerts: int
    """Texts that were new to the subscription: one alert each."""
    copies: int
    versions: int
    notices: dict[str, int]
    """What would have been told, by kind."""
    muted: int
    """Notices that would not have been sent, since their story or series is muted."""
    a_day: float
    """Notices to be expected a day; of less than a day, what there was."""
    messages: int
    """That would have gone to each channel: those of one digest are one."""
    by_day: tuple[Day, ...]
    outlets: dict[str, int]
    """Articles that met it, by outlet, the most first."""
    languages: dict[str, int]
    forms: tuple[FiredForm, ...]
    samples: tuple[Sample, ...]

    @property
    def over_broad(self) -> bool:
        """Whether it would tell more than anybody reads."""
        return self.a_day > MANY


class Parcel(NamedTuple):
    """A message as it would have gone out."""

    due: datetime
    heard: tuple[Heard, ...]


def figures(rehearsed: Rehearsed, zone: tzinfo) -> Figures:
    """The figures of a rehearsal, days in the reader's zone."""
    kinds = Counter[str](it.notice.kind for it in rehearsed.heard)
    days = (rehearsed.end - rehearsed.start) / DAY
    sent = [it for it in rehearsed.heard if not _muted(it)]
    return Figures(
        query=rehearsed.subscription.query,
        start=rehearsed.start,
        end=rehearsed.end,
        days=round(days, 3),
        articles=len(rehearsed.met),
        alerts=len(rehearsed.alerts),
        copies=sum(alert.copies for alert in rehearsed.alerts),
        versions=sum(it.relation == "version" for it in rehearsed.met),
        notices=dict(kinds),
        muted=len(rehearsed.heard) - len(sent),
        a_day=round(len(sent) / max(1.0, days), 2),
        messages=len(parcels(rehearsed)),
        by_day=tuple(_by_day(rehearsed, zone)),
        outlets=_counted(it.outlet for it in rehearsed.met),
        languages=_counted(it.lang for it in rehearsed.met if it.lang),
        forms=tuple(_forms(rehearsed.met)),
        samples=_samples(rehearsed.met),
    )


def parcels(rehearsed: Rehearsed) -> list[Parcel]:
    """What would have gone to the first channel, in the order of its moments; what was muted is left out."""
    found: dict[str, list[tuple[Delivery, Heard]]] = {}
    for it in rehearsed.heard:
        if it.deliveries and not _muted(it):
            first = it.deliveries[0]
            found.setdefault(first.digest or first.id, []).append((first, it))
    made = [
        Parcel(several[0][0].next_try or several[0][1].notice.created, tuple(heard for _, heard in several))
        for several in found.values()
    ]
    return sorted(made, key=lambda parcel: parcel.due)


def message(rehearsed: Rehearsed, parcel: Parcel, zone: tzinfo) -> Message:
    """A message word for word, its stories as they stood when it was due."""
    told = [
        Told(
            notice=it.notice,
            alert=it.alert,
            article=rehearsed.texts[it.notice.article],
            subscription=rehearsed.subscription,
            story=rehearsed.story_at(it.alert.story, parcel.due),
            before=rehearsed.texts.get(it.notice.before),
        )
        for it in parcel.heard
    ]
    return render(told[0], zone) if len(told) == 1 else render_digest(told, parcel.heard[0].deliveries[0].digest, zone)


def sparkline(numbers: Sequence[int]) -> str:
    """Numbers as bars, the highest for the greatest; a blank for 0."""
    most = max(numbers, default=0)
    return "".join(_BARS[-(-number * len(_BARS) // most) - 1] if number else " " for number in numbers)


def _muted(heard: Heard) -> bool:
    return bool(heard.deliveries) and all(it.state == "muted" for it in heard.deliveries)


def _by_day(rehearsed: Rehearsed, zone: tzinfo) -> Iterable[Day]:
    met = Counter(it.at.astimezone(zone).date() for it in rehearsed.met)
    first = Counter(it.created.astimezone(zone).date() for it in rehearsed.alerts)
    told = Counter(it.notice.created.astimezone(zone).date() for it in rehearsed.heard)
    day, last = (moment.astimezone(zone).date() for moment in (rehearsed.start, rehearsed.end))
    while day <= last:
        yield Day(day=day, articles=met[day], alerts=first[day], notices=told[day])
        day += DAY


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))


def _forms(met: Sequence[Met]) -> Iterable[FiredForm]:
    counted = Counter(
        form for it in met for form in {(hit.word, " ".join(fold(hit.form).split()), hit.how) for hit in it.hits}
    )
    order = list(dict.fromkeys(hit.word for it in met for hit in it.hits))
    for (word, form, how), number in sorted(
        counted.items(), key=lambda pair: (order.index(pair[0][0]), -pair[1], pair[0])
    ):
        yield FiredForm(word=word, form=form, how=how, articles=number)


def _samples(met: Sequence[Met]) -> tuple[Sample, ...]:
    """Sentences of different forms and outlets first, the newest first."""
    found: dict[tuple[str, ...], Sample] = {}
    shown: set[str] = set()
    for it in reversed(met):
        for hit in it.hits:
            if hit.sentence and hit.sentence not in shown:
                shown.add(hit.sentence)
                found.setdefault((it.outlet, fold(hit.form)), Sample(outlet=it.outlet, lang=it.lang, hit=hit))
    forms: Counter[str] = Counter()
    ranked: list[tuple[int, int, Sample]] = []
    for sample in found.values():
        forms[fold(sample.hit.form)] += 1
        ranked.append((forms[fold(sample.hit.form)], len(ranked), sample))
    return tuple(sample for *_, sample in sorted(ranked, key=lambda row: row[:2])[:SAMPLES])


def caveats(found: Figures, told: Explanation, every: Rhythm) -> list[Remark]:
    """What to look at again before saving: what the query's explanation remarks on, and what these days show."""
    more = []
    if found.over_broad:
        what = f"about {found.a_day:,.0f} notices a day are more than anybody reads ({MANY} are many)"
        digest = ", or take a digest" if every == "immediate" else ""
        more.append(Remark(1, f"{what}; add a word, a language or an outlet{digest}", ""))
    if not told.total:
        more.append(Remark(1, "the store has no article yet that it could be tried on", ""))
    if (
        told.total
        and not found.articles
        and not any(remark.message.startswith("no article") for remark in told.remarks)
    ):
        ever = f"{told.articles:,} of all {told.total:,}" if told.articles else f"none of all {told.total:,}"
        more.append(Remark(1, f"no article of these {found.days:.3g} days meets it, and {ever} that the store has", ""))
    idle = [part.query for part in told.left_out if not part.articles]
    more += [Remark(1, f"{query} leaves nothing out: no article that meets the rest has it", "") for query in idle]
    if told.left_out and told.left_out_in_all and not told.articles:
        more.append(Remark(1, "its NOT leaves out every article that meets the rest", ""))
    return sorted((*told.remarks, *more))
