"""What comes out of one page."""

from tocsin.records import Article, Record


class Extraction(Record):
    """The articles of a page, or the fixed phrase that says why there is none."""

    articles: tuple[Article, ...] = ()
    """Normally one. A live blog gives one for the page, if it has text of its own, and one per entry."""
    drop: str = ""
    """Empty where there are articles; else one of a small set of phrases: ``not HTML``, ``not an article``,
    ``soft 404``, ``text too short``, ``cookie wall``, ``paywall``, ``script wall``, ``gallery without text``."""
    detail: str = ""
    """What the phrase was decided by, in words."""
    canonical: str = ""
    """Canonical address of the page, also where there is no article."""
