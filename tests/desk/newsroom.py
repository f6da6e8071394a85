"""A small newsroom in a real store: twelve outlets, stories in English, Ukrainian and Russian, copies, drops, alerts.

Written through the same calls as the crawler and the workers use. ``HOSTILE`` holds what a stranger may write.
"""

import time
from datetime import UTC, datetime, timedelta, timezone

import msgspec

from tocsin import addresses
from tocsin.query.document import Document
from tocsin.query.hits import Lines, hits
from tocsin.query.parse import parse
from tocsin.records import (
    Alert,
    Article,
    DateCandidate,
    Delivery,
    Drop,
    ExtractionFacts,
    Feed,
    Hit,
    HttpFacts,
    Notice,
    Outlet,
    PageState,
    Subscription,
    derived_id,
)
from tocsin.stores.port import Sketch

NOW = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
KYIV = timezone(timedelta(hours=2))


class StandingClock:
    """A clock that shows ``NOW`` for ever."""

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return time.monotonic()


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "</title><svg/onload=alert(3)>",
    "javascript:alert(4)//</a>",
    "{{ 7*7 }}{% include 'x' %}",
    "' autofocus onfocus=alert(5) x='",
    "<iframe srcdoc='<script>parent.alert(6)</script>'></iframe>",
    "\u202eevil\u202c \x0b bell ring",
)

OUTLETS = (
    Outlet(name="dnipro-courier", home="https://courier.example/", title="Dnipro Courier", lang="en", country="ua"),
    Outlet(
        name="frontier-times", home="https://frontier.example/", title="The Frontier Times", lang="en", country="gb"
    ),
    Outlet(name="harbour-post", home="https://harbour.example/", title="Harbour Post", lang="en", country="us"),
    Outlet(name="visnyk-skhodu", home="https://visnyk.example/", title="Вісник Сходу", lang="uk", country="ua"),
    Outlet(name="ranok-kyiv", home="https://ranok.example/", title="Ранок Київ", lang="uk", country="ua"),
    Outlet(name="svobodny-list", home="https://list.example/", title="Свободный лист", lang="ru", country="lv"),
    Outlet(name="old-gazette", home="https://old.example/", title="Old Gazette", lang="en", country="gb", active=False),
)

CONSCRIPTS = """The military registration office in Dnipro has begun to call up men who missed their autumn \
medical boards, the regional administration said on Sunday.

Some 400 conscripts will report to the training centre near Kryvyi Rih before the end of the month. Their families \
were told by letter, not by the new application, because its register still has gaps.

“Nobody is taken from the street here,” said Olena Marchuk, who heads the office. “People get a date, a place and a \
doctor.” Lawyers who advise recruits say that in October every fifth summons named a wrong address."""

BAKHMUT_UK = """Українські військові повідомили про нічні бої під Бахмутом: противник тричі намагався вийти до \
траси на Костянтинівку.

За словами речника угруповання, обидві спроби зупинила артилерія. У самому Бахмуті, де до війни жило понад сімдесят \
тисяч людей, уцілілих будинків майже немає.

Евакуаційна бригада вивезла із сусіднього села чотирьох літніх людей. Наступний виїзд призначено на середу."""

CALL_UP_RU = """Госдума приняла в третьем чтении закон, по которому призыв на военную службу будет идти круглый год.

Повестки станут приходить в электронном виде, а явиться призывник должен будет в течение тридцати дней. Юристы \
отмечают, что отсрочки для студентов закон не меняет.

Правозащитники советуют призывникам хранить копии всех медицинских документов."""

GRAIN = """Two ships with maize left Odesa on Saturday night after the insurers lowered their war premium for the \
western Black Sea.

Brokers expect nine more sailings before the end of November if the corridor stays quiet."""

POWER_UK = """Енергетики відновили живлення для сорока двох тисяч споживачів на Харківщині після нічного обстрілу.

Графіки погодинних відключень у понеділок діятимуть з восьмої до двадцятої години."""

PRISONERS = """Ukraine and Russia exchanged 84 prisoners of war each on Friday, the coordination headquarters said.

Most of the returned men had defended Mariupol; eleven of them were held for more than four years. Five were \
conscripts who had been called up in the spring of 2022."""


def article(
    outlet: str, path: str, title: str, text: str, lang: str, minutes: float, published: datetime | None, **more: object
) -> Article:
    """An article that was seen ``minutes`` before ``NOW``."""
    host = next(known.home for known in OUTLETS if known.name == outlet)
    url = addresses.canonical(host + path)
    address = addresses.address_id(url)
    text_hash = derived_id(text)
    fields: dict[str, object] = {
        "published_origin": "json-ld" if published else "",
        "http": HttpFacts(status=200, content_type="text/html", charset="utf-8", size=58_213),
        "authors": ("Olena Marchuk",) if lang == "en" else (),
    }
    return Article(
        id=addresses.article_id(address, text_hash, title),
        address_id=address,
        url=url,
        fetched_url=url,
        outlet=outlet,
        first_seen=NOW - timedelta(minutes=minutes),
        title=title,
        text=text,
        lang=lang,
        published=published,
        text_hash=text_hash,
        **(fields | more),
    )


def articles() -> list[Article]:
    """All articles, in order of arrival."""
    ledger = ExtractionFacts(
        title_origin="json-ld headline",
        text_origin="main",
        ms=11.4,
        dates=(
            DateCandidate(raw="Sun, 22 Nov 2026 16:05:00 +0200", origin="feed", verdict="agrees"),
            DateCandidate(raw="2026-11-22T16:05:12+02:00", origin="json-ld", verdict="chosen"),
            DateCandidate(raw="22 November 2026", origin="text", verdict="the day of the visit: a clock of the page"),
        ),
        dropped=("READ MORE: Ten ways to heat a flat", "Sign up for our newsletter", "18 °C Los Angeles"),
    )
    return [
        article(
            "harbour-post",
            "sea/grain-odesa",
            "Grain ships leave Odesa as war premium falls",
            GRAIN,
            "en",
            900,
            datetime(2026, 11, 21, 23, 12, tzinfo=UTC),
            places=("Odesa",),
        ),
        article(
            "frontier-times",
            "world/exchange-84",
            "Ukraine and Russia exchange 84 prisoners of war each",
            PRISONERS,
            "en",
            610,
            datetime(2026, 11, 20, 17, 40),
            published_origin="text",
            topics=("prisoners of war",),
            published_note="the page prints no zone and the outlet's is unknown",
            places=("Mariupol",),
        ),
        article(
            "svobodny-list",
            "2026/11/22/prizyv-kruglyj-god",
            "Призыв станет круглогодичным: закон принят в третьем чтении",
            CALL_UP_RU,
            "ru",
            214,
            datetime(2026, 11, 22, 12, 30, tzinfo=timezone(timedelta(hours=3))),
            topics=("conscription",),
            organisations=("State Duma",),
        ),
        article(
            "ranok-kyiv",
            "enerhetyka/42-tysiachi",
            "На Харківщині повернули світло 42 тисячам споживачів",
            POWER_UK,
            "uk",
            95,
            None,
            published_note="the only date on the page is the day of the visit",
            places=("Kharkiv Oblast",),
        ),
        article(
            "visnyk-skhodu",
            "front/nichni-boi",
            "Нічні бої під Бахмутом: три атаки за добу",
            BAKHMUT_UK,
            "uk",
            41,
            datetime(2026, 11, 22, 15, 40, tzinfo=KYIV),
            places=("Bakhmut", "Kostiantynivka"),
            topics=("front line",),
        ),
        article(
            "dnipro-courier",
            "war/call-up-dnipro",
            "Dnipro calls up men who missed their medical boards",
            CONSCRIPTS,
            "en",
            22,
            datetime(2026, 11, 22, 16, 5, 12, tzinfo=KYIV),
            extraction=ledger,
            places=("Dnipro", "Kryvyi Rih"),
            topics=("conscription",),
            people=("Olena Marchuk",),
            section="War",
        ),
        article(
            "frontier-times",
            "world/dnipro-call-up",
            "Men who missed medical boards are called up in Dnipro",
            CONSCRIPTS + "\n\nThe Frontier Times is read in forty countries.",
            "en",
            13,
            datetime(2026, 11, 22, 14, 15, tzinfo=UTC),
            relation="copy with additions",
            places=("Dnipro", "Kryvyi Rih"),
            topics=("conscription",),
        ),
        article(
            "harbour-post",
            "world/dnipro",
            "Dnipro calls up men who missed their medical boards",
            CONSCRIPTS + " ",
            "en",
            6,
            datetime(2026, 11, 22, 14, 21, tzinfo=UTC),
            relation="copy",
            places=("Dnipro", "Kryvyi Rih"),
            topics=("conscription",),
        ),
    ]


def edited() -> list[Article]:
    """A page whose headline was changed first, then its text, and that went back to what it said at first."""
    lines = CONSCRIPTS.split("\n\n")
    first = "\n\n".join((lines[0].replace("on Sunday", "late on Saturday"), lines[1]))
    second = "\n\n".join((lines[0], lines[1].replace("Some 400", "More than 500 (1 < 2 & counting)"), lines[2]))
    told = [
        ("Dnipro calls up men", first, 300.0),
        ("Dnipro is said to call up men", first, 240.0),
        ("Dnipro is said to call up men", second, 120.0),
    ]
    made = []
    for number, (title, text, minutes) in enumerate(told, 1):
        relation = "original" if number == 1 else "version"
        made.append(
            article("dnipro-courier", "war/edited", title, text, "en", minutes, None, version=number, relation=relation)
        )
    back = addresses.return_id(made[1].id, made[2].id)
    seen = NOW - timedelta(minutes=30)
    return [*made, msgspec.structs.replace(made[1], id=back, version=4, first_seen=seen)]


def hostile() -> list[Article]:
    """Articles whose every field is an attack."""
    made = []
    for number, attack in enumerate(HOSTILE):
        one = article(
            "old-gazette",
            f"h/{number}",
            attack,
            f"{attack} conscripts {attack}\n\n{attack}",
            "en",
            2,
            datetime(2026, 11, 22, 14, tzinfo=UTC),
        )
        made.append(
            msgspec.structs.replace(
                one,
                url="javascript:alert(7)" if number == 3 else one.url,
                authors=(attack,),
                lang=attack[:20],
                published_origin=attack,
                published_note=attack,
                section=attack,
                tags=(attack,),
                places=(attack,),
                people=(attack,),
                topics=(attack,),
                lead_image="https://tracker.example/x.png",
                extraction=ExtractionFacts(
                    title_origin=attack,
                    text_origin=attack,
                    dropped=(attack,),
                    dates=(DateCandidate(raw=attack, origin=attack, verdict=attack),),
                ),
            )
        )
    return made


def publish(store, words, made: list[Article], stories: dict[str, str] | None = None) -> None:
    """Take articles down the road: accepted, filed, ready. ``stories`` gives the story of a text that is a copy."""
    for one in made:
        story = (stories or {}).get(one.id) or derived_id("story", one.id)
        page = PageState(address_id=one.address_id, url=one.url, outlet=one.outlet, status=200, fetched=one.first_seen)
        store.accept([one], [page])
        (claimed,) = store.claim(1, 60.0, NOW)
        analysed = words.analyse(claimed.title, claimed.text, claimed.lang)
        sketch = Sketch(
            article=one.id,
            story=story,
            outlet=one.outlet,
            address_id=one.address_id,
            tokens=1,
            text_hash=one.text_hash,
            title_hash="",
            shingles=b"",
            first_seen=one.first_seen,
        )
        filed = msgspec.structs.replace(claimed, story=story)
        with store.filing() as filing:
            assert filing.file(filed, sketch, [], analysed)
        with store.publishing() as publishing:
            assert publishing.make_ready(msgspec.structs.replace(filed, state="filed"), analysed, one.first_seen)


def tell(
    store,
    words,
    expander,
    query: str,
    name: str,
    told: Article,
    after: float,
    *,
    copies: int = 0,
    channels: tuple[str, ...] = ("stdout:",),
    states: tuple[str, ...] = ("delivered",),
    hit: Hit | None = None,
) -> None:
    """An alert with its first notice and its deliveries, ``after`` seconds after the article was seen."""
    subscription = Subscription(
        id=derived_id(name), name=name, query=query, channels=channels, created=NOW - timedelta(days=9)
    )
    store.put_subscription(subscription)
    told = store.articles([told.id])[told.id]
    created = told.first_seen + timedelta(seconds=after)
    document = Document.of(told, words.analyse(told.title, told.text, told.lang))
    met = (hit,) if hit else hits(expander.resolve(parse(query)), document, Lines(told))
    alert = Alert(
        id=derived_id(subscription.id, told.story),
        subscription=subscription.id,
        story=told.story,
        article=told.id,
        created=created,
        copies=copies,
    )
    notice = Notice(
        id=derived_id(alert.id, "first", "1"),
        alert=alert.id,
        kind="first",
        ordinal=1,
        article=told.id,
        created=created,
        hits=met,
    )
    deliveries = []
    for channel, state in zip(channels, states, strict=True):
        done = created + timedelta(seconds=1) if state == "delivered" else None
        error = "" if state == "delivered" else "HTTP 503 from the receiver"
        deliveries.append(
            Delivery(
                id=derived_id(notice.id, channel),
                notice=notice.id,
                channel=channel,
                state=state,
                attempts=1 if done else 3,
                delivered=done,
                error=error,
                next_try=None if done else NOW + timedelta(minutes=5),
            )
        )
    with store.publishing() as publishing:
        publishing.put_alert(alert)
        publishing.put_notice(notice, deliveries)


def fill(store, words, expander) -> list[Article]:
    """The whole newsroom; returns its articles in order of arrival."""
    store.put_outlets(OUTLETS)
    store.put_feeds(
        Feed(
            url=outlet.home + "feed.xml",
            outlet=outlet.name,
            kind="feed",
            checked=NOW - timedelta(minutes=3),
            changed=NOW - timedelta(minutes=20 * (number + 1)),
            listed=30,
            failures=4 if outlet.name == "ranok-kyiv" else 0,
            error="HTTP 502 since 13:58" if outlet.name == "ranok-kyiv" else "",
        )
        for number, outlet in enumerate(OUTLETS[:6])
    )
    made = articles()
    first = made[5]
    publish(store, words, made, {one.id: derived_id("story", first.id) for one in made[5:]})
    store.drop(
        Drop(at=NOW, room="spiders", reason=reason, url=f"https://ranok.example/{reason}/{number}", outlet="ranok-kyiv")
        for reason, times in (
            ("robots.txt forbids it", 31),
            ("no article on the page", 12),
            ("already known", 207),
            ("HTTP 404", 5),
        )
        for number in range(times)
    )
    hook = "https://hooks.example/services/T0SECRET/B1SECRET"
    tell(store, words, expander, "conscription OR призыв", "Call-up", made[2], 3)
    tell(
        store,
        words,
        expander,
        "Bakhmut",
        "Bakhmut",
        made[4],
        2,
        channels=("stdout:", hook),
        states=("delivered", "waiting"),
    )
    tell(
        store,
        words,
        expander,
        "conscription OR призыв",
        "Call-up",
        made[5],
        2,
        copies=2,
        channels=("stdout:", "file:/var/lib/tocsin/alerts.jsonl"),
        states=("delivered", "delivered"),
    )
    return made
