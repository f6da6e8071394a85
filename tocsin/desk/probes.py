"""``/health``, ``/ready`` and ``/metrics``: what a service manager and Prometheus ask of the desk.

They have a thread and a store of their own: a reader's long search must not make the whole look ill, and a store that
does not answer must not keep anybody waiting.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec
from fastapi import APIRouter, Response

from tocsin.clock import Clock
from tocsin.condition import Condition, Watcher, Wrong
from tocsin.errors import UserError
from tocsin.settings import Settings
from tocsin.stores import open_store

if TYPE_CHECKING:
    from tocsin.stores.port import Store

PATIENCE = 5.0
"""Seconds that the store may take for all that it is asked."""
T = TypeVar("T")


class Probes:
    """The watcher behind one thread. The store is opened by the first question, and again where it could not be."""

    def __init__(self, settings: Settings, clock: Clock, patience: float = PATIENCE) -> None:
        self._settings, self._clock = settings, clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="desk-probes")
        self._store: Store | None = None
        self._watcher: Watcher | None = None
        self._wrong = _Shared(self, Watcher.wrong, patience)
        self._look = _Shared(self, Watcher.look, patience)

    async def wrong(self) -> list[Wrong]:
        """What keeps articles from their readers."""
        try:
            return await self._wrong.answer()
        except UserError as error:
            return [Wrong("store", str(error))]

    async def look(self) -> Condition | None:
        """All there is to tell; None where the store cannot be asked."""
        try:
            return await self._look.answer()
        except UserError:
            return None

    def ask(self, question: Callable[[Watcher], T]) -> "asyncio.Future[T]":
        """Put a question, in its turn. Raises UserError where the store cannot be asked."""
        return asyncio.get_running_loop().run_in_executor(self._thread, self._asked, question)

    def _asked(self, question: Callable[[Watcher], T]) -> T:
        if self._watcher is None:
            self._store = self._store or open_store(self._settings.store_url, self._settings.redis)
            self._watcher = Watcher(self._store, self._settings, self._clock)
        return question(self._watcher)

    def close(self) -> None:
        """End the thread, and close the store behind its last question."""
        self._thread.submit(self._close)
        self._thread.shutdown(wait=False)

    def _close(self) -> None:
        if self._watcher is not None:
            self._watcher.close()
        if self._store is not None:
            self._store.close()


class _Shared(Generic[T]):
    """A question that is not put a second time before it is answered: all who come meanwhile share the answer."""

    def __init__(self, probes: Probes, question: Callable[[Watcher], T], patience: float) -> None:
        self._probes, self._question, self._patience = probes, question, patience
        self._put: asyncio.Future[T] | None = None

    async def answer(self) -> T:
        """The answer. Raises UserError where there is none in time: the question stays put, and may be waited for."""
        if self._put is None or self._put.done():
            self._put = self._probes.ask(self._question)
            # What it fails with may come when nobody waits for it any more.
            self._put.add_done_callback(lambda put: put.cancelled() or put.exception())
        done, _ = await asyncio.wait([self._put], timeout=self._patience)
        if not done:
            raise UserError(f"The store does not answer within {self._patience:.0f} s.", 1)
        return self._put.result()


def router(probes: Probes) -> APIRouter:
    """The three routes. They tell numbers, names of outlets and where channels lead, without secrets."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/health")
    async def health() -> Response:
        """Whether this process answers. The store is not asked: to start the desk anew would not bring it back."""
        return _json({"well": True})

    @routes.get("/ready")
    async def ready() -> Response:
        """Whether articles reach their readers; else what keeps them, and 503."""
        wrong = await probes.wrong()
        return _json({"ready": not wrong, "wrong": [it._asdict() for it in wrong]}, 503 if wrong else 200)

    @routes.get("/metrics")
    async def metrics() -> Response:
        """All metrics, in the text format of Prometheus."""
        # Not before somebody asks for it: it takes a while to be imported.
        from tocsin.metrics import CONTENT_TYPE, exposition

        return Response(exposition(await probes.look()), media_type=CONTENT_TYPE)

    return routes


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
