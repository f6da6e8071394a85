"""Addresses: one canonical form per page, and the identifiers derived from it."""

import re
from contextlib import suppress
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from tocsin.records import derived_id

_TRACKERS = re.compile(
    r"(?i)^(utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|ysclid|igshid|mc_[ce]id|_ga|_gl|ref|ref_src|ref_url"
    r"|cmpid|cmp|icid|ito|ns_\w+|at_\w+|pk_\w+|mtm_\w+|piwik_\w+|smid|smtyp|share|spm|xtor|wt_mc|phpsessid|jsessionid)$"
)
_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")
SECRET_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""``${NAME}`` in a channel address: a secret that the address names and does not hold."""
_TELLING = re.compile(r"v\d{1,2}|[a-z]{1,12}(?:[-_.][a-z]{1,12}){0,3}")
"""A path segment that is words, not a token."""
_DEFAULT_PORT = {"http": 80, "https": 443}
_SAFE_PATH = "/:@!$&'()*+,;=~-._%"


def canonical(url: str, base: str = "") -> str:
    """The one spelling of an http(s) address, or an empty string where it is none.

    Scheme and host in lower case (host in its ASCII form), default port, user name, fragment and tracking parameters
    removed, remaining parameters in order of their names, characters outside RFC 3986 escaped. ``base`` makes a
    relative address absolute.
    """
    try:
        parts = urlsplit(urljoin(base, url.strip()) if base else url.strip())
        scheme, netloc = parts.scheme.lower(), _netloc(parts)
        if not netloc:
            return ""
        path = quote(re.sub(r"(?i);jsessionid=[^/?#]*", "", parts.path) or "/", safe=_SAFE_PATH)
        # Old sites escape in cp1251: bytes that are no UTF-8 pass as they came, or the address would lead elsewhere.
        pairs = parse_qsl(parts.query, keep_blank_values=True, errors="surrogateescape")
        query = urlencode(sorted(pair for pair in pairs if not _is_tracker(*pair)), errors="surrogateescape")
    except ValueError:  # UnicodeError is one: a lone surrogate, a label that is no host name
        return ""
    return urlunsplit((scheme, netloc, path, query, ""))


def _netloc(parts: SplitResult) -> str:
    """Host in its ASCII form and the port where it is not the usual one; empty where it is no http(s) address."""
    usual = _DEFAULT_PORT.get(parts.scheme.lower())
    if usual is None or not parts.hostname:
        return ""
    host = parts.hostname.encode("idna").decode("ascii").lower().rstrip(".")
    host = f"[{host}]" if ":" in host else host
    if not _HOST.fullmatch(host):
        return ""
    return host if parts.port in (None, usual) else f"{host}:{parts.port}"


def _is_tracker(name: str, value: str) -> bool:
    # A session's token; where it is a number, it is the story of an old content system.
    session = name.casefold() == "sid" and not value.isdigit()
    return session or _TRACKERS.match(name) is not None


def address_id(url: str) -> str:
    """Identifier of a canonical address: the same with and without ``www.``, over http and https.

    A fragment counts: an entry of a live blog is ``canonical(page) + "#" + anchor``.
    """
    bare = (url.partition("://")[2] or url).removeprefix("www.")
    return derived_id("address", bare)


def article_id(address: str, text_hash: str) -> str:
    """Identifier of one text at one address."""
    return derived_id("article", address, text_hash)


def host_of(url: str) -> str:
    """Host of an address in lower case without ``www.``; empty where there is none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def site_names(url: str) -> tuple[str, ...]:
    """The host of an address and the domains that it lies in, of two labels or more: ``news.bbc.co.uk`` … ``co.uk``.

    A host in another alphabet has its names in both forms.
    """
    host = host_of(url)
    if not host or ":" in host or host.rpartition(".")[2].isdigit():
        return (host,) if host else ()
    hosts = [host]
    if not host.isascii() or "xn--" in host:
        with suppress(UnicodeError):
            hosts = [host.encode("idna").decode("ascii"), host.encode("idna").decode("idna")]
    found = [name.split(".") for name in hosts]
    return tuple(dict.fromkeys(".".join(name[at:]) for name in found for at in range(max(1, len(name) - 1))))


def same_site(one: str, other: str) -> bool:
    """Whether two addresses belong to one publisher: equal hosts, or one a subdomain of the other."""
    a, b = host_of(one), host_of(other)
    return bool(a and b) and (a == b or a.endswith("." + b) or b.endswith("." + a))


def masked(address: str) -> str:
    """A channel address as it may be printed: user name, query, signing key and token-like path segments are left out.

    ``${NAME}`` stays, it is no secret.
    """
    scheme, _, rest = address.partition(":")
    if scheme in ("stdout", "file"):
        return address
    if scheme.lower() not in _DEFAULT_PORT:
        return f"{scheme}:…" if rest and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]{0,20}", scheme) else "…"
    bare, _, fragment = rest.partition("#")
    bare, _, query = bare.partition("?")
    host, *segments = bare.removeprefix("//").split("/")
    user, at, host = host.rpartition("@")
    shown = [part if not part or _TELLING.fullmatch(part) or SECRET_NAME.fullmatch(part) else "…" for part in segments]
    path = "".join(f"/{part}" for part in shown)
    return (
        f"{scheme}://{_only_names(user) if at else ''}{at}{host}{path}"
        f"{'?' + _only_names(query) if query else ''}{'#' + _only_names(fragment) if fragment else ''}"
    )


def _only_names(text: str) -> str:
    """``a=1&b=2`` → ``a=…&b=…``; a part without a name is hidden whole, a named secret stays."""
    shown = []
    for part in text.split("&"):
        name, equals, value = part.partition("=")
        value_shown = value if SECRET_NAME.fullmatch(value) else "…"
        if equals and re.fullmatch(r"[\w.-]{1,30}", name):
            shown.append(f"{name}={value_shown}")
        else:
            shown.append(part if SECRET_NAME.fullmatch(part) else "…")
    return "&".join(shown)
