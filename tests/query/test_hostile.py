"""Queries that are meant to do harm: each is refused clearly, and at once."""

import contextlib
import time

import pytest

from tocsin.query.dialects import translate
from tocsin.query.parse import QueryError, parse

HOSTILE = {
    "4,000 parentheses": "(" * 4000,
    "4,000 closing parentheses": ")" * 4000,
    "2,000 pairs": "(" * 2000 + "a" + ")" * 2000,
    "one megabyte": "a " * 524_288,
    "one megabyte of one word": "я" * 524_288,
    "10,000 terms": " OR ".join(f"w{number}" for number in range(10_000)),
    "1,000 terms": " ".join(["ab"] * 1000),
    "10,000 nested NOT": "NOT " * 10_000 + "a",
    "1,000 nested NOT": "NOT " * 1000 + "a",
    "1,000 minuses": "-(" * 1000 + "a",
    "deep fields": "title:(" * 500 + "a" + ")" * 500,
    "deep atleast": "atleast2(" * 400 + "a" + ")" * 400,
    "a quotation never closed": '"a b c',
    "many quotation marks": '"' * 4001,
    "quotations never closed": 'title:"' * 501,
    "control characters": "a\x00b\x07c",
    "the separator of keys": "a\x1fb",
    "only direction marks": "\u200f\u202e\u2066" * 400,
    "lone surrogates": "\ud800" * 1000,
    "a lone surrogate in a quotation": '"a \udfff b"',
    "a star": "*",
    "many stars": "*" * 4000,
    "stars between": "a*" * 2000,
    "a letter and a star": "a*",
    "NEAR over too much": "a NEAR/999999 b",
    "NEAR over far too much": "a NEAR/" + "9" * 4000 + " b",
    "a chain of NEAR": " NEAR/5 ".join(["a"] * 400),
    "NEAR of many with many": f"({' '.join(['a'] * 95)}) NEAR/5 ({' '.join(['b'] * 95)})",
    "NEAR in NEAR": "(" * 15 + "a" + " NEAR/5 b)" * 15 + " NEAR/5 c",
    "atleast too often": "atleast" + "9" * 4000 + "(a)",
    "one compound": "-".join(["a"] * 2000),
    "a distance too far": '"a b"~' + "9" * 4000,
    "ligatures": "ﷺ" * 1300,
    "colons": "a:" * 2000,
    "fields": "lang:" * 800,
    "dashes": "- " * 2000,
    "brackets": "date:[" * 600,
    "braces": "{" * 4000,
    "open comments": "<<<" * 1300,
    "slashes": "/a" * 2000 + "/",
    "question marks": "a?" * 2000 + "a",
    "many wildcards": " ".join(["a?b"] * 300),
    "tildes": "a~" * 2000,
    "blanks": " " * 4096,
    "blanks and operators": "a" + " " * 4000 + "near/5 b",
    "a date from nowhere": "date:" + "9" * 4000,
    "a date of digits": "date:٢٠٢٦-١١-٢٠",
    "combining marks": "\u0301" * 2000,
    "an alternation": "/" + "(a|b)" * 500 + "/",
}

ACCEPTED = {
    "as many words as may be": " OR ".join(f"w{number}" for number in range(200)),
    "as deep as may be": "(" * 20 + "a" + ")" * 20,
    "as long as may be": "а" * 2048,
    "NEAR of long ORs": f"({' OR '.join(['aa'] * 100)}) NEAR/50 ({' OR '.join(['bb'] * 100)})",
}

SOON = 0.050
"""Seconds: the best of three runs must stay below."""


def _best_of_three(text: str, read) -> float:
    took = []
    for _ in range(3):
        start = time.perf_counter()
        with contextlib.suppress(QueryError):
            read(text)
        took.append(time.perf_counter() - start)
    return min(took)


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_at_once(name: str) -> None:
    """One sentence with a column inside the text, in less than 50 ms."""
    with pytest.raises(QueryError) as caught:
        parse(HOSTILE[name])
    assert caught.value.what
    assert 1 <= caught.value.column <= len(HOSTILE[name]) + 1
    assert len(str(caught.value)) < 10_000
    assert not caught.value.suggestion or parse(caught.value.suggestion)
    assert _best_of_three(HOSTILE[name], parse) < SOON


@pytest.mark.parametrize("name", HOSTILE)
def test_its_translation_comes_at_once(name: str) -> None:
    """Nor does the way from other tools' languages take longer."""
    assert _best_of_three(HOSTILE[name], translate) < 2 * SOON


@pytest.mark.parametrize("name", ACCEPTED)
def test_the_largest_that_is_accepted_is_read_at_once(name: str) -> None:
    """The limits are where they are for a reason."""
    tree = parse(ACCEPTED[name])
    assert parse(str(tree)) == tree
    assert _best_of_three(ACCEPTED[name], parse) < SOON
