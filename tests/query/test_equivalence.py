"""An alert and the search it came from agree: all back-ends, a few hundred seeded queries over real texts.

The same in large is ``bench/equivalence.py``. The press's stories are always here; texts of all languages and the
subscriptions of the matching workload where the shared samples stand beside the project.
"""

import os
from collections.abc import Sequence

import httpx
import pytest

from bench import equivalence
from bench.corpus import SHARED
from bench.ground import NOW, Ground, chosen, fill_index, fill_store, laid, press
from bench.queries import Made, QueryMaker
from tocsin.query.parse import parse
from tocsin.query.plan import Plan

pytestmark = pytest.mark.timeout(600)
SEED = int(os.environ.get("SEED", "1"))
QUERIES, WORKLOAD, ARTICLES = 400, 80, 250

Asked = tuple[Ground, list[Made], list[Plan], list[int]]


@pytest.fixture(scope="module")
def asked() -> Asked:
    """Articles, queries, their plans, and which articles meet each by the reference."""
    real = chosen(ARTICLES, SEED) if SHARED.is_dir() else []
    ground = laid([*real, *press()], SEED)
    made = list(QueryMaker(ground.articles, ground.lists, NOW, SEED).make(QUERIES))
    if real:
        made += equivalence.workload_queries(ground, WORKLOAD, SEED)
    plans = [ground.expander.read(query.text) for query in made]
    return ground, made, plans, equivalence.by_reference(ground, plans)


def differing(asked: Asked, found: Sequence[int]) -> list[str]:
    """Queries on which a back-end and the reference name different articles."""
    _, made, _, expected = asked
    return [query.text for query, ours, theirs in zip(made, found, expected, strict=True) if ours != theirs]


def test_every_construct_is_asked_and_most_queries_meet_something(asked: Asked) -> None:
    """What nothing meets proves little."""
    ground, made, _, expected = asked
    maker = QueryMaker(ground.articles, ground.lists, NOW, SEED)
    assert {query.construct for query in made} >= set(maker.constructs)
    assert sum(met > 0 for met in expected) > 0.6 * len(made)


def test_the_reference_means_what_the_plain_recursion_means(asked: Asked) -> None:
    """Over one article that meets the query, and one that has some of its words."""
    ground, _, plans, expected = asked
    assert equivalence.unlike(ground, plans, expected, (0, len(plans) // 3), SEED) == []


def test_the_matcher_finds_the_same(asked: Asked) -> None:
    """All plans in one matcher."""
    assert differing(asked, equivalence.by_matcher(asked[0], asked[2])) == []


def test_the_embedded_store_finds_the_same(asked: Asked, tmp_path) -> None:
    """By its search, after the road's own steps."""
    fill_store(asked[0], tmp_path / "store.db")
    assert differing(asked, equivalence.by_sqlite(asked[0], asked[2], tmp_path / "store.db")) == []


def test_elasticsearch_finds_the_same(asked: Asked, elasticsearch: str) -> None:
    """On the real server; what is too wide for it is refused, and that is seldom."""
    ground, _, plans, expected = asked
    wide = frozenset(number for number, plan in enumerate(plans) if equivalence.is_too_wide(plan))
    assert len(wide) <= len(plans) // 100
    with httpx.Client(base_url=elasticsearch, timeout=60) as client:
        fill_index(ground, client)
    found = equivalence.by_elastic(ground, plans, wide, elasticsearch)
    assert differing(asked, [met if number not in wide else expected[number] for number, met in enumerate(found)]) == []


def test_a_query_is_printed_as_it_means(asked: Asked) -> None:
    """The printed tree of each query is read as the same tree."""
    for query in asked[1]:
        tree = parse(query.text)
        assert parse(str(tree)) == tree, query.text
