"""The query text and its tree: what is written is what is meant, and every mistake names its column."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.query.querytexts import texts
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
    demands_something,
    leaves,
)
from tocsin.query.parse import QueryError, parse, read


def day(month: int, number: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, month, number, hour, minute, tzinfo=UTC)


A, B, C = Word("a"), Word("b"), Word("c")
TITLED = Near((Word("a", "title"), Word("b", "title")), 5)

MEANINGS: dict[str, Query] = {
    "Bakhmut": Word("Bakhmut"),
    "a b": And((A, B)),
    "a AND b AND c": And((A, B, C)),
    "a OR b c": Or((A, And((B, C)))),
    "(a OR b) c": And((Or((A, B)), C)),
    "a | b || c": Or((A, B, C)),
    "a -b": And((A, Not(B))),
    "a AND NOT b": And((A, Not(B))),
    "NOT a b": And((Not(A), B)),
    "-(a OR b)": Not(Or((A, B))),
    '"draft office"': Phrase(("draft", "office")),
    "“draft office”": Phrase(("draft", "office")),
    "«зона бою»": Phrase(("зона", "бою")),
    '"draft offic*"': Phrase(("draft", "offic*")),
    '"e-mail server"': Phrase(("e-mail", "server")),
    '"long-ran*"': Phrase(("long", "ran*")),
    "mobili*": Prefix("mobili"),
    "#bakhm*": Prefix("bakhm"),
    "Rostov-on-Don": Word("Rostov-on-Don"),
    "U.S.": Word("U.S"),
    "1,000": Word("1,000"),
    "@rybar a@b.org": And((Word("@rybar"), Word("a@b.org"))),
    "https://www.t.me/rybar?x=1": Word("t.me/rybar"),
    "+380441234567": Word("380441234567"),
    "=Word": Exact(("Word",)),
    '="a Phrase"': Exact(("a", "Phrase")),
    'title:="a b" lead:=c': And((Exact(("a", "b"), "title"), Exact(("c",), "lead"))),
    "title:призов": Word("призов", "title"),
    'title:"зона бою"': Phrase(("зона", "бою"), "title"),
    "title:(a OR b)": Or((Word("a", "title"), Word("b", "title"))),
    "lead:(a -b)": And((Word("a", "lead"), Not(Word("b", "lead")))),
    "a NEAR/5 b": Near((A, B), 5),
    "a ONEAR/0 b": Near((A, B), 0, ordered=True),
    "title:(a NEAR/5 b)": TITLED,
    "title:a NEAR/5 title:b": TITLED,
    "(a OR b) NEAR/5 (c OR mobili*)": Near((Or((A, B)), Or((C, Prefix("mobili")))), 5),
    '"a b c"~5': Near((A, B, C), 5, ordered=True),
    '"a mobili*"~5': Near((A, Prefix("mobili")), 5, ordered=True),
    'title:"a b"~3': Near((Word("a", "title"), Word("b", "title")), 3, ordered=True),
    '"a"~5': Phrase(("a",)),
    "NOT a NEAR/5 b": Not(Near((A, B), 5)),
    "c a NEAR/5 b": And((C, Near((A, B), 5))),
    "a SENT =B": Sent(A, Exact(("B",))),
    "atleast3(a)": AtLeast(3, A),
    "ATLEAST3 (a OR b)": AtLeast(3, Or((A, B))),
    "title:atleast3(a)": AtLeast(3, Word("a", "title")),
    "title:(atleast3(a))": AtLeast(3, Word("a", "title")),
    "atleast3(title:a)": AtLeast(3, Word("a", "title")),
    "source:bbc": Filter("outlet", "bbc"),
    'place:"Donetsk Oblast" lang:UK': And((Filter("place", "Donetsk Oblast"), Filter("lang", "uk"))),
    "outlet:(kyiv-independent OR meduza)": Or((Filter("outlet", "kyiv-independent"), Filter("outlet", "meduza"))),
    'topic:("prisoners-of-war")': Filter("topic", "prisoners-of-war"),
    'outlet:"a\tb"': Filter("outlet", "a\tb"),
    "site:https://www.BBC.co.uk/": Filter("site", "bbc.co.uk"),
    "site:*.gov.ua": Filter("site", "gov.ua"),
    "outlet_country:UA kind:live story:x": And(
        (Filter("outlet_country", "ua"), Filter("kind", "live"), Filter("story", "x"))
    ),
    "date:2026-11-20": Span("date", day(11, 20), day(11, 21)),
    "date:2026-11": Span("date", day(11, 1), day(12, 1)),
    "seen:2026": Span("seen", day(1, 1), datetime(2027, 1, 1, tzinfo=UTC)),
    "date:2026-11-20T14:00": Span("date", day(11, 20, 14), day(11, 20, 14, 1)),
    "date:2026-11-20T14:00+02:00": Span("date", day(11, 20, 12), day(11, 20, 12, 1)),
    "date:>2026-11-20T14:00:30Z": Span("date", day(11, 20, 14) + timedelta(seconds=31)),
    "date:[2026-11-01 TO 2026-11-20]": Span("date", day(11, 1), day(11, 21)),
    "date:{2026-11-01 TO 2026-11-20}": Span("date", day(11, 2), day(11, 20)),
    "date:[2026-11-01 TO *]": Span("date", day(11, 1)),
    "date:[* TO 2026-11]": Span("date", high=day(12, 1)),
    "date:>=2026-11-01": Span("date", day(11, 1)),
    "date:>2026-11-01": Span("date", day(11, 2)),
    "date:<=2026-11-01": Span("date", high=day(11, 2)),
    "date:< 2026-11-01": Span("date", high=day(11, 1)),
    "date:last 7d": Span("date", last=timedelta(days=7)),
    'date:"last 2w"': Span("date", last=timedelta(days=14)),
    "seen:last36h": Span("seen", last=timedelta(hours=36)),
    "date:(2026-11-01 OR >=2026-11-20)": Or((Span("date", day(11, 1), day(11, 2)), Span("date", day(11, 20)))),
    "date:last 7 days x": And((Span("date", last=timedelta(days=7)), Word("x"))),
    "date:*": Span("date"),
    "прем’єра": Word("прем'єра"),
    "con\u00adscript": Word("conscript"),
    "\u200fAND\u200bx": Word("ANDx"),
    "a \u200fOR\u200e b": Or((A, B)),
    "Putin — Wagner": And((Word("Putin"), Word("Wagner"))),
    "a - b": And((A, B)),
    "war ! now : then": And((Word("war"), Word("now"), Word("then"))),
    "–draft": Word("draft"),
    "AND.": Phrase(("AND",)),
    ",title:x": Phrase(("title:x",)),
    "near and atleast": And((Word("near"), Word("and"), Word("atleast"))),
}


@pytest.mark.parametrize("text", MEANINGS)
def test_meaning(text: str) -> None:
    """Each construct is the tree it should be, and so is what it is printed as."""
    assert parse(text) == MEANINGS[text]
    assert parse(str(MEANINGS[text])) == MEANINGS[text]


MISTAKES = {
    "": (1, "empty", ""),
    "… —": (1, "empty", ""),
    "a AND": (6, "missing", "a"),
    "OR a": (1, "missing", "a"),
    "a NOT OR b": (7, "missing", ""),
    "a NOT": (6, "missing", "a"),
    "a OR AND b": (6, "missing", "a AND b"),
    "(a OR b": (1, "never closed", "(a OR b)"),
    "a) b": (2, "closes nothing", "a b"),
    '"a b': (1, "never closed", '"a b"'),
    "a AND ()": (7, "empty", "a"),
    "colour:red": (1, "no field", '"colour red"'),
    "tilte:x": (1, "no field", "title:x"),
    "title:": (7, "nothing after", ""),
    "title:(text:a)": (8, "inside title", ""),
    "*": (1, "at least two letters", ""),
    "x*": (1, "at least two letters", ""),
    "ab*cd": (1, "at the end", "ab*"),
    "call-*": (1, "at the end", "call*"),
    "Trump's*": (1, "at the end", "Trump*"),
    "long-ran*": (1, "at the end", '"long ran*"'),
    '"a * b"': (1, "alone", '"a b"~1'),
    '"..."': (1, "no word", ""),
    '"a"-b': (4, "without a blank", '"a" -b'),
    "=wor*": (1, "letter for letter", '="wor"'),
    "a NEAR b": (3, "how many words", "a NEAR/5 b"),
    "a NEAR/ b": (3, "how many words", "a NEAR/5 b"),
    "a NEAR/5f b": (3, "not how it is written", "a ONEAR/5 b"),
    "a NEAR/999999 b": (3, "50 words", "a NEAR/50 b"),
    '"a b"~99': (1, "50 words", '"a b"~50'),
    "NEAR/5 b": (1, "missing", "b"),
    "a NEAR/5": (9, "missing", "a"),
    "(a AND b) NEAR/5 c": (1, "an AND cannot", "(a NEAR/5 c) AND (b NEAR/5 c)"),
    "x (a b) SENT c": (3, "an AND cannot", "x ((a SENT c) AND (b SENT c))"),
    "(a OR (b c)) NEAR/5 d": (1, "OR of other", "(a NEAR/5 d) OR (b NEAR/5 d) AND (c NEAR/5 d)"),
    "a NEAR/5 NOT b": (1, "a NOT cannot", "a AND NOT (a NEAR/5 b)"),
    "(a -b) NEAR/5 c": (1, "an AND cannot", "(a NEAR/5 c) AND NOT (b NEAR/5 c)"),
    "a NEAR/5 b NEAR/5 c": (1, "chained", "(a NEAR/5 b) AND (b NEAR/5 c)"),
    "a NEAR/5 b SENT c": (1, "chained", "(a NEAR/5 b) AND (b SENT c)"),
    "title:a NEAR/5 b": (1, "one field", "title:(a NEAR/5 b)"),
    "lang:uk NEAR/5 b": (1, "lang: cannot", "lang:uk AND b"),
    "atleast3": (1, "in parentheses", ""),
    "atleast3 x": (1, "in parentheses", "atleast3(x)"),
    "atleast0(x)": (1, "1 to 50", "atleast1(x)"),
    "atleast99(x)": (1, "1 to 50", "atleast50(x)"),
    "atleast3(a b)": (1, "an AND cannot", "atleast3(a) AND atleast3(b)"),
    "atleast2(title:a OR b)": (1, "one field", "title:atleast2(a) OR atleast2(b)"),
    "a lang:ukrainian": (3, "two letters", "a lang:uk"),
    "lang:ua": (1, "two letters", "lang:uk"),
    "lang:(ukrainian OR ru)": (7, "two letters", "lang:(uk OR ru)"),
    "kind:video-clip": (1, "no kind", "kind:video"),
    "outlet_country:Ukraine": (1, "two letters", "outlet_country:ua"),
    "site:https://www.bbc.com/news": (1, "no path", "site:bbc.com"),
    'site:"b b c"': (1, "no host", ""),
    "outlet:bbc*": (1, "no meaning", 'outlet:"bbc"'),
    'outlet:""': (1, "nothing after", ""),
    "outlet:[a TO b]": (1, "only behind date", ""),
    "title:[a TO b]": (1, "only behind date", ""),
    "date:2026-02-30": (1, "no day", "date:2026-02-28"),
    "date:2026-13": (1, "no month", "date:2026"),
    "date:20.11.2026": (1, "no date", "date:2026-11-20"),
    "x date:2026/1/5": (3, "no date", "x date:2026-01-05"),
    "date:0026": (1, "too far", ""),
    "date:2026-11-20T25:00": (1, "no time", "date:2026-11-20"),
    "date:soon": (1, "no date", ""),
    "date:[2026-11-20 TO 2026-11-01]": (1, "before it begins", "date:[2026-11-01 TO 2026-11-20]"),
    "date:[2026-11-20": (1, "not complete", ""),
    "date:last 500d": (1, "400 days", 'date:"last 400d"'),
    "date:last7y": (1, "no length", 'date:"last 7d"'),
    "date >= 2026-11-01": (6, "only behind date", "date:>=2026-11-01"),
    "a \udcff b": (3, "broken", ""),
    "outlet:\ud800": (8, "broken", ""),
    "a\x00b": (2, "control", "a b"),
    "ﷺ" * 1000: (1, "more than 200 words", ""),
    '"' + "a " * 201 + '"': (1, "more than 200 words", ""),
    "-".join("a" * 201): (1, "more than 200 words", ""),
    "x title:-football": (3, "forbids nothing", "x -title:football"),
    "date:last 7 months": (1, "no length", 'date:"last 210d"'),
    "lang:uk,ru": (1, "one value", "lang:(uk OR ru)"),
    "atleast2(a NEAR/5 b)": (1, "another NEAR", ""),
    "a\u200b) b": (3, "closes nothing", "a\u200b b"),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_mistake_names_its_column_and_what_to_write(text: str) -> None:
    """A mistake says where it is and what is wrong there, and its suggestion can be read."""
    column, words, suggestion = MISTAKES[text]
    with pytest.raises(QueryError, match=words) as caught:
        parse(text)
    assert caught.value.column == column
    assert caught.value.suggestion == suggestion
    assert caught.value.expected
    if suggestion:
        parse(suggestion)


def test_limits() -> None:
    """Length, depth and number of terms are bounded, and the bound itself is allowed."""
    deep = ("(" * 21 + "a" + ")" * 21, "title:(" * 21 + "a" + ")" * 21, "NOT " * 21 + "a", "-(" * 11 + "a" + ")" * 11)
    for text in ("a " * 201, "a" * 4097, "я" * 2049, *deep):
        with pytest.raises(QueryError):
            parse(text)
    for text in ("a " * 200, "(" * 20 + "a" + ")" * 20, "a" * 4096, "я" * 2048, "NOT " * 20 + "a"):
        tree = parse(text)
        assert parse(str(tree)) == tree


def test_a_tree_that_would_be_too_long_to_print_is_refused() -> None:
    """Subscriptions are kept as printed, and must be read again."""
    with pytest.raises(QueryError, match="written out"):
        parse("outlet_country:(" + " ".join(["aa"] * 200) + ")")


def test_parentheses_round_a_nearness_are_free() -> None:
    """Printing puts them there, so at the deepest level too."""
    for text in ("a NEAR/5 b", "a SENT b", "title:a NEAR/5 title:b"):
        tree = parse("NOT " * 20 + text)
        assert parse(str(tree)) == tree
    tree = parse("NOT " * 19 + "(a OR b) NEAR/5 c")
    assert parse(str(tree)) == tree


WORDS = ["bakhmut", "призов", "дім", "12", "Rostov-on-Don", "прем'єра", "U.S", "@rybar", "t.me/x", "1,000", "and"]
BEGINNINGS = ["моб", "con"]
FIELDS = st.sampled_from(["", "title", "text", "lead"])
MOMENTS = st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1), timezones=st.just(UTC))
MIDNIGHTS = MOMENTS.map(lambda moment: moment.replace(hour=0, minute=0, second=0, microsecond=0))


def _span(name: str, moments: list[datetime], low: bool, high: bool) -> Span:
    first, last = sorted(moments)
    last = last if last > first else last + timedelta(microseconds=1)
    return Span(name, first if low else None, last if high else None)


def leaves_in(field: str) -> st.SearchStrategy[Query]:
    """Leaves of one field."""
    starred = st.sampled_from([*WORDS, *(f"{beginning}*" for beginning in BEGINNINGS)])
    return st.one_of(
        st.builds(Word, st.sampled_from(WORDS), st.just(field)),
        st.builds(Prefix, st.sampled_from(BEGINNINGS), st.just(field)),
        st.builds(Phrase, st.lists(starred, min_size=1, max_size=3).map(tuple), st.just(field)),
        st.builds(Exact, st.lists(st.sampled_from([*WORDS, "AND"]), min_size=1, max_size=3).map(tuple), st.just(field)),
    )


def sides_in(field: str) -> st.SearchStrategy[Query]:
    """What may stand beside NEAR, in one field."""
    leaf = leaves_in(field)
    return st.one_of(leaf, st.lists(leaf, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))))


def spatial_in(field: str) -> st.SearchStrategy[Query]:
    """Near, Sent and AtLeast in one field."""
    side, gaps = sides_in(field), st.integers(0, 50)
    plain = st.one_of(
        st.builds(Word, st.sampled_from([*WORDS, "AND"]), st.just(field)),
        st.builds(Prefix, st.sampled_from(BEGINNINGS), st.just(field)),
    )
    return st.one_of(
        st.builds(Near, st.tuples(side, side), gaps, st.booleans()),
        st.builds(Near, st.lists(plain, min_size=2, max_size=4).map(tuple), gaps, st.just(True)),
        st.builds(Sent, side, side),
        st.builds(AtLeast, st.integers(1, 50), side),
    )


others = st.one_of(
    st.builds(
        Filter, st.sampled_from(["outlet", "place", "author", "person", "org", "topic", "story"]),
        st.sampled_from(["uk", "Donetsk Oblast", "a(b", "AND", "kyiv-independent", "a:b", "-x", "=x"]),
    ),
    st.builds(Filter, st.just("site"), st.sampled_from(["bbc.co.uk", "ua", "127.0.0.1:8000"])),
    st.builds(Filter, st.just("lang"), st.sampled_from(["uk", "ru"])),
    st.builds(Filter, st.just("kind"), st.sampled_from(["live", "video"])),
    st.builds(
        _span, st.sampled_from(["date", "seen"]), st.lists(st.one_of(MOMENTS, MIDNIGHTS), min_size=2, max_size=2),
        st.booleans(), st.booleans(),
    ),
    st.integers(1, 9600).map(lambda hours: Span("date", last=timedelta(hours=hours))),
)  # fmt: skip
parts = st.one_of(FIELDS.flatmap(leaves_in), FIELDS.flatmap(spatial_in), others)


def _joined(kind: type[And] | type[Or]):
    def build(parts: list[Query]) -> Query:
        flat = [inner for part in parts for inner in (part.parts if isinstance(part, kind) else (part,))]
        return kind(tuple(flat))

    return build


trees = st.recursive(
    parts,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(_joined(And)),
        st.lists(inner, min_size=2, max_size=3).map(_joined(Or)),
    ),
    max_leaves=12,
)


@settings(max_examples=500)
@given(trees)
def test_printing_and_parsing_are_inverse(tree: Query) -> None:
    """str(tree) parses to the same tree."""
    assert parse(str(tree)) == tree


def tree_or_mistake(text: str) -> Query | QueryError:
    try:
        return parse(text)
    except QueryError as error:
        return error


@settings(max_examples=1000)
@given(texts)
def test_any_text_is_a_tree_or_a_query_error(text: str) -> None:
    """Whatever is pasted, the answer is a tree that prints to itself, or one error with a column inside the text."""
    tree = tree_or_mistake(text)
    if isinstance(tree, QueryError):
        assert 1 <= tree.column <= len(text) + 1
        assert not tree.suggestion or parse(tree.suggestion)
        return
    assert parse(str(tree)) == tree
    for remark in read(text).remarks:
        assert 1 <= remark.column <= len(text)
        assert not remark.suggestion or parse(remark.suggestion)


@given(st.text(st.sampled_from("aBяЇANDORTSE"), min_size=1, max_size=6))
def test_the_short_way_for_one_word_is_the_long_way(text: str) -> None:
    """A plain word is not parsed at all, and comes out as if it had been."""
    short, long = tree_or_mistake(text), tree_or_mistake(f" {text}")
    if isinstance(short, QueryError):
        assert isinstance(long, QueryError)
        assert (short.what, short.column + 1) == (long.what, long.column)
    else:
        assert short == long


def test_leaves_of_a_side() -> None:
    """In order, whatever the side is."""
    assert list(leaves(Or((A, B)))) == [A, B]
    assert list(leaves(C)) == [C]


def test_forbidding_alone_demands_nothing() -> None:
    """A subscription must demand something; an OR with a forbidding side does not."""
    for text in ("-a", "a OR -b", "NOT (a NEAR/5 b)", "NOT date:2026", "-a -b", "NOT (a b)"):
        assert not demands_something(parse(text)), text
    for text in (
        "a -b",
        "lang:uk -b",
        "a NEAR/5 b",
        "a SENT b",
        "atleast2(a)",
        "=a",
        "date:2026",
        "NOT -a",
        "NOT (-a OR b)",
    ):
        assert demands_something(parse(text)), text


REMARKS = {
    "draft and office": (7, "draft AND office"),
    "not football": (1, "NOT football"),
    "title:(draft or office)": (14, "title:(draft OR office)"),
    "Киeв": (1, "Киев"),
    "B\u0430khmut draft": (1, "Bakhmut draft"),
    "Bakh\u043cut draft": (1, ""),
    "the": (1, ""),
    "Бахмут OR в": (11, ""),
    "Wagner –football": (8, "Wagner -football"),
    "war --football": (5, "war -football"),
    "Kyiv/Kiev draft": (1, "(Kyiv OR Kiev) draft"),
    "Бахмут АБО Київ": (8, "Бахмут OR Київ"),
    "x 'draft office'": (3, 'x "draft office"'),
}


@pytest.mark.parametrize("text", REMARKS)
def test_what_was_perhaps_not_meant_is_remarked_on(text: str) -> None:
    """Each remark has the column, and the whole query as it was probably meant."""
    remarks = read(text).remarks
    assert (remarks[0].column, remarks[0].suggestion) == REMARKS[text]
    assert remarks[0].message


@pytest.mark.parametrize(
    "text",
    [
        "Bakhmut",
        "draft AND office",
        '"draft and office"',
        "the war",
        "COVID-19-штам",
        "IT OR US",
        "Kyiv OR Lviv",
        "rock'n'roll",
        "w/o",
        "1,000 t.me/x",
    ],
)
def test_what_is_usual_earns_no_remark(text: str) -> None:
    """Remarks are read because they are rare."""
    assert read(text).remarks == ()
