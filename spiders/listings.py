"""Two listings of one address, and whether a listing makes a known page worth another look. Pure."""

from datetime import datetime, timedelta

from tocsin.records import FeedKind, Listing, PageState

_RANK: dict[FeedKind, int] = {"feed": 0, "sitemap": 1, "front": 2, "section": 3}


def better(one: Listing | None, other: Listing) -> Listing:
    """The two merged: what the better source says wins, what it does not say comes from the other."""
    if one is None:
        return other
    first, second = (one, other) if _RANK[one.source] <= _RANK[other.source] else (other, one)
    return Listing(
        url=first.url,
        source=first.source,
        title=first.title or second.title,
        published=first.published or second.published,
        updated=_newer(one.updated, other.updated),
        authors=first.authors or second.authors,
        summary=first.summary or second.summary,
        lang=first.lang or second.lang,
        tags=first.tags or second.tags,
    )


def _newer(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    if (one.tzinfo is None) != (other.tzinfo is None):
        return one if one.tzinfo is not None else other
    return max(one, other)


def worth_a_look(state: PageState, listing: Listing, now: datetime) -> bool:
    """Whether a listing says that a page changed since it was fetched.

    Only a date with a zone counts, one that the page's listing did not have before, and none from the future: a feed
    that stamps each answer with the time of the answer would otherwise have everything fetched at each poll.
    """
    updated = listing.updated
    if state.fetched is None or updated is None or updated.tzinfo is None or updated > now + timedelta(minutes=5):
        return False
    known = state.listing.updated if state.listing is not None else None
    if known is not None and known.tzinfo is not None and updated <= known:
        return False
    return updated > state.fetched
