"""What the voices of a page call it, beside what was read of it: the reading for ``tocsin extract --explain``.

Runs in the extraction children like every reading, since a page may be hostile however often it was parsed before.
"""

from spiders.extract.extraction import Extraction
from tocsin.records import Outlet, Page, Record

_LONGEST = 200


class Told(Record):
    """A page's articles, and its titles by the voice that says them; voices that say nothing left out."""

    found: Extraction = Extraction()
    titles: tuple[tuple[str, str], ...] = ()


def told(page: Page, outlet: Outlet) -> Told:
    """Read the page, and once more who calls it what. Raises nothing for what a page may hold."""
    from spiders.extract import extract

    found = extract(page, outlet)
    return Told(found, _titles(page, outlet) if found.articles else ())


def _titles(page: Page, outlet: Outlet) -> tuple[tuple[str, str], ...]:
    from spiders.extract import structured
    from spiders.extract.decode import decode
    from spiders.extract.tree import parse

    root = parse(decode(page, outlet)[0])
    if root is None:
        return ()
    facts = structured.read(root)
    voices = (
        ("h1", next(iter(facts.h1), "")),
        ("json-ld", facts.text("headline")),
        ("og:title", facts.first("og:title")),
        ("title tag", facts.title_tag),
    )
    return tuple((name, said[:_LONGEST]) for name, said in voices if said)
