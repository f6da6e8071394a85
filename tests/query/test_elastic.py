"""What Elasticsearch finds is what a plan means: on the real server, over articles and plans that want to differ."""

import gzip
import itertools
import json
import os
import random
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from tests.query import plans
from tests.query.elastic_index import Index
from tests.query.test_back_ends import ARTICLES, DOCUMENTS, EXPANDER, NOW, WORDS, trees
from tocsin.forms import cut
from tocsin.query import elastic, elastic_places
from tocsin.query.document import Document
from tocsin.query.document import attributes as attributes_of
from tocsin.query.document import times as times_of
from tocsin.query.elastic_fields import PLACES, document, microseconds, names
from tocsin.query.elastic_places import TooWideError
from tocsin.query.expand import fixed
from tocsin.query.meaning import holds
from tocsin.query.plan import GAP, All, AnyOf, Between, Has, Near, No, Often, Plan, Sequence, Side, Stands, Together
from tocsin.words import Analysed, Token

pytestmark = pytest.mark.timeout(300)
EXAMPLES = int(os.environ.get("EXAMPLES", "400"))
SEED = int(os.environ.get("SEED", "4"))

Fill = Callable[..., Index]


@pytest.fixture(scope="module")
def fill(elasticsearch: str) -> Iterator[Fill]:
    """Makes indices of analysed articles; they go with the module."""
    made: list[Index] = []

    def make(analysed, attributes=None, times=None) -> Index:
        index = Index(elasticsearch, f"articles-{len(made)}")
        made.append(index)
        index.add(
            document(one, *others)
            for one, *others in zip(
                analysed,
                attributes or itertools.repeat({}),
                times or itertools.repeat({}),
                strict=False,
            )
        )
        return index

    yield make
    for index in made:
        index.close()


def article(text: str, title: str = "", *starts: int) -> Analysed:
    """Words with blanks between, each an ``s:`` key."""
    title_tokens, tokens = (tuple(Token((f"s:{word}",)) for word in part.split()) for part in (title, text))
    return Analysed(title_tokens, tokens, starts)


def side(*phrases: str) -> Side:
    """Phrases of ``s:`` keys."""
    return tuple(Sequence(tuple(frozenset((f"s:{word}",)) for word in phrase.split()), phrase) for phrase in phrases)


# Without a server


def test_title_and_text_keep_their_positions() -> None:
    analysed = Analysed(
        (Token(("s:a", "x:A", "x:a", "l:b")), Token(("s:c", "x:c"))),
        (Token(("s:d", "x:d")), Token(("s:e", "x:e", "x:E"))),
        (1,),
    )
    positions = document(analysed, {}, {})["positions"]
    assert positions["s"] == ["s:a s:c", "s:d s:e"]
    assert positions["x"] == ["x:A x:c", "x:d x:e"]
    assert positions["x2"] == ["x:a _", "_ x:E"]
    assert positions["b"] == ["l:b _", ""]
    assert "b2" not in positions
    assert positions["turn"][1].split()[0] == str((2 + GAP) % 8)
    assert positions["edge"] == ["_ _ E", "_ _ Z"]


def test_no_key_is_lost() -> None:
    keys = tuple(f"{kind}:{number}" for kind in "sxlt" for number in range(PLACES["b" if kind == "l" else kind]))
    found = document(Analysed((Token(keys),), ()), {}, {})["positions"]
    assert {token for lane in found.values() for value in lane for token in value.split()} >= set(keys)


def test_more_keys_than_fields_are_told() -> None:
    token = Token(tuple(f"s:{number}" for number in range(PLACES["s"] + 1)))
    with pytest.raises(ValueError, match="more than 2 keys of the kind s"):
        document(Analysed((), (token,)), {}, {})


def test_fields_are_those_of_the_mapping() -> None:
    assert {name for kind in PLACES for name in names(kind)} <= {
        f"positions.{name}" for name in elastic_mapping()["positions"]["properties"]
    }


def elastic_mapping() -> dict:
    from tocsin.query.elastic_fields import MAPPING

    return MAPPING["properties"]


@pytest.mark.parametrize("letter", ["я", "𝒳", "x"])
def test_long_keys_are_cut_to_what_the_analyser_keeps(letter: str) -> None:
    short = cut("s:" + letter * 400)
    assert len(short.encode("utf-16-le")) <= 2 * 250
    assert short.startswith("s:" + letter * 120)


def test_time_before_now_must_be_fixed() -> None:
    with pytest.raises(ValueError, match="fixed"):
        elastic.query(Between("date", last=timedelta(days=1)))


def test_nothing_is_ever_a_query_string() -> None:
    rng = random.Random(SEED)
    for _ in range(200):
        written = json.dumps(elastic.query(plans.plan(rng, 3)))
        assert "query_string" not in written
        assert "script" not in written


# On the server


@pytest.mark.parametrize("product", [elastic_places.PRODUCT, 0], ids=["alternatives multiplied", "ends measured"])
def test_random_plans(fill: Fill, monkeypatch: pytest.MonkeyPatch, product: int) -> None:
    monkeypatch.setattr(elastic_places, "PRODUCT", product)
    rng = random.Random(SEED + product)
    sheets = [plans.Sheet(rng) for _ in range(120)]
    index = fill([it.analysed for it in sheets], [it.attributes for it in sheets], [it.times for it in sheets])
    asked = [plan for plan in (plans.plan(rng) for _ in range(3 * EXAMPLES // 4)) if accepted(plan)]
    assert len(asked) > 0.7 * EXAMPLES
    documents = [Document(it.analysed, it.attributes, it.times) for it in sheets]
    hits = 0
    for count, (plan, found) in enumerate(zip(asked, index.meeting(asked), strict=True)):
        meant = {number for number, it in enumerate(sheets) if plans.meets(plan, it)}
        assert found == meant, plan
        if count % 4 == 0:
            assert meant == {number for number, it in enumerate(documents) if holds(plan, it)}, plan
        hits += len(meant)
    assert hits > 10 * len(asked)


def accepted(plan: Plan) -> bool:
    try:
        elastic.query(plan)
    except TooWideError:
        return False
    return True


@pytest.fixture(scope="module")
def small(fill: Fill) -> Index:
    """The texts of the other back-ends' test."""
    attributes = [{name: list(values) for name, values in attributes_of(it).items()} for it, _ in ARTICLES]
    folded = [{name: [value.casefold() for value in values] for name, values in row.items()} for row in attributes]
    return fill([analysed for _, analysed in ARTICLES], folded, [times_of(it) for it, _ in ARTICLES])


@given(trees)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_search_finds_what_alerts_meet(small: Index, tree) -> None:
    plan = fixed(EXPANDER.resolve(tree), NOW)
    found = small.meeting([plan])[0]
    assert found == {number for number, it in enumerate(DOCUMENTS.values()) if holds(plan, it)}


def test_real_texts(fill: Fill, shared) -> None:
    rng = random.Random(SEED)
    with gzip.open(shared / "data/dedup/wikinews_edit.dev.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in itertools.islice(file, 250)]
    analysed = [WORDS.analyse(row["title"], row["text"], rng.choice((row["lang"], ""))) for row in rows]
    documents = [Document(one, {}) for one in analysed]
    asked = [plan for plan in (from_text(rng, rng.choice(analysed)) for _ in range(EXAMPLES)) if accepted(plan)]
    hits = 0
    for plan, found in zip(asked, fill(analysed).meeting(asked), strict=True):
        meant = {number for number, it in enumerate(documents) if holds(plan, it)}
        assert found == meant, plan
        hits += len(meant)
    assert hits > len(asked) / 2


def from_text(rng: random.Random, analysed: Analysed) -> Plan:
    """A plan of words that stand near each other in a text."""
    tokens = rng.choice((analysed.text, analysed.text, analysed.title)) or analysed.text
    start = rng.randrange(len(tokens))
    near = [tokens[(start + rng.randrange(12)) % len(tokens)] for _ in range(3)]

    def keys(token: Token) -> frozenset[str]:
        chosen = set(rng.sample(token.keys, rng.randint(1, len(token.keys))))
        if rng.random() < 0.2:
            chosen.add(token.keys[0][: rng.randint(4, 10)] + "*")
        return frozenset(chosen)

    def some() -> Side:
        phrase = tokens[start : start + rng.choice((1, 2, 2, 3))]
        words = [Sequence(tuple(map(keys, phrase)), "")] if rng.random() < 0.5 else []
        return (*words, *(Sequence((keys(token),), "") for token in near[: rng.randint(0 if words else 1, 2)]))

    zone = rng.choice(plans.ZONES)
    return rng.choice(
        (
            Stands(some(), zone),
            Near((some(), some()), rng.choice((0, 3, 50)), rng.random() < 0.5, zone),
            Near((some(), some(), some()), rng.choice((2, 10)), True, zone),
            Together(some(), some(), zone),
            Often(some(), rng.randint(2, 8), zone),
            All((Stands(some()), No(Stands(some(), zone)))),
        )
    )


def test_beginnings_with_many_ends(fill: Fill) -> None:
    letters = "абвгдежзйк"
    ends = ["".join(end) for end in itertools.product(letters, repeat=4)]
    texts = [article(" ".join(f"пр{end} кінець" for end in ends[at : at + 100])) for at in range(0, len(ends), 100)]
    index = fill([*texts, article("при кінець"), article("приказка end"), article("кінець пр")])
    beginnings = [side("пр*"), side("при*"), side("прабв*"), side("прабвг*"), side("праааа*"), side("праааааааа*")]
    asked: list[Plan] = [Stands(one) for one in beginnings]
    asked += [Near((one, side("кінець")), 0, ordered=True) for one in beginnings]
    found = [sorted(numbers) for numbers in index.meeting(asked)]
    number = len(texts)
    assert found[0] == list(range(number + 3))
    assert found[1] == [number, number + 1]
    assert found[2:6] == [[1], [1], [0], []]
    assert found[6] == list(range(number + 1))
    assert found[7:] == [[number], [1], [1], [0], []]


@pytest.mark.parametrize("beginning", ["мобилизацион", "міжнародно", "jährlichsehrlang", "electroencephalog"])
def test_long_beginnings_with_more_ends_than_are_expanded(fill: Fill, beginning: str) -> None:
    ends = ["".join(end) for end in itertools.product("абвгдежзйк", repeat=3)]
    index = fill([article(" ".join(beginning + end for end in ends) + " last"), article(f"{beginning} last")])
    asked: list[Plan] = [
        Near((side(beginning + "*"), side("last")), 0, ordered=True),
        Near((side(beginning + "а*"), side("last")), 50, ordered=True),
        Often(side(beginning + "аб*"), 10),
        Stands(side(f"{beginning[:-1]}* last")),
    ]
    assert index.meeting(asked) == [{0, 1}, set(), {0}, {0, 1}]


def test_repeated_words_need_places_of_their_own(fill: Fill) -> None:
    index = fill([article("a a a b"), article("a b"), article("a a"), article("b x a", "a b")])
    asked: list[Plan] = [
        Often(side("a a"), 2),
        Often(side("a"), 3),
        Often(side("a", "b"), 4),
        Near((side("a"), side("a")), 0, ordered=False),
        Near((side("a a"), side("a b")), 0, ordered=True),
        Often(side("a b", "a a"), 2),
    ]
    assert index.meeting(asked) == [set(), {0}, {0, 3}, {0, 2}, {0}, {0}]


def test_sentences_and_zones(fill: Fill) -> None:
    index = fill(
        [article("a b c", "", 1), article("b", "a"), article("c a b c", "", 1), article(" ".join("x" * 59) + " a b")]
    )
    asked: list[Plan] = [
        Together(side("a"), side("b")),
        Together(side("a b"), side("c")),
        Near((side("a"), side("b")), 50, ordered=False),
        Stands(side("a b"), "lead"),
        Stands(side("a"), "lead"),
        Stands(side("a"), "title"),
        Stands(side("a"), "text"),
    ]
    assert index.meeting(asked) == [{2, 3}, {2}, {0, 2, 3}, {0, 2}, {0, 1, 2, 3}, {1}, {0, 2, 3}]


def test_what_the_language_allows_is_answered(fill: Fill) -> None:
    words = [f"w{number}" for number in range(200)]
    index = fill([article(" ".join(words)), article("w1 w2 w3 w1 w2 " * 60)])
    pairs = [f"{a} {b}" for a, b in zip(words[::2], words[1::2], strict=True)]
    deep: Plan = Near((side(*pairs[:5]), side(*pairs[5:10])), 50, ordered=False)
    for number in range(20):
        deep = AnyOf((All((deep, Stands(side(f"w{number}")), No(Has("lang", frozenset("x"))))), Stands(side("none"))))
        deep = No(All((No(deep), Stands(side("w2")))))
    asked: list[Plan] = [
        AnyOf(tuple(Stands(side(word)) for word in words)),
        Stands(side(" ".join(words))),
        Stands(side(*pairs)),
        Near((side(*pairs[:50]), side(*pairs[50:])), 50, ordered=False),
        Near((side("w1 w2", "w2 w3", "w3 w1"), side("w1 w2", "w9")), 3, ordered=False),
        Often(side("w1 w2", "w2 w3", "w2 w1"), 50, "lead"),
        Often(side("w1", "w2 w3"), 50),
        Often(side(*words), 50),
        Near((side(*words[:150]), side(*words[150:])), 0, ordered=False),
        Together(side(*words[:150]), side(*words[150:], "w1 w2")),
        Near(tuple(side(word) for word in words), 50, ordered=True),
        deep,
        No(deep),
    ]
    documents = [Document(it, {}) for it in (article(" ".join(words)), article("w1 w2 w3 w1 w2 " * 60))]
    for plan, found in zip(asked, index.meeting(asked), strict=True):
        assert found == {number for number, it in enumerate(documents) if holds(plan, it)}


def test_what_is_too_wide_is_refused_in_a_sentence() -> None:
    many = side(*(f"a{number} b{number} c{number}" for number in range(150)))
    with pytest.raises(TooWideError, match="split it in two"):
        elastic.query(Near((many, many[1:]), 5, ordered=False))


def test_times_are_kept_to_the_microsecond(fill: Fill) -> None:
    early, late = plans.START, plans.START + timedelta(microseconds=1)
    times = [{"date": early}, {"date": late.replace(tzinfo=None)}, {"date": None}, {}]
    index = fill([article("a")] * 4, [{}] * 4, times)
    asked = [Between("date", late), Between("date", None, late), Between("date"), No(Between("date", early, late))]
    assert index.meeting(asked) == [{1}, {0}, {0, 1}, {1, 2, 3}]
    assert microseconds(early.replace(tzinfo=None)) == microseconds(early)
