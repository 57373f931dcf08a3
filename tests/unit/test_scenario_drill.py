"""Scenarios as drills of a rehearsal."""

from pathlib import Path

import pytest

from mock_server import contract
from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal.drill import RATE, TEXTS, Drill
from mock_server.rehearsal.scenario_drill import MOST_TEXTS, scenario_drills

HEAD = 'says = "It fails."\nclient = "It waits."\n'


def drill_of(folder: Path, text: str, name: str = "mine.toml") -> Drill:
    file = folder / name
    file.write_text(HEAD + text, "utf-8")
    return scenario_drills([str(file)])[0]


@pytest.mark.parametrize("name", contract.scenarios())
def test_every_shipped_scenario_is_a_drill(name: str) -> None:
    drill = scenario_drills([name])[0]

    assert drill.id == f"scenario-{name}"
    assert drill.scenario is not None
    assert drill.scenario["clock"]["rate"] == RATE
    assert drill.scenario["clock"]["frozen"] is False
    assert not drill.must_succeed


def test_the_client_is_asked_for_enough_texts_to_meet_the_last_failure(tmp_path: Path) -> None:
    fault = '[[faults]]\nkind = "reset"\noperation = "{}"\nafter = 6\nfirst = {}\n'

    assert drill_of(tmp_path, fault.format("submit_task", 2)).texts[:3] == TEXTS
    assert len(drill_of(tmp_path, fault.format("submit_task", 2)).texts) == 9
    assert len(drill_of(tmp_path, fault.format("submit_task", 900)).texts) == MOST_TEXTS
    assert len(drill_of(tmp_path, fault.format("query_task", 2)).texts) == 3


def test_only_a_scenario_with_an_incident_needs_that_it_was_met(tmp_path: Path) -> None:
    tasks = '[[faults]]\nkind = "task_order"\nlasts_ms = 9\n'

    assert drill_of(tmp_path, tasks).needs == ("submitted",)
    assert drill_of(tmp_path, '[[faults]]\nkind = "reset"\n').needs == (
        "submitted",
        "met-the-incident",
    )


def test_wrong_scenarios_are_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'arrears'"):
        scenario_drills(["arears"])
    with pytest.raises(UsageError, match="two scenarios are called arrears: rename one"):
        scenario_drills(["arrears", "arrears"])
    with pytest.raises(UsageError, match="cannot read"):
        scenario_drills([str(tmp_path / "none.toml")])
