"""Many pages at once: read in the crawler's own children, written in the order of the file.

A page that kills its child, or hangs, costs its own line and nothing else. No more pages are held than are under way.
"""

import asyncio
import os
import sys
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

import msgspec

from tocsin.cli.bodies import read_body
from tocsin.cli.fates import DEADLINE, outcome
from tocsin.cli.jsonl import decoded, lines_of, writing
from tocsin.clock import SystemClock
from tocsin.errors import UserError

if TYPE_CHECKING:
    from spiders.children import Pool
    from spiders.extract import Extraction
    from tocsin.records import Outlet, Page

_NOWHERE = "https://unknown.invalid/news/a-page-without-an-address"
"""Address of a page whose line has none."""
_WAITING = 2000
"""Lines that may wait behind one that takes long."""
_HELD = 64 * 2**20
"""Characters of pages in those lines."""


class PageLine(msgspec.Struct, frozen=True):
    """A line of ``extract --jsonl``: a page in a file beside it or in the line, and what is known of its outlet."""

    id: str | int
    url: str | None = None
    path: str | None = None
    html: str | None = None
    outlet: str | None = None
    country: str | None = None
    timezone: str | None = None
    fetched: datetime | None = None


class _Broken(msgspec.Struct, frozen=True):
    """A line that is no page, and why."""

    id: str | int
    why: str


def extract_lines(
    source: Path, out: Path, *, target: str = "spiders.extract:extract", deadline: float = DEADLINE
) -> None:
    """Read all pages of a JSONL file on all cores; each gives one line, in the order of the file.

    A line has the fields of the page's first article, and besides ``id`` (the line's), ``article_id``, ``date`` (when
    it was published), ``entries`` (of a live blog) and, where there is no article or a reason against it, ``drop`` and
    ``detail``. A line that is no page costs itself alone, like a page that cannot be read, unless it is the first.

    Raises UserError where the file cannot be read, and at the end where a line of it was no page.
    """
    from spiders.children import Pool

    if str(out) != "-" and source.resolve() == out.resolve():
        raise UserError(f"{out} holds the pages, and would be overwritten: give --out another name.")
    with writing(out) as file, _Bar(source) as bar:
        pool = Pool(os.cpu_count() or 2, target=target, deadline=deadline)
        batch = _Batch(pool, source.parent, file, bar)
        asyncio.run(batch.run(_lines(source)))
    print(bar.summary(), file=sys.stderr)
    if batch.broken:
        first, *others = batch.broken
        more = f" And so {len(others)} line{'s' * (len(others) > 1)} more." if others else ""
        raise UserError(f"{first.why} It was left out; all other lines are written.{more}", code=1)


def _lines(source: Path) -> "Iterator[PageLine | _Broken]":
    """The lines of a file. Raises UserError where not even the first is a page: then it is another sort of file."""
    decoder, is_first = msgspec.json.Decoder(PageLine), True
    for number, line in lines_of(source):
        try:
            yield decoded(line, decoder, f"{source}, line {number}")
        except UserError as error:
            if is_first:
                raise UserError(f"{error} A line is a page as {{id, url, path or html}}.") from error
            yield _Broken(_id_of(line), str(error))
        is_first = False


def _id_of(line: bytes) -> str | int:
    """The name of a line that is no page, if it has one."""

    class Named(msgspec.Struct):
        id: str | int

    try:
        return msgspec.json.decode(line, type=Named).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


class _Batch:
    """The pages under way."""

    def __init__(self, pool: "Pool", folder: Path, file: IO[bytes], bar: "_Bar") -> None:
        self._pool, self._folder, self._file, self._bar = pool, folder, file, bar
        self._room = asyncio.Semaphore(2 * (os.cpu_count() or 2))
        self._waiting: deque[asyncio.Task[dict[str, Any]]] = deque()
        self._held = 0
        self.broken: list[_Broken] = []

    async def run(self, lines: "Iterator[PageLine | _Broken]") -> None:
        """Write what comes of each line, in their order."""
        try:
            # In a thread: a pipe that is slow to bring the next line must not hold up the pages under way.
            while (line := await asyncio.to_thread(next, lines, None)) is not None:
                self._waiting.append(asyncio.create_task(self._line(line)))
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

    async def _line(self, line: "PageLine | _Broken") -> dict[str, Any]:
        if isinstance(line, _Broken):
            self.broken.append(line)
            return {"id": line.id, "article_id": "", "drop": "cannot be read", "detail": line.why}
        size = len(line.html or "")
        self._held += size
        try:
            async with self._room:
                found = await self._extracted(line)
        finally:
            self._held -= size
        return row_of(line.id, found)

    async def _extracted(self, line: PageLine) -> "Extraction":
        from spiders.extract import Extraction

        try:
            page, outlet = _page(line, self._folder)
        except (OSError, UserError, ValueError) as error:
            # ValueError: a path with a zero byte.
            return Extraction(drop="cannot be read", detail=str(error))
        return await outcome(lambda: self._pool.extract(page, outlet))


def row_of(name: str | int, found: "Extraction") -> dict[str, Any]:
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
    """The page of a line. Raises OSError or UserError where there is none."""
    from tocsin.addresses import canonical, host_of
    from tocsin.records import HttpFacts, Outlet, Page

    if not line.html and not line.path:
        raise UserError("the line has neither html nor path")
    path = folder / (line.path or "")
    if not line.html and path.exists() and not path.is_file():
        raise UserError(f"{path} is no file")
    body = line.html.encode("utf-8", "replace") if line.html else read_body(path)
    # What is no address does not make a page unreadable: its text is read all the same.
    url = canonical(line.url or "") or (line.url or "").strip() or _NOWHERE
    outlet = Outlet(
        name=line.outlet or host_of(url) or "unknown",
        home=canonical("/", url) or _NOWHERE,
        country=(line.country or "").lower(),
        timezone=line.timezone or "",
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
        total = self._reasons.total()
        return f"{total:,} page{'s' * (total != 1)}, {against:,} of them with a reason to leave them out{told}."


def _count(source: Path) -> int | None:
    """Lines of a file; None where they cannot be counted without taking them."""
    if not source.is_file():
        return None
    with source.open("rb") as file:
        return sum(1 for line in file if line.strip())
