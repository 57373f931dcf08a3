"""Explanations in Chinese: `--lang zh` and ARTQR_MOCK_LANG of commands; JSON stays as it is."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from click.testing import CliRunner, Result

from mock_server.admin_client import AdminClient
from mock_server.cli.main import main
from mock_server.contract import load_finding_rows
from mock_server.server import running
from mock_server.settings import Settings
from mock_server.translations import DESCRIBED, explanation_in, finding_in
from tests.support.requests import FORM, GOOD

CHINESE_TEXT = re.compile(r"[\u4e00-\u9fff]")
# A command, and what it then says in Chinese.
COMMANDS = {
    "findings": ("3 次调用：4 个错误，0 个警告，0 条建议", "应改为：是不是想写 call_back？"),
    "explain {call}": (
        "由 style-unknown 决定：没有这个 id 的风格。", "0.28 元：HTTP 200 扣一次",
        "读法：refusal.status = 200，默认 450（实测）", "应改为：发送列表里的 id：",
    ),
    "readings show": ("（场景；默认 450）",),
    "readings set refusal.status=200": ("（手动设置；默认 450）",),
    "reactions": (
        "遇到 1 个错误：处理正确 0 个，处理有误 1 个，不确定 0 个",
        "建议：不要原样重发：remark 说明了要改什么",
    ),
    "scenario load arrears": ("已进入场景 arrears：买家欠费", "好的客户端：停下来并通知运维人员"),
}  # fmt: skip
ALONE = {
    "readings list": ("对从未签发过的 AppCode，网关返回什么？", "（假设；once：默认）"),
    "scenario list": ("买家欠费：每次调用都返回 403 B403MO。",),
    "fault kinds": ("在响应的第一个字节之前连接被重置。",),
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running(Settings(port=0, database=":memory:", seed=1)) as server:
        yield server.url


@pytest.fixture
def buyer(url: str) -> dict[str, Any]:
    """An account with two wrong calls; the service refused the second, which came again."""
    with AdminClient(url) as admin:
        made: dict[str, Any] = admin.post("/accounts", {"readings": {"refusal.status": "200"}})
        headers = {"Authorization": f"APPCODE {made['app_code']}", "Content-Type": FORM}
        refused = "text=http%3A%2F%2Fx&style_id=none"
        for body in (f"{GOOD}&callBack=http://example.com/", refused, refused):
            urllib3.request("POST", f"{url}/submitTask", body=body, headers=headers)
        calls = admin.get(f"/accounts/{made['id']}/calls")["calls"]
    return {**made, "call": calls[-1]["id"]}


def run(url: str, buyer: dict[str, Any], command: str, *more: str, **env: str) -> Result:
    words = command.format(call=buyer["call"]).split()
    at = ["--url", url, "--account", buyer["id"]]
    return CliRunner().invoke(main, [*words, *at, *more], env=env)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_explains_in_chinese(url: str, buyer: dict[str, Any], command: str) -> None:
    done = run(url, buyer, command, "--lang", "zh")

    assert [text for text in COMMANDS[command] if text not in done.output] == []


@pytest.mark.parametrize("command", ALONE)
def test_a_command_without_a_server_explains_in_chinese(command: str) -> None:
    done = CliRunner().invoke(main, [*command.split(), "--lang", "zh"])

    assert done.exit_code == 0
    assert [text for text in ALONE[command] if text not in "".join(done.output.split("\n"))] == []


@pytest.mark.parametrize("command", [*COMMANDS, *ALONE])
def test_json_is_the_same_in_every_language(url: str, buyer: dict[str, Any], command: str) -> None:
    def json_of(*more: str) -> str:
        words = command.format(call=buyer["call"]).split()
        at = [] if command in ALONE else ["--url", url, "--account", buyer["id"]]
        output = CliRunner().invoke(main, [*words, *at, "--json", *more]).output
        return re.sub(r'"now": \d+', "", output)  # the clock of an account runs on

    assert "{" in json_of()
    assert json_of("--lang", "zh") == json_of("--lang", "en") == json_of()


def test_the_variable_chooses_the_language_and_the_option_wins(
    url: str, buyer: dict[str, Any]
) -> None:
    chosen = run(url, buyer, "findings", ARTQR_MOCK_LANG="zh")
    other = run(url, buyer, "findings", "--lang", "en", ARTQR_MOCK_LANG="zh")
    wrong = run(url, buyer, "findings", ARTQR_MOCK_LANG="fr")

    assert "3 次调用：" in chosen.output
    assert "in 3 calls" in other.output
    assert wrong.exit_code == 2
    assert "'fr' is not one of 'en', 'zh'" in wrong.output


def test_the_language_of_the_machine_chooses_nothing(url: str, buyer: dict[str, Any]) -> None:
    done = run(url, buyer, "findings", LANG="zh_CN.UTF-8", LC_ALL="zh_CN.UTF-8")

    assert not CHINESE_TEXT.search(done.output)


def test_help_and_wrong_use_stay_english(url: str, buyer: dict[str, Any]) -> None:
    helped = CliRunner().invoke(main, ["explain", "--help"], env={"ARTQR_MOCK_LANG": "zh"})
    wrong = run(url, buyer, "explain 999999", "--lang", "zh")

    assert not CHINESE_TEXT.search(helped.output + wrong.output)
    assert wrong.exit_code == 2


FOUND = {"id": "field-misspelt", "severity": "error", "at": "/body/x", "sent": "x"}
MISSPELT = "The operation has no field with this name, but one with a similar name; the service " \
    "ignored it."  # fmt: skip


@pytest.mark.parametrize(("says", "instead", "shown"), [
    (MISSPELT, "Did you mean style_id?",
     ("这个操作没有该字段，但有一个名称相近的字段；服务忽略了它。", "是不是想写 style_id？")),
    (f"{MISSPELT} Under this account's readings, it is refused.", "Did you mean a{b}?",
     ("这个操作没有该字段，但有一个名称相近的字段；服务忽略了它。按本账号的读法，会被拒绝。",
      "是不是想写 a{b}？")),
    ("The port of the URL is not a number from 1 to 65535.", "Something else.",
     ("URL 的端口不是 1 到 65535 之间的数字。", "Something else.")),
    ("Only another version says this.", "Something else.",
     ("Only another version says this.", "Something else.")),
])  # fmt: skip
def test_a_finding_has_the_words_of_its_row_or_those_that_only_one_call_has(
    says: str, instead: str, shown: tuple[str, str]
) -> None:
    found = finding_in({**FOUND, "says": says, "instead": instead}, "zh")

    assert (found["says"], found["instead"]) == shown
    assert {name: found[name] for name in FOUND} == FOUND


def test_every_finding_that_describes_what_was_sent_is_one() -> None:
    assert load_finding_rows().keys() >= DESCRIBED


def test_what_another_version_found_stays_as_it_is() -> None:
    unknown = {**FOUND, "id": "of-tomorrow", "says": "New.", "instead": ""}
    why = {
        "rule": {"id": "of-tomorrow", "says": "New.", "claims": [], "readings": []},
        "charge": {"reason": "Another.", "claims": [], "readings": []},
        "error": None, "faults": [{"id": 1, "kind": "of-tomorrow", "says": None}],
        "findings": [unknown],
    }  # fmt: skip

    assert explanation_in(why, "zh") == why


def test_lint_explains_in_chinese_and_its_json_stays(tmp_path: Path) -> None:
    call = {
        "method": "POST", "path": "/submitTask", "status": 200, "operation": "submit_task",
        "request": {"headers": [["Content-Type", FORM]], "body": f"{GOOD}&callBack=http://x.y/"},
    }  # fmt: skip
    file = tmp_path / "calls.jsonl"
    file.write_text(json.dumps(call), "utf-8")
    chinese = CliRunner().invoke(main, ["lint", str(file), "--lang", "zh"])
    as_json = [
        CliRunner().invoke(main, ["lint", str(file), "--json", "--lang", each]).output
        for each in ("en", "zh")
    ]

    assert "field-misspelt  /body/callBack  （行 1）" in chinese.output
    assert "应改为：是不是想写 call_back？" in chinese.output
    assert as_json[0] == as_json[1]


@pytest.mark.parametrize(("more", "text"), [
    ((), "在第一次查询时被杀死，随后重新启动"),
    (("--receiver", "http://127.0.0.1:1/"), "任务成功，有四张图片。"),
])  # fmt: skip
def test_the_drills_are_listed_in_chinese(more: tuple[str, ...], text: str) -> None:
    done = CliRunner().invoke(main, ["rehearse", "--list", *more, "--lang", "zh"])

    assert text in done.output.replace("\n    ", "")
