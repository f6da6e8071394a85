"""The examples of docs/query-language.md are queries of the language, and what they promise to find they find."""

import re
from pathlib import Path

import pytest

from tests.query.test_back_ends import EXPANDER, WORDS
from tocsin.query.match import Document, holds
from tocsin.query.parse import QueryError, parse

PAGE = Path(__file__).resolve().parents[2] / "docs/query-language.md"
ROWS = [line.split("|")[1:3] for line in PAGE.read_text().splitlines() if line.startswith("| `")]
EXAMPLES = [query for left, _ in ROWS for query in re.findall(r"`([^`]+)`", left)]
PROMISES = [
    (re.findall(r"`([^`]+)`", left)[0], word) for left, right in ROWS for word in re.findall(r"\*([^*]+)\*", right)
]


@pytest.mark.parametrize("query", EXAMPLES)
def test_an_example_is_understood(query: str) -> None:
    """It parses, prints, parses to the same tree, and resolves."""
    tree = parse(query)
    assert parse(str(tree)) == tree
    EXPANDER.read(query)


@pytest.mark.parametrize(("query", "word"), PROMISES)
def test_a_promised_form_is_found(query: str, word: str) -> None:
    """The words in italics meet the query, in a text of their own language."""
    lang = "en" if word.isascii() else "uk" if re.search("[іїєґ]", word) else "ru"
    document = Document(WORDS.analyse("", f"{word} .", lang), {})
    assert holds(EXPANDER.read(query), document)


@pytest.mark.parametrize(("query", "word", "lang"), [("призыв", "приз", "ru"), ("mobilization", "mobile", "en")])
def test_what_is_said_not_to_meet_does_not(query: str, word: str, lang: str) -> None:
    """The counter-examples of the page."""
    assert not holds(EXPANDER.read(query), Document(WORDS.analyse("", word, lang), {}))


@pytest.mark.parametrize("query", ["a NEAR/5 b", "a SENT b", "=exact"])
def test_what_is_not_yet_understood_is_refused(query: str) -> None:
    """It is never taken for words."""
    with pytest.raises(QueryError):
        parse(query)


def test_the_page_has_its_examples() -> None:
    """A change of the table's form must not empty the tests above."""
    assert len(EXAMPLES) >= 15
    assert len(PROMISES) >= 5
