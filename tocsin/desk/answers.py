"""What the pages show, gathered from the store in one go: overview, search, alerts, an article.

Each function is one question put to ``Desk.ask``: store in, view out.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from tocsin.addresses import masked
from tocsin.desk.marking import NOTHING, Marks, every, forms, sentences, words_met
from tocsin.desk.reading import Asked, DeskStore
from tocsin.desk.show import (
    Lens,
    Met,
    Moment,
    Part,
    Publication,
    View,
    gap,
    opening,
)
from tocsin.desk.versions import Changed, Version, changed_in, versions_of
from tocsin.messages import plain
from tocsin.query.document import Document
from tocsin.query.hits import Lines, hits
from tocsin.query.plan import Plan
from tocsin.records import Alert, Article, Delivery, Feed, Notice, Outlet, Subscription


class Carried(View, frozen=True):
    """One text and who carries it."""

    texts: int
    first: Article
    """The member that was filed first."""
    outlets: list[str]
    """Titles of the outlets in order of filing."""
    line: str
    """What a reader is told of it; empty while one outlet alone has it."""


class Row(View, frozen=True):
    """An article in a list."""

    article: Article
    outlet: str
    """Title of the outlet, its name where it has none."""
    published: Publication
    seen: Moment
    carried: "Carried | None"
    """Its story; None before filing."""
    newer: Article | None
    """The text that stands at its address since; None where it is the last one."""
    title: list[Part]
    snippet: list[list[Part]]
    met: list[Met]
    """Each form that met, with the query word it met."""

    @property
    def explained(self) -> list[Met]:
        """The forms that do not explain themselves: those written otherwise than the query has them."""
        return [met for met in self.met if met.how != "as typed"]


class Found(View, frozen=True):
    """One page of a search."""

    rows: list[Row]
    total: int
    older: int | None
    """Arrival number to go on from; None on the last page."""


class Health(View, frozen=True):
    """How the feeds of one outlet are doing."""

    name: str
    title: str
    feeds: int
    failing: int
    error: str
    checked: Moment | None
    changed: Moment | None
    active: bool


class Overview(View, frozen=True):
    """The front page."""

    counts: dict[str, Any]
    drops: list[tuple[str, int]]
    arrived: Moment | None
    newest: list[Row]
    health: list[Health]


class Sent(View, frozen=True):
    """One notice of an alert and how it went."""

    notice: Notice
    at: Moment
    deliveries: list[tuple[str, Delivery]]
    """Channel as shown, and the delivery."""


class AlertRow(View, frozen=True):
    """An alert in the list."""

    alert: Alert
    subscription: Subscription | None
    row: Row | None
    """None where the article is gone from the store."""
    seen: Moment | None
    seen_gap: str
    alerted: Moment
    alerted_gap: str
    sent: list[Sent]


class Ledger(View, frozen=True):
    """An article with all that is known of it."""

    row: Row
    title: list[Part]
    paragraphs: list[list[Part]]
    modified: Moment | None
    others: list[Row]
    """The articles of its story at other addresses, in order of filing."""
    versions: list[Version]
    """All texts of its address, itself among them, the oldest first."""
    changed: Changed | None
    """None for the first text of its address."""
    kin: str
    """Why it was joined to its story, in one sentence."""
    related: list[tuple[Row, int]]
    """Articles of other stories that may be about the same events, with a score in per cent."""
    history: list[tuple[datetime | None, str, str]]


def titles_of(outlets: Iterable[Outlet]) -> dict[str, str]:
    """Outlet name → what a reader calls it."""
    return {outlet.name: outlet.title or outlet.name for outlet in outlets}


def rows_of(store: DeskStore, articles: Sequence[Article], lens: Lens, met: dict[str, Marks]) -> list[Row]:
    """Articles with what a list shows of them. ``met`` has what met in each article, by id."""
    titles = titles_of(store.outlets())
    stories = {
        name: _carried(store.members(name), titles, lens) for name in {article.story for article in articles} if name
    }
    newer = store.newer([article.id for article in articles])
    rows = []
    for article in articles:
        marks = met.get(article.id, NOTHING)
        rows.append(
            Row(
                article=article,
                outlet=titles.get(article.outlet, article.outlet),
                published=lens.publication(article),
                seen=lens.moment(article.first_seen),
                carried=stories.get(article.story),
                newer=newer.get(article.id),
                title=every(plain(article.title) or "Untitled", marks.forms),
                snippet=sentences(marks.hits, 2, "text") or [every(opening(article.text), marks.forms)],
                met=words_met(marks.hits),
            )
        )
    return rows


def _carried(members: Sequence[Article], titles: dict[str, str], lens: Lens) -> Carried | None:
    if not members:
        return None
    outlets = list(dict.fromkeys(titles.get(member.outlet, member.outlet) for member in members))
    first = f"{outlets[0]} {lens.moment(members[0].first_seen).text}"
    line = f"One text, republished by {len(outlets)} outlets (first: {first}). No independent report seen yet."
    return Carried(len(members), members[0], outlets, line if len(outlets) > 1 else "")


def find(
    store: DeskStore,
    asked: Asked,
    lens: Lens,
    *,
    limit: int,
    before: int | None = None,
    stories: bool = False,
) -> Found:
    """One page of the articles that meet a query, newest arrival first."""
    if asked.problem:
        return Found([], 0, None)
    articles = store.search(asked.plan, limit=limit + 1, before=before, stories=stories)
    page = articles[:limit]
    older = page[-1].arrival if len(articles) > limit else None
    met = {article.id: marks_of(store, asked.plan, article) for article in page}
    return Found(rows_of(store, page, lens, met), store.count(asked.plan), older)


def marks_of(store: DeskStore, plan: Plan | None, article: Article) -> Marks:
    """What of an article meets a plan, by the tokens stored at filing: no text is analysed anew."""
    analysed = store.tokens(article.id) if plan else None
    if plan is None or analysed is None:
        return NOTHING
    document = Document.of(article, analysed)
    return Marks(hits(plan, document, Lines(article)), forms(plan, document, article))


def overview(store: DeskStore, lens: Lens) -> Overview:
    """Counts, drops, the newest stories, and a line for each outlet."""
    counts = store.overview()
    arrived = counts.get("last_arrival")
    outlets, feeds = store.outlets(), store.feeds()
    members = [store.members(article.story) for article in store.search(None, limit=12, stories=True)]
    newest = [story[0] for story in members if story]
    return Overview(
        counts=counts,
        drops=sorted(counts.get("drops", {}).items(), key=lambda pair: (-pair[1], pair[0])),
        arrived=lens.maybe(arrived, seconds=True),
        newest=rows_of(store, newest, lens, {}),
        health=sorted(
            (_health(outlet, [feed for feed in feeds if feed.outlet == outlet.name], lens) for outlet in outlets),
            key=lambda line: (not line.active, not line.failing, line.name),
        ),
    )


def _health(outlet: Outlet, feeds: Sequence[Feed], lens: Lens) -> Health:
    checked = max((feed.checked for feed in feeds if feed.checked), default=None)
    changed = max((feed.changed for feed in feeds if feed.changed), default=None)
    failing = [feed for feed in feeds if feed.failures]
    return Health(
        name=outlet.name,
        title=outlet.title or outlet.name,
        feeds=len(feeds),
        failing=len(failing),
        error=failing[0].error if failing else "",
        checked=lens.maybe(checked),
        changed=lens.maybe(changed),
        active=outlet.active,
    )


def alerts(store: DeskStore, lens: Lens, *, limit: int) -> list[AlertRow]:
    """The newest alerts with what met, when, and how their notices went."""
    found = store.alerts(limit=limit)
    names = {subscription.id: subscription for subscription in store.subscriptions()}
    articles = store.articles([alert.article for alert, _ in found])
    rows = []
    for alert, notices in found:
        # One article may meet several subscriptions: its words are those of this alert, not of the last one.
        told = notices[0].hits if notices else ()
        own = {alert.article: Marks(told, {hit.form: hit.word for hit in told if hit.form})}
        article = articles.get(alert.article)
        row = rows_of(store, [article], lens, own)[0] if article else None
        rows.append(
            AlertRow(
                alert=alert,
                subscription=names.get(alert.subscription),
                row=row,
                seen=lens.moment(article.first_seen, seconds=True) if article else None,
                seen_gap=gap(article.published, article.first_seen) if article else "",
                alerted=lens.moment(alert.created, seconds=True),
                alerted_gap=gap(article.first_seen, alert.created) if article else "",
                sent=[_sent(store, notice, lens) for notice in notices],
            )
        )
    return rows


def _sent(store: DeskStore, notice: Notice, lens: Lens) -> Sent:
    deliveries = [(masked(delivery.channel), delivery) for delivery in store.deliveries(notice.id)]
    return Sent(notice, lens.moment(notice.created, seconds=True), deliveries)


def article(store: DeskStore, identifier: str, asked: Asked, lens: Lens) -> Ledger | None:
    """All that is known of one article, with the words of a query marked; None where it is not in the store."""
    found = store.articles([identifier]).get(identifier)
    if found is None:
        return None
    marks = marks_of(store, asked.plan, found).forms
    members = store.members(found.story) if found.story else []
    others = [member for member in members if member.address_id != found.address_id]
    versions = versions_of(store, found, lens)
    return Ledger(
        row=rows_of(store, [found], lens, {})[0],
        title=every(plain(found.title) or "Untitled", marks),
        paragraphs=[every(paragraph, marks) for paragraph in found.text.split("\n\n") if paragraph.strip()],
        modified=lens.maybe(found.modified, seconds=True),
        others=rows_of(store, others, lens, {}),
        versions=versions,
        changed=changed_in(found, versions),
        kin=store.kinship(found),
        related=[(rows_of(store, [other], lens, {})[0], round(100 * score)) for other, score in store.related(found)],
        history=history(store, found.url),
    )


def history(store: DeskStore, url: str) -> list[tuple[datetime | None, str, str]]:
    """What happened to one address: when, what, and the detail without secrets, oldest line first."""
    return [
        (datetime.fromisoformat(line["at"]) if line["at"] else None, line["what"], line["detail"])
        for line in store.why(url)
    ]
