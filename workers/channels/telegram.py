"""The channel ``telegram://TOKEN@CHAT``: a message of a bot (Bot API, ``sendMessage``).

``CHAT`` is a number, that of a group begins with a minus, or the name of a public channel. ``?thread=N`` names a topic
of a forum; ``?api=http://host:port`` a Bot API server of one's own. The API takes no id of the sender's: where an
answer is lost, a message comes twice.
"""

import html
import re
from pathlib import Path
from typing import Any

from tocsin.addresses import masked
from tocsin.errors import UserError
from tocsin.messages import Message
from workers.channels.address import Hook, hook
from workers.channels.egress import Deadline
from workers.channels.given import Given
from workers.channels.port import Refused
from workers.channels.posting import Answer, Door
from workers.channels.wording import Words, links, shortened, still, utf16

API = "https://api.telegram.org"
LONGEST = 4096
"""UTF-16 code units of a message, its markup not counted."""
_PACE = 1.1
"""Seconds between two messages to one person."""
_PACE_OF_GROUPS = 3.1
"""The same to a group or channel, which takes 20 in a minute."""
_FORM = re.compile(
    r"(?i:telegram)://(?P<token>[^/@?#\s]+)@(?P<chat>-?\d{1,20}|[A-Za-z]\w{3,31})/?"
    r"(?:\?(?:thread=(?P<thread>\d{1,12}))?&?(?:api=(?P<api>https?://[^\s?#&]+))?)?"
)


class TelegramChannel:
    """Writes to one chat."""

    def __init__(self, given: Given) -> None:
        """Raises UserError where the address cannot be used."""
        to, self._to_whom = _parsed(given.filled, given.shown)
        person = self._to_whom["chat_id"].isdecimal()
        self._door = Door(to, given.shown, given.way, _PACE if person else _PACE_OF_GROUPS)
        self._target = f"{to.target.rstrip('/')}/bot{to.user}/sendMessage"
        self._desk = given.way.desk

    def send(self, message: Message) -> None:
        """Send one message, without its markup where Telegram cannot read that. Raises Later or Refused."""
        lines = shortened(message, LONGEST, lambda text: utf16(still(text)), self._desk)
        deadline = self._door.deadline()
        answer = self._ask({"text": _marked(message, lines), "parse_mode": "HTML"}, deadline)
        if answer.status == 400 and re.search(r"parse entities|entit|too long", _said(answer), re.IGNORECASE):
            answer = self._ask({"text": still("\n".join(lines))}, deadline)
        moved = _parameter(answer, "migrate_to_chat_id")
        if moved is not None:
            raise Refused(f"{self._door.shown} has become the chat {moved}; subscribe that one instead.")
        self._door.judge(answer, _said(answer) or None, _parameter(answer, "retry_after"))

    def _ask(self, text: dict[str, str], deadline: Deadline) -> Answer:
        # A preview would be loaded from the outlet by whoever reads.
        content = {**self._to_whom, **text, "link_preview_options": {"is_disabled": True}}
        return self._door.post_json(content, target=self._target, deadline=deadline)


def opened(given: Given) -> TelegramChannel:
    """Open the channel. Raises UserError where its address cannot be used."""
    return TelegramChannel(given)


def check(address: str, _data_dir: Path | None = None) -> None:
    """Raise UserError where an address, stand-ins for its secrets filled in, cannot be used."""
    _parsed(address, masked(address))


def _parsed(address: str, shown: str) -> tuple[Hook, dict[str, Any]]:
    """The server with the token as its user, and who is written to."""
    found = _FORM.fullmatch(address)
    if not found:
        raise UserError(f"The channel {shown} names no chat of a bot; write it like telegram://${{TOKEN}}@123456789.")
    chat = found["chat"]
    whom: dict[str, Any] = {"chat_id": chat if chat.lstrip("-").isdecimal() else f"@{chat}"}
    if found["thread"]:
        whom["message_thread_id"] = int(found["thread"])
    return hook(found["api"] or API, shown)._replace(user=found["token"]), whom


def _marked(message: Message, lines: list[str]) -> str:
    """The lines in Telegram's HTML. Nothing but matched words and the article's own address has a tag."""
    words, known = Words(message), links(message)
    made = []
    for line in lines:
        if (url := line.strip()) in known:
            made.append(f'<a href="{html.escape(url)}">{html.escape(url, quote=False)}</a>')
            continue
        pieces = [(html.escape(still(run.text), quote=False), run.matched) for run in words.runs(line)]
        made.append("".join(f"<b>{text}</b>" if matched else text for text, matched in pieces))
    return "\n".join(made)


def _said(answer: Answer) -> str:
    return str(answer.json().get("description", ""))


def _parameter(answer: Answer, name: str) -> Any:
    found = answer.json().get("parameters")
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
