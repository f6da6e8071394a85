"""The channels ``apprise+SCHEME://…``: some 170 services through the library Apprise, an extra of the installation.

Apprise opens its own connections, so they do not go through the egress guard; an address that names a private host is
refused before, as far as it names one. Its answer is yes or no: a no is tried again, without anybody knowing why, and a
yes that was lost is sent twice.
"""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from tocsin.addresses import masked
from tocsin.egress import allowed
from tocsin.errors import UserError
from tocsin.messages import Message
from workers.channels.given import Given
from workers.channels.port import Later
from workers.channels.posting import not_allowed
from workers.channels.wording import JOINER, Words, cut, shortened, still

PREFIX = "apprise+"
LONGEST = 1_900
"""Characters of a message: the least that most of the services take."""
_SUBJECT = 200
_RETRY_SECONDS = 60.0


class AppriseChannel:
    """Writes to one service."""

    def __init__(self, given: Given) -> None:
        """Raises UserError where the address cannot be used."""
        self._shown = given.shown
        self._way = given.way
        self._service = _service(given.filled[len(PREFIX) :], self._shown)

    def send(self, message: Message) -> None:
        """Send one message. Raises Later where the service did not take it, or its host is a private one."""
        if not self._may():
            raise not_allowed(self._shown)
        words = Words(message)
        lines = shortened(message, LONGEST, len, self._way.desk)
        body = "\n".join("".join(run.text for run in words.runs(line)) for line in lines)
        title = _defused(cut(message.subject, _SUBJECT, len))
        if not self._service.notify(body=_defused(body), title=title, body_format="text"):
            raise Later(f"{self._shown} did not take the message; Apprise does not say why.", _RETRY_SECONDS)

    def _may(self) -> bool:
        """Whether no address of a host that the service names is a private one.

        Only what the service takes for a host: others have a token in its place, which no resolver should hear of.
        """
        plugin = self._service[0]
        if "host" not in plugin.template_tokens:
            return True
        hosts = {str(host).strip("[]") for host in (plugin.host, getattr(plugin, "smtp_host", "")) if host}
        return all(self._public(host) for host in hosts)

    def _public(self, host: str) -> bool:
        try:
            return allowed(ip_address(host), self._way.allow_private)
        except ValueError:
            pass
        try:
            found = self._way.resolve(host, 443)
        except (OSError, UnicodeError):
            # It cannot be connected to either.
            return True
        return all(allowed(ip, self._way.allow_private) for ip in found)


def opened(given: Given) -> AppriseChannel:
    """Open the channel. Raises UserError where its address cannot be used."""
    return AppriseChannel(given)


def check(address: str, _data_dir: Path | None = None) -> None:
    """Raise UserError where an address cannot be used at all. Whether the service understands it is seen at sending."""
    if not re.match(r"[a-z0-9]+://.", address[len(PREFIX) :], re.IGNORECASE):
        raise UserError(f"The channel {masked(address)} is no address of Apprise; write it like apprise+discord://….")
    _library()


def _defused(text: str) -> str:
    """Text that calls nobody in whatever service it ends: neither ``@name`` nor ``<!channel>`` nor ``<b>`` is whole."""
    return re.sub(r"<(?=\S)", f"<{JOINER}", still(text))


def _service(url: str, shown: str) -> Any:
    library = _library()
    # Neither images from elsewhere nor the library's own name in messages.
    asset = library.AppriseAsset(app_id="Tocsin", app_desc="Tocsin", app_url="", image_url_mask="", image_url_logo="")
    service = library.Apprise(asset=asset)
    if not service.add(url):
        raise UserError(f"The channel {shown} is not understood by Apprise; its documentation has the form of each.")
    return service


def _library() -> Any:
    try:
        import apprise
    except ImportError:
        raise UserError(
            "A channel apprise+… needs the library Apprise, which is not installed: pip install 'tocsin[apprise]'.", 1
        ) from None
    return apprise
