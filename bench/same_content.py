"""What must be equal of two stores that carried the same articles, whatever the order in which workers did it.

What a story is called, which of its texts was there first, and which of them rang, depends on who came first. Which
texts are one story, who is told of it, and what the message shows of a text, must not.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from tocsin import settings
from tocsin.lists import load
from tocsin.query.document import Document
from tocsin.query.expand import Expander
from tocsin.query.hits import Lines, hits
from tocsin.query.match import Matcher
from tocsin.records import Alert, Article, Notice, Subscription
from tocsin.stores.port import Store, own_story
from tocsin.words import Words

OWN = frozenset({"arrival", "generation", "lease", "lease_until", "attempts", "first_seen"})
"""Fields that tell of the way and not of the article: numbers of a store, times of the run."""
_ORDER = frozenset({"story", "relation", "kin", "version"})
"""Fields that tell of an article among others: which of them was registered first."""
_MOST = 10_000
"""Alerts that a store tells of at a time."""

Story = frozenset[str]
"""The ids of the articles that are one story."""


class Kept(NamedTuple):
    """What stands in a store at the end."""

    articles: dict[str, Article]
    story: dict[str, Story]
    """By article."""
    root: dict[str, str]
    """The id of its story today, by article."""
    alerts: list[tuple[Alert, list[Notice]]]


class Line(NamedTuple):
    """One line of the comparison."""

    what: str
    one: int
    other: int
    differing: list[str]
    """Examples of what differs, one for each that does."""
    free: bool = False
    """Whether it may differ: it depends on who came first."""


def kept(store: Store) -> Kept:
    """Read all of it. Raises RuntimeError where there are more alerts than can be told."""
    articles = {article.id: article for article in store.walk()}
    root = {name: store.root(article.story) for name, article in articles.items()}
    members: dict[str, set[str]] = defaultdict(set)
    for name, story in root.items():
        members[story].add(name)
    alerts = store.alerts(limit=_MOST)
    if len(alerts) >= _MOST:
        raise RuntimeError(f"more than {_MOST} alerts cannot be compared")
    return Kept(articles, {name: frozenset(members[story]) for name, story in root.items()}, root, alerts)


class Passages:
    """Which subscriptions a text meets and what a message shows of it, by the words that one store has of it."""

    def __init__(self, store: Store, subscriptions: Iterable[Subscription]) -> None:
        chosen = settings.load()
        words = Words.open(chosen.cache_dir)
        expander = Expander(words, load(chosen.user_lists))
        self._plans = {it.id: expander.read(it.query) for it in subscriptions}
        self._matcher = Matcher()
        for name, plan in self._plans.items():
            self._matcher.add(name, plan)
        self._store = store

    def of(self, article: Article) -> dict[str, Any]:
        """The hits in a text by subscription."""
        analysed = self._store.tokens(article.id)
        if analysed is None:
            raise RuntimeError(f"the words of {article.url} are not in the store")
        document, lines = Document.of(article, analysed), Lines(article)
        return {name: hits(self._plans[name], document, lines) for name in self._matcher.match(document)}


def compared(one: Kept, other: Kept, passages: Mapping[str, Mapping[str, Any]]) -> Iterator[Line]:
    """All that is compared; ``passages`` by article and subscription, by the words of the first store."""
    yield _articles(one, other)
    yield from _stories(one, other)
    yield from _alerts(one, other, passages)
    yield from _order(one, other)


def _articles(one: Kept, other: Kept) -> Line:
    told = []
    for name in sorted(one.articles.keys() | other.articles.keys()):
        if name not in one.articles or name not in other.articles:
            told.append(f"{name} stands in one store alone")
            continue
        here, there = (_content(side.articles[name]) for side in (one, other))
        told += [
            f"{name} {field}: {it!r:.80} and {there[field]!r:.80}" for field, it in here.items() if it != there[field]
        ][:1]
    return Line("articles: words, names, topics, state", len(one.articles), len(other.articles), told)


def _content(article: Article) -> dict[str, Any]:
    return {name: it for name, it in article.to_dict().items() if name not in OWN | _ORDER}


def _stories(one: Kept, other: Kept) -> Iterator[Line]:
    here, there = ({*side.story.values()} for side in (one, other))
    told = [f"only in the first: {_titles(one, it)}" for it in here - there]
    told += [f"only in the second: {_titles(other, it)}" for it in there - here]
    yield Line("stories: which texts are one", len(here), len(there), told)
    wrong = [[*_foreign_roots(side)] for side in (one, other)]
    yield Line("stories not called by their first text", len(wrong[0]), len(wrong[1]), wrong[0] + wrong[1])
    for name, side in (("first", one), ("second", other)):
        bad = [*_wrong_versions(side)]
        yield Line(f"versions numbered otherwise than 1, 2 … ({name})", len(bad), len(bad), bad)


def _foreign_roots(side: Kept) -> Iterator[str]:
    """Stories whose id is not that of one of their texts which was new when it came."""
    for story, members in {side.root[name]: members for name, members in side.story.items()}.items():
        first = [name for name in members if own_story(name) == story]
        if not first or side.articles[first[0]].relation != "original":
            yield f"{story}: {_titles(side, members)}"


def _wrong_versions(side: Kept) -> Iterator[str]:
    numbers = defaultdict(list)
    for article in side.articles.values():
        numbers[article.address_id].append(article.version)
    for address, found in numbers.items():
        if sorted(found) != [*range(1, len(found) + 1)]:
            yield f"{address}: {sorted(found)}"


def _alerts(one: Kept, other: Kept, passages: Mapping[str, Mapping[str, Any]]) -> Iterator[Line]:
    expected = {(name, one.story[article]) for article, met in passages.items() for name in met}
    for label, side in (("first", one), ("second", other)):
        rung = Counter((alert.subscription, side.story[alert.article]) for alert, _ in side.alerts)
        told = [f"{name} was not told of {_titles(side, it)}" for name, it in expected - rung.keys()]
        told += [f"{name} was told of {_titles(side, it)}" for name, it in rung.keys() - expected]
        yield Line(f"who is told of which story ({label})", len(expected), len(rung), told)
        twice = [f"{name}: {_titles(side, it)}" for (name, it), number in rung.items() if number > 1]
        yield Line(f"told twice of one story ({label})", 0, len(twice), twice)
        yield _shown(label, side, passages)
        yield _counted(label, side, passages)


def _shown(label: str, side: Kept, passages: Mapping[str, Mapping[str, Any]]) -> Line:
    wrong = [
        f"{alert.subscription}: {side.articles[alert.article].title}"
        for alert, notices in side.alerts
        if [(it.article, it.hits) for it in notices if it.kind == "first"]
        != [(alert.article, passages[alert.article].get(alert.subscription))]
    ]
    return Line(f"passages that a message shows ({label})", len(side.alerts), len(side.alerts) - len(wrong), wrong)


def _counted(label: str, side: Kept, passages: Mapping[str, Mapping[str, Any]]) -> Line:
    """Of a subscription and a story: its alerts and their copies are all texts that met it.

    A version is no copy, and counts where it is what rang.
    """
    rang = {(alert.subscription, alert.article) for alert, _ in side.alerts}
    met = Counter(
        (name, side.story[article])
        for article, found in passages.items()
        for name in found
        if article in side.articles and (side.articles[article].relation != "version" or (name, article) in rang)
    )
    told: Counter[tuple[str, Story]] = Counter()
    for alert, _ in side.alerts:
        told[alert.subscription, side.story[alert.article]] += 1 + alert.copies
    wrong = [f"{of[0]}: {met[of]} and {told[of]} of {_titles(side, of[1])}" for of in met if met[of] != told[of]]
    return Line(f"texts counted to an alert ({label})", met.total(), told.total(), wrong)


def _order(one: Kept, other: Kept) -> Iterator[Line]:
    same = one.articles.keys() & other.articles.keys()
    for name, of in (
        ("id of the story", lambda side, it: side.root[it]),
        ("story as frozen at filing", lambda side, it: side.articles[it].story),
        ("relation to it", lambda side, it: side.articles[it].relation),
        ("the text it is compared with", lambda side, it: side.articles[it].kin),
        ("number of the version", lambda side, it: side.articles[it].version),
    ):
        told = [
            f"{one.articles[it].title}: {of(one, it)} and {of(other, it)}"
            for it in same
            if of(one, it) != of(other, it)
        ]
        yield Line(name, len(same), len(same) - len(told), told, free=True)
    rang = [
        {(it.subscription, side.story[it.article]): it.article for it, _ in reversed(side.alerts)}
        for side in (one, other)
    ]
    told = [
        f"{of[0]}: {one.articles[it].url} and {other.articles[rang[1][of]].url}"
        for of, it in rang[0].items()
        if of in rang[1] and rang[1][of] != it
    ]
    yield Line("the text that rang", len(rang[0]), len(rang[0]) - len(told), told, free=True)
    yield _followed(one, other)


def _followed(one: Kept, other: Kept) -> Line:
    """What was told after the first notice is told beside what somebody was told before, whichever text that was."""
    here, there = (
        Counter(
            (alert.subscription, side.story[alert.article], it.kind)
            for alert, notices in side.alerts
            for it in notices
            if it.kind != "first"
        )
        for side in (one, other)
    )
    told = [
        f"{of[0]}, {of[2]}: {here[of]} and {there[of]} times of {_titles(one, of[1])}"
        for of in here | there
        if here[of] != there[of]
    ]
    return Line("further notices", here.total(), there.total(), told, free=True)


def _titles(side: Kept, story: Story) -> str:
    return " | ".join(
        sorted(f"{side.articles[it].title} ({side.articles[it].outlet})" for it in story if it in side.articles)
    )
