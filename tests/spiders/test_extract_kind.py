"""Kinds of page: what is an article, what is a front, a wall, a stub or a page that is gone; and what is paid for."""

from datetime import UTC, datetime

import pytest

from spiders.extract import Extraction, extract
from tocsin.records import HttpFacts, Listing, Outlet, Page

OUTLET = Outlet(name="x", home="https://x.example/")
URL = "https://x.example/news/the-old-bridge-opens-again"
SENTENCES = (
    "The old bridge over the river is open again for cars after nine months of work on its second pillar.",
    "The town hall said that lorries have to wait until an engineer has looked at the railings once more.",
    "A baker who lives beside it gave the first driver a loaf, and the second one a lecture on slow driving.",
    "The work cost two million more than was planned, because the old stones were softer than anyone had thought.",
)
TEXT = "".join(f"<p>{s}</p>" for s in SENTENCES)
LD = '<script type="application/ld+json">{%s}</script>'
WHOLE = "".join(f"<p>On day {n}, {s}</p>" for n in range(5) for s in SENTENCES)
ARTICLE = '"@type":"NewsArticle","headline":"The old bridge opens again"'
OG = '<meta property="og:type" content="article">'


def read(
    body: str,
    head: str = "",
    *,
    url: str = URL,
    title: str = "The old bridge opens again",
    source: str = "",
    asked: bool = False,
) -> Extraction:
    html = f"<html><head><title>{title}</title>{head}</head><body>{body}</body></html>"
    listing = Listing(url=url, source=source) if source else None  # type: ignore[arg-type]
    page = Page(
        url=url,
        fetched_url=url,
        body=html.encode(),
        fetched=datetime(2026, 11, 22, tzinfo=UTC),
        http=HttpFacts(status=200),
        listing=listing,
        asked=asked,
    )
    return extract(page, OUTLET)


def cards(count: int, teaser: str = "The council met for hours and found no way out of it, two members said.") -> str:
    return "".join(
        f"<div class='c'><a href='/n/{n}'><img src='/{n}.jpg'></a>"
        f"<h3><a href='/n/{n}'>Story {n} of this long day</a></h3>"
        f"<p>{teaser}</p></div>"
        for n in range(count)
    )


# ---- articles that look like something else


@pytest.mark.parametrize(
    ("body", "head", "url"),
    [
        (f"<h1>The old bridge</h1>{TEXT}<section>{cards(20)}</section>", "", URL),
        (f"<h1>The old bridge</h1>{TEXT}{WHOLE}<section>{cards(20)}</section>", "", "https://x.example/bridge"),
        (
            f"<h1>Old bridge</h1><div>{'<br>'.join(SENTENCES)}</div>"
            + "<article><a href='/x'>Other</a></article>" * 18,
            "",
            URL,
        ),
        (f"<h1>The old bridge</h1>{TEXT}", "", "https://x.example/page/the_old_bridge_opens_again.html"),
        (f"<h1>The old bridge</h1>{TEXT}", "", "https://x.example/archive/2026/11/20/the-old-bridge"),
        (f"<h1>The old bridge</h1>{TEXT}", LD % '"@type":"CollectionPage"', URL),
        (f"<h1>Not found guilty: the baker of Mill Street</h1>{TEXT}", "", URL),
        (f"<h1>404 soldiers come home</h1>{TEXT}", "", URL),
        (f"<h1>Page not found in the town's archive: the baker did it</h1>{TEXT}", "", URL),
        (f"<h1>Матеріал видалено з ютубу за скаргою пекаря</h1>{TEXT}", "", URL),
        (f"<h1>The baker was told to accept cookies as payment</h1>{TEXT}", "", URL),
    ],
)
def test_articles_that_must_not_be_lost(body: str, head: str, url: str) -> None:
    found = read(body, head, url=url)
    assert found.drop == ""
    assert all(s in found.articles[0].text.replace("\n", " ") for s in SENTENCES[:2])


def test_a_flash_that_a_feed_names_is_news() -> None:
    assert read(f"<h1>Bridge</h1><p>{SENTENCES[0]}</p>").drop == "text too short"
    assert read(f"<h1>Bridge</h1><p>{SENTENCES[0]}</p>", source="feed").articles[0].extraction.words == 20


# ---- fronts


@pytest.mark.parametrize(
    "teaser", ["", "The council met for hours and found no way out of it, two members said.", SENTENCES[3]]
)
@pytest.mark.parametrize("head", ["", OG])
@pytest.mark.parametrize(
    "url", ["https://x.example/politics", "https://x.example/en/world/", "https://x.example/?cat=7"]
)
def test_fronts_are_lists_whatever_they_call_themselves(url: str, head: str, teaser: str) -> None:
    found = read(f"<h1>Politics</h1>{cards(24, teaser)}", head, url=url, title="Politics | The Post")
    assert found.drop == "not an article"
    assert not found.articles


@pytest.mark.parametrize(
    "url",
    [
        "https://x.example/tag/bridge",
        "https://x.example/en/category/war/",
        "https://x.example/author/jane-roe",
        "https://x.example/search?q=bridge",
        "https://x.example/archive/2026",
    ],
)
def test_lists_by_their_address(url: str) -> None:
    assert read(f"<h1>Bridge</h1>{TEXT}", OG, url=url).drop == "not an article"


def test_a_front_glued_to_one_line_is_still_a_list() -> None:
    glued = "".join(
        f"<a href='/n/{n}'><h2>Story {n} of this long day</h2><span>{SENTENCES[n % 4]}</span></a>" for n in range(30)
    )
    assert read(f"<div>{glued}</div>", url="https://x.example/news", title="News").drop == "not an article"


# ---- gone, walls, stubs


@pytest.mark.parametrize(
    "heading",
    [
        "404",
        "404 Not Found",
        "Page not found",
        "Сторінку не знайдено",
        "Страница не найдена | Маяк",
        "Die angeforderte Seite wurde nicht gefunden",
        "Cette page n’existe plus",
        "Página no encontrada",
        "Nie znaleziono strony",
        "Матеріал видалено",
        "This article is no longer available",
    ],
)
def test_pages_that_are_gone(heading: str) -> None:
    for source in ("", "feed"):
        assert read(f"<h1>{heading}</h1><p>Try the search.</p>{cards(12)}", source=source).drop == "soft 404"
    assert read(f"<p>Try the search.</p>{cards(12)}", title=f"{heading} – The Post").drop == "soft 404"


WALLED = "<h1>The old bridge opens again</h1><p>{0}</p><div><p>{1}</p></div>"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Please enable JavaScript to see this page.", "script wall"),
        ("Checking your browser before you go on.", "script wall"),
        ("We and our partners use cookies. Accept cookies to go on.", "cookie wall"),
        ("Прийміть файли cookie, погодьтеся або вийдіть.", "cookie wall"),
        ("Log in to continue reading the news of the town.", "log-in wall"),
        ("Увійдіть, щоб продовжити.", "log-in wall"),
        ("Войдите, чтобы читать дальше.", "log-in wall"),
        ("Subscribe to read the whole of it.", "paywall"),
        ("Weiterlesen für nur 1 € im Monat", "paywall"),
        ("Лише для передплатників", "paywall"),
        ("Чтобы дочитать, оформите подписку", "paywall"),
        ("La suite est réservée aux abonnés", "paywall"),
    ],
)
def test_walls(line: str, reason: str) -> None:
    found = read(WALLED.format("", line))
    assert found.drop == reason
    assert not found.articles


CUT = [
    "Keep reading for 1 €",
    "Subscribe to continue",
    "Already a subscriber? Log in",
    "Dieser Artikel ist exklusiv für Abonnenten",
    "Jetzt weiterlesen",
    "Il vous reste 82.5% de cet article à lire.",
    "Contenido exclusivo para suscriptores",
    "Pozostało 80% tekstu",
    "Щоб читати далі, оформіть передплату",
    "Чтобы прочитать целиком, купите подписку",
]


@pytest.mark.parametrize("line", CUT)
def test_a_stub_before_a_paywall_is_kept_and_flagged(line: str) -> None:
    body = WALLED.format(SENTENCES[0], line)
    for found in (read(body, OG), read(body, source="feed"), read(body, LD % ARTICLE)):
        (article,) = found.articles
        assert article.paywalled
        assert SENTENCES[0] in article.text
        assert article.extraction.words == len(article.text.split()) < 40


@pytest.mark.parametrize(
    ("head", "paid"),
    [
        (LD % (ARTICLE + ',"isAccessibleForFree":false'), True),
        (LD % (ARTICLE + ',"isAccessibleForFree":"False"'), True),
        (LD % (ARTICLE + ',"isAccessibleForFree":"http://schema.org/False"'), True),
        (LD % (ARTICLE + ',"hasPart":{"isAccessibleForFree":"False","cssSelector":".paid"}'), True),
        (LD % (ARTICLE + ',"hasPart":[{"isAccessibleForFree":false}]'), True),
        (LD % (ARTICLE + ',"isAccessibleForFree":true,"hasPart":{"isAccessibleForFree":false}'), False),
        (LD % (ARTICLE + ',"isAccessibleForFree":"True"'), False),
        ('<meta property="article:content_tier" content="locked">', True),
        ('<meta property="article:content_tier" content="metered">', False),
        ('<meta property="article:content_tier" content="free">', False),
        ("", False),
    ],
)
def test_a_paid_text_keeps_its_words(head: str, paid: bool) -> None:
    (article,) = read(f"<h1>The old bridge opens again</h1>{TEXT}", head).articles
    assert article.paywalled is paid
    assert all(s in article.text for s in SENTENCES)


def test_an_invitation_beside_a_whole_text_is_no_paywall() -> None:
    box = "<p>Subscribe to read more every morning.</p>"
    (article,) = read(
        f"<h1>The old bridge opens again</h1>{TEXT * 3}{TEXT.replace('The ', 'Later the ') * 3}{box}"
    ).articles
    assert not article.paywalled or article.extraction.words < 350


def test_galleries_and_videos_without_text() -> None:
    pictures = "".join(f"<figure><img src='/{n}.jpg'></figure>" for n in range(5))
    assert read(f"<h1>Bridge</h1>{pictures}").drop == "gallery without text"
    video = LD % '"@type":"VideoObject","name":"Bridge"'
    assert read("<h1>Bridge</h1><p>Watch it here.</p>", video).drop == "video without text"
    assert read(f"<h1>Bridge</h1>{TEXT}", video).articles[0].kind == "video"


# ---- bulletins

ITEMS = "".join(f"<h2>Item {n} of the day</h2><p>{SENTENCES[n % 4]}</p>" for n in range(6))


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("Morning briefing: bridges and bakers", "bulletin"),
        ("Головне за день: мости і пекарі", "bulletin"),
        ("Головні новини дня 22 листопада", "bulletin"),
        ("Главное за сутки", "bulletin"),
        ("Итоги недели: мосты", "bulletin"),
        ("Der Tag im Überblick", "bulletin"),
        ("L’essentiel du jour", "bulletin"),
        ("Resumen del día: el puente", "bulletin"),
        ("Najważniejsze informacje dnia", "bulletin"),
        ("Five things to know about the bridge", "bulletin"),
        ("The bridge collapse: what we know", "bulletin"),
        ("Обвал мосту: що відомо на цю хвилину", "bulletin"),
        ("The old bridge opens again", "article"),
        ("Главного инженера моста уволили", "article"),
        ("Підсумки виборів у громаді оскаржать", "article"),
        ("Daily bread: the baker of Mill Street", "article"),
    ],
)
def test_bulletins(title: str, kind: str) -> None:
    assert read(f"<h1>{title}</h1>{ITEMS}", title=title).articles[0].kind == kind


def test_what_we_know_in_one_running_text_is_an_article() -> None:
    title = "The bridge collapse: what we know"
    assert read(f"<h1>{title}</h1>{TEXT}", title=title).articles[0].kind == "article"


# ---- asked for by name


@pytest.mark.parametrize(
    ("body", "url", "reason"),
    [
        (f"<h1>Welcome</h1>{TEXT}", "https://x.example/", "not an article"),
        (f"<h1>Bridge</h1>{TEXT}", "https://x.example/tag/bridge", "not an article"),
        (f"<h1>Bridge</h1><p>{SENTENCES[0]}</p>", URL, "text too short"),
    ],
)
def test_what_a_person_asks_for_is_read_and_says_why_the_crawler_would_not(body: str, url: str, reason: str) -> None:
    crawled, asked = read(body, url=url), read(body, url=url, asked=True)
    assert (crawled.articles, crawled.drop) == ((), reason)
    assert asked.drop == reason
    (article,) = asked.articles
    assert article.kind == "other"
    assert SENTENCES[0] in article.text


def test_walls_and_lost_pages_stay_out_even_when_asked_for() -> None:
    for body in ("<h1>Page not found</h1>", "<h1>Bridge</h1><p>Please enable JavaScript.</p>"):
        assert read(body, asked=True).articles == ()


# ---- copies for phones and printers


@pytest.mark.parametrize(
    "copy",
    [
        "https://x.example/amp/news/the-old-bridge-opens-again",
        "https://x.example/news/the-old-bridge-opens-again/amp/",
        "https://x.example/news/the-old-bridge-opens-again?amp=1",
        "https://x.example/news/the-old-bridge-opens-again?amp",
        "https://x.example/news/the-old-bridge-opens-again?outputType=amp",
        "https://amp.x.example/news/the-old-bridge-opens-again",
        "https://x.example/news/the-old-bridge-opens-again/print",
        "https://x.example/news/the-old-bridge-opens-again?print=yes",
    ],
)
def test_a_copy_stands_for_its_page(copy: str) -> None:
    found = read(f"<h1>The old bridge opens again</h1>{TEXT}", url=copy)
    assert found.canonical == found.articles[0].url == URL
    told = '<link rel="canonical" href="https://x.example/n/7">'
    assert read(f"<h1>The old bridge opens again</h1>{TEXT}", told, url=copy).canonical == "https://x.example/n/7"


@pytest.mark.parametrize(
    "url",
    [
        "https://x.example/news/guitar-amp-of-the-year-wins-a-prize",
        "https://x.example/print/the-old-bridge-opens-again",
        "https://x.example/amp",
        "https://x.example/news/the-old-bridge-opens-again?print=12",
        "https://champ.x.example/news/the-old-bridge-opens-again",
    ],
)
def test_an_address_that_only_looks_like_a_copy_is_kept(url: str) -> None:
    assert read(f"<h1>The old bridge opens again</h1>{TEXT}", url=url).canonical == url


def test_the_invitation_to_pay_is_no_text_of_the_stub() -> None:
    wall = "<p>Keep reading for 1 €</p><p>Then 9 € a month. Cancel at any time.</p>"
    lines = f"<p>{SENTENCES[0]}</p><p>{SENTENCES[1]}</p>{wall}"
    (article,) = read(f"<h1>The old bridge opens again</h1><div>{lines}</div>", LD % ARTICLE).articles
    assert article.paywalled
    assert article.text == f"{SENTENCES[0]}\n\n{SENTENCES[1]}"
    assert "Keep reading for 1 €" in article.extraction.dropped


def test_remarks_reach_the_article() -> None:
    note = "Correction: the work cost two million more, not three."
    body = f"<h1>The old bridge opens again</h1><p>EMBARGOED UNTIL 18:00 GMT ON NOVEMBER 22</p>{TEXT}<p>{note}</p>"
    (article,) = read(body.replace("The town hall said", "According to Northwire, they said"), LD % ARTICLE).articles
    assert (article.correction, article.cited) == (note, ("Northwire",))
    assert article.advisory.startswith("EMBARGOED UNTIL")
    assert "EMBARGOED" not in article.text
