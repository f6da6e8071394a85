"""An index on a real Elasticsearch that tests fill with articles and ask with plans."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import httpx

from tocsin.query import elastic, elastic_fields
from tocsin.query.plan import Plan

BATCH = 50
"""Queries of one request."""


class Index:
    """Articles by number, and which of them meet a plan."""

    def __init__(self, address: str, name: str) -> None:
        self.client = httpx.Client(base_url=address, timeout=60)
        self.name = name
        settings = {"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "-1"}
        mapping = {"settings": settings, "mappings": dict(elastic_fields.MAPPING)}
        self._checked(self.client.put(f"/{name}", json=mapping))
        self.size = 0

    def close(self) -> None:
        self.client.delete(f"/{self.name}")
        self.client.close()

    def add(self, documents: Iterable[Mapping[str, Any]]) -> None:
        lines = []
        for document in documents:
            lines += [{"index": {"_id": str(self.size)}}, document]
            self.size += 1
        answer = self._post("_bulk?refresh=true", lines)
        assert not answer["errors"], [item for item in answer["items"] if "error" in item["index"]][:1]

    def meeting(self, plans: Sequence[Plan]) -> list[set[int]]:
        """The numbers of the articles that meet each plan."""
        found = []
        for start in range(0, len(plans), BATCH):
            lines = []
            for plan in plans[start : start + BATCH]:
                lines += [{}, {"size": self.size, "_source": False, "query": elastic.query(plan)}]
            for answer in self._post("_msearch", lines)["responses"]:
                assert "error" not in answer, str(answer["error"])[:2000]
                found.append({int(hit["_id"]) for hit in answer["hits"]["hits"]})
        return found

    def _post(self, action: str, lines: Iterable[Any]) -> dict[str, Any]:
        body = "".join(json.dumps(line) + "\n" for line in lines).encode()
        headers = {"content-type": "application/x-ndjson"}
        return self._checked(self.client.post(f"/{self.name}/{action}", content=body, headers=headers))

    def _checked(self, answer: httpx.Response) -> dict[str, Any]:
        assert answer.status_code == 200, answer.text[:2000]
        found: dict[str, Any] = answer.json()
        return found
