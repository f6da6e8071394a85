"""The HTML of an e-mail in a real browser, light and dark: readable, hostile titles as text, and not one request."""

from pathlib import Path

import pytest

from tests.workers.channels.conftest import story_message
from tests.workers.channels.hostile import HOSTILE
from workers.channels.letter import page

STOP = "https://tocsin.example/unsubscribe/0a1b2c"
CONTRAST = """() => {
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => {
      const value = part / 255;
      return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (!colour.endsWith(', 0)')) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const wrong = [];
  for (const node of document.querySelectorAll('p, b, a, footer')) {
    const one = light(getComputedStyle(node).color), other = light(ground(node));
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) wrong.push(`${node.tagName}.${node.className} ${ratio.toFixed(2)}`);
  }
  return wrong;
}"""


def shown(message) -> str:
    return page(message, list(message.lines), STOP)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 900])
def test_mail_can_be_read(browser, tmp_path: Path, scheme: str, width: int) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 700})
    opened = context.new_page()
    requests = []
    opened.on("request", lambda request: requests.append(request.url))
    opened.set_content(shown(story_message()))
    assert opened.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert opened.evaluate(CONTRAST) == []
    dark = opened.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(22, 24, 28)"
    assert dark is (scheme == "dark")
    assert requests == []
    opened.screenshot(path=tmp_path / f"mail-{scheme}-{width}.png")
    context.close()


def test_hostile_titles_do_nothing_and_are_seen(browser) -> None:
    context = browser.new_context(viewport={"width": 400, "height": 700})
    opened = context.new_page()
    happened = []
    opened.on("request", lambda request: happened.append(request.url))
    opened.on("dialog", lambda dialog: (happened.append(dialog.message), dialog.dismiss()))
    opened.on("console", lambda line: happened.append(line.text))
    for title in HOSTILE:
        message = story_message(title, sentence=f"{title} Бахмутом", form=title[:30])
        opened.set_content(shown(message))
        assert message.lines[1] in opened.evaluate("[...document.querySelectorAll('p')].map(it => it.textContent)"), (
            title
        )
        assert opened.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, title
        assert opened.evaluate("document.querySelectorAll('img, script, iframe, link, form, svg, base').length") == 0
    opened.wait_for_timeout(200)
    assert happened == []
    context.close()
