"""Which words meet and which never do, whatever the tables of the bench hold."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import settings
from tocsin.dictionaries import Dictionary, compile_forms, prepare
from tocsin.errors import UserError
from tocsin.forms import KEY_LIMIT, MOST, Forms
from tocsin.paradigms import completed, mended
from tocsin.sounds import heard, readings
from tocsin.spelling import clean, fold, nominatives, transliterate, ukrainian_stem

FORMS = Forms(prepare(settings.load().cache_dir, fold))

MEET = [
    ("conscript", "conscripts", "en"),
    ("city", "cities", "en"),
    ("mobilize", "mobilized", "en"),
    ("mobilise", "mobilizing", "en"),
    ("defence", "defense", "en"),
    ("armour", "armor", "en"),
    ("Ukrainian", "Ukrainians", "en"),
    ("drone", "drones", "de"),
    ("Bombe", "Bomben", "de"),
    ("Putin", "Putins", "de"),
    ("Kijów", "Kijowie", "pl"),
    ("Бахмут", "Бахмутом", "uk"),
    ("Бахмут", "бахмуті", "uk"),
    ("бахмут", "Бахмуте", "ru"),
    ("Авдіївка", "Авдіївок", "uk"),
    ("Авдеевка", "Авдеевкой", "ru"),
    ("призов", "призову", "uk"),
    ("призовник", "призовників", "uk"),
    ("мобилизация", "мобилизации", "ru"),
    ("мобилизованный", "мобилизованы", "ru"),
    ("обстріляний", "обстріляно", "uk"),
    ("человек", "людей", "ru"),
    ("мобилизация", "мобилизации", "uk"),
    ("мобілізація", "мобілізацією", "ru"),
    ("Bakhmut", "Bakhmut's", "uk"),
    ("вода", "воді", "uk"),
    ("полк", "полку", "ru"),
    ("полка", "полку", "ru"),
    ("танк", "танки", "uk"),
    ("Лавров", "Лаврова", "ru"),
    ("Лавров", "Лаврова", "uk"),
    ("Львов", "Львова", "ru"),
    ("прем'єра", "прем’єри", "uk"),
    ("обʼєкт", "об’єктом", "uk"),
    ("Артёмовск", "Артемовске", "ru"),
    ("ґвалт", "гвалт", "uk"),
    ("café", "cafe", "fr"),
    ("Straße", "STRASSE", "de"),
    ("Бaхмут", "Бахмут", "uk"),
    ("Zhdanivka", "Жданівкою", "uk"),
    ("Жданівка", "Zhdanivka", "en"),
    ("Bakhmut", "Bachmut", "de"),
    ("Kharkov", "Харкові", "uk"),
    ("Jarkov", "Kharkiv", "en"),
    ("Луганск", "Luhansk", "en"),
    ("Lugansk", "Luhansk", "en"),
    ("Zelensky", "Зеленського", "uk"),
    ("Зеленский", "Zelenskyy", "en"),
    ("Prigozhin", "Пригожиным", "ru"),
    ("Kyiv", "Києва", "uk"),
    ("Chernobyl", "Чорнобилю", "uk"),
]

NEVER_MEET = [
    ("призыв", "приз", "ru"),
    ("призов", "приз", "ru"),
    ("mobilization", "mobile", "en"),
    ("execution", "executive", "en"),
    ("import", "important", "en"),
    ("import", "important", "fr"),
    ("Судан", "суда", "ru"),
    ("shelling", "shells", "en"),
    ("training", "train", "en"),
    ("arms", "arm", "en"),
    ("незалежність", "незалежний", "uk"),
    ("рота", "рот", "ru"),
    ("Победы", "дня", "ru"),
    ("милиции", "отряда", "ru"),
    ("Львов", "львы", "ru"),
    ("Николаев", "Николай", "ru"),
    ("Harley", "Charlie", "en"),
    ("Sumy", "sum", "en"),
    ("Peterson", "Paterson", "en"),
    ("Christine", "Christiane", "en"),
    ("Zmina", "зміна", "uk"),
    ("мій", "мии", "uk"),
    ("їсти", "істи", "uk"),
    ("їх", "іх", "uk"),
    ("бій", "бии", "uk"),
    ("conscript", "prescript", "en"),
]


@pytest.mark.parametrize(("query", "text", "lang"), MEET)
def test_forms_meet(query: str, text: str, lang: str) -> None:
    """A query word finds its case forms, spellings and transliterations."""
    assert set(FORMS.query_keys(clean(query))) & set(FORMS.keys(clean(text).removesuffix("'s"), lang))


@pytest.mark.parametrize(("query", "text", "lang"), NEVER_MEET)
def test_false_friends_do_not_meet(query: str, text: str, lang: str) -> None:
    """Words that a stemmer, or a slip of the dictionary, throws together stay apart."""
    assert not set(FORMS.query_keys(query)) & set(FORMS.keys(text, lang))


def test_a_form_of_an_unknown_language_is_read_in_both() -> None:
    """Cyrillic that is said to be in no known language is Ukrainian or Russian."""
    assert {"l:мобілізація"} <= set(FORMS.keys("мобілізації"))
    assert {"l:мобилизация"} <= set(FORMS.keys("мобилизации", "bg"))


def test_surface_comes_first_and_as_written_second() -> None:
    """Dedupe and the gazetteer rely on the order; the small letters follow only where they differ."""
    assert FORMS.keys("Бахмутом", "uk")[:3] == ("s:бахмутом", "x:Бахмутом", "x:бахмутом")
    assert FORMS.keys("бахмутом", "uk")[:2] == ("s:бахмутом", "x:бахмутом")
    assert [key for key in FORMS.keys("Café", "fr") if key[:2] in ("s:", "x:")] == ["s:cafe", "x:Café", "x:café"]


def test_a_word_that_a_dictionary_knows_has_no_stem_and_no_sound() -> None:
    """Stems and transliterations are for names and what no dictionary knows."""
    for word, lang in (("обстрілами", "uk"), ("важный", "ru"), ("importance", "en")):
        assert all(key[:2] in ("s:", "x:", "l:") for key in FORMS.keys(word, lang))
    assert [key for key in FORMS.keys("слово") if key[:2] == "t:"] == []


@given(st.text(min_size=1, max_size=300), st.sampled_from(["", "en", "uk", "ru", "de", "fr", "pl", "es", "xx"]))
def test_any_word_has_few_short_keys(word: str, lang: str) -> None:
    """Whatever stands in a page: some keys, no more than asked, none too long for a store, always the same."""
    for keys in (FORMS.keys(word, lang), FORMS.query_keys(word)):
        assert 1 <= len(keys) <= MOST
        assert len(set(keys)) == len(keys)
        assert all(len(key) <= KEY_LIMIT for key in keys)
    assert FORMS.keys(word, lang) == FORMS.keys(word, lang)


def test_a_wall_of_letters_is_met_as_written() -> None:
    """What is no word costs nothing: no stem, no sound."""
    assert [key[:2] for key in FORMS.keys("ж" * 100_000, "uk")] == ["s:", "x:"]
    assert len(FORMS.query_keys("ж" * 100_000)) == 1


@pytest.mark.parametrize(
    ("names", "lang"),
    [
        (("Бахмут", "Bakhmut"), ""),
        (("Жданівка", "Zhdanivka"), ""),
        (("Харків", "Харьков", "Kharkiv", "Kharkov"), ""),
        (("Щастя", "Shchastia", "Shchastya"), ""),
        (("Київ", "Kyiv", "Kyjiv"), ""),
        (("Чернобыль", "Chernobyl", "Chornobyl"), ""),
        (("Зеленський", "Zelensky", "Zelenskyy", "Zelenskiy"), ""),
    ],
)
def test_spellings_of_a_name_share_a_skeleton(names: tuple[str, ...], lang: str) -> None:
    """The usual transliterations of one name sound alike."""
    assert len({heard(name, lang)[0] for name in names}) == 1
    assert transliterate(names[0]) == heard(names[0])[0]


def test_a_name_is_read_as_its_language_spells() -> None:
    """German ch is Russian х, English ch is ч; a query word is read both ways."""
    assert heard("Charkiw", "de")[0] == heard("Kharkiv", "en")[0] != heard("Charkiw", "en")[0]
    assert {"harkov", "carkov"} <= set(readings("Charkiw"))
    assert "harkov" in readings("Jarkov")


@pytest.mark.parametrize(
    "forms",
    [
        "зеленський зеленського зеленському зеленським",
        "шевченко шевченка шевченку шевченком",
        "карлівка карлівки карлівці карлівку карлівкою карлівок",
        "часків часкова часкову часковом часкові",
        "ковальов ковальова ковальову ковальовим",
        "ірпінь ірпеня ірпеню ірпенем",
        "приліт прильоту прильоти прильотів",
        "залізець залізця залізцем",
        "миколаїв миколаєва миколаєву",
    ],
)
def test_case_forms_of_a_ukrainian_name_share_a_stem(forms: str) -> None:
    """By rule alone, without a dictionary."""
    assert len({ukrainian_stem(form) for form in forms.split()}) == 1


def test_short_i_and_yi_hold_in_a_stem() -> None:
    """й and ї are letters of their own, there too."""
    assert ukrainian_stem("їхнор") != ukrainian_stem("іхнор")
    assert ukrainian_stem("троїл") != ukrainian_stem("троіл")


def test_nominatives_of_an_unknown_name() -> None:
    """What the transliteration of a case form may begin from."""
    assert "новопавлівка" in nominatives("новопавлівці")
    assert "шевченко" in nominatives("шевченка")
    assert nominatives("зеленского") == ("зеленского", "зеленск")


def test_a_dictionary_knows_its_forms_and_no_others(tmp_path: Path) -> None:
    """Compiled and mapped: every form with all its lemmas, names marked, nothing for an unknown word."""
    compile_forms({"runs": ("run",), "saw": ("see", "saw"), "київ": ("київ",)}, tmp_path / "x.bin", {"київ"})
    dictionary = Dictionary(tmp_path / "x.bin")
    assert dictionary.lemmas("saw") == ("saw", "see")
    assert dictionary.entry("runs") == (("run",), False)
    assert dictionary.entry("київ") == (("київ",), True)
    assert dictionary.entry("run") == ((), False)
    (tmp_path / "y.bin").write_bytes(b"x" * 100)
    with pytest.raises(ValueError, match="not a compiled dictionary"):
        Dictionary(tmp_path / "y.bin")


def test_gaps_of_a_declension_are_seen() -> None:
    """A noun that lacks two forms of a common pattern is given them, one that fits none is left alone."""
    endings = ["", "а", "у", "ом", "е", "и", "ов"]
    stems = [f"с{letter}лк" for letter in "абвгджзиклмнопрстуфхцчшщэюя"]
    lemmas = {stem: [stem + ending for ending in endings] for stem in stems}
    lemmas["полк"] = ["полк", "полка", "полком", "полков", "полке"]
    lemmas["толк"] = ["толк", "толкач"]
    assert set(completed(lemmas)) == {("полку", "полк"), ("полки", "полк")}


def test_own_forms_join_or_replace_and_a_bad_line_is_told() -> None:
    """What ``lists/forms.txt`` says comes last."""
    pairs = [("shelling", "shell"), ("shells", "shell"), ("Kiew", "Kiew")]
    forms, names = mended("en", pairs, "en =shelling shelling\nen arm arms  # a remark\nru слово слова\n", fold)
    assert forms["shelling"] == ("shelling",)
    assert forms["arms"] == ("arm",)
    assert names == {"kiew"}
    with pytest.raises(UserError, match="line 2"):
        mended("en", pairs, "\nen shelling\n", fold)


def test_a_compiled_dictionary_needs_no_simplemma() -> None:
    """What took seconds and hundreds of megabytes stays out of the running program."""
    code = (
        "import sys; from tocsin import settings; from tocsin.dictionaries import prepare; "
        "from tocsin.forms import Forms; from tocsin.spelling import fold; "
        "Forms(prepare(settings.load().cache_dir, fold)).keys('слово'); "
        "print('simplemma' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
