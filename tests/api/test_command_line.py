"""The command line as a whole: help that is never cut, shell completion, clear errors."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest
import urllib3
from click.testing import CliRunner, Result

from mock_server.admin_client import AdminClient
from mock_server.cli.common import PlainGroup, commands_of, first_sentence, in_commands
from mock_server.cli.main import main
from mock_server.server import running
from mock_server.settings import Settings
from tests.support.requests import FORM, GOOD


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running(Settings(port=0, database=":memory:", seed=1)) as server:
        headers = {"Authorization": "APPCODE mock-demo", "Content-Type": FORM}
        urllib3.request("POST", server.url + "/submitTask", body=GOOD.encode(), headers=headers)
        yield server.url


def command(url: str, *words: str) -> Result:
    return CliRunner(env={"ARTQR_MOCK_URL": url}).invoke(main, words)


def groups(group: click.Group = main, path: tuple[str, ...] = ()) -> dict[str, click.Group]:
    """Return every group of commands, by the words that call it."""
    found = {" ".join(path): group}
    for name, each in commands_of(group).items():
        if isinstance(each, click.Group):
            found |= groups(each, (*path, name))
    return found


@pytest.mark.parametrize(("words", "group"), groups().items(), ids=["main", *list(groups())[1:]])
def test_help_shows_the_whole_first_sentence_of_every_command(
    words: str, group: click.Group
) -> None:
    done = CliRunner().invoke(main, [*words.split(), "--help"], terminal_width=80)

    assert isinstance(group, PlainGroup)
    assert max(map(len, done.output.splitlines())) <= 80
    listed = " ".join(done.output.partition("\nCommands:\n")[2].split()).replace("- ", "-")
    for name, each in commands_of(group).items():
        sentence = " ".join(first_sentence(each).split()).replace("- ", "-")
        assert f"{name} {sentence}" in listed
        assert not sentence.endswith("...")


@pytest.mark.parametrize("duration", ["-5m", "-5h", "-1h30m", "-PT5M", "-.5s"])
@pytest.mark.parametrize("before", [(), ("--",)])
def test_a_clock_that_should_go_back_is_refused_in_these_words(
    url: str, duration: str, before: tuple[str, ...]
) -> None:
    done = command(url, "clock", "advance", *before, duration)

    assert done.exit_code == 2
    assert f"clocks only move forward: {duration!r} is negative" in done.output


def test_an_option_of_advance_keeps_its_value(url: str) -> None:
    done = command(url, "clock", "advance", "--token", "-5", "1s")

    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("callbacks show 99", "`artqr-mock callbacks list` lists them"),
        ("callbacks resend 99 --account spare", "`artqr-mock callbacks list --account {id}` lists"),
        ("fault clear 99", "`artqr-mock fault list` lists them"),
    ],
)
def test_a_command_advises_commands_where_the_server_advises_routes(
    url: str, words: str, advice: str
) -> None:
    with AdminClient(url) as admin:
        spare = admin.post("/accounts", {})["id"]

    done = command(url, *words.replace("spare", spare).split())

    assert done.exit_code == 2
    assert advice.format(id=spare) in done.output
    assert "/_mock" not in done.output


def test_every_way_that_the_server_points_to_a_route_has_a_command() -> None:
    said = (
        "no account has the id 'x': GET /_mock/accounts lists them, POST /_mock/accounts makes one"
    )
    assert in_commands(said) == (
        "no account has the id 'x': `artqr-mock account list` lists them, "
        "`artqr-mock account create` makes one"
    )
    assert in_commands("no task: GET /_mock/accounts/default/tasks lists them") == (
        "no task: `artqr-mock tasks` lists them"
    )
    assert in_commands("/seed: no (see schema NewAccount in /_mock/openapi.json)") == "/seed: no"


def test_clock_next_says_how_far_it_went(url: str) -> None:
    with AdminClient(url) as admin:
        account = admin.account(admin.post("/accounts", {"seed": 1})["id"])
        admin.submit(account.get()["app_code"], {"text": "x", "style_id": "food_fryrice"})

    near = command(url, "clock", "next", "--account", account.id)
    far = command(url, "clock", "next", "--account", account.id)

    assert re.search(r"\ntask end: task \w+, \d+s ahead\n", near.output)
    assert re.search(r"\n[a-z ]+, 35\d days ahead\n", far.output)


@pytest.mark.parametrize(
    ("option", "shown"),
    [
        ("--skew 20m", "20m fast"),
        ("--skew -1h30m", "1h 30m slow"),
        ("--skew-ms 5", "0.005s fast"),
        ("--skew 0s", "none"),
    ],
)
def test_the_skew_of_an_account_is_given_as_a_duration_and_shown(
    url: str, option: str, shown: str
) -> None:
    done = command(url, "account", "change", *option.split())

    assert done.exit_code == 0, done.output
    assert f"\nskew        {shown}\n" in done.output


@pytest.mark.parametrize("options", ["--skew 20m --skew-ms 5", "--skew soon", "--skew --20m"])
def test_a_skew_that_is_unclear_is_refused(url: str, options: str) -> None:
    assert command(url, "account", "change", *options.split()).exit_code == 2


def test_the_accounts_are_listed_below_a_header(url: str) -> None:
    header, *rows = command(url, "account", "list").output.splitlines()

    assert header.split() == ["id", "balance", "name"]
    assert any(row.startswith("default") for row in rows)


def test_coverage_writes_junit_into_an_xml_file(url: str, tmp_path: Path) -> None:
    file = tmp_path / "coverage.xml"

    done = command(url, "coverage", "--output", str(file))
    printed = command(url, "coverage", "--format", "xml")

    assert (done.exit_code, done.output) == (0, "")
    assert printed.output == file.read_text("utf-8")
    suites = {each.get("name"): each for each in ElementTree.parse(file).getroot()}  # noqa: S314 - it is ours
    operations = suites["operations"]
    met = {case.get("name"): case.find("skipped") is None for case in operations}
    assert met == {"submit_task": True, "list_tasks": False, "query_task": False}
    assert (operations.get("tests"), operations.get("skipped")) == ("3", "2")
    errors = [case.find("skipped") for case in suites["errors"]]
    assert all(
        each is not None and (each.get("message") or "").startswith("never met.") for each in errors
    )


@pytest.mark.parametrize("name", ["coverage.pdf", "coverage.csv"])
def test_coverage_refuses_a_file_that_it_has_no_format_for(
    url: str, tmp_path: Path, name: str
) -> None:
    done = command(url, "coverage", "--output", str(tmp_path / name))

    assert (done.exit_code, ".html or .xml" in done.output) == (2, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["coverage.txt", "coverage", "coverage.JSON", "coverage.htm"])
def test_coverage_writes_the_format_of_the_file_name(url: str, tmp_path: Path, name: str) -> None:
    done = command(url, "coverage", "--output", str(tmp_path / name))

    begins = {"coverage.JSON": "{", "coverage.htm": "<!"}.get(name, "operations")
    assert done.exit_code == 0
    assert (tmp_path / name).read_text("utf-8").startswith(begins)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_given_its_completion(shell: str) -> None:
    if shell == "bash" and shutil.which("bash") is None:
        pytest.skip("click asks bash for its version")
    env = {"_ARTQR_MOCK_COMPLETE": f"{shell}_source"}

    done = CliRunner(env=env).invoke(main, prog_name="artqr-mock")

    assert done.exit_code == 0
    assert "_ARTQR_MOCK_COMPLETE" in done.output
    assert re.search(r"complete|compdef", done.output)


def completed(*words: str) -> list[str]:
    """Return the words that bash offers for the last word."""
    env = {
        "_ARTQR_MOCK_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["artqr-mock", *words]),
        "COMP_CWORD": str(len(words)),
    }
    done = CliRunner(env=env).invoke(main, prog_name="artqr-mock")
    return [line.partition(",")[2] for line in done.output.splitlines()]


def test_commands_options_and_choices_are_completed() -> None:
    assert sorted(completed("cal")) == ["callbacks", "calls"]
    assert completed("clock", "ad") == ["advance"]
    assert "--follow" in completed("calls", "--f")
    assert completed("env", "--format", "p") == ["powershell"]


def test_what_bash_evaluates_is_a_script_that_it_can_read() -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    env = {"_ARTQR_MOCK_COMPLETE": "bash_source"}
    script = CliRunner(env=env).invoke(main, prog_name="artqr-mock").output

    done = subprocess.run([bash, "-n"], input=script, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
