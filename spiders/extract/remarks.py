"""What an outlet says about its own text: corrections, lines to editors, and whom it cites. Pure, over the lines.

Names are written down as they stand in the text, case forms too. Every pattern is of bounded length and is only tried
where one of its words was found, so that a long text costs no more than reading it.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from tocsin.addresses import host_of
from tocsin.records import Outlet

_LONGEST_NOTE = 300
_MOST_CITED = 10
_LONGEST_NAME = 80
_READ = 60_000
"""Characters of a text that are looked through for names."""
_MOST_PLACES = 300
_TOP = 3
_SHORT_LABEL = 40
"""Characters up to which a correction's label stands alone, with a date perhaps, and the note in the next line."""
_HEAD = 600
"""Characters of a line that are looked at."""

_LABEL = re.compile(
    r"(?i)^[\W_]{0,6}(?:(?:editor[’']?s )?(?:corrections?|clarifications?)(?: (?:and|&) (?:corrections?"
    r"|clarifications?))?"
    r"|erratum|errata|(?:уточнення|виправлення|виправлено|спростування|поправка|оновлено та виправлено)"
    r"|(?:уточнение|исправление|исправлено|опровержение)"
    r"|korrektur(?:hinweis)?|berichtigung|richtigstellung|rectificatif|rectification|correctif"
    r"|corrección|rectificación|fe de (?:errores|erratas)|sprostowanie|korekta|poprawka)"
    r"(?:\s{0,2}(?:,|\()[^\n:]{1,50})?\s{0,2}(?:[:.—–]|-\s|\)?\s{0,2}$)"
)
_SENTENCE = re.compile(
    r"(?i)^[\W_]{0,6}(?:(?:this (?:article|story|piece|post|report|headline|version)(?: [^\s.]{1,20}){0,6}?"
    r"|the (?:article|story|headline|text) (?:was|has been|have been))"
    r" (?:amended|corrected|updated to (?:correct|clarify|reflect)|clarified|corrects)\b"
    r"|an? (?:earlier|previous) version of (?:this|the)|(?:a )?previous version(?:s)? of (?:this|the)"
    r"|we (?:have )?(?:corrected|amended) |we apologi[sz]e for (?:the|this|any) (?:error|mistake)"
    r"|(?:у|в) (?:матеріал\w?|текст\w?|новин\w|публікаці\w|статт\w) (?:було )?(?:внесено|внесені|виправлено|допущено)"
    r"|(?:у|в) (?:попередній|першій|початковій) (?:версії|редакції)|редакція (?:перепрошує|вибачається"
    r"|приносить вибачення)"
    r"|в (?:материал|текст|новость|публикацию|заголовок|статью) (?:были )?внесен"
    r"|в (?:тексте|материале|новости|заметке|статье) (?:была |были )?(?:исправлен|допущен|уточнен)"
    r"|в (?:предыдущей|первой|первоначальной|ранней) (?:версии|редакции)|редакция приносит (?:свои )?извинения"
    r"|in einer (?:früheren|ersten|vorherigen|ursprünglichen) (?:version|fassung)|wir haben (?:den|die|das|diesen)"
    r" (?:[^\s.]{1,20} ){1,6}?(?:korrigiert|berichtigt)|(?:une|dans une) (?:première|précédente) version d[eu]"
    r"|cet article a été (?:modifié|corrigé|rectifié)|(?:en )?una versión anterior de (?:este|esta|la)"
    r"|este (?:artículo|texto) (?:ha sido|fue) (?:corregido|modificado)|(?:we|w) (?:wcześniejszej|poprzedniej"
    r"|pierwotnej)"
    r" wersji|(?:artykuł|tekst) został (?:poprawiony|skorygowany))"
)
_FROM_EDITORS = re.compile(
    r"(?i)^[\W_]{0,6}(?:editor[’']?s note|note from the editors?|anmerkung der redaktion|anm\. d\. red\."
    r"|note de la rédaction"
    r"|nota de la redacción|nota del editor|від редакції|примітка редакції|от редакции|примечание редакции|od redakcji)"
    r"[\s:.—–-]"
)
_MENDS = re.compile(
    r"(?i)correct|amend|error|mistak|misst|clarif|inaccura|виправ|помил|уточн|неточн|исправ|ошиб|korrig|fehler"
    r"|berichtig"
    r"|corrig|erreur|errón|sprostow|popraw|błęd"
)
_ADVISORY = re.compile(
    r"^[^\w\n]{0,6}(?:(?:STRICTLY |UNDER )?EMBARGO(?:ED)?(?:\s{0,2}[:—–-]|\s{0,2}$| (?:UNTIL|TILL|FOR|TO|BY)\b)"
    r"|(?i:(?:strictly |under )?(?:embargo(?:ed)?|not for (?:publication|release|broadcast)) (?:until|till|before)\b)"
    r"|(?:ЕМБАРГО|ЭМБАРГО)(?:\s{0,2}[:—–-]|\s{0,2}$| ДО\b)|(?i:(?:ембарго|эмбарго) до \d)|SPERRFRIST\b|(?i:sperrfrist:)"
    r"|(?:MANDATORY|BULLETIN|URGENT) KILL\b|KILL(?: BULLETIN| NOTICE| ADVISORY|\s{0,2}[:—–]|\s{0,2}$)"
    r"|(?:ATTENTION|ADVISORY TO|NOTE TO) EDITORS\b|(?:WITHDRAWN|RETRACTED|RETRACTION|WITHDRAWAL)(?:\s{0,2}[:—–-]"
    r"|\s{0,2}$)"
    r"|(?i:(?:withdrawn|retracted|retraction)\s{0,2}[:—–])|(?i:(?:this (?:article|story"
    r"|page) was )?published in error\b)"
    r"|(?i:this (?:article|story) has been (?:withdrawn|retracted))|(?:ЗНЯТО З ПУБЛІКАЦІЇ|СНЯТО С ПУБЛИКАЦИИ)\b"
    r"|(?:АНУЛЬОВАНО|АННУЛИРОВАНО)(?:\s{0,2}[:—–-]|\s{0,2}$))"
)

_CAPITAL = r"[A-ZÀ-ÖØ-ÞĀ-ŽА-ЯЁІЇЄҐŁŚŻŹĆ]"
_WORD = rf"{_CAPITAL}[\w’'&.+-]{{0,30}}"
_LINK = r"(?:of|the|and|for|de|del|la|le|du|des|der|für|i|та|и|&)"
_NAME = (
    rf"(?P<name>«(?={_CAPITAL})[^»\n]{{2,60}}»|“(?={_CAPITAL})[^”\n]{{2,60}}”"
    rf"|„(?={_CAPITAL})[^“”\n]{{2,60}}[“”]|\"(?={_CAPITAL})[^\"\n]{{2,60}}\""
    rf"|{_WORD}(?:[ \xa0](?:{_LINK}[ \xa0])?{_WORD}){{0,4}})"
)
_LOWER = r"(?:[a-zà-öø-ÿа-яёіїєґłśżźć’'./-]{1,22}[ \xa0]){0,3}?"
_BEFORE_NAME = re.compile(
    r"(?i:(?:according to|citing|with reference to|зі посиланням на|із посиланням на|з посиланням на|посилаючись на"
    r"|за (?:даними|інформацією|повідомленням)|(?:про це )?(?:повідомля(?:є|ють)|повідоми(?:в|ла|ли)|переда(?:є"
    r"|ють)|пиш(?:е|уть)"
    r"|інформує)(?: (?:в|у))?|со ссылкой на|ссылаясь на|по (?:данным|информации|сообщению)|(?:сообща(?:ет|ют)"
    r"|сообщил(?:а|и|о)?|переда(?:ет|ют|ёт)|пиш(?:ет|ут))(?: в)?|unter berufung auf|laut"
    r"|wie (?=\S{1,30} (?:berichtet|meldet"
    r"|schreibt))|selon|d[’']après|según|de acuerdo con|jak (?:podaje|informuje|donosi|pisze)|według|za agencją"
    rf"|as (?=(?:the )?\S{{1,30}}(?: \S{{1,30}}){{0,3}} report)))[ \xa0]?(?i:l[’'])?{_LOWER}{_NAME}"
)
_AFTER_NAME = re.compile(
    rf"[,—–-][ \xa0](?:the |die |le |la |el )?{_NAME}[ \xa0](?i:reports?|reported|writes|wrote|berichtete?"
    rf"|meldete?|schreibt"
    r"|пише|повідомляє|передає|пишет|сообщает|передает|rapporte|informa|podaje|donosi)\b"
)
_STEMS = (
    "according to", "citing", "with reference to", "as ", "посиланням на", "посилаючись на", "за даними",
    "за інформацією", "за повідомленням", "повідомля", "повідоми", "переда", "пиш", "інформує", "со ссылкой на",
    "ссылаясь на", "по данным", "по информации", "по сообщению", "сообща", "сообщил", "unter berufung auf",
    "laut ", "wie ", "selon ", "après ", "según ", "de acuerdo con", "jak podaje", "jak informuje",
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
    " october november december в у на по про що як але його її їх це он она они это его как que elle il ils les"
    " le la el los las der die das ein eine sie er es ihm ihr montag dienstag mittwoch donnerstag freitag samstag"
    " sonntag".split()
)
_ARTICLES = frozenset(("The", "Le", "La", "Les", "El", "Los", "Las", "Die", "Der", "Das"))
"""Part of a name where they have a capital in the middle of a sentence."""
_GENERIC = frozenset(
    "angaben angabe aussage aussagen medienberichten medien berichten bericht experten umfrage umfragen artikel"
    " statistik stand information informationen studie studien gerüchten datenlage untersuchung untersuchungen"
    " untersuchungsergebnissen mitteilung veröffentlichung ankündigung warnung plan plänen gesetz vertrag urteil"
    " anklage manuskript hersteller nachrichtenportal nachrichtenagentur zeitung zeitungsbericht zeitungsberichten"
    " magazin agentur sender organisation insider prognose prognosen schätzung schätzungen daten zahlen".split()
)
"""German nouns, written with a capital, that say what sort of source it is but do not name it."""
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


class Remarks(msgspec.Struct, frozen=True):
    """What a text says about itself and its sources."""

    correction: str = ""
    """The outlet's note on what it corrected, at most 300 characters."""
    advisory: str = ""
    """A line to editors at the top: an embargo, a kill, a withdrawal."""
    cited: tuple[str, ...] = ()
    """Sources as the text names them, in its order."""


def read(title: str, text: str, dropped: Sequence[str], outlet: Outlet) -> Remarks:
    """Look for remarks in an article. ``dropped`` are lines of the page that are not in the text."""
    lines = [line for line in text.split("\n") if line]
    return Remarks(
        _correction([*lines, *dropped]), _advisory([title, *lines[:_TOP], *dropped[:_TOP]]), _cited(text, outlet)
    )


def _correction(lines: Sequence[str]) -> str:
    for at, line in enumerate(lines):
        head = line[:_HEAD]
        label = _LABEL.match(head)
        if label and len(head) < _SHORT_LABEL and not _MENDS.search(head[label.end() :]):
            following = lines[at + 1] if at + 1 < len(lines) else ""
            return f"{head.strip()} {following}"[:_LONGEST_NOTE].strip()
        if label or _SENTENCE.match(head) or (_FROM_EDITORS.match(head) and _MENDS.search(head)):
            return head.strip()[:_LONGEST_NOTE]
    return ""


def _advisory(lines: Sequence[str]) -> str:
    return next((line.strip()[:_LONGEST_NOTE] for line in lines if _ADVISORY.match(line[:_HEAD])), "")


def _cited(text: str, outlet: Outlet) -> tuple[str, ...]:
    own = _own_names(outlet)
    found: dict[str, str] = {}
    for raw in _names(text[:_READ]):
        name = _tidy(raw)
        key = name.strip(_QUOTES).casefold()
        if (
            len(key) > 1
            and key not in _GENERIC
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


def _tidy(raw: str) -> str:
    name = " ".join(raw.split())
    if name[0] in '«“„"':
        return name
    words = name.split(" ")
    while words and (words[0].casefold() in _NO_NAME or words[0].casefold() in _GENERIC):
        if words[0] in _ARTICLES and len(words) > 1:
            break
        words.pop(0)
        words = words[1:] if words and words[0] in _OF else words
    for at, word in enumerate(words):
        # A full stop ends the name, unless it ends an initial or an abbreviation.
        if word.endswith(".") and len(word) > 3:
            words = [*words[:at], word]
            break
    name = " ".join(words)
    name = name if re.fullmatch(r"(?:\w\.){2,6}", name) else name.rstrip(".,’'-&+")
    return re.sub(r"[’']s$", "", name)


def _own_names(outlet: Outlet) -> set[str]:
    host = host_of(outlet.home)
    names = (outlet.title, outlet.name, outlet.name.replace("-", " "), host, host.partition(".")[0])
    return {n.casefold() for n in names if n}
