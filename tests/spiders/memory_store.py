"""A crawl store in memory, for tests of the crawler's own logic: what was put in can be looked at."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from tocsin.records import Article, Drop, Feed, Outlet, PageState


class MemoryStore:
    """Keeps what ``CrawlStore`` keeps; ``calls`` counts its transactions."""

    def __init__(self, outlets: Iterable[Outlet] = ()) -> None:
        self.by_name = {one.name: one for one in outlets}
        self.feed_rows: dict[str, Feed] = {}
        self.states: dict[str, PageState] = {}
        self.accepted: dict[str, Article] = {}
        self.drops: list[Drop] = []
        self.calls: list[str] = []

    def outlets(self, *, active: bool | None = None) -> list[Outlet]:
        return [one for one in self.by_name.values() if active is None or one.active == active]

    def put_outlets(self, outlets: Iterable[Outlet]) -> None:
        self.by_name.update((one.name, one) for one in outlets)

    def remove_outlets(self, names: Iterable[str]) -> int:
        return sum(self.by_name.pop(name, None) is not None for name in names)

    def feeds(self, outlet: str = "") -> list[Feed]:
        return [one for one in self.feed_rows.values() if not outlet or one.outlet == outlet]

    def put_feeds(self, feeds: Iterable[Feed]) -> None:
        self.calls.append("put_feeds")
        self.feed_rows.update((one.url, one) for one in feeds)

    def pages(self, address_ids: Sequence[str]) -> dict[str, PageState]:
        return {one: self.states[one] for one in address_ids if one in self.states}

    def pages_due(self, outlets: Sequence[str], now: datetime, limit: int) -> list[PageState]:
        due = [one for one in self.states.values() if one.outlet in outlets and one.due and one.due <= now]
        return sorted(due, key=lambda one: one.due or now)[:limit]

    def put_pages(self, pages: Iterable[PageState]) -> None:
        self.calls.append("put_pages")
        self.states.update((one.address_id, one) for one in pages)

    def accept(self, articles: Sequence[Article], pages: Sequence[PageState] = ()) -> list[str]:
        self.calls.append("accept")
        new = [one.id for one in articles if one.id not in self.accepted]
        for one in articles:
            self.accepted.setdefault(one.id, one)
        self.states.update((one.address_id, one) for one in pages)
        return new

    def latest(self, address_ids: Sequence[str]) -> dict[str, Article]:
        return {one.address_id: one for one in self.accepted.values() if one.address_id in address_ids}

    def articles(self, ids: Sequence[str]) -> dict[str, Article]:
        return {name: self.accepted[name] for name in ids if name in self.accepted}

    def drop(self, drops: Iterable[Drop]) -> None:
        self.calls.append("drop")
        self.drops.extend(drops)

    def close(self) -> None:
        """Nothing to close."""
