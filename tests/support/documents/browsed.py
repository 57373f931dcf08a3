"""Pages that are followed in a browser: what they say to do is done, what they promise is seen.

Such a page says of itself: **bold** is pressed, *emphasised* = `value` is filled in, “quotes” are
seen. Its shell blocks are run. Nothing before its first step and in its last section is followed.
"""

import os
import re
import subprocess
from pathlib import Path

from playwright.sync_api import Locator, expect
from playwright.sync_api import Page as BrowserPage

from tests.support.documents import sessions
from tests.support.documents.pages import FENCE, Page
from tests.support.documents.scripts import START

_STEP = re.compile(
    r"(?P<block><block>)|\*\*(?P<press>[^*]+)\*\*|\*(?P<field>[^*]+)\* = `(?P<value>[^`]+)`"
    r"|“(?P<seen>[^”]+)”",
)
FIRST = "## 1."


def steps(page: Page) -> list[dict[str, str]]:
    """Return what a page says to do and to see, in its order; a block of the shell is `block`."""
    blocks = iter(block.text for block in page.blocks if block.language == "sh")
    text = FENCE.sub("<block>", page.text)
    text = text[text.index(FIRST) : text.rindex("\n## ")]
    found = [{k: v for k, v in each.groupdict().items() if v} for each in _STEP.finditer(text)]
    return [{"block": next(blocks)} if "block" in each else each for each in found]


def follow(step: dict[str, str], browser: BrowserPage, url: str, folder: Path) -> None:
    """Do what a step says, or check what it promises."""
    if "block" in step:
        run(step["block"], url, folder)
    elif "press" in step:
        _named(browser, step["press"]).click()
    elif "field" in step:
        browser.get_by_label(step["field"]).first.fill(step["value"])
    else:
        seen = browser.get_by_text(step["seen"]).locator("visible=true").first
        expect(seen).to_be_visible()


def _named(browser: BrowserPage, name: str) -> Locator:
    """Return the button or link with exactly that name."""
    button = browser.get_by_role("button", name=name, exact=True)
    return button.or_(browser.get_by_role("link", name=name, exact=True)).first


def run(text: str, url: str, folder: Path) -> None:
    """Run lines of a shell in a folder against a server, as a person does who copies them."""
    done = subprocess.run(
        ["bash", "-c", START + text.replace(sessions.SHOWN_ADDRESS, url)],
        cwd=folder, env={"PATH": os.environ["PATH"]},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
