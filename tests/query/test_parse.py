"""The query text and its tree: what is written is what is meant, and every mistake names its column."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.query.ast import And, Filter, Not, Or, Phrase, Prefix, Query, Word, demands_something
from tocsin.query.parse import QueryError, parse

MEANINGS: dict[str, Query] = {
    "Bakhmut": Word("Bakhmut"),
    "a b": And((Word("a"), Word("b"))),
    "a AND b AND c": And((Word("a"), Word("b"), Word("c"))),
    "a OR b c": Or((Word("a"), And((Word("b"), Word("c"))))),
    "(a OR b) c": And((Or((Word("a"), Word("b"))), Word("c"))),
    "a -b": And((Word("a"), Not(Word("b")))),
    "NOT a b": And((Not(Word("a")), Word("b"))),
    '"draft office"': Phrase(("draft", "office")),
    "“draft office”": Phrase(("draft", "office")),
    "mobili*": Prefix("mobili"),
    "Rostov-on-Don": Phrase(("Rostov", "on", "Don")),
    "title:призов": Word("призов", "title"),
    'title:"зона бою"': Phrase(("зона", "бою"), "title"),
    "title:(a OR b)": Or((Word("a", "title"), Word("b", "title"))),
    "source:bbc": Filter("outlet", "bbc"),
    'place:"Donetsk Oblast" lang:uk': And((Filter("place", "Donetsk Oblast"), Filter("lang", "uk"))),
    "прем’єра": Word("прем'єра"),
    "con\u00adscript": Word("conscript"),
    "Putin — Wagner": And((Word("Putin"), Word("Wagner"))),
    "–draft": Word("draft"),
}

MISTAKES = {
    "": (1, "empty"),
    "a AND": (6, "missing"),
    "OR a": (1, "missing"),
    "(a OR b": (1, "never closed"),
    "a) b": (2, "closes nothing"),
    '"a b': (1, "never closed"),
    "a AND ()": (7, "empty"),
    "colour:red": (1, "no field"),
    "title:": (7, "nothing after"),
    "a NEAR/5 b": (3, "not understood"),
    "a NEAR b": (3, "not understood"),
    "*": (1, "at least two letters"),
    "a*b": (1, "at the end"),
    '"..."': (1, "no word"),
    "b/a-b-": (1, ""),
}


@pytest.mark.parametrize("text", MEANINGS)
def test_meaning(text: str) -> None:
    """Each construct is the tree it should be."""
    assert parse(text) == MEANINGS[text]


@pytest.mark.parametrize("text", [text for text in MISTAKES if MISTAKES[text][1]])
def test_mistake_names_its_column(text: str) -> None:
    """A mistake says where it is and what is wrong there."""
    column, words = MISTAKES[text]
    with pytest.raises(QueryError, match=words) as caught:
        parse(text)
    assert caught.value.column == column


def test_limits() -> None:
    """Length, depth and number of terms are bounded, so that no query can exhaust a machine."""
    for text in ("a " * 201, "(" * 21 + "a" + ")" * 21, "x" * 5000, "NOT " * 300 + "a"):
        with pytest.raises(QueryError):
            parse(text)


words = st.text(st.sampled_from("abcxyzбвгії"), min_size=2, max_size=6).map(Word)
fields = st.sampled_from(["", "title", "text"])
leaves = st.one_of(
    st.builds(Word, st.sampled_from(["bakhmut", "призов", "дім", "12"]), fields),
    st.builds(Prefix, st.sampled_from(["моб", "con"]), fields),
    st.builds(Phrase, st.lists(st.sampled_from(["a1", "слово", "x"]), min_size=1, max_size=3).map(tuple), fields),
    st.builds(Filter, st.sampled_from(["outlet", "lang", "place"]), st.sampled_from(["uk", "Donetsk Oblast", "a(b"])),
)


def _joined(kind: type[And] | type[Or]):
    def build(parts: list[Query]) -> Query:
        flat = [inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,))]
        return kind(tuple(flat))

    return build


trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(_joined(And)),
        st.lists(inner, min_size=2, max_size=3).map(_joined(Or)),
    ),
    max_leaves=12,
)


@given(trees)
def test_printing_and_parsing_are_inverse(tree: Query) -> None:
    """str(tree) parses to the same tree."""
    assert parse(str(tree)) == tree


@given(st.text(max_size=60))
def test_any_text_is_a_tree_or_a_query_error(text: str) -> None:
    """Whatever is pasted, the answer is a tree or one clear error with a column inside the text."""
    try:
        parse(text)
        column = 1
    except QueryError as error:
        column = error.column
    assert 1 <= column <= len(text) + 1


def test_forbidding_alone_demands_nothing() -> None:
    """A subscription must demand something; an OR with a forbidding side does not."""
    assert not demands_something(parse("-a"))
    assert not demands_something(parse("a OR -b"))
    assert demands_something(parse("a -b"))
    assert demands_something(parse("lang:uk -b"))


FIXED = {
    "outlet:(kyiv-independent OR meduza)": Or((Filter("outlet", "kyiv-independent"), Filter("outlet", "meduza"))),
    'topic:("prisoners-of-war")': Filter("topic", "prisoners-of-war"),
    "#bakhm*": Prefix("bakhm"),
    "AND.": Phrase(("AND",)),
    'outlet:"a\tb"': Filter("outlet", "a\tb"),
}


@pytest.mark.parametrize("text", FIXED)
def test_what_stands_in_parentheses_or_beside_marks(text: str) -> None:
    """A value that is compared whole stays whole; what is printed for a subscription is read as the same again."""
    assert parse(text) == FIXED[text]
    assert parse(str(parse(text))) == FIXED[text]


REFUSED = {
    "a \udcff b": 3,
    "outlet:\ud800": 8,
    "call-*": 1,
    "Trump's*": 1,
    "outlet:bbc*": 8,
    'outlet:""': 8,
    "ﷺ" * 1000: 1,
    '"' + "a " * 201 + '"': 1,
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_could_only_find_nothing_is_refused(text: str) -> None:
    """Broken characters, stars where none can be, more words than a query may have: said, not searched."""
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.column == REFUSED[text]
