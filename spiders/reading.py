"""What a feed, a sitemap, a front or a section front lists, as one answer. Pure; runs in the extraction children.

Both parsers take time that grows with the square of the nesting in their C code, where nothing can interrupt them: a
front of 2 MB of open ``<div>`` takes minutes. In a child that costs the outlet its poll; in the crawler's loop it would
cost every outlet theirs.
"""

from spiders.feeds import FeedReading, read_feed
from spiders.links import read_front
from tocsin.records import FeedKind, Record


class Reading(Record):
    """The listings, and what else a front page names."""

    feed: FeedReading = FeedReading()
    sections: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()


def read_listing(kind: FeedKind, body: bytes, url: str, content_type: str) -> Reading:
    """Read an answer of one of the feed kinds; ``url`` makes relative links absolute. Never raises for any bytes."""
    if kind in ("front", "section"):
        found = read_front(body, url, content_type, source=kind)
        return Reading(feed=FeedReading(kind=kind, listings=found.listings), sections=found.sections, feeds=found.feeds)
    return Reading(feed=read_feed(body, url, content_type))
