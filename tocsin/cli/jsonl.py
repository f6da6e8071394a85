"""Lines of JSON in and out: read with file and line named in every complaint, written whole or not at all."""

import sys
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from tocsin.addresses import address_id, article_id, canonical, host_of
from tocsin.clock import SystemClock
from tocsin.errors import UserError
from tocsin.records import Article, derived_id

T = TypeVar("T")


class Line(msgspec.Struct, frozen=True):
    """One line of ``import``, ``group`` and ``match``: what an article may be made of; null is as good as nothing."""

    url: str | None = None
    id: str | None = None
    title: str | None = None
    text: str | None = None
    lang: str | None = None
    outlet: str | None = None
    outlet_country: str | None = None
    published: str | None = None
    authors: tuple[str, ...] | None = None
    first_seen: str | None = None
    alternates: tuple[str, ...] | None = None
    """Addresses of the same text in other languages."""

    def article(self, now: datetime) -> Article:
        """The accepted article of this line.

        Raises UserError where there is no address or no text, or a date is none.
        """
        url = canonical(self.url or "") or self.url or self.id
        if not url:
            raise UserError("a line needs a url or an id")
        title, text = self.title or "", self.text or ""
        if not text and not title:
            raise UserError("a line needs a text or a title")
        # What is no web address would be one and the same address, and each line a version of the one before.
        address = address_id(url if "://" in url else f"import://{url}")
        digest = derived_id("text", " ".join((text or title).casefold().split()))
        published, seen = _moment(self.published), _moment(self.first_seen)
        return Article(
            id=article_id(address, digest, title),
            address_id=address,
            url=url,
            fetched_url=url,
            outlet=self.outlet or host_of(url),
            outlet_country=(self.outlet_country or "").lower(),
            first_seen=(seen if seen.tzinfo else seen.replace(tzinfo=UTC)) if seen else now,
            title=title,
            authors=self.authors or (),
            lang=self.lang or "",
            published=published,
            published_origin="import" if published else "",
            published_note="" if published else "no date in the imported line",
            text=text,
            alternates=tuple(filter(None, (canonical(other) for other in self.alternates or ()))),
            text_hash=digest,
        )


def _moment(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"the date {text!r} is not ISO 8601") from None
    if not MINYEAR < moment.year < MAXYEAR:
        # In another zone it would lie outside the calendar.
        raise UserError(f"the date {text!r} is out of range")
    return moment


def read(path: Path, kind: type[T]) -> Iterator[tuple[int, T]]:
    """The lines of a JSONL file (``-``: standard input) with their numbers.

    Raises UserError naming the file, the line and what is wrong with it.
    """
    decoder = msgspec.json.Decoder(kind)
    for number, line in lines_of(path):
        yield number, decoded(line, decoder, f"{path}, line {number}")


def lines_of(path: Path) -> Iterator[tuple[int, bytes]]:
    """The bytes of each line that is not blank, with its number. Raises UserError where the file cannot be read."""
    try:
        with ExitStack() as stack:
            file = sys.stdin.buffer if str(path) == "-" else stack.enter_context(path.open("rb"))
            for number, line in enumerate(file, 1):
                # Editors of some systems put a byte order mark before the first line.
                content = line.removeprefix(BOM_UTF8) if number == 1 else line
                if content.strip():
                    yield number, content
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error


def decoded(line: bytes, decoder: "msgspec.json.Decoder[T]", where: str) -> T:
    """One line as a record. Raises UserError that begins with ``where``."""
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{where}: {error}.") from error
    except RecursionError:
        raise UserError(f"{where}: its JSON is nested too deeply.") from None


def read_articles(path: Path) -> Iterator[tuple[Line, Article]]:
    """The articles of a JSONL file, each beside its line.

    Raises UserError naming the file, the line and what is wrong with it.
    """
    now = SystemClock().now()
    for number, line in read(path, Line):
        try:
            yield line, line.article(now)
        except UserError as error:
            raise UserError(f"{path}, line {number}: {error}.") from error


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears whole or not at all; ``-`` is standard output."""
    if str(path) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if path.is_dir():
        raise UserError(f"{path} is a folder: name a file to write, such as {path / 'out.jsonl'}.")
    draft = path.with_name(path.name + ".part")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(path)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.", 1) from error
    finally:
        draft.unlink(missing_ok=True)
