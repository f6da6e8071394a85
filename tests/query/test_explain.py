"""What ``tocsin explain`` tells is true of a real store, and what it advises can be read."""

from datetime import UTC, datetime

import msgspec
import pytest

from tests.query.test_documentation import EXAMPLES
from tocsin import settings
from tocsin.addresses import address_id, article_id
from tocsin.lists import load
from tocsin.query.document import Document
from tocsin.query.expand import Expander
from tocsin.query.explain import Explanation, explain
from tocsin.query.meaning import holds
from tocsin.query.parse import QueryError, is_read, parse
from tocsin.query.vocabulary import located
from tocsin.records import Article
from tocsin.stores import open_store
from tocsin.stores.port import Sketch
from tocsin.stores.sqlite import SqliteStore
from tocsin.words import Analysed, Words

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LISTS = load()
WORDS = Words.open(settings.load().cache_dir)
EXPANDER = Expander(WORDS, LISTS)

TEXTS = [
    ("en", "Conscripts refuse", "The conscripts near Bakhmut did not sign. A conscript spoke of conscription."),
    ("en", "Match report", "Conscription ends a football season near Bakhmut. Football goes on."),
    ("en", "The UN votes", "The UN met; the United Nations voted. The delegates e-mailed home."),
    ("fr", "Un vote", "Un vote et un discours, un jour de pluie."),
    ("uk", "Бої тривають", "Під Бахмутом тривають бої, з Бахмута вивозять людей, а Артемівськ згадує лише мапа."),
    ("ru", "Бои под Артёмовском", "Под Артёмовском объявили призыв."),
    ("en", "Draft offices", "Two draft offices burned. The office door, a draft of a law."),
    *(("en", f"Mobile news {n}", f"A mobile phone of the year 20{n:02}, said the maker of phones.") for n in range(20)),
    ("en", "Call-up", "Mobilization was announced in May."),
]


def _article(number: int) -> tuple[Article, Analysed]:
    lang, title, text = TEXTS[number]
    url = f"https://outlet.example/{number}"
    address = address_id(url)
    made = Article(
        id=article_id(address, text), address_id=address, url=url, outlet="outlet", first_seen=NOW, title=title,
        text=text, lang=lang, story=str(number), places=("Bakhmut",) if number in (0, 1, 4) else (),
    )  # fmt: skip
    return made, WORDS.analyse(title, text, lang)


ARTICLES = [_article(number) for number in range(len(TEXTS))]


def _filled(url: str, articles: list[tuple[Article, Analysed]]) -> SqliteStore:
    handle = open_store(url)
    handle.accept([it for it, _ in articles])
    claimed = handle.claim(100, 30, NOW)
    with handle.filing() as filing:
        for it, (_, analysed) in zip(claimed, articles, strict=True):
            sketch = Sketch(
                article=it.id, story=it.story, outlet=it.outlet, address_id=it.address_id, text_hash="", title_hash="",
                tokens=0, shingles=b"", first_seen=NOW,
            )  # fmt: skip
            filing.file(it, sketch, [], analysed)
    with handle.publishing() as publishing:
        for it, (_, analysed) in zip(claimed, articles, strict=True):
            publishing.make_ready(msgspec.structs.replace(it, state="filed"), analysed, NOW)
    return handle


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SqliteStore:
    """A store with all the texts, ready."""
    return _filled(f"sqlite:{tmp_path_factory.mktemp('store')}/store.db", ARTICLES)


def told(query: str, store: SqliteStore | None) -> Explanation:
    """The explanation of a query; what it prints must be the query."""
    found = explain(query, EXPANDER, LISTS, store, NOW)
    assert parse(found.query) == parse(query)
    return found


def groups(found: Explanation, word: int = 0) -> dict[str, dict[str, int]]:
    """Forms and their numbers by the way they are reached."""
    return {group.how: {form.form: form.articles for form in group.forms} for group in found.words[word].groups}


def notes(found: Explanation) -> list[tuple[int, str, str]]:
    return [tuple(remark) for remark in found.remarks]


def truth(query: str) -> int:
    """How many of the articles meet a query by the meaning all back-ends share."""
    plan = EXPANDER.read(query)
    return sum(holds(plan, Document.of(it, analysed, NOW)) for it, analysed in ARTICLES)


def test_forms_are_those_of_the_store_grouped_by_how_they_are_reached(store):
    found = told("conscription", store)
    assert groups(found) == {"as typed": {"conscription": 2}, "family": {"conscript": 1, "conscripts": 1}}
    assert found.words[0].articles == 2
    (family,) = [group for group in found.words[0].groups if group.how == "family"]
    assert "draftee" in family.words
    assert "conscription" not in family.words
    assert {form.form: form.via for form in family.forms} == {"conscript": "conscript", "conscripts": "conscript"}


def test_other_names_and_their_case_forms(store):
    found = told("Bakhmut", store)
    assert groups(found) == {
        "as typed": {"bakhmut": 2},
        "other name": {"артемівськ": 1, "бахмута": 1, "бахмутом": 1, "артемовском": 1},
    }
    assert found.words[0].articles == 4
    assert found.total == len(TEXTS)


def test_a_phrase_word_for_word_and_a_prefix(store):
    found = told('"draft office" OR mobi*', store)
    phrase = [(group.how, group.words, [form.form for form in group.forms]) for group in found.words[0].groups]
    assert phrase[:2] == [
        ("in the phrase", ("draft",), ["draft"]),
        ("in the phrase", ("office",), ["office", "offices"]),
    ]
    assert found.words[0].articles == 1
    assert groups(found, 1) == {"prefix": {"mobile": 20, "mobilization": 1}}


def test_the_first_part_of_a_compound_is_no_form_of_the_whole(store):
    """``e`` of *e-mailed* carries the keys of *emailed*."""
    assert groups(told("email", store)) == {"as typed": {}}
    assert "e" not in groups(told("e-mail", store)).get("case form", {})


@pytest.mark.parametrize(
    "query",
    [
        "conscription",
        "Bakhmut",
        "Бахмут",
        "mobi*",
        "=UN",
        "title:news",
        '"draft office"',
        "football",
        "призыв",
        "e-mail",
    ],
)
def test_numbers_are_those_of_the_search(query, store):
    found = told(query, store)
    assert found.articles == found.words[0].articles == truth(query) > 0


@pytest.mark.parametrize("query", ["conscription", "Bakhmut", "Бахмут", "mobi*", "призыв", "football", "phone"])
def test_every_article_that_meets_has_a_form_that_is_told(query, store):
    """And the other way round."""
    forms = {form for group in groups(told(query, store)).values() for form in group}
    plan = EXPANDER.read(query)
    for it, analysed in ARTICLES:
        surfaces = {token.keys[0][2:] for token in (*analysed.title, *analysed.text)}
        assert holds(plan, Document.of(it, analysed, NOW)) == bool(surfaces & forms), it.title


def test_a_filter_is_told_with_what_it_stands_for(store):
    found = told('place:"Donetsk Oblast" topic:conscription', store)
    place, topic = found.attributes
    assert {"Bakhmut", "Avdiivka", "Donetsk Oblast"} <= set(place.values)
    assert place.articles == 3
    assert topic.topic == next(" ".join(it.query.split()) for it in LISTS.topics if it.id == "conscription")


def test_what_each_not_leaves_out(store):
    found = told("Bakhmut NOT football NOT conscripts", store)
    assert (found.articles, found.left_out_in_all) == (2, 2)
    # Both stand in the second article: neither keeps it out alone.
    assert [(it.query, it.articles) for it in found.left_out] == [("NOT football", 0), ("NOT conscripts", 1)]
    assert [(it.query, it.forbidden) for it in found.words] == [
        ("Bakhmut", False),
        ("football", True),
        ("conscripts", True),
    ]
    inner = told("mobilization OR (Bakhmut NOT football)", store)
    assert [(it.query, it.articles) for it in inner.left_out] == [("NOT football", 1)]
    assert told("conscription NOT (football NOT Bakhmut)", store).left_out_in_all == 0


def test_without_a_store_the_lists_alone_are_told(tmp_path):
    found = told("Bakhmut conscription -x", None)
    assert (found.articles, found.total, found.left_out, found.left_out_in_all) == (None, None, (), None)
    assert {group.how for group in found.words[0].groups} == {"as typed", "other name"}
    assert not any(group.forms for met in found.words for group in met.groups)
    empty = open_store(f"sqlite:{tmp_path}/empty.db")
    found = told("Bakhmut xyzzy", empty)
    assert (found.total, notes(found)) == (0, [])


NOTES = [
    ("Bakhmut conscrption", 9, "no article has conscrption; spelt nearly so are conscription", "Bakhmut conscription"),
    (
        '"draft ofice"',
        1,
        "no article has ofice; spelt nearly so are office (1 article) and offices (1 article)",
        '"draft office"',
    ),
    ('"football office"', 1, "its words occur, but never one after the other", ""),
    ("title:football", 1, "no article has title:football, but 1 article elsewhere", ""),
    ("=bakhMut", 1, "letter for letter; in other letters or forms 4 articles", ""),
    ("outlet:nobody", 1, "no article has outlet:nobody", ""),
    ("UN", 1, "UN is met by the word un as well, in 1 article without", '(=UN OR "United Nations")'),
    ("phone OR UN", 10, "UN is met by the word un", 'phone OR (=UN OR "United Nations")'),
    ("mobi*", 1, "most of what mobi* finds is mobile (20 articles; all others 1)", ""),
    ("Bakhmut OR phone", 12, "phone stands in 20 of 28 articles", ""),
    ("-football", 1, "as a subscription it is refused", ""),
    ("Bakhmut and football", 9, "as an operator it is written AND", "Bakhmut AND football"),
    ("title:title title:«draft offics»", 13, "no article has offics", "title:title title:«draft offices»"),
    ("football foo2 footbal", 15, "no article has footbal", "football foo2 football"),
]


@pytest.mark.parametrize(("query", "column", "what", "suggestion"), NOTES)
def test_what_should_be_looked_at_again(query, column, what, suggestion, store):
    (remark,) = [remark for remark in notes(told(query, store)) if what in remark[1]]
    assert (remark[0], remark[2]) == (column, suggestion)
    assert not suggestion or is_read(suggestion)


@pytest.mark.parametrize(
    "query", ["Bakhmut", "conscription NOT football", "mobile*", "=UN", "ООН OR conscripts", 'place:"Donetsk Oblast"']
)
def test_a_sound_query_earns_no_remark(query, store):
    assert [remark for remark in notes(told(query, store)) if "alone it tells little" not in remark[1]] == []


def test_capitals_are_warned_of_without_a_store_too():
    assert [remark[0] for remark in notes(told("Bakhmut US", None))] == [9]
    assert notes(told("Bakhmut NATO", None)) == []


def test_a_prefix_of_too_many_words(tmp_path):
    text = " ".join(f"zx{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(201))
    address = address_id("https://outlet.example/wide")
    made = Article(
        id="wide",
        address_id=address,
        url="https://outlet.example/wide",
        outlet="outlet",
        first_seen=NOW,
        text=text,
        lang="en",
    )
    wide = _filled(f"sqlite:{tmp_path}/wide.db", [(made, WORDS.analyse("", text, "en"))])
    assert "takes in 201 different words" in notes(told("zx*", wide))[0][1]
    assert not [remark for remark in notes(told("zxa*", wide)) if "takes in" in remark[1]]


def test_each_part_is_found_where_it_stands():
    text = 'title:war outlet:war "war  of" war (b NEAR/3 war*)'
    places = [(str(it.node), text[it.start : it.end] if it.start >= 0 else None) for it in located(text, parse(text))]
    assert places == [
        ("title:war", "war"), ("outlet:war", "war"), ('"war of"', None), ("war", "war"), ("b", "b"), ("war*", "war*"),
    ]  # fmt: skip
    assert [(it.column, it.start) for it in located(text, parse(text))][:2] == [(1, 6), (11, 17)]


def test_what_cannot_be_read_is_refused_with_its_column(store):
    with pytest.raises(QueryError) as caught:
        explain("a AND (b", EXPANDER, LISTS, store, NOW)
    assert caught.value.column == 7
    with pytest.raises(QueryError) as caught:
        explain("war place:Atlantis", EXPANDER, LISTS, store, NOW)
    assert caught.value.column == 11


@pytest.mark.parametrize("query", EXAMPLES)
def test_every_example_of_the_page_is_explained_and_its_number_is_true(query, store):
    found = told(query, store)
    assert found.articles == truth(query)
    assert all(is_read(remark.suggestion) for remark in found.remarks if remark.suggestion)
    assert len(found.words) + len(found.attributes) + ("date:" in query) + ("seen:" in query) > 0
