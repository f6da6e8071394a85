"""The search page says what was read but perhaps not meant, and finds the same."""

import pytest
from selectolax.lexbor import LexborHTMLParser


def notes(client, query):
    answer = client.get("/search", params={"q": query})
    assert answer.status_code == 200
    return LexborHTMLParser(answer.text).css("p.note")


def test_a_small_operator_is_noted_with_a_link_to_what_was_perhaps_meant(client):
    (note,) = notes(client, "Dnipro and boards")
    assert note.text().startswith("Note, column 8: and is searched as a word; as an operator it is written AND.")
    assert note.css_first("a").attributes["href"] == "/search?q=Dnipro+AND+boards"


def test_a_query_without_a_trap_has_no_note(client):
    assert notes(client, "Dnipro AND boards") == []
    assert notes(client, "") == []


@pytest.mark.parametrize("hostile", ["<b>x</b> and boards", "<img/src=x> and boards"])
def test_a_note_is_text(client, hostile):
    """What cannot be read is a problem and no note; what can be is escaped."""
    answer = client.get("/search", params={"q": f'"{hostile}" and boards'})
    assert "<b>x" not in answer.text
    assert "<img/src" not in answer.text
    assert "is searched as a word" in answer.text
