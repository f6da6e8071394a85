"""A rehearsal hears what the live road told, on both stores: alerts, copies, notices and when they go out."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from bench.lived import HandClock, live, rung, unlike
from spiders.answers import Answer
from spiders.watch import withdrawal
from tocsin import settings, subscriptions
from tocsin.addresses import address_id, article_id
from tocsin.backtest import figures, message, parcels, sparkline
from tocsin.errors import UserError
from tocsin.lists import load
from tocsin.query.expand import Expander
from tocsin.query.plan import All, AnyOf, Between, Has, No
from tocsin.records import Article, Muted, Subscription, derived_id
from tocsin.stores.port import Store
from tocsin.words import Words
from workers.enrich import Enricher
from workers.flow import Hall
from workers.rehearsal import rehearse, wider
from workers.rules import RuleBook

START = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)
WORDS = Words.open(settings.load().cache_dir)
LISTS = load()
EXPANDER = Expander(WORDS, LISTS)

NOUNS = "conscripts mayors bridges trains nurses farmers divers pilots masons clerks bakers judges".split()
VERBS = "left crossed painted counted named closed opened sold moved lit fixed lost".split()
PLACES = "Bakhmut Kharkiv Odesa Lviv Warsaw Lublin Brussels Kyiv".split()
QUERIES = [
    "conscription", "Bakhmut", "mayor* OR judges", "nurses -Bakhmut", "conscripts NEAR/6 Kharkiv", "title:bridges",
    "seen:last2d", "trains seen:last1d", "-clerks pilots", "place:Odesa", "NOT seen:last12h divers", "=Kyiv",
    "atleast2(farmers)", "outlet:b", "bakers OR date:*", "lang:en",
]  # fmt: skip


def paragraph(dice: random.Random) -> str:
    """Some sentences of small words: many texts share a few of them."""
    return " ".join(
        f"{dice.choice(PLACES)} heard that {dice.randint(2, 99)} {dice.choice(NOUNS)} {dice.choice(VERBS)} the "
        f"{dice.choice(NOUNS)} of {dice.choice(PLACES)} while {dice.choice(NOUNS)} {dice.choice(VERBS)} them."
        for _ in range(dice.randint(2, 4))
    )


def article(url: str, title: str, text: str, seen: datetime) -> Article:
    """An accepted article."""
    address, digest = address_id(url), derived_id("text", text)
    return Article(
        id=article_id(address, digest, title), address_id=address, url=url,
        outlet=url.removeprefix("https://").partition(".")[0],
        first_seen=seen, title=title, text=text, text_hash=digest, published=seen - timedelta(minutes=4),
    )  # fmt: skip


def stream(dice: random.Random, number: int, minutes: int) -> list[Article]:
    """New texts, copies, copies with additions, texts made of two others, edits and pages that vanish."""
    found: list[Article] = []
    seen = START
    for count in range(number):
        seen += timedelta(minutes=dice.randint(0, minutes))
        how = dice.choice(("new", "new", "copy", "copy", "grown", "edit", "edit", "both", "gone")) if found else "new"
        known = dice.choice(found) if found else None
        url = f"https://{dice.choice('abcdef')}.example/{count}"
        if known is None or how == "new" or known.kind == "withdrawn":
            title = f"{dice.choice(NOUNS)} and {dice.choice(NOUNS)} in {dice.choice(PLACES)}"
            text = "\n\n".join(paragraph(dice) for _ in range(dice.randint(4, 6)))
            found.append(article(url, title, text, seen))
        elif how == "copy":
            found.append(article(url, known.title, known.text, seen))
        elif how == "grown":
            more = "\n\n".join(paragraph(dice) for _ in range(5))
            found.append(article(url, known.title, f"{known.text}\n\n{more}", seen))
        elif how == "both":
            other = dice.choice(found)
            found.append(article(url, known.title, f"{known.text}\n\n{other.text}", seen))
        elif how == "edit":
            changed = known.text.replace(dice.choice(NOUNS), dice.choice(NOUNS)).replace("7", "8")
            more = f"\n\n{paragraph(dice)}" if dice.random() < 0.5 else ""
            title = known.title if dice.random() < 0.7 else f"{known.title} again"
            found.append(article(known.url, title, changed + more, seen))
        else:
            found.append(withdrawal(known, Answer(status=410, url=known.url), seen))
    return list({it.id: it for it in reversed(found)}.values())


def wanted(dice: random.Random, articles: list[Article]) -> list[Subscription]:
    """A subscription for each query, with a rhythm, quiet hours, mutes."""
    made = []
    for number, query in enumerate(QUERIES):
        one = dice.choice(articles)
        mute = Muted(what="series", key=subscriptions.series_of(one), at=START)
        made.append(
            subscriptions.new(
                f"{number}: {query}", query, ("stdout:", "file:a.jsonl"), START,
                every=dice.choice(("immediate", "immediate", "hourly", "daily", "weekly")),
                zone=dice.choice(("UTC", "Europe/Kyiv")), quiet=dice.choice(("", "22:00-07:00")),
                tells=dice.choice((("added", "corrected", "gone"), ("grown", "added"), ("corrected", "grown"), ())),
                muted=dice.choice(((), (), (mute,))), expires=dice.choice((None, START + timedelta(days=1))),
            )
        )  # fmt: skip
    return [
        msgspec.structs.replace(it, grown_at=(2, 3, 5)) if "grown" in it.tells else it for it in made
    ]  # the check of a subscription wants both together


def lived(store: Store, articles: list[Article], several: list[Subscription]) -> HandClock:
    """Live through the articles; the clock as it stands at the end."""
    clock = HandClock(START)
    store.put_subscriptions(several)
    live(Hall(store, clock, Enricher(WORDS, EXPANDER, LISTS), RuleBook(store, EXPANDER)), clock, articles)
    return clock


def differing(store: Store, several: list[Subscription], end: datetime) -> Iterator[str]:
    """What a rehearsal of each hears otherwise than it was."""
    was = rung(store)
    for it in several:
        heard = rehearse(store, EXPANDER, it, START, end)
        yield from (f"{it.name}: {line}" for line in unlike(store, was.get(it.id, []), heard))


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", range(2))
def test_a_rehearsal_hears_what_was_told(each_store: Store, seed: int) -> None:
    """Random articles and subscriptions: nothing differs, every kind of notice is told, and told stories became one."""
    dice = random.Random(seed)
    articles = stream(dice, 70, 90)
    several = wanted(dice, articles)
    clock = lived(each_store, articles, several)
    assert list(differing(each_store, several, clock.at)) == []
    was = rung(each_store)
    assert {it.kind for rows in was.values() for _, notices in rows for it in notices} == {
        "first", "added", "grown", "corrected", "gone",
    }  # fmt: skip
    roots = {story: each_store.root(story) for rows in was.values() for story in {alert.story for alert, _ in rows}}
    assert len(set(roots.values())) < len(roots)
    outcomes = {one.state for rows in was.values() for _, notices in rows for it in notices
                for one in each_store.deliveries(it.id)}  # fmt: skip
    assert "muted" in outcomes


@pytest.fixture
def week(each_store: Store) -> tuple[Store, datetime]:
    """Six texts over two days, three of them about conscripts, one of these copied and edited; and when it ended."""
    several = []
    for number, word in enumerate(("conscripts", "bakers", "conscripts", "judges", "conscript", "pilots")):
        text = " ".join(
            f"The {word} of house {number}{n} left for Kyiv with their {number + n} bags." for n in range(9)
        )
        seen = START + timedelta(hours=9 * number)
        several.append(article(f"https://{'abc'[number % 3]}.example/{number}", f"Report {number}", text, seen))
    first = several[0]
    several.append(article("https://d.example/copy", first.title, first.text, START + timedelta(hours=1)))
    edited = first.text.replace("conscripts of house 00", "conscripts of house 77")
    several.append(article(first.url, first.title, edited, START + timedelta(hours=2)))
    return each_store, lived(each_store, several, []).at


def subscribed(query: str, **more: object) -> Subscription:
    return subscriptions.new("it", query, ("stdout:",), START, **more)


def test_figures_and_messages(week: tuple[Store, datetime]) -> None:
    """What is counted, and the messages word for word, with the story as it stood when each was due."""
    store, end = week
    heard = rehearse(store, EXPANDER, subscribed("conscripts"), START, end)
    found = figures(heard, UTC)
    assert (found.articles, found.alerts, found.copies, found.versions) == (5, 3, 1, 1)
    assert found.notices == {"first": 3, "corrected": 1}
    assert [(day.articles, day.alerts) for day in found.by_day] == [(3, 1), (2, 2), (0, 0)]
    assert found.outlets == {"a": 2, "b": 1, "c": 1, "d": 1}
    assert {(it.form, it.how, it.articles) for it in found.forms} >= {("conscripts", "as typed", 4)}
    assert not found.over_broad
    first, corrected, *_ = [message(heard, parcel, UTC) for parcel in parcels(heard)]
    assert not any("republished" in line for line in first.lines)
    assert any("republished by 2 outlets" in line for line in corrected.lines)
    assert found.samples[0].hit.sentence
    assert store.alerts() == []


def test_a_digest_is_one_message(week: tuple[Store, datetime]) -> None:
    """Daily, in the reader's zone."""
    store, end = week
    heard = rehearse(store, EXPANDER, subscribed("conscripts", every="daily", zone="Europe/Kyiv"), START, end)
    made = parcels(heard)
    assert [(f"{it.due:%d %H:%M}", len(it.heard)) for it in made] == [("17 06:00", 3), ("18 06:00", 1)]
    assert message(heard, made[0], UTC).subject == "[it] 2 new texts, 1 correction"


def test_only_the_days_that_are_asked_for(week: tuple[Store, datetime]) -> None:
    """A copy of what rang before them is new; a paused subscription is tried all the same; nothing is no error."""
    store, end = week
    late = rehearse(store, EXPANDER, subscribed("conscripts"), START + timedelta(minutes=30), end)
    assert [it.notice.kind for it in late.heard][:2] == ["first", "first"]
    assert late.alerts[0].article == next(it.article for it in late.met if it.outlet == "d")
    assert late.start == START + timedelta(minutes=30)
    paused = msgspec.structs.replace(subscribed("conscripts"), paused=True)
    assert len(rehearse(store, EXPANDER, paused, START, end).alerts) == 3
    nothing = figures(rehearse(store, EXPANDER, subscribed("zyzzyva"), START - timedelta(days=9), end), UTC)
    assert (nothing.articles, nothing.a_day, nothing.messages) == (0, 0, 0)
    assert nothing.days < 3
    with pytest.raises(UserError, match="no list has"):
        rehearse(store, EXPANDER, subscribed("topic:nosuchtopic"), START, end)


def test_what_is_searched_for_is_never_narrower() -> None:
    """``last`` counts from each article: a store is asked for what meets it at any moment."""
    start = datetime(2026, 11, 1, tzinfo=UTC)
    span, word = EXPANDER.read("seen:last2d"), EXPANDER.read("Bakhmut")
    since = Between("seen", start - timedelta(days=2))
    assert wider(span, start) == since
    assert wider(All((word, span)), start) == All((word, since))
    assert wider(All((word, No(span))), start) == All((word,))
    assert wider(AnyOf((word, No(span))), start) is None
    assert wider(No(Has("lang", frozenset({"uk"}))), start) == No(Has("lang", frozenset({"uk"})))


def test_bars() -> None:
    assert sparkline([0, 1, 4, 8]) == " ▁▄█"
    assert sparkline([]) == ""


def test_of_many_the_newest_are_enough(week: tuple[Store, datetime], monkeypatch: pytest.MonkeyPatch) -> None:
    """And the start says from when."""
    monkeypatch.setattr("workers.rehearsal.PAGE", 2)
    store, end = week
    heard = rehearse(store, EXPANDER, subscribed("conscripts"), START, end, most=2)
    assert heard.start == heard.met[0].at > START + timedelta(hours=2)
    assert len(heard.met) == 2
    assert len(rehearse(store, EXPANDER, subscribed("conscripts"), START, end, most=99).met) == 5
