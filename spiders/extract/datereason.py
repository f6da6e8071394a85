"""How sure a chosen date is, and why it was chosen or why none was, in words."""

from collections.abc import Sequence
from datetime import timedelta, tzinfo
from typing import Final, Literal

from spiders.extract import dateday
from spiders.extract.dateday import FAMILY
from tocsin.records import DateCandidate

Confidence = Literal["", "high", "medium", "low"]
Rank = Literal["first", "marked", "leaning", "beside", "shown", "lone", "changed"]
"""Which look brought a date: the first, or one of those that are taken where it found nothing."""
FIRST: Final = "first"
MARKED: Final = "marked"
LEANING: Final = "leaning"
BESIDE: Final = "beside"
SHOWN: Final = "shown"
LONE: Final = "lone"
CHANGED: Final = "changed"

_NAMES = {
    "json-ld": "the page's JSON-LD",
    "meta": "a meta element",
    "time": "a time element",
    "script": "data in a script of the page",
    "feed": "the feed",
    "sitemap": "the sitemap",
    "front": "the front page",
    "section": "the section's front",
    "url": "the address",
    "text": "the page's print",
    "rule": "a rule of the outlet",
}
_SAYS = {
    CHANGED: "{} says when the article was changed, and nothing says when it appeared",
    LEANING: "{} tells it from the moment of the fetch",
    BESIDE: "{} gives it close to the title, in a place that other dates stand in as well",
    LONE: "{} gives it, and shows no other date",
}
"""What is said of a date by the look that brought it."""
_FAR = timedelta(days=2)


def judge(
    chosen: DateCandidate, ledger: Sequence[DateCandidate], rank: Rank, zone: tzinfo | None, *, listed: bool
) -> tuple[Confidence, str]:
    """The confidence in a chosen date and the reason, one sentence. ``listed``: a feed led to the page just now."""
    with_it, against = _voices(chosen, ledger, zone)
    what = _NAMES.get(chosen.origin, chosen.origin)
    says = _SAYS.get(rank, "{} gives it").format(what)
    if rank in (BESIDE, SHOWN, LONE, CHANGED):
        return "low", f"{says[0].upper()}{says[1:]}."
    if rank == LEANING:
        return ("medium" if listed else "low"), f"{says[0].upper()}{says[1:]}."
    sure: Confidence = "high" if with_it and not against else "medium"
    if not with_it and (against or FAMILY.get(chosen.origin) == "print"):
        sure = "low"
    ending = (
        f"; {_and(with_it)} agree" + ("s" if len(with_it) == 1 else "") if with_it else "; nothing else confirms it"
    )
    other = f", but {_and(against)} differ" + ("s" if len(against) == 1 else "") if against else ""
    return sure, f"{says[0].upper()}{says[1:]}{ending}{other}."


def _voices(chosen: DateCandidate, ledger: Sequence[DateCandidate], zone: tzinfo | None) -> tuple[list[str], list[str]]:
    """Names of sources of other families that name the same day, and of those that name one far away."""
    with_it: dict[str, None] = {}
    against: dict[str, None] = {}
    for other in ledger:
        if other.verdict not in ("agrees", "another source comes first") or other.value is None or chosen.value is None:
            continue
        if FAMILY.get(other.origin) == FAMILY.get(chosen.origin):
            continue
        gap = abs(dateday.local_day(other.value, zone) - dateday.local_day(chosen.value, zone))
        name = _NAMES.get(other.origin, other.origin)
        if other.verdict == "agrees" or gap <= timedelta(days=0 if zone else 1):
            with_it[name] = None
        elif gap > _FAR:
            against[name] = None
    return list(with_it), [name for name in against if name not in with_it]


def _and(names: Sequence[str]) -> str:
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"


def why_none(found: Sequence[DateCandidate]) -> str:
    """Why no date was chosen, naming the date that came closest."""
    for verdict in dateday.REFUSED:
        for c in found:
            if c.verdict == verdict:
                return f"the only date found {verdict} ({c.raw})"
    for verdict in ("render date", "page furniture"):
        for c in found:
            if c.verdict == verdict:
                return f"only a page-render date was found ({c.raw})"
    for c in found:
        if c.verdict in ("in the future", "not readable", "too long ago"):
            return f"the only date found is {c.verdict} ({c.raw})"
    if found:
        return f"no date of the article itself was found ({found[0].raw}: {found[0].verdict})"
    return "no date was found on the page or in a feed"
