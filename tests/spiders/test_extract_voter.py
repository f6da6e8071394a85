"""Trafilatura's reading: its lines, its baseline where that gave little, and nothing where it fails."""

import pytest
from lxml import etree, html

from spiders.extract import voter

PARAGRAPH = "The harbour authority closed the outer quay on Monday after a tug had struck one of its dolphins at night."


def lines(inner: str) -> list[str]:
    return voter.lines(html.document_fromstring(f"<html><head><title>x</title></head><body>{inner}</body></html>"))


def test_paragraphs_are_lines_and_the_menu_is_none() -> None:
    menu = "<nav><ul><li><a href='/a'>Start</a></li><li><a href='/b'>Sport</a></li></ul></nav>"
    found = lines(f"{menu}<article>{''.join(f'<p>{n}. {PARAGRAPH}</p>' for n in range(5))}</article>")
    assert found == [f"{n}. {PARAGRAPH}" for n in range(5)]


def test_each_cell_and_each_item_is_a_line() -> None:
    table = "<table><tr><td>Tanks destroyed so far</td><td>4 112 of them</td></tr></table>"
    items = "<ul><li>The quay is closed until Friday.</li><li>The ferry goes from the other side.</li></ul>"
    found = lines(
        f"<article>{f'<p>{PARAGRAPH}</p>'}{items}{table}<p>{PARAGRAPH.replace('Monday', 'Tuesday')}</p></article>"
    )
    assert "The quay is closed until Friday." in found
    assert not any("|" in line for line in found)


def test_the_baseline_stands_in() -> None:
    """A page whose text stands in no element that the main reading knows."""
    found = lines('<script type="application/ld+json">{"articleBody": "' + PARAGRAPH * 4 + '"}</script><b>Menu</b>')
    assert PARAGRAPH in " ".join(found)


def test_the_tree_stays_as_it_was() -> None:
    root = html.document_fromstring(f"<html><body><div><p>{PARAGRAPH}</p><form>x</form></div></body></html>")
    before = etree.tostring(root)
    voter.lines(root)
    assert etree.tostring(root) == before


@pytest.mark.parametrize("error", [ValueError, AttributeError, TypeError, RecursionError])
def test_a_failure_is_no_reading(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr("trafilatura.main_extractor.extract_content", broken)
    assert lines(f"<p>{PARAGRAPH}</p>") == []
