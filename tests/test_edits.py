"""What changed from version to version: in a sentence, word by word, and in bounded time."""

import time
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tocsin.addresses import address_id, article_id, return_id
from tocsin.changes import Text, compare
from tocsin.edits import CHANGED, KEPT, histories, printed, sentence
from tocsin.records import Article, derived_id

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIRST = "The council met late on Monday and agreed that the old bridge must be closed until spring."
SECOND = "Engineers had warned for years that the steel would not bear another winter of heavy traffic."
THIRD = "Two lorries were turned back on the same evening, a spokeswoman of the harbour said."
MARKS = {"kept": "{}", "added": "+{}+", "removed": "-{}-"}


def versions(*texts: tuple[str, str]) -> list[Article]:
    """The texts of one address, an hour apart."""
    address = address_id("https://post.example/a")
    found = []
    for number, (title, text) in enumerate(texts, 1):
        hashed = derived_id("text", text)
        made = Article(
            id=article_id(address, hashed, title), address_id=address, url="https://post.example/a", outlet="post",
            title=title, text=text, text_hash=hashed, version=number, first_seen=START + timedelta(hours=number),
        )  # fmt: skip
        if made.id in [one.id for one in found]:
            made = msgspec.structs.replace(made, id=return_id(made.id, found[-1].id))
        found.append(made)
    return found


def body(*lines: str) -> str:
    return "\n\n".join(lines)


def shown(old: Text, new: Text, most: int = 20) -> list[str]:
    """Edits in one line each."""
    edits, _ = printed(compare(old, new), most)
    return [
        edit.what + ": " + "".join(" " * run.spaced + MARKS[run.how].format(run.text) for run in edit.runs)
        for edit in edits
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (("A", FIRST), ("B", FIRST), "headline changed"),
        (("A", FIRST), ("A", body(FIRST, SECOND)), "1 paragraph added (16 words)"),
        (("A", body(FIRST, SECOND)), ("A", FIRST), "1 paragraph removed (16 words)"),
        (("A", body(FIRST, SECOND)), ("A", body(FIRST.replace("Monday", "Tuesday"), SECOND.replace("years", "weeks"))),
         "2 paragraphs edited"),
        (("A", body(FIRST, SECOND)), ("B", body(FIRST.replace("old", "new"), THIRD)),
         "headline changed; 1 paragraph edited, 1 added (15 words), 1 removed (16 words)"),
        (("A", body(FIRST, "5 comments")), ("A", body(FIRST, "9 comments")), "nothing that counts"),
        (("A", FIRST), ("A", body(FIRST, "Never.")), "1 paragraph added (1 word)"),
    ],
)  # fmt: skip
def test_a_change_is_told_in_one_sentence(old: tuple[str, str], new: tuple[str, str], said: str) -> None:
    assert sentence(compare(Text(*old), Text(*new))) == said
    assert histories(versions(old, new)) == ["", said]


def test_an_edit_taken_back_says_to_which_version() -> None:
    first, second = ("A", FIRST), ("B", FIRST)
    told = histories(versions(first, second, first, second))
    assert told[2:] == [
        "back to the text of version 1; headline changed",
        "back to the text of version 2; headline changed",
    ]


def test_words_that_were_removed_stand_before_those_in_their_place() -> None:
    old = Text("Bridge closed until spring", body("The council (late) met on Monday.", THIRD))
    new = Text("Bridge closed for good", body("The council (as always) met on Tuesday, at last.", FIRST))
    assert shown(old, new) == [
        "headline: Bridge closed -until spring- +for good+",
        "edited: The council (-late- +as always+) met on -Monday- +Tuesday, at last+.",
        f"added: +{FIRST}+",
        f"removed: -{THIRD}-",
    ]


def test_what_is_long_is_cut_and_counted() -> None:
    long = " ".join(f"word{n}" for n in range(1000))
    old, new = (
        Text("", body(long, FIRST)),
        Text("", body(long + " more", FIRST, *(f"Note {n} of {n}." for n in range(9)))),
    )
    edits, more = printed(compare(old, new), 3)
    assert (len(edits), more) == (3, 7)
    kept, added = edits[0].runs
    assert kept.text.startswith("word0 ")
    assert kept.text.endswith(" word999")
    assert f"[… {1000 - KEPT} words …]" in kept.text
    assert added.text == "more"
    (run,) = printed(compare(Text("", FIRST), Text("", body(FIRST, long))), 3)[0][0].runs
    assert f"[… {1000 - CHANGED} words …]" in run.text


def test_a_page_of_many_long_texts_is_told_in_bounded_time() -> None:
    texts = [("A", " ".join(f"w{(n * k) % 9973}" for n in range(30_000))) for k in range(2, 22)]
    started = time.process_time()
    told = histories(versions(*texts))
    assert told[-1]
    assert not told[1]
    assert time.process_time() - started < 5
