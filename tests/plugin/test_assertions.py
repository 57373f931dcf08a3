"""The assertions: each can pass, and each can fail with a message that shows the calls."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from mock_server.audit.records import RecordedCall
from mock_server.domain.usage_errors import UsageError
from mock_server.testing.bill import AccountBill
from mock_server.testing.calls import Calls

FORM = [["Content-Type", "application/x-www-form-urlencoded"]]


def call(number: int, **facts: Any) -> RecordedCall:
    """Return a journalled call, one second after the one before it."""
    plain = {
        "id": number, "at": 1_700_000_000_000 + number * 1000, "operation": "submit_task",
        "method": "POST", "path": "/submitTask", "status": 200, "error_code": None, "charged": True,
        "fen": 28, "reason": "HTTP 200 costs one credit", "task_id": f"t{number}", "findings": [],
        "faults": [], "sent": None,
        "request": {"headers": FORM, "body": "text=a&style_id=b", "encoding": "utf-8"},
        "answer": {"headers": [], "body": "", "encoding": "utf-8"},
    }  # fmt: skip
    return RecordedCall.of({**plain, **facts})


def failed(number: int, at_s: float, status: int = 503, **facts: Any) -> RecordedCall:
    """Return a call with a failure, so many seconds after the first call."""
    at = 1_700_000_000_000 + round(at_s * 1000)
    return call(number, at=at, status=status, charged=False, task_id=None, **facts)


def throttled(message: str) -> dict[str, Any]:
    """Return the answer of an older gateway to a throttled call."""
    return {"headers": [["X-Ca-Error-Message", message]], "body": "", "encoding": "utf-8"}


@pytest.mark.parametrize(
    "calls",
    [
        [failed(1, 0), failed(2, 1), failed(3, 3), call(4, at=1_700_000_007_000)],
        [failed(1, 0, 429)],
        [failed(1, 0, 403, answer=throttled("Throttled by API Flow Control")), failed(2, 1, 450)],
        [failed(1, 0), call(2, at=1_700_000_009_000), failed(3, 9.1), failed(4, 10.1)],
    ],
)
def test_a_client_that_waits_ever_longer_has_backed_off(calls: list[RecordedCall]) -> None:
    Calls(calls).assert_backed_off("1s")


@pytest.mark.parametrize(
    ("calls", "says"),
    [
        ([failed(1, 0), failed(2, 0.9)], "again 0.9s after an answer 503, not 1s or more"),
        (
            [failed(1, 0, 429), failed(2, 2), failed(3, 3)],
            "after an answer 503, not 1.9s or more",
        ),
        ([failed(1, 0, 403, answer=throttled("Throttled by x")), failed(2, 0)], "answer 403"),
        ([call(1), call(2)], "nothing to back off from"),
        ([failed(1, 0, 403), failed(2, 0, 450)], "nothing to back off from"),
    ],
)
def test_a_client_that_hurries_has_not(calls: list[RecordedCall], says: str) -> None:
    with pytest.raises(AssertionError, match=says) as caught:
        Calls(calls).assert_backed_off("1s")

    assert "time      call" in str(caught.value)


def test_pauses_can_have_to_grow_by_a_factor() -> None:
    calls = Calls([failed(1, 0), failed(2, 1.004), failed(3, 2.504)])

    calls.assert_backed_off("1s", factor=1.5)
    with pytest.raises(AssertionError, match=r"1\.5s after an answer 503, not 2s or more"):
        calls.assert_backed_off("1s", factor=2)


def test_an_intent_is_what_is_asked_for_in_whatever_form() -> None:
    as_json = {"headers": [], "body": '{"style_id":"b","text":"a"}', "encoding": "utf-8"}
    with pytest.raises(AssertionError, match="submitted 2 times") as caught:
        Calls([call(1), call(2, request=as_json)]).assert_no_duplicate_submits()

    assert "style_id='b', text='a'" in str(caught.value)


def test_a_submit_that_failed_and_cost_nothing_may_be_tried_again() -> None:
    other = {"headers": FORM, "body": "text=other", "encoding": "utf-8"}

    Calls([failed(1, 0), call(2), call(3, request=other)]).assert_no_duplicate_submits()


def test_a_refusal_that_cost_a_credit_counts_as_paid() -> None:
    with pytest.raises(AssertionError, match="submitted 2 times"):
        Calls([call(1, task_id=None), call(2, task_id=None)]).assert_no_duplicate_submits()


@pytest.mark.parametrize(
    ("finding", "severity", "fails"),
    [
        ({"id": "x", "severity": "error", "says": "wrong"}, "error", True),
        ({"id": "x", "severity": "advice", "says": "meh"}, "error", False),
        ({"id": "x", "severity": "advice", "says": "meh"}, "advice", True),
        ({"id": "x", "severity": "warning", "says": "hm"}, "warning", True),
        ({"id": "x", "says": "no severity is an error"}, "error", True),
        ({"id": "x", "severity": "a new word"}, "error", True),
    ],
)
def test_findings_count_from_a_severity_up(
    finding: dict[str, Any], severity: str, fails: bool
) -> None:
    calls = Calls([call(1, findings=[finding])])
    if not fails:
        calls.assert_no_findings(severity)
        return
    with pytest.raises(AssertionError, match="1 finding in the requests"):
        calls.assert_no_findings(severity)


def test_a_finding_is_shown_with_its_place_and_what_to_send_instead() -> None:
    finding = {"id": "type", "severity": "error", "at": "/text", "says": "no text",
               "sent": 3, "instead": "a text"}  # fmt: skip
    with pytest.raises(AssertionError) as caught:
        Calls([call(1, findings=[finding])]).assert_no_findings()

    assert "error type (submit_task): /text: no text; sent 3; send instead: a text" in str(
        caught.value
    )
    assert "! type" in str(caught.value)


def test_a_severity_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="valid: error, warning, advice"):
        Calls([]).assert_no_findings("bad")


def test_counts_and_money_are_compared_and_shown() -> None:
    calls = Calls([call(1), call(2), failed(3, 9)])
    bill = AccountBill(raw={"charges": 2, "fen": 56, "balance": 1, "packages": []}, calls=calls)

    bill.assert_yuan(0.56)
    bill.assert_at_most_yuan("0.56")
    calls.assert_count(3, "submit_task")
    wrongs: list[tuple[Callable[[], None], str]] = [
        (lambda: bill.assert_charges(1), "expected 1 charged, found 2"),
        (lambda: bill.assert_yuan("0.28"), "expected 0.28 yuan, found 0.56"),
        (lambda: bill.assert_at_most_yuan(0.5), "expected at most 0.50 yuan, found 0.56"),
        (lambda: calls.assert_count(1), "expected 1 calls, found 3"),
        (lambda: calls.assert_count(1, "query_task"), "expected 1 query_task calls, found 0"),
    ]
    for wrong, says in wrongs:
        with pytest.raises(AssertionError, match=says) as caught:
            wrong()
        assert "3 calls, 2 charged, 0.56 yuan" in str(caught.value)
    with pytest.raises(ValueError, match="write one such as"):
        bill.assert_yuan("much")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("sumbit_task", "did you mean 'submit_task'"),
        ("submitTask", "did you mean 'submit_task'"),
        ("/queryTask", "did you mean 'query_task'"),
        ("x", "unknown operation 'x'; valid: submit_task, list_tasks, query_task"),
        ("", "valid: submit_task"),
    ],
)
def test_an_operation_that_is_none_is_refused(name: str, says: str) -> None:
    calls = Calls([call(1)])
    wrongs: list[Callable[[], object]] = [
        lambda: calls.assert_count(0, name),
        lambda: calls.assert_backed_off(operation=name),
        lambda: calls.of(name),
    ]
    for wrong in wrongs:
        with pytest.raises(ValueError, match=says):
            wrong()


def test_what_is_no_operation_is_called_by_its_method_and_path() -> None:
    Calls([call(1, operation=None, path="/x")]).assert_count(1, "POST /x")


def test_pauses_that_cannot_be_are_refused() -> None:
    for factor in (0.5, math.nan, math.inf):
        with pytest.raises(ValueError, match="a factor of 1 or more"):
            Calls([]).assert_backed_off("1s", factor=factor)
    with pytest.raises(UsageError, match="'1' is not a duration: write a number with a unit"):
        Calls([]).assert_backed_off(1)  # type: ignore[arg-type]


def test_an_amount_that_is_none_is_refused() -> None:
    bill = AccountBill(raw={"charges": 0, "fen": 0, "balance": 1, "packages": []}, calls=Calls([]))
    for amount in ("nan", math.inf, "much"):
        with pytest.raises(ValueError, match="is not an amount of yuan"):
            bill.assert_at_most_yuan(amount)


def test_of_very_many_calls_the_latest_are_shown() -> None:
    shown = repr(Calls([call(number) for number in range(1, 101)]))

    assert "... 60 earlier calls ..." in shown
    assert "task t100" in shown
    assert "task t60\n" not in shown
    assert repr(Calls([])) == "no call was made with the credentials of this world"
