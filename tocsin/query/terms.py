"""The words that a set of plans asks for, each once, and which of them a token meets."""

from array import array
from collections.abc import Callable, Sequence

from tocsin.query.plan import Keys
from tocsin.words import Token

Fact = int
"""Number of a term, with a bit for a zone: that the term stands in a document, or in that zone of it."""

ALWAYS: Fact = 0
"""What holds of every document."""
NEVER: Fact = 1
"""What holds of none."""
ZONES = {"": 0, "title": 1 << 31, "text": 1 << 30, "lead": 1 << 29}
"""The bit of a zone."""
FIRST = 2
"""The first number of a term."""

Frequency = Callable[[str], float]
"""Share of past articles that have a key."""


class Term:
    """The keys by which a query word or an attribute is met, and what hangs on it. Compared by identity."""

    __slots__ = ("_frequency", "_share", "asked", "attribute", "direct", "entries", "keys", "number", "tokens", "uses")

    def __init__(self, keys: Keys, number: int, frequency: Frequency) -> None:
        self.keys = keys
        self.number = number
        self._frequency = frequency
        self._share = -1.0
        self.uses = 0
        self.asked = 0
        """Plans that must know of a document whether it has this, not only what hangs on it."""
        some = next(iter(keys), "s:")
        self.attribute = "" if some[1:2] == ":" else some.partition("=")[0]
        """The attribute that it is a value of; empty for a word."""
        self.tokens: dict[Token, None] | None = None
        """Tokens that meet it, of those that were seen and are remembered."""
        self.direct: array[int] | None = None
        """Numbers of the plans that are met by this alone."""
        self.entries: array[int] | None = None
        """Six numbers each, as ``tocsin.query.match`` packs them."""

    @property
    def share(self) -> float:
        """Share of past articles that have it, roughly: as its most frequent key."""
        if self._share < 0:
            self._share = max(map(self._frequency, self.keys), default=0.0)
        return self._share

    def has(self, token: Token) -> bool:
        """Whether a token is remembered to meet it."""
        return self.tokens is not None and token in self.tokens

    def remember(self, token: Token) -> None:
        """Remember that a token meets it."""
        if self.tokens is None:
            self.tokens = {}
        self.tokens[token] = None

    def packed_direct(self) -> bytes:
        """``direct`` as bytes."""
        return self.direct.tobytes() if self.direct else b""

    def packed_entries(self) -> bytes:
        """``entries`` as bytes."""
        return self.entries.tobytes() if self.entries else b""


class Index:
    """Key → terms, and the prefixes among the keys."""

    def __init__(self) -> None:
        self._by_key: dict[str, tuple[Term, ...]] = {}
        self._prefixes: dict[str, tuple[Term, ...]] = {}
        self._lengths: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self._by_key) + len(self._prefixes)

    def enter(self, term: Term) -> None:
        """Find the term by its keys from now on."""
        table, alone = self._by_key, (term,)
        for key in term.keys:
            if key[-1] != "*":
                known = table.setdefault(key, alone)
                if known is not alone:
                    table[key] = (*known, term)
            else:
                self._prefixes[key[:-1]] = (*self._prefixes.get(key[:-1], ()), term)
                if len(key) - 1 not in self._lengths:
                    self._lengths = tuple(sorted((*self._lengths, len(key) - 1)))

    def leave(self, term: Term) -> None:
        """Find it no longer."""
        for key in term.keys:
            table, name = (self._prefixes, key[:-1]) if key.endswith("*") else (self._by_key, key)
            rest = tuple(other for other in table.get(name, ()) if other is not term)
            if rest:
                table[name] = rest
            else:
                table.pop(name, None)

    def of_key(self, key: str) -> tuple[Term, ...]:
        """Terms that have a key."""
        return self._by_key.get(key, ())

    def of_token(self, keys: Sequence[str]) -> list[Term]:
        """Terms that a token with these keys meets, each once."""
        found: list[Term] = []
        for key in keys:
            found += self._by_key.get(key, ())
            for length in self._lengths:
                if length > len(key):
                    break
                found += self._prefixes.get(key[:length], ())
        return list(dict.fromkeys(found)) if len(found) > 1 else found


def guess(key: str) -> float:
    """A share for a key of which nothing is known: short words are common, attributes more so."""
    if key[1:2] != ":":
        return 0.5
    return min(0.9, 4.0 / (1 + len(key.rpartition(":")[2].rstrip("*")) ** 2))
