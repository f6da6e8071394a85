"""The channel ``slack+https://hooks.slack.com/services/…``: an incoming webhook of Slack.

Strangers' words stand in elements of the type ``text``, which Slack prints as they are: no mention, no link, no emoji.
Only the line for notifications is markup, and escaped. Slack knows no id of the sender's: where an answer is lost, a
message comes twice.
"""

from pathlib import Path
from typing import Any

from tocsin.addresses import masked
from tocsin.messages import Message
from workers.channels.address import hook
from workers.channels.given import Given
from workers.channels.posting import Door
from workers.channels.wording import Words, cut, links, shortened

PREFIX = "slack+"
LONGEST = 12_000
"""Characters of a message."""
_SECTION = 2_900
"""Characters of one block."""
_SUBJECT = 300
_PACE = 1.1
"""Seconds between two messages to one channel of Slack."""


class SlackChannel:
    """Writes through one incoming webhook."""

    def __init__(self, given: Given) -> None:
        """Raises UserError where the address cannot be used."""
        self._door = Door(hook(given.filled[len(PREFIX) :], given.shown), given.shown, given.way, _PACE)
        self._desk = given.way.desk

    def send(self, message: Message) -> None:
        """Send one message, as escaped text where Slack does not take its blocks. Raises Later or Refused."""
        lines = shortened(message, LONGEST, len, self._desk)
        usual = {"unfurl_links": False, "unfurl_media": False, "link_names": False, "mrkdwn": False}
        subject = escaped(cut(message.subject, _SUBJECT, len))
        deadline = self._door.deadline()
        answer = self._door.post_json({**usual, "text": subject, "blocks": _blocks(message, lines)}, deadline=deadline)
        if answer.status == 400 and b"invalid_" in answer.body:
            answer = self._door.post_json({**usual, "text": escaped("\n".join(lines))}, deadline=deadline)
        self._door.judge(answer)


def opened(given: Given) -> SlackChannel:
    """Open the channel. Raises UserError where its address cannot be used."""
    return SlackChannel(given)


def check(address: str, _data_dir: Path | None = None) -> None:
    """Raise UserError where an address, stand-ins for its secrets filled in, cannot be used."""
    hook(address[len(PREFIX) :], masked(address))


def escaped(text: str) -> str:
    """Text for a field that Slack reads as markup: without these three characters there is no command in it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _blocks(message: Message, lines: list[str]) -> list[dict[str, Any]]:
    """The lines as ``rich_text`` blocks, each of a size that Slack takes."""
    words, known = Words(message), links(message)
    blocks: list[list[dict[str, Any]]] = [[]]
    room = _SECTION
    for line in lines:
        if len(line) + 1 > room and blocks[-1]:
            blocks.append([])
            room = _SECTION
        room -= len(line) + 1
        url = line.strip()
        if url in known:
            blocks[-1] += [{"type": "link", "url": url}, _text("\n")]
            continue
        blocks[-1] += [_text(run.text, matched=run.matched) for run in words.runs(line[:_SECTION])]
        blocks[-1].append(_text("\n"))
    return [
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]} for elements in blocks
    ]


def _text(text: str, *, matched: bool = False) -> dict[str, Any]:
    return {"type": "text", "text": text, **({"style": {"bold": True}} if matched else {})}
