"""Coverage of the contract by a client's calls: recorded, kept, printed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mock_server.actions.gateway import pipeline
from mock_server.actions.operations import operations
from mock_server.admin_client import AdminClient
from mock_server.cli.coverage import html
from mock_server.cli.main import main
from mock_server.domain.call.calls import Call, Operation
from mock_server.server import running
from mock_server.settings import Settings
from mock_server.store.engine.transaction import Transaction
from tests.support.signed import Request, Signer, send
from tests.support.worlds import World


def met(world: World, group: str, account: str | None = "default") -> dict[str, int | None]:
    """Return the covered items of a group: the first call by name."""
    path = "/coverage" if account is None else f"/accounts/{account}/coverage"
    (part,) = world.admin("GET", f"{path}?groups={group}")["groups"]
    found = {item["name"]: item["call"] for item in part["items"] if item["met"]}
    assert len(found) == part["met"]
    return found


def test_an_account_without_calls_has_no_coverage(world: World) -> None:
    found = world.admin("GET", "/accounts/default/coverage")

    assert (found["met"], found["percent"]) == (0, 0.0)
    assert found["total"] == sum(part["total"] for part in found["groups"])


def test_the_first_call_that_covers_an_item_is_recorded(world: World) -> None:
    world.submit()
    world.submit()
    world.submit(call_back="http://127.0.0.1:9/")
    world.vendor("/submitTask", {"text": "x"})

    assert met(world, "operations") == {"submit_task": 1}
    assert met(world, "fields") == {
        "submit_task.text": 1, "submit_task.style_id": 1, "submit_task.call_back": 3
    }  # fmt: skip
    assert met(world, "answers") == {"submit_task.result": 1, "submit_task.refusal": 4}
    assert met(world, "credentials") == {"app-code": 1}


def test_an_empty_or_unknown_field_is_not_covered(world: World) -> None:
    world.submit(call_back="", foo="x")

    assert set(met(world, "fields")) == {"submit_task.text", "submit_task.style_id"}


def test_a_signed_call_meets_the_signature_and_its_headers(world: World) -> None:
    account = world.account()
    send(world, Signer.of(account).signed(Request(headers={"X-Ca-Nonce": "n"})))

    assert set(met(world, "credentials", account["id"])) == {"signature"}
    assert {"x-ca-nonce", "x-ca-timestamp"} <= set(met(world, "headers", account["id"]))


def test_a_call_that_was_not_let_through_shows_no_credentials(world: World) -> None:
    account = world.account(credits=0)
    world.vendor("/taskList", {"page": "1"}, account["app_code"])

    assert met(world, "credentials", account["id"]) == {}
    assert set(met(world, "errors", account["id"])) == {"B403MI"}
    assert set(met(world, "answers", account["id"])) == {"list_tasks.gateway-error"}
    assert set(met(world, "fields", account["id"])) == {"list_tasks.page"}


def test_the_statuses_that_a_client_saw_are_covered(world: World) -> None:
    task_id = world.submit()
    world.query(task_id)
    world.clock(to_next_event=True)
    assert set(met(world, "outcomes")) == {"pending"}, "the clock alone tells a client nothing"
    world.query(task_id)
    world.clock(advance="1h")
    world.query(task_id)
    other = world.submit()
    world.admin("POST", f"/accounts/default/tasks/{other}", {"state": "failed"})
    world.query(other)
    world.query(other)

    assert set(met(world, "outcomes")) >= {"pending", "succeeded", "failed"}


@pytest.mark.parametrize("profile", ["vpc", "classic"])
def test_a_row_of_the_error_table_is_covered_on_both_kinds_of_instance(
    world: World, profile: str
) -> None:
    account = world.account(credits=1, readings={"gateway.profile": profile})
    world.vendor("/taskList", {}, account["app_code"])
    world.vendor("/taskList", {}, account["app_code"])

    assert list(met(world, "errors", account["id"])) == ["B403MQ"]


def test_calls_cover_the_readings_in_force(world: World) -> None:
    account = world.account(readings={"refusal.status": "200"})
    assert met(world, "readings", account["id"]) == {}

    world.vendor("/submitTask", {"text": "x"}, account["app_code"])

    found = met(world, "readings", account["id"])
    assert "refusal.status=200" in found
    assert "refusal.status=450" not in found
    assert set(met(world, "answers", account["id"])) == {"submit_task.refusal"}


def test_an_unknown_credential_counts_for_all_accounts_and_for_none_alone(world: World) -> None:
    world.vendor("/taskList", {}, "nobody")

    assert met(world, "errors") == {}
    assert set(met(world, "errors", None)) == {"A400AC"}


def test_coverage_of_all_accounts_outlives_reset_and_deletion(
    world: World,
) -> None:
    world.submit()
    world.admin("POST", "/accounts/default/reset")
    account = world.account()
    world.vendor("/taskList", {}, account["app_code"])
    world.admin("DELETE", f"/accounts/{account['id']}", expect=204)

    assert met(world, "operations") == {}
    assert met(world, "operations", None) == {"submit_task": None, "list_tasks": None}
    world.submit()
    assert list(met(world, "operations")) == ["submit_task"], "met anew after the reset"


def test_coverage_outlives_the_journal(world: World) -> None:
    with_small = world.simulator.settings
    assert with_small.journal_calls > 1
    world.submit()
    world.simulator.database.run(lambda tx: tx.execute("delete from call"))

    assert met(world, "operations") == {"submit_task": 1}


def test_a_call_on_which_we_failed_meets_nothing_and_is_not_remembered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise LookupError

    with monkeypatch.context() as patched:
        patched.setitem(operations.HANDLERS, Operation.LIST_TASKS, broken)
        assert world.vendor("/taskList").status_code == 500
    assert world.admin("GET", "/accounts/default/coverage")["met"] == 0

    world.vendor("/taskList")

    assert list(met(world, "operations")) == ["list_tasks"]


def test_coverage_that_was_rolled_back_is_not_cached(world: World) -> None:
    headers = (("authorization", "APPCODE mock-demo"),)
    call = Call(method="POST", path="/taskList", headers=headers)

    def handled(tx: Transaction) -> None:
        pipeline.handle(tx, world.simulator, call)

    def lost(tx: Transaction) -> None:
        handled(tx)
        raise LookupError

    with pytest.raises(LookupError):
        world.simulator.database.run(lost)
    assert met(world, "operations") == {}

    world.simulator.database.run(handled)

    assert list(met(world, "operations")) == ["list_tasks"]


@pytest.mark.parametrize("path", ["/coverage", "/accounts/default/coverage"])
def test_a_group_that_is_not_there_is_refused(world: World, path: str) -> None:
    problem = world.admin("GET", f"{path}?groups=operations,colours", expect=422)

    assert "unknown group 'colours'; valid: operations, " in problem["detail"]


def test_an_unknown_account_has_no_coverage_report(world: World) -> None:
    world.admin("GET", "/accounts/nobody/coverage", expect=404)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running(Settings(port=0, database=":memory:", seed=1)) as server:
        with AdminClient(server.url) as admin:
            admin.post("/accounts", {"name": "other"})
        yield server.url


def command(url: str, *words: str) -> Result:
    return CliRunner().invoke(main, ["coverage", *words, "--url", url])


def test_the_table_lists_the_uncovered_items(url: str) -> None:
    done = command(url, "--of", "operations")

    assert done.exit_code == 0
    assert "never met: submit_task, list_tasks, query_task" in done.output
    assert done.output.endswith("met 0 of 3 (0.0 %)\n")


def test_everything_missing_is_listed_with_how_to_meet_it(url: str) -> None:
    done = command(url, "--all", "--missing")

    assert "spend every credit" in done.output
    assert "artqr-mock account create --reading refusal.status=200" in done.output


def test_under_the_limit_exits_with_one(url: str) -> None:
    assert command(url, "--fail-under", "0").exit_code == 0
    done = command(url, "--fail-under", "0.1")
    assert done.exit_code == 1
    assert "0.0 % is under 0.1 %" in done.stderr


def test_json_is_what_the_admin_api_says(url: str) -> None:
    with AdminClient(url) as admin:
        wanted = admin.get("/coverage")

    assert json.loads(command(url, "--all", "--format", "json").stdout) == wanted


def test_the_page_is_whole_and_written_to_a_file(url: str, tmp_path: Path) -> None:
    file = tmp_path / "coverage.html"

    done = command(url, "--format", "html", "--output", str(file))

    page = file.read_text("utf-8")
    assert (done.exit_code, done.output) == (0, "")
    assert page.startswith("<!doctype html>")
    assert "B403MQ" in page
    for outside in ("http://", "https://", "src=", "<script"):
        assert outside not in page


@pytest.mark.parametrize(
    ("name", "options", "start"),
    [
        ("c.html", (), "<!doctype html>"), ("c.HTM", (), "<!doctype html>"), ("c.json", (), "{"),
        ("c.txt", (), "operations"), ("c.html", ("--format", "table"), "operations"),
    ],
)  # fmt: skip
def test_a_file_holds_what_its_name_says_unless_it_is_told(
    url: str, tmp_path: Path, name: str, options: tuple[str, ...], start: str
) -> None:
    file = tmp_path / name

    assert command(url, "--output", str(file), *options).exit_code == 0
    assert file.read_text("utf-8").startswith(start)


def test_a_file_that_cannot_be_written_is_said_to_be(url: str, tmp_path: Path) -> None:
    nowhere, folder = tmp_path / "none" / "c.html", tmp_path

    done = command(url, "--output", str(nowhere))

    assert done.exit_code == 3
    assert done.stderr == f"artqr-mock: cannot write {nowhere}: No such file or directory\n"
    assert command(url, "--output", str(folder)).exit_code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("percent", ["nan", "-1", "100.1", "inf", "many"])
def test_a_gate_that_no_run_could_fail_is_refused(url: str, percent: str) -> None:
    done = command(url, "--fail-under", percent)

    assert done.exit_code == 2
    assert "--fail-under" in done.stderr


def test_what_stands_in_a_page_is_escaped() -> None:
    item = {"name": "<b>", "met": True, "call": 1, "how": '"><script>'}
    part = {"group": "<i>", "met": 1, "total": 1, "items": [item]}
    found: dict[str, Any] = {"met": 1, "total": 1, "percent": 100.0, "groups": [part]}

    page = html(found, "account <u>")

    for raw in ("<b>", '"><script>', "<i>1", "<u>"):
        assert raw not in page
    assert "&lt;b&gt;" in page


def test_an_unknown_account_or_group_is_wrong_use(url: str) -> None:
    assert command(url, "--account", "nobody").exit_code == 2
    assert command(url, "--of", "colours").exit_code == 2
