"""What other tools write, put into this language: Google, KQL, Lucene, Meltwater, Brandwatch, Talkwalker, Factiva.

Each rule is a pattern and what becomes of it. Quotations are taken out first, so that no rule reads inside one, and put
back at the end. Nothing here knows the grammar: what comes out is a proposal that the parser must still read.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from tocsin.query.ast import FILTERS, TEXT_FIELDS, TIMES
from tocsin.query.fields import COUNTRIES, LANGUAGES, ours
from tocsin.query.lexemes import MAX_BYTES
from tocsin.query.patterns import spelt_out, wildcard

Match = re.Match[str]


class Change(NamedTuple):
    """One rewriting: what was written, what stands there now, and why."""

    written: str
    now: str
    why: str


class Rewritten(NamedTuple):
    """A text in this language's own spelling, as far as rules go."""

    text: str
    changes: tuple[Change, ...]


class _Rule(NamedTuple):
    pattern: re.Pattern[str]
    now: Callable[[Match], str | None]
    """What to write instead; None leaves it as it is."""
    why: str


_QUOTES = str.maketrans("“”„‟«»＂", '"' * 7)
_COMMENT_OR_QUOTATION = re.compile(r'<<<[^<>]*>>>|"[^"]*"')
_MASK = re.compile("\ue000(\\d+)\ue001")
_Q = "\ue000\\d+\ue001"
_BEFORE = r"(?<![^\s(])"
_AFTER = r"(?=[\s)]|$)"
_NAME = r"(?<![\w.@:])(?P<name>[^\W\d][\w.]*|@[\w.]+)"
_QUOTED_DATE = re.compile(r'\b((?:date|seen):[<>]=?)"([^"\s]+)"')
_STARS = re.compile(r"(?<!\S)\*(?!\S)")
_UNITS = {"h": ("h", 1), "d": ("d", 1), "w": ("d", 7), "m": ("d", 30), "y": ("d", 365)}


def rewritten(text: str, *, small_operators: bool | None = None) -> Rewritten:
    """The text with everything put right that a rule knows. The same text where nothing was foreign.

    ``small_operators``: whether the tool that it comes from reads and, or, not in small letters as operators; None
    where nobody knows the tool.
    """
    if len(text) > MAX_BYTES or "\ue000" in text or "\ue001" in text:
        return Rewritten(text, ())
    page = _Page(text.translate(_QUOTES))
    page.apply(_SIGNS)
    before = len(page.changes)
    page.apply(_JOINERS)
    shown = len(page.changes) > before or _names_a_field(page.masked)
    if shown if small_operators is None else small_operators:
        page.apply((_SMALL_OPERATORS,))
    page.apply(_FIELDS)
    if not page.changes:
        return Rewritten(text, ())
    made = _QUOTED_DATE.sub(r"\1\2", " ".join(page.shown(page.masked).split()))
    return Rewritten(made, tuple(page.changes))


class _Page:
    """A text while it is rewritten: quotations and comments are taken out, changes are noted."""

    def __init__(self, text: str) -> None:
        self.changes: list[Change] = []
        self._quotations: list[str] = []
        self.masked = _COMMENT_OR_QUOTATION.sub(self._taken_out, text)

    def _taken_out(self, match: Match) -> str:
        written = match.group()
        if written[0] == "<":
            self.changes.append(Change(written, "", "a query has no comments"))
            return " "
        self._quotations.append(self._gapped(written))
        return f"\ue000{len(self._quotations) - 1}\ue001"

    def _gapped(self, quotation: str) -> str:
        """``"a * b"`` as Google means it: one word stands between."""
        stars = len(_STARS.findall(quotation[1:-1]))
        words = _STARS.sub(" ", quotation[1:-1]).split()
        if not stars or len(words) < 2:
            return quotation
        now = f'"{" ".join(words)}"~{stars}'
        self.changes.append(Change(quotation, now, "a * for a whole word is a distance here"))
        return now

    def shown(self, masked: str) -> str:
        """With the quotations put back."""
        return _MASK.sub(lambda match: self._quotations[int(match.group(1))], masked)

    def apply(self, rules: tuple[_Rule, ...]) -> None:
        """Rewrite by each rule in turn, unless wildcards have made more of the text than can be read."""
        for rule in rules:
            if len(self.masked) > 2 * MAX_BYTES:
                return
            self.masked = rule.pattern.sub(partial(self._replaced, rule), self.masked)

    def _replaced(self, rule: _Rule, match: Match) -> str:
        now = rule.now(match)
        if now is None or now == match.group():
            return match.group()
        self.changes.append(Change(self.shown(match.group()).strip(), self.shown(now).strip(), rule.why))
        return now


def _names_a_field(masked: str) -> bool:
    return bool(_COUNTED.search(masked)) or any(ours(match["name"]) for match in _FIELD.finditer(masked))


def _rule(pattern: str, now: str | Callable[[Match], str | None], why: str) -> _Rule:
    if isinstance(now, str):
        fixed = now
        return _Rule(re.compile(pattern), lambda match: match.expand(fixed), why)
    return _Rule(re.compile(pattern), now, why)


def _exact(match: Match) -> str | None:
    inside = match.group(1).strip()
    if " TO " in inside:
        return None
    return f'="{inside}"' if " " in inside else f"={inside}"


def _or_group(words: list[str]) -> str | None:
    return None if not words else words[0] if len(words) == 1 else f"({' OR '.join(words)})"


_SIGNS = (
    _rule(rf"(?i)\braw:\s*({_Q}|[^\s()]+)", r"=\1", "letter for letter is a = before the word or quotation"),
    _rule(rf"(?:(?<=:)|{_BEFORE}){{([^{{}}\[\]]*[^{{}}\[\]\s][^{{}}\[\]]*)}}{_AFTER}", _exact,
          "letter for letter is a ="),
    _rule(rf"(?:(?<=:)|{_BEFORE})/([^/\s]+)/{_AFTER}", lambda match: _or_group(spelt_out(match.group(1))),
          "patterns are not searched: the spellings are written out"),
    _rule(r"(?<![\w?*/.&=-])([\w'-]*\?[\w'-]*\w)(?![\w*?/=&])", lambda match: _or_group(wildcard(match.group(1))),
          "a ? for any letter is not searched: the spellings are written out, strike what is no word"),
    _rule(rf"{_BEFORE}!\s*(?=[\w(\ue000])", "-", "NOT is a - or NOT"),
    _rule(rf"{_BEFORE}\+(?=[^\W\d]|[(\ue000])", "", "every word is demanded, unless OR stands between"),
    _rule(r"(?<=[\w\ue001)*])\^\d+(?:\.\d+)?", "", "a text meets or it does not: there are no weights"),
    _rule(rf"(?<=[\w])~\d*(?:\.\d+)?{_AFTER}", "", "misspelt words are not searched: write the spellings with OR"),
    _rule(rf"(?<=\ue001)~{_AFTER}", "", "a distance needs its number"),
)  # fmt: skip


def _near(match: Match) -> str:
    kind, number, ordered = match["kind"].lower(), match["number"], match["ordered"]
    return f" {'O' if ordered or kind in ('onear', 'adj', 'pre') else ''}NEAR/{number} "


def _and_not(match: Match) -> str | None:
    """Small letters are left to the rule for small operators, which asks first whether they are operators at all."""
    written = "".join(match.group().split())
    return " AND NOT " if written in ("ANDNOT", "BUTNOT") and match.group().strip() != "AND NOT" else None


_JOINERS = (
    _rule(r"(?i)(?<=\S)\s+(?:around|near)\s*\(\s*(\d+)\s*\)\s*(?=\S)", r" NEAR/\1 ", "nearness is NEAR/ and a number"),
    _rule(
        r"(?<=[^\s:])\s+(?!O?NEAR/\d+\s)"
        r"(?P<kind>(?i:o?near|w(?=/)|adj|pre(?=/)|(?=/)))[/:~]?(?P<number>\d+)(?P<ordered>[fF]?)\s+(?=\S)",
        _near, "either order is NEAR/, the order written is ONEAR/",
    ),
    _rule(r"(?i)(?<=[^\s:])\s+w?/s\s+(?=\S)", " SENT ", "in one sentence is SENT"),
    _rule(r"(?i)(?<=\S)\s+(?:and\s*not|but\s+not|andnot)\s+(?=\S)", _and_not,
          "the operator is AND NOT"),
)  # fmt: skip


_SMALL_OPERATORS = _rule(
    r"(?i)(?<![^\s()])(and|or|not)(?=[\s(]|$)", lambda match: match.group().upper(), "operators are written in capitals"
)

_COUNTED = re.compile(r"(?i)\batleast\d+\s*\(")
_FIELD = re.compile(rf"{_NAME}\s*(?::|[<>]=?|==?|!=)")


def _colon(match: Match) -> str | None:
    """``lang : uk`` and ``sourceName: x``: our name, and no blanks."""
    name = match["name"].lower()
    if name in ("after", "before", "since", "until", "when") or not ours(name):
        return None
    return f"{match['name'] if ours(name) == name else ours(name)}:"


def _compared(match: Match) -> str | None:
    name = match["name"].lower()
    field, sign = ours(name), match["sign"]
    if field in TIMES and sign[0] in "<>":
        return f"{field}:{sign}"
    if field and sign in ("=", "=="):
        return f"{field}:"
    return f"-{field}:" if field and sign == "!=" else None


def _last(number: str, unit: str) -> str:
    ours, times = _UNITS[unit.lower()]
    return f'"last {int(number[:5]) * times}{ours}"'


def _code(match: Match) -> str | None:
    name, value = match["name"].lower(), match["value"]
    code = (LANGUAGES if name == "lang" else COUNTRIES).get(value.casefold(), "")
    return f"{name}:{code}" if code else None


def _all_in(match: Match) -> str:
    field = ours(match["name"])
    return f"{field}:({match['rest'].strip()})"


def _present(match: Match) -> str | None:
    """``lang:*`` asks only that there is one. Every article has these, and so the term says nothing."""
    name = match["name"].lower()
    lonely = " OR " not in match.string and "|" not in match.string
    return "" if lonely and name in (*TEXT_FIELDS, "outlet", "lang", "kind", "site") else None


_FIELDS = (
    _rule(rf"{_NAME}\s*(?P<sign>[<>]=?|==?|!=)\s*(?=\S)", _compared, "a comparison stands behind the name and a :"),
    _rule(r"(?i)(?<![\w.@:])_exists_\s*:\s*(?P<name>[A-Za-z_]+)", r"\g<name>:*", "that a field has a value is a *"),
    _rule(r"(?i)(?<![\w.@:])(?P<name>allintitle|allintext)\s*:\s*(?P<rest>[^()]+)$", _all_in, "a field holds a group"),
    _rule(rf"{_NAME}\s*:[ \t]*(?=\S)", _colon, "the field's name here, and no blank behind it"),
    _rule(rf"(?i)(?<![\w.@:])(?:after|since):\s*(?={_Q}|\d)", "date:>=", "that day included, it is date:>="),
    _rule(rf"(?i)(?<![\w.@:])(?:before|until):\s*(?={_Q}|\d)", "date:<", "that day left out, it is date:<"),
    _rule(rf"(?i)\b(date|seen):([\dT:Z*-]+)\.\.([\dT:Z*-]+){_AFTER}", r"\1:[\2 TO \3]", "a range is [… TO …]"),
    _rule(rf"(?i)\b(date|seen):today{_AFTER}", r'\1:"last 24h"', "today is the last 24 hours"),
    _rule(r"(?i)(?<![\w.@:])when:\s*(\d+)([hdwmy])\b", lambda match: "date:" + _last(match.group(1), match.group(2)),
          "when: is date: with last"),
    _rule(r"(?i)\b(date|seen):(?:>=?|\[)?\s*now-(\d+)([hdwmy])(?:/\w)?(?:\s+TO\s+(?:now|\*)\s*\])?",
          lambda match: f"{match.group(1)}:{_last(match.group(2), match.group(3))}", "back from now is last"),
    _rule(r"(?i)\b(?P<name>lang|outlet_country):(?P<value>[\w-]+)", _code, "a code of two letters"),
    _rule(rf"(?i)(?<![\w.@:])(?P<name>{'|'.join((*TEXT_FIELDS, *FILTERS))}):\*{_AFTER}", _present,
          "every article has one, so it says nothing"),
)  # fmt: skip
