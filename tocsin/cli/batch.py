"""Many pages at once: read in the crawler's own children, written in the order of the file.

A page that kills its child, or hangs, costs its own line and nothing else. No more pages are held than are under way.
"""

import asyncio
import os
import sys
import zlib
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

import msgspec

from tocsin.cli.jsonl import read, writing
from tocsin.clock import SystemClock
from tocsin.errors import UserError

if TYPE_CHECKING:
    from spiders.children import Pool
    from spiders.extract import Extraction
    from tocsin.records import Outlet, Page

DEADLINE = 20.0
"""Seconds that a page may take."""
LARGEST = 64 * 2**20
"""Bytes of a page, after decompression."""
_NOWHERE = "https://unknown.invalid/news/a-page-without-an-address"
"""Address of a page whose line has none."""
_WAITING = 2000
"""Lines that may wait behind one that takes long."""
_HELD = 64 * 2**20
"""Characters of pages in those lines."""


class PageLine(msgspec.Struct, frozen=True):
    """A line of ``extract --jsonl``: a page in a file beside it or in the line, and what is known of its outlet."""

    id: str
    url: str | None = None
    path: str = ""
    html: str = ""
    outlet: str = ""
    country: str = ""
    timezone: str = ""
    fetched: datetime | None = None


def extract_lines(
    source: Path, out: Path, *, target: str = "spiders.extract:extract", deadline: float = DEADLINE
) -> None:
    """Read all pages of a JSONL file on all cores; each gives one line, in the order of the file.

    A line has the fields of the page's first article, and besides ``id`` (the line's), ``article_id``, ``date`` (when
    it was published), ``entries`` (of a live blog) and, where there is no article or a reason against it, ``drop`` and
    ``detail``. Raises UserError where the file or one of its lines cannot be read.
    """
    from spiders.children import Pool

    lines = (line for _, line in read(source, PageLine))
    with writing(out) as file, _Bar(source) as bar:
        pool = Pool(os.cpu_count() or 2, target=target, deadline=deadline)
        asyncio.run(_Batch(pool, source.parent, file, bar).run(lines))
    print(bar.summary(), file=sys.stderr)


class _Batch:
    """The pages under way."""

    def __init__(self, pool: "Pool", folder: Path, file: IO[bytes], bar: "_Bar") -> None:
        self._pool, self._folder, self._file, self._bar = pool, folder, file, bar
        self._room = asyncio.Semaphore(2 * (os.cpu_count() or 2))
        self._waiting: deque[asyncio.Task[dict[str, Any]]] = deque()
        self._held = 0

    async def run(self, lines: Iterator[PageLine]) -> None:
        """Write what comes of each line, in their order."""
        try:
            # In a thread: a pipe that is slow to bring the next line must not hold up the pages under way.
            while (line := await asyncio.to_thread(next, lines, None)) is not None:
                self._waiting.append(asyncio.create_task(self._line(line, len(line.html))))
                # The task begins, and frees what is done meanwhile.
                await asyncio.sleep(0)
                while self._waiting and (
                    len(self._waiting) > _WAITING or self._held > _HELD or self._waiting[0].done()
                ):
                    await self._write()
            while self._waiting:
                await self._write()
        finally:
            for task in self._waiting:
                task.cancel()
            await self._pool.close()

    async def _write(self) -> None:
        row = await self._waiting.popleft()
        self._file.write(msgspec.json.encode(row) + b"\n")
        self._bar.advance(row.get("drop") or "")

    async def _line(self, line: PageLine, size: int) -> dict[str, Any]:
        self._held += size
        try:
            async with self._room:
                found = await self._extracted(line)
        finally:
            self._held -= size
        return row_of(line.id, found)

    async def _extracted(self, line: PageLine) -> "Extraction":
        from spiders.children import ChildDied, ChildRaised, ChildTimeout, NoChild
        from spiders.extract import Extraction

        try:
            page, outlet = _page(line, self._folder)
        except (OSError, UserError, zlib.error) as error:
            return Extraction(drop="cannot be read", detail=str(error))
        try:
            return await self._twice(page, outlet)
        except ChildTimeout as error:
            return Extraction(drop="took too long", detail=str(error))
        except ChildRaised as error:
            return Extraction(drop="the reader failed", detail=str(error))
        except ChildDied as error:
            return Extraction(drop="the page killed its reader", detail=str(error))
        except NoChild as error:
            raise UserError(f"The processes that read pages cannot be started: {error}.", code=1) from error

    async def _twice(self, page: "Page", outlet: "Outlet") -> "Extraction":
        """A child may be killed for what others do to the machine: a second one is asked before the page is blamed."""
        from spiders.children import ChildDied, ChildRaised, ChildTimeout

        try:
            return await self._pool.extract(page, outlet)
        except (ChildTimeout, ChildRaised):
            raise
        except ChildDied:
            return await self._pool.extract(page, outlet)


def row_of(name: str, found: "Extraction") -> dict[str, Any]:
    """The line of one page."""
    from workers.enrich.language import language

    dropped = {"drop": found.drop, "detail": found.detail} if found.drop else {}
    if not found.articles:
        return {"id": name, "article_id": "", **(dropped or {"drop": "no article on the page", "detail": ""})}
    first, *others = found.articles
    lang = language(first.title, first.text, first.lang)
    entries = [first, *others] if first.kind == "entry" else others
    row = msgspec.structs.replace(first, lang=lang).to_dict()
    # ``id`` is the line's own name: what the caller knows the page by.
    return {
        **row,
        "id": name,
        "article_id": first.id,
        "date": row["published"],
        **({"entries": [_entry(one.to_dict()) for one in entries]} if entries else {}),
        **dropped,
    }


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("id", "url", "title", "published", "authors", "text")}


def _page(line: PageLine, folder: Path) -> "tuple[Page, Outlet]":
    """The page of a line. Raises OSError, UserError or zlib.error where there is none."""
    from tocsin.addresses import canonical, host_of
    from tocsin.records import HttpFacts, Outlet, Page

    if not line.html and not line.path:
        raise UserError("the line has neither html nor path")
    body = line.html.encode("utf-8", "replace") if line.html else _unpacked(folder / line.path)
    # What is no address does not make a page unreadable: its text is read all the same.
    url = canonical(line.url or "") or (line.url or "").strip() or _NOWHERE
    home = canonical("/", url) or _NOWHERE
    outlet = Outlet(
        name=line.outlet or host_of(url) or "unknown",
        home=home,
        country=line.country.lower(),
        timezone=line.timezone,
    )
    fetched = line.fetched or SystemClock().now()
    page = Page(
        url=url,
        fetched_url=url,
        body=body,
        fetched=fetched if fetched.tzinfo else fetched.replace(tzinfo=UTC),
        http=HttpFacts(status=200, size=len(body)),
        asked=True,
    )
    if line.html:
        # The line was decoded already: what the page says of its charset is about other bytes.
        http = msgspec.structs.replace(page.http, content_type="text/html; charset=utf-8")
        page = msgspec.structs.replace(page, http=http)
    return page, outlet


def _unpacked(path: Path) -> bytes:
    """The bytes of a file, those of a gzip file unpacked as far as a page may be large."""
    if path.stat().st_size > LARGEST:
        raise UserError(f"the page is larger than {LARGEST >> 20} MB")
    body = path.read_bytes()
    if body[:2] != b"\x1f\x8b":
        return body
    unpacking = zlib.decompressobj(wbits=31)
    body = unpacking.decompress(body, LARGEST)
    if unpacking.unconsumed_tail:
        raise UserError(f"the page is larger than {LARGEST >> 20} MB")
    if not unpacking.eof:
        raise UserError("the gzip file ends too early")
    return body


class _Bar:
    """A bar on standard error, if that is a terminal; and the sums."""

    def __init__(self, source: Path) -> None:
        self._source, self._stack = source, ExitStack()
        self._reasons: Counter[str] = Counter()
        self._step: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress

            bar = self._stack.enter_context(Progress(console=Console(stderr=True)))
            task = bar.add_task("Pages", total=_count(self._source))
            self._step = lambda: bar.advance(task)
        return self

    def __exit__(self, *failure: object) -> None:
        self._stack.close()

    def advance(self, reason: str) -> None:
        """One page more is done; ``reason`` says why it is no article."""
        self._reasons[reason] += 1
        if self._step is not None:
            self._step()

    def summary(self) -> str:
        """What came of the pages, in one line."""
        reasons = [(reason, number) for reason, number in self._reasons.most_common() if reason]
        told = f": {', '.join(f'{number:,} {reason}' for reason, number in reasons)}" if reasons else ""
        against = sum(number for _, number in reasons)
        return f"{self._reasons.total():,} pages, {against:,} of them with a reason to leave them out{told}."


def _count(source: Path) -> int | None:
    """Lines of a file; None where they cannot be counted without taking them."""
    if not source.is_file():
        return None
    with source.open("rb") as file:
        return sum(1 for line in file if line.strip())
