"""What an outlet says about its own text: corrections, lines to editors, and whom it cites. Pure, over the lines."""

import re
from collections.abc import Sequence

import msgspec

from spiders.extract.cited import cited
from tocsin.records import Outlet

_LONGEST_NOTE = 300
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
        _correction([*lines, *dropped]), _advisory([title, *lines[:_TOP], *dropped[:_TOP]]), cited(text, outlet)
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
