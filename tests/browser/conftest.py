"""The browser that pages and mails are opened in."""

import importlib.util

import pytest


@pytest.fixture(scope="module")
def browser(chromium, needs):
    """Chromium as the machine has it; nothing is downloaded."""
    needs(importlib.util.find_spec("playwright"), "playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()
