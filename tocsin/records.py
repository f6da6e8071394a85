"""The glossary: every word of the house as a frozen, typed record.

A record says what a thing *is*; what is done with it stands in the rooms. Times are aware and in UTC unless a
field says otherwise. Identifiers are derived from what they name, so that making a record twice makes one record.

Outlet        a publisher that is watched: its start page, its pace, its zone
Rule          how the pages of one layout of an outlet are read, piece by piece
Feed          an address of an outlet that lists articles: RSS, Atom, a sitemap, a front page, a section front
Listing       what a feed says of one address, before it is fetched
PageState     what the crawler remembers of one address: when it was fetched, when it is due again
Page          the bytes of one address as fetched, with the HTTP facts around them
Article       one text under one headline at one address: what the spiders deliver and the workers carry along the road
Story         one text, whoever published it: the original, its copies and its versions
Subscription  a query, and the channels that hear of what meets it
Muted         a story or series of which a subscription tells nothing any more
Alert         a subscription and a story, for ever one row
Notice        one message of an alert: first, added, grown, corrected, gone
Delivery      one notice on its way to one channel, with its attempts
Drop          a thing that was left out, and the reason
"""

import hashlib
from datetime import date, datetime
from typing import Any, Literal, TypeAlias, dataclass_transform

import msgspec

SCHEMA = 1
"""Version of the records as they stand in rows, hints and exported lines."""

FeedKind = Literal["feed", "sitemap", "front", "section"]
State = Literal["accepted", "filed", "ready", "parked"]
Relation = Literal["original", "copy", "copy with additions", "version", "translation"]
Kind = Literal["article", "live", "entry", "bulletin", "gallery", "video", "other", "withdrawn"]
"""``bulletin`` is a round-up of many short items; ``other`` a page that was read only because a person named it;
``withdrawn`` stands, without a text, where a page is no longer there."""
NoticeKind = Literal["first", "added", "grown", "corrected", "gone"]
DeliveryState = Literal["waiting", "delivered", "failed", "muted"]
"""``muted``: the reader asked not to be told, and why stands in its error; nothing is sent."""
Rhythm = Literal["immediate", "hourly", "daily", "weekly"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class Record(msgspec.Struct, frozen=True):
    """Base of all records: frozen, compared by value, written and read as JSON."""

    def to_json(self) -> bytes:
        """The record as one JSON object, field names as written here."""
        return msgspec.json.encode(self)

    def to_dict(self) -> dict[str, Any]:
        """The record as plain JSON types."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain


Day: TypeAlias = date


class Rule(Record):
    """How the pages of one layout of an outlet are read: CSS selectors, each of which overrides one piece.

    A piece is what its selector finds first: the text of the element, or with ``@name`` behind the selector that
    attribute. An empty selector overrides nothing.
    """

    since: Day | None = None
    """First day of the layout; None means: of old. Of several rules the newest one that gives a piece gives it."""
    pages: str = ""
    """Beginning of the addresses it is for, whole or from the path on, ``*`` for anything; empty means all pages."""
    title: str = ""
    body: str = ""
    """Elements that hold the text; all that are found, in the order of the page."""
    drop: tuple[str, ...] = ()
    """Elements that are taken out before anything is read."""
    date: str = ""
    modified: str = ""
    authors: str = ""
    """Elements that name an author each, or several in one line; all that are found."""
    section: str = ""
    image: str = ""


class Outlet(Record):
    """A publisher that is watched. Nothing of the shipped catalogue is ``active`` until somebody enables it."""

    name: str
    """Unique, short, lower case with hyphens: ``kyiv-independent``. Used in queries as ``outlet:``."""
    home: str
    """Start page, an http(s) address."""
    title: str = ""
    country: str = ""
    """ISO 3166-1 alpha-2, lower case; empty where unknown."""
    lang: str = ""
    """ISO 639-1 of most of its articles; empty where unknown or mixed."""
    timezone: str = ""
    """IANA zone of the dates it prints without one; empty where unknown: such dates then stay without a zone."""
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    """Section fronts; empty means: found from the start page."""
    pace: float = 2.0
    """Least seconds between two requests to one host of the outlet."""
    every: float = 600.0
    """Seconds between two polls of a feed, where the feed does not ask for longer."""
    proxy: str = ""
    verified: bool = False
    """True once a person has seen the outlet crawled correctly."""
    active: bool = True
    rules: tuple[Rule, ...] = ()
    """What its pages are read by, where the general reading gets a piece wrong; in the order of the file."""


class Feed(Record):
    """An address of an outlet that lists articles, and the state of polling it."""

    url: str
    outlet: str
    kind: FeedKind
    etag: str = ""
    last_modified: str = ""
    due: datetime | None = None
    """When to poll next; None means at once."""
    checked: datetime | None = None
    changed: datetime | None = None
    """Last poll that listed something new."""
    failures: int = 0
    """Polls in a row that failed."""
    error: str = ""
    """The last failure in words; empty after a success."""
    listed: int = 0
    """Addresses in the last answer."""


class Listing(Record):
    """What a feed says of one address, before anything is fetched."""

    url: str
    """As the feed has it, made absolute."""
    source: FeedKind
    title: str = ""
    published: datetime | None = None
    """Aware where the feed gives a zone, naive where it does not."""
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    summary: str = ""
    lang: str = ""
    tags: tuple[str, ...] = ()


class PageState(Record):
    """What the crawler remembers of one address, for ever (an ``addresses`` row without the text)."""

    address_id: str
    url: str
    outlet: str
    status: int = 0
    """HTTP status of the last fetch; 0 before the first."""
    etag: str = ""
    last_modified: str = ""
    fetched: datetime | None = None
    due: datetime | None = None
    """When it is worth another look; None means never again by itself."""
    crashes: int = 0
    """Children that died over it, counted before each hand-over; at 3 it is left out with a reason."""
    changes: int = 0
    """Fetches that brought a text different from the one before."""
    listing: Listing | None = None
    missing: datetime | None = None
    """When the server first said that it is not there any more; None after it was there."""


class HttpFacts(Record):
    """How the page came."""

    status: int = 0
    content_type: str = ""
    charset: str = ""
    """What the bytes were decoded with."""
    etag: str = ""
    last_modified: str = ""
    size: int = 0
    """Bytes of the body after decompression."""


class Page(Record):
    """The bytes of one address as fetched: what crosses into an extraction child."""

    url: str
    """As asked for."""
    fetched_url: str
    """As answered, after redirects."""
    body: bytes
    fetched: datetime
    http: HttpFacts = HttpFacts()
    listing: Listing | None = None
    asked: bool = False
    """Whether a person named this very page: it is then read whatever its kind, and the drop says what it lacks."""


class DateCandidate(Record):
    """One line of the date ledger: a date that was seen, where, and what became of it."""

    raw: str
    origin: str
    """``feed``, ``sitemap``, ``json-ld``, ``meta``, ``time``, ``url``, ``text``, ``script``, ``front``, ``section``,
    ``rule``."""
    value: datetime | None = None
    """Aware where the zone is known."""
    verdict: str = ""
    """``chosen``, or why it was not."""
    zone: Literal["", "page", "outlet", "learnt"] = ""
    """How its zone is known: written beside it, the outlet's, learnt from other pages; empty where it is not."""
    leaning: bool = False
    """Whether it was told from the moment of the fetch: ``yesterday``, a day without a year."""


class ExtractionFacts(Record):
    """How the article was read from the page."""

    title_origin: str = ""
    text_origin: str = ""
    authors_origin: str = ""
    ruled: tuple[tuple[str, int], ...] = ()
    """Pieces that a rule of the outlet gave, with the number of the rule, from 1 in the order of the outlet."""
    dates: tuple[DateCandidate, ...] = ()
    dropped: tuple[str, ...] = ()
    """Lines of the page that were left out of the text, each cut to 200 characters."""
    date_confidence: Literal["", "high", "medium", "low"] = ""
    """``high`` where two independent sources agree; empty where there is no date."""
    date_reason: str = ""
    """Why this date was chosen, or why none was: one sentence."""
    words: int = 0
    """Words of the text that the article was judged on: few of them where a paywall cut it."""
    ms: float = 0.0
    """CPU milliseconds."""


class Kinship(Record, kw_only=True):
    """Why an article was joined to a story: the text it was compared with, and what both have in common, 0 to 1."""

    article: str
    shared: float = 0.0
    """Share of this text that stands in the other."""
    held: float = 0.0
    """Share of the other that stands in this text."""
    numbers: float = 0.0
    names: float = 0.0
    added: int = 0
    """Words beyond the shared part."""


class Article(Record, kw_only=True):
    """One text under one headline at one address: another text or headline makes another row.

    ``id`` = hash(address id, hash of the text, headline). A text that stood there before and stands there again is
    another row too: hash(its first id, id of the text in between). Rows keep the id that they were given.

    Fields are filled from top to bottom along the road; a room fills its own group only.
    """

    id: str
    address_id: str
    url: str
    """Canonical address; an entry of a live blog carries its anchor."""
    fetched_url: str = ""
    outlet: str
    outlet_country: str = ""
    """ISO 3166-1 alpha-2 of the outlet as it was when the article was accepted; empty where unknown."""
    first_seen: datetime

    # spiders
    title: str = ""
    authors: tuple[str, ...] = ()
    lang: str = ""
    """ISO 639-1. The spiders write what the page claims; enrichment decides by the text."""
    published: datetime | None = None
    """Aware where the zone is known, naive where only local digits are; None where no trustworthy date was found."""
    published_origin: str = ""
    published_note: str = ""
    """Why there is no date, or no zone; empty otherwise."""
    modified: datetime | None = None
    text: str = ""
    """Paragraphs joined by a blank line."""
    alternates: tuple[str, ...] = ()
    """Canonical addresses at which the page says that its other languages stand; at most 10."""
    lead_image: str = ""
    section: str = ""
    tags: tuple[str, ...] = ()
    kind: Kind = "article"
    parent: str = ""
    """Canonical address of the live blog that an entry stands in; empty for others."""
    paywalled: bool = False
    """Whether the page says that its text is for paying readers; the text may be cut, or whole."""
    correction: str = ""
    """The note by which the outlet says what it corrected, at most 300 characters."""
    advisory: str = ""
    """An agency's line to its editors: ``EMBARGOED UNTIL …``, ``KILL``, ``WITHDRAWN``; at most 300 characters."""
    cited: tuple[str, ...] = ()
    """Sources that the text names for what it says, as written there (case forms too), each once, at most 10."""
    http: HttpFacts = HttpFacts()
    extraction: ExtractionFacts = ExtractionFacts()

    # dedupe
    text_hash: str = ""
    story: str = ""
    """Story id as frozen at filing: never rewritten, whatever is joined later."""
    relation: Relation = "original"
    version: int = 1
    """1, 2 … for the texts of one address."""
    kin: Kinship | None = None
    """Why it was joined to its story; None for the first text of one."""

    # enrichment
    places: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()

    # the road
    state: State = "accepted"
    reason: str = ""
    """Why it is parked."""
    lease: int = 0
    """Fencing number: grows with each claim; a write with an older one is refused."""
    lease_until: datetime | None = None
    attempts: int = 0
    arrival: int | None = None
    """Reading order: given once, in the transaction that made the article ready."""
    generation: int = 0
    """Generation of the subscription set that it met."""
    analyser: int = 0
    schema: int = SCHEMA


class Story(Record):
    """One text, whoever published it. Events that merely resemble each other are other stories."""

    id: str
    first: str
    """Article id of the first member that was filed."""
    title: str
    outlets: tuple[str, ...]
    """Outlets in order of filing, each once."""
    texts: int
    """Articles that carry it: the first, copies, versions and translations."""
    first_seen: datetime
    original: str = ""
    """Article id of the member that was published first, of those with a date; else of the first that was filed."""
    languages: tuple[str, ...] = ()
    """Languages in order of filing, each once."""
    copies: int = 0
    versions: int = 0


class Muted(Record):
    """A story or a series of which a subscription tells nothing any more."""

    what: Literal["story", "series"]
    key: str
    """Id of the story, or what the texts of the series have in common: ``outlet:words of their titles``."""
    at: datetime
    reason: str = ""


class Subscription(Record):
    """A query, and the channels that hear of what meets it.

    ``id`` is for ever: hash(its first name). Whether it is active, paused, expired or broken is derived.
    """

    id: str
    name: str
    query: str
    channels: tuple[str, ...]
    """Channel addresses: ``stdout:``, ``file:/path/alerts.jsonl``, ``https://host/hook``."""
    created: datetime
    paused: bool = False
    owner: str = ""
    every: Rhythm = "immediate"
    at: str = "08:00"
    weekday: Weekday = "monday"
    """Local time of a daily or weekly digest, and day of a weekly one."""
    zone: str = "UTC"
    """IANA zone of ``at``, ``weekday`` and ``quiet``."""
    quiet: str = ""
    priority: Literal["normal", "urgent"] = "normal"
    """``quiet``: local hours in which nothing is sent but what is urgent, ``22:00-07:00``; empty for none."""
    throttle: int = 0
    """Most notices an hour and channel; what is beyond goes together when the hour ends. 0 for no limit."""
    langs: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    """Languages, ISO 639-1, and outlets whose texts may ring; empty for all."""
    expires: datetime | None = None
    """From when on it rings no more."""
    muted: tuple[Muted, ...] = ()
    tells: tuple[NoticeKind, ...] = ("added", "corrected", "gone")
    grown_at: tuple[int, ...] = ()
    """Kinds of notices that follow the first one, which is always told; and of outlets the numbers for ``grown``."""
    shows: str = "full"
    template: str = ""
    """How much of the text a message has: ``full``, ``words:N``, ``headline``; or a message with ``{placeholders}``."""
    evidence: bool = False
    """Whether the page as it came is kept with the alert."""
    spike: bool = False
    """Whether it is told when far more rings than at this hour of the week."""
    version: int = 1
    changed: datetime | None = None
    """1, 2 … with each edit, and the time of the last one; the store keeps the former records."""


class Hit(Record):
    """One place where a word of the query met the text."""

    word: str
    """The query word."""
    form: str
    """The text's word, as written."""
    how: str
    """``as typed``, ``case form``, ``family``, ``other name``, ``transliteration``, ``prefix``, ``phrase``."""
    field: str
    """``title`` or ``text``."""
    sentence: str = ""
    """The sentence around it, at most some 300 characters."""
    start: int = 0
    """Offset of ``form`` in ``sentence``."""


class Alert(Record):
    """A subscription and a story: one row for ever, whatever is republished. ``id`` = hash(subscription, story)."""

    id: str
    subscription: str
    story: str
    article: str
    """The member that made it: the first one that matched."""
    created: datetime
    copies: int = 0
    """Further articles of the story that matched since."""


class Notice(Record):
    """One message of an alert. ``id`` = hash(alert, kind, what it tells of)."""

    id: str
    alert: str
    kind: NoticeKind
    ordinal: int
    """1, 2 … among the notices of the alert."""
    article: str
    """The text that it tells of."""
    created: datetime
    hits: tuple[Hit, ...] = ()
    before: str = ""
    """Article id of the text that was told, of which this is a later one or which it adds to; empty for a first one."""
    reason: str = ""
    """Why it is told, in a few words; empty for a first one."""


class Delivery(Record):
    """One notice on its way to one channel: a row first, then attempts. ``id`` = hash(notice, channel)."""

    id: str
    notice: str
    channel: str
    """Channel address, with ``${NAME}`` in place of secrets."""
    state: DeliveryState = "waiting"
    attempts: int = 0
    next_try: datetime | None = None
    delivered: datetime | None = None
    error: str = ""
    digest: str = ""
    """Those of one channel with the same one go out as one message; empty for one that goes alone."""


class Drop(Record):
    """A thing that was left out, and the reason: nothing vanishes without one."""

    at: datetime
    room: str
    """``spiders`` or ``workers``."""
    reason: str
    """One of a small set of fixed phrases, so that they can be counted."""
    url: str
    outlet: str = ""
    detail: str = ""


def derived_id(*parts: str) -> str:
    """A 128-bit identifier in hex, the same for the same parts on any machine (BLAKE2b, RFC 7693)."""
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def near_id(beside: str, *parts: str) -> str:
    """As ``derived_id``, but it begins as the id of what it belongs to: what is written together lies together.

    A hundred alerts of one article are then a few pages of a tree and not a hundred: 350 pages an article became 80.
    """
    return beside[:8] + derived_id(*parts)[8:]
