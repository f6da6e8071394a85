"""The analyser: which words meet, which never do, and that nothing a page holds can break it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import settings
from tocsin.dictionaries import Dictionary, compile_forms
from tocsin.words import Analysed, Words, clean, fold, spans, transliterate


@pytest.fixture(scope="module")
def words() -> Words:
    """The analyser with its real dictionaries."""
    return Words.open(settings.load().cache_dir)


MEET = [
    ("conscript", "conscripts", "en"),
    ("city", "cities", "en"),
    ("mobilize", "mobilized", "en"),
    ("Бахмут", "Бахмутом", "uk"),
    ("Бахмут", "бахмуті", "uk"),
    ("Бахмут", "Бахмуте", "ru"),
    ("Авдіївка", "Авдіївці", "uk"),
    ("Авдеевка", "Авдеевкой", "ru"),
    ("призов", "призову", "uk"),
    ("призовник", "призовників", "uk"),
    ("мобилизация", "мобилизации", "ru"),
    ("человек", "людей", "ru"),
    ("мобілізація", "мобілізації", "uk"),
    ("вода", "воді", "uk"),
    ("прем'єра", "прем’єри", "uk"),
    ("Артёмовск", "Артемовске", "ru"),
    ("café", "cafe", "fr"),
    ("Straße", "STRASSE", "de"),
    ("Бaхмут", "Бахмут", "uk"),
    ("Zhdanivka", "Жданівкою", "uk"),
    ("Bakhmut", "Bakhmut's", "en"),
]

NEVER_MEET = [
    ("призыв", "приз", "ru"),
    ("mobilization", "mobile", "en"),
    ("execution", "executive", "en"),
    ("import", "important", "en"),
    ("Судан", "суда", "ru"),
    ("мій", "мій".replace("й", "и"), "uk"),
    ("їсти", "істи", "uk"),
    ("conscript", "prescript", "en"),
]


@pytest.mark.parametrize(("query", "text", "lang"), MEET)
def test_forms_meet(words: Words, query: str, text: str, lang: str) -> None:
    """A query word finds its case forms, spellings and transliterations."""
    (span,) = spans(clean(text))
    assert set(words.query_keys(query)) & set(words.keys(span.written, lang))


@pytest.mark.parametrize(("query", "text", "lang"), NEVER_MEET)
def test_false_friends_do_not_meet(words: Words, query: str, text: str, lang: str) -> None:
    """Words that a stemmer throws together stay apart."""
    assert not set(words.query_keys(query)) & set(words.keys(text, lang))


def test_surface_comes_first_and_as_written_second(words: Words) -> None:
    """Dedupe and the gazetteer rely on the order of the first two keys."""
    assert words.keys("Бахмутом", "uk")[:2] == ("s:бахмутом", "x:Бахмутом")


@pytest.mark.parametrize(
    "names",
    [
        ("Бахмут", "Bakhmut", "Bachmut"),
        ("Жданівка", "Zhdanivka"),
        ("Харків", "Kharkiv", "Charkiw"),
        ("Щастя", "Shchastia", "Shchastya"),
        ("Київ", "Kyiv", "Kyjiv"),
    ],
)
def test_spellings_of_a_name_share_a_skeleton(names: tuple[str, ...]) -> None:
    """The usual transliterations of one name fold to one skeleton."""
    assert len({transliterate(name) for name in names}) == 1


def test_tokens_stand_where_they_are_written() -> None:
    """Offsets point into the cleaned text; hyphens part, inner apostrophes hold, possessives fall away."""
    text = clean("Rostov-on-Don’s прем’єра: 3,5\u00admln")
    assert [text[span.start : span.end] for span in spans(text)] == ["Rostov", "on", "Don", "прем'єра", "3", "5mln"]


@given(st.text(max_size=80))
def test_any_text_can_be_analysed_and_stored(text: str) -> None:
    """Whatever a page holds: as many key sets as tokens, no key that could split a stored line, and back again."""
    keys = SHARED.analyse(text, text, "")
    assert len(keys.title) == len(spans(clean(text)))
    assert all(key and " " not in key and "\x1f" not in key for token in keys.title for key in token)
    assert Analysed.from_bytes(keys.to_bytes()) == keys
    assert len(keys.keys_of("text").split(" ")) == max(1, len(keys.text))


@given(st.text(max_size=30))
def test_folding_twice_is_folding_once(text: str) -> None:
    """A folded word is its own fold."""
    assert fold(fold(text)) == fold(text)


def test_a_dictionary_knows_its_forms_and_no_others(tmp_path: Path) -> None:
    """Compiled and mapped: every form with all its lemmas, nothing for an unknown word."""
    compile_forms([("runs", "run"), ("saw", "see"), ("saw", "saw"), ("дім", "дім")], tmp_path / "x.bin")
    dictionary = Dictionary(tmp_path / "x.bin")
    assert dictionary.lemmas("saw") == ("saw", "see")
    assert dictionary.lemmas("дім") == ("дім",)
    assert dictionary.lemmas("run") == ()
    with pytest.raises(ValueError, match="not a compiled dictionary"):
        Dictionary(_written(tmp_path / "y.bin"))


def _written(path: Path) -> Path:
    path.write_bytes(b"x" * 100)
    return path


SHARED = Words.open(settings.load().cache_dir)
