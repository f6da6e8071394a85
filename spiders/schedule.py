"""When to look again: pure functions of what was seen last. All spans shrink with an outlet that is polled fast."""

from datetime import datetime, timedelta

from tocsin.records import Feed, Outlet

USUAL = 600.0
"""Seconds between two polls for which the spans below are meant; an outlet with a smaller ``every`` shrinks them."""
DAY = 86400.0
LADDER = (900.0, 2700.0, 18000.0, 64800.0, 6 * DAY)
"""Seconds from one look at an article to the next: 15 minutes, an hour, 6 hours, a day and a week after the first."""
GONE = 1800.0
"""Seconds after which a page that is not there any more is looked for again, before it counts as withdrawn."""
MAX_TTL = 3600.0
"""Longest ``ttl`` of a feed that is obeyed: many feeds name one that was never thought about."""


def scale(outlet: Outlet) -> float:
    """1 for an outlet polled every ten minutes or slower, less for a faster one."""
    return min(1.0, max(outlet.every, 0.1) / USUAL)


def feed_due(outlet: Outlet, feed: Feed, now: datetime, *, ttl: float = 0.0) -> datetime:
    """When to poll next after a success. Section fronts are polled a third as often as the rest."""
    span = max(outlet.every, min(ttl, MAX_TTL))
    return now + timedelta(seconds=span * (3 if feed.kind == "section" else 1))


def feed_retry(
    outlet: Outlet, failures: int, now: datetime, *, at_least: float = 0.0, passing: bool = False
) -> datetime:
    """When to poll next after so many failures in a row: twice as late each time, a day at most.

    A ``passing`` failure (no name, no connection) is tried again after a minute first: the network may be back.
    """
    span = min(DAY, outlet.every * 2.0 ** min(failures, 16))
    if passing:
        span = min(span, 60.0 * 2.0 ** min(failures - 1, 16))
    return now + timedelta(seconds=max(span, at_least))


def next_look(
    outlet: Outlet, now: datetime, *, before: float, live: bool, changed: bool, waited: float = 0.0
) -> datetime | None:
    """When an article is worth another look; None: never again by itself.

    ``before`` is the span in seconds that was planned before this look, 0 for the first, and ``waited`` the one that
    it really was: a step that a late look has covered is left out. ``changed`` says that the look brought another
    text, which starts the ladder anew.
    """
    factor = scale(outlet)
    if live:
        first = min(outlet.every, 120.0)
        span = first if changed or before <= 0 else max(first, before * 1.5)
        return now + timedelta(seconds=span) if span <= 6 * 3600.0 else None
    done, waited = (0.0, 0.0) if changed else (before, waited)
    for step in LADDER:
        if step * factor > max(done * 1.2, waited):
            return now + timedelta(seconds=step * factor)
    return None


def second_look(outlet: Outlet, now: datetime, *, before: float) -> datetime | None:
    """When to look again at a page that held too little to be an article: twice at most, then never.

    It may have been fetched while it was being written, or behind a wall that is gone.
    """
    if before >= LADDER[1] * scale(outlet):
        return None
    return next_look(outlet, now, before=before, live=False, changed=False)


def page_retry(outlet: Outlet, now: datetime, *, before: float, first: float) -> datetime | None:
    """When to try a failed page again: ``first`` seconds later, then twice as late each time, never beyond two days."""
    first *= scale(outlet)
    span = first if before <= 0 else max(first, before * 2)
    return now + timedelta(seconds=span) if span <= 2 * DAY else None
