"""What readers ask of the store: search, stories, alerts."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

import msgspec

from tocsin.query.plan import Keys, Plan
from tocsin.query.sqlite import MET, WINDOW, branches, wanted
from tocsin.records import Alert, Article, Delivery, Notice, Story, Subscription
from tocsin.stores.sqlite.connection import Database
from tocsin.stores.sqlite.filing import KIN
from tocsin.stores.sqlite.related import related
from tocsin.stores.stories import story_of

_article = msgspec.json.Decoder(Article)
_alert = msgspec.json.Decoder(Alert)
_notice = msgspec.json.Decoder(Notice)
_subscription = msgspec.json.Decoder(Subscription)
_delivery = msgspec.json.Decoder(Delivery)

_ROOT = "coalesce((SELECT root FROM aliases WHERE aliases.story = article.story), article.story)"
"""The id that stands for an article's story today."""
FIRST_WINDOW = 2000
"""Arrivals that are looked at first where words are forbidden or may be missing; then four times as many each time."""


def _found_by(plan: Plan | None) -> tuple[str, list[Any], str]:
    """FROM and WHERE that find what meets a plan, their parameters, and the column that holds the arrival.

    Words are asked first where there are any: the index gives the newest articles first and stops when it has enough.
    """
    words, rest = wanted(plan) if plan is not None else (None, None)
    tests, values = [], list[Any]()
    if words is None:
        source, key = "FROM articles AS article", "article.arrival"
        # What is ready has an arrival and nothing else has; so the newest come first without sorting.
        tests.append("article.arrival IS NOT NULL")
    else:
        source, key = "FROM words CROSS JOIN articles AS article ON article.arrival = words.rowid", "words.rowid"
        tests.append("words MATCH ?")
        values.append(words.match)
    if rest is not None:
        tests.append(rest.sql)
        values += rest.values
    if words is not None and not words.exact:
        # Last, and only of what has passed all else: SQLite would ask it of every row that the index finds.
        first = f"CASE WHEN {rest.sql} THEN {MET}(words, ?) END" if rest is not None else f"{MET}(words, ?)"
        tests = [*tests[:1], first]
        values.append(words)
    return f"{source} WHERE {' AND '.join(tests)}", values, key


class ReaderPart:
    """The half of the store that readers see."""

    db: Database

    def search(
        self, plan: Plan | None, *, limit: int, before: int | None = None, after: int = 0, stories: bool = False
    ) -> list[Article]:
        """Ready articles that meet the plan (all where it is None), newest arrival first.

        ``before`` and ``after`` bound the arrival numbers; ``stories`` leaves one article of each story.
        """
        top = (1 << 62) if before is None else before
        if not stories:
            rows = islice(self._newest(plan, "article.record", after, top, limit), limit)
            return [_article.decode(record) for _, record in rows]
        seen: set[str] = set()
        found: list[Article] = []
        # From the newest in any case: what another page has shown of a story must not come again.
        for arrival, record, story in self._newest(plan, f"article.record, {_ROOT}", after):
            if story in seen:
                continue
            seen.add(story)
            if arrival < top:
                found.append(_article.decode(record))
                if len(found) == limit:
                    break
        return found

    def _newest(
        self, plan: Plan | None, columns: str, after: int, before: int = 1 << 62, limit: int = -1
    ) -> Iterator[tuple[Any, ...]]:
        """Arrival and columns of what meets the plan, newest first; of each branch of it at most ``limit``."""
        several = (None,) if plan is None else branches(plan)
        asked = [self._newest_of(branch, columns, after, before, limit) for branch in several]
        last = 0
        for row in merge(*asked, key=lambda row: -int(row[0])):
            if row[0] != last:
                last = row[0]
                yield row

    def _newest_of(
        self, branch: Plan | None, columns: str, after: int, before: int, limit: int
    ) -> Iterator[tuple[Any, ...]]:
        source, values, key = _found_by(branch)
        sql = f"SELECT {key}, {columns} {source} AND {key} > ? AND {key} < ? ORDER BY {key} DESC LIMIT ?"
        if WINDOW not in sql:
            yield from self.db.each(sql, (*values, after, before, limit))
            return
        # SQLite looks up all that has the words before it gives the first row: so it is asked of the newest first.
        top, size = min(before, int(self.db.one("SELECT max(arrival) FROM articles") or 0) + 1), FIRST_WINDOW
        while top > after + 1:
            low = max(after, top - size)
            window = sql.replace(WINDOW, f"AND rowid > {low} AND rowid < {top}")
            yield from self.db.each(window, (*values, low, top, limit))
            top, size = low + 1, 4 * size

    def count(self, plan: Plan | None, most: int = 10_000) -> int:
        """How many ready articles meet the plan; one more than ``most`` means: more than so many."""
        if plan is None:
            return int(self.db.one("SELECT count(*) FROM articles WHERE arrival IS NOT NULL"))
        return sum(1 for _ in islice(self._newest(plan, "1", 0, limit=most + 1), most + 1))

    def forms(self, keys: Keys, limit: int = 100) -> list[tuple[str, int]]:
        """Words of the store that have one of the keys, folded, and in how many articles; the most frequent first."""
        surfaces: set[str] = set()
        for key in keys:
            test, bounds = ("key = ?", [key])
            if key.endswith("*"):
                test, bounds = "key >= ? AND key < ?", [key[:-1], key[:-1] + "\U0010ffff"]
            sql = (
                "SELECT DISTINCT substr(f.keys, 1, instr(f.keys || char(31), char(31)) - 1)"
                f" FROM form_keys k JOIN forms f USING (form) WHERE {test} LIMIT 2000"
            )
            surfaces.update(surface for (surface,) in self.db.rows(sql, bounds))
        counted = [
            (surface.partition(":")[2], int(self.db.one("SELECT doc FROM words_keys WHERE term = ?", (surface,)) or 0))
            for surface in surfaces
        ]
        return sorted((pair for pair in counted if pair[1]), key=lambda pair: (-pair[1], pair[0]))[:limit]

    def arrival_at(self, when: datetime) -> int:
        """The last arrival number given before a moment; 0 where there is none."""
        return int(self.db.one("SELECT max(arrival) FROM articles WHERE ready_at < ?", (when.timestamp(),)) or 0)

    def walk(self, *, after: int = 0) -> Iterator[Article]:
        """All ready articles in order of arrival, without holding them in memory."""
        while True:
            rows = self.db.rows(
                "SELECT arrival, record FROM articles WHERE arrival > ? AND state = 'ready' ORDER BY arrival LIMIT 500",
                (after,),
            )
            for _, record in rows:
                yield _article.decode(record)
            if not rows:
                return
            after = rows[-1][0]

    def on_their_way(self) -> Iterator[Article]:
        """Articles that are accepted or filed and not ready yet, in order of acceptance."""
        sql = "SELECT record, lease, attempts FROM articles WHERE state IN ('accepted', 'filed') ORDER BY seq"
        for record, lease, attempts in self.db.rows(sql):
            yield msgspec.structs.replace(_article.decode(record), lease=lease, attempts=attempts)

    def articles(self, ids: Sequence[str]) -> dict[str, Article]:
        """Articles by id."""
        marks = ",".join("?" * len(ids))
        rows = self.db.rows(f"SELECT id, record FROM articles WHERE id IN ({marks})", ids)
        return {name: _article.decode(record) for name, record in rows}

    def members(self, story_id: str) -> list[Article]:
        """The articles of a story in order of filing, under whichever of its ids."""
        rows = self.db.rows(f"SELECT record FROM articles WHERE story IN {KIN} ORDER BY seq", (story_id,))
        return [_article.decode(record) for (record,) in rows]

    def root(self, story_id: str) -> str:
        """The id that stands for a story today: that of the older one where two proved to be one."""
        return str(self.db.one("SELECT root FROM aliases WHERE story = ?", (story_id,)) or story_id)

    def joined(self) -> list[tuple[str, str]]:
        """Stories that turned out to be one with an older one, and the id that stands for both."""
        return self.db.rows("SELECT story, root FROM aliases")

    def story(self, story_id: str) -> Story | None:
        """A story with its outlets and the number of its texts."""
        return story_of(self.root(story_id), self.members(story_id)) if story_id else None

    def related(self, article: Article, limit: int = 5) -> list[tuple[Article, float]]:
        """Articles of other stories that are likely to be about the same events, with a score of 0 to 1."""
        return related(self.db, article, limit)

    def alerts(self, *, since: datetime | None = None, limit: int = 100) -> list[tuple[Alert, list[Notice]]]:
        """Alerts with their notices, newest first."""
        start = since.timestamp() if since else 0.0
        rows = self.db.rows(
            "SELECT record FROM alerts WHERE created >= ? ORDER BY created DESC, id LIMIT ?", (start, limit)
        )
        alerts = [_alert.decode(record) for (record,) in rows]
        return [(alert, self.notices(alert.id)) for alert in alerts]

    def told(self) -> dict[str, tuple[int, int]]:
        """For each subscription that rang: how many stories, and how many further copies of them."""
        sql = "SELECT subscription, count(*), sum(record ->> 'copies') FROM alerts GROUP BY subscription"
        return {name: (stories, copies) for name, stories, copies in self.db.rows(sql)}

    def notices(self, alert: str) -> list[Notice]:
        """The notices of one alert, oldest first."""
        rows = self.db.rows("SELECT record FROM notices WHERE alert = ? ORDER BY created, id", (alert,))
        return [_notice.decode(record) for (record,) in rows]

    def alert(self, alert: str) -> Alert | None:
        """One alert by id."""
        record = self.db.one("SELECT record FROM alerts WHERE id = ?", (alert,))
        return None if record is None else _alert.decode(record)

    def subscriptions_by_id(self, ids: Collection[str]) -> dict[str, Subscription]:
        """The known ones among these subscriptions, by id."""
        sql = "SELECT id, record FROM subscriptions WHERE id IN (SELECT value FROM json_each(?))"
        found = self.db.rows(sql, (msgspec.json.encode(list(ids)).decode(),))
        return {name: _subscription.decode(record) for name, record in found}

    def alerts_by_id(self, ids: Collection[str]) -> dict[str, Alert]:
        """Alerts by id as they were made: what matched since is not counted."""
        sql = "SELECT id, record FROM alerts WHERE id IN (SELECT value FROM json_each(?))"
        found = self.db.rows(sql, (msgspec.json.encode(list(ids)).decode(),))
        return {name: msgspec.structs.replace(_alert.decode(record), copies=0) for name, record in found}

    def deliveries(self, notice: str) -> list[Delivery]:
        """How one notice went, channel by channel."""
        rows = self.db.rows("SELECT record FROM deliveries WHERE notice = ? ORDER BY id", (notice,))
        return [_delivery.decode(record) for (record,) in rows]

    def delivery(self, delivery: str) -> tuple[Delivery, Notice] | None:
        """One delivery by id, and what it carries."""
        sql = "SELECT d.record, n.record FROM deliveries d JOIN notices n ON n.id = d.notice WHERE d.id = ?"
        row = next(self.db.each(sql, (delivery,)), None)
        return (_delivery.decode(row[0]), _notice.decode(row[1])) if row else None
