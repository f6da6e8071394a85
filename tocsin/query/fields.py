"""The fields of the language and their values, and what other tools call them."""

import difflib
import re
from typing import get_args

from tocsin.query.ast import ALIASES, FILTERS, TEXT_FIELDS, TIMES, Filter
from tocsin.query.mistakes import ValueRefused
from tocsin.records import Kind

KNOWN = frozenset((*TEXT_FIELDS, *FILTERS, *TIMES, *ALIASES))

FOREIGN = {
    "intitle": "title", "allintitle": "title", "headline": "title", "hl": "title", "hd": "title",
    "заголовок": "title", "ingress": "lead", "lede": "lead", "leadparagraph": "lead", "lp": "lead", "hlp": "lead",
    "body": "text", "content": "text", "intext": "text", "allintext": "text", "inbody": "text", "message": "text",
    "sourcename": "outlet", "джерело": "outlet", "источник": "outlet", "publisher": "outlet", "publication": "outlet",
    "newspaper": "outlet", "language": "lang", "lg": "lang", "la": "lang", "country": "outlet_country",
    "sourcecountry": "outlet_country", "source_country": "outlet_country", "domain": "site", "host": "site",
    "hostname": "site", "insite": "site", "byline": "author", "by": "author", "authorname": "author",
    "creator": "author", "after": "date", "before": "date",
    "since": "date", "until": "date", "published": "date", "published_at": "date",
    "publishedat": "date", "pubdate": "date", "pd": "date", "@timestamp": "date", "timestamp": "date", "when": "date",
    "first_seen": "seen", "added": "seen", "crawled": "seen", "organisation": "org", "organization": "org",
    "company": "org", "co": "org", "location": "place", "loc": "place", "region": "place", "city": "place",
    "мова": "lang", "язык": "lang", "країна": "outlet_country", "страна": "outlet_country", "сайт": "site",
    "автор": "author", "дата": "date", "місце": "place", "место": "place", "тема": "topic",
    "people": "person", "subject": "topic", "theme": "topic", "ns": "topic", "type": "kind",
}  # fmt: skip
"""Names of other tools, small letters, and the field of ours that is meant."""

LANGUAGES = {
    "ukrainian": "uk", "russian": "ru", "english": "en", "german": "de", "french": "fr", "polish": "pl",
    "spanish": "es", "italian": "it", "portuguese": "pt", "dutch": "nl", "czech": "cs", "slovak": "sk",
    "romanian": "ro", "hungarian": "hu", "bulgarian": "bg", "serbian": "sr", "croatian": "hr", "greek": "el",
    "turkish": "tr", "arabic": "ar", "hebrew": "he", "persian": "fa", "farsi": "fa", "chinese": "zh",
    "japanese": "ja", "korean": "ko", "belarusian": "be", "georgian": "ka", "armenian": "hy", "azerbaijani": "az",
    "kazakh": "kk", "lithuanian": "lt", "latvian": "lv", "estonian": "et", "finnish": "fi", "swedish": "sv",
    "norwegian": "no", "danish": "da", "українська": "uk", "украинский": "uk", "російська": "ru", "русский": "ru",
    "англійська": "en", "английский": "en", "deutsch": "de", "polski": "pl", "ukr": "uk", "rus": "ru", "eng": "en",
    "deu": "de", "ger": "de", "fra": "fr", "fre": "fr", "pol": "pl", "spa": "es", "ita": "it", "ua": "uk", "cz": "cs",
    "gr": "el", "jp": "ja", "kr": "ko", "cn": "zh", "dk": "da", "by": "be",
}  # fmt: skip
"""Names, longer codes and usual slips, small letters, and the ISO 639-1 code that is meant."""

COUNTRIES = {
    "ukraine": "ua", "russia": "ru", "russian federation": "ru", "belarus": "by", "poland": "pl", "germany": "de",
    "france": "fr", "spain": "es", "italy": "it", "romania": "ro", "moldova": "md", "georgia": "ge", "turkey": "tr",
    "türkiye": "tr", "united kingdom": "gb", "great britain": "gb", "uk": "gb", "united states": "us", "usa": "us",
    "united states of america": "us", "canada": "ca", "australia": "au", "china": "cn", "israel": "il", "iran": "ir",
    "latvia": "lv", "lithuania": "lt", "estonia": "ee", "finland": "fi", "sweden": "se", "norway": "no",
    "denmark": "dk", "netherlands": "nl", "belgium": "be", "austria": "at", "switzerland": "ch", "czechia": "cz",
    "czech republic": "cz", "slovakia": "sk", "hungary": "hu", "bulgaria": "bg", "serbia": "rs", "kazakhstan": "kz",
    "ukr": "ua", "rus": "ru", "gbr": "gb", "deu": "de", "pol": "pl", "fra": "fr", "україна": "ua", "украина": "ua",
    "росія": "ru", "россия": "ru",
}  # fmt: skip
"""Names and longer codes, small letters, and the ISO 3166-1 code that is meant."""

KINDS: tuple[str, ...] = get_args(Kind)

_NAMED = re.compile(r"([^\W\d][\w.]*|@[\w.]+):")
_LETTERS = re.compile("[A-Za-z_]+")
_SCHEMES = ("http://", "https://")
_SCHEME = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//")
_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)*(?::\d{1,5})?")


def ours(name: str) -> str:
    """Our name for a field of whatever tool; empty where it names none. ``source.country`` is the country."""
    name = name.lower()
    if name in KNOWN:
        return name
    known = FOREIGN.get(name, "")
    if known or "." not in name:
        return known
    first, *_, last = name.split(".")
    return ours(last) or ours(first)


def named(text: str) -> str:
    """The name before a ``:`` with which a text begins, where it can only be a field's, known or not; else empty."""
    match = _NAMED.match(text)
    if not match or text.startswith(_SCHEMES):
        return ""
    name = match.group(1)
    return name if _LETTERS.fullmatch(name) or ours(name) else ""


def nearest(name: str) -> str:
    """The field that a name is likely to mean; empty where none is near."""
    close = difflib.get_close_matches(name, KNOWN, 1, 0.7)
    return ours(name) or (close[0] if close else "")


def filter_of(name: str, value: str) -> Filter:
    """The filter of a field and its value as written.

    Raises ValueRefused.
    """
    value = value.strip()
    if not value:
        raise ValueRefused(f"{name}: has nothing after it", f"a value, as in {_EXAMPLES.get(name, name + ':word')}")
    if value.endswith("*"):
        bare = value.rstrip("*").strip()
        instead = f'{name}:"{bare}"' if bare else ""
        raise ValueRefused(f"a * has no meaning in {name}:", "the whole value", instead)
    if name in _READERS and "," in value:
        listed = " OR ".join(part.strip() for part in value.split(",") if part.strip())
        raise ValueRefused(f"{name}: has one value", "a group for several", f"{name}:({listed})" if listed else "")
    if value[0] in "[{<>":
        raise ValueRefused("a range or comparison stands only behind date: or seen:", f"one value, as in {name}:word")
    return Filter(name, _READERS.get(name, _as_written)(value))


_EXAMPLES = {
    "lang": "lang:uk", "kind": "kind:live", "site": "site:bbc.com", "outlet_country": "outlet_country:ua",
    "place": "place:Bakhmut", "person": "person:Zelenskyy", "org": "org:NATO", "topic": "topic:conscription",
}  # fmt: skip


def _as_written(value: str) -> str:
    return value


def _site(value: str) -> str:
    host = _SCHEME.sub("", value.casefold(), count=1).removeprefix("*").lstrip(".").removeprefix("www.").rstrip("./")
    bare = re.split(r"[/?#]", host, maxsplit=1)[0]
    if bare != host:
        raise ValueRefused("site: is a host and has no path", "a host such as bbc.com", f"site:{bare}" if bare else "")
    if not _HOST.fullmatch(host):
        raise ValueRefused(f"{value} is no host", "a host such as bbc.com", "")
    return host


def _lang(value: str) -> str:
    code = value.casefold()
    meant = LANGUAGES.get(code) or LANGUAGES.get(re.split("[-_]", code)[0])
    if not meant and re.fullmatch("[a-z]{2}[-_][a-z]+", code):
        meant = code[:2]
    if meant or not re.fullmatch("[a-z]{2}", code):
        raise ValueRefused(
            f"lang: is a code of two letters, and {value} is none", "an ISO 639-1 code such as uk, ru or en",
            f"lang:{meant}" if meant else "",
        )  # fmt: skip
    return code


def _country(value: str) -> str:
    code = value.casefold()
    meant = COUNTRIES.get(code)
    if meant or not re.fullmatch("[a-z]{2}", code):
        raise ValueRefused(
            f"outlet_country: is a code of two letters, and {value} is none", "an ISO 3166-1 code such as ua, ru or gb",
            f"outlet_country:{meant}" if meant else "",
        )  # fmt: skip
    return code


def _kind(value: str) -> str:
    kind = value.casefold()
    if kind not in KINDS:
        close = difflib.get_close_matches(kind, KINDS, 1)
        instead = f"kind:{close[0] if close else KINDS[0]}"
        raise ValueRefused(f"there is no kind {value}", f"one of {', '.join(KINDS)}", instead)
    return kind


_READERS = {"site": _site, "lang": _lang, "outlet_country": _country, "kind": _kind}
