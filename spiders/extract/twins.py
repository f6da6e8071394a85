"""Copies of a page for phones (AMP) and printers that do not name the page they stand for."""

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from spiders.links import looks_like_article

_HOST = re.compile(r"^amp\.(?=[^.]+\.)", re.IGNORECASE)
_BEFORE = re.compile(r"^/amp(?=/.)", re.IGNORECASE)
_BEHIND = re.compile(r"/(?:amp|print)(?:\.html?)?/?$|[._-](?:amp|print)(?=\.html?$)", re.IGNORECASE)
_KEYS = frozenset(("amp", "print", "printable"))
_VALUES = frozenset(("", "1", "yes", "true", "y"))
_MODES = frozenset(("outputtype", "output", "view", "format", "mode", "m"))


def main_address(url: str) -> str:
    """The address of the page that a copy stands for, by the copy's own address; empty where it is none.

    Believed only where what is left has the shape of an article's address: a page may be *about* AMP.
    """
    parts = urlsplit(url)
    path = _BEHIND.sub("", _BEFORE.sub("", parts.path)) or "/"
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(key, value) for key, value in pairs if not _asks_for_copy(key.lower(), value.lower())]
    query = parts.query if len(kept) == len(pairs) else urlencode(kept)
    found = urlunsplit((parts.scheme, _HOST.sub("", parts.netloc), path, query, ""))
    same = found == urlunsplit((parts.scheme, parts.netloc, parts.path, parts.query, ""))
    return "" if same or not looks_like_article(found) else found


def _asks_for_copy(key: str, value: str) -> bool:
    return (key in _KEYS and value in _VALUES) or (key in _MODES and value in _KEYS)
