"""What no article needs goes out of a very large page before it is parsed, in time that grows with its size alone.

The parser drops texts of 10 MB with all that follows, and takes the square of the time for a million attributes of one
element; what comes behind it takes its time for each element. Pages of usual size are left as they are.
"""

import re

LARGE = 1_000_000
"""Characters from which a page is made lighter."""
MOST_TAGS = 200_000
"""Tags read of a page; the rest is cut off. Articles have some thousands, the longest live blogs 50,000."""
_VAST = 8_000_000
_LONGEST_TAG = 20_000
_KEPT_OF_A_TAG = 5_000
_UNREAD = re.compile(r"(?i)<!--|<(script|style)\b")
_ENDS = {"script": re.compile(r"(?i)</script\b[^>]{0,200}>"), "style": re.compile(r"(?i)</style\b[^>]{0,200}>")}
_DATA = re.compile(r"data:[\w/+.-]{0,60}(?:;[\w=-]{1,40}){0,4},[A-Za-z0-9+/=%]{500,}")
_LONG_TAG = re.compile(rf"<([a-zA-Z][\w:-]{{0,40}})([^<>]{{{_LONGEST_TAG},}})")
_TELLING = re.compile(
    r"""(?i)\s(?:class|id|itemprop|property|name|rel|href|datetime)\s*=\s*(?:"[^"]{0,500}"|'[^']{0,500}')"""
)
_BLANKS = re.compile(r"\s\s+")


def lightened(text: str) -> str:
    """The page without scripts (but for JSON-LD), styles, comments, data URIs and endless tags, if it is very large."""
    if len(text) > LARGE:
        text = _LONG_TAG.sub(_short_tag, _DATA.sub("data:,", _without_scripts(text)))
    if len(text) > _VAST:
        text = _BLANKS.sub(lambda run: "\n\n" if run.group().count("\n") > 1 else " ", text)
    if text.count("<") > MOST_TAGS:
        text = "<".join(text.split("<", MOST_TAGS)[:-1])
    return text


def _without_scripts(text: str) -> str:
    pieces: list[str] = []
    at = 0
    while found := _UNREAD.search(text, at):
        name = (found.group(1) or "").lower()
        opening = text[found.start() : found.start() + 300].partition(">")[0]
        ends = _ENDS[name].search(text, found.end()) if name else None
        end = ends.end() if ends else (-1 if name else text.find("-->", found.end()) + 3)
        if end < found.end():
            # It never ends: what the parser makes of the rest is its own affair.
            break
        pieces.append(text[at : end if "ld+json" in opening else found.start()])
        at = end
    return "".join([*pieces, text[at:]])


def _short_tag(found: re.Match[str]) -> str:
    """The name of an endless tag with the telling attributes of its beginning and end."""
    inside = found.group(2)
    ends = inside[:_KEPT_OF_A_TAG], inside[-_KEPT_OF_A_TAG:]
    return f"<{found.group(1)}{''.join(''.join(_TELLING.findall(part)) for part in ends)}"
