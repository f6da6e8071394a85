"""Whom a text cites: «повідомляє ДСНС», "as Astra reports", ``laut dpa``. Seven languages; pure, over the text.

Names are written down as they stand in the text, case forms too. Every pattern is of bounded length and is only tried
where one of its words was found, so that a long text costs no more than reading it.
"""

import re
from collections.abc import Iterator

from tocsin.addresses import host_of
from tocsin.records import Outlet

_MOST_CITED = 10
_LONGEST_NAME = 80
_READ = 60_000
"""Characters of a text that are looked through for names."""
_MOST_PLACES = 300

_CAPITAL = r"[A-ZÀ-ÖØ-ÞĀ-ŽА-ЯЁІЇЄҐŁŚŻŹĆ]"
# A full stop ends a name, but for what is short: ``U.S.``, ``J. Doe``, ``Sen. Doe``; or it stands in it: ``MLB.com``.
_WORD = (
    rf"(?:(?:Mr|Mrs|Ms|Dr|Sen|Rep|Gov|Gen|Col|Lt|Sgt|Prof|St)\.(?=[ \xa0]{_CAPITAL})"
    rf"|{_CAPITAL}\.(?:{_CAPITAL}\.){{1,5}}"
    rf"|{_CAPITAL}\.(?=[ \xa0]{_CAPITAL}\w)|{_CAPITAL}[\w’'&+-]{{0,30}}(?:\.[a-zа-яіїєґё\d][\w’'&+-]{{0,20}}){{0,3}})"
)
_LINK = r"(?:of|the|and|for|de|del|la|le|du|des|der|für|i|та|и|&)"
_NAME = (
    rf"(?P<name>«(?={_CAPITAL})[^»\n]{{2,60}}»|“(?={_CAPITAL})[^”\n]{{2,60}}”"
    rf"|„(?={_CAPITAL})[^“”\n]{{2,60}}[“”]|\"(?={_CAPITAL})[^\"\n]{{2,60}}\""
    rf"|{_WORD}(?:[ \xa0](?:{_LINK}[ \xa0])?{_WORD}){{0,4}})"
)
_LOWER = r"(?:[a-zà-öø-ÿа-яёіїєґłśżźć’'-]{1,22}[ \xa0]){0,3}?"
"""What may stand between the phrase and the name: no full stop, behind which another sentence begins."""
_WHO = r"(?:(?:у|в)[ \xa0])?(?:[а-яёіїєґ’'-]{4,22}[ \xa0]){0,3}?(?:(?:у|в)[ \xa0])?"
"""The same behind a verb: words such as ``agency`` or ``governor``; no preposition, which leads to what is told."""
_DECLINED = r"(?:(?:dem|der|des|den|einer|einem|eines)[ \xa0])?(?:[a-zäöüß-]{2,21}[nrms][ \xa0]){0,2}?"
"""The same behind ``laut``, which is also an adverb: an article and adjectives in their case."""
_BEFORE_NAME = re.compile(
    r"(?:(?i:according to|(?:as|first) reported by|citing|with reference to|(?:зі|із|з) посиланням на"
    r"|посилаючись на"
    r"|за (?:даними|інформацією|повідомленням)|со ссылкой на|ссылаясь на|по (?:данным|информации|сообщению)"
    r"|(?:сообщается|повідомляється) (?:на (?:сайте|сайті)|(?:в|у) (?:сообщении|повідомленні))"
    rf"|unter berufung auf|selon|d[’']après|según|de acuerdo con|jak (?:podaje|informuje|donosi|pisze)|według"
    rf"|za agencją)[ \xa0](?i:l[’'])?{_LOWER}"
    r"|(?i:(?:про це )?(?:повідомля(?:є|ють)|повідоми(?:в|ла|ли)|переда(?:є|ють)|пиш(?:е|уть)|інформує)"
    rf"|сообща(?:ет|ют)|сообщил(?:а|и|о)?|переда(?:ет|ют|ёт)|пиш(?:ет|ут))[ \xa0]{_WHO}"
    rf"|(?<![\w][ \xa0])Laut[ \xa0]{_DECLINED}|laut[ \xa0]{_DECLINED}){_NAME}"
)
_AFTER_NAME = re.compile(
    rf"(?:[,—–-]|(?i:\bas|\bwie|\bяк|\bкак))[ \xa0](?i:(?:the|die|der|das|le|la|el)[ \xa0])??{_NAME}[ \xa0]"
    r"(?i:(?:previously|first|earlier|already|also)[ \xa0])?(?i:reports?|reported|writes|wrote|berichtete?|meldete?"
    r"|schreibt|пише|повідомляє|передає|пишет|сообщает|передает|rapporte|informa|podaje|donosi)\b"
)
_STEMS = (
    "according to", "as reported by", "first reported by", "citing", "with reference to",
    "посиланням на", "посилаючись на", "за даними",
    "за інформацією", "за повідомленням", "повідомля", "повідоми", "переда", "пиш", "інформує", "со ссылкой на",
    "ссылаясь на", "по данным", "по информации", "по сообщению", "сообща", "сообщил", "unter berufung auf",
    "laut ", "selon ", "après ", "según ", "de acuerdo con", "jak podaje", "jak informuje",
    "jak donosi", "jak pisze", "według ", "za agencją",
)  # fmt: skip
"""Where a phrase that names its source can begin, in lower case. The commonest words need the rest of the phrase."""
_BACK = 4
_VERBS = (
    "report", "writes", "wrote", "berichtet", "meldet", "schreibt", "пише", "повідомляє", "передає", "пишет",
    "сообщает", "передает", "rapporte", "informa", "podaje", "donosi",
)  # fmt: skip
_NO_NAME = frozenset(
    "the a an this that these those he she it they we i you his her its their our my mr mrs ms dr monday tuesday"
    " wednesday thursday friday saturday sunday january february march april may june july august september"
    " october november december в у на по про що як але його її їх це он она они это его как сми змі que elle il ils"
    " les le la el los las der die das ein eine sie er es ihm ihr montag dienstag mittwoch donnerstag freitag samstag"
    " sonntag".split()
)
_WEEKDAYS = frozenset("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
_ARTICLES = frozenset(("The", "Le", "La", "Les", "El", "Los", "Las", "Die", "Der", "Das"))
"""Part of a name where they have a capital in the middle of a sentence."""
_GENERIC = frozenset(
    "angaben angabe aussage aussagen medienberichten medien berichten bericht experten umfrage umfragen artikel"
    " statistik stand information informationen studie studien gerüchten datenlage untersuchung untersuchungen"
    " untersuchungsergebnissen mitteilung veröffentlichung ankündigung warnung plan plänen gesetz vertrag urteil"
    " anklage manuskript hersteller nachrichtenportal nachrichtenagentur zeitung zeitungsbericht zeitungsberichten"
    " magazin agentur sender organisation insider prognose prognosen schätzung schätzungen daten zahlen stadt forscher"
    " forschern wissenschaftler wissenschaftlern wissenschaftlerinnen veranstalter veranstaltern verfahren unterlagen"
    " dokumenten gericht kollegen aktivisten menschen paragraf übersicht redetext beitrag ceo zeugen augenzeugen"
    " behörden recherche recherchen regularien regeln berechnung berechnungen empfehlung empfehlungen marktforscher"
    " marktforschern vertretern sprecher sprecherin gutachten kreisen".split()
)
"""German nouns, written with a capital, that say what sort of source it is but do not name it."""
_GENERIC_ENDS = (
    "bericht", "berichten", "studie", "umfrage", "gesetz", "zahlen", "kreise", "kreisen", "beamten", "antwortung",
)  # fmt: skip
"""The same as the second half of one word."""
_OF = frozenset(("des", "der", "von", "vom"))
_OFFICIALS = re.compile(
    r"[ \xa0](?:(?:state|local|defen[cs]e|intelligence|security|health) )?(?:officials?|media|police|authorities"
    r"|sources"
    r"|intelligence|government|military|army|ministry|prosecutors|rescuers)\b"
)
_ADJECTIVE = re.compile(
    r"[А-ЯІЇЄҐЁ][\w’'-]{2,25}(?:[сц]ьк\w{1,3}|[сц]к\w{2,3}|[аяую]|ної|ний|ного|ная|ную|ной|ная|ый|ое)\Z"
)
_NOUN = re.compile(r"[ \xa0][а-яіїєґё’'-]{4,20}(?![\w-])")
_QUOTES = "«»“”„\"'’‘"


def cited(text: str, outlet: Outlet) -> tuple[str, ...]:
    """Sources as the text names them, in its order; the outlet itself is none."""
    own = _own_names(outlet)
    found: dict[str, str] = {}
    for raw in _names(text[:_READ]):
        name = _tidy(raw)
        key = name.strip(_QUOTES).casefold()
        if (
            len(key) > 1
            and not _is_generic(key)
            and key not in own
            and key not in _NO_NAME
            and len(name) <= _LONGEST_NAME
        ):
            found.setdefault(key, name.strip(_QUOTES))
        if len(found) >= _MOST_CITED:
            break
    return tuple(found.values())


def _names(text: str) -> Iterator[str]:
    """Names beside the words that cite, in the order of the text."""
    low = text.lower()
    low = low if len(low) == len(text) else text
    places = [(at, True) for stem in _STEMS for at in _places(low, stem)]
    places += [(at, False) for verb in _VERBS for at in _places(low, verb)]
    for at, before in sorted(places)[:_MOST_PLACES]:
        found = _named(text, at, before=before)
        if found is not None:
            yield found["name"] + (_rest(text[at : at + 2 * _LONGEST_NAME], found["name"]) if before else "")


def _rest(window: str, name: str) -> str:
    """What belongs to a name although it has no capital: ``Israeli officials``, ``Українська правда``."""
    behind = window.find(name)
    pattern = _NOUN if _ADJECTIVE.match(name) else _OFFICIALS
    found = pattern.match(window, behind + len(name)) if behind >= 0 and name[0] not in _QUOTES else None
    return found[0] if found else ""


def _named(text: str, at: int, *, before: bool) -> re.Match[str] | None:
    """The name that follows a citing phrase, or stands before a citing verb, at a place in the text."""
    if before:
        starts = (at, max(0, at - _BACK), max(0, at - _BACK + 1), max(0, at - 2))
        return next((m for s in starts if _begins(text, s) and (m := _BEFORE_NAME.match(text, s))), None)
    start = max(0, at - _LONGEST_NAME - 8)
    window = text[start : at + 14]
    found = [m for m in _AFTER_NAME.finditer(window) if m.end() >= at - start]
    return found[-1] if found else None


def _begins(text: str, at: int) -> bool:
    return at == 0 or not text[at - 1].isalnum()


def _places(text: str, word: str) -> Iterator[int]:
    at = text.find(word)
    for _ in range(_MOST_PLACES):
        if at < 0:
            return
        yield at
        at = text.find(word, at + len(word))


def _is_generic(word: str) -> bool:
    return word in _GENERIC or (word.isalpha() and word.endswith(_GENERIC_ENDS))


def _tidy(raw: str) -> str:
    """A name as it is told: empty where nothing of it is left."""
    name = " ".join(raw.split())
    if name[0] in '«“„"':
        return name
    words = name.split(" ")
    while words and (words[0].casefold() in _NO_NAME or _is_generic(words[0].casefold())):
        if words[0].capitalize() in _ARTICLES and words[0][0].isupper() and len(words) > 1:
            break
        words.pop(0)
        words = words[1:] if words and words[0] in _OF else words
    # An initial or an abbreviation may end the sentence too.
    ends = (at for at, word in enumerate(words[1:], 1) if words[at - 1][-1] == "." and word.casefold() in _NO_NAME)
    words = words[: next(ends, len(words))]
    while len(words) > 1 and words[-1] in _WEEKDAYS:
        words.pop()
    if not words or words[-1].endswith("-"):
        return ""
    if not re.fullmatch(r"(?:\w\.){2,6}", words[-1]):
        words[-1] = words[-1].rstrip(".,’'-&+")
    return re.sub(r"[’']s$", "", " ".join(words))


def _own_names(outlet: Outlet) -> set[str]:
    host = host_of(outlet.home)
    names = (outlet.title, outlet.name, outlet.name.replace("-", " "), host, host.partition(".")[0])
    return {n.casefold() for n in names if n}
