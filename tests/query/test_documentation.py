"""The examples of docs/query-language.md are queries of the language, and what they promise to find they find."""

import re
from pathlib import Path

import pytest

from tests.query.test_back_ends import EXPANDER, WORDS
from tocsin.query.dialects import translate
from tocsin.query.document import Document
from tocsin.query.meaning import holds
from tocsin.query.parse import parse

PAGE = (Path(__file__).resolve().parents[2] / "docs/query-language.md").read_text()
ROWS = [re.split(r"(?<!\\)\|", line)[1:3] for line in PAGE.splitlines() if line.startswith("| `")]
QUOTED = re.compile(r"`([^`]+)`")
EXAMPLES = [query.replace("\\|", "|") for left, _ in ROWS for query in QUOTED.findall(left)]
PROMISES = [
    (QUOTED.findall(left)[0], words)
    for left, right in ROWS
    for words in re.findall(r"\*([^*]+)\*", right)
    if not left.startswith(" `site:")
]
TRANSLATIONS = [QUOTED.findall(line) for line in PAGE.splitlines() if re.match(r"\| [A-Z]\w+ \| `", line)]


def found_in(query: str, text: str) -> bool:
    lang = "en" if text.isascii() else "uk" if re.search("[іїєґ]", text) else "ru"
    return holds(EXPANDER.read(query), Document(WORDS.analyse("", f"{text} .", lang), {}))


@pytest.mark.parametrize("query", EXAMPLES)
def test_an_example_is_understood(query: str) -> None:
    """It parses, prints, parses to the same tree, and resolves."""
    tree = parse(query)
    assert parse(str(tree)) == tree
    EXPANDER.read(query)


@pytest.mark.parametrize(("query", "words"), PROMISES)
def test_a_promised_form_is_found(query: str, words: str) -> None:
    """The words in italics meet the query, in a text of their own language."""
    assert found_in(query, words)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("призыв", "приз"),
        ("mobilization", "mobile"),
        ("=Wagner", "WAGNER"),
        ("=Wagner", "Wagners"),
        ("draft ONEAR/5 office", "office where the draft"),
        ("draft NEAR/5 office", "draft one two three four five six office"),
        ('"draft office burned"~5', "draft one two three office four five six burned"),
        ("drone SENT refinery", "A drone flew. The refinery stood."),
        ("atleast3(drone)", "drone drones"),
        ("lead:drone", "word " * 60 + "drone"),
        ("щастя", "счастье"),
    ],
)
def test_what_is_said_not_to_meet_does_not(query: str, text: str) -> None:
    """The counter-examples of the page, and the other side of its promises."""
    assert not found_in(query, text)


@pytest.mark.parametrize(("query", "text"), [("=wagner", "WAGNER"), ("cafe", "café"), ("Zhdanivka", "Жданівкою")])
def test_what_is_said_in_passing_is_true(query: str, text: str) -> None:
    """Promises outside the tables."""
    assert found_in(query, text)


@pytest.mark.parametrize(("there", "here"), TRANSLATIONS)
def test_a_translation_is_what_the_page_says(there: str, here: str) -> None:
    """Left is what another tool reads, right what is answered."""
    made = translate(there)
    assert (made.text, made.trouble) == (here, "")
    EXPANDER.read(here)


def test_the_page_has_its_examples_and_can_be_read_in_five_minutes() -> None:
    """A change of the tables' form must not empty the tests above; and nobody reads a long page."""
    assert len(EXAMPLES) >= 40
    assert len(PROMISES) >= 15
    assert len(TRANSLATIONS) >= 8
    assert len(PAGE.splitlines()) <= 110
