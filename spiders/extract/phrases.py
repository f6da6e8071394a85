"""Lines that belong to the page and not to the article: teasers, widgets, invitations, credits.

Seven languages: English, Ukrainian, Russian, German, French, Spanish, Polish. Each pattern looks at one whole line.
"""

import re

from spiders.extract.tree import count_words

_TEASER_SURE = (
    r"read (?:more|also|next|on)|more to read|see also|also read|also see|further reading|don[’']?t miss"
    r"|recommended (?:for you|reading|stories)|related"
    r" (?:stories|articles|news|posts|topics|content|coverage)|more (?:on|about) this(?: story| topic)?"
    r"|you (?:may|might) (?:also )?(?:like|be interested)"
    r"|читайте (?:також|ще|нас|більше)|дивіться також|також читайте|вас (?:також )?мож(?:е|уть) зацікавити"
    r"(?: новини)?|(?:також )?за темою|більше (?:новин|про це|за темою)|новини за темою|до теми"
    r"|читайте (?:также|еще|ещё|подробнее)|смотрите также|также читайте|вам может быть интересно"
    r"|новости по теме|материалы по теме"
    r"|по теме|подробнее|(?:à )?lire (?:aussi|également|la suite)|à lire|voir aussi|sur le même sujet"
    r"|lesen sie (?:auch|mehr|hier)|mehr (?:zum thema|dazu)"
    r"|auch interessant|das könnte sie auch interessieren|le[ae] también|leer más|lee más"
    r"|también te puede interesar|te puede interesar|noticias relacionadas"
    r"|czytaj (?:też|także|więcej|również)|zobacz (?:też|także|również)|przeczytaj (?:też|także|również)"
)
_TEASER_MARKED = (
    r"more|watch|listen|related|explainer|in pictures|opinion|analysis|live|exclusive|video|mehr|vidéo|читайте"
    r"|дивіться|смотрите|відео|видео"
)
TEASER = re.compile(
    rf"(?i)^[\W_]*(?:(?:{_TEASER_SURE})\b(?=\s*[:：–—|>»-]|\s*$|\s+\W)|(?:{_TEASER_MARKED})\s*[:：|>»])"
)
"""Start of a line that points to another article. The phrase stands before a colon or is the whole line."""
TEASER_CAPITALS = re.compile(rf"^[\W_]*(?:{_TEASER_SURE.upper()}|READ MORE|ЧИТАЙТЕ ТАКОЖ|ЧИТАЙТЕ ТАКЖЕ)\b")
"""The same in capitals needs no colon."""

_FOOTER = (
    r"(?:ещё|еще|більше|ще) (?:из|з|від|от)\b.{0,25}|(?:версия для печати|версія для друку|print version)\b.{0,60}|"
    r"check out (?:our|other|more)\b.*|most (?:popular|read|viewed|commented)\b.*|(?:popular|trending|latest"
    r"|top|more|other) (?:articles|news|stories|posts|now|videos|headlines)\b.*"
    r"|(?:you may also|editor[’']?s? (?:picks?|choice)|recommended|related|tags|topics|trending|sponsored"
    r"|promoted)\b.{0,25}"
    r"|leave a (?:comment|reply)|comments? ?\(?\d*\)?|\d+ comments?|post a comment|join the (?:conversation"
    r"|discussion)|about the author"
    r"|найпопулярніше|популярне|останні новини|головне за день|вибір редакції|теги|коментарі.{0,12}"
    r"|самое (?:читаемое|популярное|важное)|популярное"
    r"|последние новости|главное за день|выбор редакции|комментарии.{0,12}|meistgelesen|kommentare?"
    r"|schlagworte|les plus lus"
    r"|commentaires?|mots[- ]clés|lo más (?:leído|visto)|comentarios|etiquetas|najczęściej czytane|komentarze|tagi"
)
FOOTER = re.compile(rf"(?i)^[\W_]*(?:{_FOOTER})[\s:.…»>]*$")
"""A heading behind which other content begins."""

_INVITATION = (
    r"subscribe|sign up|newsletter|follow us|follow .{2,30} on (?:twitter|facebook|instagram|telegram|google"
    r"|x)\b|join (?:us|our)|share (?:this|on|via)|like us on|download (?:the|our) app"
    r"|support (?:us|our)|click here|log ?in|register (?:now|here|for)|get our|become a (?:member|patron)"
    r"|buy me a coffee|all rights reserved|privacy policy|terms of (?:use|service)"
    r"|(?:we|this (?:web)?site) uses? cookies|accept (?:all )?cookies|підпи(?:шіться|сатися|шись|суйтесь"
    r"|суйтеся)|стежте за|слідкуйте за|поділитися|поширити|долучайтесь|підтримайте"
    r"|надіслати новину|подпи(?:шитесь|саться|сывайтесь|шись)|следите за|поделиться|поддержите (?:нас|наш)"
    r"|присоединяйтесь|читайте нас|наш (?:телеграм|telegram)"
    r"|abonn(?:ieren|ez|é)|anmelden|folgen sie|teilen|suivez|inscrivez|partager|suscr[ií]b|síguenos"
    r"|compart[ei]|zapisz się|subskrybuj|udostępnij|obserwuj nas"
    r"|помітили помилку|знайшли помилку|виділіть її|нашли ошибку|заметили ошибку|ctrl\s*\+\s*enter"
)
# Looked for in lower case: without case folding such searches take a third of the time.
_INVITES = re.compile(rf"\b(?:{_INVITATION})")

COPYRIGHT = re.compile(
    r"(?i)^\W*(?:©|\(c\)\s|copyright\b|all rights reserved|(?:усі|всі) права (?:захищен|застережен)"
    r"|все права защищены|alle rechte vorbehalten"
    r"|tous droits réservés|todos los derechos reservados|wszelkie prawa zastrzeżone|this material may not be)"
)
INTRODUCES = re.compile(
    r"(?i)(?:\s[—–-]\s|,?\s(?:is|was|covers|reports|writes|has been|works|ist|arbeitet|schreibt|est|es|jest|пише|пишет"
    r"|працює|работает)\s)"
)
"""What stands behind a name that begins the introduction of an author."""
BIO = re.compile(
    r"^[^\W\d_][\w'’ʼ-]{1,30} [^\W\d_][\w'’ʼ-]{1,30}"
    r"(?:\s[—–-]\s(?:журналіст|журналист|кореспондент|корреспондент|редактор|репортер)"
    r"|,? is an? (?:\w+ ){0,4}(?:reporter|journalist|correspondent|editor|writer|columnist|contributor)\b)"
)
"""A line that introduces a person of the house."""
AGO = re.compile(
    r"(?i)\b\d{1,2} (?:минут|час|дн|день|годин|хвилин|minutes?|hours?|days?|min|mins)\w* (?:назад|тому|ago)\W*$"
)
"""A card of another message: its title and its age."""
_NOTE = re.compile(
    r"\bctrl\s*\+\s*enter\b|иностранн\w+ агент\w*.{0,200}\b18\+"
    r"|(?:произведен|создан)\w*.{0,40}распростран\w+.{0,20}иностранн\w+ агент|^\W{0,3}внесен\w*.{0,30}(?:минюст|реестр)"
    r"|^[*†\d.)\s]{1,6}.{0,80}признан\w*.{0,60}(?:иностранн|экстремистск|нежелательн|террористическ)"
    r"|^\W*(?:на правах реклами|на правах рекламы|реклама\.|advertisement\b|anzeige:|publicité\b)"
    r"|отписаться можно|відписатися можна|unsubscribe at any ?time|\b(?:make|consider) a (?:one-time )?donation"
    r"|оформ(?:ите|іть) (?:регуляр|ежемесяч|щомісяч)\w* (?:пожертв|внес|донат|підписк|подписк)\w*"
    r"|support our journalism|spenden sie (?:jetzt|für)|faites un don\b|haz una donación"
)
_CODE_SIGN = re.compile(r"[({=\[]")
_CODE = re.compile(
    r"\bfunction\s*\(|\bgoogletag\b|\b(?:window|document)\.\w+\s*[=(.\[]|\bvar \w+\s*=|\.push\(|=>\s*\{"
    r"|^\s*[.#@][\w-]+[^{]{0,80}\{"
)
CREDIT = re.compile(
    r"(?i)^\W*(?:photos?|image|picture|pic|credit|image source|photo credit|фото|ілюстрація|джерело фото"
    r"|иллюстрация|источник фото|foto|bild|quelle|crédit|crédito)"
    r"\s*(?:credit|by|via|:|©|–|-)\s*\S.{0,90}$"
)
WEATHER = re.compile(
    r"(?i)^[\W_]*(?:[^\W\d_][\w’'. -]{0,30}[,:]?\s+)?[-−+]?\d{1,2}(?:[.,]\d)?\s*(?:°\s*[CF]?|º\s*[CF]?|[CF]|℃"
    r"|℉)(?:\s+[^\W\d_][\w’'. -]{0,30})?[\W_]*$"
    r"|^[\W_]*(?:weather(?: today| forecast)?|погода(?: сьогодні| сегодня)?|wetter(?: heute)?|météo|el tiempo"
    r"|pogoda)[\W_]*$"
)
SMALL = re.compile(
    r"(?i)^[\W_]*(?:advertisement|ad|share|print|email|e-mail|facebook|twitter|telegram|whatsapp|viber"
    r"|linkedin|reddit|copy link|comments?|\d+ min(?:ute)?s?(?: read)?"
    r"|loading|menu|search|home|close|next|previous|back to top|tags?|source|реклама|друк|поділитись|печать"
    r"|поделиться|drucken|imprimer|imprimir|drukuj|anzeige|\d+\s*(?:views?|shares?|переглядів|просмотров))[\W_]*$"
)
_PREFIXED = re.compile(
    r"(?i)^[\W_]*(?:published|posted|updated|last updated|modified|date|on|опубліковано|оновлено|дата"
    r"|опубликовано|обновлено|veröffentlicht|aktualisiert"
    r"|stand|publié(?: le)?|mis à jour(?: le)?|publicado(?: el)?|actualizado(?: el)?|opublikowano"
    r"|aktualizacja)\b[\s:,]*"
)
SENTENCE_END = re.compile(r"[.!?…:;。！？][\"”’»)\]」』]*$")


def invites(line: str) -> bool:
    """Whether a line asks the reader to do something with the page. Only believed of short lines."""
    return _INVITES.search(line.lower()) is not None


def is_note(line: str) -> bool:
    """Whether a line is the house's note to its readers: a mistake, a disclaimer, an advertisement, a plea."""
    return _NOTE.search(line.lower()) is not None


def is_code(line: str) -> bool:
    """Whether a line is of a script or style that leaked into the text."""
    return _CODE_SIGN.search(line) is not None and _CODE.search(line) is not None


def is_teaser(line: str) -> bool:
    """Whether a line points to another article."""
    return bool(TEASER.match(line) or TEASER_CAPITALS.match(line)) and len(line) <= 300


def without_date_label(line: str) -> str:
    """A line without ``Published:``, ``Оновлено`` and the like before a date."""
    return _PREFIXED.sub("", line)


def is_paragraph(line: str) -> bool:
    """Whether a line reads like a sentence or more: at least eight words with an end."""
    return count_words(line) >= 8 and bool(SENTENCE_END.search(line))
