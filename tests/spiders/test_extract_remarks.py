"""Corrections, lines to editors and cited sources, in seven languages."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spiders.extract import remarks
from tocsin.records import Outlet

OUTLET = Outlet(name="kyiv-gazette", title="The Kyiv Gazette", home="https://kyivgazette.example/")


def read(text: str, title: str = "The bridge", dropped: tuple[str, ...] = ()) -> remarks.Remarks:
    return remarks.read(title, text, dropped, OUTLET)


@pytest.mark.parametrize(
    "line",
    [
        "Correction: the mayor is 54, not 45.",
        "CORRECTION (Nov. 22, 2026): an earlier caption named the wrong river.",
        "Correction, Nov. 22: the mayor is 54.",
        "Corrections and clarifications: the mayor is 54.",
        "This article was amended on 22 November 2026 to correct the mayor's age.",
        "This story has been corrected to show that the mayor is 54.",
        "An earlier version of this article misstated the mayor's age.",
        "Editor's note: we have corrected an error in the mayor's age.",
        "Виправлено: міському голові 54 роки.",
        "Уточнення: йдеться про другий стовп.",
        "У матеріал внесено зміни: виправлено вік голови.",
        "У попередній версії новини помилково вказали вік.",
        "В материал внесены изменения.",
        "В предыдущей версии заметки был указан другой возраст.",
        "Исправлено: мэру 54 года.",
        "Korrektur: Der Bürgermeister ist 54.",
        "In einer früheren Version dieses Artikels stand ein falsches Alter.",
        "Anmerkung der Redaktion: Wir haben einen Fehler korrigiert.",
        "Rectificatif : le maire a 54 ans.",
        "Une première version de cet article indiquait un autre âge.",
        "Corrección: el alcalde tiene 54 años.",
        "Una versión anterior de este artículo daba otra edad.",
        "Sprostowanie: burmistrz ma 54 lata.",
        "We wcześniejszej wersji artykułu podano inny wiek.",
    ],
)
def test_corrections(line: str) -> None:
    assert read(f"The bridge is open.\n\n{line}").correction == line
    assert read("The bridge is open.", dropped=(line,)).correction == line


@pytest.mark.parametrize(
    "line",
    [
        "Update 14:05: the bridge is open again.",
        "Corrections officers said no.",
        "Correction of the market continues, analysts said.",
        "Уточнення списків виборців триває до п'ятниці.",
        "Уточнение данных началось в понедельник.",
        "Editor's note: this reporter lives beside the bridge.",
        "Anmerkung der Redaktion: Wir zeigen keine Bilder von Toten.",
        "The ministry corrected its figures on Monday.",
        "The article of the constitution was amended in 2019.",
        "Korrekturen am Haushalt verlangt der Stadtrat.",
    ],
)
def test_no_corrections(line: str) -> None:
    assert read(f"The bridge is open.\n\n{line}").correction == ""


def test_a_label_alone_takes_the_line_below_and_a_long_note_is_cut() -> None:
    assert read("One.\n\nCorrection\n\nThe mayor is 54.").correction == "Correction The mayor is 54."
    assert read("One.\n\nCorrection: Nov. 22, 2026:\n\nThe mayor is 54.").correction.endswith("The mayor is 54.")
    assert len(read(f"Correction: {'word ' * 200}").correction) == 300


@pytest.mark.parametrize(
    "line",
    [
        "EMBARGO: not before 18:00 GMT",
        "EMBARGOED UNTIL 1800 GMT, NOV 22",
        "Embargoed until Monday noon",
        "STRICTLY EMBARGOED UNTIL MIDNIGHT",
        "Not for publication before 6 p.m.",
        "ЕМБАРГО ДО 18:00",
        "ЭМБАРГО до 18:00 22 ноября".replace("до", "ДО"),
        "SPERRFRIST 18 Uhr",
        "KILL: Bridge story",
        "MANDATORY KILL",
        "ATTENTION EDITORS: please withdraw the bridge story",
        "WITHDRAWN: Mayor resigns",
        "RETRACTED",
        "Published in error",
    ],
)
def test_lines_to_editors(line: str) -> None:
    assert read("The bridge is open.", title=line).advisory == line
    assert read(f"{line}\n\nThe bridge is open.").advisory == line


@pytest.mark.parametrize(
    "line",
    [
        "EMBARGO ON OIL TIGHTENED AGAIN",
        "KILL BILL RETURNS TO CINEMAS",
        "WITHDRAWN TROOPS COME HOME",
        "Эмбарго на нефть введут в декабре",
        "Retracted wings help the glider land",
        "Killed in action: a list",
    ],
)
def test_news_about_embargoes_and_withdrawals_is_no_line_to_editors(line: str) -> None:
    assert read("The bridge is open.", title=line).advisory == ""


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("Two were hurt, as Astra reports.", ("Astra",)),
        ("The mayor resigned, according to Reuters.", ("Reuters",)),
        ("According to the BBC and others, he did. According to Reuters too.", ("BBC", "Reuters")),
        ("The plant stopped, The Wall Street Journal reported on Monday.", ("The Wall Street Journal",)),
        ("Strikes went on, according to Israeli officials.", ("Israeli officials",)),
        ("Об этом пишет «Медуза» со ссылкой на агентство «Интерфакс».", ("Медуза", "Интерфакс")),
        ("По данным Минобороны, погибших нет. Как сообщает Reuters, мост закрыт.", ("Минобороны", "Reuters")),
        ("Про це повідомляє Суспільне. Як пише Українська правда, міст закрито.", ("Суспільне", "Українська правда")),
        ("За даними ДСНС, загинули двоє. З посиланням на «Астру» пише Бабель.", ("ДСНС", "Астру", "Бабель")),
        ("Повідомили в Суспільного.", ("Суспільного",)),
        ("Das Werk steht, laut Reuters. Unter Berufung auf die Nachrichtenagentur AFP.", ("Reuters", "AFP")),
        ("Deux morts, selon l’AFP ; selon Le Monde, trois.", ("AFP", "Le Monde")),
        ("Según la agencia EFE, y según El País.", ("EFE", "El País")),
        ("Jak podaje PAP, dwie osoby. Według Gazety Wyborczej trzy.", ("PAP", "Gazety Wyborczej")),
        # What ends a sentence ends the name, or the way to it.
        ("Two were hurt, as Astra reports. The bridge is shut.", ("Astra",)),
        ("It was first reported by Bloomberg. The mayor said no.", ("Bloomberg",)),
        ("Про це повідомляє ДСНС. Унаслідок удару загинули двоє.", ("ДСНС",)),
        ("Про це ДСНС повідомляє. Унаслідок удару загинули двоє.", ()),
        ("Так, як Суспільне повідомляє. Унаслідок удару загинули двоє.", ("Суспільне",)),
        ("Про це повідомляє ДСНС.Унаслідок удару загинули двоє.", ("ДСНС",)),
        ("Об этом сообщает ТАСС. Пострадавших нет.", ("ТАСС",)),
        ("Об этом сообщается. В городе тихо. Как пишут местные каналы. Власти молчат.", ()),
        ("Das sagt er laut dpa. Laut AFP. Zwei Menschen starben.", ("AFP",)),
        ("C’est vrai selon l’AFP. Deux personnes sont mortes. Selon la police. Les secours cherchent.", ("AFP",)),
        ("Es así según la zona. Mientras, según EFE. El alcalde calla.", ("EFE",)),
        ("Tak jest według policji. Dwie osoby zmarły. Według PAP. Burmistrz milczy.", ("PAP",)),
        ("It is so, according to the company. Any user may ask.", ()),
        (
            "It is so, according to the U.S. The mayor said no. According to KenPom.com. The rest is silent.",
            ("U.S.", "KenPom.com"),
        ),
        (
            "According to Sen. Doe, and according to J. Smith, the U.S. Census Bureau reported it.",
            ("Sen. Doe", "J. Smith", "U.S. Census Bureau"),
        ),
        # What is told is no source.
        ("Він пише про Бахмут. Штаб повідомляє про удари по Харкову.", ()),
        ("Он пишет из Киева. Передают в дар Музею картину.", ()),
        ("Повідомляє губернатор Олег Синєгубов.", ("Олег Синєгубов",)),
        ("Повідомляється на сайті Нацполіції. Повідомили у пресслужбі ДСНС.", ("Нацполіції", "ДСНС")),
        ("Sie lachen laut auf. Dann gehen sie. Wie laut sind die Turbinen? Der Laut der Motoren stört.", ()),
        ("Laut dem Gericht, laut einem Medienbericht und laut Berechnungen der EU-Kommission.", ("EU-Kommission",)),
        ("Laut Kino- und Filmverband steht das Werk.", ()),
        ("Según aseguran a EL MUNDO varias fuentes.", ("EL MUNDO",)),
        ("It is so, according to Reuters Monday.", ("Reuters",)),
    ],
)
def test_cited_sources(text: str, cited: tuple[str, ...]) -> None:
    assert read(text).cited == cited


@pytest.mark.parametrize(
    "text",
    [
        "The mayor resigned, according to police.",
        "It was as cold as Monday and as dark.",
        "According to The Kyiv Gazette, which you read, it is so. Reports kyiv-gazette, according to Kyivgazette.",
        "Laut Umfrage sind es zwei, laut Medienberichten drei.",
        "Він пише вірші. Она сообщает мало.",
        "",
    ],
)
def test_nobody_is_cited(text: str) -> None:
    assert read(text).cited == ()


def test_each_source_once_and_ten_at_most() -> None:
    text = " ".join(f"It is so, according to Source{chr(65 + n)}. According to Source{chr(65 + n)}." for n in range(20))
    assert read(text).cited == tuple(f"Source{chr(65 + n)}" for n in range(10))


PIECES = (
    "according to ",
    "Aa ",
    "laut A ",
    "correction ",
    "this article ",
    "— ",
    ", Aaa ",
    "«",
    "as ",
    "пишет ",
    "EMBARGO ",
)


@settings(max_examples=60, deadline=None)
@given(pieces=st.lists(st.sampled_from([*PIECES, "a", " ", ".", "İ", "\u00a0", "„", '"']), min_size=1, max_size=6))
def test_a_line_of_a_hundred_thousand_characters_is_read_at_once(pieces: list[str]) -> None:
    unit = "".join(pieces)
    line = unit * (100_000 // len(unit))
    started = time.process_time()
    read(line, title=line, dropped=(line,))
    assert time.process_time() - started < 0.05
