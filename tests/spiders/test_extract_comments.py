"""Readers' comments go before the text is looked for; a text that stands in such a box stays."""

import pytest
from lxml import html

from spiders.extract.comments import cut_comments
from spiders.extract.tree import Node, text_of

PARAGRAPH = "The harbour authority closed the outer quay on Monday after a tug had struck one of its dolphins at night."
TEXT = f"<article><h1>Quay closed</h1>{f'<p>{PARAGRAPH}</p>' * 4}</article>"
READER = "<p>I was there and saw nothing of the kind, whatever the paper says.</p>"


def tree(inner: str) -> Node:
    return html.document_fromstring(f"<html><body>{inner}</body></html>").find("body")


@pytest.mark.parametrize(
    "names",
    [
        'id="comments"',
        'class="commentlist"',
        'class="comments-area"',
        'class="post-comments"',
        'class="m-comments-list"',
        'id="disqus_thread"',
        'class="comment-respond" id="respond"',
        'class="kommentare"',
        'class="commentsContainer"',
        'id="comment-1234"',
    ],
)
def test_a_box_of_comments_goes(names: str) -> None:
    body = tree(f"{TEXT}<div {names}>{READER}</div><p>End.</p>")
    assert cut_comments(body) == [text_of(tree(READER))]
    assert "saw nothing" not in text_of(body)
    assert text_of(body).endswith("End.")


@pytest.mark.parametrize(
    "names",
    [
        'class="no-comments"',
        'class="has-comments"',
        'class="commentary"',
        'class="comment-count"',
        'class="uncommented"',
    ],
)
def test_other_names_stay(names: str) -> None:
    body = tree(f"{TEXT}<div {names}>{READER}</div>")
    assert cut_comments(body) == []
    assert "saw nothing" in text_of(body)


def test_a_column_filed_under_comment_stays() -> None:
    body = tree(f'<div class="comment">{TEXT}</div>')
    assert cut_comments(body) == []
    bare = tree(f'<h1>Quay closed</h1><div class="comment"><p>{PARAGRAPH}</p><p>{PARAGRAPH}</p></div>')
    assert cut_comments(bare) == [], "no paragraph stands before it"


def test_a_thread_of_a_forum_stays() -> None:
    posts = "".join(f'<li class="comment">{READER}</li>' for _ in range(20))
    body = tree(f"<h1>What of the quay?</h1><ol>{posts}</ol>")
    assert cut_comments(body) == []


def test_paragraphs_count_with_what_is_in_them() -> None:
    """Of a paragraph with links lxml's own text is the beginning only."""
    linked = PARAGRAPH.replace("outer quay", '<a href="/quay">outer quay</a>')
    body = tree(f"<h1>Quay</h1>{f'<p>{linked}</p>' * 4}<div id='comments'>{READER}</div>")
    assert len(cut_comments(body)) == 1


def test_nested_boxes_go_once() -> None:
    body = tree(f'{TEXT}<div id="comments"><ol class="commentlist"><li class="comment">{READER}</li></ol></div>')
    assert len(cut_comments(body)) == 1
