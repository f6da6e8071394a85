"""What comes out of one page."""

from tocsin.records import Article, Record


class Extraction(Record):
    """The articles of a page, or the fixed phrase that says why there is none."""

    articles: tuple[Article, ...] = ()
    """Normally one. A live blog gives one for the page, if it has text of its own, and one per entry."""
    drop: str = ""
    """Empty where there are articles; else one of a small set of phrases: ``not HTML``, ``not an article``,
    ``soft 404``, ``text too short``, ``cookie wall``, ``paywall``, ``log-in wall``, ``script wall``, ``gallery without
    text``, ``video without text``. Beside an article: why the crawler would have left out what a person asked for.
    """
    detail: str = ""
    """What the phrase was decided by, in words."""
    canonical: str = ""
    """Canonical address of the page, also where there is no article."""
