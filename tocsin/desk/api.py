"""The JSON API under ``/api/v1``: the records as they are, field names as in the glossary."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Response
from starlette.exceptions import HTTPException

from tocsin.addresses import masked
from tocsin.desk.reading import Desk, DeskStore, Problem
from tocsin.records import Alert, Article, Delivery, Notice

Arrival = Annotated[int | None, Query(ge=1, le=2**63 - 1)]
Limit = Annotated[int, Query(ge=1, le=200)]


def router(desk: Desk) -> APIRouter:
    """Routes of the API; nothing can be changed through it."""
    routes = APIRouter(prefix="/api/v1")

    @routes.get("/overview")
    async def overview() -> Response:
        """Counts, as the store has them."""
        return _json(await desk.ask(lambda store: store.overview()))

    @routes.get("/search")
    async def search(*, q: str = "", limit: Limit = 25, before: Arrival = None, stories: bool = False) -> Response:
        """Articles that meet a query, newest arrival first; ``next_before`` leads to older ones.

        ``newer`` has the ids of those whose address has had another text since, each with the id of its newest one.
        """
        asked = desk.understand(q)
        if asked.problem:
            return _json({"error": asked.problem.message, **_place(asked.problem)}, 400)
        articles, count = await desk.ask(
            lambda store: (
                store.search(asked.plan, limit=limit + 1, before=before, stories=stories),
                store.count(asked.plan),
            )
        )
        older, shown = articles[limit - 1].arrival if len(articles) > limit else None, articles[:limit]
        newer = await desk.ask(lambda store: store.newer([article.id for article in shown]))
        since = {name: article.id for name, article in newer.items()}
        return _json({"query": q, "count": count, "articles": shown, "newer": since, "next_before": older})

    @routes.get("/alerts")
    async def alerts(limit: Limit = 50) -> Response:
        """The newest alerts, each with its notices and their deliveries."""
        return _json({"alerts": await desk.ask(lambda store: _alerts(store, limit))})

    @routes.get("/article/{identifier}")
    async def article(identifier: str) -> Response:
        """One article, all fields."""
        found: Article | None = (await desk.ask(lambda store: store.articles([identifier]))).get(identifier)
        if found is None:
            raise HTTPException(404)
        return _json(found)

    return routes


def failure(status: int, message: str) -> Response:
    """A failure as an object."""
    return _json({"error": message}, status)


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _place(problem: Problem) -> dict[str, object]:
    if not problem.column:
        return {}
    return {"column": problem.column, "expected": problem.expected, "suggestion": problem.suggestion}


def _alerts(store: DeskStore, limit: int) -> list[dict[str, Any]]:
    return [_alert(store, alert, notices) for alert, notices in store.alerts(limit=limit)]


def _alert(store: DeskStore, alert: Alert, notices: list[Notice]) -> dict[str, Any]:
    told = [{**notice.to_dict(), "deliveries": list(map(_delivery, store.deliveries(notice.id)))} for notice in notices]
    return {**alert.to_dict(), "notices": told}


def _delivery(delivery: Delivery) -> dict[str, Any]:
    # The address of a webhook is often its only secret.
    return {**delivery.to_dict(), "channel": masked(delivery.channel)}
