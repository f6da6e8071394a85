"""The zone of an outlet that prints local times without one, learnt from its own pages.

Where a page's local digits and a dated listing (or the page's own metadata) tell the same minute, their difference is
the outlet's offset. It is believed when several pages agree, and only for dates near to theirs: summer time ends.
"""

from collections import Counter, defaultdict, deque
from datetime import UTC, datetime, timedelta, timezone

import msgspec

from tocsin.records import Article

LEAST = 2
"""Pages that must tell an offset before it is believed."""
SHARE = 0.8
"""Of them that must tell the same."""
NEAR = timedelta(days=7)
"""Between a date without a zone and the pages that tell the offset."""
KEPT = 60
FARTHEST = timedelta(hours=14)
NOTE = "zone learnt from other pages of the outlet"


class Zones:
    """What one run has learnt of the offsets of its outlets."""

    def __init__(self) -> None:
        self._seen: defaultdict[str, deque[tuple[datetime, timedelta]]] = defaultdict(lambda: deque(maxlen=KEPT))

    def settle(self, article: Article) -> Article:
        """Learn from an article whose zone is known; give a time without a zone the offset that was learnt."""
        published = article.published
        if published is None or article.published_note.startswith("day only"):
            return article
        if published.tzinfo is not None:
            offset = _offset(article, published)
            if offset is not None:
                self._seen[article.outlet].append((published.astimezone(UTC).replace(tzinfo=None), offset))
            return article
        learnt = self._learnt(article.outlet, published)
        if learnt is None:
            return article
        facts = article.extraction
        ledger = tuple(msgspec.structs.replace(c, zone="learnt") if c.verdict == "chosen" else c for c in facts.dates)
        return msgspec.structs.replace(
            article,
            published=published.replace(tzinfo=timezone(learnt)),
            published_note=NOTE,
            extraction=msgspec.structs.replace(facts, dates=ledger),
        )

    def _learnt(self, outlet: str, published: datetime) -> timedelta | None:
        near = [offset for moment, offset in self._seen[outlet] if abs(moment - published) <= NEAR]
        ((offset, times),) = Counter(near).most_common(1) or ((timedelta(), 0),)
        return offset if times >= LEAST and times >= SHARE * len(near) else None


def _offset(article: Article, published: datetime) -> timedelta | None:
    """How far the page's local digits are ahead of UTC, in quarters of an hour; None where they tell nothing."""
    moment = published.astimezone(UTC).replace(tzinfo=None)
    for candidate in article.extraction.dates:
        local = candidate.value
        if local is None or local.tzinfo is not None or candidate.verdict != "agrees":
            continue
        gap = local - moment
        offset = timedelta(minutes=15) * round(gap / timedelta(minutes=15))
        if abs(gap - offset) < timedelta(minutes=1) and abs(offset) <= FARTHEST:
            return offset
    return None
