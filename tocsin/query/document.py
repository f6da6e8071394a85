"""An article in memory, asked by plans: its tokens at positions, its attributes, its times."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, compress, repeat
from operator import is_not

from tocsin import records
from tocsin.addresses import site_names
from tocsin.query.meaning import adjacent
from tocsin.query.plan import GAP, Keys
from tocsin.spelling import clean, fold
from tocsin.words import Analysed, Token, spans

_NEVER = datetime.min.replace(tzinfo=UTC)


class Document:
    """An analysed article. Where its words stand, and what its attributes are, is worked out when somebody asks."""

    def __init__(
        self,
        analysed: Analysed,
        attributes: Mapping[str, Iterable[str]],
        times: Mapping[str, datetime | None] | None = None,
        now: datetime = _NEVER,
    ) -> None:
        self.analysed = analysed
        self.title = len(analysed.title)
        self.sentences: Sequence[int] = analysed.sentences
        self.now = now
        self._article: records.Article | None = None
        self._values = {name: frozenset(map(str.casefold, values)) for name, values in attributes.items()}
        self._times = times or {}
        self._positions: dict[Token, list[int]] = {}
        self._last: dict[str, Token] = {}
        self._several: dict[str, list[Token]] = {}
        self._keys: Keys = frozenset()
        self._in_order: list[str] = []
        self._asked: dict[Keys, set[int]] = {}

    @staticmethod
    def of(article: records.Article, analysed: Analysed, now: datetime = _NEVER) -> "Document":
        """The document of an enriched article that arrives now."""
        document = Document(analysed, {}, times(article), now)
        document._article = article
        return document

    def values(self, name: str) -> frozenset[str]:
        """Casefolded values of an attribute."""
        known = self._values.get(name)
        if known is None:
            values = ATTRIBUTES[name](self._article) if self._article and name in ATTRIBUTES else ()
            known = self._values[name] = frozenset(map(str.casefold, values))
        return known

    def time(self, name: str) -> datetime | None:
        """``date`` or ``seen``."""
        return self._times.get(name)

    def token(self, position: int) -> Token:
        """The token at a position of the stream."""
        analysed = self.analysed
        return analysed.title[position] if position < self.title else analysed.text[position - self.title - GAP]

    def sentence(self, position: int) -> int:
        """Number of the sentence at a position of the stream; the title is number 0."""
        at = position - self.title - GAP
        return 0 if at < 0 else 1 + bisect_right(self.sentences, at)

    def positions(self) -> dict[Token, list[int]]:
        """Where each token stands."""
        if not self._positions:
            found: dict[Token, list[int]] = defaultdict(list)
            for position, token in enumerate(self.analysed.title):
                found[token].append(position)
            for position, token in enumerate(self.analysed.text, self.title + GAP):
                found[token].append(position)
            self._positions = dict(found)
        return self._positions

    def starts(self, steps: tuple[Keys, ...]) -> Collection[int]:
        """Positions of the stream at which the steps begin to stand one after the other."""
        return adjacent(steps, self.at)

    def at(self, keys: Keys) -> Collection[int]:
        """Positions of the stream at which a token has one of the keys."""
        known = self._asked.get(keys)
        if known is None:
            positions = self.positions()
            known = self._asked[keys] = set(chain.from_iterable(positions[token] for token in self._meeting(keys)))
        return known

    def _meeting(self, keys: Keys) -> set[Token]:
        if not self._keys:
            self._index()
        found: set[Token] = set()
        # Two sets know the hashes of what they hold; to ask for one key after the other would read it for its own.
        for key in self._keys & keys:
            found.update(self._several.get(key) or (self._last[key],))
        for begin in _beginnings(keys):
            for key in self._beginning(begin):
                found.update(self._several.get(key) or (self._last[key],))
        return found

    def _index(self) -> None:
        """Note which tokens have which keys. Few keys belong to several tokens."""
        tokens = [*self.positions()]
        keys = list(chain.from_iterable([token.keys for token in tokens]))
        owners = list(chain.from_iterable(map(repeat, tokens, [len(token.keys) for token in tokens])))
        self._last = dict(zip(keys, owners, strict=True))
        self._keys = frozenset(self._last)
        others = map(is_not, map(self._last.__getitem__, keys), owners)
        for key, token in compress(zip(keys, owners, strict=True), others):
            self._several.setdefault(key, [self._last[key]]).append(token)

    def _beginning(self, begin: str) -> Sequence[str]:
        """The keys of the article that begin so."""
        if not self._in_order:
            self._in_order = sorted(self._keys)
        first = bisect_left(self._in_order, begin)
        return self._in_order[first : bisect_left(self._in_order, begin + "\U0010ffff", first)]


@lru_cache(100_000)
def _beginnings(keys: Keys) -> tuple[str, ...]:
    """Those of the keys that stand for all that begin so, without their star."""
    return tuple([key[:-1] for key in keys if key[-1] == "*"])


ATTRIBUTES: dict[str, Callable[[records.Article], Iterable[str]]] = {
    "outlet": lambda article: (article.outlet,),
    "outlet_country": lambda article: (article.outlet_country,),
    "site": lambda article: site_names(article.url),
    "lang": lambda article: (article.lang,),
    "kind": lambda article: (article.kind,),
    "author": lambda article: [run for name in article.authors for run in _runs(name)],
    "place": lambda article: article.places,
    "person": lambda article: article.people,
    "org": lambda article: article.organisations,
    "topic": lambda article: article.topics,
    "story": lambda article: (article.story,),
}
"""What filters ask of an article, by the name of the filter."""


def attributes(article: records.Article) -> dict[str, tuple[str, ...]]:
    """All that filters may ask of an article."""
    return {name: tuple(values(article)) for name, values in ATTRIBUTES.items()}


def times(article: records.Article) -> dict[str, datetime | None]:
    """What dates are asked of an article."""
    return {"date": article.published, "seen": article.first_seen}


def _runs(name: str) -> list[str]:
    """Every run of words of an author's name, folded: ``smith`` and ``john smith`` both name him."""
    words = [fold(span.written) for span in spans(clean(name))][:8]
    return [" ".join(words[a:b]) for a in range(len(words)) for b in range(a + 1, len(words) + 1)]
