"""A few pages fetched as the crawler fetches: the same guards, robots.txt obeyed, the outlet's pace kept."""

from collections.abc import Sequence
from typing import Any

from spiders.answers import Answer
from spiders.news import Company, NewsSpider
from tocsin.records import Outlet


class SampleSpider(NewsSpider):
    """Fetches the given addresses of one outlet, one after another, and keeps the answers."""

    name = "sample"

    def __init__(self, company: Company, outlet: Outlet, urls: Sequence[str], answers: list[Answer], **kw: Any) -> None:
        super().__init__(company, **kw)
        self._outlet, self._urls, self._answers = outlet, tuple(urls), answers

    async def _run(self) -> None:
        for url in self._urls:
            self._answers.append(await self.fetch(self._outlet, url, kind="page"))
