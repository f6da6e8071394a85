"""One meaning: an alert fires exactly when the search would find the article, and on the right words."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.query.reference import Text, means
from tocsin import settings as settings_module
from tocsin.addresses import address_id, article_id
from tocsin.lists import load
from tocsin.query.ast import (
    And,
    AtLeast,
    Exact,
    Filter,
    Near,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Sent,
    Span,
    Word,
    in_field,
)
from tocsin.query.document import Document, attributes, times
from tocsin.query.expand import Expander, fixed
from tocsin.query.hits import Lines, hits
from tocsin.query.match import Matcher
from tocsin.query.meaning import holds
from tocsin.query.parse import QueryError, parse
from tocsin.query.plan import Plan
from tocsin.query.sqlite import expression
from tocsin.records import Article
from tocsin.stores import open_store
from tocsin.stores.port import Sketch
from tocsin.stores.sqlite import SqliteStore
from tocsin.words import Analysed, Words

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WORDS = Words.open(settings_module.load().cache_dir)
EXPANDER = Expander(WORDS, load())

TEXTS = [
    ("en", "Conscripts refuse to sign", "The conscripts near Bakhmut were told to sign. Nobody signed."),
    ("en", "Import ban holds", "Important imports from Rostov-on-Don stopped; the executive met."),
    ("uk", "Бої тривають", "Під Бахмутом тривають бої. Мобілізація триває, а призовників везуть до Часового Яру."),
    ("uk", "Осінній призов", "Указ про осінній призову підписано у Києві."),
    ("ru", "Приз за лучший фильм", "Режиссёр получил приз. Призов было много, призыв к миру прозвучал."),
    ("ru", "Бои под Артёмовском", "Военкомат объявил призыв на военную службу в Ростове-на-Дону."),
    ("en", "Draft office burns", "A draft office burned. The office draft was kept. Call-up goes on."),
    ("de", "Wehrpflicht kehrt zurück", "Die Wehrpflicht in Deutschland und die Stadt Bachmut."),
    ("", "", "…"),
    (
        "en",
        "The U.S. e-mails",
        "An e-mail on long-range drones, 1,000 of them. E-mail me. The US paid $3.5m to @rybar.",
    ),
    ("uk", "Прем’єр-міністр у Києві", "Прем'єр-міністр сказав: призов. Призов буде, і призов знову. Су-25 збили."),
    ("ru", "Призыв и призыв", "Призыв, призыв, призыв. Приз вручён. На военную службу призыв идёт."),
    ("en", "Office", " ".join(f"word{n}" for n in range(58)) + " draft office closed. Draft again."),
]


def article(number: int) -> tuple[Article, Analysed]:
    """One of the texts as a filed article."""
    lang, title, text = TEXTS[number]
    url = f"https://outlet-{number % 3}.example/{number}"
    address = address_id(url)
    made = Article(
        id=article_id(address, text),
        address_id=address,
        url=url,
        outlet=f"outlet-{number % 3}",
        first_seen=NOW,
        title=title,
        text=text,
        lang=lang,
        places=("Bakhmut",) if "Bakhmut" in text or "Бахмут" in text else (),
        topics=("conscription",) if number % 2 else (),
        authors=("Olena Kovalenko", "J. Smith") if number % 3 else (),
        published=(NOW - timedelta(days=number)).replace(tzinfo=None if number == 4 else UTC) if number % 4 else None,
        outlet_country="ua" if number < 4 else "gb",
        kind="live" if number == 2 else "article",
        story=str(number),
    )
    return made, WORDS.analyse(title, text, lang)


def text_of(it: Article, analysed: Analysed) -> Text:
    """The same article for the reference."""
    return Text(
        title=[set(keys) for keys in analysed.keys("title")],
        text=[set(keys) for keys in analysed.keys("text")],
        sentences=list(analysed.sentences),
        attributes={name: set(values) for name, values in attributes(it).items()},
        times=times(it),
        now=NOW,
    )


ARTICLES = [article(number) for number in range(len(TEXTS))]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> SqliteStore:
    """A store with all the texts, ready."""
    folder: Path = tmp_path_factory.mktemp("store")
    handle = open_store(f"sqlite:{folder}/store.db")
    handle.accept([it for it, _ in ARTICLES])
    claimed = handle.claim(100, 30, NOW)
    with handle.filing() as filing:
        for it, (_, analysed) in zip(claimed, ARTICLES, strict=True):
            sketch = Sketch(
                article=it.id, story=it.story, outlet=it.outlet, address_id=it.address_id, text_hash="", title_hash="",
                tokens=0, shingles=b"", first_seen=NOW,
            )  # fmt: skip
            filing.file(it, sketch, [], analysed)
    with handle.publishing() as publishing:
        for it, (_, analysed) in zip(claimed, ARTICLES, strict=True):
            publishing.make_ready(msgspec.structs.replace(it, state="filed"), analysed, NOW)
    return handle


vocabulary = st.sampled_from(
    "conscription conscripts Bakhmut Бахмут призов призыв приз office draft sign signed the мобілізація Київ Rostov on "
    "Don import important Wehrpflicht Яр Часів військо службу were told absent e-mail email long-range U.S. US us "
    "Су-25 1,000 1000 @rybar rybar буде і word3 word57 closed".split()
)
fields = st.sampled_from(["", "", "", "title", "text", "lead"])
prefixes = st.sampled_from(["con", "при", "бах", "off", "zz", "wo", "1"])
bare = st.one_of(
    st.builds(Word, vocabulary),
    st.builds(
        Phrase, st.lists(st.one_of(vocabulary, st.just("of*"), st.just("при*")), min_size=2, max_size=3).map(tuple)
    ),
    st.builds(Prefix, prefixes),
    st.builds(Exact, st.lists(st.one_of(vocabulary, st.just("E-mail")), min_size=1, max_size=2).map(tuple)),
)
several = st.one_of(bare, st.lists(bare, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))))


def of_one_field(kind):
    """Sides that share a field."""
    return st.tuples(st.lists(several, min_size=2, max_size=3), fields).flatmap(
        lambda pair: kind([in_field(side, pair[1]) for side in pair[0]])
    )


spatial = st.one_of(
    of_one_field(
        lambda sides: st.builds(
            lambda gap, ordered: Near(tuple(sides if ordered else sides[:2]), gap, ordered),
            st.integers(0, 6),
            st.booleans(),
        )
    ),
    of_one_field(lambda sides: st.just(Sent(sides[0], sides[1]))),
    of_one_field(lambda sides: st.builds(AtLeast, st.integers(1, 4), st.just(sides[0]))),
)
filters = st.one_of(
    st.builds(Filter, st.just("outlet"), st.sampled_from(["outlet-0", "OUTLET-1", "outlet-9"])),
    st.builds(Filter, st.just("lang"), st.sampled_from(["uk", "ru", "fr"])),
    st.builds(Filter, st.just("place"), st.sampled_from(["Bakhmut", "Artemivsk", "Donetsk Oblast", "Kyiv"])),
    st.builds(Filter, st.just("topic"), st.just("conscription")),
    st.builds(Filter, st.just("site"), st.sampled_from(["example", "outlet-1.example", "x.example"])),
    st.builds(Filter, st.just("author"), st.sampled_from(["kovalenko", "Olena Kovalenko", "J. Smith", "Olena Smith"])),
    st.builds(Filter, st.just("outlet_country"), st.sampled_from(["ua", "GB"])),
    st.builds(Filter, st.just("kind"), st.just("live")),
    st.builds(Filter, st.just("story"), st.just("3")),
)
moments = st.integers(-3, 14).map(lambda days: NOW - timedelta(days=days))
spans = st.one_of(
    st.builds(Span, st.sampled_from(["date", "seen"]), st.one_of(st.none(), moments), st.one_of(st.none(), moments)),
    st.builds(lambda days: Span("date", last=timedelta(days=days)), st.integers(1, 12)),
)
leaves = st.one_of(st.builds(in_field, bare, fields), spatial, filters, spans)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=8,
)
EXAMPLES = int(os.environ.get("EXAMPLES", "400"))
"""Random queries of each property; more with EXAMPLES=10000 in the environment."""
DOCUMENTS = {it.id: Document.of(it, analysed, NOW) for it, analysed in ARTICLES}
MEANT = {it.id: text_of(it, analysed) for it, analysed in ARTICLES}


@given(trees)
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)
def test_all_back_ends_find_the_same(store: SqliteStore, tree: Query) -> None:
    """The plain recursion, the evaluation, the matcher and SQLite name the same articles."""
    plan = EXPANDER.resolve(tree)
    expected = {name for name, text in MEANT.items() if means(plan, text)}
    matcher = Matcher({"q": plan})
    assert {name for name, document in DOCUMENTS.items() if holds(plan, document)} == expected
    assert {name for name, document in DOCUMENTS.items() if matcher.match(document)} == expected
    assert {it.id for it in store.search(fixed(plan, NOW), limit=100)} == expected
    assert store.count(fixed(plan, NOW)) == len(expected)


@given(trees)
@settings(max_examples=EXAMPLES // 4, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_the_index_is_asked_is_never_too_narrow(store: SqliteStore, tree: Query) -> None:
    """The prefilter of a plan finds at least what meets it, and exactly that where it says so."""
    plan = EXPANDER.resolve(tree)
    found = expression(plan)
    if found is None:
        return
    rows = store.db.rows(
        "SELECT a.id FROM words w JOIN articles a ON a.arrival = w.rowid WHERE words MATCH ?", (found.match,)
    )
    expected = {name for name, text in MEANT.items() if means(plan, text)}
    assert {name for (name,) in rows} >= expected
    if found.exact:
        assert {name for (name,) in rows} == expected


@given(st.lists(trees, min_size=2, max_size=6), st.data())
@settings(max_examples=EXAMPLES // 4, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_adding_and_removing_is_as_good_as_making_anew(several: list[Query], data: st.DataObject) -> None:
    """A matcher that was changed in between answers as one that was made of what is left."""
    plans: dict[str, Plan] = {str(number): EXPANDER.resolve(tree) for number, tree in enumerate(several)}
    changed = Matcher()
    for name in plans:
        changed.add(name, plans[data.draw(st.sampled_from(sorted(plans)))])
        changed.match(DOCUMENTS[data.draw(st.sampled_from(sorted(DOCUMENTS)))])
    kept = data.draw(st.lists(st.sampled_from(sorted(plans)), unique=True))
    for name, plan in plans.items():
        changed.remove(name)
        if name in kept:
            changed.add(name, plan)
    fresh = Matcher({name: plans[name] for name in kept})
    for document in DOCUMENTS.values():
        assert set(changed.match(document)) == set(fresh.match(document))


FINDS = {
    "conscription": {0},
    "Bakhmut": {0, 2, 5, 7},
    "Бахмут": {0, 2, 5, 7},
    "призыв": {4, 5, 11},
    "призовник": {2, 3, 10},
    '"draft office"': {6, 12},
    '"Chasiv Yar"': {2},
    "Rostov-on-Don": {1, 5},
    "place:Artemivsk": {0, 2},
    'place:"Donetsk Oblast" lang:uk': {2},
    "title:призов": {3},
    "title:приз lang:ru": {4},
    "import": {1},
    "execution": set(),
    "mobile": set(),
    "call-up": {6},
}


@pytest.mark.parametrize("query", FINDS)
def test_the_right_words_meet(store: SqliteStore, query: str) -> None:
    """Case forms, families and other names; and no false friends."""
    found = {it.story for it in store.search(EXPANDER.read(query), limit=100)}
    assert found == {str(number) for number in FINDS[query]}


def shown(query: str, number: int) -> list[tuple[str, str, str]]:
    """What a hit says of itself."""
    it, analysed = ARTICLES[number]
    return [(hit.form, hit.word, hit.how) for hit in hits(EXPANDER.read(query), Document.of(it, analysed), Lines(it))]


def test_hits_say_how_they_met() -> None:
    """The text's word, the query word, and the way between them."""
    assert shown("Bakhmut", 2) == [("Бахмутом", "Bakhmut", "case form of Бахмут")]
    assert shown("Bakhmut", 0) == [("Bakhmut", "Bakhmut", "as typed")]
    assert shown("conscription", 0) == [("Conscripts", "conscription", "family conscript")]
    assert shown("призов*", 3) == [("призов", "призов*", "prefix")]


def test_a_hit_stands_in_its_sentence() -> None:
    """The sentence around the form, and where the form begins in it."""
    it, analysed = ARTICLES[0]
    (hit,) = hits(EXPANDER.read("text:Bakhmut"), Document.of(it, analysed), Lines(it))
    assert hit.sentence == "The conscripts near Bakhmut were told to sign."
    assert hit.sentence[hit.start :].startswith("Bakhmut")


@pytest.mark.parametrize(("text", "column"), [("a place:Atlantis", 9), ("topic:conscriptoin", 7)])
def test_what_no_list_has_is_named_with_its_column(text: str, column: int) -> None:
    """An unknown place or topic is an error, not an empty answer."""
    with pytest.raises(QueryError) as caught:
        EXPANDER.read(text)
    assert caught.value.column == column


def test_every_listed_topic_can_be_read() -> None:
    """The shipped topics are queries of the language."""
    for topic in load().topics:
        EXPANDER.resolve(parse(topic.query))
