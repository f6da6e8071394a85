"""Channel addresses: their parts, what may be shown of them, and the secrets that they name but do not hold."""

import base64
import binascii
import re
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from tocsin.addresses import SECRET_NAME, masked
from tocsin.errors import UserError
from tocsin.records import near_id

Secrets = Callable[[str], str | None]
"""Name → value, None where it is not set."""

_PORTS = {"http": 80, "https": 443}
_PREFIX = "whsec_"


class Hook(NamedTuple):
    """A webhook's address, taken apart."""

    scheme: str
    host: str
    """ASCII; an IPv6 address without brackets."""
    port: int
    target: str
    """Path and query as they stand in the request line."""
    user: str
    """``name:password``, empty where there is none."""
    keys: tuple[bytes, ...]
    """Signing keys, more than one while they are being exchanged."""

    def hide(self, text: str) -> str:
        """Words of the receiver without the parts of the address that they repeat: any of them may be a token."""
        basic = base64.b64encode(self.user.encode()).decode()
        parts = {
            basic,
            *self.user.split(":"),
            *re.split(r"[/?&=;]", self.target),
            *re.split(r"[/?&=;]", unquote(self.target)),
        }
        for part in sorted(parts, key=len, reverse=True):
            text = text.replace(part, "…") if len(part) > 2 else text
        return text


def delivery_id(message: str, address: str) -> str:
    """What a receiver may know a message by: of a notice, the id of its delivery. The same on every retry.

    Of the address as it is stored: an id must outlive an exchange of secrets.
    """
    return near_id(message, "delivery", message, address)


def fill(address: str, secrets: Secrets) -> str:
    """The address with each ``${NAME}`` replaced by its value.

    Raises UserError naming what is not set; the values themselves stand in no message.
    """

    def value(found: re.Match[str]) -> str:
        known = secrets(found.group(1))
        if not known:
            raise UserError(
                f"The channel {masked(address)} needs {found.group(1)}, which is not set in the environment; "
                "set it and start again.",
                1,
            )
        return known

    return SECRET_NAME.sub(value, address)


def hook(address: str, shown: str = "") -> Hook:
    """Take a webhook's address apart, secrets filled in: ``https://[user:password@]host[:port]/path[?query][#secret=whsec_…]``.

    Raises UserError where it cannot be used; its message names it as ``shown``, otherwise masked.
    """
    shown = shown or masked(address)
    if re.search(r"[\s\\\x00-\x20\x7f]", address):
        raise UserError(
            f"The channel {shown} holds a blank, a backslash or an invisible character; write them as %20 or %5C."
        )
    try:
        parts = urlsplit(address)
        name = (parts.hostname or "").rstrip(".")
        host = name if ":" in name else name.encode("idna").decode("ascii")
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError) as error:
        raise UserError(f"The channel {shown} is no usable web address; write it like https://host/path.") from error
    if not host:
        raise UserError(f"The channel {shown} names no host; write it like https://host/path.")
    user, at, _ = parts.netloc.rpartition("@")
    target = quote(parts.path or "/", safe="/:@!$&'()*+,;=~-._%")
    if parts.query:
        target += "?" + quote(parts.query, safe="/?:@!$&'()*+,;=~-._%")
    keys = tuple(_key(part, shown) for part in parts.fragment.split("&") if part)
    return Hook(parts.scheme, host, port, target, unquote(user) if at else "", keys)


def check_names(address: str) -> bool:
    """Whether the address names secrets. Raises UserError where a ``${`` is not closed or holds no name."""
    left = SECRET_NAME.sub("", address)
    if "${" in left:
        raise UserError(f"The channel {masked(address)} holds a ${{ without a name; write a secret as ${{NAME}}.")
    return left != address


def _key(part: str, shown: str) -> bytes:
    """A signing key as Standard Webhooks 1.0 writes it: ``whsec_`` and base64."""
    name, _, value = part.partition("=")
    encoded = unquote(value).removeprefix(_PREFIX)
    try:
        key = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if name != "secret" or not unquote(value).startswith(_PREFIX) or len(key) < 16:
        raise UserError(
            f"The channel {shown} has a signing key that cannot be used; after # write secret=whsec_ and at least "
            "16 bytes in base64."
        )
    return key
