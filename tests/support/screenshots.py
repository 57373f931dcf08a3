"""`python -m tests.support.screenshots FOLDER`: a picture of every page of the inspector, to be
looked at: in both languages and both themes, as wide as a phone, a laptop and a large screen.
With `--readme` in place of a folder: the pictures that the README has.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize

from mock_server.server import running
from mock_server.settings import Settings
from mock_server.web.inspector.routes import PAGES
from tests.support.browser import chromium, tab
from tests.support.documents.pages import ROOT
from tests.support.live import Live, live
from tests.support.lively_account import INSPECT, lively_account, short_story, things

WIDTHS = (360, 1280, 2560)
LANGUAGES = ("en", "zh-CN")
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
GUARDED = Settings(port=0, database=":memory:", token="s3cret")
README = ROOT / "docs" / "pictures"
README_SIZE: ViewportSize = {"width": 1200, "height": 800}
COLOURS = 96  # a picture of the README is small
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
        if folder == "--readme":
            _take_for_readme(server, browser)
            return
        paths = addresses(server)
        for name in names or paths:
            for picture, page in _looks(browser, server.url + paths[name]):
                _take(page, Path(folder) / f"{name}-{picture}.png")
    with running(GUARDED) as guarded, chromium() as browser:
        for picture, page in _looks(browser, f"{guarded.url}/_mock/"):
            _take(page, Path(folder) / f"sign-in-{picture}.png")


def _take_for_readme(server: Live, browser: Browser) -> None:
    buyer = short_story(server)
    first = buyer.world.get("/tasks")["tasks"][0]["task_id"]
    with tab(browser, viewport=README_SIZE) as opened:
        for name, page in (("calls", "calls"), ("task", f"tasks/{first}")):
            opened.page.goto(f"{server.url}{INSPECT}/{buyer.id}/{page}")
            if name == "task":
                opened.page.locator(".pictures").wait_for()
                opened.page.mouse.wheel(0, 400)
                opened.page.wait_for_function("window.scrollY > 350")
            taken = Image.open(BytesIO(opened.page.screenshot())).convert("RGB")
            taken.quantize(COLOURS).save(README / f"inspector-{name}.png", optimize=True)


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
