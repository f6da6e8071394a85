"""Why an article was joined to a story, in one sentence."""

from tocsin.records import Article, Kinship


def sentence(article: Article, other: str) -> str:
    """What an article is to its story, and by what evidence. ``other`` is the address of the text it was compared with.

    Empty where its text was new.
    """
    kin = article.kin
    if kin is None:
        return ""
    if article.relation == "translation":
        return f"The page names {other} as the same in another language."
    if article.relation == "version" and kin.shared == kin.held == 1.0:
        return "The same address had the same words before, under another headline or in another order."
    if article.relation == "version":
        return f"The same address had another text before: {_share(kin.shared)} of the words stood there already."
    if kin.shared == 1.0 and not kin.added:
        return f"Word for word the text of {other}."
    return f"{_made_of(kin, other)}; {_agreement(kin)}."


def _made_of(kin: Kinship, other: str) -> str:
    added = f", and {kin.added} words do not" if kin.added else ""
    if kin.shared >= kin.held:
        return f"{_share(kin.shared)} of its words stand in {other}{added}"
    return f"It holds {_share(kin.held)} of {other}, and {kin.added} words beyond"


def _agreement(kin: Kinship) -> str:
    return f"of the numbers {_share(kin.numbers)} are the same, of the names {_share(kin.names)}"


def _share(part: float) -> str:
    return f"{100 * part:.0f} %"
