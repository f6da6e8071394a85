"""The channel ``file:PATH``: one payload a line (JSONL), each notice once, whatever is killed in between."""

import errno
import fcntl
import os
import stat
from contextlib import suppress
from pathlib import Path

import msgspec

from tocsin.errors import UserError
from tocsin.messages import Message
from workers.channels.given import Given
from workers.channels.port import Later

TAIL = 4 * 1024 * 1024
"""Bytes at the end of the file whose ids are known before anything is appended."""
_OURS = b'{"schema":'
"""How every line of ours begins: only such a line may be cut off when it is torn."""
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_RETRY_SECONDS = 60.0


class _Line(msgspec.Struct):
    id: str = ""


_line = msgspec.json.Decoder(_Line)


class FileChannel:
    """Appends to a file under its lock. The file may be moved away, cut or appended to by others at any time."""

    def __init__(self, path: Path) -> None:
        """Raises UserError where the path cannot be written."""
        self._path = path
        self._ids: set[str] = set()
        self._known: tuple[int, int, int] | None = None
        """Device, inode and size of the file that ``_ids`` were read from."""
        usable(path)

    def send(self, message: Message) -> None:
        """Append one payload and sync it; nothing is written where the file's tail has its id already. Raises Later."""
        try:
            self._append(message.id, message.body() + b"\n")
        except OSError as error:
            why = "its disk is full" if error.errno in _FULL else (error.strerror or str(error))
            raise Later(f"The file {self._path} cannot be written: {why}.", _RETRY_SECONDS) from error

    def _append(self, name: str, line: bytes) -> None:
        descriptor = self._locked()
        try:
            self._read_tail(descriptor)
            if name not in self._ids:
                _write_whole(descriptor, line)
                self._ids.add(name)
            else:
                # The process that wrote it may have died before it was safe on the disk.
                os.fsync(descriptor)
            self._known = _state(descriptor)
        finally:
            os.close(descriptor)

    def _locked(self) -> int:
        """The file, open and locked. Another process may have moved it away while we waited for the lock."""
        while True:
            descriptor = _open(self._path)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                with suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(descriptor), self._path.stat()):
                        return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def _read_tail(self, descriptor: int) -> None:
        """Learn the ids of the file's tail and mend its last line, unless nothing changed since we wrote last."""
        if _state(descriptor) == self._known:
            return
        size = os.fstat(descriptor).st_size
        start = max(0, size - TAIL)
        lines = _read(descriptor, start, size).split(b"\n")
        torn = lines.pop()
        self._ids = {name for line in lines if (name := _id_of(line))}
        if not torn:
            return
        if name := _id_of(torn):
            self._ids.add(name)
        elif torn.startswith(_OURS) or _OURS.startswith(torn):
            os.ftruncate(descriptor, size - len(torn))
            return
        _write_whole(descriptor, b"\n")


def opened(given: Given) -> FileChannel:
    """Open the channel. Raises UserError where its file cannot be written."""
    return FileChannel(path_of(given.filled, given.data_dir))


def check(address: str, data_dir: Path | None = None) -> None:
    """Raise UserError where an address names no file, or one that could not be appended to. Creates nothing.

    A relative file is looked at where ``data_dir`` is given.
    """
    path = path_of(address, data_dir or Path())
    if data_dir or path.is_absolute():
        usable(path)


def path_of(address: str, data_dir: Path) -> Path:
    """The file that an address names: absolute, under the home folder with ``~/``, or relative to the data folder."""
    name = address.partition(":")[2]
    if name.startswith("///"):
        name = name[2:]
    if not name or name.endswith("/") or name.startswith("//") or "\0" in name:
        raise UserError(
            f"The channel {address!r} names no file: write file:alerts.jsonl or file:/path/to/alerts.jsonl."
        )
    try:
        return data_dir / Path(name).expanduser()
    except RuntimeError as error:
        raise UserError(
            f"The channel {address!r} names a home folder that is not known: write the path from / on."
        ) from error


def usable(path: Path) -> None:
    """Raise UserError where alerts could not be appended to this path. Creates nothing."""
    try:
        if path.exists():
            good = stat.S_ISREG(path.stat().st_mode) and os.access(path, os.R_OK | os.W_OK)
        else:
            parent = next(parent for parent in path.parents if parent.exists())
            good = parent.is_dir() and os.access(parent, os.W_OK | os.X_OK)
    except (OSError, StopIteration, ValueError):
        good = False
    if not good:
        raise UserError(
            f"The file {path} cannot be written: name a file in a folder that can be, such as file:alerts.jsonl.", 1
        )


def _open(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without O_NONBLOCK a pipe put in the file's place would hold the channel for ever.
    flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        descriptor = os.open(path, flags | os.O_CREAT, 0o600)
        _sync_folder(path.parent)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a plain file")
    return descriptor


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_whole(descriptor: int, line: bytes) -> None:
    """Append all of it and sync, or leave the file as it was."""
    before = os.fstat(descriptor).st_size
    try:
        left = memoryview(line)
        while left:
            left = left[os.write(descriptor, left) :]
        os.fsync(descriptor)
    except OSError:
        with suppress(OSError):
            os.ftruncate(descriptor, before)
        raise


def _read(descriptor: int, start: int, end: int) -> bytes:
    pieces = []
    while start < end and (piece := os.pread(descriptor, end - start, start)):
        pieces.append(piece)
        start += len(piece)
    return b"".join(pieces)


def _state(descriptor: int) -> tuple[int, int, int]:
    facts = os.fstat(descriptor)
    return facts.st_dev, facts.st_ino, facts.st_size


def _id_of(line: bytes) -> str:
    try:
        return _line.decode(line).id
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
