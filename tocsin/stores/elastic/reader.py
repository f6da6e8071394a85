"""What readers ask of the store: search, stories, alerts, counts."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from tocsin.forms import cut
from tocsin.query import elastic
from tocsin.query.plan import Keys, Plan
from tocsin.records import Alert, Article, Delivery, Notice, Story, Subscription
from tocsin.stores.elastic import rows, schema
from tocsin.stores.elastic.copies import copies_of
from tocsin.stores.elastic.documents import EVERYWHERE, DocumentPart
from tocsin.stores.elastic.publishing import alert_of, aliases, notices_of, roots
from tocsin.stores.elastic.server import Row
from tocsin.stores.likeness import LOOKED_AT, WITHIN, likeliest, names_of, rarest, weights_of
from tocsin.stores.stories import story_of

_READ = {"excludes": ["tokens"]}
_SAMPLE = 300
"""Newest articles in which the forms of a word are looked for."""
_TOP = (1 << 62) - 1
_PAGE = 500
_ASKED = 10_000
"""Ids that one question may name."""
_BUCKETS = 65_000
"""As many as a server counts in one answer."""
_ALL: Mapping[str, Any] = {"match_all": {}}


class ReaderPart(DocumentPart):
    """The half of the store that readers see."""

    def search(
        self, plan: Plan | None, *, limit: int, before: int | None = None, after: int = 0, stories: bool = False
    ) -> list[Article]:
        """Ready articles that meet the plan (all where it is None), newest arrival first.

        ``before`` and ``after`` bound the arrival numbers; ``stories`` leaves one article of each story.
        """
        top = _TOP if before is None else before
        if not stories:
            asked = {**_newest(plan, after, top), "size": min(limit, 10_000), "_source": _READ}
            return [rows.article_of(row.source) for row in self.server.found(schema.ARTICLES, asked)]
        found = (article for arrival, article in self._one_of_each(plan, after) if arrival < top)
        return list(islice(found, limit))

    def _one_of_each(self, plan: Plan | None, after: int) -> Iterator[tuple[int, Article]]:
        """The newest article of each story. From the newest on: what another page has shown must not come again."""
        seen: set[str] = set()
        asked = {**_newest(plan, after, _TOP), "_source": _READ}
        for page in _pages(self.server.each(schema.ARTICLES, asked)):
            root_of = roots(self.server, {row.source["story"] for row in page})
            for row in page:
                root = root_of[row.source["story"]]
                if root not in seen:
                    seen.add(root)
                    yield row.source["arrival"], rows.article_of(row.source)

    def count(self, plan: Plan | None, most: int = 10_000) -> int:
        """How many ready articles meet the plan; one more than ``most`` means: more than so many."""
        if plan is None:
            return self.server.count(schema.ARTICLES, _ALL)
        asked = {"query": elastic.query(plan), "size": 0, "track_total_hits": most + 1}
        return min(int(self.server.search(schema.ARTICLES, asked)["hits"]["total"]["value"]), most + 1)

    def forms(self, keys: Keys, limit: int = 100) -> list[tuple[str, int]]:
        """Words of the store that have one of the keys, folded, and in how many articles; the most frequent first.

        The words are those of the newest articles that have one; the counts are of all articles.
        """
        tests = [
            {"prefix": {"keys.any": key[:-1]}} if key.endswith("*") else {"term": {"keys.any": cut(key)}}
            for key in keys
        ]
        asked = {
            "query": {"bool": {"should": tests, "minimum_should_match": 1}},
            "sort": [{"arrival": "desc"}],
            "size": _SAMPLE,
            "_source": ["tokens"],
        }
        surfaces: set[str] = set()
        for row in self.server.found(schema.ARTICLES, asked):
            analysed = rows.unpacked(row.source["tokens"])
            for token in {*analysed.title, *analysed.text} if analysed else ():
                if any(_is(key, token.keys) for key in keys):
                    surfaces.add(token.keys[0])
        counted = self._counts("keys.any", surfaces)
        named = [(surface.partition(":")[2], number) for surface, number in counted.items() if number]
        return sorted(named, key=lambda pair: (-pair[1], pair[0]))[:limit]

    def _counts(self, field: str, values: Collection[str]) -> dict[str, int]:
        """In how many ready articles a field has each of some values."""
        if not values:
            return {}
        filters = {value: {"term": {field: cut(value)}} for value in values}
        asked = {"size": 0, "track_total_hits": False, "aggs": {"of": {"filters": {"filters": filters}}}}
        buckets = self.server.search(schema.ARTICLES, asked)["aggregations"]["of"]["buckets"]
        return {value: int(bucket["doc_count"]) for value, bucket in buckets.items()}

    # ---- in order of arrival

    def arrival_at(self, when: datetime) -> int:
        """The last arrival number given before a moment; 0 where there is none."""
        self.server.refresh(schema.ARRIVALS)
        asked = {"query": {"range": {"at": {"lt": when}}}, "sort": [{"_seq_no": "desc"}], "size": 1}
        found = self.server.found(schema.ARRIVALS, asked)
        return found[0].seq_no + 1 if found else 0

    def walk(self, *, after: int = 0) -> Iterator[Article]:
        """All ready articles in order of arrival, without holding them in memory.

        It ends before a number that was given to an article which is not ready yet: whoever goes on behind the last one
        later misses none.
        """
        end = self._checkpoint()
        self.server.refresh(schema.ARRIVALS)
        query = {"range": {"_seq_no": {"gte": after, "lte": end}}}
        for page in _pages(self.server.each(schema.ARRIVALS, {"query": query, "sort": ["_seq_no"]})):
            places = [(self.partition(row.source["partition"]), row.id) for row in page]
            found = self.server.rows(places, ["tokens"])
            for row in page:
                state = found[row.id].source["state"] if row.id in found else "parked"
                if state == "ready":
                    yield rows.article_of(found[row.id].source)
                elif state != "parked":
                    return

    def _checkpoint(self) -> int:
        """The number up to which no arrival is still being written."""
        name = self.server.name(schema.ARRIVALS)
        told = self.server.ask(
            "GET",
            f"/{name}/_stats/docs?level=shards&filter_path=indices.*.shards.*.seq_no,indices.*.shards.*.routing.primary",
        )
        shards = next(iter(told["indices"].values()))["shards"]["0"]
        return next(int(shard["seq_no"]["local_checkpoint"]) for shard in shards if shard["routing"]["primary"])

    def on_their_way(self) -> Iterator[Article]:
        """Articles that are accepted or filed and not ready yet, in order of acceptance."""
        self.server.refresh(EVERYWHERE)
        asked = {
            "query": {"terms": {"state": ["accepted", "filed"]}},
            "sort": ["first_seen", "_seq_no"],
            "_source": _READ,
        }
        for row in self.server.each(EVERYWHERE, asked):
            yield rows.article_of(row.source)

    # ---- stories

    def members(self, story_id: str) -> list[Article]:
        """The articles of a story in order of filing, under whichever of its ids."""
        ids = sorted(aliases(self.server, {story_id})[story_id])
        asked = {
            "query": {"terms": {"story": ids}},
            "sort": [{"arrival": {"order": "asc", "missing": "_last"}}, "first_seen", "_seq_no"],
            "_source": _READ,
        }
        found = list(self.server.each(EVERYWHERE, asked))
        if not found:
            # Its first member may have come this very second.
            self.server.refresh(EVERYWHERE)
            found = list(self.server.each(EVERYWHERE, asked))
        return [rows.article_of(row.source) for row in found]

    def root(self, story_id: str) -> str:
        """The id that stands for a story today: that of the older one where two proved to be one."""
        return roots(self.server, {story_id})[story_id]

    def joined(self) -> list[tuple[str, str]]:
        """Stories that turned out to be one with an older one, and the id that stands for both."""
        return [
            (row.id, row.source["root"])
            for row in self.server.each(schema.STORIES, {"query": _ALL, "sort": ["_shard_doc"]})
        ]

    def story(self, story_id: str) -> Story | None:
        """A story with its outlets and the number of its texts."""
        return story_of(self.root(story_id), self.members(story_id)) if story_id else None

    def related(self, article: Article, limit: int = 5) -> list[tuple[Article, float]]:
        """Articles of other stories that are likely to be about the same events, with a score of 0 to 1."""
        row = self.rows_of([article.id], tokens=True).get(article.id)
        ours = rows.unpacked(row.source["tokens"]) if row and "tokens" in row.source else None
        weights = weights_of(self._counts("keys.any", names_of(ours)), self.count(None)) if ours else {}
        if ours is None or not weights:
            return []
        seen = {"gte": article.first_seen - WITHIN, "lte": article.first_seen + WITHIN}
        asked = {
            "query": {
                "bool": {
                    "filter": [{"range": {"first_seen": seen}}],
                    "must_not": [{"terms": {"story": sorted(aliases(self.server, {article.story})[article.story])}}],
                    "should": [
                        {"constant_score": {"filter": {"term": {"keys.any": cut(key)}}, "boost": weights[key]}}
                        for key in rarest(weights)
                    ],
                    "minimum_should_match": 1,
                }
            },
            "size": LOOKED_AT,
        }
        read = ((other, rows.unpacked(other.source["tokens"])) for other in self.server.found(schema.ARTICLES, asked))
        known = [(rows.article_of(other.source), analysed) for other, analysed in read if analysed is not None]
        return likeliest(article, ours, weights, known, limit)

    # ---- alerts

    def alerts(self, *, since: datetime | None = None, limit: int = 100) -> list[tuple[Alert, list[Notice]]]:
        """Alerts with their notices, newest first."""
        query = {"range": {"created": {"gte": since}}} if since else _ALL
        asked = {"query": query, "sort": [{"created": "desc"}]}
        if limit <= _PAGE:
            pages = iter([self.server.found(schema.ALERTS, {**asked, "size": limit})])
        else:
            pages = _pages(islice(self.server.each(schema.ALERTS, asked), limit))
        found = []
        for page in pages:
            copies = copies_of(self.server, [alert_of(row) for row in page])
            found += [(msgspec.structs.replace(alert_of(it), copies=copies[it.id].own), notices_of(it)) for it in page]
        return found

    def told(self) -> dict[str, tuple[int, int]]:
        """For each subscription that rang: how many stories, and how many further copies of them."""
        rung = self._by_subscription(schema.ALERTS, "subscription", _ALL)
        met = self._by_subscription(schema.ARTICLES, "matched_subscriptions", _no_version())
        # A version is no copy, and where it made the alert there is none to be taken off.
        only = {"bool": {"filter": [{"term": {"relation": "version"}}, {"exists": {"field": "matched_subscriptions"}}]}}
        versions = self.server.each(schema.ARTICLES, {"query": only, "sort": ["_shard_doc"], "_source": False})
        made = Counter[str]()
        while some := [row.id for row in islice(versions, _ASKED)]:
            made += Counter(self._by_subscription(schema.ALERTS, "subscription", {"terms": {"article": some}}))
        return {name: (stories, met.get(name, 0) - stories + made[name]) for name, stories in rung.items()}

    def _by_subscription(self, index: str, field: str, query: Mapping[str, Any]) -> dict[str, int]:
        by = {"by": {"terms": {"field": field, "size": _BUCKETS}}}
        found = self.server.search(index, {"size": 0, "query": query, "aggs": by}).get("aggregations")
        return {bucket["key"]: int(bucket["doc_count"]) for bucket in found["by"]["buckets"]} if found else {}

    def notices(self, alert: str) -> list[Notice]:
        """The notices of one alert, oldest first."""
        row = self._alert(alert)
        return notices_of(row) if row else []

    def alert(self, alert: str) -> Alert | None:
        """One alert by id."""
        row = self._alert(alert)
        if row is None:
            return None
        known = alert_of(row)
        return msgspec.structs.replace(known, copies=copies_of(self.server, [known])[alert].own)

    def subscriptions_by_id(self, ids: Collection[str]) -> dict[str, Subscription]:
        """The known ones among these subscriptions, by id."""
        index = self.server.name(schema.SUBSCRIPTIONS)
        found = self.server.rows((index, name) for name in ids).values()
        return {row.id: msgspec.convert(row.source["record"], Subscription) for row in found}

    def alerts_by_id(self, ids: Collection[str]) -> dict[str, Alert]:
        """Alerts by id as they were made: what matched since is not counted."""
        index = self.server.name(schema.ALERTS)
        return {row.id: alert_of(row) for row in self.server.rows((index, name) for name in ids).values()}

    def _alert(self, alert: str) -> Row | None:
        return self.server.rows([(self.server.name(schema.ALERTS), alert)]).get(alert)

    def deliveries(self, notice: str) -> list[Delivery]:
        """How one notice went, channel by channel."""
        asked = {"query": {"term": {"notice": notice}}, "size": 1000}
        found = [msgspec.convert(row.source["record"], Delivery) for row in self.server.found(schema.DELIVERIES, asked)]
        return sorted(found, key=lambda delivery: delivery.id)


def _newest(plan: Plan | None, after: int, before: int) -> dict[str, Any]:
    """The search for what meets a plan between two arrivals, the newest first."""
    between = {"range": {"arrival": {"gt": after, "lt": before}}}
    met = [elastic.query(plan)] if plan is not None else []
    return {"query": {"bool": {"filter": [*met, between]}}, "sort": [{"arrival": "desc"}]}


def _pages(found: Iterator[Row], size: int = 500) -> Iterator[list[Row]]:
    while page := list(islice(found, size)):
        yield page


def _is(wanted: str, keys: Sequence[str]) -> bool:
    """Whether a token with these keys is meant by a key, or by the beginning of one."""
    return wanted in keys if not wanted.endswith("*") else any(key.startswith(wanted[:-1]) for key in keys)


def _no_version() -> dict[str, Any]:
    return {"bool": {"must_not": [{"term": {"relation": "version"}}]}}
