"""What goes from one store to another: every kind of row in one form, whatever the stores make of it.

A row is the same on both sides where its digest is. What may differ is left out of it: the number of an arrival, of
which only the order counts, and a lease, which nobody holds while a store is copied.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec

from tocsin.records import Alert, Article, Delivery, Drop, Feed, Notice, Outlet, PageState, Subscription, derived_id
from tocsin.stores.port import SharedFingerprints, Store
from tocsin.words import Analysed

T = TypeVar("T")

KINDS = (
    "outlets", "feeds", "pages", "subscriptions", "former-subscriptions", "generation", "stories", "alerts",
    "deliveries", "drops", "arrivals", "articles",
)  # fmt: skip
"""In the order in which they are copied: what an article on its way may meet is there before it."""


class Told(NamedTuple):
    """An alert with its notices."""

    alert: Alert
    notices: tuple[Notice, ...]
    copies: int
    """Articles that its subscription met without an alert of their own, among those that are there of its story: for
    two alerts whose stories proved to be one, the same number. What SQLite counted stays when they are pruned."""


class Sent(NamedTuple):
    """A delivery, and the notice that it carries."""

    delivery: Delivery
    notice: Notice


class Left(NamedTuple):
    """A drop, and how many that are equal to it come before it."""

    drop: Drop
    nth: int


class Arrived(NamedTuple):
    """An article in the order in which readers see them."""

    article: str
    address_id: str
    first_seen: datetime
    ready_at: datetime


class Text(NamedTuple):
    """An article with all that a store keeps of it."""

    article: Article
    analysed: Analysed | None
    ready_at: datetime | None
    matched: tuple[str, ...]
    """Subscriptions that it met. SQLite only knows how many of a story did: then the first ones of them."""


class Moved(NamedTuple):
    """A row on its way."""

    id: str
    record: Outlet | Feed | PageState | Subscription | int | str | Told | Sent | Left | Arrived | Text
    """By kind; of a story the id that stands for it, of the generation its number."""


class Copying(Protocol):
    """A store from which and into which rows are moved."""

    def sizes(self) -> dict[str, int]:
        """How many rows there are of each kind."""

    def moved(self, kind: str, only: Sequence[str] | None = None) -> Iterator[Moved]:
        """The rows of a kind: arrivals in their order, articles in that of their acceptance.

        ``only`` leaves the articles that have one of these ids.
        """

    def put_moved(self, kind: str, rows: Sequence[Moved]) -> None:
        """Write rows of a kind; what stands there under their ids is replaced. Leases are free, arrivals given anew."""

    def registering(self) -> SharedFingerprints | None:
        """Where the texts of the store are registered; None where nobody does before the workers begin."""

    def leased(self, now: datetime) -> int:
        """How many articles somebody is working on."""

    def set_copied_from(self, number: int | None) -> None:
        """Write down which store is being copied into this one."""


class CopyingStore(Store, Copying, Protocol):
    """A whole store that can be copied."""


def digest(kind: str, row: Moved) -> bytes:
    """Sixteen bytes that tell a row from any other one of its kind."""
    return blake2b(b"\0".join((kind.encode(), row.id.encode(), _content(row.record))), digest_size=16).digest()


def _content(record: Any) -> bytes:
    if isinstance(record, Text):
        known = msgspec.structs.replace(
            record.article, arrival=None, lease_until=None, attempts=attempts_of(record.article)
        )
        return b"\0".join((known.to_json(), _moment(record.ready_at), _tokens(record.analysed)))
    if isinstance(record, Told):
        alert = msgspec.structs.replace(record.alert, copies=record.copies)
        return msgspec.json.encode([alert, sorted(record.notices, key=lambda notice: notice.id)])
    if isinstance(record, Left):
        return _plain(record.drop)
    if isinstance(record, Arrived):
        return b""
    return msgspec.json.encode(record.delivery if isinstance(record, Sent) else record)


def attempts_of(article: Article) -> int:
    """The attempts with which an article goes on: one that is filed counts as tried in every store."""
    return max(article.attempts, article.state == "filed")


def _moment(moment: datetime | None) -> bytes:
    return moment.astimezone(UTC).isoformat().encode() if moment else b""


def _tokens(analysed: Analysed | None) -> bytes:
    if analysed is None or not (analysed.title or analysed.text):
        return b""
    parts = analysed.keys("title"), analysed.keys("text"), list(analysed.sentences)
    return blake2b(msgspec.msgpack.encode(parts), digest_size=16).digest()


def _plain(drop: Drop) -> bytes:
    return msgspec.structs.replace(drop, at=drop.at.astimezone(UTC), detail=drop.detail[:500]).to_json()


def numbered(drops: Iterable[Drop]) -> Iterator[Moved]:
    """Drops in order of their times, each with an id: they have none of their own, and some are equal."""
    seen: Counter[bytes] = Counter()
    second = 0
    for drop in drops:
        if second != (second := int(drop.at.timestamp())):
            seen.clear()
        content = _plain(drop)
        nth = seen[content]
        seen[content] += 1
        yield Moved(derived_id("drop", content.decode(), str(nth)), Left(drop, nth))


def batches(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of ``size`` at the most."""
    source = iter(rows)
    while batch := list(islice(source, size)):
        yield batch
