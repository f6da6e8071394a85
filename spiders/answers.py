"""What comes of one request, and who makes requests: the border between the watches and Scrapy."""

from datetime import datetime
from typing import Protocol

from tocsin.records import HttpFacts, Outlet, Record


class Answer(Record):
    """What came of one request."""

    status: int = 0
    url: str = ""
    """After redirects."""
    body: bytes = b""
    http: HttpFacts = HttpFacts()
    reason: str = ""
    """Why there is nothing to read, one of a few fixed phrases; empty after 2xx and 304."""
    detail: str = ""
    host_trouble: bool = False
    """The failure is the host's, not the page's: no connection, no name, overload."""
    wait: float = 0.0
    """Seconds that the host asked to be left alone."""
    retry: float = 0.0
    """Seconds after which a page is first tried again; 0: never by itself."""

    @property
    def words(self) -> str:
        """Reason and detail in one line."""
        return f"{self.reason}: {self.detail}" if self.detail else self.reason


class Fetcher(Protocol):
    """Fetches politely and safely: keeps pace, obeys robots.txt, never raises for what the other side does."""

    async def fetch(
        self, outlet: Outlet, url: str, *, kind: str, etag: str = "", modified: str = "", since: datetime | None = None
    ) -> Answer:
        """Get one address; ``kind`` is ``page`` or a feed kind.

        With validators, or with the time ``since`` of the last fetch in their place, the request is conditional.
        """

    async def sitemaps(self, outlet: Outlet) -> list[str] | None:
        """Sitemaps that the robots.txt of the outlet's host names; None where it cannot be read for now."""


def refusal(status: int, hold: float) -> Answer:
    """An answer that is neither 2xx nor 304."""
    detail = f"HTTP status {status}"
    if hold > 0:
        return Answer(status=status, reason="asked to slow down", detail=detail, host_trouble=True, wait=hold)
    if status in (404, 410):
        return Answer(status=status, reason="not found", detail=detail, retry=21600.0)
    if status in (401, 402, 403, 407, 451):
        return Answer(status=status, reason="refused by the server", detail=detail, host_trouble=True, retry=3600.0)
    if status >= 500:
        return Answer(status=status, reason="server error", detail=detail, host_trouble=True, retry=300.0)
    return Answer(status=status, reason="unreadable answer", detail=detail, retry=21600.0)
