"""What the rooms ask of a store. A store is opened in a main and passed; no room knows which one it is.

Every call is durable when it returns. Calls are synchronous; the crawler makes them from a thread of its own.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
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
    near_id,
)
from tocsin.stores.upkeep import Finding, Requeued
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


ONCE = 1
"""Texts that are met although they share but one fingerprint: among a million, most of those share it by chance …"""
LATELY = 3
"""… and days for which they are: a text that is older has to share more to be a copy's."""
FIRST, NEWEST = 8, 24
"""Texts that are kept of a fingerprint: the first ones of the window, and the newest. What more share is a habit of
speech; the first ones tell that it is one, and among the newest are the copies."""


class Met(NamedTuple):
    """Whom a text met when it was registered: texts that were registered before it."""

    address: list[Sketch]
    """Earlier texts of its address, in order of their versions."""
    same: Sketch | None
    """The first text with its hash."""
    near: list[Sketch]
    """Texts that share most fingerprints, the most alike and then the newest first; of late ones that share but one
    ``ONCE`` at most. Of a fingerprint that many have, the ``FIRST`` ones and the ``NEWEST`` count."""
    alternates: list[Sketch]
    """The latest texts at the addresses that it names as its other languages."""


def own_story(article: str) -> str:
    """The story that an article is the first one of, until it is found to belong to another."""
    return derived_id("story", article)


def former_id(subscription: Subscription) -> str:
    """The id of a subscription as it was in one of its versions. Removed and made again, it begins with 1 anew."""
    return derived_id("former", subscription.id, subscription.created.isoformat(), str(subscription.version))


def in_order(former: Iterable[Subscription]) -> list[Subscription]:
    """Former versions of a subscription, oldest first."""
    return sorted(former, key=lambda it: (it.created, it.version))


def alert_id(subscription: str, story: str) -> str:
    """The id of the alert of a subscription and a story, as frozen at the filing of the article that makes it."""
    return near_id(story, "alert", subscription, story)


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

    def articles(self, ids: Sequence[str]) -> dict[str, Article]:
        """Articles by id."""

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

    KEPT: timedelta
    """For how long a text is known."""

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

    def make_ready(self, article: Article, analysed: Analysed, now: datetime) -> bool:
        """Move a filed article to ready, searchable, with the next arrival number. False where its lease was lost."""

    def roots(self, stories: Collection[str]) -> dict[str, str]:
        """The id that stands for each of these stories today."""

    def alerts_of(self, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], Alert]:
        """The alerts that there are of these subscriptions and stories, made under whichever id of the story."""

    def told_of(self, articles: Collection[str]) -> list[tuple[Alert, list[Notice]]]:
        """The alerts of which a notice tells one of these articles, each with all its notices, oldest first."""

    def notices_of(self, alerts: Collection[str]) -> dict[str, list[Notice]]:
        """The notices of each of these alerts that has any, oldest first."""

    def rung_since(self, subscription: str, since: datetime) -> int:
        """How many alerts of a subscription were made from a moment on, those gathered here among them.

        Others who publish at the same moment may not be seen.
        """

    def put_alert(self, alert: Alert) -> None:
        """Create; a known one stays as it is."""

    def put_match(self, alert: Alert, article: Article) -> None:
        """Record that another article of the alert's story met its subscription. A version is not counted as a copy."""

    def put_notice(self, notice: Notice, deliveries: Sequence[Delivery]) -> None:
        """Create a notice and its deliveries; known ones stay as they are."""


class Hint(NamedTuple):
    """All that a message tells of a text that waits: where its row is."""

    article: str
    address: str
    """Its address id."""


class RoadStore(Protocol):
    """What room two asks."""

    fingerprints: SharedFingerprints | None
    """Those that stand beside the store; None where it keeps them itself."""

    def claim(self, limit: int, lease_seconds: float, now: datetime) -> list[Article]:
        """Lease accepted or filed articles whose lease is free or over; their ``attempts`` and ``lease`` have grown.

        One that was leased before comes first and alone: if it kills its worker, that counts against it and no other.
        """

    def claim_these(self, hints: Sequence[Hint], lease_seconds: float, now: datetime) -> list[Article]:
        """Lease those of these articles that are accepted or filed and whose lease is free or over.

        Those that were never leased come together; else one that was, alone.
        """

    def overdue(self, now: datetime, grace_seconds: float, limit: int) -> list[tuple[Hint, str]]:
        """Articles that nobody carries, with their states, the oldest first: their lease is over, or they were accepted
        longer ago than the grace and never leased.
        """

    def release(self, articles: Sequence[Article]) -> None:
        """Give back articles whose lease is still the claimed one: free at once, and this attempt does not count."""

    def tokens(self, article_id: str) -> Analysed | None:
        """Tokens as stored at filing; None where there are none, or an older analyser made them."""

    def frequencies(self, sample: int = 300) -> dict[str, float]:
        """Share of the newest articles that have a key, for the keys that stand in more than one of them."""

    def outdated(self, analyser: int, limit: int) -> list[Article]:
        """Ready articles whose words an older analyser read, in order of arrival."""

    def outdated_count(self, analyser: int) -> int:
        """How many ready articles an older analyser read."""

    def reindex(self, articles: Sequence[tuple[Article, Analysed]]) -> None:
        """Put ready articles into the index anew, with the words of this analyser. Nobody is told of it."""

    def filing(self) -> AbstractContextManager[Filing]:
        """Gather what is filed; it is written when the block ends well."""

    def publishing(self) -> AbstractContextManager[Publishing]:
        """Gather what is published; it is written when the block ends well."""

    def park(self, article: Article, reason: str, now: datetime) -> None:
        """Put an article aside with a reason, under its lease."""

    def generation(self) -> int:
        """A number that grows with each change of the subscription set."""

    def subscriptions(self) -> list[Subscription]:
        """All subscriptions, in order of their ids."""

    def put_subscription(self, subscription: Subscription) -> None:
        """Create or replace by id."""

    def put_subscriptions(self, subscriptions: Sequence[Subscription]) -> None:
        """Create or replace many by id, as one change of the set."""

    def remove_subscription(self, subscription_id: str) -> bool:
        """Forget a subscription; its alerts and its history stay. False where it was not known."""

    def subscription_history(self, subscription_id: str) -> list[Subscription]:
        """What a subscription was before each of its edits, and last before its removal, oldest first.

        Of two edits of one version the first one's record is kept.
        """

    def deliveries_due(self, now: datetime, limit: int) -> list[tuple[Delivery, Notice]]:
        """Deliveries that wait and whose next try has come, the oldest first. They may be taken by others."""

    def take_deliveries(
        self, now: datetime, limit: int, lease_seconds: float, without: Collection[str] = ()
    ) -> list[tuple[Delivery, Notice]]:
        """The same, but for those to some channels, and nobody else is given them as long as the lease lasts."""

    def keep_deliveries(self, ids: Collection[str], now: datetime, lease_seconds: float) -> None:
        """Lease deliveries that were taken, and wait still, for so long from now."""

    def put_deliveries(self, deliveries: Collection[Delivery]) -> None:
        """Record how attempts went, which ends their leases. What was delivered stays so."""


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

    def subscriptions_by_id(self, ids: Collection[str]) -> dict[str, Subscription]:
        """The known ones among these subscriptions, by id."""

    def alerts_by_id(self, ids: Collection[str]) -> dict[str, Alert]:
        """Alerts by id as they were made: what matched since is not counted."""

    def arrival_at(self, when: datetime) -> int:
        """The last arrival number given before a moment; 0 where there is none."""

    def walk(self, *, after: int = 0) -> Iterator[Article]:
        """All ready articles in order of arrival, without holding them in memory.

        Whoever goes on behind the last of them later misses none.
        """

    def on_their_way(self) -> Iterator[Article]:
        """Articles that are accepted or filed and not ready yet, in order of acceptance."""

    def versions(self, address: str) -> list[Article]:
        """The texts of one address id whose version is decided, in order of their acceptance."""

    def newer(self, ids: Sequence[str]) -> dict[str, Article]:
        """Of those among these articles whose address has had another text since, by id: its newest ready one."""

    def members(self, story_id: str) -> list[Article]:
        """The articles of a story in order of filing."""

    def root(self, story_id: str) -> str:
        """The id that stands for a story today: that of the older one where two proved to be one."""

    def joined(self) -> list[tuple[str, str]]:
        """Stories that turned out to be one with an older one, and the id that stands for both."""

    def story(self, story_id: str) -> Story | None:
        """A story with its outlets and the number of its texts."""

    def kinship(self, article: Article) -> str:
        """Why an article was joined to its story, in one sentence; empty where its text was new."""

    def related(self, article: Article, limit: int = 5) -> list[tuple[Article, float]]:
        """Articles of other stories that are likely to be about the same events, with a score of 0 to 1."""

    def alerts(self, *, since: datetime | None = None, limit: int = 100) -> list[tuple[Alert, list[Notice]]]:
        """Alerts with their notices, newest first."""

    def told(self) -> dict[str, tuple[int, int]]:
        """For each subscription that rang: how many stories, and how many further copies of them."""

    def notices(self, alert: str) -> list[Notice]:
        """The notices of one alert, oldest first."""

    def deliveries(self, notice: str) -> list[Delivery]:
        """How one notice went, channel by channel."""

    def delivery(self, delivery: str) -> tuple[Delivery, Notice] | None:
        """One delivery by id, and what it carries."""

    def why(self, url: str) -> list[dict[str, Any]]:
        """The whole history of one address, oldest line first: ``{at, what, detail}``."""

    def health(self, outlet: str) -> dict[str, Any]:
        """How an outlet does: ``{feeds, articles, last_article, checked, error}``, the error being a feed's last."""

    def overview(self) -> dict[str, Any]:
        """Counts for a summary.

        ``{"outlets", "pages", "accepted", "filed", "ready", "parked", "texts", "copies", "versions", "alerts",
        "notices", "delivered", "waiting", "failed": int, "drops": {reason: int}, "last_arrival": datetime | None}``
        """

    def traffic(self, now: datetime, today: datetime) -> dict[str, Any]:
        """What moves and what stands still at this moment.

        ``{"oldest": {"accepted", "filed": datetime | None}, "leased", "refused": int, "per_minute": {"seen", "ready":
        float}, "drops_today": {reason: int}, "deliveries": {channel: {"waiting", "retried", "failed": int}}, "heard":
        [outlets that brought a text within a day]}``; ``today`` is when the day began, and who is retried waits too.
        """

    def spans(self, since: datetime) -> dict[str, list[float]]:
        """The seconds behind ``lags``: of each text and each delivery, at most the newest ``SAMPLE`` of a stretch."""

    def finished(self) -> datetime | None:
        """When an article became ready last."""

    def last_seen(self) -> dict[str, datetime]:
        """When each active outlet brought a text last; those that never did are left out."""

    def size(self) -> int:
        """Bytes of disk that the store takes, copies on other nodes included."""

    def lags(self, since: datetime) -> dict[str, dict[str, float]]:
        """How long texts that became ready since, and what was delivered since, were on each stretch, in seconds.

        ``{"published → seen", "seen → ready", "ready → told": {"of": number, "p50", "p95": seconds}}``
        """


class Store(CrawlStore, RoadStore, ReaderStore, Protocol):
    """A whole store, as a main opens it."""

    def backup(self, target: Path) -> None:
        """An exact copy of the store as of now, also while the road is running. Raises UserError where it has none."""

    def copied_from(self) -> int | None:
        """The number of the store that is being copied into this one; None where none is."""

    def check(self) -> str:
        """``ok``, or what the engine finds wrong with itself."""

    def examine(self, now: datetime) -> list[Finding]:
        """How the store and its servers are, within some seconds. Raises UserError where one goes away meanwhile."""

    def requeue(self, reason: str, now: datetime, *, dry_run: bool) -> Requeued:
        """Put parked articles back to accepted, and write rows again that the server refused, where the reason says so.

        ``reason`` is a part of it, in any case; empty means all. The history of each address tells of it.
        """

    def prune(self, now: datetime, *, dry_run: bool) -> dict[str, int]:
        """Remove what is past its retention; returns rows per kind. Addresses stay, so nothing returns as new."""

    def close(self) -> None:
        """End all connections."""
