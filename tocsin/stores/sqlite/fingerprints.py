"""Fingerprints in the store's own file, so that a text is registered and filed in one transaction.

``prints`` has a row for each of 65,536 buckets, with all fingerprints of the bucket: at a million texts, a page of the
file. To write a page for each fingerprint of a text would cost more than all else, so that new ones stand in
``fresh_prints``, a row for each text, and every process has these in memory too. With each text a few buckets have
their turn and take up what is fresh.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import apsw
import msgspec

from tocsin.stores.packing import key, packed, unpacked
from tocsin.stores.port import ONCE, Met, Sketch, own_story

_sketch = msgspec.json.Decoder(Sketch)

WINDOW = 45
"""Days after which a text is no candidate any more. Its address and the hash of its text are known for longer."""
MOST = 32
"""Texts that are kept for a fingerprint, the first ones: what more texts share is a habit of speech."""
_BUCKETS = 1 << 16
_TURNS = 4
"""Buckets that have their turn with one text …"""
_ROUND = _BUCKETS // _TURNS
"""… and texts after which all have had one."""
_NEVER = 1 << 62
_ANY_OF = "(SELECT value FROM json_each(?))"


def register(connection: apsw.Connection) -> None:
    """Teach a connection the functions by which sketches are found and, with their postings, made from older ones."""
    functions: dict[str, Callable[..., Any]] = {
        "own_story": own_story,
        "key_of": key,
        "packed_sketch": lambda record: packed(_sketch.decode(record)),
    }
    for name, function in functions.items():
        connection.create_scalar_function(name, function, 1, deterministic=True)
    connection.create_aggregate_function("postings_of", _Gathered, 2)


class _Gathered:
    """All postings of a bucket."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, int]] = []

    def step(self, *row: Any) -> None:
        """One more: the lower half of a mark, and a number."""
        self._rows.append((row[0], row[1]))

    def final(self) -> bytes:
        """The row of the bucket."""
        return _with(b"", sorted(self._rows), 0)


class Fresh:
    """The fresh fingerprints of a store by their buckets: lower halves of the marks, and the text of each."""

    def __init__(self) -> None:
        self.buckets: dict[int, tuple[array[int], array[int]]] = {}
        self._last = 0

    def forget(self) -> None:
        """Forget all: a transaction was taken back."""
        self.buckets.clear()
        self._last = 0

    def catch_up(self, cursor: apsw.Cursor) -> None:
        """Learn what other processes have registered. To be called before one registers anything oneself."""
        rows: Any = cursor.execute(
            "SELECT number, marks FROM fresh_prints WHERE number > ? ORDER BY number", (self._last,)
        )
        for number, marks in rows:
            if number > self._last + _ROUND:
                self.buckets.clear()
            self.add(number, memoryview(marks).cast("I"))
            for bucket in _turn(number):
                self.buckets.pop(bucket, None)

    def add(self, number: int, marks: Iterable[int]) -> None:
        """Learn the marks of a text."""
        self._last = number
        for mark in marks:
            if (bucket := mark >> 16) not in self.buckets:
                self.buckets[bucket] = array("H"), array("I")
            halves, numbers = self.buckets[bucket]
            halves.append(mark & 0xFFFF)
            numbers.append(number)


class SqliteFingerprints:
    """The fingerprints, inside an open transaction. ``move`` belongs before its end."""

    def __init__(self, cursor: apsw.Cursor, fresh: Fresh) -> None:
        self._cursor = cursor
        self._fresh = fresh
        self._registered: list[int] = []
        self._horizon = 0
        fresh.catch_up(cursor)

    def meet(self, sketch: Sketch, prints: Sequence[int], alternates: Sequence[str], limit: int) -> Met:
        """Register a text, and tell which ones were there before."""
        self._horizon = self._first_since(_day(sketch.first_seen) - WINDOW)
        known = self._number(own_story(sketch.article))
        postings = self._postings(prints, _NEVER if known is None else known)
        number = self._register(sketch, postings) if known is None else known
        shared = Counter(other for numbers in postings.values() for other in numbers)
        twice = sum(count > 1 for count in shared.values())
        near = sorted(shared, key=lambda other: (-shared[other], other))[: min(limit, twice + ONCE)]
        rows = dict(self._sketches(sketch, f"number IN {_ANY_OF}", [str(near)])) if near else {}
        same = self._sketches(
            sketch, "text = ? AND number < ? ORDER BY number LIMIT 1", (key(sketch.text_hash), number)
        )
        address = self._sketches(sketch, "address = ? AND number < ? ORDER BY number", (key(sketch.address_id), number))
        others = [
            self._sketches(sketch, "address = ? ORDER BY number DESC LIMIT 1", (key(other),)) for other in alternates
        ]
        return Met(
            address=[found for _, found in address],
            same=same[0][1] if same and sketch.text_hash else None,
            near=[rows[other] for other in near if other in rows],
            alternates=[found for other in others for _, found in other if found.article != sketch.article],
        )

    def settle(self, article: str, story: str) -> None:
        """Say which story a registered text was found to belong to."""
        self.join(own_story(article), story)

    def join(self, story: str, other: str) -> None:
        """Say that two stories are one: the id that was registered first stands for both from now on."""
        one, two = self.root(story), self.root(other)
        if one == two:
            return
        # A story that is not known any more is older than all that are.
        root, younger = sorted((one, two), key=lambda root: (self._number(root) or 0, root))
        self._cursor.execute("UPDATE aliases SET root = ? WHERE root = ?", (root, younger))
        self._cursor.execute("INSERT INTO aliases VALUES (?, ?)", (younger, root))

    def root(self, story: str) -> str:
        """The id that stands for a story today."""
        rows = self._rows("SELECT root FROM aliases WHERE story = ?", (story,))
        return str(rows[0][0]) if rows else story

    def move(self) -> None:
        """Give the next buckets what is fresh of them, and forget what all buckets have taken up."""
        turns = (bucket for number in self._registered for bucket in _turn(number))
        fresh = {bucket: self._fresh.buckets.pop(bucket) for bucket in turns if bucket in self._fresh.buckets}
        old = dict(self._buckets(fresh))
        self._cursor.executemany(
            "INSERT OR REPLACE INTO prints VALUES (?, ?)",
            [
                (bucket, _with(old.get(bucket, b""), zip(*rows, strict=True), self._horizon))
                for bucket, rows in fresh.items()
            ],
        )
        if self._registered:
            self._cursor.execute("DELETE FROM fresh_prints WHERE number <= ?", (self._registered[-1] - _ROUND,))

    def _register(self, sketch: Sketch, postings: dict[int, list[int]]) -> int:
        self._cursor.execute(
            "INSERT INTO sketches (own, address, text, sketch) VALUES (?, ?, ?, ?)",
            (key(own_story(sketch.article)), key(sketch.address_id), key(sketch.text_hash), packed(sketch)),
        )
        number = self._cursor.connection.last_insert_rowid()
        self._cursor.execute("INSERT OR IGNORE INTO days VALUES (?, ?)", (_day(sketch.first_seen), number))
        marks = array("I", [mark for mark, numbers in postings.items() if len(numbers) < MOST])
        self._cursor.execute("INSERT INTO fresh_prints VALUES (?, ?)", (number, marks.tobytes()))
        self._fresh.add(number, marks)
        self._registered.append(number)
        return number

    def _number(self, story: str) -> int | None:
        """The number of the text that a story began with."""
        rows = self._rows("SELECT number FROM sketches WHERE own = ?", (key(story),))
        return int(rows[0][0]) if rows else None

    def _first_since(self, day: int) -> int:
        ((number,),) = self._rows("SELECT min(number) FROM days WHERE day > ?", (day,))
        return number or 0

    def _postings(self, prints: Sequence[int], before: int) -> dict[int, list[int]]:
        """For each fingerprint, as its mark, the numbers of the texts that have it."""
        marks = [_mark(one) for one in prints]
        fresh, buckets = self._fresh.buckets, dict(self._buckets(mark >> 16 for mark in marks))
        found: dict[int, list[int]] = {}
        for mark in marks:
            bucket, half = mark >> 16, mark & 0xFFFF
            numbers = found[mark] = []
            if bucket in fresh and half in fresh[bucket][0]:
                numbers += [number for other, number in zip(*fresh[bucket], strict=True) if other == half]
            if bucket in buckets:
                halves, texts = _opened(buckets[bucket])
                at = bisect_left(halves, half)
                if at < len(halves) and halves[at] == half:
                    numbers += texts[at : bisect_right(halves, half, at)]
            if numbers:
                # Once each: what another process has moved is fresh to this one for a while.
                found[mark] = [it for it in {*numbers} if self._horizon <= it < before]
        return found

    def _buckets(self, buckets: Iterable[int]) -> list[tuple[int, bytes]]:
        return self._rows(f"SELECT bucket, postings FROM prints WHERE bucket IN {_ANY_OF}", [str([*buckets])])

    def _sketches(self, beside: Sketch, where: str, values: Iterable[Any]) -> list[tuple[int, Sketch]]:
        rows = self._rows(f"SELECT number, sketch FROM sketches WHERE {where}", values)
        return [(number, self._unpacked(data, beside)) for number, data in rows]

    def _unpacked(self, data: bytes, beside: Sketch) -> Sketch:
        sketch = unpacked(data, "", beside)
        return msgspec.structs.replace(sketch, story=self.root(own_story(sketch.article)))

    def _rows(self, sql: str, values: Iterable[Any]) -> list[Any]:
        return self._cursor.execute(sql, tuple(values)).fetchall()


def _day(moment: datetime) -> int:
    return int(moment.timestamp() // 86_400)


def _turn(number: int) -> range:
    """The buckets that have their turn with a text."""
    first = number * _TURNS % _BUCKETS
    return range(first, first + _TURNS)


def _mark(fingerprint: int) -> int:
    """A fingerprint with its halves changed: bucket, and the rest.

    The fingerprints of a text are its smallest hashes, so that their upper halves are all alike.
    """
    return (fingerprint & 0xFFFF) << 16 | fingerprint >> 16


def _opened(data: bytes) -> tuple[memoryview, memoryview]:
    """Lower halves of the marks of a bucket, sorted, and beside each the number of its text."""
    count = len(data) // 6
    view = memoryview(data)
    return view[: 2 * count].cast("H"), view[2 * count :].cast("I")


def _with(data: bytes, rows: Iterable[tuple[int, int]], horizon: int) -> bytes:
    """A bucket with further postings, in order of their texts, and without those of texts before ``horizon``."""
    halves, numbers = array("H"), array("I")
    halves.frombytes(data[: len(data) // 3])
    numbers.frombytes(data[len(data) // 3 :])
    if numbers and min(numbers) < horizon:
        kept = [at for at, number in enumerate(numbers) if number >= horizon]
        halves, numbers = array("H", [halves[at] for at in kept]), array("I", [numbers[at] for at in kept])
    for half, number in rows:
        start, end = bisect_left(halves, half), bisect_right(halves, half)
        # What another process has moved already is fresh to this one until the next round.
        if number not in numbers[start:end]:
            halves.insert(end, half)
            numbers.insert(end, number)
    return halves.tobytes() + numbers.tobytes()
