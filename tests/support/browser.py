"""A real browser: Debian's Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.node import missing

NAMES = ("chromium", "chromium-browser", "google-chrome")
# A container has no user namespaces, and little shared memory.
ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
SERIOUS = ("serious", "critical")
TIMEOUT_MS = 15_000
# The rows of a long table are alike, and axe takes a while for each: the first of them say it all.
REPEATED = {"exclude": [["tbody tr:nth-child(n+16)"], [".chips li:nth-child(n+9)"]]}


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser of the machine; fail in CI without one, and skip elsewhere."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        missing("the pages are tested in Chromium, which is not there: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


class Tab:
    """A page of the browser, which remembers what went wrong in it."""

    def __init__(self, browser: Browser, **settings: Any) -> None:
        self._context = browser.new_context(**settings)
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(TIMEOUT_MS)
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._hear)

    def close(self) -> None:
        """Close the tab, with its cookies."""
        self._context.close()

    def is_too_wide(self) -> bool:
        """Whether the page has to be scrolled sideways."""
        width: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return width > 0

    def barriers(self, *rules: str) -> list[str]:
        """Return the serious violations that axe finds: id, and where the first of each is.

        `rules`: only these are asked; none: all.
        """
        options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
        axe = Axe("0") if self.page.evaluate("'axe' in window") else Axe()  # it is loaded once
        found = axe.run(self.page, REPEATED, options).response["violations"]
        return [
            f"{each['id']}: {each['nodes'][0]['html']}"
            for each in found
            if each["impact"] in SERIOUS
        ]

    def _hear(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(message.text)


@contextmanager
def tab(browser: Browser, **settings: Any) -> Iterator[Tab]:
    """Open a tab; nothing may go wrong in it."""
    opened = Tab(browser, **settings)
    try:
        yield opened
        assert opened.errors == []
    finally:
        opened.close()
