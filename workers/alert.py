"""Match → alert → notice → deliveries: the rows that say who is told of what. Nothing is sent here."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import NamedTuple, Protocol

import msgspec

from tocsin import logs
from tocsin.query.document import Document
from tocsin.query.hits import Lines, hits
from tocsin.query.plan import Plan
from tocsin.records import Alert, Article, Delivery, Hit, Notice, Story, Subscription, near_id
from tocsin.rhythm import digest_id, due, hour_of
from tocsin.stores.port import Publishing, alert_id
from tocsin.subscriptions import is_over, silenced
from workers.follow_ups import Compared, FollowUp, adds, edited, grown, not_before, notice_of
from workers.rules import Rules


class Texts(Protocol):
    """What is asked of the texts that were there before: of the store, or in a rehearsal of what it was once."""

    def articles(self, ids: Sequence[str]) -> dict[str, Article]:
        """Articles by id."""

    def versions(self, address: str) -> list[Article]:
        """The texts of one address id whose version is decided; later ones may be among them."""

    def story(self, story_id: str) -> Story | None:
        """A story with its outlets."""


class _Met(NamedTuple):
    """An article that met a subscription."""

    article: Article
    document: Document
    lines: Lines
    subscription: Subscription


def ring(
    arrived: Sequence[tuple[Article, Document]],
    rules: Rules,
    publishing: Publishing,
    store: Texts,
    now: datetime,
) -> int:
    """Write what has to be told of articles that arrive; returns how many notices there are.

    A first one where the story is new to a subscription; else a further match, and a follow-up where the text has
    something to tell to those who were told before.
    """
    met = [
        _Met(article, document, lines, subscription)
        for article, document in arrived
        if article.kind != "withdrawn"
        for lines in (Lines(article),)
        for subscription in rules.matches(document)
        if not is_over(subscription, now)
    ]
    again, made = _firsts(met, rules, publishing, now)
    told = _follow_ups(arrived, met, again, rules, _Heard(publishing, made), store, now)
    before = Counter[str]()
    for one in told:
        _tell(one, rules, publishing, now, before[one.alert.id])
        before[one.alert.id] += 1
    return len(made) + len(told)


def _firsts(
    met: Sequence[_Met], rules: Rules, publishing: Publishing, now: datetime
) -> tuple[list[tuple[_Met, Alert]], list[tuple[Alert, Notice]]]:
    """Write first notices and further matches. Returns what met an alert that there was, and what is new."""
    roots = publishing.roots({it.article.story for it in met})
    known = publishing.alerts_of({(it.subscription.id, roots[it.article.story]) for it in met})
    again: list[tuple[_Met, Alert]] = []
    made: list[tuple[Alert, Notice]] = []
    for it in met:
        of = it.subscription.id, roots[it.article.story]
        # Its own alert it may have made before, and died before all of it was written.
        if of in known and known[of].article != it.article.id:
            publishing.put_match(known[of], it.article)
            again.append((it, known[of]))
        else:
            known[of], notice = _first(it, rules.plans[it.subscription.id], publishing, now)
            made.append((known[of], notice))
    return again, made


def _follow_ups(
    arrived: Sequence[tuple[Article, Document]],
    met: Sequence[_Met],
    again: Sequence[tuple[_Met, Alert]],
    rules: Rules,
    heard: "_Heard",
    store: Texts,
    now: datetime,
) -> "list[_Told]":
    """What those who were told before have to hear: of one text a correction rather than what it adds."""
    compared = Compared(rules.words)
    pairs = {(it.article.id, it.subscription.id): it for it in met}
    told = [
        it
        for it in _corrected(arrived, pairs, rules, heard, store, compared)
        if not is_over(rules.subscriptions[it.alert.subscription], now)
    ]
    corrected = {(it.alert.id, it.article.id) for it in told}
    told += [it for it in _added(again, rules, heard, store, compared) if (it.alert.id, it.article.id) not in corrected]
    return [*told, *_grown(again, heard, store)]


class _Heard:
    """What readers were told: what the store has, and the first notices of this batch."""

    def __init__(self, publishing: Publishing, made: Sequence[tuple[Alert, Notice]]) -> None:
        self._publishing = publishing
        self._made = {alert.id: (alert, notice) for alert, notice in made}

    def told_of(self, articles: Collection[str]) -> list[tuple[Alert, list[Notice]]]:
        """The alerts of which a notice tells one of these articles, each with all its notices, oldest first."""
        stored = self._publishing.told_of(articles)
        known = {alert.id for alert, _ in stored}
        new = [(alert, [notice]) for name, (alert, notice) in self._made.items() if name not in known]
        return [*stored, *((alert, notices) for alert, notices in new if notices[0].article in articles)]

    def notices_of(self, alerts: Collection[str]) -> dict[str, list[Notice]]:
        """The notices of each of these alerts that has any, oldest first."""
        made = {name: [notice] for name, (_, notice) in self._made.items() if name in alerts}
        return made | self._publishing.notices_of(alerts)


class _Told(NamedTuple):
    """What has to be told of an article to those who have an alert."""

    alert: Alert
    notices: Sequence[Notice]
    what: FollowUp
    article: Article
    met: _Met | None


def _corrected(
    arrived: Sequence[tuple[Article, Document]],
    met: Mapping[tuple[str, str], _Met],
    rules: Rules,
    heard: _Heard,
    store: Texts,
    compared: Compared,
) -> Iterator[_Told]:
    """Edits of what was told, whether or not the page still meets the query."""
    for article, _ in arrived:
        if article.relation != "version":
            continue
        texts = {it.id: it for it in store.versions(article.address_id) if it.version < article.version}
        for alert, notices in heard.told_of(texts) if texts else ():
            subscription = rules.subscriptions.get(alert.subscription)
            what = edited(article, texts, notices, compared) if subscription else None
            if subscription and what and what.kind in subscription.tells:
                yield _Told(alert, notices, what, article, met.get((article.id, alert.subscription)))


def _added(
    again: Sequence[tuple[_Met, Alert]],
    rules: Rules,
    heard: _Heard,
    store: Texts,
    compared: Compared,
) -> Iterator[_Told]:
    """Texts that add something with a word of the query in it."""
    rich = [
        (met, alert)
        for met, alert in again
        if met.article.relation in ("version", "copy with additions") and "added" in met.subscription.tells
    ]
    if not rich:
        return
    notices = heard.notices_of({alert.id for _, alert in rich})
    texts = store.articles(sorted({it.article for several in notices.values() for it in several}))
    for met, alert in rich:
        told = [texts[it.article] for it in notices.get(alert.id, ()) if it.article in texts]
        others = [it for it in told if it.id != met.article.id]
        if others and (what := adds(met.article, others, rules.plans[met.subscription.id], compared)):
            yield _Told(alert, notices[alert.id], what, met.article, met)


def _grown(again: Sequence[tuple[_Met, Alert]], heard: _Heard, store: Texts) -> Iterator[_Told]:
    """Texts that have reached so many outlets as somebody wants to hear of."""
    asked = [(met, alert) for met, alert in again if "grown" in met.subscription.tells and met.subscription.grown_at]
    if not asked:
        return
    notices = heard.notices_of({alert.id for _, alert in asked})
    first = store.articles(sorted({alert.article for _, alert in asked}))
    story = cache(store.story)
    done = set()
    for met, alert in asked:
        spread, text = story(alert.story), first.get(alert.article)
        if spread is None or text is None or alert.id in done:
            continue
        what = grown(alert, len(spread.outlets), met.subscription.grown_at, notices.get(alert.id, ()), text)
        if what:
            done.add(alert.id)
            yield _Told(alert, notices.get(alert.id, ()), what, met.article, met)


def _tell(told: _Told, rules: Rules, publishing: Publishing, now: datetime, before: int) -> None:
    """Write a follow-up; ``before`` of them are written of the alert at this moment already."""
    subscription = rules.subscriptions[told.alert.subscription]
    found: tuple[Hit, ...] = ()
    if told.met is not None:
        found = hits(rules.plans[subscription.id], told.met.document, told.met.lines)
    notice = notice_of(told.alert, told.what, told.article, told.notices, found, now)
    if before and all(it.id != notice.id for it in told.notices):
        notice = msgspec.structs.replace(notice, ordinal=notice.ordinal + before)
    others = [it.created for it in told.notices if it.kind == "added" and it.id != notice.id]
    moment = not_before([*others, now]) if notice.kind == "added" else now
    silence = _silence(subscription, told.article, publishing)
    rung = _rung(subscription, publishing, now)
    publishing.put_notice(notice, _deliveries(notice, subscription, moment, silence, rung))


def _first(met: _Met, plan: Plan, publishing: Publishing, now: datetime) -> tuple[Alert, Notice]:
    article, document, lines, subscription = met
    alert = Alert(
        id=alert_id(subscription.id, article.story),
        subscription=subscription.id,
        story=article.story,
        article=article.id,
        created=now,
    )
    notice = Notice(
        id=near_id(alert.id, "notice", alert.id, "first", "1"),
        alert=alert.id,
        kind="first",
        ordinal=1,
        article=article.id,
        created=now,
        hits=hits(plan, document, lines),
    )
    rung = _rung(subscription, publishing, now)
    publishing.put_alert(alert)
    silence = _silence(subscription, article, publishing)
    publishing.put_notice(notice, _deliveries(notice, subscription, now, silence, rung))
    return alert, notice


def _silence(subscription: Subscription, article: Article, publishing: Publishing) -> str:
    """Why nothing is said of an article, where its story or series is muted; empty where it is not."""
    if not subscription.muted:
        return ""
    stories = {muted.key for muted in subscription.muted if muted.what == "story"}
    return silenced(subscription, article, publishing.roots({*stories, article.story}))


def _rung(subscription: Subscription, publishing: Publishing, now: datetime) -> int:
    """How often a throttled subscription has rung in this hour; of others nobody asks."""
    return publishing.rung_since(subscription.id, hour_of(now)) if subscription.throttle else 0


def _deliveries(
    notice: Notice, subscription: Subscription, not_before: datetime, silence: str, rung: int
) -> list[Delivery]:
    """A row for each channel; what has to wait goes together with all that waits for the same moment.

    ``silence``: why it is not told at all; empty where it is. ``rung``: how often it has rung in this hour.
    """
    logs.follow("rang", article=notice.article, notice=notice.id, subscription=subscription.id, kind=notice.kind)
    moment = due(subscription, not_before, rung)
    waits = moment > notice.created and not silence
    return [
        Delivery(
            id=near_id(notice.id, "delivery", notice.id, channel),
            notice=notice.id,
            channel=channel,
            state="muted" if silence else "waiting",
            error=silence,
            next_try=moment if waits else None,
            digest=digest_id(channel, moment) if waits else "",
        )
        for channel in subscription.channels
    ]
