"""A recording of the service is read by the paths and readings that a probe observed."""

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mock_server.cli.main import main
from mock_server.observed import toml
from tests.api.test_import import ID, exchange, fine
from tests.api.test_lint import har

PATHS = {"query_task": "/getTask", "list_tasks": "/task/list"}
SUBMIT = exchange(answer=fine(task_id=ID), at=0)
QUERY = exchange("/getTask", f"task_id={ID}", answer=fine(task_id=ID, task_status=1), at=20)
OURS = exchange("/queryTask", f"task_id={ID}", answer=fine(), at=40)


@pytest.fixture
def observed(tmp_path: Path) -> str:
    file = tmp_path / "observed.toml"
    row = {"reading": "refusal.status", "value": "200"}
    file.write_text(toml([("paths", PATHS), ("observed[]", row)]), "utf-8")
    return str(file)


def run(command: str, *words: str, text: str) -> Result:
    return CliRunner().invoke(main, [command, "-", *words], input=text)


def unknown_paths(done: Result) -> list[int]:
    """Return the calls whose path is none of the operations'."""
    return [each["call"] for each in json.loads(done.stdout)["findings"] if "path" in each["id"]]


def test_lint_knows_the_observed_paths_and_no_longer_ours(observed: str) -> None:
    traffic = har(SUBMIT, QUERY, OURS)

    assert unknown_paths(run("lint", "--json", text=traffic)) == [2]
    assert unknown_paths(run("lint", "--json", "--observed", observed, text=traffic)) == [3]


def test_lint_judges_a_query_at_an_observed_path_as_a_query(observed: str) -> None:
    without_id = har(exchange("/getTask", "id=1"))

    done = run("lint", "--json", "--observed", observed, text=without_id)

    found = json.loads(done.stdout)["findings"]
    assert any("task_id" in json.dumps(each) for each in found), found


def test_import_plays_a_recording_of_observed_paths_again(observed: str) -> None:
    traffic = har(SUBMIT, QUERY)

    alone = run("import", text=traffic)
    told = run("import", "--observed", observed, text=traffic)

    assert "played again: 1 of 2 calls" in alone.stderr
    assert told.exit_code == 0, told.stderr
    assert "played again: all 2 calls" in told.stderr
    made = tomllib.loads(told.stdout)
    assert made["readings"]["refusal.status"] == "200"


@pytest.mark.parametrize("command", ["lint", "import"])
def test_a_file_that_cannot_be_used_is_wrong_use(command: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_text('[paths]\nquery_task = "no path"\n', "utf-8")

    done = run(command, "--observed", str(file), text=har(SUBMIT))

    assert done.exit_code == 2
    assert "[paths] query_task is no path" in done.stderr
    assert "Traceback" not in done.output
