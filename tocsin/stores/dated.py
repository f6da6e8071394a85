"""An article whose date came later."""

import msgspec

from tocsin.records import Article, DateCandidate, Listing


def dated(article: Article, listing: Listing) -> Article:
    """An undated article with the publication time that a feed told after the page was read."""
    told = DateCandidate(
        raw=str(listing.published),
        origin=listing.source,
        value=listing.published,
        verdict="chosen: told after the page was read",
    )
    facts = msgspec.structs.replace(article.extraction, dates=(*article.extraction.dates, told))
    zone = "" if listing.published and listing.published.tzinfo else "no zone in the feed"
    return msgspec.structs.replace(
        article, published=listing.published, published_origin=listing.source, published_note=zone, extraction=facts
    )


def dated_as(article: Article, row: Article) -> Article:
    """An undated article with the date that its row was given since it was read from there."""
    return msgspec.structs.replace(
        article,
        published=row.published,
        published_origin=row.published_origin,
        published_note=row.published_note,
        extraction=row.extraction,
    )
