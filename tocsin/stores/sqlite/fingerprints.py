"""Fingerprints in the store's own file, so that a text is registered and filed in one transaction.

``prints`` has a row for each of 65,536 buckets, with all fingerprints of the bucket: at a million texts, a page of the
file. To write a page for each fingerprint of a text would cost more than all else, so that new ones stand in
``fresh_prints``, a row for each text, and every process has these in memory too. With each text a few buckets have
their turn and take up what is fresh.

A bucket is bytes in three columns, in order of the texts: the third byte of each fingerprint, the fourth, and the
number of its text. The first column is searched at the speed of ``memchr``.
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import apsw
import msgspec

from tocsin.stores.packing import key, packed, unpacked
from tocsin.stores.port import FIRST, LATELY, NEWEST, ONCE, Met, Sketch, own_story

_sketch = msgspec.json.Decoder(Sketch)

WINDOW = 45
"""Days after which a text is no candidate any more. Its address and the hash of its text are known for longer."""
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
        data = b""
        for number, half in sorted((number, half) for half, number in self._rows):
            data = _with(data, half.to_bytes(2, "little") + number.to_bytes(4, "little"))
        return data


class Fresh:
    """The fresh fingerprints of a store by their buckets."""

    def __init__(self) -> None:
        self.buckets: dict[int, bytes] = {}
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
        its = number.to_bytes(4, "little")
        for mark in marks:
            bucket = mark >> 16
            self.buckets[bucket] = _with(self.buckets.get(bucket, b""), (mark & 0xFFFF).to_bytes(2, "little") + its)


class SqliteFingerprints:
    """The fingerprints, inside an open transaction. ``move`` belongs before its end."""

    def __init__(self, cursor: apsw.Cursor, fresh: Fresh) -> None:
        self._cursor = cursor
        self._fresh = fresh
        self._registered: list[int] = []
        self._horizon = 0
        self._firsts: dict[int, int] = {}
        fresh.catch_up(cursor)

    def meet(self, sketch: Sketch, prints: Sequence[int], alternates: Sequence[str], limit: int) -> Met:
        """Register a text, and tell which ones were there before."""
        day = _day(sketch.first_seen)
        self._horizon = self._first_since(day - WINDOW)
        known = self._number(own_story(sketch.article))
        marks = [_mark(one) for one in prints]
        lately = self._first_since(day - LATELY)
        near = self._near(marks, _NEVER if known is None else known, lately)[:limit] if limit else []
        number = self._register(sketch, marks) if known is None else known
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
            [(bucket, self._moved(old.get(bucket, b""), data)) for bucket, data in fresh.items()],
        )
        if self._registered:
            self._cursor.execute("DELETE FROM fresh_prints WHERE number <= ?", (self._registered[-1] - _ROUND,))

    def _moved(self, old: bytes, fresh: bytes) -> bytes:
        # What another process has moved already is fresh to this one until the next round.
        last = int.from_bytes(old[-4:], "little")
        return _with(_since(old, self._horizon), _since(fresh, last + 1))

    def _register(self, sketch: Sketch, marks: Sequence[int]) -> int:
        self._cursor.execute(
            "INSERT INTO sketches (own, address, text, sketch) VALUES (?, ?, ?, ?)",
            (key(own_story(sketch.article)), key(sketch.address_id), key(sketch.text_hash), packed(sketch)),
        )
        number = self._cursor.connection.last_insert_rowid()
        self._cursor.execute("INSERT OR IGNORE INTO days VALUES (?, ?)", (_day(sketch.first_seen), number))
        if self._cursor.connection.changes():
            self._firsts.clear()
        self._cursor.execute("INSERT INTO fresh_prints VALUES (?, ?)", (number, array("I", marks).tobytes()))
        self._fresh.add(number, marks)
        self._registered.append(number)
        return number

    def _number(self, story: str) -> int | None:
        """The number of the text that a story began with."""
        rows = self._rows("SELECT number FROM sketches WHERE own = ?", (key(story),))
        return int(rows[0][0]) if rows else None

    def _first_since(self, day: int) -> int:
        """The first number after a day; one that no text has, where there was none."""
        if day not in self._firsts:
            ((number,),) = self._rows("SELECT min(number) FROM days WHERE day > ?", (day,))
            self._firsts[day] = number or _NEVER
        return self._firsts[day]

    def _near(self, marks: Sequence[int], before: int, lately: int) -> list[int]:
        """The numbers of texts that have most of the marks, the most alike and then the newest first."""
        fresh, buckets = self._fresh.buckets, dict(self._buckets(mark >> 16 for mark in marks))
        shared: Counter[int] = Counter()
        for mark in marks:
            bucket, half = mark >> 16, mark & 0xFFFF
            numbers = _numbers(fresh.get(bucket, b""), half) + _numbers(buckets.get(bucket, b""), half)
            if numbers:
                # Once each: what another process has moved is fresh to this one for a while.
                kept = [it for it in dict.fromkeys(numbers) if self._horizon <= it < before]
                shared.update(kept if len(kept) <= FIRST + NEWEST else kept[:NEWEST] + kept[-FIRST:])
        more = sorted((other for other in shared if shared[other] > 1), key=lambda other: (-shared[other], -other))
        once = sorted((other for other in shared if shared[other] == 1 and other >= lately), reverse=True)
        return more + once[:ONCE]

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


def _numbers(data: bytes, half: int) -> list[int]:
    """Texts of a bucket that have a fingerprint, the newest first."""
    count = len(data) // 6
    found = []
    for at in _places(data, half):
        start = 2 * count + 4 * at
        found.append(int.from_bytes(data[start : start + 4], "little"))
    return found


def _places(data: bytes, half: int) -> list[int]:
    """Where the postings of a fingerprint stand in a bucket, the newest first."""
    count = len(data) // 6
    low, high, found = half & 0xFF, half >> 8, []
    at = data.rfind(low, 0, count)
    while at >= 0:
        if data[count + at] == high:
            found.append(at)
        at = data.rfind(low, 0, at)
    return found


def _since(data: bytes, horizon: int) -> bytes:
    """A bucket without the texts before ``horizon``."""
    count = len(data) // 6
    first = bisect_left(memoryview(data)[2 * count :].cast("I"), horizon) if count else 0
    return data[first:count] + data[count + first : 2 * count] + data[2 * count + 4 * first :] if first else data


def _with(data: bytes, newer: bytes) -> bytes:
    """A bucket with the postings of another one, which come later; of each fingerprint the first and the newest."""
    count, more = len(data) // 6, len(newer) // 6
    lows, highs, numbers = newer[:more], newer[more : 2 * more], newer[2 * more :]
    data = b"".join((data[:count], lows, data[count : 2 * count], highs, data[2 * count :], numbers))
    if count >= FIRST + NEWEST:
        for low, high in {*zip(lows, highs, strict=True)}:
            # Of one byte there are seldom so many.
            if data.count(low, 0, len(data) // 6) > FIRST + NEWEST:
                for at in _places(data, high << 8 | low)[NEWEST:-FIRST]:
                    data = _without(data, at)
    return data


def _without(data: bytes, at: int) -> bytes:
    """A bucket without the posting at a place."""
    count = len(data) // 6
    number = 2 * count + 4 * at
    return data[:at] + data[at + 1 : count + at] + data[count + at + 1 : number] + data[number + 4 :]
