"""What stands before every request: whom the desk answers, and what a browser may do with the answer.

The desk has no password yet. A page of a stranger can still point a browser at it under a name that resolves to
loopback (DNS rebinding), so a request must call the desk by a loopback name. Under the name that stands in messages
readers may unsubscribe, and do nothing else; that is also all that a request can change.
"""

from ipaddress import ip_address

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    # Chromium resolves the hosts of all links of a plain http page at once: an outlet would learn that it is read.
    "x-dns-prefetch-control": "off",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


def is_loopback(host: str) -> bool:
    """Whether a host, with or without a port, names this machine and nothing else."""
    name = host.strip().lower()
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    if name.rstrip(".") == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware: refuses foreign Host names and adds the headers of ``HEADERS`` to every answer."""

    def __init__(self, app: ASGIApp, public: str = "") -> None:
        self.app = app
        self.public = public.casefold()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "private, no-cache")
            await send(message)

        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not (is_loopback(hosts[0]) or self._is_public(hosts[0], scope["path"])):
            refusal = PlainTextResponse("The desk answers only to localhost, 127.0.0.1 and [::1].\n", 421)
            await refusal(scope, receive, guarded)
            return
        await self.app(scope, receive, guarded)

    def _is_public(self, host: str, path: str) -> bool:
        name, colon, port = host.strip().casefold().rpartition(":")
        named = name if colon and port.isdecimal() else host.strip().casefold()
        return bool(self.public) and named == self.public and path.startswith(("/unsubscribe/", "/static/"))
