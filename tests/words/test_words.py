"""The analyser: which words meet, which never do, and that nothing a page holds can break it."""

from array import array
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import settings
from tocsin.spelling import clean, fold
from tocsin.words import KEYS_PER_TOKEN, Stored, Words, compounds, parts, spans


@pytest.fixture(scope="module")
def words() -> Words:
    """The analyser with its real dictionaries."""
    return Words.open(settings.load().cache_dir)


def test_surface_comes_first_and_as_written_second(words: Words) -> None:
    """Dedupe and the gazetteer rely on the order of the first two keys."""
    assert words.keys("Бахмутом", "uk")[:2] == ("s:бахмутом", "x:Бахмутом")


def test_tokens_stand_where_they_are_written() -> None:
    """Offsets point into the cleaned text; hyphens part, inner apostrophes hold, possessives fall away."""
    text = clean("Rostov-on-Don’s прем’єра: 3,5\u00admln")
    assert [text[span.start : span.end] for span in spans(text)] == ["Rostov", "on", "Don", "прем'єра", "3", "5mln"]


@given(st.text(max_size=80))
def test_any_text_can_be_analysed(text: str) -> None:
    """Whatever a page holds: as many tokens as spans, and no key that could split a stored line."""
    analysed = SHARED.analyse(text, text, "")
    assert len(analysed.title) == len(analysed.text) == len(spans(clean(text)))
    for keys in analysed.keys("text"):
        assert keys[0].startswith("s:")
        assert keys[1].startswith("x:")
        assert len(keys) <= KEYS_PER_TOKEN
        assert all(len(key) > 2 and not any(ch.isspace() or ch == "\x1f" for ch in key) for key in keys)


@given(st.lists(st.integers(0, 2**32 - 1)), st.lists(st.integers(0, 2**32 - 1)), st.lists(st.integers(0, 2**32 - 1)))
def test_numbers_of_tokens_are_stored_and_read(title: list[int], text: list[int], sentences: list[int]) -> None:
    """What a store writes of an article is what it reads."""
    stored = Stored(array("I", title), array("I", text), array("I", sentences))
    assert Stored.from_bytes(stored.to_bytes()) == stored


PARTS = {
    "long-range": (["long", "range"], "longrange"),
    "Rostov-on-Don's": (["Rostov", "on", "Don"], "RostovonDon"),
    "прем’єр-міністр": (["прем'єр", "міністр"], "прем'єрміністр"),
    "Су-25": (["Су", "25"], "Су25"),
    "1,000,000": (["1000000"], ""),
    "3,5": (["3.5"], ""),
    "24.02.2022": (["24", "02", "2022"], "24.02.2022"),
    "U.S": (["U", "S"], "US"),
    "@rybar": (["rybar"], "@rybar"),
    "#Бахмут": (["Бахмут"], "#Бахмут"),
    "press@outlet.org": (["press", "outlet", "org"], "press@outlet.org"),
    "t.me/rybar": (["t", "me", "rybar"], "t.me/rybar"),
    "O'Brien": (["O'Brien"], ""),
    "l’Ukraine": (["l", "Ukraine"], ""),
    "Trump's": (["Trump"], ""),
    "don't": (["don't"], ""),
}


@pytest.mark.parametrize("compound", PARTS)
def test_a_compound_has_parts_and_a_joined_form(compound: str) -> None:
    """What is written without blanks: the words that take positions, and the form that joins them."""
    assert compounds(clean(compound)) == [clean(compound)]
    found, joined = parts(clean(compound))
    assert ([part.word for part in found], joined) == PARTS[compound]


def test_equal_words_of_a_language_are_one_object() -> None:
    """So that a matcher can remember what it knows of a word."""
    one, two = SHARED.analyse("", "Bakhmut Bakhmut", "en"), SHARED.analyse("Bakhmut", "", "en")
    assert one.text[0] is one.text[1] is two.title[0]


SENTENCES = {
    "Mr. Smith met J. K. Rowling. She left.": ["Mr Smith met J K Rowling", "She left"],
    "In the U.S. Army base. 2022 was hard! Why? Yes.": ["In the U S Army base", "2022 was hard", "Why", "Yes"],
    "«Так!» — сказав він. У вул. Шевченка, 12. Далі": ["Так сказав він", "У вул Шевченка 12", "Далі"],
    "Один… два. три": ["Один два три"],
    "First line\nsecond line": ["First line", "second line"],
    '"Stop." He said.': ["Stop", "He said"],
}


@pytest.mark.parametrize("text", SENTENCES)
def test_sentences_begin_where_one_ended(text: str) -> None:
    """Not after initials and abbreviations, not before small letters, always at the end of a line."""
    analysed = SHARED.analyse("", text, "en")
    written = [keys[1][2:] for keys in analysed.keys("text")]
    starts = [0, *analysed.sentences, len(written)]
    assert [" ".join(written[a:b]) for a, b in pairwise(starts)] == SENTENCES[text]


@given(st.text(max_size=30))
def test_folding_twice_is_folding_once(text: str) -> None:
    """A folded word is its own fold."""
    assert fold(fold(text)) == fold(text)


SHARED = Words.open(settings.load().cache_dir)
