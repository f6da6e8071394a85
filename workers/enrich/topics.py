"""Which topics an article meets: named queries of the lists, asked as a subscription would ask them."""

from tocsin.lists import Lists
from tocsin.query.expand import Expander
from tocsin.query.match import Matcher
from tocsin.query.parse import parse


def topic_matcher(lists: Lists, expander: Expander) -> Matcher:
    """A matcher that names the topics of a document.

    Raises QueryError where a topic's query is wrong.
    """
    return Matcher({topic.id: expander.resolve(parse(topic.query)) for topic in lists.topics})
