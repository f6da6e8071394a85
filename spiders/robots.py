"""robots.txt of one host as rules (RFC 9309). Pure; fetching it is the crawler's part."""

from datetime import datetime, timedelta

from protego import Protego

from tocsin.addresses import canonical

AGENT = "Tocsin"
"""Product token that a robots.txt may address."""
MAX_SIZE = 500 * 1024
"""Bytes that are read; RFC 9309 asks for at least 500 KiB."""
KEPT = timedelta(hours=24)
"""How long an answer holds."""
RETRY = timedelta(minutes=10)
"""How long nothing is fetched after robots.txt could not be read, before it is tried again."""
UNREACHED = timedelta(minutes=1)
"""The same where the host was not even reached: as a rule it is our own network that is missing."""
MAX_DELAY = 60.0
"""Longest Crawl-delay that is obeyed, in seconds; a longer one counts as this."""


class Rules:
    """What a host allows. ``closed`` says why nothing may be fetched for now; empty: ask ``allowed``."""

    def __init__(self, text: str = "", *, expires: datetime, closed: str = "") -> None:
        self.expires = expires
        self.closed = closed
        self._parsed = Protego.parse(text)

    def allowed(self, url: str) -> bool:
        """Whether this address may be fetched."""
        return not self.closed and bool(self._parsed.can_fetch(url, AGENT))

    @property
    def delay(self) -> float:
        """Seconds between two requests that the host asks for; 0 where it does not."""
        try:
            asked = float(self._parsed.crawl_delay(AGENT) or 0.0)
        except (TypeError, ValueError):
            return 0.0
        return min(max(asked, 0.0), MAX_DELAY)

    def sitemaps(self) -> list[str]:
        """Addresses of the sitemaps it names, in its order."""
        found = [canonical(str(one)) for one in self._parsed.sitemaps]
        return list(dict.fromkeys(one for one in found if one))


def rules_of(status: int, body: bytes, now: datetime) -> Rules:
    """Rules out of an answer: 2xx is read, 4xx allows everything, 5xx and 429 close the host for now."""
    if 200 <= status < 300:
        return Rules(body[:MAX_SIZE].decode("utf-8", "replace"), expires=now + KEPT)
    if 400 <= status < 500 and status != 429:
        return Rules(expires=now + KEPT)
    return unavailable(f"it answers with status {status}", now)


def unavailable(why: str, now: datetime, after: timedelta = RETRY) -> Rules:
    """Rules of a host whose robots.txt cannot be had: nothing is fetched until it is tried again."""
    return Rules(expires=now + after, closed=why)
