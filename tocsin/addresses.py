"""Addresses: one canonical form per page, and the identifiers derived from it.

Two strengths. ``canonical`` is an address that can be asked for: it drops only what no server answers differently to.
``main_address`` also goes from a copy for phones or printers to the page that the copy stands for; nobody asks for it
unseen, but it is what a page is known by.
"""

import re
from contextlib import suppress
from urllib.parse import SplitResult, parse_qsl, quote, quote_plus, unquote, unquote_plus, urljoin, urlsplit, urlunsplit

from tocsin.marks import one_spelling
from tocsin.records import derived_id

_TRACKERS = re.compile(
    r"(?i)^(utm(_\w+)?|(?:fb|g|d|t[tw]|ys?|s)clid|msclkid|(?:rb_)?clickid|fb_(?:action_ids|action_types|ref|source)|gad_\w+"
    r"|gbraid|wbraid|srsltid|igshid|igsh|li_fat_id|epik|mc_[ce]id|mkt_tok|_ga|_gl|_ke|_hs(?:enc|mi)|__hs\w+|hsctatracking"
    r"|_?openstat|etext|ref|ref_src|ref_url|cmpid|cmp|icid|ito|ns_\w+|at_\w+|pk_\w+|mtm_\w+|piwik_\w+|matomo_\w+"
    r"|smid|smtyp|share|spm|xtor|wt[._]mc(?:[._]\w+)?|wt_zmc|s_cid|s_kwcid|sc_(?:campaign|channel|cid|geo|medium)|ocid"
    r"|guccounter|guce_\w+|vero_(?:id|conv)|oly_(?:enc|anon)_id|wickedid|__twitter_impression|echobox|tpcc"
    r"|soc_(?:src|trk)|trk|trkcampaign|phpsessid|jsessionid|aspsessionid\w*|oscsid|zenid|cfid|cftoken)$"
)
_SESSION = re.compile(r"(?i);(?:jsessionid|phpsessid)=[^/?#]*|(?<=/)\((?:[a-z]\([^()/]*\))+\)/")
"""A session's token in the path: of Java and PHP, and of ASP.NET: ``/(S(3r5…))/news``."""
_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")
SECRET_NAME = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""``${NAME}`` in a channel address: a secret that the address names and does not hold."""
_TELLING = re.compile(r"v\d{1,2}|[a-z]{1,12}(?:[-_.][a-z]{1,12}){0,3}")
"""A path segment that is words, not a token."""
_DEFAULT_PORT = {"http": 80, "https": 443}
_CHANNEL = re.compile(
    r"(?i)((webhook|slack)\+)?https?:|(telegram|matrix(\+http)?)://[^/?#]*@|ntfys?(\+https?)?://[^/]+/.|smtp(s|\+starttls)?://"
)
"""Addresses of channels, and of a mail server, that have a host where one is looked for: it may be shown."""
_MAILBOX = re.compile(r"[^\s@<>?]{1,64}@[^\s@<>?]{1,255}")
_SAFE_PATH = "/:@!$&'()*+,;=~-._%"

_PHONE_HOST = re.compile(r"^(?:(?:m|mobile|amp|wap|www)\.)+(?=[^./:]+\.)")
"""What stands before a host for phones; a host keeps two labels: ``amp.dev`` is a site."""
_BARE = re.compile(r"(?<![^&])[^=&]+(?![^&])")
"""A parameter without an equals sign."""
_AMP_HOST = re.compile(r"^amp\.(?=[^.]+\.)", re.IGNORECASE)
_COPY_BEFORE = re.compile(r"^/amp(?=/.)", re.IGNORECASE)
_COPY_BEHIND = re.compile(r"/(?:amp|print)(?:\.html?)?/?$|[._-](?:amp|print)(?=\.html?$)", re.IGNORECASE)
_COPY_KEYS = frozenset(("amp", "print", "printable"))
_COPY_VALUES = frozenset(("", "1", "yes", "true", "y"))
_COPY_MODES = frozenset(("outputtype", "output", "view", "format", "mode", "m"))

_DATE = re.compile(
    r"/(?:19|20)\d{2}[/-](?:0?[1-9]|1[0-2]|[a-z]{3})(?:[/-]|$)|/(?:19|20)\d{6}(?:[/_-]|$)", re.IGNORECASE
)
_NUMBER = re.compile(r"(?<!\d)\d{5,}(?!\d)")


def canonical(url: str, base: str = "") -> str:
    """The one spelling of an http(s) address, or an empty string where it is none.

    Scheme and host in lower case (host in its ASCII form), default port, user name, fragment, sessions and tracking
    parameters removed, remaining parameters in order of their names, characters outside RFC 3986 escaped. It leads to
    the same page: host, case and closing slash of the path stay. ``base`` makes a relative address absolute.
    """
    try:
        parts = urlsplit(urljoin(base, url.strip()) if base else url.strip())
        scheme, netloc = parts.scheme.lower(), _netloc(parts)
        if not netloc:
            return ""
        path = quote(_SESSION.sub("", parts.path) or "/", safe=_SAFE_PATH)
        query = _query(parts.query)
    except ValueError:  # UnicodeError is one: a lone surrogate, a label that is no host name
        return ""
    return urlunsplit((scheme, netloc, path, query, ""))


def _query(query: str) -> str:
    """A query without trackers, in order. A bare ``?12345`` stays bare: with ``=`` it may lead elsewhere."""
    # Old sites escape in cp1251: bytes that are no UTF-8 pass as they came, or the address would lead elsewhere.
    kept = []
    for part in query.split("&"):
        name, equals, value = (unquote_plus(piece, errors="surrogateescape") for piece in part.partition("="))
        if part and not _is_tracker(name, value):
            kept.append((name, value, equals))
    return "&".join(
        quote_plus(name, errors="surrogateescape") + equals + quote_plus(value, errors="surrogateescape")
        for name, value, equals in sorted(kept)
    )


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
    session = name.casefold() in ("sid", "sessionid", "session_id") and not value.isdigit()
    return session or _TRACKERS.match(name) is not None


def main_address(url: str) -> str:
    """The address of the page that a copy for phones or printers stands for, by the copy's own; empty where it is none.

    Believed only where what is left has the shape of an article's address: a page may be *about* AMP.
    """
    found = url
    with suppress(ValueError):
        while (shorter := _without_copy_mark(found)) != found:
            found = shorter
        if found != url and looks_like_article(found):
            return found
    return ""


def _without_copy_mark(url: str) -> str:
    """An address without one layer of what marks it as a copy; the address itself where nothing does."""
    parts = urlsplit(url)
    path = _COPY_BEHIND.sub("", _COPY_BEFORE.sub("", parts.path))
    kept = [piece for piece in parts.query.split("&") if not _asks_for_copy(piece)]
    netloc, query = _AMP_HOST.sub("", parts.netloc), "&".join(kept)
    if (netloc, path, query) == (parts.netloc, parts.path, parts.query):
        return url
    return urlunsplit((parts.scheme, netloc, path or "/", query, ""))


def _asks_for_copy(piece: str) -> bool:
    """Whether a part of a query asks for another form of the page: ``print=1``, ``outputType=amp``."""
    name, _, value = unquote_plus(piece).lower().partition("=")
    return (name in _COPY_KEYS and value in _COPY_VALUES) or (name in _COPY_MODES and value in _COPY_KEYS)


def looks_like_article(url: str) -> bool:
    """Whether the path alone has the shape of an article's: a date, a slug of four words, a number of five digits."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    if _DATE.search(path + "/") and len(path.strip("/").split("/")) > 1 and not _bare_archive(path):
        return True
    last = path.rstrip("/").rpartition("/")[2]
    if last.count("-") >= 3 or last.count("_") >= 3:
        return True
    if _NUMBER.search(path):
        return True
    return any(_NUMBER.fullmatch(value) for key, value in parse_qsl(parts.query) if "id" in key.lower() or key == "p")


def _bare_archive(path: str) -> bool:
    """``/2026/11`` and ``/2026/11/16`` list a month or a day: no article."""
    return all(segment.isdigit() for segment in path.strip("/").split("/"))


def address_id(url: str) -> str:
    """Identifier of a canonical address: the same over http and https, with and without ``www.`` or ``m.``, and for a
    copy for phones (AMP) or printers.

    A fragment counts: an entry of a live blog is ``canonical(page) + "#" + anchor``.
    """
    page, mark, anchor = url.partition("#")
    if page.startswith(("http://", "https://")):
        page, question, query = (main_address(page) or page).partition("?")
        # ``?717`` is ``?717=`` here, as it was spelled when the first identifiers were stored.
        page += question + _BARE.sub(r"\g<0>=", query)
    bare = _PHONE_HOST.sub("", (page.partition("://")[2] or page).removeprefix("www."))
    return derived_id("address", bare + mark + anchor)


def article_id(address: str, text_hash: str, title: str = "") -> str:
    """Identifier of one text under one headline at one address.

    The headline's white space, case and marks make no other one. Without a headline it is the identifier that all had
    before headlines counted.
    """
    headline = one_spelling(title)
    return derived_id("article", address, text_hash, *([headline] if headline else []))


def return_id(article: str, before: str) -> str:
    """Identifier of a text that stands at its address once more, by its first one and that of the text in between."""
    return derived_id("return", article, before)


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

    ``${NAME}`` stays, it is no secret, and so does a mailbox.
    """
    scheme, _, rest = address.partition(":")
    if scheme in ("stdout", "file") or (scheme.lower() == "mailto" and _MAILBOX.fullmatch(rest)):
        return address
    if not _CHANNEL.match(address):
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
