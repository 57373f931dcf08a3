"""`artqr-mock findings` and `artqr-mock explain` against a running server."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from click.testing import CliRunner, Result

from mock_server.admin_client import AdminClient
from mock_server.cli.main import main
from mock_server.server import running
from mock_server.settings import Settings
from tests.support.requests import FORM, GOOD


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running(Settings(port=0, database=":memory:", seed=1)) as server:
        yield server.url


@pytest.fixture
def buyer(url: str) -> Iterator[dict[str, Any]]:
    """A new account."""
    with AdminClient(url) as admin:
        yield admin.post("/accounts")


def command(url: str, buyer: dict[str, Any], *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--url", url, "--account", buyer["id"]])


def post(url: str, buyer: dict[str, Any], body: str, path: str = "/submitTask") -> None:
    headers = {"Authorization": f"APPCODE {buyer['app_code']}", "Content-Type": FORM}
    urllib3.request("POST", url + path, body=body.encode(), headers=headers)


def test_a_client_without_a_fault_exits_with_zero(url: str, buyer: dict[str, Any]) -> None:
    post(url, buyer, GOOD)

    done = command(url, buyer, "findings")

    assert (done.exit_code, done.output) == (0, "0 errors, 0 warnings, 0 advice in 1 call\n")


def test_errors_exit_with_one_and_say_what_to_do(url: str, buyer: dict[str, Any]) -> None:
    post(url, buyer, f"{GOOD}&callBack=http://example.com/%1B[31m")
    post(url, buyer, f"{GOOD}&callBack=http://example.org/")

    done = command(url, buyer, "findings")

    assert done.exit_code == 1
    assert "error   field-misspelt  /body/callBack  (calls " in done.output
    assert "sent:    callBack" in done.output
    assert "instead: Did you mean call_back?" in done.output
    assert done.output.count("field-misspelt") == 1
    assert done.output.endswith("2 errors, 0 warnings, 0 advice in 2 calls\n")
    assert "\x1b" not in done.output


def test_a_severity_can_be_asked_for_and_json_is_the_report(
    url: str, buyer: dict[str, Any]
) -> None:
    post(url, buyer, f"{GOOD}&your_prompt=x&Text=y")

    done = command(url, buyer, "findings", "--severity", "warning", "--json")

    found = json.loads(done.output)
    assert [each["id"] for each in found["findings"]] == ["prompt-shadowed"]
    assert found["severities"] == {"error": 1, "warning": 1, "advice": 0}
    assert done.exit_code == 1, "there is an error, shown or not"


def test_warnings_alone_exit_with_zero(url: str, buyer: dict[str, Any]) -> None:
    post(url, buyer, f"{GOOD}&your_prompt=x")

    assert command(url, buyer, "findings").exit_code == 0


def test_a_report_of_many_pages_is_whole(
    url: str, buyer: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        post(url, buyer, "page=0", "/taskList")
    monkeypatch.setattr("mock_server.admin_client.FINDINGS_PAGE", 2)

    found = json.loads(command(url, buyer, "findings", "--json").output)

    assert len(found["findings"]) == 5
    assert found["next"] is None


def test_a_call_is_explained(url: str, buyer: dict[str, Any]) -> None:
    post(url, buyer, GOOD)
    post(url, buyer, f"{GOOD}&Text=x")
    with AdminClient(url) as admin:
        right, wrong = [call["id"] for call in admin.account(buyer["id"]).calls()]

    fine = command(url, buyer, "explain", str(right))
    bad = command(url, buyer, "explain", str(wrong))
    as_json = json.loads(command(url, buyer, "explain", str(wrong), "--json").output)

    assert fine.exit_code == 0
    for part in ("POST /submitTask", "authorization: APPCODE ***", GOOD, "HTTP 200", "task_id",
                 "0.28 yuan: HTTP 200 costs one credit"):  # fmt: skip
        assert part in fine.output
    assert bad.exit_code == 1
    assert "field-misspelt  /body/Text" in bad.output
    assert as_json["id"] == wrong
    assert [each["id"] for each in as_json["findings"]] == ["field-misspelt"]


def test_a_call_that_is_not_there_is_wrong_use(url: str, buyer: dict[str, Any]) -> None:
    done = command(url, buyer, "explain", "999999")

    assert done.exit_code == 2
    assert "the journal has no call 999999" in done.output


def without_credentials(url: str) -> int:
    """Send a call without an account, and return its number."""
    urllib3.request("POST", f"{url}/submitTask", body=GOOD, headers={"Content-Type": FORM})
    with AdminClient(url) as admin:
        return max(int(call["id"]) for call in admin.every("/calls", "calls"))


def test_calls_without_an_account_are_reported_and_listed(url: str) -> None:
    call_id = without_credentials(url)

    default = CliRunner().invoke(main, ["findings", "--url", url])
    listed = CliRunner().invoke(main, ["findings", "--nobody", "--url", url])
    as_json = CliRunner().invoke(main, ["findings", "--nobody", "--json", "--url", url])

    last = default.output.splitlines()[-1]
    assert last.startswith("and ")
    assert last.endswith(f" that name no account: artqr-mock findings --nobody --url {url}")
    assert listed.exit_code == as_json.exit_code == 1
    assert "error   credentials-missing  /header/authorization" in listed.output
    assert call_id in [each["call"] for each in json.loads(as_json.output)["findings"]]


def test_nobody_has_no_account(url: str, buyer: dict[str, Any]) -> None:
    done = command(url, buyer, "findings", "--nobody")

    assert (done.exit_code, "leave --account out" in done.output) == (2, True)


def test_the_explanation_of_a_call_names_its_account_or_says_that_it_has_none(
    url: str, buyer: dict[str, Any]
) -> None:
    post(url, buyer, GOOD)
    with AdminClient(url) as admin:
        (call,) = admin.account(buyer["id"]).calls()

    others = CliRunner().invoke(main, ["explain", str(call["id"]), "--url", url])
    nobodys = command(url, buyer, "explain", str(without_credentials(url)))

    assert others.output.startswith(f"call {call['id']} of {buyer['id']} at ")
    assert (others.exit_code, nobodys.exit_code) == (0, 1)
    assert ", which names no account, at " in nobodys.output
    assert "credentials-missing" in nobodys.output


@pytest.mark.parametrize(
    ("fail_on", "code"), [(None, 0), ("error", 0), ("warning", 1), ("advice", 1)]
)
def test_what_fails_can_be_chosen(
    url: str, buyer: dict[str, Any], fail_on: str | None, code: int
) -> None:
    post(url, buyer, f"{GOOD}&your_prompt=x")
    words = () if fail_on is None else ("--fail-on", fail_on)

    assert command(url, buyer, "findings", *words).exit_code == code


def test_advice_fails_only_where_it_is_asked_to(url: str, buyer: dict[str, Any]) -> None:
    post(url, buyer, f"{GOOD}&call_back=")

    codes = [command(url, buyer, "findings", "--fail-on", each).exit_code
             for each in ("error", "warning", "advice")]  # fmt: skip

    assert codes == [0, 0, 1]


def test_what_was_never_looked_at_is_listed_once_the_test_has_ended(
    url: str, buyer: dict[str, Any]
) -> None:
    post(url, buyer, GOOD)

    assert "task-never-looked-at" not in command(url, buyer, "findings").output
    ended = command(url, buyer, "findings", "--ended", "--fail-on", "warning")
    assert (ended.exit_code, "task-never-looked-at" in ended.output) == (1, True)
