"""A message as an e-mail: headers, plain text and HTML. Pure.

Nothing in it is loaded from anywhere. Headers are made by hand because the library's own reading of a title such as
``=?utf-8?q?…?=`` would decode what a stranger wrote.
"""

from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tocsin.messages import Message, plain
from tocsin.records import near_id
from workers.channels.address import delivery_id
from workers.channels.wording import Words, cut, links, notices, shortened, utf8

if TYPE_CHECKING:
    from jinja2 import Template

LONGEST = 400_000
"""Bytes of the plain text."""
_SUBJECT = 800
"""Bytes of a subject."""
_WHY = "You get this because this mailbox is a channel of a subscription in Tocsin."


def letter(message: Message, address: str, to: str, sender: str, now: datetime, desk: str = "") -> bytes:
    """The whole e-mail, ready to be sent. ``address`` is the channel's as it is stored, ``to`` its mailbox.

    It has the same Message-ID on every retry; what follows on a first notice answers that one's.
    """
    domain = sender.rpartition("@")[2]
    made = MIMEMultipart("alternative", policy=compat32)
    made["From"] = f"Tocsin <{sender}>"
    made["To"] = to
    made["Subject"] = Header(cut(plain(message.subject), _SUBJECT, utf8), "utf-8", header_name="Subject").encode()
    made["Date"] = format_datetime(now)
    made["Message-ID"] = f"<{delivery_id(message.id, address)}@{domain}>"
    if message.alert and message.kind != "first":
        root = f"<{delivery_id(_first(message.alert), address)}@{domain}>"
        made["In-Reply-To"] = root
        made["References"] = root
    made["Auto-Submitted"] = "auto-generated"
    stop = _stop(message, address, desk)
    by_mail = f"<mailto:{sender}?subject={quote(f'unsubscribe {delivery_id(message.id, address)}')}>"
    made["List-Unsubscribe"] = f"<{stop}>, {by_mail}" if stop else by_mail
    if stop.startswith("https://"):
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    lines = shortened(message, LONGEST, utf8, desk)
    made.attach(_part("\n".join([*lines, "", f"{_WHY} To stop it: {stop}" if stop else _WHY, ""]), "plain"))
    made.attach(_part(page(message, lines, stop), "html"))
    # Addresses in headers are not broken over lines: not everybody puts them together again.
    return made.as_bytes(policy=compat32.clone(linesep="\r\n", max_line_length=900))


def page(message: Message, lines: list[str], stop: str = "") -> str:
    """The HTML of a message. ``stop``: where it can be unsubscribed; empty where that is nowhere."""
    words, known = Words(message), links(message)
    titles = {plain(str(notice.get("article", {}).get("title", ""))) for notice in notices(message)}
    langs = {str(notice.get("article", {}).get("lang", "")) for notice in notices(message)}
    shown: list[dict[str, Any]] = []
    for line in lines:
        text = line.lstrip(" ")
        deep = ("", "deep", "deeper")[min(2, (len(line) - len(text)) // 2)]
        sort = "title" if text and text == line and text in titles else deep
        shown.append({"sort": sort, "url": text if text in known else "", "runs": words.runs(text)})
    (lang,) = langs if len(langs) == 1 else ("",)
    footer = f"{_WHY} To stop it:" if stop else _WHY
    return _template().render(subject=plain(message.subject), lines=shown, lang=lang, stop=stop, footer=footer)


def _stop(message: Message, address: str, desk: str) -> str:
    """Where one click ends this channel of the subscription: a delivery's id names both, and only its reader has it."""
    if not desk:
        return ""
    first = str(notices(message)[0].get("id", "")) or message.id
    return f"{desk.rstrip('/')}/unsubscribe/{delivery_id(first, address)}"


def _first(alert: str) -> str:
    """The id of an alert's first notice, as the workers make it."""
    return near_id(alert, "notice", alert, "first", "1")


def _part(text: str, kind: str) -> MIMEText:
    charset = Charset("utf-8")
    charset.body_encoding = QP
    return MIMEText(text, kind, charset, policy=compat32)  # type: ignore[arg-type]


@cache
def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = FileSystemLoader(Path(__file__).parent)
    return Environment(autoescape=True, loader=folder, undefined=StrictUndefined).get_template("mail.html")
