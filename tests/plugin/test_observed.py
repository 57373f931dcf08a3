"""`artqr_observed`: every test gets the world of the service that was probed."""

import pytest

from mock_server.observed import toml
from tests.support.plugin_users import POLLS

FILE = [
    ("paths", {"query_task": "/getTask"}),
    ("observed[]", {"reading": "ret_code.type", "value": "string"}),
    ("observed[]", {"reading": "refusal.status", "value": "200"}),
]
ASKS = """
import json, urllib.request

def ask(artqr, path):
    request = urllib.request.Request(
        artqr.base_url + path, b"task_id=x", {"Authorization": "APPCODE " + artqr.app_code})
    with urllib.request.urlopen(request) as answer:
        return answer.status, json.load(answer)["showapi_res_body"]["ret_code"]

def test_observed(artqr):
    assert ask(artqr, "/getTask") == (200, "-1")
"""
BY_HAND = """
import pytest

@pytest.mark.artqr(readings={"ret_code.type": "integer"})
def test_by_hand(artqr):
    assert ask(artqr, "/getTask") == (200, -1)
"""


def test_worlds_are_as_observed_and_what_is_set_by_hand_wins(project: pytest.Pytester) -> None:
    project.makepyfile(ASKS + BY_HAND)
    (project.path / "o.toml").write_text(toml(FILE), "utf-8")
    project.makeini("[pytest]\nartqr_observed = o.toml\nartqr_findings = error")

    project.runpytest_inprocess().assert_outcomes(passed=2)


def test_an_option_wins_over_a_file(project: pytest.Pytester) -> None:
    project.makepyfile(ASKS.replace('"-1"', "-1"))
    (project.path / "o.toml").write_text(toml(FILE), "utf-8")

    result = project.runpytest_inprocess(
        "--artqr-observed=o.toml", "--artqr-readings=ret_code.type=integer"
    )

    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (
            [("observed[]", {"reading": "refusal.status", "value": "450"})],
            "*refusal.status is 200*",
        ),
        ([("paths", {"query_task": "/q"})], "*the path of query_task is /getTask and /q*"),
    ],
)
def test_files_that_disagree_stop_the_run_before_it_starts(
    project: pytest.Pytester, other: list[tuple[str, dict[str, str]]], says: str
) -> None:
    project.makepyfile(POLLS)
    (project.path / "o.toml").write_text(toml(FILE), "utf-8")
    (project.path / "p.toml").write_text(toml(other), "utf-8")

    result = project.runpytest_inprocess("--artqr-observed=o.toml,p.toml")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*artqr_observed: *disagree: {says}"])
