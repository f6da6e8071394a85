"""The Nth write and the Nth call fail, for every N there is: a small flow in one process, and what stands after it."""

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import apsw
import msgspec

from bench.faults.given import Given
from bench.faults.judge import judged
from bench.faults.receiver import Receiver
from bench.faults.stage import Place
from bench.faults.table import Found, Row
from tests.services.seeing import seeing
from tocsin import settings
from tocsin.errors import UserError
from tocsin.lists import load
from tocsin.query.expand import Expander
from tocsin.records import Article
from tocsin.settings import Settings
from tocsin.stores import open_store
from tocsin.stores.port import Store
from tocsin.words import Analysed, Words
from workers.channels import Channels
from workers.deliver import deliver_due, settle
from workers.enrich import Enricher
from workers.flow import Hall, turn
from workers.rules import RuleBook

TRIES = 12
"""Times that what died is started anew: once is enough for one failure."""
_SETTINGS = settings.load()


class HandClock:
    """Time that is moved by hand: past every lease and pause."""

    def __init__(self) -> None:
        self._moved = 0.0

    def now(self) -> datetime:
        """Calendar time."""
        return datetime.now(UTC) + timedelta(seconds=self._moved)

    def monotonic(self) -> float:
        """Seconds that only grow."""
        return time.monotonic() + self._moved

    def move(self) -> None:
        """As if a minute had passed."""
        self._moved += 60.0


class Remembering(Enricher):
    """Enriches each text once, however often it flows."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._known: dict[str, tuple[dict[str, Any], Analysed]] = {}

    def enrich(self, article: Article) -> tuple[Article, Analysed]:
        """As the real one."""
        if article.id not in self._known:
            enriched, analysed = super().enrich(article)
            names = [name for name in article.__struct_fields__ if getattr(enriched, name) != getattr(article, name)]
            self._known[article.id] = {name: getattr(enriched, name) for name in names}, analysed
        changes, analysed = self._known[article.id]
        return msgspec.structs.replace(article, **changes), analysed


class Kit(NamedTuple):
    """What a flow in this process needs beside its store."""

    given: Given
    receiver: Receiver
    folder: Path
    enricher: Remembering
    expander: Expander

    @staticmethod
    def of(given: Given, receiver: Receiver, folder: Path) -> "Kit":
        """Open it."""
        words, lists = Words.open(_SETTINGS.cache_dir), load(None)
        expander = Expander(words, lists)
        return Kit(given, receiver, folder, Remembering(words, expander, lists), expander)

    @property
    def settings(self) -> Settings:
        """Those of a worker here."""
        return settings.load(data_dir=self.folder, allow_private="127.0.0.0/8")

    def flow(self, opened: Callable[[], contextlib.AbstractContextManager[Store]]) -> str:
        """From acceptance to delivery, begun anew whenever it fails. Returns what is wrong with it, or nothing."""
        clock = HandClock()
        for _ in range(TRIES):
            try:
                with opened() as store:
                    if self._through(store, clock):
                        return ""
            except UserError as error:
                if "\n" in str(error):
                    return f"no sentence: {error}"
            except Exception as error:  # noqa: BLE001 - a traceback for the reader is what must not be
                return f"not told in a sentence: {error!r}"
            clock.move()
        return f"it did not end in {TRIES} tries"

    def _through(self, store: Store, clock: HandClock) -> bool:
        articles = [item.article for item in self.given.items]
        known = store.articles([it.id for it in articles])
        if unknown := [it for it in articles if it.id not in known]:
            store.accept(unknown)
        hall = Hall(store, clock, self.enricher, RuleBook(store, self.expander))
        channels = Channels(data_dir=self.folder, allow_private=self.settings.allow_private, clock=clock)
        while turn(hall) or deliver_due(store, channels, clock, self.settings.zone):
            pass
        settle(store, channels, clock)
        waiting = store.deliveries_due(clock.now() + timedelta(days=9), 1_000)
        return all(delivery.digest for delivery, _ in waiting) and not any(store.on_their_way())


class Faulty(apsw.VFS):
    """SQLite's way to the disk, which fails at one write."""

    def __init__(self) -> None:
        self.count = 0
        self.fails = 0
        super().__init__("faulty", "unix", makedefault=True)

    def xOpen(self, name: Any, flags: list[int]) -> "_File":  # noqa: N802 - as SQLite calls it
        """Open a file that is counted."""
        return _File(self, name, flags)

    def met(self) -> None:
        """Count a write. Raises what a disk does that is full, or broken."""
        self.count += 1
        if self.count == self.fails:
            raise (apsw.FullError if self.fails % 2 else apsw.IOError)("on purpose")


class _File(apsw.VFSFile):
    def __init__(self, vfs: Faulty, name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        self._vfs = vfs

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._vfs.met()
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._vfs.met()
        super().xSync(flags)


def sqlite_writes(kit: Kit, seed: int, step: int = 1) -> Row:
    """Each write to the disk fails once, a flow on a new file for each; of every ``step`` writes one."""
    vfs = Faulty()

    def round_(number: int) -> tuple[Found, str, bool]:
        path = kit.folder / f"{number}.db"
        vfs.fails = 0
        _sqlite(path, kit)
        vfs.count, vfs.fails = 0, number

        wrong = kit.flow(lambda: _opened(path))
        met, vfs.fails = vfs.count >= number, 0
        with _opened(path) as store:
            if (told := store.db.one("PRAGMA integrity_check")) != "ok":  # type: ignore[attr-defined]
                wrong = wrong or f"the file is damaged: {told}"
            found = judged(store, kit.given, kit.receiver)
        _remove(path)
        return found, wrong, met

    try:
        return _each(f"the Nth write of SQLite fails (every {step}.)" if step > 1 else "the Nth write of SQLite fails",
                     "SQLite", round_, kit, seed, step)  # fmt: skip
    finally:
        vfs.unregister()


def webhook_calls(kit: Kit, seed: int, *, cut: bool) -> Row:
    """Each call to the receiver fails once: refused with 503, or taken and its answer lost."""

    def round_(number: int) -> tuple[Found, str, bool]:
        path = kit.folder / f"hook{number}.db"
        _sqlite(path, kit)
        counted = itertools.count(1)
        met = threading.Event()

        def fault() -> bool:
            hit = next(counted) == number
            if hit:
                met.set()
            else:
                kit.receiver.armed = fault
            return hit

        if cut:
            kit.receiver.armed = fault
        else:
            kit.receiver.answers = [*[204] * (number - 1), 503]

        wrong = kit.flow(lambda: _opened(path))
        hit = met.is_set() if cut else not kit.receiver.answers
        kit.receiver.armed, kit.receiver.answers = None, []
        with _opened(path) as store:
            found = judged(store, kit.given, kit.receiver)
        _remove(path)
        return found, wrong, hit

    what = "its answer is lost" if cut else "it is answered 503"
    return _each(f"the Nth call of the webhook: {what}", "SQLite", round_, kit, seed)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Store]:
    store = open_store(f"sqlite:{path}")
    try:
        yield store
    finally:
        # SQLite itself passes over a checkpoint that fails at the end; only what we raised on purpose comes through.
        with contextlib.suppress(apsw.FullError, apsw.IOError):
            store.close()


def _remove(path: Path) -> None:
    for rest in path.parent.glob(f"{path.name}*"):
        rest.unlink()


def _sqlite(path: Path, kit: Kit) -> None:
    store = open_store(f"sqlite:{path}")
    store.put_subscriptions(kit.given.told_to(kit.receiver.address))
    store.close()


def elastic_calls(kit: Kit, place: Place, seed: int, *, heard: bool, step: int = 1) -> Row:
    """Each call of Elasticsearch fails once, before it is heard or after it was done, and nobody is patient."""
    from elasticsearch import ConnectionError as Cut

    from tocsin.stores.elastic.server import Write

    store: Any = seeing(open_store(place.url, place.redis))
    server, client = store.server, store.server.client
    asked = client.perform_request
    state = {"count": 0, "fails": 0}

    def perform(method: str, path: str, **more: Any) -> Any:
        if "_refresh" in path:
            return asked(method, path, **more)
        state["count"] += 1
        fails = state["count"] == state["fails"]
        answer = asked(method, path, **more) if heard or not fails else None
        if fails:
            raise Cut("on purpose")
        return answer

    def round_(number: int) -> tuple[Found, str, bool]:
        state["fails"] = 0
        rows = server.each("*", {"query": {"match_all": {}}, "sort": ["_shard_doc"], "_source": False})
        server.write([Write("delete", row.place, row.id) for row in rows if row.id != "schema"])
        store.put_subscriptions(kit.given.told_to(kit.receiver.address))
        server.refresh("*")
        store.fingerprints._client.flushall()  # noqa: SLF001 - a store that was never filed into
        store.fingerprints.rebuild([], [])
        state.update(count=0, fails=number)
        wrong = kit.flow(lambda: contextlib.nullcontext(store))
        met, state["fails"] = state["count"] >= number, 0
        server.refresh("*")
        return judged(store, kit.given, kit.receiver), wrong, met

    client.perform_request = perform
    # A first pause that is longer than all patience: whoever asks has to begin anew.
    with mock.patch("tocsin.stores.elastic.server._PAUSES", (1_000.0,)), contextlib.closing(store):
        what = "its answer is lost" if heard else "it is never heard"
        return _each(f"the Nth call of Elasticsearch: {what}", "Elasticsearch", round_, kit, seed, step)


def _each(
    name: str, store: str, round_: Callable[[int], tuple[Found, str, bool]], kit: Kit, seed: int, step: int = 1
) -> Row:
    """For N from the first on, until the flow has no Nth any more."""
    begun = time.monotonic()
    sums = Found()
    wrong: list[str] = []
    met = 0
    for number in itertools.count(1, step):
        kit.receiver.log.clear()
        found, told, hit = round_(number)
        if told:
            wrong.append(f"N = {number}: {told}")
        worse = [one for one in ("lost", "doubled", "parked", "missing", "twice") if getattr(found, one)]
        if worse:
            wrong.append(f"N = {number}: " + ", ".join(f"{getattr(found, one)} {one}" for one in worse))
        sums = Found(*(one + other for one, other in zip(sums, found, strict=True)))
        if not hit:
            break
        met += 1
    more = [f"and {len(wrong) - 5} more like these"] if len(wrong) > 5 else []
    return Row(name, store, met, sums, asked=0, seconds=time.monotonic() - begun, seed=seed, wrong=(*wrong[:5], *more))
