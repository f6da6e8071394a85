"""The full-text half of the file: numbers for tokens, the index, and the function that decides what it leaves open."""

from array import array
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import Any

import apsw
import msgspec

from tocsin.query.meaning import holds
from tocsin.query.plan import GAP, Keys
from tocsin.query.sqlite import MET, Expression, Steps, segments_of
from tocsin.words import Analysed, Stored, Token

REMEMBERED = 300_000
"""Forms whose numbers are remembered; past that the memory starts anew."""
_SEPARATOR = "\x1f"


def register(connection: apsw.Connection) -> "Questions":
    """Teach a connection our tokenizer and our auxiliary function."""
    connection.register_fts5_tokenizer("tocsin_keys", _key_tokenizer)
    questions = Questions(connection)
    connection.register_fts5_function(MET, questions.met)
    return questions


def _key_tokenizer(_: apsw.Connection, __: list[str]) -> Any:
    r"""FTS5 tokenizer over keys that are made already: positions by blanks, the keys of one position by ``\\x1f``."""

    def tokenize(utf8: bytes, _: int, __: str | None) -> Iterable[tuple[str, ...]]:
        return [tuple(position.split(_SEPARATOR)) for position in bytes(utf8).decode().split(" ") if position]

    return tokenize


def line(tokens: Iterable[Token]) -> str:
    """A title or text as the tokenizer takes it."""
    return " ".join(_SEPARATOR.join(token.keys) for token in tokens)


class Questions:
    """Expressions that are being asked, by the number under which the SQL names them."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._asked: dict[int, _Question] = {}
        self._numbers = count(1)

    @contextmanager
    def asked(self, values: Iterable[Any]) -> Iterator[list[Any]]:
        """The parameters of a condition with a number for each expression, good until the block is left."""
        numbers: list[int] = []
        bound: list[Any] = []
        for value in values:
            if isinstance(value, Expression):
                number = next(self._numbers)
                self._asked[number] = _Question(value)
                numbers.append(number)
                bound.append(number)
            else:
                bound.append(value)
        try:
            yield bound
        finally:
            for number in numbers:
                del self._asked[number]

    def met(self, api: apsw.FTS5ExtensionApi, /, *arguments: "apsw.SQLiteValue") -> bool:
        """Whether the row at hand meets the plan of an expression."""
        question = self._asked[int(str(arguments[0]))]
        return holds(question.plan, _Row(api, question, self._connection))


class _Question:
    """An expression that is being asked: which of FTS5's phrases stand for which words, found once for all rows."""

    def __init__(self, found: Expression) -> None:
        self.plan = found.plan
        self._phrases = found.phrases
        self._whole: dict[Steps, list[int]] = {}
        for number, phrase in enumerate(found.phrases):
            self._whole.setdefault(phrase, []).append(number)
        self._parts: dict[Keys, list[int]] = {}
        self._segments: dict[Steps, tuple[Steps, ...]] = {}

    def whole(self, steps: Steps) -> list[int]:
        """Numbers of the phrases that ask for just these steps: one for each time that they are written."""
        return self._whole.get(steps, [])

    def parts(self, keys: Keys) -> list[int]:
        """Numbers of the phrases that ask for some of the keys of one word: one of them stands where the word does."""
        known = self._parts.get(keys)
        if known is None:
            phrases = enumerate(self._phrases)
            known = [number for number, phrase in phrases if len(phrase) == 1 and phrase[0] <= keys]
            self._parts[keys] = known
        return known

    def segments(self, steps: Steps) -> tuple[Steps, ...]:
        """The pieces in which a phrase with beginnings was asked for; its words where it was asked word by word."""
        known = self._segments.get(steps)
        if known is None:
            pieces = segments_of(steps)
            asked = pieces is not None and all(map(self.whole, pieces))
            known = pieces if pieces is not None and asked else tuple((keys,) for keys in steps)
            self._segments[steps] = known
        return known


class _Row:
    """A row of the index, as meaning asks it: where phrases stand."""

    now = datetime.min.replace(tzinfo=UTC)

    def __init__(self, api: apsw.FTS5ExtensionApi, question: _Question, connection: apsw.Connection) -> None:
        self._api = api
        self._question = question
        self._connection = connection
        self.title = api.column_size(0)
        self._positions: dict[int, list[int]] = {}

    @property
    def sentences(self) -> Sequence[int]:
        """Positions of the text at which its second and later sentences begin."""
        sql = "SELECT t.forms FROM articles a JOIN tokens t ON t.article = a.seq WHERE a.arrival = ?"
        row = self._connection.execute(sql, (self._api.rowid,)).fetchone()
        return Stored.sentences_of(row[0]) if row else ()

    def starts(self, steps: Steps) -> Collection[int]:
        """Positions of the stream at which the steps begin to stand one after the other."""
        found = self._question.whole(steps)
        if found:
            return self._at(found[0]) if len(found) == 1 else self._together(found)
        if len(steps) == 1:
            # A word that may begin so or be one of those stands where any of its phrases does.
            return self._together(self._question.parts(steps[0]))
        first, *rest = self._question.segments(steps)
        starts, offset = set(self.starts(first)), len(first)
        for segment in rest:
            starts &= {at - offset for at in self.starts(segment)}
            offset += len(segment)
        return starts

    def _together(self, numbers: Iterable[int]) -> set[int]:
        """Where any of the phrases stands: FTS5 keeps of each the positions that its part of the expression can use."""
        return set().union(*map(self._at, numbers))

    def _at(self, number: int) -> list[int]:
        known = self._positions.get(number)
        if known is None:
            title, text = self._api.phrase_locations(number)
            first = self.title + GAP
            known = self._positions[number] = [*title, *[first + at for at in text]]
        return known

    def values(self, name: str) -> frozenset[str]:
        """Never asked: an expression is about words alone."""
        raise NotImplementedError(name)

    def time(self, name: str) -> datetime | None:
        """Never asked: an expression is about words alone."""
        raise NotImplementedError(name)


class FormTable:
    """Numbers of tokens, as the table ``forms`` has them."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._numbers: dict[Token, int] = {}
        self._tokens: dict[int, Token] = {}

    def stored(self, analysed: Analysed, cursor: apsw.Cursor) -> Stored:
        """An analysed article by numbers; tokens that are new to the store get theirs, in the open transaction."""
        if len(self._numbers) >= REMEMBERED:
            self._numbers.clear()
        self._learn({*analysed.title, *analysed.text}.difference(self._numbers), cursor)
        number = self._numbers.__getitem__
        return Stored(
            array("I", map(number, analysed.title)),
            array("I", map(number, analysed.text)),
            array("I", analysed.sentences),
        )

    def _learn(self, tokens: set[Token], cursor: apsw.Cursor) -> None:
        """Look up the numbers of tokens, and give one to those that have none."""
        if not tokens:
            return
        # Two tokens may have the same keys: those of a process that has forgotten one meanwhile.
        asked = {token: _SEPARATOR.join(token.keys) for token in tokens}
        sql = "SELECT keys, form FROM forms WHERE keys IN (SELECT value FROM json_each(?))"
        every = msgspec.json.encode(sorted({*asked.values()})).decode()
        known = {str(keys): int(str(form)) for keys, form in cursor.execute(sql, (every,)).fetchall()}
        new = {line: token.keys for token, line in asked.items() if line not in known}
        if new:
            ((last,),) = cursor.execute("SELECT coalesce(max(form), 0) FROM forms").fetchall()
            # In order of their keys: neighbours of a tree are written together.
            given = {line: form for form, line in enumerate(sorted(new), int(str(last)) + 1)}
            rows = [(form, line) for line, form in given.items()]
            cursor.executemany("INSERT INTO forms (form, keys) VALUES (?, ?)", rows)
            keys = sorted((key, form) for line, form in given.items() for key in new[line])
            cursor.executemany("INSERT INTO form_keys VALUES (?, ?)", keys)
            known |= given
        self._numbers.update({token: known[line] for token, line in asked.items()})

    def forget(self) -> None:
        """What a transaction that was taken back had numbered must not be remembered."""
        self._numbers.clear()
        self._tokens.clear()

    def analysed(self, stored: Stored) -> Analysed:
        """The tokens of an article that was stored by numbers."""
        missing = {form for form in {*stored.title, *stored.text} if form not in self._tokens}
        if len(self._tokens) + len(missing) >= REMEMBERED:
            self._tokens.clear()
            missing = {*stored.title, *stored.text}
        wanted = sorted(missing)
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            sql = f"SELECT form, keys FROM forms WHERE form IN ({','.join('?' * len(part))})"
            for form, keys in self._connection.execute(sql, part):
                self._tokens[form] = Token(tuple(keys.split(_SEPARATOR)))
        return Analysed(
            title=tuple(map(self._tokens.__getitem__, stored.title)),
            text=tuple(map(self._tokens.__getitem__, stored.text)),
            sentences=tuple(stored.sentences),
        )
