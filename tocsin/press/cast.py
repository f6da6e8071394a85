"""The outlets of the press: who they are, how their pages look and by which roads their stories can be found."""

from typing import Literal

import msgspec

Layout = Literal["modern", "meta", "table", "plain", "seed"]


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """One outlet of the press, before it has an address."""

    name: str
    title: str
    lang: str
    country: str
    timezone: str
    layout: Layout
    feed: Literal["", "rss", "atom", "rdf"] = ""
    feed_path: str = ""
    feed_dates: bool = True
    """Whether the feed says when a story was published."""
    sitemap: Literal["", "plain", "index", "gz"] = ""
    scheme: str = "/{section}/{slug}-{id}"
    """Path of a story: {section}, {slug}, {id}, and {y}/{m}/{d} of its local date."""
    charset: str = "utf-8"
    declared: bool = False
    """True: feeds, sitemaps and sections stand in the outlet's record instead of being left for discovery."""


class Boilerplate(msgspec.Struct, frozen=True, kw_only=True):
    """What an outlet puts around an agency's text."""

    dateline: str
    """Glued before the first paragraph."""
    credit: str
    """A paragraph of its own that names the agency."""
    credit_first: bool = False
    """True: the credit comes second, otherwise last."""
    photo: str
    footer: str


SITES = (
    Site(
        name="lowland-courier", title="The Lowland Courier", lang="en", country="gb", timezone="Europe/London",
        layout="modern", feed="rss", feed_path="/feed.xml", sitemap="index",
    ),
    Site(
        name="harbour-ledger", title="Harbour Ledger", lang="en", country="us", timezone="America/New_York",
        layout="meta", feed="atom", feed_path="/atom.xml", scheme="/{y}/{m}/{d}/{slug}",
    ),
    Site(
        name="eastern-dispatch", title="Eastern Dispatch", lang="en", country="ua", timezone="Europe/Kyiv",
        layout="modern", sitemap="index", scheme="/news/{id}-{slug}.html",
    ),
    Site(
        name="daily-lantern", title="The Daily Lantern", lang="en", country="us", timezone="America/Los_Angeles",
        layout="seed", feed="rss", feed_path="/feed/", scheme="/{slug}/",
    ),
    Site(
        name="meridian-live", title="Meridian Live", lang="en", country="gb", timezone="Europe/London",
        layout="modern", feed="atom", feed_path="/feeds/all.atom", scheme="/{section}/{y}/{m}/{slug}",
    ),
    Site(
        name="ranok-nad-richkoiu", title="Ранок над річкою", lang="uk", country="ua", timezone="Europe/Kyiv",
        layout="plain", feed="rdf", feed_path="/index.rdf", feed_dates=False, scheme="/{section}/{id}/",
    ),
    Site(
        name="stepovyi-visnyk", title="Степовий вісник", lang="uk", country="ua", timezone="Europe/Kyiv",
        layout="modern", sitemap="gz", scheme="/novyny/{slug}-{id}",
    ),
    Site(
        name="naddniprianska-hazeta", title="Наддніпрянська газета", lang="uk", country="ua", timezone="Europe/Kyiv",
        layout="meta", feed="rss", feed_path="/rss", scheme="/{y}-{m}-{d}/{slug}", declared=True,
    ),
    Site(
        name="khronika-mista", title="Хроніка міста", lang="uk", country="ua", timezone="Europe/Kyiv",
        layout="plain", feed="rss", feed_path="/rss.xml", sitemap="plain", scheme="/{slug}.html",
    ),
    Site(
        name="baltiyskiy-bereg", title="Балтийский берег", lang="ru", country="lv", timezone="Europe/Riga",
        layout="modern", feed="rss", feed_path="/export/rss.xml", sitemap="gz", declared=True,
    ),
    Site(
        name="vecherniy-vagon", title="Вечерний вагон", lang="ru", country="kz", timezone="Asia/Almaty",
        layout="table", feed="rss", feed_path="/news.rss", scheme="/news.php?id={id}", charset="windows-1251",
    ),
    Site(
        name="svobodnaya-pristan", title="Свободная пристань", lang="ru", country="de", timezone="Europe/Berlin",
        layout="plain", scheme="/{section}/{slug}-{id}/",
    ),
)  # fmt: skip
"""Three of them have neither feed nor sitemap with dates: there the page itself must say when it was published."""

SECTIONS = {
    "war": ("front", "conscription", "pow"),
    "money": ("economy", "energy"),
    "society": ("local", "courts", "weather", "other"),
    "culture": ("culture", "sport"),
}

LABELS = {
    "en": {"war": "War", "money": "Economy", "society": "Society", "culture": "Culture and sport", "news": "News",
           "related": "More on this", "latest": "Latest", "desk": "From the desk", "newsroom": "{} newsroom",
           "updated": "Updated"},
    "uk": {"war": "Війна", "money": "Економіка", "society": "Суспільство", "culture": "Культура і спорт",
           "news": "Новини", "related": "Читайте також", "latest": "Останні новини",
           "desk": "Для редакції", "newsroom": "Редакція «{}»", "updated": "Оновлено"},
    "ru": {"war": "Война", "money": "Экономика", "society": "Общество", "culture": "Культура и спорт",
           "news": "Новости", "related": "Читайте также", "latest": "Последние новости",
           "desk": "Для редакции", "newsroom": "Редакция «{}»", "updated": "Обновлено"},
}  # fmt: skip

MONTHS = {
    "en": "January February March April May June July August September October November December".split(),
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня".split(),
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря".split(),
}
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()

BOILERPLATE = {
    "harbour-ledger": Boilerplate(
        dateline="KYIV (Norvik Wire) — ",
        credit="This report was first distributed by the Norvik Wire news agency; our Washington desk contributed.",
        photo="Photo: Norvik Wire / handout", footer="© Harbour Ledger Media. All rights reserved.",
    ),
    "lowland-courier": Boilerplate(
        dateline="Kyiv, ",
        credit="The account is based on reporting by the Norvik agency, which The Lowland Courier could not check.",
        credit_first=True,
        photo="Picture credit: N. Fenn / Norvik", footer="Lowland Courier Ltd. Registered with the press council.",
    ),
    "eastern-dispatch": Boilerplate(
        dateline="",
        credit="As reported by the agency Norvik. Follow Eastern Dispatch for more from parliament.",
        photo="File picture from the agency's archive", footer="Eastern Dispatch is owned by its readers.",
    ),
    "stepovyi-visnyk": Boilerplate(
        dateline="Краматорськ. ",
        credit="Про це повідомляє агенція «Норвік» з посиланням на прес-службу інженерних військ.",
        photo="Фото: «Норвік»", footer="© «Степовий вісник». Передрук — з посиланням на джерело.",
    ),
    "naddniprianska-hazeta": Boilerplate(
        dateline="", credit_first=True,
        credit="Як передає кореспондент «Норвіка», роботи тривали в цілковитій темряві.",
        photo="Ілюстративне фото", footer="Наддніпрянська газета виходить щосереди та щосуботи.",
    ),
    "khronika-mista": Boilerplate(
        dateline="(Норвік) — ", credit="За матеріалами інформаційної агенції «Норвік». Редакція скоротила цитати.",
        photo="Світлина надана агенцією", footer="Хроніка міста: пишіть нам на адресу редакції.",
    ),
}  # fmt: skip

TEASERS = (
    "Conscription age stays where it is after third vote in a week",
    "What the new conscription rules mean for men who live abroad",
    "Retired general calls conscription plan ‘a list without names’",
)
"""Inline teasers of the seed layout: their words must never count as the article's."""
