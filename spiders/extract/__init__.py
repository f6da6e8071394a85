"""From a fetched page to articles: pure, without network, clock or store. Runs in the child pool."""

from spiders.extract.extraction import Extraction
from tocsin.records import Outlet, Page

__all__ = ["Extraction", "extract"]


def extract(page: Page, outlet: Outlet) -> Extraction:
    """Read the articles out of one page of ``outlet``.

    Never raises for what a page may hold: a page without an article comes back with ``drop`` set. The parsers are
    loaded at the first call, so that a crawler that only decodes the answers of its children stays light.
    """
    from spiders.extract.flow import extract_page

    return extract_page(page, outlet)
