"""The whole history of one address, told line by line from what a store knows of it."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tocsin.addresses import address_id, canonical, masked
from tocsin.edits import histories
from tocsin.records import Article, Delivery, Drop, Notice, PageState
from tocsin.stores.upkeep import TAKEN_UP

Line = tuple[datetime | None, str, str]
_NEVER = datetime.min.replace(tzinfo=UTC)


class Texted(NamedTuple):
    """A text of an address, when it became ready, and why it was joined to its story."""

    article: Article
    ready_at: datetime | None
    kinship: str


def key_of(url: str) -> str:
    """The address id of what a person calls an address; the anchor of a live blog's entry counts."""
    address = canonical(url) or (url if "://" in url else f"import://{url}")
    anchor = url.partition("#")[2]
    return address_id(f"{address}#{anchor}" if anchor else address)


def told(
    page: PageState | None,
    drops: Iterable[Drop],
    texts: Sequence[Texted],
    versions: Sequence[Article],
    sent: Iterable[tuple[Notice, Delivery]],
) -> list[dict[str, Any]]:
    """All lines, the oldest first: ``{at, what, detail}``. ``versions`` are the texts whose version is decided."""
    lines: list[Line] = [
        *([_page(page)] if page else ()),
        *((drop.at, _left(drop), drop.detail) for drop in drops),
        *(line for text in texts for line in _text(text)),
        *_changes(versions),
        *(_sent(notice, delivery) for notice, delivery in sent),
    ]
    return [
        {"at": at.isoformat() if at else None, "what": what, "detail": detail}
        for at, what, detail in sorted(lines, key=lambda line: line[0] or _NEVER)
    ]


def _page(page: PageState) -> Line:
    due = page.due.isoformat() if page.due else "never"
    return page.fetched, "page", f"HTTP status {page.status}, outlet {page.outlet}, due again {due}"


def _left(drop: Drop) -> str:
    return drop.reason if drop.room == TAKEN_UP else f"left out by the {drop.room}: {drop.reason}"


def _text(text: Texted) -> Iterator[Line]:
    article = text.article
    what = f"accepted as version {article.version}" if article.state != "accepted" else "accepted"
    yield article.first_seen, what, f"article {article.id}: {article.title}"
    if article.state == "ready":
        where = f"{article.relation} of story {article.story}, arrival {article.arrival}"
        yield text.ready_at, "ready", f"{where}. {text.kinship}" if text.kinship else where
    if article.state == "parked":
        yield text.ready_at, "parked", article.reason


def _changes(versions: Sequence[Article]) -> Iterator[Line]:
    for old, new, said in zip(versions, versions[1:], histories(versions)[1:], strict=False):
        if said:
            named = f"version {old.version}, seen {old.first_seen.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            yield new.first_seen, f"version {new.version}", f"changed since {named}: {said}"


def _sent(notice: Notice, delivery: Delivery) -> Line:
    channel = f"to {masked(delivery.channel)} {delivery.error}".rstrip()
    return notice.created, f"alert, {notice.kind} notice: {delivery.state}", channel
