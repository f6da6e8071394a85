"""Writes as the lines of a bulk request, and what its answer says of each."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec

_BATCH_BYTES = 2_000_000
_AGAIN = 5
"""Times that the server may begin an update anew which met another one."""
_encode = msgspec.json.Encoder().encode


class Write(NamedTuple):
    """One document to be written."""

    how: str
    """``create``, ``index``, ``update`` (of some fields) or ``delete``."""
    place: str
    id: str
    document: Mapping[str, Any] | None = None
    seq_no: int | None = None
    """With ``term``: only if it stands as it was read."""
    term: int | None = None
    upsert: bool = False


class Written(NamedTuple):
    """What became of a write."""

    status: int
    seq_no: int = -1
    term: int = -1
    reason: str = ""

    @property
    def done(self) -> bool:
        """Whether it is stored."""
        return self.status < 300


def lines(write: Write) -> bytes | Written:
    """A write as it is sent; what it comes to where it cannot be put into words."""
    # An id of ours also where any will do: sent twice it is still one document.
    head: dict[str, Any] = {"_index": write.place, "_id": write.id or uuid4().hex}
    if write.seq_no is not None:
        head |= {"if_seq_no": write.seq_no, "if_primary_term": write.term}
    elif write.how == "update":
        head["retry_on_conflict"] = _AGAIN
    document = {"doc": write.document, "doc_as_upsert": write.upsert} if write.how == "update" else write.document
    try:
        parts = [{write.how: head}, *([document] if document is not None else [])]
        return b"".join(_encode(part) + b"\n" for part in parts)
    except (UnicodeEncodeError, OverflowError) as error:
        return Written(400, reason=f"it has no form in JSON: {error}"[:500])


def batches(told: Mapping[int, bytes]) -> Iterator[list[int]]:
    """The numbers of writes in groups of some megabytes each."""
    batch: list[int] = []
    size = 0
    for number, line in told.items():
        batch.append(number)
        size += len(line)
        if size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def outcomes(items: Sequence[Mapping[str, Mapping[str, Any]]]) -> list[Written]:
    """What the answer of a bulk request says, write by write."""
    return [_outcome(told) for item in items for told in item.values()]


def _outcome(told: Mapping[str, Any]) -> Written:
    if "error" not in told:
        return Written(told["status"], told["_seq_no"], told["_primary_term"])
    error = told["error"]
    cause = error.get("caused_by", {}).get("reason", "")
    return Written(told["status"], reason=f"{error.get('type', '')}: {error.get('reason', '')} {cause}".strip()[:500])


def stands(write: Write, source: Mapping[str, Any]) -> bool:
    """Whether a row is what a write was to make of it. Fields that the index does not keep readable are not asked."""
    if write.document is None:
        return False
    wanted = msgspec.json.decode(_encode(write.document))
    if write.how == "update":
        return all(name in source and source[name] == value for name, value in wanted.items())
    return all(wanted.get(name) == value for name, value in source.items())
