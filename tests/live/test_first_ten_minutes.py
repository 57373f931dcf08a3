"""The guides to the pages are followed in a browser, word for word, in both languages."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support.browser import tab
from tests.support.documents import browsed, pages, sessions

pytestmark = pytest.mark.slow

# Three words of a Latin script in a row, outside of code and of what is marked as English.
ENGLISH = r"""() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const inside = walker.currentNode.parentElement;
    if (inside.closest("code, pre, option, script, [lang=en]")) continue;
    if (/[A-Za-z']{2,} [A-Za-z']{2,} [A-Za-z']{2,}/.test(walker.currentNode.data))
      found.push(walker.currentNode.data.trim());
  }
  return found;
}"""


@pytest.mark.parametrize(
    ("name", "locale"),
    [("docs/guides/first-ten-minutes.md", "en"), ("docs/zh/first-ten-minutes.md", "zh-CN")],
)
def test_a_guide_is_followed_word_for_word(
    browser: Browser, tmp_path: Path, name: str, locale: str
) -> None:
    steps = browsed.steps(pages.page(name))
    with sessions.fresh_server() as url, tab(browser, locale=locale) as opened:
        opened.page.goto(url)
        for step in steps:
            browsed.follow(step, opened.page, url, tmp_path)
            if locale == "zh-CN":
                assert opened.page.evaluate(ENGLISH) == [], step

    assert sum("press" in step for step in steps) > 15
    assert sum("seen" in step for step in steps) > 15


def test_one_curl_line_of_the_page_leads_to_a_callback_for_who_reads_only_chinese(
    browser: Browser, tmp_path: Path
) -> None:
    with sessions.fresh_server() as url, tab(browser, locale="zh-CN") as opened:
        page = opened.page

        def shows(text: str) -> None:
            expect(page.get_by_text(text).first).to_be_visible()
            assert page.evaluate(ENGLISH) == []

        page.goto(url)
        shows("还没有调用")
        page.get_by_role("link", name="收件箱").click()
        shows("还没有收到任何内容")
        browsed.run(page.locator(".empty pre").inner_text(), url, tmp_path)
        page.get_by_role("button", name="跳到下一个事件").click()
        shows("resList")
        page.locator("#region section a").first.click()
        shows("手机扫出")
        page.get_by_role("link", name="已送达").click()
        shows("已送达")
        page.locator("dl a").first.click()
        page.get_by_role("link", name="submit_task 200").click()
        shows("为什么是这个响应")


def test_both_guides_have_the_same_steps() -> None:
    kinds = [
        [next(iter(step)) for step in browsed.steps(pages.page(name))]
        for name in ("docs/guides/first-ten-minutes.md", "docs/zh/first-ten-minutes.md")
    ]

    assert kinds[0] == kinds[1]
