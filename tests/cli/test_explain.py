"""``tocsin explain``, and the notes wherever a person types a query."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LINES = [
    {"url": "https://one.example/1", "title": "Conscripts refuse", "lang": "en", "outlet": "one",
     "text": "The conscripts near Bakhmut refused to sign on Friday. Their officers left for the town."},
    {"url": "https://one.example/2", "title": "Season over", "lang": "en", "outlet": "one",
     "text": "Conscription ends the football season near Bakhmut, said the club on Monday after the match."},
    {"url": "https://two.example/3", "title": "Погода", "lang": "uk", "outlet": "two",
     "text": "У Бахмуті завтра сніг, місцями ожеледиця, водіїв просять бути обережними на дорогах області."},
]  # fmt: skip


def tocsin(data: Path, *arguments: str, code: int = 0, given: str = "") -> "subprocess.CompletedProcess[str]":
    """One command as a user types it."""
    result = subprocess.run(
        [sys.executable, "-m", "tocsin.cli", *arguments],
        env={**os.environ, "TOCSIN_DATA_DIR": str(data)},
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    return result


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a store of three articles."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in LINES))
    tocsin(folder, "import", str(folder / "in.jsonl"))
    return folder


def test_a_query_is_told_in_words_forms_and_numbers(data):
    shown = tocsin(data, "explain", "Bakhmut conscription -football").stdout
    for line in (
        "Bakhmut AND conscription AND NOT football",
        "  all of:",
        "    not: the word football, in any form",
        "Bakhmut: 3 articles",
        "  as typed        bakhmut 2",
        "  other name      бахмуті 1",
        "  family          conscripts 1",
        "not football: 1 article",
        "1 article of 3 meets this query.",
        "Its NOT leaves out 1 article that would meet the rest.",
    ):
        assert line in shown.splitlines(), shown


def test_one_object_for_programs(data):
    result = tocsin(data, "explain", "Bakhmutt Bakhmut and conscript", "--json")
    (line,) = result.stdout.splitlines()
    row = json.loads(line)
    assert row["typed"] == "Bakhmutt Bakhmut and conscript"
    assert row["query"] == "Bakhmutt AND Bakhmut AND and AND conscript"
    assert row["total"] == 3
    assert [word["query"] for word in row["words"]] == ["Bakhmutt", "Bakhmut", "and", "conscript"]
    assert {"column": 18, "message": "and is searched as a word; as an operator it is written AND",
            "suggestion": "Bakhmutt Bakhmut AND conscript"} in row["remarks"]  # fmt: skip
    assert result.stderr == ""


def test_a_long_list_of_forms_is_cut_and_says_so(tmp_path):
    words = " ".join(f"mobil{chr(97 + n)}x" for n in range(20))
    (tmp_path / "in.jsonl").write_text(json.dumps({"url": "https://a.example/1", "text": words, "lang": "en"}))
    tocsin(tmp_path, "import", str(tmp_path / "in.jsonl"))
    assert "mobillx 1 and 8 more\n" in tocsin(tmp_path, "explain", "mobil*").stdout
    places = tocsin(tmp_path, "explain", 'place:"Donetsk Oblast"').stdout
    assert " places: Avdiivka, Bakhmut, " in places
    assert " more\n" in places


def test_without_a_store_the_lists_are_told_and_none_is_made(tmp_path):
    shown = tocsin(tmp_path / "none", "explain", "Bakhmut conscription").stdout
    assert "There is no store yet" in shown
    assert "Артемівськ" in shown
    assert "conscript" in shown
    assert "article" not in shown
    assert not (tmp_path / "none").exists()
    tocsin(tmp_path / "empty", "search", "x")
    assert "The store has no articles yet" in tocsin(tmp_path / "empty", "explain", "Bakhmut").stdout


def test_another_tools_syntax_is_rewritten_and_each_change_shown(data):
    shown = tocsin(data, "explain", "intitle:Bakhmut draft AROUND(5) office").stdout
    assert "title:Bakhmut AND (draft NEAR/5 office)" in shown.splitlines()
    assert "AROUND(5) → NEAR/5" in shown
    assert "intitle: → title:" in shown
    (row,) = map(json.loads, tocsin(data, "explain", "a AND headline:b", "--json").stdout.splitlines())
    assert [(change["written"], change["now"]) for change in row["changes"]] == [("headline:", "title:")]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("a AND (b", ("column 7", "Try: a AND (b)")),
        ("colour:red", ("column 1", "colour")),
        ("war place:Atlantis", ("column 11", "Atlantis")),
        ("", ("column 1", "empty")),
    ],
)
def test_what_cannot_be_read_is_one_sentence(query, words, data):
    result = tocsin(data, "explain", query, code=2)
    assert len(result.stderr.splitlines()) == 1
    assert not [word for word in words if word not in result.stderr]
    assert result.stdout == ""


def test_one_query_or_one_file(data, tmp_path):
    (tmp_path / "list.txt").write_text("a\n")
    for arguments in ([], ["a", "--file", str(tmp_path / "list.txt")]):
        assert "--file" in tocsin(data, "explain", *arguments, code=2).stderr
    assert "missing.txt" in tocsin(data, "explain", "--file", "missing.txt", code=2).stderr
    (tmp_path / "list.txt").write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in tocsin(data, "explain", "--file", str(tmp_path / "list.txt"), code=2).stderr


PASTED = """\ufeffBakhmut

lang: uk and not title: (a or b)
place:Atlantis
-football
Bakhmut and office
(a AND b
"""


def test_a_pasted_list_line_by_line(data, tmp_path):
    (tmp_path / "list.txt").write_text(PASTED)
    result = tocsin(data, "explain", "--file", str(tmp_path / "list.txt"), code=2)
    shown = result.stdout.splitlines()
    assert "1: understood: Bakhmut" in shown
    assert "3: rewritten: lang: uk and not title: (a or b)" in shown
    assert "     → lang:uk AND NOT title:(a OR b)" in shown
    assert "4: refused: place:Atlantis" in shown
    assert "     Note: it only says what must not be there, so it can be searched, but not subscribed to." in shown
    assert "6: understood: Bakhmut and office" in shown
    assert any("column 9: and is searched as a word" in line for line in shown)
    assert "     → (a AND b)" in shown
    assert result.stderr == "6 queries: 3 understood, 2 rewritten, 1 refused.\n"
    rows = [json.loads(row) for row in tocsin(data, "explain", "--file", str(tmp_path / "list.txt"), "--json", code=2)
            .stdout.splitlines()]  # fmt: skip
    assert [(row["line"], row["state"], row["query"]) for row in rows] == [
        (1, "understood", "Bakhmut"),
        (3, "rewritten", "lang:uk AND NOT title:(a OR b)"),
        (4, "refused", ""),
        (5, "understood", "-football"),
        (6, "understood", "Bakhmut and office"),
        (7, "rewritten", "(a AND b)"),
    ]
    assert "column 7" in rows[2]["trouble"]
    assert [row["can_ring"] for row in rows] == [True, True, False, False, True, True]


def test_a_list_that_is_understood_ends_well(data):
    result = tocsin(data, "explain", "--file", "-", given="Bakhmut\nintitle:office\n")
    assert result.stderr == "2 queries: 1 understood, 1 rewritten, 0 refused.\n"


NOTE = "Note, column 9: and is searched as a word; as an operator it is written AND. Perhaps: Bakhmut AND football\n"


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_search_notes_what_is_perhaps_not_meant_and_finds_the_same(more, data):
    noted = tocsin(data, "search", "Bakhmut and football", *more)
    assert noted.stderr == NOTE
    plain = tocsin(data, "search", "Bakhmut AND football AND =and", *more)
    assert plain.stderr == ""
    assert noted.stdout == plain.stdout


def test_a_subscription_notes_it_too_and_is_made(tmp_path):
    result = tocsin(tmp_path, "subscribe", "Bakhmut and football")
    assert result.stderr == NOTE
    assert result.stdout.startswith("Subscribed: ")


@pytest.mark.parametrize("query", ["-football", "football OR -Bakhmut", "NOT (a AND b) -c"])
def test_a_subscription_that_only_forbids_is_refused_and_a_search_is_not(query, data):
    result = tocsin(data, "subscribe", query, code=2)
    assert "only says what must not be there" in result.stderr
    assert tocsin(data, "subscriptions", "list", "--json").stdout == ""
    assert tocsin(data, "search", query).stdout
    assert "as a subscription it is refused" in tocsin(data, "explain", query).stdout


def test_a_word_of_a_stranger_cannot_command_the_terminal(tmp_path):
    (tmp_path / "in.jsonl").write_text(
        json.dumps({"url": "https://a.example/1", "text": "Bakhmut \u202eevil", "lang": "en"})
    )
    tocsin(tmp_path, "import", str(tmp_path / "in.jsonl"))
    for query in ("evil\u202e \u2066", "[bold]evil[/bold]", "ev*"):
        shown = tocsin(tmp_path, "explain", query).stdout
        assert "evil" in shown or "ev*" in shown
        assert not {"\x1b", "\u202e", "\u2066"} & set(shown)
