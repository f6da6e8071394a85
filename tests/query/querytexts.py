"""Texts as people, pasting and malice make them: any characters, and the pieces of the language in any order."""

from hypothesis import strategies as st

PIECES = [
    "a", "bakhmut", "призов", "Київ", "AND", "OR", "NOT", "and", "or", "not", "SENT", "NEAR/5", "ONEAR/3", "NEAR",
    "NEAR/5f", "near/5", "w/5", "adj5", "(", ")", '"', "“", "”", "-", "–", "=", "*", "~5", "^2", "|", "||", "&&",
    "!", "+", "?", ":", ">=", "/", ".", "title:", "lead:", "site:", "lang:", "lang: uk", "outlet:", "date:",
    "date:2026-11-20", "last", "7d", "[", "]", "{", "}", " TO ", "atleast3(", "atleast3", "AROUND(5)", "mobili*",
    "x*", "e-mail", "U.S.", "1,000", "@rybar", "https://t.me/x?y=1", "bbc.com/news", "intitle:",
    "after:2026-01-01", "raw:", "мова:",
    "source.name:", "<<<", ">>>", "the", "\u00ad", "\u200f", "\u0301", "'", "’", "Киeв", "2026-02-30",
]  # fmt: skip

pieces = st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from([" ", " ", ""])), max_size=14).map(
    lambda chosen: "".join(piece + blank for piece, blank in chosen)
)

texts = st.one_of(st.text(max_size=60), pieces)
