"""A query in plain words."""

import pytest
from hypothesis import given

from tests.query.test_parse import trees
from tocsin.query.ast import Query
from tocsin.query.outline import words
from tocsin.query.parse import parse

TOLD = {
    "Bakhmut": "the word Bakhmut, in any form",
    "title:mobili*": "a word that begins with mobili in the title",
    "=Word": 'exactly "Word", letter for letter, capitals too',
    '="a phrase"': 'exactly "a phrase", letter for letter, with or without capitals',
    "date:2026-11-20": "published on 2026-11-20, UTC",
    "seen:last36h": "first seen in the last 36 hours",
    "date:last7d": "published in the last 7 days",
    "date:[2026-11-01 TO 2026-11-20]": "published from 2026-11-01 on and before 2026-11-21, UTC",
    "date:>=2026-11-01T14:00": "published from 2026-11-01 14:00 on, UTC",
    "date:<2026-11-01": "published before 2026-11-01, UTC",
    "date:*": "with a time at which it was published",
    "atleast3(draft)": "at least 3 times: the word draft, in any form",
    '"draft office" NEAR/5 Bakhmut -football lang:uk': """\
all of:
  in either order, with at most 5 words between:
    the phrase "draft office", each word in any form
    the word Bakhmut, in any form
  not: the word football, in any form
  in the language uk""",
    "title:(a SENT (b OR c)) OR site:bbc.com": """\
at least one of:
  together in one sentence in the title:
    the word a, in any form
    at least one of:
      the word b, in any form
      the word c, in any form
  on the site bbc.com or a part of it""",
    '"a b"~0': """\
in this order, with nothing between:
  the word a, in any form
  the word b, in any form""",
}


@pytest.mark.parametrize("text", TOLD)
def test_it_is_told(text: str) -> None:
    """Word for word."""
    assert words(parse(text)) == TOLD[text]


@given(trees)
def test_every_tree_can_be_told(tree: Query) -> None:
    """No node is left out, and none is told as Python writes it."""
    told = words(tree)
    assert told
    assert "Word(" not in told
