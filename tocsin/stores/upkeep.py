"""What keeps a store in order, in words that all stores share."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from tocsin.records import Article, Drop

TAKEN_UP = "requeue"
"""The room of a drop that tells of something taken up again: part of its history, and nothing that was left out."""
AGAIN = "taken up again"
"""The reason of such a drop, and of no other."""
SAMPLE = 2_000
"""The newest rows of which lags are told, at the most."""


class Finding(NamedTuple):
    """What was looked at and how it is, with what to do where it is not as it should be."""

    name: str
    state: Literal["ok", "note", "bad"]
    """``bad`` loses something or stops the work; a ``note`` does not."""
    detail: str


class Requeued(NamedTuple):
    """What was taken up again, by the reason for which it lay aside."""

    parked: dict[str, int]
    refused: dict[str, int]
    """Rows that the server had refused."""
    again: int
    """How many of these it refused once more."""


def counted(reasons: Iterable[str]) -> dict[str, int]:
    """Reasons and how often each stands there, the most frequent first."""
    return most_first(Counter(reasons))


def most_first(numbers: Mapping[str, int]) -> dict[str, int]:
    """Counts, the largest first."""
    return dict(sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0])))


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """``{"of": number, "p50": seconds, "p95": seconds}``; of none there is no spread."""
    if not seconds:
        return {"of": 0}
    ordered = sorted(seconds)
    top = len(ordered) - 1
    return {"of": len(ordered), "p50": round(ordered[top // 2], 3), "p95": round(ordered[int(top * 0.95)], 3)}


def lags_of(stretches: Mapping[str, Sequence[float]]) -> dict[str, dict[str, float]]:
    """The spread of each stretch of the road."""
    return {name: spread(seconds) for name, seconds in stretches.items()}


def taken_up(article: Article, reason: str, now: datetime) -> Drop:
    """The line in the history of an address."""
    return Drop(at=now, room=TAKEN_UP, reason=AGAIN, url=article.url, outlet=article.outlet, detail=f"was: {reason}")
