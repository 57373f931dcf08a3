"""The rules on a receiver, on evidence that is made by hand."""

from typing import Any

import pytest

from mock_server.rehearsal.receivers import rules
from mock_server.rehearsal.receivers.belief import Belief
from mock_server.rehearsal.receivers.rules import RULES, unmet
from mock_server.rehearsal.verdicts import DrillResult, Verdict, judge
from tests.support.receiver_evidence import PATH, TASK, TRUE, attempt, evidence
from tests.support.rehearsals import Journal


def verdict(*attempts: dict[str, Any], **more: Any) -> DrillResult:
    return judge(evidence(*attempts, **more), {}, RULES, unmet)


def broken(*attempts: dict[str, Any], **more: Any) -> list[str]:
    """Return the rules that are broken, notes apart."""
    return [each.rule.id for each in verdict(*attempts, **more).counted]


def fetches(*paths: str, **more: Any) -> dict[str, Any]:
    """Return the calls of a receiver that fetches pictures."""
    journal = Journal()
    for number, path in enumerate(paths):
        journal.fetch(number * 10, path=path, **more)
    return {"calls": tuple(journal.calls)}


def test_a_receiver_that_does_all_right_passes() -> None:
    result = verdict(must_know=True, **fetches(PATH))

    assert (result.verdict, result.reasons) == (Verdict.PASS, ())


@pytest.mark.parametrize(
    ("status", "genuine", "changed"),
    [
        (200, [], []), (204, [], []), (400, ["acknowledges"], []), (415, ["acknowledges"], []),
        (301, ["answers"], ["answers"]), (500, ["answers"], ["answers"]),
        (503, ["answers"], ["answers"]), (None, ["answers"], ["answers"]),
    ],
)  # fmt: skip
def test_the_status_is_judged_by_what_was_sent(
    status: int | None, genuine: list[str], changed: list[str]
) -> None:
    kind, answers = "callback_malformed", "2xx or 4xx"

    assert broken(attempt(status)) == genuine
    assert broken(attempt(status), fault=kind, answers=answers) == changed
    # What is sent again is genuine.
    assert broken(attempt(), attempt(status), fault=kind, answers=answers) == genuine


def test_an_answer_that_the_sender_did_not_wait_for_is_not_missed() -> None:
    assert broken(attempt(None), attempt(), fault="callback_unheard", answers="none") == []
    assert broken(attempt(None), fault=None, answers="none") == ["answers"]


def test_a_receiver_that_is_gone_is_told_from_one_that_hangs_up() -> None:
    gone, hangs_up = (
        rules.answers(evidence(attempt(None, **more))) for more in ({"request": None}, {})
    )

    assert gone is not None
    assert gone.says.startswith("Nothing listens for the callback of task t1 any more")
    assert hangs_up is not None
    assert hangs_up.says.startswith("It gave no answer to the callback of task t1")


@pytest.mark.parametrize("status", [200, None])
def test_time_is_judged_without_the_time_of_the_sender(status: int | None) -> None:
    slow = attempt(status, duration_ms=5001)
    drips = [{"kind": "callback_dripped", "lasts_ms": 1000}]

    assert broken(slow) == ["answers-in-time"]
    assert broken(attempt(duration_ms=5000)) == []
    assert broken(attempt(duration_ms=5900), ordered=drips) == []


@pytest.mark.parametrize(
    ("belief", "must_know", "rule"),
    [
        ({"status": "failed"}, False, "knows-the-truth"),
        ({"status": "open"}, True, "knows-the-truth"),
        ({"status": "unknown"}, True, "knows-the-truth"),
        ({"status": "open"}, False, None),
        ({"orders": 2}, True, "works-once"),
        ({"orders": 0}, True, None),
        ({"links": ("http://127.0.0.1:1/pictures/a/t2/1.png",)}, True, "keeps-true-results"),
        ({"links": (f"https://elsewhere{PATH}?signed=1",)}, True, None),
        ({"links": ()}, True, "keeps-true-results"),
        ({"files": ("a.png", "b.png")}, True, None),
        ({"files": ()}, True, "keeps-true-results"),
    ],
)
def test_what_is_known_is_compared_with_the_truth(
    belief: dict[str, Any], must_know: bool, rule: str | None
) -> None:
    told = Belief(**{"task_id": "t1", "status": "succeeded", "orders": 1, **belief})

    assert broken(after={"t1": told}, must_know=must_know) == ([rule] if rule else [])


def test_a_failure_taken_for_a_success_and_work_for_it_are_breaches() -> None:
    failed = {"t1": {**TASK, "status": "failed", "pictures": []}}

    assert broken(tasks=failed) == ["knows-the-truth", "works-once"]


def test_work_for_a_task_that_does_not_exist_is_a_breach() -> None:
    sent = attempt(named="t9")
    known = evidence(sent)
    told = Belief(task_id="t9", status="open", orders=1)

    assert known.invented_ids == ["t9"]
    assert broken(sent, after={"t1": TRUE, "t9": told}) == ["works-once"]


def test_orders_that_were_there_before_do_not_count() -> None:
    before = {"t1": Belief(task_id="t1", status="open", orders=1)}
    after = {"t1": Belief(task_id="t1", status="succeeded", orders=2)}

    assert broken(before=before, after=after) == []


def test_the_content_of_files_is_compared_with_the_pictures() -> None:
    told = {"t1": Belief(task_id="t1", status="succeeded", orders=1, files=("a.png",))}
    pictures = {"t1": [b"right"]}

    assert broken(after=told, files={"a.png": b"right"}, pictures=pictures) == []
    assert broken(after=told, files={"a.png": b"wrong"}, pictures=pictures) == [
        "keeps-true-results"
    ]


def test_downloads_are_judged_by_their_links() -> None:
    assert broken(**fetches(PATH, PATH)) == ["fetches-once"]
    assert broken(**fetches("/pictures/a/1t/1.png")) == ["trusts-no-link"]
    assert broken(**fetches(PATH, PATH, status=404)) == []


def test_without_an_oracle_only_whole_downloads_let_a_delivery_pass() -> None:
    unseen = {"has_oracle": False, "after": {}}

    seen = verdict(must_know=True, **unseen, **fetches(PATH))
    nothing = verdict(must_know=True, **unseen)
    doubtful = verdict(**unseen, **fetches(PATH))

    assert seen.verdict is Verdict.PASS
    assert nothing.reasons == ("nothing shows what the receiver did: it fetched 0 of 1 picture; "
                               "add --oracle",)  # fmt: skip
    assert doubtful.reasons == ("nothing shows what the receiver did: add --oracle",)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"after": {}}, "the oracle says nothing of task t1"),
        ({"untold": "it ended with exit code 1", "after": {}}, "the oracle: it ended"),
        ({"before": {"t1": TRUE}}, "the oracle said succeeded before anything was delivered"),
        ({"faults": ({"kind": "callback_huge", "hits": 0},)}, "callback_huge met no callback"),
        ({"callbacks": ()}, "no callback was sent"),
    ],
)
def test_what_cannot_be_known_lets_no_delivery_pass(more: dict[str, Any], reason: str) -> None:
    result = verdict(**more)

    assert result.verdict is Verdict.INCONCLUSIVE
    assert reason in result.reasons[0]


def test_a_repeated_callback_needs_the_number_of_orders() -> None:
    told = {"t1": Belief(task_id="t1", status="succeeded")}

    assert verdict(after=told).verdict is Verdict.PASS
    assert verdict(attempt(), attempt(), after=told).reasons == (
        "the oracle does not say how many orders there are for the task",
    )


def test_a_long_answer_is_only_noted() -> None:
    result = verdict(attempt(said="x" * 4096))

    assert result.verdict is Verdict.PASS
    assert [each.rule.id for each in result.broken] == ["answers-briefly"]
