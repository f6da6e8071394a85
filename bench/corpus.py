"""Real articles for the benches and the equivalence test: every page of the shared sets, read by our own extraction.

Pages and texts stay where they are, beside the project; what is read out of them is kept in the cache folder.
"""

import gzip
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from tocsin import settings
from tocsin.addresses import address_id, article_id
from tocsin.records import Article, Outlet, Page

SHARED = Path(__file__).resolve().parents[2] / "shared"
VERSION = 2
LEAST = 200
"""Characters of a text that counts as an article."""


def texts(limit: int | None = None) -> list[Article]:
    """Articles with title, text, language, publication time; the pages first, then the texts of the dedupe set.

    Raises FileNotFoundError where the shared sets are not beside the project.
    """
    if not SHARED.is_dir():
        raise FileNotFoundError("the shared sets are not beside the project")
    kept = settings.load().cache_dir / f"bench-corpus-{VERSION}.jsonl"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_suffix(".part")
        with draft.open("wb") as file:
            for article in _made():
                file.write(article.to_json() + b"\n")
        draft.replace(kept)
    decoder = msgspec.json.Decoder(Article)
    with kept.open("rb") as file:
        return [decoder.decode(line) for _, line in zip(range(limit or 1 << 30), file, strict=False)]


def _made() -> Iterator[Article]:
    pages = []
    for gold in sorted((SHARED / "data/extraction").glob("*/gold.jsonl")):
        with gold.open(encoding="utf-8") as file:
            pages += [json.loads(line) for line in file]
    seen: set[str] = set()
    with ProcessPoolExecutor(2) as pool:
        for rows in pool.map(_read, pages, chunksize=16):
            for row in rows:
                if row.id not in seen and len(row.text) >= LEAST:
                    seen.add(row.id)
                    yield row
    with gzip.open(SHARED / "data/dedup/wikinews_edit.dev.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in file:
            row = _filed(json.loads(line))
            if row.id not in seen and len(row.text) >= LEAST:
                seen.add(row.id)
                yield row


def _filed(row: dict[str, Any]) -> Article:
    published = datetime.fromisoformat(row["published"]) if row.get("published") else None
    address = address_id(row["url"])
    return Article(
        id=article_id(address, row["text"]),
        address_id=address,
        url=row["url"],
        outlet=row["outlet"],
        first_seen=(published or datetime(2026, 1, 1, tzinfo=UTC)).replace(tzinfo=UTC) + timedelta(minutes=7),
        title=row["title"],
        text=row["text"],
        lang=row["lang"],
        published=published,
    )


def _read(row: dict[str, Any]) -> list[Article]:
    from spiders.extract import extract
    from workers.enrich.language import language

    path = SHARED / "data/extraction" / row["html"]
    if not path.exists():
        path = SHARED / "data/extraction" / row["dataset"] / row["html"]
    body = gzip.decompress(path.read_bytes())
    outlet = Outlet(name=row["dataset"], home="https://example.org/")
    page = Page(url=row["url"], fetched_url=row["url"], body=body, fetched=datetime(2026, 6, 1, 12, tzinfo=UTC))
    found = extract(page, outlet).articles
    return [
        msgspec.structs.replace(article, lang=language(article.title, article.text, article.lang)) for article in found
    ]


if __name__ == "__main__":
    print(f"{len(texts())} articles")
