"""What a sweep runs: which readings vary, in which combinations, and how long that takes."""

import subprocess
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from mock_server.domain.readings import ALLOWED
from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal.drills import all_drills
from mock_server.sweep.estimate import LONG_S, Estimate
from mock_server.sweep.order import order_of
from mock_server.sweep.plan import DEFAULT_DRILLS, DEFAULTS, NEVER_SHOWN, Plan, plan_of
from mock_server.sweep.project_file import sweep_settings
from mock_server.sweep.touched import TOUCHED_BY


def plan(**options: Any) -> Plan:
    return plan_of(order_of({"command": ("client",), **options}))


WHOLE = plan()
NAMED = ("result.count", "envelope")


def uncovered(found: Plan) -> list[tuple[str, str, str, str]]:
    """Return the pairs of values that meet in no combination."""
    return [
        (one, first, other, second)
        for one, other in combinations(found.factors, 2)
        for first in found.factors[one]
        for second in found.factors[other]
        if not any(row[one] == first and row[other] == second for row in found.combinations)
    ]


@pytest.mark.parametrize("found", [WHOLE, plan(seed=2**63 - 1)], ids=["0", "other"])
def test_any_two_values_meet_and_the_base_comes_first(found: Plan) -> None:
    assert uncovered(found) == []
    assert found.base == {name: DEFAULTS[name] for name in found.factors}
    assert found.combinations.count(found.base) == 1
    assert len(found.combinations) <= 20


def test_a_seed_always_chooses_the_same_combinations() -> None:
    program = (
        "from mock_server.sweep.plan import plan_of; from mock_server.sweep.order import order_of;"
        "from mock_server.domain.readings import ALLOWED;"
        "o = {'command': ['x'], 'readings': sorted(ALLOWED)[:9], 'seed': 7};"
        "print(plan_of(order_of(o)).combinations)"
    )
    other = subprocess.run([sys.executable, "-c", program], env={"PYTHONHASHSEED": "77"},
                           capture_output=True, text=True, check=True)  # fmt: skip

    names = sorted(ALLOWED)[:9]
    assert other.stdout.strip() == str(plan(readings=names, seed=7).combinations)
    assert plan(readings=names, seed=8).combinations != plan(readings=names, seed=7).combinations


@pytest.mark.parametrize("names", [["result.item"], ["task.words"], ["envelope", "task.words"]])
def test_few_readings_take_few_combinations(names: list[str]) -> None:
    found = plan(readings=names)

    assert uncovered(found) == []
    assert set(found.factors) == set(names)
    assert len(found.combinations) == {1: len(ALLOWED[names[-1]]), 2: 8}[len(names)]


def test_an_exhaustive_plan_has_every_combination_once() -> None:
    found = plan(readings=["envelope", "result.item", "task.words"], exhaustive=True)

    assert len(found.combinations) == 2 * 2 * 4
    assert len({tuple(each.items()) for each in found.combinations}) == 16
    assert found.combinations[0] == found.base


def test_a_fixed_reading_has_its_value_in_every_combination() -> None:
    found = plan(readings=["envelope"], fixed={"result.item": "object"})

    assert [each["result.item"] for each in found.combinations] == ["object", "object"]
    assert found.base["envelope"] == "showapi"


def test_every_reading_varies_or_is_left_out_with_a_reason() -> None:
    found = WHOLE

    assert {*found.factors, *found.left_out} == set(ALLOWED)
    assert not {*found.factors} & {*found.left_out}
    assert found.left_out == NEVER_SHOWN
    assert set(TOUCHED_BY) <= set(found.factors)


def test_the_usual_drills_exist_and_leave_every_reading_open() -> None:
    known = {each.id: each for each in all_drills()}

    assert [each.id for each in WHOLE.drills] == [each for each in known if each in DEFAULT_DRILLS]
    assert all(not known[each].own_readings for each in DEFAULT_DRILLS)


def test_what_a_drill_sets_itself_is_left_out_and_is_not_run_twice() -> None:
    others = {name: value for name, value in WHOLE.base.items() if name not in NAMED}
    alone = plan(only=["four-pictures"], fixed=others)
    beside = plan(only=["four-pictures", "calm"], readings=["result.count"])

    assert alone.left_out["result.count"] == "drill four-pictures sets it itself"
    runs = [(each.id, each.readings) for each in beside.runs()]
    assert runs == [
        ("calm", {}),
        ("four-pictures", {"result.count": "4"}),
        ("calm", {"result.count": "4"}),
    ]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"readings": ["result.itme"]}, "unknown reading 'result.itme'; did you mean"),
        ({"readings": "result.item"}, "readings must be a list of texts"),
        ({"fixed": {"result.item": "objekt"}}, "reading result.item takes 'string' or 'object'"),
        ({"fixed": {"result.itme": "object"}}, "did you mean 'result.item'?"),
        ({"fixed": ["result.item"]}, "fix must be a table of texts"),
        ({"readings": ["envelope"], "fixed": {"envelope": "bare"}}, "cannot be varied and fixed"),
        ({"readings": ["host.check"]}, "host.check cannot be swept here: every client"),
        ({"fixed": {"picture.lifetime": "unlimited"}}, "picture.lifetime cannot be swept here"),
        ({"only": ["four-pictures"], "readings": ["result.count"]}, "four-pictures sets it itself"),
        ({"only": ["four-pictures"], "fixed": {"result.count": "1"}}, "sets it itself"),
        ({"only": ["clam"]}, "unknown drill 'clam'; did you mean 'calm'?"),
        ({"skip": list(DEFAULT_DRILLS)}, "no drill is left to run"),
        ({"only": ["calm"], "skip": ["calm"]}, "no drill is left to run"),
        ({"exhaustive": True}, "combinations; 10,000 are the most: name fewer with --readings"),
        ({"seed": -1}, "seed must be a whole number from 0 to"),
        ({"seed": True}, "seed must be a whole number"),
        ({"yes": 1}, "yes must be true or false"),
        ({"exhaustive": "yes"}, "exhaustive must be true or false"),
        ({"jobs": 0}, "jobs must be a whole number from 1 to 32"),
    ],
)
def test_a_wrong_order_is_refused_with_what_to_change(options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as error:
        plan(**options)

    assert says in str(error.value)


def test_no_reading_is_left_if_all_are_fixed() -> None:
    shown = {name: value for name, value in DEFAULTS.items() if name not in NEVER_SHOWN}

    with pytest.raises(UsageError, match="no reading is left to vary"):
        plan(fixed=shown)


def test_an_option_that_nobody_knows_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(TypeError, match="unknown option 'reading'; did you mean 'readings'"):
        plan(reading=["envelope"])
    with pytest.raises(TypeError, match="fail_fast"):
        plan(fail_fast=True)
    with pytest.raises(TypeError, match="baseline"):
        plan(baseline="report.json")


def estimate(runs: int, **more: Any) -> Estimate:
    return Estimate(combinations=16, drills=6, runs=runs, **{"jobs": 4, **more})


def test_an_estimate_says_what_takes_how_long() -> None:
    assert estimate(96).text == (
        "16 combinations of readings, 6 drills: 96 runs, 4 at once, perhaps 4 s each: about 1m 36s"
    )
    assert estimate(1000, jobs=1, each_s=10.0, measured=True).text.endswith(
        "1000 runs, one at a time, 10 s each: about 2h 47m"
    )
    assert estimate(60_000, jobs=1).text.endswith("about 2d 19h")


def test_only_a_sweep_of_more_than_ten_minutes_is_long() -> None:
    assert not estimate(int(LONG_S), jobs=4).is_long
    assert estimate(int(LONG_S) + 1, jobs=4).is_long
    assert not estimate(0).is_long


# The settings of a project


def settings_of(folder: Path, text: str, *, has_command: bool = False) -> dict[str, Any]:
    (folder / "pyproject.toml").write_text(text, "utf-8")
    return sweep_settings(folder, has_command=has_command)


REHEARSE = """
[tool.artqr-mock.rehearse]
command = ["node", "client.mjs"]
jobs = 4
only = ["calm"]
repeat = 3
report = "found"
baseline = "main.json"
fail-fast = true
env = {A = "1", B = "2"}
"""


def test_a_sweep_runs_the_client_as_the_rehearsal_does(tmp_path: Path) -> None:
    found = settings_of(tmp_path, REHEARSE)

    assert found == {"command": ["node", "client.mjs"], "jobs": 4, "cwd": tmp_path,
                     "env": {"A": "1", "B": "2"}}  # fmt: skip
    order_of(found)  # raises nothing


def test_its_own_table_wins(tmp_path: Path) -> None:
    found = settings_of(tmp_path, REHEARSE + """
[tool.artqr-mock.sweep]
jobs = 2
only = ["calm", "task-failed"]
readings = ["envelope"]
fix = {"result.item" = "object"}
seed = 3
env = {B = "3"}
report = "swept"
""")  # fmt: skip

    assert (found["jobs"], found["only"], found["seed"]) == (2, ["calm", "task-failed"], 3)
    assert found["env"] == {"A": "1", "B": "3"}
    assert found.pop("report") == tmp_path / "swept"
    assert order_of(found).fixed == {"result.item": "object"}


def test_another_command_takes_no_folder_from_the_file(tmp_path: Path) -> None:
    assert "cwd" not in settings_of(tmp_path, REHEARSE, has_command=True)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("readings = ['envelop']", "readings of tool.artqr-mock.sweep"),
        ("reading = ['envelope']", "unknown setting 'reading'; did you mean 'readings'?"),
        ("fix = {envelope = 'none'}", "reading envelope takes 'showapi' or 'bare'"),
        ("fail-fast = true", "unknown setting 'fail-fast'"),
        ("baseline = 'x'", "unknown setting 'baseline'"),
        ("yes = true", "unknown setting 'yes'"),
        ("token = 'x'", "a token is a secret"),
    ],
)
def test_a_wrong_setting_names_the_table(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        settings_of(tmp_path, f"[tool.artqr-mock.sweep]\n{line}\n")

    assert says in str(error.value)
    assert "tool.artqr-mock.sweep" in str(error.value)
