"""contracts/drills.toml: what it has to say, and what it is told where it is wrong."""

from typing import Any

import pytest

from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal.drills import all_drills, chosen, read_drills
from mock_server.rehearsal.needs import NEEDS
from mock_server.rehearsal.steps import BEFORE_RESTART, STEPS

ROW = {"id": "one", "says": "It happens.", "client": "It copes.", "needs": ["submitted"]}


def refusal_of(*rows: dict[str, Any]) -> str:
    with pytest.raises(UsageError) as refused:
        read_drills(rows)
    return str(refused.value)


def test_every_drill_says_in_sentences_what_happens_and_what_a_good_client_does() -> None:
    for drill in all_drills():
        for sentence in (drill.says, drill.client):
            assert sentence[0].isupper() or sentence.startswith("`"), drill.id
            assert sentence.endswith("."), drill.id


def test_every_drill_has_a_seed_and_at_least_one_text_of_its_own() -> None:
    drills = all_drills()

    assert len({drill.seed for drill in drills}) == len(drills)
    assert all(drill.texts and len(set(drill.texts)) == len(drill.texts) for drill in drills)


def test_every_drill_needs_that_the_client_called_and_was_refused_or_submitted() -> None:
    """A client that reads its list first may stop at a final refusal before it submits."""
    enough = {"submitted", "heard-a-failure"}
    assert [drill.id for drill in all_drills() if not enough & set(drill.needs)] == []


def test_every_drill_with_a_fault_needs_that_it_fired_or_was_heard() -> None:
    """Else a client that the incident never met would pass."""
    met = {"fired", "heard-a-failure"}

    assert [each.id for each in all_drills() if each.faults and not met & set(each.needs)] == []


def test_every_need_and_every_step_is_used_by_a_drill() -> None:
    drills = all_drills()

    of_scenarios = {"met-the-incident"}
    assert {need for drill in drills for need in drill.needs} == set(NEEDS) - of_scenarios
    assert {drill.step for drill in drills} - {None} == set(STEPS)
    assert {drill.before_restart for drill in drills} - {None} == set(BEFORE_RESTART)


def test_drills_that_restart_the_client_run_only_with_the_flag() -> None:
    restarting = {drill.id for drill in all_drills() if drill.restart}

    without = {drill.id for drill in chosen((), (), restartable=False)}
    with_it = {drill.id for drill in chosen((), (), restartable=True)}

    assert restarting
    assert with_it - without == restarting


def test_a_restarting_drill_that_is_asked_for_without_the_flag_is_refused() -> None:
    with pytest.raises(UsageError, match="quota-topped-up restarts the client: add --restartable"):
        chosen(("quota-topped-up",), (), restartable=False)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"need": []}, "drill 'one': unknown member 'need'; did you mean 'needs'?"),
        ({"needs": ["submited"]}, "unknown need 'submited'; did you mean 'submitted'?"),
        ({"step": "kill"}, "unknown step 'kill'"),
        ({"before_restart": "by-credits"}, "did you mean 'buy-credits'?"),
        ({"before_restart": "buy-credits"}, "add that"),
        ({"needs": ["submitted", "restarted"]}, "add restart = true"),
        ({"needs": ["submitted", "fired"]}, "has no fault: add one"),
        ({"needs": "submitted"}, "needs is no list: write it in brackets"),
        ({"says": ""}, "says is missing: add it"),
        ({"texts": []}, "it has no text"),
    ],
)
def test_a_wrong_drill_is_refused_with_what_to_change(change: dict[str, Any], says: str) -> None:
    refusal = refusal_of({**ROW, **change})

    assert refusal.startswith("contracts/drills.toml: drill 'one': ")
    assert says in refusal


def test_a_drill_without_an_id_is_named_by_its_number() -> None:
    row = {name: value for name, value in ROW.items() if name != "id"}

    assert refusal_of(ROW, row) == "contracts/drills.toml: drill 'number 2': id is missing: add it"


def test_two_drills_with_one_id_are_refused() -> None:
    refusal = refusal_of(ROW, ROW)

    assert refusal == (
        "contracts/drills.toml: drill 'one': 2 drills have this id: give each an id of its own"
    )


def test_a_count_stands_for_so_many_texts() -> None:
    (drill,) = read_drills([{**ROW, "count": 2}])

    assert drill.texts == ("https://example.com/1", "https://example.com/2")
