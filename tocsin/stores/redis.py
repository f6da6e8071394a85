"""Fingerprints in Redis, for workers on several machines. The store remains the truth: what is lost here is rebuilt."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from importlib import resources
from typing import Any

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tocsin.errors import UserError
from tocsin.stores.packing import key, packed, unpacked
from tocsin.stores.port import FIRST, LATELY, NEWEST, ONCE, FingerprintsMissing, Met, Sketch, own_story
from tocsin.stores.redis_refusals import in_words

WINDOW = 45
"""Days after which a text is no candidate any more; after twice as many, it and the joins of its story are gone."""
_ALONE = 60
"""Seconds after which another one may rebuild, if the one who does is not heard of any more."""
_BATCH = 100
_SECONDS = 8.0
"""How long the server may take to answer."""
_MIXER = 0x9E3779B1
"""Odd, so that no two fingerprints become one: these are a text's smallest hashes, and buckets are to fill evenly."""

log = structlog.get_logger()


class RedisFingerprints:
    """Fingerprints in one Redis, or on the node of a cluster that has our hash tag."""

    KEPT = timedelta(days=2 * WINDOW)

    def __init__(self, client: Redis, store: str) -> None:
        self._client = client
        self._tag = f"{{{store}}}"
        self._script = client.register_script((resources.files(__package__) / "redis.lua").read_text("utf-8"))
        self._checked = False

    @staticmethod
    def open(url: str, store: str = "tocsin") -> "RedisFingerprints":
        """Connect to the server at ``redis://…``, when it is asked for the first time. Each store has its own there.

        A broken connection is told and not mended in silence: the server behind it may have come back without the
        texts of the last seconds. Raises UserError where the address is not understood; so does everything else here
        where the server refuses, and Away where it may come back by itself.
        """
        try:
            client = Redis.from_url(
                url, retry=Retry(NoBackoff(), 0), socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS
            )
        except ValueError:
            # Not repeated: it may be half of a password.
            raise UserError(
                "The address in TOCSIN_REDIS is not understood: write redis://:password@host:6379/0."
            ) from None
        return RedisFingerprints(client, store)

    def meet(self, sketch: Sketch, prints: Sequence[int], alternates: Sequence[str], limit: int) -> Met:
        """Register a text, and tell which ones were there before."""
        with self._asking():
            self._check()
            found: Any = self._script([self._tag], _meeting(sketch, prints, alternates, limit))
        versions, same, near, others = (_sketches(one, sketch) for one in found)
        return Met(
            address=versions,
            same=same[0] if same else None,
            near=near,
            alternates=[other for other in others if other.article != sketch.article],
        )

    def settle(self, article: str, story: str) -> None:
        """Say which story a registered text was found to belong to."""
        self.join(own_story(article), story)

    def join(self, story: str, other: str) -> None:
        """Say that two stories are one: the id that was registered first stands for both from now on."""
        if story != other:
            with self._asking():
                self._script([self._tag], _joining(story, other))

    def root(self, story: str) -> str:
        """The id that stands for a story today."""
        with self._asking():
            return _named(self._script([self._tag], ["root", _short(story)]))

    def rebuild(self, registered: Iterable[tuple[Sketch, Sequence[int]]], joined: Iterable[tuple[str, str]]) -> bool:
        """Fill in the texts of a store in order of their filing, with their stories, and what stories were joined.

        What is there already stays. False where somebody else is at it.
        """
        with self._asking():
            return self._rebuilt(registered, joined)

    def _rebuilt(self, registered: Iterable[tuple[Sketch, Sequence[int]]], joined: Iterable[tuple[str, str]]) -> bool:
        lock = f"{self._tag}:rebuilding"
        if not self._client.set(lock, b"", nx=True, ex=_ALONE):
            return False
        log.warning("fingerprints are missing in Redis and are rebuilt from the store; filing waits")
        count = 0
        for batch in _batches(registered):
            pipeline = self._client.pipeline(transaction=False)
            for sketch, prints in batch:
                self._script([self._tag], _meeting(sketch, prints, (), 0, rebuilding=True), client=pipeline)
                if sketch.story not in {"", own_story(sketch.article)}:
                    self._script([self._tag], _joining(own_story(sketch.article), sketch.story), client=pipeline)
            pipeline.expire(lock, _ALONE)
            pipeline.execute()
            count += len(batch)
        for story, other in joined:
            self.join(story, other)
        self._client.hset(f"{self._tag}:state", "epoch", self._run())
        self._client.delete(lock)
        log.warning("fingerprints are rebuilt", texts=count)
        return True

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            with in_words(self._client):
                yield
        except UserError as error:
            # The next connection may lead to a server that was started since.
            self._checked = False
            if "FINGERPRINTSMISSING" in str(error):
                raise FingerprintsMissing(
                    "The fingerprints in Redis are missing: they are rebuilt from the store."
                ) from error
            raise

    def _check(self) -> None:
        """Once per connection: a server that was started since the last rebuilding may have lost its latest texts."""
        if not self._checked:
            if self._client.hget(f"{self._tag}:state", "epoch") != self._run():
                self._client.hdel(f"{self._tag}:state", "epoch")
            self._checked = True

    def _run(self) -> bytes:
        return str(self._client.info("server")["run_id"]).encode()


def _meeting(
    sketch: Sketch, prints: Sequence[int], alternates: Sequence[str], limit: int, *, rebuilding: bool = False
) -> list[Any]:
    own = _short(own_story(sketch.article))
    # A text without a hash is given one that no other has.
    marks = [
        own[:8],
        _two_marks("a", sketch.address_id),
        _two_marks("t", sketch.text_hash) if sketch.text_hash else own[8:],
        struct.pack(f">{len(prints)}I", *(one * _MIXER & 0xFFFFFFFF for one in prints)),
        *(_two_marks("a", other) for other in alternates),
    ]
    day = int(sketch.first_seen.timestamp() // 86_400)
    return [
        "meet", own + packed(sketch), b"".join(marks), len(alternates), day, WINDOW, limit, ONCE, int(rebuilding),
        FIRST, FIRST + NEWEST, LATELY,
    ]  # fmt: skip


def _joining(story: str, other: str) -> list[Any]:
    return ["join", _short(story), _short(other), 2 * WINDOW * 86_400]


def _two_marks(kind: str, name: str) -> bytes:
    return struct.pack(">q", key(kind + name))


def _short(story: str) -> bytes:
    """A story's id as bytes: half as many where it is one of ours."""
    try:
        half = bytes.fromhex(story)
    except ValueError:
        half = b""
    return half if len(half) == 16 and half.hex() == story else b"~" + story.encode()


def _named(story: bytes) -> str:
    return story.hex() if len(story) == 16 else story[1:].decode()


def _sketches(told: Sequence[bytes], beside: Sketch) -> list[Sketch]:
    return [unpacked(data[16:], _named(story), beside) for story, data in zip(told[::2], told[1::2], strict=True)]


def _batches(registered: Iterable[tuple[Sketch, Sequence[int]]]) -> Iterable[list[tuple[Sketch, Sequence[int]]]]:
    batch = []
    for pair in registered:
        batch.append(pair)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch
