"""Whoever asks for Chinese reads no English sentence: commands, and every page of the inspector."""

import contextlib
import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3
from click.testing import CliRunner

from mock_server.admin_client import AdminClient
from mock_server.cli.main import main
from mock_server.server import running
from mock_server.settings import Settings
from mock_server.web.inspector.routes import PAGES
from tests.support.english import english_runs
from tests.support.inspector import Text
from tests.support.requests import FORM, GOOD, JSON

COMMANDS = (
    "findings", "findings --ended", "bill", "bill --by task", "bill --by reading", "bill --by day",
    "bill --intents", "bill --invoice", "bill --max-calls 1 --max-yuan 0.10 --max-wasted 0",
    "polling", "polling --schedule every+5s", "reactions", "readings show",
    "coverage", "coverage --missing",
    "load --audit-only --max-yuan 0.10 --max-p99 1ms",
)  # fmt: skip
JSON_COMMANDS = ("bill", "bill --intents", "polling", "load --audit-only", "bill --max-calls 1")
WITHOUT_SERVER = (
    "readings list", "scenario list", "fault kinds", "rehearse --list",
    "rehearse --list --receiver http://127.0.0.1:1/",
)  # fmt: skip
NASTY = (
    (b"text=https://example.com&callBack=x&style_id=food_fry", FORM),
    (b'{"text": "https://example.com"', JSON), (b"<xml>text</xml>", FORM), (b"undefined", FORM),
    (gzip.compress(GOOD.encode()), FORM), (b'["text"]', JSON), (b"\xff\xfet\x00e\x00", FORM),
    (b"{'text': 1}", JSON), (b"text=a%20b&style_id=&page=0&text=%B1", FORM),
    (b"text=https://example.com:99999/&your_prompt=%24%7Bname%7D", FORM), (b"", FORM),
    (b"qr_code_url=http://10.0.0.1/a.png&style_id=pet_cat&call_back=http://127.0.0.1:9/", FORM),
    (f"text={'x' * 60}&style_id=pet_cat&is_use_temp_short_link=1".encode(), FORM),
)  # fmt: skip
SIGNED = {
    "X-Ca-Key": "{app_key}", "X-Ca-Timestamp": "1700000000", "X-Ca-Nonce": "same",
    "X-Ca-Signature": "bm90IGEgc2lnbmF0dXJlIG9mIDMyIGJ5dGVzISEhISE=",
    "X-Ca-Signature-Headers": "X-Ca-Key",
}  # fmt: skip


class Client:
    """A client that does much wrong, and the account that pays for it."""

    def __init__(self, url: str, admin: AdminClient) -> None:
        self.url, self.admin = url, admin
        self.account: dict[str, Any] = admin.post("/accounts", {"credits": 60})
        self.mine = admin.account(self.account["id"])
        self._http = urllib3.PoolManager(retries=False)

    def post(
        self, path: str, body: str | bytes = GOOD, kind: str = FORM, **headers: str
    ) -> urllib3.BaseHTTPResponse:
        """Call an operation."""
        head = {"Authorization": f"APPCODE {self.account['app_code']}", "Content-Type": kind}
        return self._http.request("POST", self.url + path, body=body, headers={**head, **headers})

    def live(self) -> None:
        """Make the calls."""
        for body, kind in NASTY:
            self.post("/submitTask", body, kind)
        for code in ("'quoted'", "${CODE}", "null"):
            self.post("/taskList", "", Authorization=f"APPCODE {code}")
        self.post("/submittask")
        for again in range(2):
            signed = {name: value.format(**self.account) for name, value in SIGNED.items()}
            self.post("/submitTask", again * "x", **signed)
        self._lose_an_answer()
        tasks = [self.post("/submitTask", f"{GOOD}&call_back={self.url}/_mock/inbox/x").json()
                 for _ in range(3)]  # fmt: skip
        ids = [each["showapi_res_body"]["task_id"] for each in tasks]
        for task_id in ids[:2] * 3:
            self.post("/queryTask", f"task_id={task_id}")
        self.mine.post("/clock", {"advance": "1m", "settle": True})
        for task_id in ids[:2] * 3:
            self.post("/queryTask", f"task_id={task_id}")
        self.post("/taskList", "page=0&maxResult=100")
        for _ in range(45):
            self.post("/taskList", "page=1")

    def _lose_an_answer(self) -> None:
        for order in (
            {"kind": "reset"},
            {"kind": "truncate", "keep_bytes": 5},
            {"kind": "gateway_error", "code": "D504TO"},
        ):
            self.mine.post("/faults", {**order, "operation": "submit_task", "calls": 1})
            with contextlib.suppress(urllib3.exceptions.HTTPError):
                self.post("/submitTask")
            self.post("/submitTask")


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with (
        running(Settings(port=0, database=":memory:", seed=1)) as server,
        AdminClient(server.url) as admin,
    ):
        made = Client(server.url, admin)
        made.live()
        yield made


def words_of(command: str) -> list[str]:
    """Return the words of a command; a plus sign is a space within one."""
    return [word.replace("+", " ") for word in command.split()]


def run(client: Client, command: str, language: str) -> str:
    """Return what a command says of the account in a language."""
    at = ["--account", client.account["id"]]
    at += ["--server" if command.startswith("load") else "--url", client.url]
    done = CliRunner().invoke(main, [*words_of(command), *at, "--lang", language])
    assert done.exit_code in (0, 1, 3), done.output
    return done.output


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_says_an_english_sentence(client: Client, command: str) -> None:
    assert english_runs(run(client, command, "zh")) == []


@pytest.mark.parametrize("command", JSON_COMMANDS)
def test_json_is_the_same_in_every_language(client: Client, command: str) -> None:
    outputs = [run(client, f"{command} --json", language) for language in ("en", "zh")]

    assert "{" in outputs[0]
    assert outputs[0] == outputs[1]


def test_the_page_of_the_coverage_is_in_chinese(client: Client) -> None:
    html = run(client, "coverage --format html", "zh")

    assert "契约覆盖率" in html
    assert shown_runs(html) == []


def test_a_refused_signature_is_explained_in_chinese(client: Client) -> None:
    call = next(each for each in client.mine.calls() if each["error_code"] == "S403TE")
    said = run(client, f"sign --explain {call['id']}", "zh")

    assert said.startswith("X-Ca-Timestamp 慢了")
    assert english_runs(said) == []


def test_the_plan_of_a_probe_is_told_in_chinese(client: Client, tmp_path: Path) -> None:
    files = ["--file", str(tmp_path / "p.jsonl"), "--observed", str(tmp_path / "o.toml")]
    plan = ["probe", client.url, "--max-yuan", "1", "--dry-run", *files]
    done = CliRunner().invoke(main, [*plan, "--lang", "zh"])

    assert "最高费用为 0.90 元：3 次，每次 0.30 元" in done.output
    assert english_runs(done.output) == []


def test_what_a_probe_observed_is_compared_in_chinese(tmp_path: Path) -> None:
    file = tmp_path / "o.toml"
    file.write_text('[[observed]]\nreading = "ret_code.type"\nvalue = "string"\n')
    done = CliRunner().invoke(main, ["diff", str(file), "--lang", "zh"])

    assert "ret-code-type  ret_code.type（string，而不是 integer）" in done.output
    assert english_runs(done.output) == []


@pytest.mark.parametrize("command", WITHOUT_SERVER)
def test_no_command_without_a_server_says_an_english_sentence(command: str) -> None:
    done = CliRunner().invoke(main, [*words_of(command), "--lang", "zh"])

    assert done.exit_code == 0
    assert english_runs(done.output) == []


def test_no_explanation_of_a_call_is_an_english_sentence(client: Client) -> None:
    for call in client.mine.calls():
        done = CliRunner().invoke(
            main, ["explain", str(call["id"]), "--url", client.url, "--lang", "zh"]
        )
        _, _, explained = done.output.partition("\n元：")
        assert english_runs(explained) == [], call["id"]


def test_no_page_of_the_inspector_has_an_english_sentence(client: Client) -> None:
    account = client.account["id"]
    calls = [f"calls/{each['id']}" for each in client.mine.calls()]
    tasks = [f"tasks/{each['task_id']}" for each in client.mine.get("/tasks")["tasks"]]
    callbacks = [f"callbacks/{each['id']}" for each in client.mine.get("/callbacks")["callbacks"]]
    for path in (*(page.name for page in PAGES), *calls, *tasks, *callbacks):
        url = f"{client.url}/_mock/inspect/{account}/{path}"
        answer = urllib3.request("GET", url, headers={"Accept-Language": "zh"})
        assert answer.status == 200
        assert shown_runs(answer.data.decode()) == [], path


# What others wrote, or a program reads.
QUOTED = re.compile(r"<(code|pre|style|script|option)\b.*?</\1>", re.DOTALL)


def shown_runs(html: str) -> list[str]:
    """Return the English that a person reads on a page."""
    return english_runs(Text(QUOTED.sub("", html)).text)
