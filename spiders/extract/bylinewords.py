"""The words of bylines in the languages of the outlets: what announces an author, what stands beside names."""

import re

BY = re.compile(
    r"""(?ix)^[\W_]*(?:
    (?:(?:article|story|words|text|report(?:ing|ed)?|written|posted|published|created|authored|submitted|post\ author
      |an?\ guest\ (?:post|column)|analysis|opinion|photos\ and\ story|text\ and\ photos|interview|commentary
      |recommended|uploaded)\s+)?by(?=[\s:]|(?-i:[A-ZÄÖÜ][a-zß-ÿ]))
    |view\ (?:all|more)\ (?:posts|articles)\ by|all\ (?:posts|articles)\ by|articles?\ by|more\ (?:from|by)
    |(?:post\ )?authors?\s*:|author\s(?=\S)|posted\ on\b.{0,30}\bby(?=\s)|contributors?\s*:|reporters?\s*:
    |(?:(?:ein|eine|der|die|das)\s+)?(?:(?:gast)?beitrag|artikel|text|kommentar|kolumne|gastkommentar|interview|analyse
      |bericht|pressemitteilung|twitter\ account|reportage|essay|rezension|glosse|geschrieben|verfasst|veröffentlicht
      |erstellt|eingestellt|protokoll|blog\ beitrag)\s+(?:von|vom)(?=[\s:])
    |(?-i:von(?=[\s:]|[A-ZÄÖÜ][a-zß-ÿ])|(?:Von|VON)(?=:|[A-ZÄÖÜ][a-zß-ÿ]|\s+\S+\s+\S|\s+\S*[Rr]edaktion))
    |zum\ profil\ von|zeige\ alle\ beiträge\ von|alle\ (?:artikel|beiträge)\ von
    |autor(?:in|en|innen|a|es|as|ka|zy|ė)?(?:\s*/\s*autor(?:in)?\b\s*:?|\s*/\s*(?:in|a|ka)\b\s*:?|\s*:)
    |(?:text|texte|texto|tekst|testo|foto\ und\ text|interview|redaktion|redaktor|redactor|redacción|rédaction|bericht
      |words?|story|byline)\s*:
    |(?:écrit|publié|rédigé|posté|recueilli|propos\ recueillis|un\ article|article)\s+par(?=\s)|par(?=[\s:])
    |auteure?s?\s*:
    |(?:escrito|publicado|redactado|un\ artículo)\s+por(?=\s)|por(?=[\s:])
    |(?:scritto|pubblicato|articolo|a\ cura)\s+(?:da|di)(?=\s)|(?-i:di)(?=\s)|door(?=\s)|av(?=\s)|af(?=\s)|skrevet\ av
    |opracowa[łl]a?\s*:?|oprac\.|napisał[ao]?
    |автори?\s*[:—–-]|авторы\s*[:—–-]|авторка\s*[:—–-]|автор(?:и|ка)?(?=\s+[А-ЯІЇЄҐ])|текст\s*[:—–-]|текст(?=\s+[А-ЯІЇЄҐ])
    |(?:під|под)готу?[ов](?:ував|увала|или|вила|вил)\s*[:—–-]?
    |записа(?:в|ла|л)\s*[:—–-]?|журналіст(?:ка)?\s*[:—–-]|журналист(?:ка)?\s*[:—–-]|кореспондент(?:ка)?\s*[:—–-]
    |(?:责任编辑|责编|编辑|记者|作者|文|撰文)\s*[:：/]
    )\s*[:：]?\s*"""
)
GLUED_BY = re.compile(r"^(?:by|By|BY|von|Von|Author|Autor|par|Par)(?=[A-ZÄÖÜÀ-Ý][a-zß-ÿ]+ )")
NOT_BY = re.compile(
    r"(?i)^\W*(?:(?:medically\s+|clinically\s+|legally\s+|expert\s+)?(?:edited|reviewed|(?:recipe )?tested"
    r"|(?:fact.?)?checked|updated|translated|photographed|illustrated|produced|narrated|filmed|verified|approved"
    r"|presented|sponsored)(?:\s+by)?\b"
    r"|photo\w*\b(?! and (?:story|text|words))|picture|image|video\b|illustration\w*|art(?:work)? by|fotos?\b"
    r"|bild(?:er)?\b|grafik|übersetz\w*|traduit|traducido|ілюстраці\w*|фото\b|иллюстраци\w*|переклад|перевод|quelle|source|джерело"
    r"|источник|copyright|©)"
)
ADDRESS = re.compile(r"(?i)\(?\S*(?:@|\[at\])\S+\.\w{2,}\)?|https?://\S+|\bwww\.\S+|(?:^|(?<=\s))@\w+")
SIDE = re.compile(r"\s*[(\[][^()\[\]]{0,120}[)\]]")
SITE_ASIDE = re.compile(r"\((?:https?://)?(?:www\.)?[\w-]+\.[a-z]{2,}\)$")
TAIL = re.compile(
    r"(?:\s+(?:[Ff]or|FOR|on|at|am|vom|in|IN|aus|from|à|w|у|в|із|из|з|для)"
    r"(?=\s+(?:the\s+|The\s+|den\s+)?[A-ZА-ЯІЇЄҐÀ-Ý\d]).*"
    r"|\s+(?:Illustration|Illustrationen|Fotos?|Fotografie|Photos?|Photography|Bilder|Video|Grafik|le\s+\d|фото)\b.*"
    r"|\s+(?:is|ist|est|are|was|can|may|covers|writes|schreibt|arbeitet|berichtet|leitet|и?є|via|VIA)\s.*"
    r"|[\s,|•·–—-]+(?:\d|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|(?:Mon|Diens|Mitt|Donners|Frei|Sams|Sonn)tag\b"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z.]*\s+\d|(?:Published|Updated|Last|Posted|Veröffentlicht"
    r"|Aktualisiert|Stand)\b).*)$"
)
SPLIT = re.compile(
    r"(?i)\s*(?:[;|•·、，\n]|,(?!\s*(?:jr|sr)\b\.?\s*(?:$|,))|\s[-–—]+\s|\s?/\s?|\s&\s|\s\+\s"
    # A capital E or I between two words is an initial.
    r"|\s(?:and|und|(?-i:et|y|e|i|og|och|ja|та|і|й|и)|with|mit|avec|con|im\ gespräch\ mit)\s)"
    r"\s*(?:(?:and|und|et|та|и|і)\s+)?"
)
_ROLE_WORDS = (
    r"(?:correspondents?|editors?|reporters?|writers?|journalists?|contributors?|columnists?|producers?|analysts?"
    r"|anchor|presenter|freelancer?|staff|intern|fellow|director|manager|founder|ceo|professor|experts?|specialist"
    r"|officer|president|attorney|lawyer|coach|dieti[ct]ian|physician|nurse|scientist|researcher|strategist|marketer"
    r"|redakteur(?:in)?|korrespondent(?:in)?|reporter(?:in)?|journalist(?:in|e)?|autorin|chefredakteur(?:in)?"
    r"|volontär(?:in)?"
    r"|кореспондент\w*|корреспондент\w*|редактор\w*|журналіст\w*|журналист\w*|оглядач\w*|обозреватель\w*|автор\w*"
    r"|ведуч\w*|ведущ\w*|політолог\w*|политолог\w*)"
)
_RANK_WORDS = (
    r"(?:senior|junior|chief|deputy|associate|assistant|managing|contributing|executive|guest|political|business|sports?"
    r"|science|defen[cs]e|foreign|world|international|national|health|education|tech(?:nology)?|culture|features?|news"
    r"|staff|digital|special|head|lead|principal|content|web|video|crime|legal|home|diplomatic|security|economics?"
    r"|environment|climate|royal|travel|money|property|entertainment|lifestyle|autos?|consumer|data|investigative"
    r"|general|war|military|global|social|audience|freelance|спеціальн\w*|специальн\w*|власн\w*|собственн\w*"
    r"|головн\w*|главн\w*|шеф-|військов\w*|военн\w*)"
)
ROLE = re.compile(rf"(?i)(?:^|[\s,–-]+)(?:{_RANK_WORDS}[\s-]+){{0,3}}{_ROLE_WORDS}\b.*$")
LEADING_ROLE = re.compile(rf"(?i)^(?:the\s+)?(?:{_RANK_WORDS}[\s-]+){{0,3}}{_ROLE_WORDS}(?:in)?\s*:?\s+(?=\S+\s+\S)")
CREDENTIAL = re.compile(
    r"(?i)^(?:m\.?d|ph\.?\s?d|m\.?s|m\.?a|b\.?a|b\.?s|bsc|msc|mba|mph|r\.?d|rdn|ldn?|d\.?o|r\.?n|cpa|j\.?d|esq|np|dpm|dvm"
    r"|pharmd|psyd|ed\.?d|lcsw|lmft|cfp|cfa|cscs|fac[a-z]{1,2}|dabom|foma|fnp|obe|mbe|cbe|mp|mep|dds|dphil|ll\.?[bm]"
    r"|m\.?ed|mfa|rdms|cde|cdces|fasla|aia|e-ryt|ryt)\.?\*?$"
)
HONORIFIC = re.compile(r"^(?:Mr|Mrs|Ms|Herr|Frau)\.?\s+(?=\S+\s+\S)")
TITLE = re.compile(r"(?i)^(?:mr|mrs|ms|dr|prof|sir|herr|frau|пан|пані)\.?$")
ASIAN_ROLE = re.compile(r"\s*(?:기자|특파원|記者|记者)$|^(?:記者|记者)\s*")
ORGANISATION = re.compile(
    r"""(?ix)(?<!\w)(?:
    press|presse|prensa|presseagentur|agency|agentur|agence|agencia|agenzia|times|post|news|newsroom|newswire|wires?
    |media|medien|medios|journal|gazette|herald|tribune|chronicle|telegraph|guardian|observer|standard|daily|weekly
    |today|online|digital|tv|fm|radio|network|magazine?|review|zeitung|\w+zeitung|zeitschrift|\w*blatt|kurier|courier
    |nachrichten|echo|redaktion|\w+-?redaktion|redaktionen|redazione|redacci[óo]n|r[ée]daction|redakcja|redakce
    |redactie|redaksjonen|редакці[яї]|редакци[яи]|staff|desk|team|editorial|editors?|bureau|services?|sponsored
    |advertorial|partners?|institute?|university|universität|hochschule|foundation|stiftung|association|verband|verein
    |bund|ministerium|\w+ministerium|ministry|department|group|inc|ltd|llc|gmbh|ag|corp|company|verlag|club|council
    |committee|center|centre|zentrum|school|college|library|blog|store|shop|clinic|health|reuters|afp|dpa|ansa|efe|tass
    |sid|ots|bloomberg|associated|interfax|ukrinform|bbc|cnn|npr|pbs|агентство|агенція|новости|новини|вести|вісті
    |газета|ajansı|журнал|телеканал|канал|прес-?служба|пресс-?служба|укрінформ|уніан|укринформ|униан|тасс|риа|інтерфакс
    |интерфакс|correspondents?|contributors?|writers?|reporters?|reports|images|getty|scanpix|shutterstock|scholar|copied
    |links?|analysts?|policy|follow|ressort|artikel|articles?|admins?|administrator|community|members
    |新聞\w*|日报|网|通讯社|\w*新聞|\w*オンライン
    )(?!\w)|\.(?:com|net|org|de|at|ch|co|ua|ru|uk|fr|it|es|pl|info|tv|io|eu)\b"""
)
NOBODY = re.compile(
    r"(?i)^(?:no[\s-]?author|unknown|anonymous|anonym|guest|admin(?:istrator)?|root|users?|webmaster|none|null|nan|n/?a"
    r"|undefined|default|authors?|autor(?:in|en)?|auteurs?|written by|posted(?: in| on)?|follow(?: us)?|share|twitter"
    r"|facebook|email|e-mail|print|drucken|teilen|(?:view|read|see|learn) (?:all|more)\b.*"
    r"|learn about.*|zur\b.*|(?:veröffentlicht|published|posted|date|datum)\b.*"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so)\.?"
    r"|january|february|march|april|june|july|august|september|october|november|december|(?:ab|an)melden|member list"
    r"|more|mehr|archiv\b.*|about\b.*"
    r"|über\b.*|kontakt|contact\b.*|profile?|website|comments?|kommentare?|subscribe|login|log in|sign in|home"
    r"|\d+|by|von|par|por|text|текст|bio(?:graphy)?|the author|der autor|die autorin|meet the\b.*|share this\b.*"
    r"|автор\w*|поділитися|поделиться)$"
)
NO_NAME = frozenset(
    "the how why what when where who this that these with about more view posts articles read our your his her their"
    " its no new by to from if der die das ein eine und nicht warum für über mehr alle une pour sur comment pourquoi"
    " los las una para como qué что как почему про это все що як чому це на".split()
)
"""Words that begin or join headlines and are nobody's name."""
PARTICLES = frozenset(
    "de da do dos das del della delle di du la le van von vom vor zu zur zum der den ter ten bin ibn bint al el ul e y"
    " af av ben ould mac mc st san 't op het und i w abu".split()
)
OWNER = re.compile(r"['’]s\s")
UNCASED = re.compile(r"[\u0590-\u08ff\u0900-\u0dff\u0e00-\u0e7f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
BESIDE = re.compile(r"(?i)(?:el|la|los|las|il|em|do|da|en|the|watch|listen|le)\s")
"""How outlets and places begin that stand behind a name."""
PLACING = frozenset(("for", "For", "FOR", "in", "IN", "from", "aus", "à", "w", "у", "в"))
