"""The word lists load, are edited safely, and say nothing that is false on its face: spelling, nesting, doubles."""

import re
import time
from collections import Counter
from itertools import pairwise

import pytest

from tocsin.errors import UserError
from tocsin.lists import Lists, Place, Spellings, is_ambiguous, load, names
from tocsin.query.parse import parse

FOREIGN = {"uk": re.compile("[ыэёъ]", re.IGNORECASE), "ru": re.compile("[іїєґ]", re.IGNORECASE)}
LATIN_BRANDS = re.compile(r"[A-Za-z0-9 ]+|Шторм[- ]Z")


@pytest.fixture(scope="module")
def lists():
    return load()


def entries(lists):
    return (*lists.places, *lists.people, *lists.organisations)


def write(folder, name, text):
    (folder / name).write_text(text, "utf-8")
    return folder


def test_there_is_enough_of_everything(lists):
    assert len(lists.places) >= 90
    assert len(lists.people) >= 30
    assert len(lists.organisations) >= 30
    assert len(lists.families) >= 150
    by_language = Counter(family.lang for family in lists.families)
    assert min(by_language[lang] for lang in ("en", "uk", "ru")) >= 50
    assert {"conscription", "front-line", "prisoners-of-war"} <= {topic.id for topic in lists.topics}


def test_loading_is_cheap(lists):
    best = min(_cpu_of_a_load() for _ in range(5))
    assert best < 0.06, f"{best:.3f} s"


def _cpu_of_a_load():
    start = time.process_time()
    load()
    return time.process_time() - start


@pytest.mark.parametrize(
    "name",
    "Bakhmut Luhansk Donetsk Avdiivka Kupiansk Kostiantynivka Pokrovsk Mariupol Melitopol Kherson Sevastopol "
    "Stakhanov Rostov-on-Don Belgorod Kursk Moscow Minsk Warsaw London Washington Brussels Kyiv Odesa Kharkiv "
    "Zaporizhzhia".split(),
)
def test_places_that_must_be_there(lists, name):
    assert lists.resolve_place(name) == name


def test_an_oblast_is_called_region_too(lists):
    oblasts = [place.name for place in lists.places if place.name.endswith(" Oblast")]
    assert len(oblasts) >= 40
    for name in oblasts:
        assert lists.resolve_place(name.replace("Oblast", "region")) == name


def test_los_angeles_is_no_place_of_the_field(lists):
    assert lists.resolve_place("Los Angeles") is None
    assert lists.resolve_place("Лос-Анджелес") is None


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("kiev", "Kyiv"),
        ("КИЇВ", "Kyiv"),
        ("Artemivsk", "Bakhmut"),
        ("Артемовск", "Bakhmut"),
        ("rostov on don", "Rostov-on-Don"),
        ("Ростова-на-Дону", "Rostov-on-Don"),
        ("Слов’янськ", "Sloviansk"),
        ("Кривого Рогу", "Kryvyi Rih"),
        ("Luhansk region", "Luhansk Oblast"),
        ("Kyiv region", "Kyiv Oblast"),
        ("Lugansk", "Luhansk"),
        ("Kharkov region", "Kharkiv Oblast"),
        ("Kadiivka", "Stakhanov"),
        ("Dnipropetrovsk", "Dnipro"),
        ("nowhere", None),
        ("", None),
    ],
)
def test_a_place_is_found_by_any_of_its_names(lists, said, meant):
    assert lists.resolve_place(said) == meant


def test_within_reaches_through_all_levels(lists):
    donetsk = lists.within("Donetsk Oblast")
    assert {"Donetsk Oblast", "Donetsk", "Bakhmut", "Mariupol"} <= donetsk
    assert "Luhansk" not in donetsk
    assert {"Bakhmut", "Luhansk", "Donbas"} <= lists.within("Donbas")
    assert {"Ukraine", "Donbas", "Bakhmut", "Sevastopol", "Kyiv"} <= lists.within("Ukraine")
    assert not {"Moscow", "Rostov-on-Don"} & lists.within("Ukraine")
    assert lists.within("Bakhmut") == {"Bakhmut"}
    assert lists.within("nowhere") == frozenset()


def test_countries_agree_with_what_lies_around(lists):
    country = {place.name: place.country for place in lists.places}
    for place in lists.places:
        if place.inside:
            assert place.country == country[place.inside], place.name


def test_coordinates_lie_near_what_lies_around(lists):
    by_name = {place.name: place for place in lists.places}
    for place in lists.places:
        assert place.lat is not None, place.name
        assert place.lon is not None, place.name
        outer = by_name.get(place.inside)
        if outer is not None and "Oblast" in outer.name:
            assert abs(place.lat - outer.lat) < 2.2, place.name
            assert abs(place.lon - outer.lon) < 3.2, place.name
        if place.country == "ua":
            assert 44.3 < place.lat < 52.4, place.name
            assert 22.1 < place.lon < 40.3, place.name


def test_no_name_means_two_entries(lists):
    for kind in (lists.places, lists.people, lists.organisations):
        owners = {}
        for entry in kind:
            for name, _, _ in names(entry):
                owner = owners.setdefault(name.casefold(), entry.name)
                assert owner == entry.name, f"{name}: {owner} and {entry.name}"


def test_every_entry_is_named_in_three_languages_and_alphabets(lists):
    for entry in entries(lists):
        assert entry.uk, entry.name
        assert entry.ru, entry.name
        for name, lang, _ in names(entry):
            assert name == name.strip(), entry.name
            if lang == "en":
                assert not re.search("[а-яёіїєґ]", name, re.IGNORECASE), name
            else:
                assert not FOREIGN[lang].search(name), f"{lang}: {name}"
                assert LATIN_BRANDS.fullmatch(name) or not re.search("[A-Za-z]", name), name


def test_nothing_is_listed_twice_in_an_entry(lists):
    for entry in entries(lists):
        for words in (entry.uk, entry.ru, entry.other, entry.forms.uk, entry.forms.ru):
            assert len(set(words)) == len(words), entry.name
        assert entry.name not in entry.other


def test_families_are_single_words_in_their_own_alphabet(lists):
    heads = Counter((family.lang, family.head) for family in lists.families)
    assert max(heads.values()) == 1
    for family in lists.families:
        assert family.head in family.words
        assert len(set(family.words)) == len(family.words) > 1, family.head
        for word in family.words:
            if family.lang == "en":
                assert word.isascii(), word
            else:
                assert not re.search("[A-Za-z]", word), word
                assert not FOREIGN[family.lang].search(word), word


def test_a_word_belongs_to_one_family_of_its_language(lists):
    words = Counter((family.lang, word) for family in lists.families for word in family.words)
    assert [word for word, times in words.items() if times > 1] == []


@pytest.mark.parametrize("word", ["приз", "desert", "shell", "mine", "mobile", "prize"])
def test_false_friends_are_in_no_family(lists, word):
    assert all(word not in family.words for family in lists.families)


def test_topics_are_named_and_parse(lists):
    for topic in lists.topics:
        assert topic.name.en, topic.id
        assert topic.name.uk, topic.id
        assert topic.name.ru, topic.id
        assert parse(topic.query) is not None
        assert re.search("[a-z]", topic.query), topic.id
        assert re.search("[ії]", topic.query), topic.id
        assert re.search("[ыэ]|ци", topic.query), topic.id


def test_names_say_language_and_kind(lists):
    kyiv = next(place for place in lists.places if place.name == "Kyiv")
    found = names(kyiv)
    assert ("Kyiv", "en", "name") in found
    assert ("Київ", "uk", "name") in found
    assert ("Киев", "ru", "name") in found
    assert ("Kiev", "en", "other name") in found
    rih = next(place for place in lists.places if place.name == "Kryvyi Rih")
    assert ("Кривого Рогу", "uk", "form") in names(rih)
    prigozhin = next(person for person in lists.people if person.name == "Yevgeny Prigozhin")
    assert ("Пригожин", "ru", "other name") in names(prigozhin)
    assert len(names(rih)) == len(set(names(rih)))


def test_adjectives_are_no_names(lists):
    bakhmut = next(place for place in lists.places if place.name == "Bakhmut")
    assert bakhmut.adjectives == Spellings(uk=("бахмутський",), ru=("бахмутский",))
    assert "бахмутський" not in {name for name, _, _ in names(bakhmut)}
    assert sum(bool(place.adjectives.uk and place.adjectives.ru) for place in lists.places) >= 30


def test_ambiguous_names_are_single_words_of_the_marked_languages(lists):
    lyman = next(place for place in lists.places if place.name == "Lyman")
    assert is_ambiguous(lyman, "Лиман", "uk")
    assert not is_ambiguous(lyman, "Красний Лиман", "uk")
    assert not is_ambiguous(lyman, "Lyman", "en")
    assert is_ambiguous(Place(name="Happiness", ambiguous=True), "Happiness", "en")
    marked = {place.name for place in lists.places if place.ambiguous}
    assert {"Shchastia", "Lyman", "Popasna", "Sumy", "Bucha"} <= marked


def test_an_empty_folder_changes_nothing(lists, tmp_path):
    assert load(tmp_path) == lists
    write(tmp_path, "places.yaml", "# nothing yet\n")
    assert load(tmp_path) == lists


def test_a_user_adds_replaces_and_removes(lists, tmp_path):
    write(
        tmp_path,
        "places.yaml",
        "- {name: Oslo, uk: [Осло], country: no, in: Norway}\n"
        "- {name: Kukutsk, uk: [Кукуцьк], ru: [Кукуцк], in: Kursk Oblast, lat: 51.5, ambiguous: true}\n"
        "- {name: Los Angeles, remove: true}\n"
        "- {name: Tokyo, remove: true}\n",
    )
    write(
        tmp_path,
        "families.yaml",
        "- {lang: en, head: drone, remove: true}\n- {lang: ru, head: рота, words: [рота, ротный]}\n",
    )
    edited = load(tmp_path)
    assert edited.resolve_place("кукуцк") == "Kukutsk"
    assert "Kukutsk" in edited.within("Russia")
    kukutsk = edited.places[-1]
    assert (kukutsk.lat, kukutsk.ambiguous) == (51.5, True)
    assert edited.resolve_place("Токио") is None
    oslo = next(place for place in edited.places if place.name == "Oslo")
    assert (oslo.country, oslo.ru) == ("no", ())
    assert len(edited.places) == len(lists.places)
    assert not any(family.head == "drone" for family in edited.families)
    assert edited.families[-1].words == ("рота", "ротный")
    assert edited.people == lists.people


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("places.yaml", "- name: [unclosed\n", "not YAML"),
        ("places.yaml", "name: Kyiv\n", "must be a list"),
        ("places.yaml", "- Kyiv\n", "entry 1 needs name"),
        ("places.yaml", "- {uk: [Київ]}\n", "entry 1 needs name"),
        ("places.yaml", "- {name: X, uk: Київ}\n", "(X)"),
        ("places.yaml", "- {name: X, ukr: [Київ]}\n", "ukr"),
        ("places.yaml", "- {name: X, lat: north}\n", "lat"),
        ("places.yaml", "- {name: X, ambiguous: perhaps}\n", "ambiguous"),
        ("places.yaml", "- {name: X, in: Atlantis}\n", "Atlantis"),
        ("places.yaml", "- {name: X, in: Y}\n- {name: Y, in: X}\n", "inside itself"),
        ("places.yaml", "- {name: Ukraine, remove: true}\n", '"Ukraine", which is not listed'),
        ("places.yaml", '- {name: X, uk: [""]}\n', "empty"),
        ("people.yaml", "- {name: X, surname: Putin}\n", "surname"),
        ("families.yaml", "- {lang: en, head: war crime, words: [war crime]}\n", "single words"),
        ("families.yaml", "- {lang: xx, head: x, words: [x]}\n", "lang"),
        ("topics.yaml", "- {id: x, name: {en: X}, query: ' '}\n", "query"),
        ("topics.yaml", "- {id: x, name: {en: X}}\n", "query"),
        ("place.yaml", "", "not one of the word lists"),
    ],
)
def test_a_mistake_is_one_clear_sentence(tmp_path, name, text, said):
    with pytest.raises(UserError) as caught:
        load(write(tmp_path, name, text))
    message = str(caught.value)
    assert str(tmp_path / name) in message
    assert said in message
    assert "\n" not in message


def test_a_file_that_is_not_text_and_a_folder_that_is_none(tmp_path):
    (tmp_path / "topics.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="cannot be read"):
        load(tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        load(tmp_path / "absent")


def test_nothing_is_remembered_between_loads(tmp_path):
    before = load()
    load(write(tmp_path, "topics.yaml", "- {id: drones, remove: true}\n"))
    assert load() == before
    assert isinstance(before, Lists)


def test_entries_stand_in_the_order_of_the_files(lists):
    assert lists.places[0].name == "Ukraine"
    assert all(a.name != b.name for a, b in pairwise(lists.places))
