"""What is told of a story that was told before: what was added to it, and what changed of what a reader was told.

A text that adds something is told where a word of the query stands in what it adds. Of a page that was edited the
reader hears where it is corrected, whether or not it still meets the query.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from tocsin.changes import Text, compare
from tocsin.query.document import Document
from tocsin.query.plan import Plan, positive, sides
from tocsin.records import Alert, Article, Hit, Notice, NoticeKind, near_id
from tocsin.words import Words
from workers.corrections import Edited

APART = timedelta(hours=1)
"""Between two notices of what was added to one story."""


class FollowUp(NamedTuple):
    """What has to be told of an alert beyond its first notice."""

    kind: NoticeKind
    before: Article
    reason: str
    key: str = ""
    """What tells it from others of its kind; empty: the article."""


class Compared:
    """Texts beside each other, each pair once for all who were told."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._edited: dict[tuple[str, str], Edited] = {}
        self._added: dict[tuple[str, ...], tuple[Document, int]] = {}

    def edited(self, before: Article, after: Article) -> Edited:
        """A text and a later one of its address."""
        of = before.id, after.id
        if of not in self._edited:
            self._edited[of] = Edited(before, after)
        return self._edited[of]

    def added(self, article: Article, told: Sequence[Article]) -> tuple[Document, int]:
        """What a text has that none of these has, and its number of words."""
        of = (article.id, *(it.id for it in told))
        if of not in self._added:
            added = self.edited(told[-1], article).changes.added
            for one in told[:-1]:
                added = compare(Text("", f"{one.title}\n{one.text}"), Text("", added)).added
            document = Document(self._words.analyse("", added, article.lang), {})
            self._added[of] = document, len(added.split())
        return self._added[of]


def edited(
    article: Article, texts: Mapping[str, Article], notices: Sequence[Notice], compared: Compared
) -> FollowUp | None:
    """What a later text of an address has to tell those who were told of an earlier one; None: nothing.

    ``texts`` are the earlier ones by id, ``notices`` those of one alert, oldest first.
    """
    last = next((it for it in reversed(notices) if it.article in texts), None)
    if last is None:
        return None
    before = texts[last.article]
    if article.kind == "withdrawn":
        return FollowUp("gone", before, f"the page is gone: HTTP status {article.http.status}, more than once")
    shown = next((it.hits for it in reversed(notices) if it.article == before.id and it.hits), ())
    reason = compared.edited(before, article).correction(shown)
    return FollowUp("corrected", before, reason) if reason else None


def adds(article: Article, told: Sequence[Article], plan: Plan, compared: Compared) -> FollowUp | None:
    """What a text that meets a plan adds to all that were told; None where no word of the plan stands in it."""
    document, number = compared.added(article, told)
    asked = (sequence for part in positive(plan) for side in sides(part) for sequence in side)
    if not any(document.starts(sequence.steps) for sequence in asked):
        return None
    return FollowUp("added", told[-1], f"{number:,} words were added")


def grown(
    alert: Alert, outlets: int, counts: Sequence[int], notices: Sequence[Notice], told: Article
) -> FollowUp | None:
    """That a text has reached one of these numbers of outlets; None where it has not, or that was told before."""
    reached = max((count for count in counts if count <= outlets), default=0)
    if not reached:
        return None
    key = str(reached)
    name = near_id(alert.id, "notice", alert.id, "grown", key)
    if any(it.id == name for it in notices):
        return None
    return FollowUp("grown", told, f"{outlets} outlets have it", key)


def notice_of(
    alert: Alert, told: FollowUp, article: Article, notices: Sequence[Notice], hits: tuple[Hit, ...], now: datetime
) -> Notice:
    """The notice of a follow-up: the same one, whoever makes it again."""
    name = near_id(alert.id, "notice", alert.id, told.kind, told.key or article.id)
    known = next((it.ordinal for it in notices if it.id == name), len(notices) + 1)
    return Notice(
        id=name,
        alert=alert.id,
        kind=told.kind,
        ordinal=known,
        article=article.id,
        created=now,
        hits=hits,
        before=told.before.id,
        reason=told.reason,
    )


def not_before(added: Sequence[datetime]) -> datetime:
    """When the last of these notices of one alert may go, by the times they were made, in order: one in an hour.

    Those that have to wait go together.
    """
    due = added[0]
    for made in added[1:]:
        due = due if made < due else max(made, due + APART)
    return due
