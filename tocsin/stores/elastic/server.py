"""One Elasticsearch, asked and written: batches, repetitions, and what its refusals mean."""

import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from functools import partial
from itertools import count
from typing import Any, NamedTuple

import msgspec
from elasticsearch import ApiError, Elasticsearch, TransportError

from tocsin.errors import UserError
from tocsin.stores.elastic import bulk
from tocsin.stores.elastic.bulk import Write, Written
from tocsin.stores.elastic.refusals import BUSY, away, denied, forbidden, hopeless, may_return, refused

__all__ = ["Row", "Server", "Write", "Written"]

TIMEOUT = 30.0
"""Seconds for one answer."""
_PAUSES = (0.1, 0.3, 1.0, 3.0)
_PAGE = 500
_AT_ONCE = 4
"""Requests of a long write that are under way at once."""
_JSON = {"content-type": "application/json", "accept": "application/json"}
_encode = msgspec.json.Encoder().encode
_KEPT = "1m"
"""How long the server keeps what a walk looks at between two of its pages."""
_WHOLE = "ignore_unavailable=true&allow_partial_search_results=false"
"""A part of what there is, as long as some of it is still starting, would pass for all of it."""


class Row(NamedTuple):
    """A document as it stands."""

    id: str
    place: str
    """The whole name of its index."""
    source: dict[str, Any]
    seq_no: int
    term: int


class Server:
    """A client and the prefix of a store's indices. Safe for several threads."""

    patience = 60.0
    """Seconds for which something is tried again while the server is overloaded or away."""

    def __init__(self, client: Elasticsearch, prefix: str, told: str) -> None:
        self.client = client
        self.prefix = prefix
        self.told = told
        """Its address, as it is named to people."""

    def name(self, index: str) -> str:
        """An index under the store's prefix."""
        return f"{self.prefix}-{index}"

    # ---- asking

    def ask(
        self, method: str, path: str, body: Any = None, *, seconds: float | None = None, missing: bool = False
    ) -> Any:
        """One request, repeated while the server is busy or away. None where ``missing`` and there is no such thing.

        Raises UserError with one sentence where it is refused, and Away after so many seconds, else after those
        of ``patience``.
        """
        try:
            return self._request(method, path, None if body is None else _encode(body), seconds)[0]
        except _Missing as error:
            if missing:
                return None
            raise refused(self.told, error.answer) from error.answer

    def _request(
        self, method: str, path: str, body: bytes | None, seconds: float | None = None, *, parts: int = 1
    ) -> tuple[Any, bool]:
        """The answer, and whether an earlier try may have been heard as well.

        Raises _Missing where there is no such thing, and _TooMuch where the server is too busy for what has ``parts``.
        """
        end = time.monotonic() + (self.patience if seconds is None else seconds)
        for tried in count():
            left = end - time.monotonic()
            client = self.client if left >= TIMEOUT else self.client.options(request_timeout=max(left, 0.5))
            try:
                return client.perform_request(method, path, headers=_JSON, body=body).body, tried > 0
            except ApiError as error:
                if error.status_code == 404:
                    raise _Missing(error) from error
                if not may_return(error):
                    raise refused(self.told, error) from error
                if error.status_code == 429 and parts > 1 and not tried:
                    raise _TooMuch(error) from error
                self._pause(tried, end, error)
            except TransportError as error:
                if told := hopeless(self.told, error):
                    raise told from error
                self._pause(tried, end, error)
        raise AssertionError("unreachable")

    def rows(self, wanted: Iterable[tuple[str, str]], leave_out: Sequence[str] = ()) -> dict[str, Row]:
        """Documents by id, as they stand at this moment: pairs of index and id. Those that are missing are left out."""
        asked = [{"_index": index, "_id": name} for index, name in dict.fromkeys(wanted)]
        leave = f"?_source_excludes={','.join(leave_out)}" if leave_out else ""
        found = (self._rows(asked[start : start + _PAGE], leave) for start in range(0, len(asked), _PAGE))
        return {row.id: row for page in found for row in page}

    def _rows(self, asked: Sequence[Mapping[str, str]], leave: str) -> Iterator[Row]:
        end = time.monotonic() + self.patience
        for tried in count():
            unread = {}
            for wanted, row in zip(asked, self.ask("POST", f"/_mget{leave}", {"docs": asked})["docs"], strict=True):
                if row.get("found"):
                    yield Row(row["_id"], row["_index"], row["_source"], row["_seq_no"], row["_primary_term"])
                elif "error" in row and row["error"]["type"] != "index_not_found_exception":
                    # It may well be there: its index is still starting.
                    unread[wanted["_index"], wanted["_id"]] = row["error"]
            if not unread:
                return
            error = next(iter(unread.values()))
            if error["type"] == "security_exception":
                raise forbidden(self.told, error["reason"])
            self._pause(tried, end, f"{error['type']}: {error['reason']}.")
            asked = [{"_index": index, "_id": name} for index, name in unread]

    def search(self, index: str, body: Mapping[str, Any], *, seconds: float | None = None) -> dict[str, Any]:
        """One page of a search over the names of an index, which may be missing."""
        path = f"/{self.name(index)}/_search?allow_no_indices=true&{_WHOLE}"
        found: dict[str, Any] = self.ask("POST", path, body, seconds=seconds)
        return found

    def found(self, index: str, body: Mapping[str, Any]) -> list[Row]:
        """The documents of one page of a search, with what is needed to write them again."""
        hits = self.search(index, {"seq_no_primary_term": True, "track_total_hits": False, **body})["hits"]["hits"]
        return [
            Row(hit["_id"], hit["_index"], hit.get("_source", {}), hit["_seq_no"], hit["_primary_term"]) for hit in hits
        ]

    def each(self, index: str, body: Mapping[str, Any], page: int = _PAGE) -> Iterator[Row]:
        """All documents of a search in its order, as they stood when the walk began."""
        path = f"/{self.name(index)}/_pit?keep_alive={_KEPT}&{_WHOLE}"
        kept = self.ask("POST", path)["id"]
        asked = {"size": page, "track_total_hits": False, "seq_no_primary_term": True, **body}
        try:
            while True:
                answer = self.ask("POST", "/_search", {**asked, "pit": {"id": kept, "keep_alive": _KEPT}})
                kept = answer["pit_id"]
                hits = answer["hits"]["hits"]
                for hit in hits:
                    yield Row(hit["_id"], hit["_index"], hit.get("_source", {}), hit["_seq_no"], hit["_primary_term"])
                if len(hits) < page:
                    return
                asked["search_after"] = hits[-1]["sort"]
        finally:
            # It ends by itself after a minute.
            with suppress(UserError):
                self.ask("DELETE", "/_pit", {"id": kept}, seconds=1.0, missing=True)

    def count(self, index: str, query: Mapping[str, Any]) -> int:
        """How many documents meet a query."""
        # No ``_count``: as long as some of it is still starting, that counts the rest and says nothing.
        found = self.search(index, {"size": 0, "track_total_hits": True, "query": query})
        return int(found["hits"]["total"]["value"])

    def refresh(self, *indices: str) -> None:
        """Let searches see all that was written until now."""
        names = ",".join(self.name(index) for index in indices)
        self.ask("POST", f"/{names}/_refresh?ignore_unavailable=true&allow_no_indices=true")

    # ---- writing

    def write(self, writes: Sequence[Write], *, seen: bool = False, at_once: bool = False) -> list[Written]:
        """Write documents; what became of each, in their order. What is busy is tried again as long as ``patience``.

        A write that was made, and its answer lost, counts as done when it is tried again. ``seen``: searches see it as
        soon as this returns. ``at_once``: in whatever order, several requests at a time. Raises Away where the server
        cannot be reached, takes no writes, or is still busy after that time, and UserError where the user may not write
        there: some of the documents may then be stored.
        """
        results: list[Written | None] = []
        lines: dict[int, bytes] = {}
        for number, write in enumerate(writes):
            line = bulk.lines(write)
            results.append(line if isinstance(line, Written) else None)
            if isinstance(line, bytes):
                lines[number] = line
        end = time.monotonic() + self.patience
        for tried in count():
            batches = list(bulk.batches(lines))
            send = partial(self._batch, writes, lines, tried=tried, seen=seen, end=end)
            with ThreadPoolExecutor(_AT_ONCE) if at_once and len(batches) > 1 else nullcontext() as pool:
                for batch, outcomes in zip(batches, (pool.map if pool else map)(send, batches), strict=True):
                    for number, outcome in zip(batch, outcomes, strict=True):
                        results[number] = outcome
            busy = {number: result.reason for number in lines if (result := results[number]) and result.status in BUSY}
            if not busy:
                break
            self._pause(tried, end, f"{next(iter(busy.values()))}.")
            lines = {number: lines[number] for number in busy}
        return [result for result in results if result is not None]

    def _batch(
        self,
        writes: Sequence[Write],
        lines: Mapping[int, bytes],
        batch: Sequence[int],
        *,
        tried: int,
        seen: bool,
        end: float,
    ) -> list[Written]:
        body = b"".join(lines[number] for number in batch)
        path = "/_bulk?refresh=true" if seen else "/_bulk"
        try:
            answer, repeated = self._request("POST", path, body, parts=len(batch))
        except _Missing as error:
            raise refused(self.told, error.answer) from error.answer
        except _TooMuch as error:
            # It may be more than the server ever takes at a time: then no patience would help.
            self._pause(tried, end, error.answer)
            send = partial(self._batch, writes, lines, tried=tried + 1, seen=seen, end=end)
            half = len(batch) // 2
            return [*send(batch[:half]), *send(batch[half:])]
        outcomes = bulk.outcomes(answer["items"])
        for outcome in outcomes:
            if told := denied(self.told, outcome.status, outcome.reason):
                raise told
        return self._recognised([writes[number] for number in batch], outcomes) if repeated or tried else outcomes

    def _recognised(self, writes: Sequence[Write], outcomes: Sequence[Written]) -> list[Written]:
        """The outcomes of a second try: what met itself, made by the first one, is done."""
        late = [write for write, outcome in zip(writes, outcomes, strict=True) if outcome.status == 409]
        standing = {
            (place, name): row
            for place in {write.place for write in late}
            for name, row in self.rows((place, write.id) for write in late if write.place == place).items()
        }
        found = []
        for write, outcome in zip(writes, outcomes, strict=True):
            row = standing.get((write.place, write.id)) if outcome.status == 409 else None
            ours = row is not None and bulk.stands(write, row.source)
            found.append(Written(200, row.seq_no, row.term) if row and ours else outcome)
        return found

    # ---- what goes wrong

    def _pause(self, tried: int, end: float, error: Exception | str) -> None:
        """Wait before the next try. Raises Away where the time is over."""
        pause = _PAUSES[min(tried, len(_PAUSES) - 1)] * random.uniform(0.7, 1.3)  # noqa: S311 - no secret
        if time.monotonic() + pause > end:
            raise away(self.told, error) from (error if isinstance(error, Exception) else None)
        time.sleep(pause)

    def close(self) -> None:
        """End all connections."""
        self.client.close()


class _TooMuch(Exception):  # noqa: N818 - no error where the half of it is taken
    """The server takes no request of this size now, and perhaps never."""

    def __init__(self, answer: ApiError) -> None:
        super().__init__()
        self.answer = answer


class _Missing(Exception):  # noqa: N818 - no error where it was asked for
    """There is no such thing."""

    def __init__(self, answer: ApiError) -> None:
        super().__init__()
        self.answer = answer
