"""What stands in the place of an article: consent, log-in, paywall and script walls, and pages that say they are gone.

Seven languages: English, Ukrainian, Russian, German, French, Spanish, Polish. Every pattern is of bounded length.
"""

import re
from collections.abc import Sequence

GONE = re.compile(
    r"(?i)^\W*(?:(?:error|fehler|erreur|помилка|ошибка|błąd)\s*:?\s*)?(?:404"
    r"(?:\W{1,3}(?:error|not found|page not found|сторінк\w не знайдена?|сторінку не знайдено|страница не найдена"
    r"|seite nicht gefunden|page introuvable|página no encontrada|nie znaleziono(?: strony)?|помилка|ошибка|fehler))?"
    r"(?=\W*$|\s{1,2}[|–—•·-]\s)"
    r"|(?:page|article|story|content|file|that page)(?: was| is|[’']s|)? (?:not (?:be )?found|missing|unavailable)"
    r"|not found(?=\W*$|\W+404)"
    r"|(?:sorry|oops|whoops)\b.{0,40}?(?:page|article|story|not found|does ?n[o’']t exist|wrong|went)"
    r"|(?:we )?(?:can[’']?t|could ?n[o’']t|cannot) find (?:the|that|this) page|oops\W*$"
    r"|th(?:is|e|at) (?:page|article|story|content)(?: you\b.{0,40}?)? (?:does ?n[o’']t exist|can ?not be found"
    r"|is (?:no longer|not) available|has (?:been )?(?:removed|deleted|expired|moved)|could not be found|was not found)"
    r"|(?:такої )?(?:сторінк\w{1,2}|статт\w|матеріал\w?|публікаці\w|новин\w)(?: за \w+ \w+)? (?:більше )?"
    r"(?:не (?:знайден\w{0,2}|існує)|видален\w{1,2}|недоступн\w{1,2})|на жаль.{0,40}не (?:знайден|існує)"
    r"|(?:такой )?(?:страниц\w{1,2}|стать\w|материал\w?|публикаци\w|новост\w) (?:больше )?"
    r"(?:не (?:найден\w{0,2}|существует)|удал[её]н\w{0,2}|недоступ\w{1,3})|к сожалению.{0,40}не (?:найден|существует)"
    r"|(?:die |der |dieser |diese )?(?:\w{5,14}e )?"
    r"(?:seite|artikel|inhalt)\w{0,2}.{0,30}? (?:(?:leider )?nicht (?:gefunden|verfügbar|mehr verfügbar)"
    r"|existiert (?:leider )?nicht|wurde gelöscht)"
    r"|(?:cette |la )?page\b.{0,30}? (?:introuvable|n[’']existe (?:pas|plus)|non trouvée)|(?:cet|l[’']) ?article"
    r" n[’']est plus disponible|(?:la )?página\b.{0,30}? (?:no (?:encontrada|existe|disponible)|no se (?:ha )?encontr)"
    r"|nie znaleziono (?:strony|artykułu)|(?:ta |taka )?(?:strona|artykuł)\b.{0,25}? nie (?:istnieje|został)"
    r"|(?:strona|artykuł) (?:usunięt|niedostępn))"
)
"""Beginning of a heading or title that says that there is no such page."""

SCRIPT = re.compile(
    r"(?i)(?:enable|activate|turn on|need|requires?) javascript|javascript (?:is|to be) (?:disabled|required|enabled)"
    r"|just a moment|checking (?:if the site|your browser)|verify(?:ing)? (?:that )?you are (?:a )?human"
    r"|are you a (?:ro)?bot|attention required|увімкніть javascript|включите javascript"
    r"|javascript (?:aktivieren|einschalten)|activez javascript|active javascript|włącz javascript"
)
COOKIES = re.compile(
    r"(?i)(?:accept|consent|agree|use of|uses?|allow)\b.{0,60}?\bcookies?|cookies?\b.{0,60}?\b(?:accept"
    r"|consent|agree|continue)|zustimmen.{0,80}?cookie|cookie.{0,80}?(?:zustimm|akzept|согла|погод|принима|прийма)"
    r"|accepter.{0,80}?cookie|acept.{0,60}?cookie|akcept.{0,60}?cookie"
)
LOG_IN = re.compile(
    r"(?i)(?:log|sign) ?in (?:to|or (?:register|create an account) to) (?:continue|read|view|see|access)"
    r"|(?:you (?:must|need to|have to) (?:be logged|log|sign) ?in)|create (?:a free|an) account to (?:continue|read)"
    r"|register (?:for free )?to (?:continue|read|keep)|увійдіть,? щоб|авторизуйтесь,? щоб|зареєструйтес[ья],? щоб"
    r"|войдите,? чтобы|авторизуйтесь,? чтобы|зарегистрируйтесь,? чтобы|(?:bitte )?melden sie sich an,? um"
    r"|(?:jetzt )?anmelden und weiterlesen|connectez-vous pour|inicia sesión para|regístrate para (?:seguir|leer)"
    r"|zaloguj się,? (?:aby|żeby|by)"
)
PAY = re.compile(
    r"(?i)subscribe (?:now )?to (?:read|continue|keep|unlock|access)|subscri(?:bers? only|ber[- ]exclusive)"
    r"|(?:this|the) (?:article|story|content) is (?:only |exclusively )?(?:for"
    r"|available to) (?:\w+ )?(?:subscribers|members)"
    r"|(?:to |keep |continue )(?:continue )?reading (?:this article|the full|for|with|subscribe|[—–:,-])"
    r"|to continue reading|already a (?:subscriber|member)\?|unlock (?:this|the full) (?:article|story)"
    r"|read the (?:full|rest of the) (?:article|story) (?:with|by|for)|start your (?:free )?trial"
    r"|(?:лише|тільки|виключно) (?:для )?(?:наших )?(?:передплатник\w{1,3}|підписник\w{1,3}|читачів клубу)"
    r"|(?:оформіть|придбайте|купіть) (?:\w+ )?(?:передплату|підписку)|щоб (?:читати далі|прочитати (?:повністю"
    r"|до кінця))"
    r"|повн(?:ий|а) (?:текст|версія|стаття) (?:доступн\w{1,2} )?(?:за передплатою|передплатникам|для передплатників)"
    r"|(?:только|исключительно) (?:для )?(?:наших )?подписчик\w{1,3}|(?:оформите|купите) (?:\w+ )?подписку"
    r"|чтобы (?:читать дальше|дочитать|прочитать (?:полностью|целиком|до конца))"
    r"|доступн\w{1,2} (?:только )?(?:по подписке"
    r"|подписчикам)|(?:nur|exklusiv) für (?:\w+ )?(?:abonnent|mitglieder)|(?:jetzt|sofort) weiterlesen|weiterlesen mit"
    r"|(?:mit|im) (?:\w+ )?(?:abo|plus) (?:weiter|unbegrenzt )?lesen|artikel freischalten|jetzt abonnieren"
    r"|réservé (?:à nos|aux) abonné|il vous reste [\d ,.]{1,5} ?% de cet article|la suite (?:est|de l[’']article)"
    r"|pour lire la suite|abonnez-vous (?:pour|et) (?:lire|continue)|(?:solo|exclusivo) para (?:\w+ )?suscriptores"
    r"|suscr[ií]b\w{1,4} para (?:seguir|leer|continuar)|para seguir leyendo|hazte (?:socio|suscriptor)"
    r"|(?:tylko|wyłącznie) dla (?:\w+ )?(?:prenumeratorów|subskrybentów)|pozostało [\d ,.]{1,5} ?% (?:tekstu|artykułu)"
    r"|(?:wykup|kup) (?:\w+ )?(?:dostęp|prenumeratę)|czytaj dalej (?:za|z|w) |dostęp (?:do treści )?(?:dla|premium)"
    r"|(?:weiterlesen|reading|lire|leyendo|czytaj|читати|читать|read|lesen)\b.{0,25}?\b(?:for|für|pour|por|za|за"
    r"|ab|only)"
    r" (?:just |nur |only |всього |всего )?(?:[€$£] ?\d|\d{1,3}(?:[.,]\d\d)? ?(?:€|\$|£|euro?s?\b|zł|грн|руб|₴|₽))"
)
"""Asks for money before the rest is shown."""
CONSENT = re.compile(
    r"(?i)cookies?|our (?:\d+ )?partners|personal data|accept all|reject all|(?:manage|your) (?:options|choices)"
    r"|legitimate interest|consent|einwilligung|alle akzeptieren|berechtigtes interesse|tout accepter|nos partenaires"
    r"|données personnelles|прийняти всі|файли cookie|персональн\w{1,3} дан\w{1,3}|згод\w обробк"
    r"|наш\w{1,2} партн[её]р\w{0,2}|приватн(?:ість|ості)|приватность|конфиденциальност\w|your privacy"
    r"|datenschutz\w{0,12}"
    r"|принять все|файлы cookie|aceptar todo|datos personales|zaakceptuj wszystk|dan\w{1,3} osobow"
)
"""What consent walls are made of."""

_LAST_LINES = 5
_LONGEST_INVITATION = 400
WALLS = (("script wall", SCRIPT), ("log-in wall", LOG_IN), ("paywall", PAY), ("cookie wall", COOKIES))
"""The fixed phrase of each wall and how it is known, the surest first."""


def gone(heading: str, title: str) -> str:
    """``surely`` where a page's heading or title says nothing but that there is no such page, ``perhaps`` where one
    begins like that (“Page not found in the archive: …” may be news), else an empty string.
    """
    sort = ""
    for line, longest in ((heading, 90), (title, 70)):
        found = GONE.match(line) if len(line) < longest else None
        rest = line[found.end() :] if found else ""
        if found and (not re.search(r"\w", rest) or re.match(r"\W*[|•·–—-]\s|[.!…]+(?:\s|$)", rest)):
            return "surely"
        sort = "perhaps" if found else sort
    return sort


def wall_of(text: str) -> str:
    """The fixed phrase for the wall that a page's visible text shows; empty for none."""
    return next((name for name, pattern in WALLS if pattern.search(text)), "")


def before_wall(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """The lines of a cut text before the invitation to pay or to log in, and those from it on.

    It is only looked for among the last lines: what stands further up is the article's own words.
    """
    start = max(0, len(lines) - _LAST_LINES)
    for at in range(start, len(lines)):
        line = lines[at]
        short = sum(len(rest) for rest in lines[at:]) <= _LONGEST_INVITATION
        if short and (PAY.search(line) or LOG_IN.search(line)):
            return list(lines[:at]), list(lines[at:])
    return list(lines), []
