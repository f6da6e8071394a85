"""Sources of an outlet that always say "now", noticed over many pages.

One page cannot tell a clock from news of this minute; many pages of one outlet can. Of each page and each origin of a
date it is kept whether it named the moment of the fetch, and whether something proves that wrong: a listing or another
source tells an earlier day, or the same page had named another moment at an earlier look. An origin that nearly always
says "now", and was proved wrong often enough, is believed no more in this run: the next date of the ledger stands in.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import msgspec

from spiders.extract import dateday
from tocsin.records import Article, DateCandidate

LEAST = 5
"""Pages of an outlet that must have named a date by an origin."""
SHARE = 0.8
"""Of them that must have named the moment of the fetch."""
PROVED = 3
"""Of them that must have been proved wrong."""
KEPT = 60
EARLIER = timedelta(hours=2)
NOTE = "this outlet's pages always give the moment of the fetch as {}"
_PAGE = ("json-ld", "meta", "time", "script", "text")
_CANDIDATE = ("chosen", "agrees", "another source comes first", dateday.BEHIND)
_NOW = ("render date", *dateday.REFUSED)


class Distrust(msgspec.Struct, frozen=True):
    """An origin that an outlet's dates are no longer taken from."""

    outlet: str
    origin: str
    pages: int
    """Pages that it was seen on."""
    now: int
    """Of them, those on which it named the moment of the fetch."""


class _Seen(msgspec.Struct, frozen=True):
    value: datetime
    now: bool
    wrong: bool


class Clocks:
    """What one run has learnt of the clocks of its outlets."""

    def __init__(self) -> None:
        self._seen: defaultdict[tuple[str, str], dict[str, _Seen]] = defaultdict(dict)
        self._distrusted: dict[tuple[str, str], Distrust] = {}
        self._untold: list[Distrust] = []

    def settle(self, article: Article) -> Article:
        """Learn from an article's ledger; take its date from elsewhere if its source is known to be a clock."""
        if article.kind == "entry":
            return article
        told: dict[str, DateCandidate] = {}
        for one in article.extraction.dates:
            if one.origin in _PAGE and one.value is not None and one.verdict in (*_CANDIDATE, *_NOW):
                told.setdefault(one.origin, one)
        for origin, one in told.items():
            self._learn(article, origin, one)
        if not any((article.outlet, origin) in self._distrusted for origin in told):
            return article
        return self._without(article)

    def untold(self) -> list[Distrust]:
        """What came under distrust since this was last asked, for the report."""
        found, self._untold = self._untold, []
        return found

    def _learn(self, article: Article, origin: str, one: DateCandidate) -> None:
        key = (article.outlet, origin)
        seen, before = self._seen[key], self._seen[key].pop(article.address_id, None)
        if one.value is None:
            return
        now = _is_now(one, one.value, article.first_seen)
        moved = before is not None and before.now and _utc(before.value) != _utc(one.value)
        seen[article.address_id] = _Seen(one.value, now, now and (moved or _earlier(article, one)))
        if len(seen) > KEPT:
            del seen[next(iter(seen))]
        said = sum(s.now for s in seen.values())
        clock = len(seen) >= LEAST and said >= SHARE * len(seen) and sum(s.wrong for s in seen.values()) >= PROVED
        if clock and key not in self._distrusted:
            self._distrusted[key] = Distrust(article.outlet, origin, len(seen), said)
            self._untold.append(self._distrusted[key])

    def _without(self, article: Article) -> Article:
        """The article with the first date of its ledger whose origin is not distrusted; or with none, and why."""
        gone = [o for o in _PAGE if (article.outlet, o) in self._distrusted]
        if article.published is not None and article.published_origin not in gone:
            return article
        ledger = [
            msgspec.structs.replace(c, verdict="this source always says now") if c.origin in gone and _open(c) else c
            for c in article.extraction.dates
        ]
        at = next((i for i, c in enumerate(ledger) if c.origin not in gone and _open(c)), None)
        reason = NOTE.format(" and ".join(gone))
        facts = article.extraction
        if at is None:
            facts = msgspec.structs.replace(facts, dates=tuple(ledger), date_confidence="", date_reason=reason)
            return msgspec.structs.replace(
                article, published=None, published_origin="", published_note=reason, extraction=facts
            )
        ledger[at] = msgspec.structs.replace(ledger[at], verdict="chosen")
        facts = msgspec.structs.replace(facts, dates=tuple(ledger), date_confidence="low", date_reason=reason)
        return msgspec.structs.replace(
            article,
            published=ledger[at].value,
            published_origin=ledger[at].origin,
            published_note=reason,
            extraction=facts,
        )


def _open(candidate: DateCandidate) -> bool:
    return candidate.value is not None and candidate.verdict in (*_CANDIDATE, *_NOW)


def _utc(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _is_now(one: DateCandidate, value: datetime, fetched: datetime) -> bool:
    """Whether a date is the minute of the fetch, or without a time of day its day, in any zone it may mean."""
    if dateday.is_day_only(one):
        return value.date() in dateday.days_of(fetched, None)
    return dateday.is_fetch_minute(value, fetched, None)


def _earlier(article: Article, one: DateCandidate) -> bool:
    """Whether another source of the ledger tells that the article is older than this one says."""
    if one.value is None:
        return False
    slack = EARLIER if one.value.tzinfo else timedelta(hours=26)
    return any(
        other.value is not None
        and other.origin not in (one.origin, "json-ld", "meta", "time", "script")
        and other.verdict in _CANDIDATE
        and _utc(one.value) - _utc(other.value) > (slack if other.value.tzinfo else timedelta(hours=26))
        for other in article.extraction.dates
    )
