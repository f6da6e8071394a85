"""A real browser reads the desk while every outlet attacks: no dialog, no console error, no request to anybody else."""

import importlib.util
import threading
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tocsin.desk import create_app, serving
from tocsin.lists import load as load_lists
from tocsin.query.expand import Expander
from tocsin.records import derived_id
from tocsin.settings import load
from tocsin.stores import open_store
from tocsin.words import Words


@pytest.fixture(scope="module")
def newsroom(root: Path):
    spec = importlib.util.spec_from_file_location("browser_newsroom", root / "tests" / "desk" / "newsroom.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def desk(tmp_path_factory, newsroom):
    """A desk on a port over a store with ordinary and hostile articles: its address, and the paths to visit."""
    store = open_store(f"sqlite:{tmp_path_factory.mktemp('browser')}/tocsin.db")
    words = Words.open(load().cache_dir)
    expander = Expander(words, load_lists())
    made = newsroom.fill(store, words, expander)
    hostile = newsroom.hostile()
    newsroom.publish(store, words, hostile)
    edited = newsroom.edited()
    newsroom.publish(store, words, edited, {one.id: derived_id("story", edited[0].id) for one in edited})
    for number, one in enumerate(hostile):
        newsroom.tell(store, words, expander, "conscripts", f"{newsroom.HOSTILE[number]} {number}", one, 1)
    app = create_app(store, clock=newsroom.StandingClock(), zone=ZoneInfo("Europe/Kyiv"), expander=expander)
    listening = serving.listen("127.0.0.1", 0)
    server = serving.server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    paths = ["", "search", "search?q=conscripts", "search?q=Bakhmut", "alerts", "why", f"why?url={made[5].url}"]
    paths += [f"article/{one.id}?q=conscripts" for one in (made[5], *edited, *hostile)]
    yield serving.url_of(listening), paths
    server.should_exit = True
    thread.join(10)
    listening.close()
    store.close()


def visit(context, base, paths, check=None):
    """Open each path; returns what should never happen."""
    wrong = []
    page = context.new_page()
    page.on("dialog", lambda dialog: (wrong.append(f"dialog {dialog.message}"), dialog.dismiss()))
    page.on("console", lambda line: wrong.append(f"console {line.text}") if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(f"script {error}"))
    page.on("request", lambda request: None if request.url.startswith(base) else wrong.append(f"request {request.url}"))
    for path in paths:
        answer = page.goto(base + path)
        assert answer.status == 200, path
        if check:
            check(page, path)
    page.close()
    return wrong


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_hostile_outlets_reach_nobody_through_the_desk(browser, desk, scripts):
    base, paths = desk
    context = browser.new_context(java_script_enabled=scripts)
    assert visit(context, base, paths) == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_pages_fit_their_window_and_can_be_read(browser, desk, scheme, width):
    """No sideways scrolling, and text stands out from its ground by at least 4.5 : 1 (WCAG 2.2, 1.4.3)."""
    base, paths = desk
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})

    def check(page, path):
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
        assert page.evaluate(CONTRAST) == [], path

    visit(context, base, paths, check)
    context.close()


def test_the_keyboard_reaches_the_search_and_the_focus_is_seen(browser, desk):
    base, _ = desk
    context = browser.new_context()
    page = context.new_page()
    page.goto(base)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(10):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        if page.evaluate("document.activeElement.name") == "q":
            break
    page.keyboard.type("Bakhmut")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=Bakhmut")
    assert page.locator(".results mark").first.inner_text() == "Бахмутом"
    context.close()


CONTRAST = """
() => {
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => [r, g, b].map(v => linear(v / 255))
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = node => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor, parts = parse(colour);
      if (colour.startsWith("rgb") && (parts.length < 4 || parts[3] === 1)) return parts;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.checkVisibility() || node.closest(".skip, h1.quiet")) continue;
    const [a, b] = [light(parse(getComputedStyle(node).color)), light(ground(node))].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) poor.push(node.outerHTML.slice(0, 90) + " " + ((a + .05) / (b + .05)).toFixed(2));
  }
  return poor;
}
"""
