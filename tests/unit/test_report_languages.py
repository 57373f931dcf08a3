"""The reports of a rehearsal in Chinese: the words of drills and rules, and those of the report."""

import re

from rich.cells import cell_len

from mock_server.domain.languages import CHINESE
from mock_server.rehearsal import report_page, scorecard
from mock_server.rehearsal.receivers.rules import RULES as RECEIVER_RULES
from mock_server.rehearsal.report import json_report
from mock_server.rehearsal.rules import RULES
from mock_server.rehearsal.scorecard import wrapped
from tests.unit.test_rehearsal_reports import EVERY, report, result

CHINESE_TEXT = re.compile(r"[\u4e00-\u9fff]")


def test_the_scorecard_is_in_chinese() -> None:
    found = list(scorecard.lines(report(*EVERY), "utf-8", CHINESE))
    text = "".join(line.strip() for line in found)

    for part in (
        "FAIL calm: one-intent-one-task", "一切正常。", "规则：客户端对一个意图只创建一个任务。",
        "该怎么做：记录每次提交的结果；结果不明时绝不再次提交。",
        "违反规则的代价：扣费 1 次，0.28 元。",
    ):  # fmt: skip
        assert part in text
    assert re.search(r"\d+ 次调用，其中 \d+ 次扣费；违反规则的代价：扣费 \d+ 次，", text)
    assert all(cell_len(line) <= scorecard.WIDTH for line in found)


def test_a_terminal_without_chinese_gets_escapes() -> None:
    assert all(line.isascii() for line in scorecard.lines(report(*EVERY), "ascii", CHINESE))


def test_the_page_has_the_words_of_drills_and_rules_in_chinese() -> None:
    found = report(result("FAIL"))
    before = json_report(found)
    page = report_page.html(found, CHINESE)

    for part in ("一切正常。", RULES[0].says_zh, RULES[0].advice_zh, RULES[0].price_zh):
        assert part in page
    assert "一切正常。" not in report_page.html(found)
    assert json_report(found) == before
    assert not CHINESE_TEXT.search(before.decode())


def test_the_page_speaks_chinese() -> None:
    page = report_page.html(report(*EVERY, interrupted=True), CHINESE)
    text = " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL).split())

    assert '<html lang="zh-CN">' in page
    for part in (
        "程序在 4 场演练里失败了 1 场，另有 1 场时好时坏。",
        "演练被中断：演练共 4 场，完成了 4 场。",
        "钱花在哪里", "重复提交", "怎样看时间线", "结论的前提", "时好时坏", "账单", "该怎么做",
    ):  # fmt: skip
        assert part in text
    ours = re.sub(r"[^A-Za-z ]", " ", text)
    assert not re.search(r"\b(?:What to do|Where the money|Open questions|Rehearsal)\b", ours)


def test_every_rule_has_words_in_chinese() -> None:
    for rule in (*RULES, *RECEIVER_RULES):
        for name in ("says", "advice", "price"):
            assert CHINESE_TEXT.search(rule.in_language(name, CHINESE)), (rule.id, name)


def test_a_chinese_line_breaks_anywhere_but_before_a_mark() -> None:
    text = "提交，" * 30 + "见 `artqr-mock sign`。"
    lines = wrapped(text)

    assert all(cell_len(line) <= scorecard.WIDTH for line in lines)
    assert not [line for line in lines if line.strip().startswith("，")]
    assert "".join(line.strip() for line in lines).replace(" ", "") == text.replace(" ", "")
