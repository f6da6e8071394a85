"""What is told of a story beyond its first notice: corrections of what a reader was told, and what was added."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from spiders.answers import Answer
from spiders.watch import withdrawal
from tests.stores.filled import START, StandingClock
from tocsin import settings
from tocsin.addresses import address_id, article_id
from tocsin.lists import load
from tocsin.query.document import Document
from tocsin.query.expand import Expander
from tocsin.query.hits import Lines, hits
from tocsin.records import Article, Notice, Subscription, derived_id
from tocsin.stores.port import Store
from tocsin.words import Words
from workers.corrections import Edited
from workers.enrich import Enricher
from workers.flow import Hall, turn
from workers.follow_ups import not_before
from workers.rules import RuleBook

WORDS = Words.open(settings.load().cache_dir)
LISTS = load()
EXPANDER = Expander(WORDS, LISTS)

TEXTS = {
    "en": (
        "Council votes on call-up",
        (
            "The council met on Tuesday evening. Mayor Olena Hrytsenko said that 340 conscripts were called up in "
            "Bakhmut, and that they would leave on Friday.\n\n"
            "The vote was close. A second reading is planned for the autumn, the press service said."
        ),
        "conscripts",
    ),
    "uk": (
        "Рада голосує за призов",
        (
            "Рада зібралася у вівторок увечері."
            " Голова Олена Гриценко сказала, що 340 призовників викликали у Бахмуті і "
            "що вони поїдуть у п'ятницю.\n\n"
            "Голоси розділилися майже порівну. Друге читання заплановане на осінь, повідомила пресслужба."
        ),
        "призовників",
    ),
    "ru": (
        "Совет голосует за призыв",
        (
            "Совет собрался во вторник вечером. Глава Елена Гриценко сказала, что 340 призывников вызвали в Бахмуте и "
            "что они уедут в пятницу.\n\n"
            "Голоса разделились почти поровну. Второе чтение запланировано на осень, сообщила пресс-служба."
        ),
        "призывников",
    ),
}
TELLING = {
    "en": [
        ("were called up", "were not called up", "a negation came"),
        ("were called up", "weren't called up", "a negation came"),
        ("would leave", "would never leave", "a negation came"),
        ("340", "34", "a number"),
        ("340", "about 1,340", "a number"),
        ("Hrytsenko", "Hrynko", "a name"),
        ("in Bakhmut", "in Kramatorsk", "a name"),
        ("The council met", "The council met", ""),
    ],
    "uk": [
        ("викликали у", "не викликали у", "a negation came"),
        ("вони поїдуть", "вони ніколи не поїдуть", "a negation came"),
        ("340", "430", "a number"),
        ("340", "34,5 тисячі", "a number"),
        ("Гриценко", "Гринько", "a name"),
        ("у Бахмуті", "у Краматорську", "a name"),
    ],
    "ru": [
        ("вызвали в", "не вызвали в", "a negation came"),
        ("они уедут", "они никогда не уедут", "a negation came"),
        ("340", "430", "a number"),
        ("340", "около 1340", "a number"),
        ("Гриценко", "Гринько", "a name"),
        ("в Бахмуте", "в Краматорске", "a name"),
    ],
}
COSMETIC = {
    "en": [
        ("Tuesday evening", "Tuesday night"),
        (" and that they", " and they"),
        ("The vote was close.", "The vote was very close."),
        ("in Bakhmut, ", "in Bakhmut — "),
        ("Mayor Olena", "The mayor, Olena"),
        ("A second reading is planned for the autumn", "A second reading will come in 2027"),
        ("the press service said", "the press service did not say"),
        ("\n\n", "\n\nRead also: 12 pictures of the day\n\n"),
        ("called up", "calledup"),
        (" said that ", "  said  that "),
    ],
    "uk": [
        ("у вівторок увечері", "у вівторок надвечір"),
        ("сказала, що 340", "сказала: 340"),
        ("п'ятницю", "п’ятницю"),
        ("у Бахмуті і що", "у Бахмуті та що"),
        ("Голоси розділилися", "Голоси не розділилися"),
        ("на осінь", "на 2027 рік"),
        ("повідомила пресслужба", "повідомила Пресслужба"),
        ("поїдуть", "поїдут"),
        ("викликали у", "викликали в"),
        ("\n\n", "\n\nЧитайте також: 12 світлин дня\n\n"),
    ],
    "ru": [
        ("во вторник вечером", "вечером во вторник"),
        ("сказала, что 340", "сказала: 340"),
        ("вызвали в Бахмуте и что", "вызвали в Бахмуте, и что"),
        ("Голоса разделились", "Голоса не разделились"),
        ("на осень", "на 2027 год"),
        ("пресс-служба", "пресс–служба"),
        ("уедут", "уезжают"),
        ("почти поровну", "поровну"),
        ("сообщила", "сообщила вечером"),
        ("\n\n", "\n\nЧитайте также: 12 снимков дня\n\n"),
    ],
}


def made(title: str, text: str, lang: str, **more: str) -> Article:
    """An article of one address."""
    url = f"https://one.example/{lang}"
    digest = derived_id("text", text)
    address = address_id(url)
    return Article(
        id=article_id(address, digest, "" if title in dict(enumerate(TEXTS[lang])).values() else title),
        address_id=address, url=url, outlet="one", first_seen=START, title=title, text=text, lang=lang,
        text_hash=digest, **more,
    )  # fmt: skip


def judged(lang: str, after: Article) -> str:
    title, text, word = TEXTS[lang]
    before = made(title, text, lang)
    plan = EXPANDER.read(word)
    document = Document.of(before, WORDS.analyse(before.title, before.text, lang))
    shown = hits(plan, document, Lines(before))
    assert shown
    return Edited(before, after).correction(shown)


@pytest.mark.parametrize(
    ("lang", "old", "new", "told"), [(lang, *edit) for lang, edits in TELLING.items() for edit in edits]
)
def test_what_was_told_and_is_corrected(lang: str, old: str, new: str, told: str) -> None:
    title, text, _ = TEXTS[lang]
    assert old in text
    said = judged(lang, made(title, text.replace(old, new), lang))
    assert said.startswith(told)
    assert bool(said) == bool(told)


@pytest.mark.parametrize("lang", TEXTS)
def test_headline_note_and_a_sentence_that_is_gone(lang: str) -> None:
    title, text, _ = TEXTS[lang]
    assert judged(lang, made(f"{title}: 12", text, lang)) == "the headline changed"
    note = judged(lang, made(title, text, lang, correction="Correction: an earlier form gave another number."))
    assert note == "the outlet says that it corrected the text"
    start, end = text.index(". ") + 2, text.index("\n")
    assert judged(lang, made(title, text[:start] + text[end:], lang)) == "a sentence that was told is gone"
    assert judged(lang, made(f"«{title}» !", text, lang)) == ""


@pytest.mark.parametrize(("lang", "old", "new"), [(lang, *edit) for lang, edits in COSMETIC.items() for edit in edits])
def test_polish_is_told_to_nobody(lang: str, old: str, new: str) -> None:
    title, text, _ = TEXTS[lang]
    assert old in text
    assert judged(lang, made(title, text.replace(old, new), lang)) == ""


# ---- along the road


class HandClock(StandingClock):
    """A clock that is set by hand."""


@pytest.fixture
def hall(each_store: Store) -> Hall:
    each_store.put_subscription(
        Subscription(id="s", name="s", query="conscripts", channels=("stdout:",), created=START)
    )
    return Hall(each_store, HandClock(), Enricher(WORDS, EXPANDER, LISTS), RuleBook(each_store, EXPANDER))


def told(hall: Hall) -> list[Notice]:
    ((_, notices),) = hall.store.alerts()
    return notices


def test_a_correction_reaches_who_was_told(hall: Hall) -> None:
    """Also where the page no longer meets the query; a polished page is told to nobody, and each edit once."""
    title, text, _ = TEXTS["en"]
    texts = [
        text,
        text.replace("The vote was close.", "The vote was very close."),
        text.replace("340", "34"),
        text.replace("340 conscripts were", "nobody was"),
    ]
    for number, one in enumerate(texts):
        hall.clock.at += timedelta(hours=1)
        hall.store.accept([made(title, one, "en")])
        assert turn(hall) == 1
        assert len(told(hall)) == (1, 1, 2, 3)[number]
    first, second, third = told(hall)
    assert [it.kind for it in (first, second, third)] == ["first", "corrected", "corrected"]
    assert second.reason == "a number changed in a sentence that was told"
    assert [it.word for it in second.hits] == ["conscripts"]
    assert third.before == second.article
    assert not third.hits
    assert [it.ordinal for it in (first, second, third)] == [1, 2, 3]
    assert all(len(hall.store.deliveries(it.id)) == 1 for it in (first, second, third))


def test_a_correction_may_come_in_the_same_batch(hall: Hall) -> None:
    """A worker that was away finds the text and its edit waiting together."""
    title, text, _ = TEXTS["en"]
    hall.store.accept([made(title, text, "en")])
    hall.store.accept([made(title, text.replace("340", "34"), "en")])
    while turn(hall):
        pass
    kinds = sorted((it.kind, it.ordinal) for it in told(hall))
    assert kinds == [("corrected", 2), ("first", 1)]


def test_what_is_added_is_told_where_it_has_the_word(hall: Hall) -> None:
    title, text, _ = TEXTS["en"]
    grown = [
        text,
        f"{text}\n\nThe bridge over the river was closed for the night, and shops along it stayed dark until noon.",
        f"{text}\n\nIn the evening another two groups of conscripts arrived at the station with their families.",
    ]
    for one in grown:
        hall.clock.at += timedelta(hours=1)
        hall.store.accept([made(title, one, "en")])
        turn(hall)
    first, second = told(hall)
    assert (first.kind, second.kind) == ("first", "added")
    assert second.reason.endswith("words were added")


def test_a_copy_that_adds_something(hall: Hall) -> None:
    """Another outlet prints the text with more behind it: told once, though a third one prints the same."""
    title, text, _ = TEXTS["en"]
    body = " ".join(f"{text} Point {number} of the list was read aloud by clerk {number}." for number in range(4))
    more = (
        "Near the old mill a second group of conscripts waited until buses came. Their relatives had brought bread, "
        "warm socks and thermos flasks, and a teacher read out names from a damp sheet. Nobody was allowed to film. "
        "A woman in a green coat asked where her son would sleep; an officer answered that tents had been put up "
        "behind the grain store, with stoves. By nightfall the square was empty, and only tyre marks were left in the "
        "snow between the kiosk and the monument to the railway workers."
    )
    for outlet, one in (("one", body), ("two", f"{body}\n\n{more}"), ("three", f"{body}\n\n{more}")):
        hall.clock.at += timedelta(hours=2)
        url = f"https://{outlet}.example/a"
        digest = derived_id("text", one)
        address = address_id(url)
        hall.store.accept(
            [
                Article(
                    id=article_id(address, digest), address_id=address, url=url, outlet=outlet,
                    first_seen=hall.clock.now(), title=title, text=one, text_hash=digest,
                )
            ]
        )  # fmt: skip
        turn(hall)
    assert [it.relation for it in hall.store.members(hall.store.alerts()[0][0].story)][1] == "copy with additions"
    assert [it.kind for it in told(hall)] == ["first", "added"]


def test_growth_is_told_at_chosen_counts(hall: Hall) -> None:
    """Each count once, and the highest one where several are reached together."""
    (known,) = hall.store.subscriptions()
    wanted = msgspec.structs.replace(known, tells=("grown",), grown_at=(2, 3, 6))
    hall.store.put_subscription(wanted)
    title, text, _ = TEXTS["en"]
    kinds = []
    for outlets in (["a"], ["b"], ["c"], ["d"], ["e", "f", "g"]):
        for outlet in outlets:
            one = made(title, text, "en")
            address = address_id(f"https://{outlet}.example/a")
            changes = {"address_id": address, "url": f"https://{outlet}.example/a", "outlet": outlet}
            name = article_id(address, one.text_hash)
            hall.store.accept([msgspec.structs.replace(one, id=name, **changes)])
        hall.clock.at += timedelta(hours=1)
        turn(hall)
        kinds.append([it.reason for it in told(hall)][1:])
    assert kinds[0] == []
    assert kinds[1] == ["2 outlets have it"]
    assert kinds[2] == kinds[3] == ["2 outlets have it", "3 outlets have it"]
    assert kinds[4] == ["2 outlets have it", "3 outlets have it", "7 outlets have it"]


def test_what_is_withdrawn_is_told(hall: Hall) -> None:
    """Once, with the headline that was told; and it is found no more."""
    title, text, _ = TEXTS["en"]
    first = made(title, text, "en")
    gone = withdrawal(first, Answer(status=410, url=first.url), START + timedelta(hours=1))
    for it in (first, gone):
        hall.clock.at += timedelta(hours=1)
        hall.store.accept([it])
        turn(hall)
    before, after = told(hall)
    assert (before.kind, after.kind) == ("first", "gone")
    assert "410" in after.reason
    versions = hall.store.versions(first.address_id)
    assert [(it.kind, it.relation, it.state) for it in versions] == [
        ("article", "original", "ready"),
        ("withdrawn", "version", "ready"),
    ]
    hall.store.accept([withdrawal(first, Answer(status=404, url=first.url), START + timedelta(hours=2))])
    assert turn(hall) == 0


def test_one_notice_of_additions_in_an_hour() -> None:
    """What has to wait goes together, and the next one an hour later."""
    at = [datetime(2026, 3, 1, 12, minute, tzinfo=UTC) for minute in (0, 10, 20)]
    hour = timedelta(hours=1)
    assert not_before(at[:1]) == at[0]
    assert not_before(at[:2]) == not_before(at) == at[0] + hour
    assert not_before([*at, at[0] + hour]) == at[0] + 2 * hour
    assert not_before([*at, at[0] + 3 * hour]) == at[0] + 3 * hour


def test_told_twice_is_told_once(hall: Hall) -> None:
    """A worker that dies before it has written everything makes the same notice again."""
    title, text, _ = TEXTS["en"]
    for one in (text, text.replace("340", "34")):
        hall.clock.at += timedelta(hours=1)
        hall.store.accept([made(title, one, "en")])
        turn(hall)
    (_, second) = told(hall)
    (article,) = hall.store.articles([second.article]).values()
    with hall.store.publishing() as publishing:
        ((alert, notices),) = publishing.told_of([second.before])
        publishing.put_notice(second, hall.store.deliveries(second.id))
    assert [it.id for it in notices] == [it.id for it in told(hall)]
    assert alert.subscription == "s"
    assert msgspec.structs.replace(article).id == second.article
