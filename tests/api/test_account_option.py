"""`--account` and ARTQR_MOCK_ACCOUNT: an id or a name, for every command."""

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
from tests.support.requests import FORM


@pytest.fixture(scope="module")
def admin() -> Iterator[AdminClient]:
    with (
        running(Settings(port=0, database=":memory:", seed=1)) as server,
        AdminClient(server.url) as client,
    ):
        yield client


def command(admin: AdminClient, *words: str, **env: str) -> Result:
    return CliRunner(env={"ARTQR_MOCK_URL": admin.base_url, **env}).invoke(main, words)


@pytest.fixture
def account(admin: AdminClient, request: pytest.FixtureRequest) -> dict[str, Any]:
    """An account with a name of its own and one refused call."""
    wish = {"name": f"team [/red] {request.node.name}", "clock": {"frozen": True}}
    made: dict[str, Any] = admin.post("/accounts", wish)
    headers = {"Authorization": f"APPCODE {made['app_code']}", "Content-Type": FORM}
    urllib3.request("POST", admin.base_url + "/submitTask", body=b"text=x", headers=headers)
    return made


READ_ONLY = [
    ("account", "show"), ("account", "notices"), ("bill",), ("callbacks", "list"), ("calls",),
    ("clock", "show"), ("coverage",), ("env",), ("fault", "list"), ("findings",),
    ("readings", "show"), ("tasks",),
]  # fmt: skip


@pytest.mark.parametrize("words", READ_ONLY, ids=" ".join)
def test_a_command_takes_a_name_as_it_takes_an_id(
    admin: AdminClient, account: dict[str, Any], words: tuple[str, ...]
) -> None:
    by_id = command(admin, *words, "--account", account["id"])
    by_name = command(admin, *words, "--account", account["name"])
    by_variable = command(admin, *words, ARTQR_MOCK_ACCOUNT=account["name"])

    assert by_id.exit_code in (0, 1), by_id.output
    assert (by_name.exit_code, by_name.output) == (by_id.exit_code, by_id.output)
    assert (by_variable.exit_code, by_variable.output) == (by_id.exit_code, by_id.output)


def test_a_name_that_two_accounts_share_is_refused_with_both_ids(admin: AdminClient) -> None:
    ids = [admin.post("/accounts", {"name": "twins"})["id"] for _ in range(2)]

    done = command(admin, "bill", "--account", "twins")

    assert done.exit_code == 2
    assert "2 accounts are named 'twins'" in done.output
    assert all(each in done.output for each in ids)


def test_an_id_wins_over_a_name(admin: AdminClient, account: dict[str, Any]) -> None:
    admin.post("/accounts", {"name": account["id"]})

    done = command(admin, "account", "show", "--json", "--account", account["id"])

    assert json.loads(done.output)["name"] == account["name"]


def test_an_account_that_is_not_there_is_refused_with_what_to_do(admin: AdminClient) -> None:
    done = command(admin, "clock", "show", "--account", "nobody-has-this-name")

    assert done.exit_code == 2
    assert "`artqr-mock account list`" in done.output


def test_the_variable_never_stands_in_the_way_of_an_option_without_an_account(
    admin: AdminClient,
) -> None:
    for words in (("findings", "--nobody"), ("calls", "--nobody"), ("coverage", "--all")):
        assert command(admin, *words, ARTQR_MOCK_ACCOUNT="gone").exit_code in (0, 1)


def test_an_account_is_created_with_an_app_code_and_shown_with_what_a_client_needs(
    admin: AdminClient,
) -> None:
    done = command(
        admin, "account", "create", "--app-code", "my-tests", "--reading",
        "charge.polls=submit-only",
    )  # fmt: skip

    made = next(
        each for each in admin.get("/accounts")["accounts"] if each["app_code"] == "my-tests"
    )
    shown = {line.split("  ")[0]: line for line in done.output.splitlines()}
    assert admin.base_url in shown["base url"]
    assert "my-tests" in shown["app code"]
    assert made["app_key"] in shown["app key"]
    assert made["app_secret"] in shown["app secret"]
    assert f'eval "$(artqr-mock env --account {made["id"]})"' in done.output
    readings = [line for line in done.output.splitlines() if line.startswith("reading")]
    assert readings == ["reading     charge.polls = submit-only (default every-200)"]


@pytest.mark.parametrize(
    ("app_code", "says"),
    [
        ("mock-demo", "belongs to account default"),
        ("mock-expired", "belongs to a magic account"),
        ("short", "write 6 to 64 letters"),
        ("with space", "write 6 to 64 letters"),
        ("", "write 6 to 64 letters"),
        ("a" * 65, "write 6 to 64 letters"),
        ("qr\ncode", "write 6 to 64 letters"),
    ],
)
def test_an_app_code_that_cannot_be_used_is_refused(
    admin: AdminClient, app_code: str, says: str
) -> None:
    done = command(admin, "account", "create", "--app-code", app_code)

    assert (done.exit_code, says in done.output) == (2, True), done.output


def test_all_accounts_are_reset_by_one_command(admin: AdminClient) -> None:
    admin.post("/accounts")

    refused = command(admin, "account", "reset", "--all", "--account", "default")
    done = command(admin, "account", "reset", "--all")

    assert (refused.exit_code, "leave --account out" in refused.output) == (2, True)
    assert done.exit_code == 0
    assert done.output.endswith("deleted; the default account is reset\n")
    assert [each["id"] for each in admin.get("/accounts")["accounts"]] == ["default"]
    again = command(admin, "account", "reset", "--all", "--json")
    assert json.loads(again.output)["deleted"] == 0
    assert command(admin, "account", "reset", "--all").output.startswith("0 accounts deleted")


def test_a_change_that_changes_nothing_is_refused(admin: AdminClient) -> None:
    done = command(admin, "account", "change")

    assert (done.exit_code, "name at least one change" in done.output) == (2, True)
