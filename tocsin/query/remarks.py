"""What is read, but perhaps not meant: small operators, mixed alphabets, stop words, dashes, single quotes."""

import re
from collections.abc import Callable

from tocsin.query.lexemes import Lexeme
from tocsin.query.mistakes import Remark

STOP_WORDS = frozenset(
    """a an the of and or not to in on at by for from with as is are was were be been it its this that these those he
    she they
    we you his her their but if so has have had will would
    і й та а у в на з із зі до від за про що як це не але чи по при для його її їх він вона вони ми ви був була
    було були є
    и во с со к ко о об от из что как это он она они мы вы его ее её их был была было были но же бы по при для не
    да
    der die das und oder nicht ein eine ist im den dem des zu von mit auf für
    le la les un une et ou de du des est dans que qui pour pas au aux
    el los las y o del en una por con para se es al
    i w z na do nie się jest od po dla oraz lub""".split()
)
"""Words that nearly every text of a language has, in small letters."""

_TO_CYRILLIC = str.maketrans("aceiopxyABCEHIKMOPTXYk", "асеіорхуАВСЕНІКМОРТХУк")
_TO_LATIN = str.maketrans("асеіорхуАВСЕНІКМОРТХУк", "aceiopxyABCEHIKMOPTXYk")
_LATIN = re.compile("[A-Za-z]")
_CYRILLIC = re.compile("[\u0400-\u052f]")
_LETTERS = re.compile(r"[^\W\d_]+")
_DASHED = re.compile("(?:[–—−‒―]|--+)(?=[^\\W\\d_])")
_SINGLE = re.compile(r"(?<![^\s(])['‘]([^\s'’‘()\"]+(?:\s+[^\s'’‘()\"]+)+)['’](?=[\s)]|$)")
_QUOTATION = re.compile('"[^"]*"?')
_OPERATORS = {
    **dict.fromkeys(("and", "And", "І", "Й", "ТА", "И", "UND", "ET", "ORAZ"), "AND"),
    **dict.fromkeys(("or", "Or", "АБО", "ЧИ", "ИЛИ", "ODER", "OU", "LUB"), "OR"),
    **dict.fromkeys(("not", "Not", "НЕ", "NICHT", "NIE"), "NOT"),
}
"""What is written for an operator and is a word here."""
_LIST = re.compile(r"[^\W\d_]{2,}(?:[,/][^\W\d_]{2,})+")
_ENDS = frozenset(("word", "quote", "close"))
_STARTS = frozenset(("word", "quote", "open", "minus", "NOT"))
_OR_SIDES = frozenset(("OR", "open", "close", "end"))


def remarks(text: str, lexemes: list[Lexeme], is_read: Callable[[str], bool]) -> tuple[Remark, ...]:
    """Remarks on a query that can be read, in the order of their columns.

    ``is_read`` says of another text whether it can be read: only such a one is suggested.
    """
    found = [*_small_operators(text, lexemes), *_mixed(text, lexemes), *_stop_words(lexemes), *_dashes(text, lexemes)]
    found += [*_single_quotes(text), *_lists(text, lexemes)]
    checked = [mark if is_read(mark.suggestion) else mark._replace(suggestion="") for mark in found]
    return tuple(sorted(checked))


def _small_operators(text: str, lexemes: list[Lexeme]) -> list[Remark]:
    small = [at for at, lexeme in enumerate(lexemes) if lexeme.text in _OPERATORS and _joins(lexemes, at)]
    if not small:
        return []
    suggestion = text
    for at in reversed(small):
        suggestion = _with(suggestion, lexemes[at], _OPERATORS[lexemes[at].text])
    return [
        Remark(
            lexemes[at].start + 1,
            f"{lexemes[at].text} is searched as a word; as an operator it is written {_OPERATORS[lexemes[at].text]}",
            suggestion,
        )
        for at in small
    ]


def _joins(lexemes: list[Lexeme], at: int) -> bool:
    """Whether a word stands where an operator could."""
    lexeme = lexemes[at]
    before = lexemes[at - 1].kind if at else "end"
    if lexeme.kind != "word" or lexemes[at + 1].kind not in _STARTS:
        return False
    return _OPERATORS[lexeme.text] == "NOT" or before in _ENDS


def _mixed(text: str, lexemes: list[Lexeme]) -> list[Remark]:
    found = []
    for lexeme in lexemes:
        if lexeme.text.isascii() or not _LATIN.search(lexeme.text):
            continue
        for run in _LETTERS.findall(lexeme.text):
            latin, cyrillic = len(_LATIN.findall(run)), len(_CYRILLIC.findall(run))
            if latin and cyrillic:
                found.append(_mixed_run(text, lexeme, run, is_cyrillic=cyrillic >= latin))
    return found


def _mixed_run(text: str, lexeme: Lexeme, run: str, *, is_cyrillic: bool) -> Remark:
    meant = run.translate(_TO_CYRILLIC if is_cyrillic else _TO_LATIN)
    name, other = ("Cyrillic", _LATIN) if is_cyrillic else ("Latin", _CYRILLIC)
    if other.search(meant):
        return Remark(lexeme.start + 1, f"{run} mixes Latin and Cyrillic letters, as hardly any text does", "")
    what = f"{run} mixes Latin and Cyrillic letters; it is searched as if all were {name}"
    return Remark(lexeme.start + 1, what, _with(text, lexeme, lexeme.text.replace(run, meant)))


def _stop_words(lexemes: list[Lexeme]) -> list[Remark]:
    found = []
    for at, lexeme in enumerate(lexemes):
        if lexeme.kind != "word" or lexeme.text.casefold() not in STOP_WORDS or lexeme.text.isupper():
            continue
        before, after = lexemes[at - 1].kind if at else "end", lexemes[at + 1].kind
        whole = len(lexemes) == 2
        if whole or (before in _OR_SIDES and after in _OR_SIDES and "OR" in (before, after)):
            what = f"nearly every text has the word {lexeme.text}, so this finds nearly everything"
            found.append(Remark(lexeme.start + 1, what, ""))
    return found


def _dashes(text: str, lexemes: list[Lexeme]) -> list[Remark]:
    return [
        Remark(
            lexeme.start + 1,
            f"the dash before {lexeme.text[dash.end() :]} is passed over; to forbid the word, write a plain -",
            _with(text, lexeme, "-" + lexeme.text[dash.end() :]),
        )
        for lexeme in lexemes
        if lexeme.kind == "word" and (dash := _DASHED.match(lexeme.text))
    ]


def _single_quotes(text: str) -> list[Remark]:
    outside = _QUOTATION.sub(lambda match: '"' * len(match.group()), text)
    return [
        Remark(
            match.start() + 1,
            "single quotes make no phrase: these are separate words",
            f'{text[: match.start()]}"{match.group(1)}"{text[match.end() :]}',
        )
        for match in _SINGLE.finditer(outside)
    ]


def _lists(text: str, lexemes: list[Lexeme]) -> list[Remark]:
    return [
        Remark(
            lexeme.start + 1,
            f"{lexeme.text} has no blank in it and is searched as one; alternatives are written with OR",
            _with(text, lexeme, f"({' OR '.join(re.split('[,/]', lexeme.text))})"),
        )
        for lexeme in lexemes
        if lexeme.kind == "word" and _LIST.fullmatch(lexeme.text)
    ]


def _with(text: str, lexeme: Lexeme, now: str) -> str:
    return text[: lexeme.start] + now + text[lexeme.end :]
