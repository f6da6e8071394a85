"""What room one asks of the store: outlets, feeds, pages, acceptance, drops."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import apsw
import msgspec

from tocsin.addresses import address_id, canonical
from tocsin.records import Article, Drop, Feed, Listing, Outlet, PageState
from tocsin.stores.dated import dated
from tocsin.stores.sqlite.connection import Database, epoch

_article = msgspec.json.Decoder(Article)
_outlet = msgspec.json.Decoder(Outlet)
_feed = msgspec.json.Decoder(Feed)
_page = msgspec.json.Decoder(PageState)


class CrawlPart:
    """The half of the store that the spiders see."""

    db: Database

    def outlets(self, *, active: bool | None = None) -> list[Outlet]:
        """All outlets in order of name, or only the (in)active ones."""
        rows = self.db.rows("SELECT record, active FROM outlets ORDER BY name")
        return [_outlet.decode(record) for record, flag in rows if active is None or bool(flag) == active]

    def put_outlets(self, outlets: Iterable[Outlet]) -> None:
        """Create or replace by name."""
        with self.db.write() as cursor:
            cursor.executemany(
                "INSERT OR REPLACE INTO outlets VALUES (?, ?, ?)",
                [(outlet.name, int(outlet.active), outlet.to_json()) for outlet in outlets],
            )

    def remove_outlets(self, names: Iterable[str]) -> int:
        """Forget outlets and their feeds; articles stay. Returns how many were known."""
        wanted = [(name,) for name in names]
        with self.db.write() as cursor:
            before = self.db.one("SELECT count(*) FROM outlets")
            cursor.executemany("DELETE FROM outlets WHERE name = ?", wanted)
            cursor.executemany("DELETE FROM feeds WHERE outlet = ?", wanted)
            return int(before - self.db.one("SELECT count(*) FROM outlets"))

    def feeds(self, outlet: str = "") -> list[Feed]:
        """All feeds, or those of one outlet."""
        rows = self.db.rows("SELECT record FROM feeds WHERE outlet = ?1 OR ?1 = '' ORDER BY url", (outlet,))
        return [_feed.decode(record) for (record,) in rows]

    def troubled_feeds(self) -> list[Feed]:
        """Feeds whose last poll failed, in order of their outlets."""
        rows = self.db.rows("SELECT record FROM feeds WHERE record ->> 'error' <> '' ORDER BY outlet, url")
        return [_feed.decode(record) for (record,) in rows]

    def put_feeds(self, feeds: Iterable[Feed]) -> None:
        """Create or replace by address."""
        with self.db.write() as cursor:
            cursor.executemany(
                "INSERT OR REPLACE INTO feeds VALUES (?, ?, ?)",
                [(feed.url, feed.outlet, feed.to_json()) for feed in feeds],
            )

    def pages(self, address_ids: Sequence[str]) -> dict[str, PageState]:
        """The known ones among these addresses."""
        known: dict[str, PageState] = {}
        for start in range(0, len(address_ids), 500):
            part = address_ids[start : start + 500]
            marks = ",".join("?" * len(part))
            rows = self.db.rows(f"SELECT address_id, record FROM pages WHERE address_id IN ({marks})", part)
            known.update((name, _page.decode(record)) for name, record in rows)
        return known

    def latest(self, address_ids: Sequence[str]) -> dict[str, Article]:
        """The newest text of each of these addresses that has one, by address id."""
        known: dict[str, Article] = {}
        for start in range(0, len(address_ids), 500):
            part = address_ids[start : start + 500]
            marks = ",".join("?" * len(part))
            rows = self.db.rows(f"SELECT record FROM articles WHERE address_id IN ({marks}) ORDER BY seq", part)
            known.update((article.address_id, article) for article in (_article.decode(record) for (record,) in rows))
        return known

    def pages_due(self, outlets: Sequence[str], now: datetime, limit: int) -> list[PageState]:
        """Addresses whose ``due`` has come, the longest due first."""
        marks = ",".join("?" * len(outlets))
        rows = self.db.rows(
            f"SELECT record FROM pages WHERE due <= ? AND outlet IN ({marks}) ORDER BY due LIMIT ?",
            (epoch(now), *outlets, limit),
        )
        return [_page.decode(record) for (record,) in rows]

    def put_pages(self, pages: Iterable[PageState]) -> None:
        """Create or replace by address id."""
        with self.db.write() as cursor:
            _put_pages(cursor, pages)

    def accept(self, articles: Sequence[Article], pages: Sequence[PageState] = ()) -> list[str]:
        """Store articles as accepted, and what was learnt of their pages, in one transaction.

        Ids that are known already stay as they are. Returns the ids that are new.
        """
        new: list[str] = []
        with self.db.write() as cursor:
            for article in articles:
                rows = cursor.execute(
                    "INSERT INTO articles (id, address_id, outlet, state, first_seen, record)"
                    " VALUES (?, ?, ?, 'accepted', ?, ?) ON CONFLICT (id) DO NOTHING RETURNING id",
                    (article.id, article.address_id, article.outlet, epoch(article.first_seen), article.to_json()),
                )
                new += [row[0] for row in rows]
            _put_pages(cursor, pages)
        return new

    def date_undated(self, listings: Mapping[str, Listing]) -> None:
        """Give articles without a publication time the one that a feed told later, by address id."""
        with self.db.write() as cursor:
            for address, listing in listings.items():
                rows = self.db.rows("SELECT seq, record FROM articles WHERE address_id = ?", (address,))
                for seq, record in rows:
                    article = _article.decode(record)
                    if article.published is None:
                        late = dated(article, listing)
                        cursor.execute(
                            "UPDATE articles SET record = ?, published = ? WHERE seq = ?",
                            (late.to_json(), epoch(late.published), seq),
                        )

    def drop(self, drops: Iterable[Drop]) -> None:
        """Write down what was left out."""
        with self.db.write() as cursor:
            put_drops(cursor, drops)


def _put_pages(cursor: apsw.Cursor, pages: Iterable[PageState]) -> None:
    cursor.executemany(
        "INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?)",
        [(page.address_id, page.outlet, epoch(page.due), epoch(page.fetched), page.to_json()) for page in pages],
    )


def put_drops(cursor: apsw.Cursor, drops: Iterable[Drop]) -> None:
    """Write drops inside an open transaction."""
    cursor.executemany(
        "INSERT INTO drops (at, room, reason, outlet, url, address_id, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [
            (epoch(d.at), d.room, d.reason, d.outlet, d.url, address_id(canonical(d.url) or d.url), d.detail[:500])
            for d in drops
        ],
    )
