"""The verdict of a drill: what fails it, what does not, and what several runs come to."""

import pytest

from mock_server.rehearsal.rules import RULES
from mock_server.rehearsal.verdicts import DrillResult, Verdict, judge, of_repeats
from tests.support.rehearsals import ONE, Journal, drill, ended, evidence, succeeded

# The drill cannot say anything of a client that never passes a call_back.
CALLED_BACK = drill(needs=("submitted", "calls-back"))


def one_result(*, copies: int = 1, queries: int = 1) -> Journal:
    """Return the calls of a client that has its picture; more of them break rules."""
    journal = Journal()
    for number in range(copies):
        journal.submit(number * 1000, ONE, task=f"t{number}")
    for number in range(queries):
        journal.query(5000 + number * 1000, "t0", ended=True)
    journal.fetch(9000, "t0")
    journal.tasks["t0"] |= succeeded("t0")
    return journal


def test_a_drill_whose_needs_are_met_passes_without_a_breach() -> None:
    assert judge(evidence(one_result()), {}).verdict is Verdict.PASS


def test_a_drill_whose_needs_are_not_met_is_inconclusive_with_the_reason() -> None:
    result = judge(evidence(one_result(), drill=CALLED_BACK), {})

    assert result.verdict is Verdict.INCONCLUSIVE
    assert result.reasons == ("it passed no call_back",)


def test_a_breach_fails_a_drill_whether_or_not_its_needs_are_met() -> None:
    result = judge(evidence(one_result(copies=2), drill=CALLED_BACK), {})

    assert result.verdict is Verdict.FAIL
    assert [each.rule.id for each in result.counted] == ["one-intent-one-task"]


def test_a_waived_rule_is_judged_and_fails_nothing() -> None:
    result = judge(evidence(one_result(copies=2)), {"one-intent-one-task": "agreed"})

    assert result.verdict is Verdict.PASS
    assert [(each.rule.id, each.waived) for each in result.broken] == [
        ("one-intent-one-task", "agreed")
    ]
    assert result.wasted == {}


def test_a_note_is_kept_and_fails_nothing() -> None:
    result = judge(evidence(one_result(queries=2)), {})

    assert result.verdict is Verdict.PASS
    assert [each.breach.is_note for each in result.broken] == [True]
    assert judge(evidence(one_result(queries=3)), {}).verdict is Verdict.FAIL


def test_a_charge_that_two_rules_lament_is_wasted_once() -> None:
    journal = Journal()
    journal.submit(0, ONE, task="t1")
    journal.submit(1000, ONE, task="t2")
    wrong = [{"call": 2, "id": "encoded-twice", "severity": "error", "says": "It is wrong."}]

    result = judge(evidence(journal, ended=ended(1), findings=wrong), {})

    assert [each.rule.id for each in result.counted] == ["one-intent-one-task", "well-formed"]
    assert result.wasted == {2: 28}


PASS = judge(evidence(one_result()), {})
FAIL = judge(evidence(one_result(copies=2)), {})
NOTHING = judge(evidence(one_result(), drill=CALLED_BACK), {})


@pytest.mark.parametrize(
    ("runs", "verdict"),
    [
        ([PASS, PASS], Verdict.PASS),
        ([FAIL, FAIL], Verdict.FAIL),
        ([NOTHING, NOTHING], Verdict.INCONCLUSIVE),
        ([PASS, FAIL], Verdict.FLAKY),
        ([PASS, NOTHING], Verdict.FLAKY),
        ([NOTHING, FAIL], Verdict.FLAKY),
    ],
)
def test_a_drill_whose_verdicts_differ_is_flaky(runs: list[DrillResult], verdict: Verdict) -> None:
    assert of_repeats(runs).verdict is verdict
    assert of_repeats(runs[::-1]).verdict is verdict


def test_a_flaky_drill_shows_its_worst_run_and_every_verdict() -> None:
    result = of_repeats([PASS, FAIL, PASS])

    assert [each.rule.id for each in result.counted] == ["one-intent-one-task"]
    assert result.others == (Verdict.PASS, Verdict.FAIL)
    assert of_repeats([PASS, NOTHING]).reasons == NOTHING.reasons


def test_every_rule_has_a_name_of_its_own_and_says_what_to_do() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        for text in (rule.says, rule.advice, rule.price):
            assert text.endswith(".")
            assert text.isascii()
