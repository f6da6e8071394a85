"""What the rooms ask of a store. A store is opened in a main and passed; no room knows which one it is.

Every call is durable when it returns. Calls are synchronous; the crawler makes them from a thread of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from tocsin.query.plan import Keys, Plan
from tocsin.records import (
    Alert,
    Article,
    Delivery,
    Drop,
    Feed,
    Listing,
    Notice,
    Outlet,
    PageState,
    Record,
    Story,
    Subscription,
    derived_id,
)
from tocsin.words import Analysed


class Sketch(Record, kw_only=True):
    """What dedupe keeps of a text: enough to compare it with another one without the text."""

    article: str
    story: str
    outlet: str
    lang: str = ""
    address_id: str
    text_hash: str
    title_hash: str
    tokens: int
    shingles: bytes
    """Sorted unsigned 32-bit little-endian hashes of the word shingles outside long quotations."""
    quoted: bytes = b""
    """The same of the shingles that touch a long quotation."""
    denied: bytes = b""
    """Five for each negation: the words before it, two places behind its verb, and two shingles that hold it."""
    lead: bytes = b""
    """Hashes of the words of the first full sentence; the first number tells how many negations stand among them."""
    slots: bytes = b""
    """Pairs for numbers and names: the hash of the words around, and that of the number or name."""
    numbers: tuple[str, ...] = ()
    names: bytes = b""
    """Sorted 32-bit hashes of the words that are written with a capital within a sentence."""
    first_seen: datetime


ONCE = 2
"""Texts that are met although they share but one fingerprint: among a million, most of those share it by chance."""


class Met(NamedTuple):
    """Whom a text met when it was registered: texts that were registered before it."""

    address: list[Sketch]
    """Earlier texts of its address, in order of their versions."""
    same: Sketch | None
    """The first text with its hash."""
    near: list[Sketch]
    """Texts that share most fingerprints, the most alike first; of those that share but one, ``ONCE`` at most."""
    alternates: list[Sketch]
    """The latest texts at the addresses that it names as its other languages."""


def own_story(article: str) -> str:
    """The story that an article is the first one of, until it is found to belong to another."""
    return derived_id("story", article)


class OutletStore(Protocol):
    """The outlets and their feeds: the truth, of which TOML and CSV are import and export forms."""

    def outlets(self, *, active: bool | None = None) -> list[Outlet]:
        """All outlets in order of name, or only the (in)active ones."""

    def put_outlets(self, outlets: Iterable[Outlet]) -> None:
        """Create or replace by name."""

    def remove_outlets(self, names: Iterable[str]) -> int:
        """Forget outlets and their feeds; articles stay. Returns how many were known."""

    def feeds(self, outlet: str = "") -> list[Feed]:
        """All feeds, or those of one outlet."""

    def troubled_feeds(self) -> list[Feed]:
        """Feeds whose last poll failed, in order of their outlets."""

    def put_feeds(self, feeds: Iterable[Feed]) -> None:
        """Create or replace by address."""


class CrawlStore(OutletStore, Protocol):
    """What room one asks beside the outlets."""

    def pages(self, address_ids: Sequence[str]) -> dict[str, PageState]:
        """The known ones among these addresses."""

    def latest(self, address_ids: Sequence[str]) -> dict[str, Article]:
        """The newest text of each of these addresses that has one, by address id."""

    def pages_due(self, outlets: Sequence[str], now: datetime, limit: int) -> list[PageState]:
        """Addresses whose ``due`` has come, the longest due first."""

    def put_pages(self, pages: Iterable[PageState]) -> None:
        """Create or replace by address id."""

    def accept(self, articles: Sequence[Article], pages: Sequence[PageState] = ()) -> list[str]:
        """Store articles as accepted, and what was learnt of their pages, in one transaction.

        Ids that are known already stay as they are. Returns the ids that are new.
        """

    def date_undated(self, listings: Mapping[str, Listing]) -> None:
        """Give articles without a publication time the one that a feed told later, by address id.

        A front page is often ahead of the feed, and some pages print no date at all.
        """

    def drop(self, drops: Iterable[Drop]) -> None:
        """Write down what was left out."""


class Fingerprints(Protocol):
    """Which texts are known, found by what they share, and which stories turned out to be one.

    A text is the first of a story of its own (``own_story``) from the moment it is registered. Whatever is decided
    later makes that story one with another, so that nobody has to wait for anybody's decision.
    """

    def meet(self, sketch: Sketch, prints: Sequence[int], alternates: Sequence[str], limit: int) -> Met:
        """Register a text, and tell which ones were there before: at most ``limit`` near ones.

        ``alternates`` are address ids. One step: of two copies that come at once, one meets the other. A text that was
        registered already is not registered again, and meets those before it. Raises FingerprintsMissing where they
        have to be rebuilt first.
        """

    def settle(self, article: str, story: str) -> None:
        """Say which story a registered text was found to belong to."""

    def join(self, story: str, other: str) -> None:
        """Say that two stories are one: the id that was registered first stands for both from now on."""

    def root(self, story: str) -> str:
        """The id that stands for a story today; a story that was never joined stands for itself."""


class SharedFingerprints(Fingerprints, Protocol):
    """Fingerprints that stand beside a store and may be lost: the store is the truth."""

    def rebuild(self, registered: Iterable[tuple[Sketch, Sequence[int]]], joined: Iterable[tuple[str, str]]) -> bool:
        """Fill in the texts of a store in order of their filing, with their stories, and what stories were joined.

        What is there already stays. False where somebody else is at it.
        """


class FingerprintsMissing(Exception):  # noqa: N818 - named by what has happened, as all errors of the house
    """Fingerprints were lost, or never made. What is filed now could not meet what was filed before."""


class Filing(Fingerprints, Protocol):
    """One open write transaction of filing: reads see its own writes, and commit comes with leaving it."""

    def file(self, article: Article, sketch: Sketch, prints: Sequence[int], analysed: Analysed) -> bool:
        """Move an accepted article to filed, its text registered and its story settled.

        False where its lease was lost to another worker.
        """


class Publishing(Protocol):
    """One open write transaction of publishing."""

    def make_ready(self, article: Article, analysed: Analysed, now: datetime) -> int | None:
        """Move a filed article to ready, searchable, with the next arrival number. None where its lease was lost."""

    def alert_of(self, subscription: str, story: str) -> Alert | None:
        """The alert of a subscription and a story, if there is one."""

    def put_alert(self, alert: Alert) -> None:
        """Create or replace."""

    def put_notice(self, notice: Notice, deliveries: Sequence[Delivery]) -> None:
        """Create a notice and its deliveries; known ones stay as they are."""


class RoadStore(Protocol):
    """What room two asks."""

    def claim(self, limit: int, lease_seconds: float, now: datetime) -> list[Article]:
        """Lease accepted or filed articles whose lease is free or over; their ``attempts`` and ``lease`` have grown.

        One that was leased before comes first and alone: if it kills its worker, that counts against it and no other.
        """

    def release(self, articles: Sequence[Article]) -> None:
        """Give back articles whose lease is still the claimed one: free at once, and this attempt does not count."""

    def tokens(self, article_id: str) -> Analysed | None:
        """Tokens as stored at filing; None where there are none, or an older analyser made them."""

    def frequencies(self, sample: int = 300) -> dict[str, float]:
        """Share of the newest articles that have a key, for the keys that stand in more than one of them."""

    def outdated(self, analyser: int, limit: int) -> list[Article]:
        """Ready articles whose words an older analyser read, in order of arrival."""

    def reindex(self, articles: Sequence[tuple[Article, Analysed]]) -> None:
        """Put ready articles into the index anew, with the words of this analyser. Nobody is told of it."""

    def filing(self) -> AbstractContextManager[Filing]:
        """Open one write transaction."""

    def publishing(self) -> AbstractContextManager[Publishing]:
        """Open one write transaction."""

    def park(self, article: Article, reason: str, now: datetime) -> None:
        """Put an article aside with a reason, under its lease."""

    def subscriptions(self) -> tuple[int, list[Subscription]]:
        """The generation of the subscription set, and the set."""

    def deliveries_due(self, now: datetime, limit: int) -> list[tuple[Delivery, Notice]]:
        """Deliveries that wait and whose next try has come, the oldest first."""

    def put_delivery(self, delivery: Delivery) -> None:
        """Record how an attempt went."""


class ReaderStore(Protocol):
    """What readers ask: the desk, the command line, messages."""

    def search(
        self, plan: Plan | None, *, limit: int, before: int | None = None, after: int = 0, stories: bool = False
    ) -> list[Article]:
        """Ready articles that meet the plan (all where it is None), newest arrival first.

        ``before`` and ``after`` bound the arrival numbers; ``stories`` leaves one article of each story.
        """

    def count(self, plan: Plan | None, most: int = 10_000) -> int:
        """How many ready articles meet the plan; one more than ``most`` means: more than so many."""

    def forms(self, keys: Keys, limit: int = 100) -> list[tuple[str, int]]:
        """Words of the store that have one of the keys, folded, and in how many articles; the most frequent first."""

    def articles(self, ids: Sequence[str]) -> dict[str, Article]:
        """Articles by id."""

    def alert(self, alert: str) -> Alert | None:
        """One alert by id."""

    def members(self, story_id: str) -> list[Article]:
        """The articles of a story in order of filing."""

    def root(self, story_id: str) -> str:
        """The id that stands for a story today: that of the older one where two proved to be one."""

    def story(self, story_id: str) -> Story | None:
        """A story with its outlets and the number of its texts."""

    def kinship(self, article: Article) -> str:
        """Why an article was joined to its story, in one sentence; empty where its text was new."""

    def related(self, article: Article, limit: int = 5) -> list[tuple[Article, float]]:
        """Articles of other stories that are likely to be about the same events, with a score of 0 to 1."""

    def alerts(self, *, since: datetime | None = None, limit: int = 100) -> list[tuple[Alert, list[Notice]]]:
        """Alerts with their notices, newest first."""

    def deliveries(self, notice: str) -> list[Delivery]:
        """How one notice went, channel by channel."""

    def why(self, url: str) -> list[dict[str, Any]]:
        """The whole history of one address, oldest line first: ``{at, what, detail}``."""

    def overview(self) -> dict[str, Any]:
        """Counts for a summary.

        ``{"outlets", "pages", "accepted", "filed", "ready", "parked", "texts", "copies", "versions", "alerts",
        "notices", "delivered", "waiting", "failed": int, "drops": {reason: int}, "last_arrival": datetime | None}``
        """
