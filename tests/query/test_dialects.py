"""What other tools write is understood, or answered with the exact rewrite, line by line."""

import pytest
from hypothesis import given, settings

from tests.query.querytexts import texts
from tocsin.query.dialects import translate, translate_lines
from tocsin.query.parse import QueryError, parse

UNDERSTOOD = [
    # Google
    "Bakhmut -football", "Bakhmut | Avdiivka", '"draft office"', "site:bbc.com draft", "-site:bbc.com draft",
    # Meltwater, Brandwatch, Talkwalker, Factiva
    "(a OR b) NEAR/5 (c OR d)", "a ONEAR/5 b", "title:(draft OR office)", "atleast3(draft)", 'author:"Jane Doe"',
    # Lucene
    '"draft office"~5', "date:[2026-11-01 TO 2026-11-20]", "date:{2026-11-01 TO *]", "date:>=2026-11-01",
    "a AND NOT b", "a && b || c", "mobili*",
    # KQL
    'lang:uk AND NOT title:"x"', "outlet:(a OR b)", "date:*",
]  # fmt: skip

REWRITES = {
    # Google
    "intitle:Bakhmut": "title:Bakhmut",
    'intitle:"draft office"': 'title:"draft office"',
    "allintitle: draft office": "title:(draft office)",
    "Bakhmut AROUND(5) draft": "Bakhmut NEAR/5 draft",
    "draft after:2026-01-01 before:2026-02-01": "draft date:>=2026-01-01 date:<2026-02-01",
    "draft after:2026/1/5": "draft date:>=2026-01-05",
    "draft when:7d": 'draft date:"last 7d"',
    "draft since:2026-01-01 until:2026-02-01": "draft date:>=2026-01-01 date:<2026-02-01",
    "draft date:2026-01-01..2026-02-01": "draft date:[2026-01-01 TO 2026-02-01]",
    "draft date:today": 'draft date:"last 24h"',
    "draft when:1y": 'draft date:"last 365d"',
    '"draft * office"': '"draft office"~1',
    "draft site:www.bbc.co.uk/news": "draft site:bbc.co.uk",
    # KQL
    "lang: uk and not x": "lang:uk AND NOT x",
    "title: (a or b) AND x": "title:(a OR b) AND x",
    'title : "draft office"': 'title:"draft office"',
    'date >= "2026-11-01" and draft': "date:>=2026-11-01 AND draft",
    "@timestamp >= now-7d and draft": 'date:"last 7d" AND draft',
    "date:[now-30d TO now] draft": 'date:"last 30d" draft',
    "lang:* and draft": "draft",
    "lang != uk and draft": "-lang:uk AND draft",
    "lang : uk or lang : ru": "lang:uk OR lang:ru",
    'source.country: "ua" and article.title: x': 'outlet_country:"ua" AND title:x',
    "мова:українська заголовок: призов": "lang:uk title:призов",
    "NOT lang: Ukrainian": "NOT lang:uk",
    # Lucene
    "+draft -football": "draft -football",
    "+(draft office) x": "(draft office) x",
    "draft !football": "draft -football",
    "draft~2 office~": "draft office",
    "draft^4 office": "draft office",
    '"draft office"~5^2': '"draft office"~5',
    '"draft office"^2 x': '"draft office" x',
    "/colou?r/ flag": "(colour OR color) flag",
    "/(mobil|conscript).*/": "(mobil* OR conscript*)",
    "/gr[ae]y/": "(gray OR grey)",
    "_exists_:date": "date:*",
    # Meltwater, Brandwatch, Talkwalker, Factiva
    "(a OR b) NEAR/5f (c OR d)": "(a OR b) ONEAR/5 (c OR d)",
    "a near/5 b and c": "a NEAR/5 b AND c",
    "a near5 b": "a NEAR/5 b",
    "a w/5 b": "a NEAR/5 b",
    "a adj5 b": "a ONEAR/5 b",
    "a pre/3 b": "a ONEAR/3 b",
    "a /5 b": "a NEAR/5 b",
    "a w/s b": "a SENT b",
    "hlp=draft": "lead:draft",
    "pd:>=20260105 draft": "date:>=2026-01-05 draft",
    "a NEAR/200 b": "a NEAR/50 b",
    "a ANDNOT b": "a AND NOT b",
    "headline:Bakhmut ingress:(a or b)": "title:Bakhmut lead:(a OR b)",
    'sourceName:"BBC News" language:Ukrainian country:Ukraine': 'outlet:"BBC News" lang:uk outlet_country:ua',
    "sourcecountry:ua AND draft": "outlet_country:ua AND draft",
    "{Wagner}": "=Wagner",
    '{"Wagner group"} AND x': '="Wagner group" AND x',
    "title:{Wagner} AND body:x": "title:=Wagner AND text:x",
    "{Wagner group} AND x": '="Wagner group" AND x',
    'raw:"Wagner group"': '="Wagner group"',
    "raw:Wagner": "=Wagner",
    "<<<who: me>>> a OR b": "a OR b",
    "organi?ation": "(organisation OR organization)",
    "title:reali?e": "title:(realise OR realize)",
    "atleast5 draft": "atleast5(draft)",
    "hd=(draft or office)": "title:(draft OR office)",
    # ours, with a slip
    "(a AND b) NEAR/5 c": "(a NEAR/5 c) AND (b NEAR/5 c)",
    "language:(english or russian)": "lang:(en OR ru)",
    "titel:(a OR b": "title:(a OR b)",
}


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_what_is_understood_is_left_alone(text: str) -> None:
    """It parses as it stands, and its translation is itself."""
    parse(text)
    assert translate(text) == (text, (), "")


@pytest.mark.parametrize("text", REWRITES)
def test_the_rewrite_is_exact(text: str) -> None:
    """A translation can be read, says what was changed; a refusal suggests the same."""
    made = translate(text)
    assert (made.text, made.trouble) == (REWRITES[text], "")
    assert made.changes
    assert all(change.why for change in made.changes)
    parse(made.text)
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.suggestion == REWRITES[text]


KQL_THAT_IS_READ = {"lang:uk and not x": "lang:uk AND NOT x", "atleast3(x) and y": "atleast3(x) AND y"}


@pytest.mark.parametrize("text", KQL_THAT_IS_READ)
def test_small_operators_are_translated_only_beside_a_field(text: str) -> None:
    """Beside a field they are operators of another tool; in a plain text they stay words, and are remarked on."""
    assert translate(text).text == KQL_THAT_IS_READ[text]
    assert translate("draft and office").text == "draft and office"
    assert translate('"to be or not to be" lang:en').changes == ()


def test_a_wildcard_is_every_letter_of_its_alphabet() -> None:
    """Where the two usual spellings are not meant, no letter is left out."""
    assert translate("wom?n").text.count(" OR ") == 25
    assert "жінка" in translate("ж?нка").text


UNTRANSLATABLE = [
    "author:* and x",
    "a OR lang:*",
    "/a+b/",
    "x?y?z",
    "AND",
    "…",
    "*",
    "outlet:[a TO b]",
    "site:",
    "a" * 5000,
]


@pytest.mark.parametrize("text", UNTRANSLATABLE)
def test_what_cannot_be_translated_says_why(text: str) -> None:
    """In one sentence, with the column."""
    assert "column" in translate(text).trouble


@settings(max_examples=500)
@given(texts)
def test_a_translation_can_be_read_or_says_why(text: str) -> None:
    """There is nothing between the two."""
    made = translate(text)
    if not made.trouble:
        parse(made.text)


def test_a_pasted_file_is_translated_line_by_line() -> None:
    """Empty lines are passed over; the numbers are those of the file."""
    lines = translate_lines("lang: uk and x\n\n  a NEAR/5 b\r\nAND\n")
    assert [(line.number, line.original, line.translation.text) for line in lines] == [
        (1, "lang: uk and x", "lang:uk AND x"),
        (3, "a NEAR/5 b", "a NEAR/5 b"),
        (4, "AND", "AND"),
    ]
    assert [bool(line.translation.trouble) for line in lines] == [False, False, True]
