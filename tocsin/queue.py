"""The queue: the Celery app, its queues and tasks by name, and hints. A message is a hint; the store is the truth.

What is lost here, comes twice or comes late changes nothing but the time: who gets a hint claims rows of the store, and
the sweeper sends anew what nobody carries.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import structlog
from celery import Celery

from tocsin.clock import Clock
from tocsin.records import Article, derived_id
from tocsin.settings import Settings
from tocsin.stores.leases import prefix_of
from tocsin.stores.port import Hint

INGEST, MATCH, DELIVER = "ingest", "match", "deliver"
"""Queues, and the tasks that they are for: what was accepted; what was filed and is not ready; notices."""
RESTORE = "restore"
"""The task that fills lost fingerprints; it goes through the queue of ``INGEST``."""
TASKS = frozenset({INGEST, MATCH, DELIVER, RESTORE})
"""All that a worker runs, whatever a message names."""
BATCH = 20
"""Ids in one message at most."""
FRESH, LATE, SWEPT = 0, 3, 6
"""Priorities, the smallest first: news of the last hours, older texts, what the sweeper found."""
RECENT = timedelta(hours=6)
"""Age up to which a text is fresh news."""
LIMIT = 300
"""Seconds after which a task is killed. What it held comes back when its lease is over."""
VISIBILITY = 2 * LIMIT
"""Seconds after which a message that a dead worker took goes out again: longer than any task may run."""

log = structlog.get_logger()

app = Celery("tocsin", set_as_current=False)


def configured(settings: Settings, *, working: bool = False) -> Celery:
    """The app for a broker: for sending, where nobody may be kept waiting, or for working."""
    app.conf.update(
        broker_url=settings.broker,
        broker_transport_options={
            "global_keyprefix": f"{{{_place(settings.store_url)}}}:",
            "visibility_timeout": VISIBILITY,
            # What a dead worker took is looked for every second: by default it is every hundred.
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
            "priority_steps": [FRESH, LATE, SWEPT],
            "socket_connect_timeout": 5.0 if working else 0.4,
            "socket_timeout": 15.0 if working else 0.4,
            "max_retries": 0,
        },
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        accept_content=["json"],
        task_serializer="json",
        result_accept_content=["json"],
        event_serializer="json",
        task_ignore_result=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_time_limit=LIMIT,
        task_default_queue=INGEST,
        task_publish_retry=False,
        worker_prefetch_multiplier=1,
        # Commands by the broker would be another way to have something run.
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        # A child reads dictionaries and all subscriptions before it is up.
        worker_proc_alive_timeout=120.0,
        imports=["workers.tasks"],
    )
    return app


def _place(store_url: str) -> str:
    """What keeps the messages of several stores on one Redis apart."""
    if store_url.startswith("sqlite:"):
        return f"tocsin-{derived_id('queue', store_url)[:12]}"
    return f"tocsin-{prefix_of(store_url)}"


class Hints:
    """Sends hints. A broker that is down costs half a second now and then, and never an article. For one thread."""

    _PAUSES = (5.0, 15.0, 30.0)

    def __init__(self, settings: Settings, clock: Clock, *, working: bool = False) -> None:
        self._app = configured(settings, working=working)
        self._told = settings.broker.rpartition("@")[2].removeprefix("redis://")
        self._clock = clock
        self._mark = f"{_place(settings.store_url)}:held"
        """A key that is gone when everything is."""
        self._connection: Any = None
        self._failures = 0
        self._not_before = 0.0

    def accepted(self, articles: Sequence[Article]) -> bool:
        """Say that articles were accepted, fresh news first. False where the broker could not be told of all."""
        since = self._clock.now() - RECENT
        fresh = [_hint(it) for it in articles if _published(it) >= since]
        late = [_hint(it) for it in articles if _published(it) < since]
        return all([self._batches(INGEST, fresh, FRESH), self._batches(INGEST, late, LATE)])

    def overdue(self, hints: Sequence[Hint], queue: Literal["ingest", "match"], *, urgent: bool = False) -> bool:
        """Say what nobody carries. False where the broker could not be told of all.

        ``urgent``: what a dead worker held was next once, and is so again.
        """
        return self._batches(queue, hints, FRESH if urgent else SWEPT)

    def deliver(self) -> bool:
        """Say that notices wait. False where the broker could not be told."""
        return self._send(DELIVER, DELIVER, [], FRESH)

    def restore(self) -> bool:
        """Ask for the fingerprints to be filled. False where the broker could not be told."""
        return self._send(RESTORE, INGEST, [], FRESH)

    def waiting(self) -> dict[str, int] | None:
        """Messages that wait in each queue; None where the broker cannot be asked."""
        if self._clock.monotonic() < self._not_before:
            return None
        try:
            channel = self._connected().default_channel
            counts = {queue: int(channel._size(queue)) for queue in (INGEST, MATCH, DELIVER)}  # noqa: SLF001
        except Exception as error:  # noqa: BLE001 - see _send
            self._failed(error)
            return None
        self._went()
        return counts

    def forgot(self) -> bool:
        """Whether the broker has lost all that it held since this was asked last, or was never asked before."""
        if self._clock.monotonic() < self._not_before:
            return False
        try:
            return bool(self._connected().default_channel.client.set(self._mark, 1, nx=True))
        except Exception as error:  # noqa: BLE001 - see _send
            self._failed(error)
            return False

    def _connected(self) -> Any:
        if self._connection is None:
            self._connection = self._app.connection_for_write()
        return self._connection

    def _batches(self, queue: str, hints: Sequence[Hint], priority: int) -> bool:
        parts = [hints[start : start + BATCH] for start in range(0, len(hints), BATCH)]
        return all(self._send(queue, queue, [list(map(list, part))], priority) for part in parts)

    def _send(self, task: str, queue: str, arguments: list[Any], priority: int) -> bool:
        if self._clock.monotonic() < self._not_before:
            return False
        try:
            self._app.send_task(
                task, arguments, queue=queue, priority=priority, retry=False, connection=self._connected()
            )
        except Exception as error:  # noqa: BLE001 - its driver raises of all kinds, and no article may fail for it
            self._failed(error)
            return False
        self._went()
        return True

    def _failed(self, error: Exception) -> None:
        if not self._failures:
            log.warning(
                "the broker is down; everything is kept in the store and is carried on when it is back",
                broker=self._told, error=str(error),
            )  # fmt: skip
        self._not_before = self._clock.monotonic() + self._PAUSES[min(self._failures, len(self._PAUSES) - 1)]
        self._failures += 1
        # A connection that was broken is not the one to try next.
        broken, self._connection = self._connection, None
        if broken is not None:
            broken.collect(socket_timeout=0.1)

    def _went(self) -> None:
        if self._failures:
            log.warning("the broker is back", broker=self._told)
            self._failures = 0


def _hint(article: Article) -> Hint:
    return Hint(article.id, article.address_id)


def _published(article: Article) -> datetime:
    published = article.published or article.first_seen
    return published if published.tzinfo else published.replace(tzinfo=UTC)
