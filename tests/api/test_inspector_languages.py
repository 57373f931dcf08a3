"""The pages in Chinese: chosen by the browser, or by the switch; the words of rows go along."""

import pytest

from tests.support.inspector import Text, post, spoken
from tests.support.worlds import World

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}


def shown(world: World, path: str, **headers: str) -> Text:
    answer = world.http.get(f"/_mock/inspect/default/{path}", headers=headers or CHINESE)

    assert answer.status_code == 200
    return Text(answer.get_data(as_text=True))


def language(found: Text) -> str | None:
    return next(attrs["lang"] for tag, attrs in found.tags if tag == "html")


@pytest.mark.parametrize(("wanted", "tag"), [
    ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"), ("zh-Hans-CN", "zh-CN"), ("ZH", "zh-CN"),
    ("en-US,zh;q=0.5", "en"), ("fr", "en"), ("fr,zh;q=0.1", "zh-CN"), ("", "en"), (";;=", "en"),
    ("zh;q=0,en", "en"), ("*", "en"), ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
])  # fmt: skip
def test_the_browser_chooses_the_language(world: World, wanted: str, tag: str) -> None:
    assert language(shown(world, "calls", **{"Accept-Language": wanted})) == tag


def test_the_switch_wins_over_the_browser(world: World) -> None:
    post(world, "/language", language="en", here="/_mock/inspect/default/calls")
    english = shown(world, "calls")
    answer = post(world, "/language", language="zh", here="/_mock/inspect/default/calls")
    chinese = shown(world, "calls?said=language", **{"Accept-Language": "en"})

    assert (language(english), language(chinese)) == ("en", "zh-CN")
    assert answer.location == "/_mock/inspect/default/calls?said=language"
    assert "语言已切换。" in chinese.text


def test_one_call_is_explained_in_chinese(world: World) -> None:
    world.vendor("/submitTask", {"text": "https://example.com", "style_id": "none"})
    found = shown(world, "calls/1").text

    for part in (
        "为什么是这个响应", "没有这个 id 的风格。", "HTTP 200 以外都不扣费",
        "style_id 不在厂商列表里会怎样？", "这个风格不在厂商的列表里。", "应改为：",
        "发送列表里的 id：",
    ):  # fmt: skip
        assert part in found


def test_the_table_of_errors_and_coverage_are_in_chinese(world: World) -> None:
    errors, coverage = shown(world, "errors").text, shown(world, "coverage").text

    assert "校准客户端时钟；时间戳以毫秒为单位" in errors
    how = spoken("使用 `APPCODE mock-never-bought`，或创建次数为 0 的账号")
    assert how in errors
    assert how in coverage
    assert "artqr-mock fault add --code X500ED" in coverage


def test_the_admin_api_stays_english_whoever_asks(world: World) -> None:
    world.vendor("/submitTask", {"text": "https://example.com", "style_id": "none"})
    asked = [
        world.http.get("/_mock/calls/1/explain", headers=headers).get_data()
        for headers in ({}, CHINESE)
    ]

    assert asked[0] == asked[1]
    assert b"No style has this id." in asked[0]
