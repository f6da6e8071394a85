"""One meaning: an alert fires exactly when the search would find the article, and on the right words."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tocsin import settings as settings_module
from tocsin.addresses import address_id, article_id
from tocsin.lists import load
from tocsin.query.ast import And, Filter, Not, Or, Phrase, Prefix, Query, Word
from tocsin.query.expand import Expander
from tocsin.query.match import Document, Matcher, hits, holds
from tocsin.query.parse import QueryError, parse
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
        story=str(number),
    )
    return made, WORDS.analyse(title, text, lang)


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
            filing.file(it, sketch, [], analysed.to_bytes())
    with handle.publishing() as publishing:
        for it, (_, analysed) in zip(claimed, ARTICLES, strict=True):
            keys = {"title": analysed.keys_of("title"), "text": analysed.keys_of("text")}
            publishing.make_ready(msgspec.structs.replace(it, state="filed"), keys, NOW)
    return handle


vocabulary = st.sampled_from(
    "conscription conscripts Bakhmut Бахмут призов призыв приз office draft sign signed the мобілізація Київ Rostov on "
    "Don import important Wehrpflicht Яр Часів військо службу were told absent".split()
)
fields = st.sampled_from(["", "", "title", "text"])
leaves = st.one_of(
    st.builds(Word, vocabulary, fields),
    st.builds(Phrase, st.lists(vocabulary, min_size=1, max_size=3).map(tuple), fields),
    st.builds(Prefix, st.sampled_from(["con", "при", "бах", "off", "zz"]), fields),
    st.builds(Filter, st.just("outlet"), st.sampled_from(["outlet-0", "OUTLET-1", "outlet-9"])),
    st.builds(Filter, st.just("lang"), st.sampled_from(["uk", "ru", "fr"])),
    st.builds(Filter, st.just("place"), st.sampled_from(["Bakhmut", "Artemivsk", "Donetsk Oblast", "Kyiv"])),
    st.builds(Filter, st.just("topic"), st.just("conscription")),
)
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
    ),
    max_leaves=8,
)


@given(trees)
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_search_and_matcher_find_the_same(store: SqliteStore, tree: Query) -> None:
    """SQLite, the matcher and the plain recursion over the plan name the same articles."""
    plan = EXPANDER.resolve(tree)
    documents = {it.id: Document.of(it, analysed) for it, analysed in ARTICLES}
    expected = {name for name, document in documents.items() if holds(plan, document)}
    matcher = Matcher({"q": plan})
    assert {it.id for it in store.search(plan, limit=100)} == expected
    assert {name for name, document in documents.items() if matcher.match(document)} == expected


FINDS = {
    "conscription": {0},
    "Bakhmut": {0, 2, 5, 7},
    "Бахмут": {0, 2, 5, 7},
    "призыв": {4, 5},
    "призовник": {2, 3},
    '"draft office"': {6},
    '"Chasiv Yar"': {2},
    "Rostov-on-Don": {1, 5},
    "place:Artemivsk": {0, 2},
    'place:"Donetsk Oblast" lang:uk': {2},
    "title:призов": {3, 4},
    "title:призов lang:uk": {3},
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
    return [(hit.form, hit.word, hit.how) for hit in hits(EXPANDER.read(query), Document.of(it, analysed), it)]


def test_hits_say_how_they_met() -> None:
    """The text's word, the query word, and the way between them."""
    assert shown("Bakhmut", 2) == [("Бахмутом", "Bakhmut", "case form of Бахмут")]
    assert shown("Bakhmut", 0) == [("Bakhmut", "Bakhmut", "as typed")]
    assert shown("conscription", 0) == [("Conscripts", "conscription", "family conscript")]
    assert shown("призов*", 3) == [("призов", "призов*", "prefix")]


def test_a_hit_stands_in_its_sentence() -> None:
    """The sentence around the form, and where the form begins in it."""
    it, analysed = ARTICLES[0]
    (hit,) = hits(EXPANDER.read("text:Bakhmut"), Document.of(it, analysed), it)
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
