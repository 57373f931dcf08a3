"""`python -m tests.support.screenshots FOLDER`: a picture of every page of the inspector, to be
looked at: in both languages and both themes, as wide as a phone, a laptop and a large screen.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

from mock_server.server import running
from mock_server.settings import Settings
from mock_server.web.inspector.routes import PAGES
from tests.support.browser import chromium, tab
from tests.support.live import Live, live
from tests.support.lively_account import INSPECT, lively_account, things

WIDTHS = (360, 1280, 2560)
LANGUAGES = ("en", "zh-CN")
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
GUARDED = Settings(port=0, database=":memory:", token="s3cret")
HIGHEST = 2400  # of a long page, its beginning


def addresses(server: Live) -> dict[str, str]:
    """Return the path of every page, by the name of its picture: full, empty, and beside."""
    full, empty = lively_account(server), server.buyer(name="新店")
    return {
        **{each.name: f"{INSPECT}/{full.id}/{each.name}" for each in PAGES},
        **things(full),
        "calls-filtered": f"{INSPECT}/{full.id}/calls?status=4xx&finding=style-unknown",
        "failures-forms": f"{INSPECT}/{full.id}/failures?open=readings",
        **{f"empty-{each.name}": f"{INSPECT}/{empty.id}/{each.name}" for each in PAGES},
        "nobody": f"{INSPECT}/-/calls",
        "problem": f"{INSPECT}/{full.id}/calls?status=abc",
        "documents-api": "/_mock/docs/api",
        "documents-admin": "/_mock/docs/admin",
    }


def main() -> None:
    """Take all pictures, or those of the pages that are named."""
    folder, *names = sys.argv[1:]
    with live() as server, chromium() as browser:
        paths = addresses(server)
        for name in names or paths:
            for picture, page in _looks(browser, server.url + paths[name]):
                _take(page, Path(folder) / f"{name}-{picture}.png")
    with running(GUARDED) as guarded, chromium() as browser:
        for picture, page in _looks(browser, f"{guarded.url}/_mock/"):
            _take(page, Path(folder) / f"sign-in-{picture}.png")


def _looks(browser: Browser, url: str) -> Iterator[tuple[str, Page]]:
    for language in LANGUAGES:
        with tab(browser, locale=language) as opened:
            opened.page.goto(url)
            for theme in THEMES:
                opened.page.emulate_media(color_scheme=theme)
                opened.page.reload()  # the viewer of the documents is drawn anew
                for width in WIDTHS:
                    opened.page.set_viewport_size({"width": width, "height": 900})
                    yield f"{language[:2]}-{theme}-{width}", opened.page
            opened.errors.clear()  # the browser notes each answer that refuses


def _take(page: Page, file: Path) -> None:
    for viewer in page.locator("rapi-doc").all():
        viewer.get_by_text("Expand all").first.wait_for()
    height = page.evaluate("document.documentElement.scrollHeight")
    width = page.evaluate("document.documentElement.clientWidth")
    page.set_viewport_size({"width": width, "height": min(max(height, 400), HIGHEST)})
    file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=file)


if __name__ == "__main__":
    main()
