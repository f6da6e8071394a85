"""What to look at again in a query that can be read: words that nothing has, or nearly everything, and other traps.

What the text alone betrays stands in ``tocsin.query.remarks``; this asks the tree, the lists and a store.
"""

import difflib
import re
from collections.abc import Iterator, Sequence

from tocsin.query import ast, plan
from tocsin.query.expand import SHOUTED, Expander
from tocsin.query.parse import Remark, is_read
from tocsin.query.plan import Stands
from tocsin.query.remarks import STOP_WORDS
from tocsin.query.vocabulary import ALL_FORMS, Asked, Attribute, Form, Met, Vocabulary, count
from tocsin.spelling import clean, fold

OFTEN = 0.3
"""Share of the articles from which on a word tells little."""
FEW = 20
"""Articles of a store up to which shares mean nothing."""
WIDE = 200
"""Forms past which a prefix is hardly what was meant."""
EATEN = 10
"""How many times as frequent as all its others a form of a prefix must be to be called out."""
NEAR = 0.8
"""How alike two spellings must be (ratio of difflib)."""

SMALL_WORDS = STOP_WORDS | frozenset("us who may am".split())
"""Words that abbreviations in capitals are taken for."""

Told = Sequence[tuple[Asked, Met | Attribute]]


def lint(
    text: str, tree: ast.Query, told: Told, expander: Expander, store: Vocabulary | None, total: int
) -> Iterator[Remark]:
    """Remarks on a query of which ``told`` says what its parts come to; ``total`` articles are in the store.

    Without a store, or with an empty one, only what needs none is remarked on.
    """
    if not ast.demands_something(tree):
        what = (
            "this only says what must not be there: nearly every article meets it, and as a subscription it is refused"
        )
        yield Remark(1, f"{what}; add a word that must be there", "")
    for asked, found in told:
        if isinstance(asked.node, ast.Word):
            yield from _capitals(text, asked, expander, store)
        if store is None:
            continue
        if not found.articles:
            yield _nowhere(text, asked, expander, store)
        elif isinstance(found, Met):
            yield from _too_wide(asked, found, expander, total)
            yield from _one_spelling(text, asked, found, expander, store)


def _nowhere(text: str, asked: Asked, expander: Expander, store: Vocabulary) -> Remark:
    """A part that no article has: why perhaps, and what was perhaps meant."""
    node = asked.node
    if isinstance(node, ast.Filter):
        return _remark(asked, f"no article has {node}")
    if node.field and (elsewhere := count(store, expander.resolve(ast.in_field(node, "")))):
        return _remark(asked, f"no article has {node}, but {_articles(elsewhere)} elsewhere than in that field")
    if isinstance(node, ast.Exact):
        any_form = count(store, expander.resolve(ast.Phrase(node.words)))
        more = f"; in other letters or forms {_articles(any_form)}" if any_form else ""
        return _remark(asked, f"no article has {node}, letter for letter{more}")
    words = node.words if isinstance(node, ast.Phrase) else (node.text,)
    missing = [word for word in words if len(words) == 1 or not count(store, expander.resolve(_leaf(word)))]
    if not missing:
        return _remark(asked, f"no article has {node}: its words occur, but never one after the other")
    word = missing[0]
    near = _alike(word, store)
    if not near:
        return _remark(asked, f"no article has {word}" + (f", and so none has {node}" if len(words) > 1 else ""))
    spelt = " and ".join(f"{form} ({_articles(articles)})" for form, articles in near)
    what = f"no article has {word}; spelt nearly so {'is' if len(near) == 1 else 'are'} {spelt}"
    return _remark(asked, what, _with(text, asked, word, near[0][0]))


def _too_wide(asked: Asked, found: Met, expander: Expander, total: int) -> Iterator[Remark]:
    articles = found.articles or 0
    if total > FEW and articles > OFTEN * total and not asked.forbidden:
        yield _remark(asked, f"{found.query} stands in {articles:,} of {total:,} articles, so alone it tells little")
    if not isinstance(asked.node, ast.Prefix):
        return
    forms = found.groups[0].forms
    if len(forms) > WIDE:
        yield _remark(asked, f"{found.query} takes in {len(forms):,} different words; more letters take in fewer")
    if len(forms) > 1 and _eats(asked.node.text, forms, expander):
        rest = sum(form.articles for form in forms[1:])
        what = (
            f"most of what {found.query} finds is {forms[0].form} ({_articles(forms[0].articles)}; all others {rest:,})"
        )
        yield _remark(asked, f"{what}; if that is not meant, write more letters or -{forms[0].form}")


def _eats(beginning: str, forms: Sequence[Form], expander: Expander) -> bool:
    """Whether the most frequent form of a prefix, and no form of the word that was written, hides the others."""
    first, rest = forms[0], sum(form.articles for form in forms[1:])
    bases = {base for lang in ("en", "uk", "ru") for base in expander.words.lemmas(first.form, lang)}
    return first.articles >= EATEN * rest and fold(clean(beginning)) not in {first.form, *bases}


def _capitals(text: str, asked: Asked, expander: Expander, store: Vocabulary | None) -> Iterator[Remark]:
    """UN is also met by *un*, and US by *us*: capitals count only behind ``=``."""
    word = asked.node.text if isinstance(asked.node, ast.Word) else ""
    if not (word.isalpha() and word.isupper() and 1 < len(word) <= SHOUTED):
        return
    small, field = word.lower(), asked.node.field if isinstance(asked.node, ast.Word) else ""
    if store is None:
        if small not in SMALL_WORDS:
            return
        what = f"{word} is met by the word {small} as well"
    else:
        itself = Stands((plan.Sequence((frozenset({f"s:{fold(word)}"}),), word),), field)
        capitals = Stands((plan.Sequence((frozenset({f"x:{word}"}),), word),), field)
        number = count(store, plan.All((itself, plan.No(capitals))))
        if not number:
            return
        what = f"{word} is met by the word {small} as well, in {_articles(number)} without the capitals"
    stands = expander.resolve(ast.Word(word))
    names = [each.via for each in stands.side if each.how == "other name"] if isinstance(stands, Stands) else []
    full = next((name for name in names if not name.isupper()), "")
    instead = f'(={word} OR "{full}")' if full else f"={word}"
    also = f", and {full} brings its other names" if full else ""
    yield _remark(asked, f"{what}; ={word} asks for the capitals{also}", _with(text, asked, word, instead))


def _one_spelling(text: str, asked: Asked, found: Met, expander: Expander, store: Vocabulary) -> Iterator[Remark]:
    """A name that is asked for in one spelling, where there are others: of the lists, or of the store."""
    node = asked.node
    if asked.forbidden or not isinstance(node, ast.Exact | ast.Word):
        return
    stands = expander.resolve(ast.Phrase(node.words) if isinstance(node, ast.Exact) else node)
    side = stands.side if isinstance(stands, Stands) else ()
    names = list(dict.fromkeys(each.via for each in side if each.how == "other name"))
    if isinstance(node, ast.Exact):
        # UN is asked for as =UN on purpose: un is a word.
        if names and not (len(node.words) == 1 and node.words[0].isupper()):
            sign = text.find("=", max(0, asked.column - 1), max(0, asked.start))
            without = text[:sign] + text[sign + 1 :] if sign >= 0 else ""
            what = f"{node} is met in no other spelling; without the = {', '.join(names[:3])} would be met too"
            yield _remark(asked, what, without if is_read(without) else "")
        return
    unknown = any(key.startswith("n:") for each in side for keys in each.steps for key in keys)
    if names or not unknown or not node.text[:1].isupper():
        return
    met = {form.form for group in found.groups for form in group.forms}
    near = [(form, articles) for form, articles in _alike(node.text, store) if form not in met]
    if near:
        spelt = " and ".join(f"{form} ({_articles(articles)})" for form, articles in near)
        either = f"({node.text} OR {' OR '.join(form for form, _ in near)})"
        what = f"{node.text} does not meet {spelt}, which {'is' if len(near) == 1 else 'are'} spelt nearly so"
        yield _remark(asked, what, _with(text, asked, node.text, either))


def _alike(word: str, store: Vocabulary) -> list[tuple[str, int]]:
    """Up to three words of the store that begin as this one does and are spelt nearly so."""
    letters = fold(clean(word.rstrip("*")))
    if len(letters) < 4:
        return []
    for common in (3, 2):
        known = dict(store.forms(frozenset({f"s:{letters[:common]}*"}), ALL_FORMS))
        alike = difflib.get_close_matches(letters, known, 3, NEAR)
        found = [(form, known[form]) for form in alike if not (word.endswith("*") and form.startswith(letters))]
        if found:
            return found
    return []


def _leaf(word: str) -> ast.Leaf:
    return ast.Prefix(word[:-1]) if word.endswith("*") else ast.Word(word)


def _remark(asked: Asked, what: str, suggestion: str = "") -> Remark:
    return Remark(asked.column, what, suggestion)


def _with(text: str, asked: Asked, word: str, instead: str) -> str:
    """The query with another word in the place of this; empty where that cannot be read, or nobody knows the place."""
    found = (
        re.compile(re.escape(word), re.IGNORECASE).search(text, asked.start, asked.end) if asked.start >= 0 else None
    )
    made = text[: found.start()] + instead + text[found.end() :] if found else ""
    return made if is_read(made) else ""


def _articles(number: int) -> str:
    return f"{number:,} article{'' if number == 1 else 's'}" if number else "no article"
