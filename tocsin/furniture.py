"""What stands in a text and is not of it: clocks, counters, labels, advertisements, pointers and invitations.

Seven languages: English, Ukrainian, Russian, German, French, Spanish, Polish. Pure, of one line at a time.
"""

import re
from collections.abc import Iterator

from tocsin.marks import QUOTES, SPELLED

LINE = 14
"""Words of a line that is a clock, a counter or a label at most."""
NUMBERS = 10
"""Numbers that it has at most, those of a date and its hour one by one."""
ADVERT = 30
"""Words of an advertisement, a pointer or an invitation at most."""

_LETTERS = re.compile(rf"[^\W\d_]+(?:[{QUOTES}][^\W\d_]+)*")

_CLOCK = (
    # en
    "last updated update published posted modified edited on at as of am pm gmt utc est edt cet cest bst eet eest"
    " msk ago just now today yesterday a an one second seconds sec secs s minute minutes min mins hour hours hr"
    " hrs h day days d week weeks month months jan january feb february mar march apr april may jun june jul july"
    " aug august sep sept september oct october nov november dec december mon monday tue tuesday wed wednesday thu"
    " thursday fri friday sat saturday sun sunday"
    # uk
    " оновлено опубліковано змінено востаннє о об в у тому щойно сьогодні вчора секунд секунди секунду хвилин"
    " хвилини хвилину хв година години годину годин год день дні днів тиждень тижні тижнів січня лютого березня"
    " квітня травня червня липня серпня вересня жовтня листопада грудня понеділок вівторок середа четвер п'ятниця"
    " субота неділя"
    # ru
    " обновлено опубликовано изменено назад только что сегодня вчера секунды минут минуты минуту мин час часа"
    " часов ч дня дней неделю недели недель мск января февраля марта апреля мая июня июля августа сентября октября"
    " ноября декабря понедельник вторник среда четверг пятница суббота воскресенье"
    # de
    " aktualisiert zuletzt veröffentlicht stand vor um uhr minuten stunde stunden tag tage tagen gerade eben heute"
    " gestern sekunden januar februar märz mai juni juli oktober dezember montag dienstag mittwoch donnerstag"
    " freitag samstag sonntag"
    # fr
    " mis mise à jour publié modifié le il y heure heures jours aujourd'hui hier secondes janvier février mars"
    " avril juin juillet août septembre octobre novembre décembre lundi mardi mercredi jeudi vendredi samedi"
    " dimanche"
    # es
    " actualizado última actualización publicado hace hora horas minuto minutos día días hoy ayer las el de enero"
    " febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
    # pl
    " aktualizacja zaktualizowano opublikowano temu minut minuty minutę godzin godziny godzinę dni dzień dziś"
    " wczoraj stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia"
).split()
_COUNTED = (
    "view views viewed read reads reading readers times comment comments share shares shared like likes reaction"
    " reactions reply replies online watching перегляд перегляди переглядів перегляду коментар коментарі"
    " коментарів коментаря поширень поширення поширили репостів лайків прочитали читають читання разів просмотр"
    " просмотры просмотров просмотра комментарий комментарии комментариев комментария поделились репостов лайков"
    " прочитали читают чтения раз aufrufe kommentar kommentare geteilt gelesen lesezeit leser vue vues commentaire"
    " commentaires partage partages lecture lectures visitas vistas comentario comentarios compartido lectura"
    " veces wyświetleń wyświetlenia komentarz komentarze komentarzy udostępnień odsłon czytania"
).split()
_LABELS = (
    "k m тис тыс млн mln ad ads advertisement advertising sponsored promoted реклама anzeige werbung publicité"
    " publicidad anuncio reklama people are зараз сейчас время час time temps tiempo czas mal"
).split()
_FURNITURE = frozenset((*_CLOCK, *_COUNTED, *_LABELS))
_SMALL = frozenset("on at as of am a an one s h d k m it о об в у ч um vor mis le il y de las el hace that что".split())
"""Words that tell of nothing where they stand alone."""
_TELLING = frozenset((*_COUNTED, *"ago тому назад vor il hace temu".split()))
_UPDATED = (
    r"updated?|upd|оновлено|оновлюється|обновлено|обновляется|дополнено|доповнено|aktualisiert|mis à jour|actualizado"
    r"|aktualizacja"
)
_AGO = (
    r"(?<!\d)\d{1,3}\s*(?:sec|min|hour|hr|day|week|month)\w*\.?\s+ago|an? (?:minute|hour|day|week) ago"
    r"|(?<!\d)(?:\d{1,3}\s*)?(?:секунд|хв|хвилин|годин|год|д(?:ень|н)|тижн|мин|час|недел)\w*\.?\s+(?:тому|назад)"
    r"|vor \d+ (?:sekunde|minute|stunde|tag)\w*|il y a \d+ \w+|hace \d+ \w+|(?<!\d)\d{1,3} [^\W\d]++ temu"
)
_MANY = r"[kmкм]|т[иы]с\.?|млн|mln"
_COUNT = (
    rf"(?<![\d.,])\d[\d.,\s]{{0,15}}+(?:(?:{_MANY})\s*)?+(?:{'|'.join(_COUNTED)})\b"
    rf"|\b(?:{'|'.join(_COUNTED)})\s*[:(]\s*\d[\d.,]*[km]?\)?"
)
_MARK = re.compile(rf"(?i)[\[(]\s*(?:{_UPDATED})\s*[\])]")
"""The mark of an update, in brackets."""
_FRONT = re.compile(
    rf"(?i)\W*+(?:last )?(?:{_UPDATED})(?:\W+"
    rf"(?:(?:{'|'.join(sorted(set(_CLOCK)))}|\d[\d./-]*)\W+){{0,9}}?"
    r"\d{1,2}[:.]\d\d(?:\s*(?:[ap]m|gmt|utc|мск|uhr)\b)?\W*|\s*:\s*)"
)
"""The same in front, and its moment."""
_IN_LINE = re.compile(rf"(?i)\b(?:{_AGO}|{_COUNT})")
"""Ages and counts within a line that is no sentence."""
_NO_COUNTER = re.compile(r"(?i)[%$€£₴₽°]|\d[.,]\d{1,2}(?!\d)(?!\s*(?:" + _MANY + r")\b)|(?<!\d)\d{1,2}:\d(?!\d)")
"""What a clock or a counter has not: shares, money, degrees, decimals that are no date, a score."""
_DATE = re.compile(r"(?i)(?<!\d)\d{1,2}\.\d{1,2}(?:\.(?:\d{4}|\d{2})?)(?!\d)|(?<!\d)\d{1,2}\.\d\d(?=\s*uhr)")
_ADVERT = re.compile(
    r"(?i)^\W*(?:ad(?:vert(?:isement|orial))?|sponsored(?: content)?|promoted|реклама|на правах реклам[иы]|anzeige"
    r"|werbung|publicité|publicidad|reklama|read (?:also|more|next)|see also|more on this(?: story)?|related"
    r"|читайте також|дивіться також|за темою|до теми|читайте также|смотрите также|по теме|lesen sie auch"
    r"|mehr zum thema|(?:à )?lire aussi|le[ae] también|czytaj (?:też|także|również))(?:\W*$|\s*[:：|»>]|\s+[–—-]\s)"
    r"|^[\s•▪►→*-]*(?:subscribe|sign up|follow us|join us|download (?:the|our) app|get our|support (?:us|our)"
    r"|підпи(?:суйте|шіть|сати)с\w*|стежте за|долучайтес\w*|подпи(?:сывайте|шите|сать)с\w*|следите за"
    r"|jetzt abonnieren|abonnez-vous|suscríbete|(?:buy|shop|order) (?:now|today|online|here))\b"
    r"|\b(?:buy|shop|order) now\W*$|\b(?:save|get) (?:up to )?\d+\s?% off\b|\blimited[- ]time offer\b"
    r"|\bfree shipping\b|\bpromo ?code\b|\bпромокод\b|\bjetzt (?:kaufen|bestellen|sichern)\b"
)
"""What is advertised or pointed to. Quoted speech may begin like an invitation, so no quotation mark stands before."""


def hidden(text: str) -> Iterator[tuple[int, int]]:
    """Places of a line that tell of time and readers; in a sentence they are the article's own."""
    if front := _FRONT.match(text):
        yield front.span()
    if "(" in text or "[" in text:
        yield from (match.span() for match in _MARK.finditer(text))
    sentence = len(text) > 8 * ADVERT or text.rstrip(f" )]{QUOTES}").endswith((".", "!", "?", "…"))
    if not sentence and not _TELLING.isdisjoint(_LETTERS.findall(text.casefold())):
        yield from (match.span() for match in _IN_LINE.finditer(text))


def is_furniture(text: str) -> bool:
    """Whether a line is a clock, a counter, a label, an advertisement, a pointer or an invitation."""
    if len(text) > 8 * ADVERT:
        return False
    words = _LETTERS.findall(text.translate(SPELLED).casefold())
    if len(words) > ADVERT:
        return False
    if words and _ADVERT.search(text):
        return True
    numbers = len(re.findall(r"\d+", text))
    if len(words) > LINE or not _FURNITURE.issuperset(words) or numbers > NUMBERS:
        return False
    if not numbers and _SMALL.issuperset(words):
        return False
    return not _NO_COUNTER.search(_DATE.sub("", text))
