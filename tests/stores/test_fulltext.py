"""Numbers of tokens: a token keeps its number, whatever is remembered and whatever was taken back."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tocsin.stores.sqlite import SqliteStore, fulltext
from tocsin.words import Analysed, Stored, Token


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore.open(str(tmp_path / "store.db"))
    yield opened
    opened.close()


def analysed(text: str) -> Analysed:
    return Analysed(title=(), text=tuple(Token((f"s:{word}", f"x:{word}")) for word in text.split()))


def stored(store: SqliteStore, text: str) -> Stored:
    with store.db.write() as cursor:
        return store.db.forms.stored(analysed(text), cursor)


@pytest.mark.parametrize("remembered", [1, 3, 1_000])
def test_a_token_keeps_its_number(store: SqliteStore, monkeypatch: pytest.MonkeyPatch, remembered: int) -> None:
    monkeypatch.setattr(fulltext, "REMEMBERED", remembered)
    first = stored(store, "the quay is closed and the ferry too")
    again = stored(store, "and the quay is closed the ferry is late too")
    numbers = dict(zip("the quay is closed and the ferry too".split(), first.text, strict=True))
    assert len(set(numbers.values())) == 7
    assert [numbers.get(word) for word in "and the quay is closed the ferry is".split()] == list(again.text[:8])
    read = store.db.forms.analysed(again)
    assert [token.keys[0] for token in read.text] == [
        f"s:{word}" for word in "and the quay is closed the ferry is late too".split()
    ]


def test_numbers_that_were_taken_back_are_given_anew(store: SqliteStore) -> None:
    words = analysed("quay ferry")
    with suppress(KeyError), store.db.write() as cursor:
        store.db.forms.stored(words, cursor)
        raise KeyError
    with store.db.write() as cursor:
        found = store.db.forms.stored(words, cursor)
    assert [token.keys for token in store.db.forms.analysed(found).text] == [token.keys for token in words.text]
