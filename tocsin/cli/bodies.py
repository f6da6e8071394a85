"""The bytes of a saved page, from a file or a pipe: unpacked, and no larger than a page may be."""

import re
import sys
import zlib
from pathlib import Path

from tocsin.errors import UserError

LARGEST = 64 * 2**20
"""Bytes of a page, after decompression."""
_GZIP = b"\x1f\x8b"
# A path has lost one of the two slashes.
_ADDRESS = re.compile(r"(?i)^(https?):/+(?=[^/])")


def body_of(file: Path | None, url: str) -> bytes:
    """The bytes of a file or of standard input. Raises UserError where neither is given, or holds no page."""
    file = None if str(file) == "-" else file
    if file is not None and _ADDRESS.match(str(file)):
        url = _ADDRESS.sub(r"\1://", str(file))
        raise UserError(f"extract reads saved pages and fetches none: {_curl(url)}")
    if file is not None and file.suffix == ".jsonl":
        raise UserError(f"{file} holds many pages, by its name: tocsin extract --jsonl {file}")
    if not url:
        raise UserError("Say which page it is: --url https://…")
    if file is None and sys.stdin.isatty():
        raise UserError(f"Give the page as a FILE, or on standard input: {_curl(url)}")
    try:
        body = read_body(file) if file else _within(sys.stdin.buffer.read(LARGEST + 1))
    except OSError as error:
        raise UserError(f"{file or 'Standard input'} cannot be read: {error.strerror}. Give one saved page.") from error
    except UserError as error:
        raise UserError(f"{file or 'Standard input'}: {error}.") from error
    if not body and file is None:
        raise UserError(f"Standard input is empty, and extract fetches no page: {_curl(url)}")
    return body


def _curl(url: str) -> str:
    return f"curl -sL {url} | tocsin extract --url {url}"


def read_body(path: Path) -> bytes:
    """The bytes of a file, unpacked. Raises OSError, or UserError where they are too many or broken."""
    with path.open("rb") as file:
        return _within(file.read(LARGEST + 1))


def _within(body: bytes) -> bytes:
    body = _unpacked(body) if body.startswith(_GZIP) else body
    if len(body) > LARGEST:
        raise UserError(f"the page is larger than {LARGEST >> 20} MB")
    return body


def _unpacked(body: bytes) -> bytes:
    unpacking = zlib.decompressobj(wbits=31)
    try:
        body = unpacking.decompress(body, LARGEST + 1)
    except zlib.error as error:
        raise UserError(f"the gzip file is broken ({error})") from error
    if len(body) <= LARGEST and not unpacking.eof:
        raise UserError("the gzip file ends too early")
    return body
