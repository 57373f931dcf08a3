"""What a client did after each error that it met, and whether that was right."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.audit.met_errors import met_error
from mock_server.audit.obligations import NO_RETRY_HELPS, asks_to_wait, is_final
from mock_server.audit.reactions import MOST_CALLS, Reaction, reactions, reactions_json, summary
from mock_server.contract import load_catalogue
from mock_server.domain.call.errors import ClassicRow, ErrorRow, Means
from mock_server.formatting import printable
from mock_server.rehearsal import call_rules
from tests.support.rehearsals import NOTHING_SENT, ONE, TWO, Journal, evidence, late, page_of

TABLES = load_catalogue().errors
LOST: dict[str, Any] = {"sent": NOTHING_SENT}
QUOTA: dict[str, Any] = {"status": 403, "code": "B403MQ"}
BUSY: dict[str, Any] = {"status": 429, "code": "T429PA"}
CLASSIC: dict[str, Any] = {"status": 403, "code": None, "message": "Throttled by API Flow Control"}
GONE: dict[str, Any] = {"status": 504, "code": "D504TO"}
REFUSED: dict[str, Any] = {"status": 450}


def reacted(case: Callable[[Journal], object], **more: Any) -> list[Reaction]:
    """Return the reactions in the calls that `case` adds to a journal."""
    journal = Journal()
    case(journal)
    return reactions(evidence(journal, **more), TABLES)


def only(case: Callable[[Journal], object], **more: Any) -> tuple[str, str]:
    """Return verdict and sentence of the only error that was met."""
    (found,) = reacted(case, **more)
    return found.verdict, found.says


# The same status means different things

SAME_403: list[tuple[dict[str, Any], str]] = [
    (QUOTA, "buy"),
    ({"status": 403, "code": "B403ME"}, "buy"),
    ({"status": 403, "code": "B403MO"}, "buy"),
    ({"status": 403, "code": "A403IS"}, "fix"),
    ({"status": 403, "code": "I403AA"}, "fix"),
    ({"status": 403, "code": "A403IP"}, "stop"),
    (CLASSIC, "wait"),
    ({"status": 403, "code": None, "message": "Quota Exhausted"}, "buy"),
    ({"status": 403, "code": None, "message": "Unauthorized"}, "fix"),
]


@pytest.mark.parametrize(("error", "means"), SAME_403)
def test_the_same_403_means_wait_buy_fix_or_stop(error: dict[str, Any], means: str) -> None:
    (found,) = reacted(lambda journal: journal.submit(0, **error))

    assert (found.error.status, found.error.means) == (403, means)


@pytest.mark.parametrize("row", TABLES.rows.values(), ids=lambda row: row.code)
def test_every_error_row_is_met_with_its_meaning_and_advice(row: ErrorRow) -> None:
    call = Journal().submit(0, status=row.status, code=row.code)

    found = met_error(call, TABLES)

    assert found is not None
    assert (found.code, found.means, found.advice) == (row.code, row.means, row.advice)
    assert not is_final(call) or row.means in (Means.BUY, Means.FIX, Means.STOP)
    assert row.means is not Means.WAIT or asks_to_wait(call)


@pytest.mark.parametrize("row", TABLES.classic.values(), ids=lambda row: row.message)
def test_every_message_of_older_instances_is_met_with_its_meaning(row: ClassicRow) -> None:
    message = row.message.replace("{reason}", "`POST`")
    call = Journal().submit(0, status=row.status, code=None, message=message)

    found = met_error(call, TABLES)

    assert found is not None
    assert found.means == row.means
    assert found.advice
    assert not is_final(call) or row.means in (Means.BUY, Means.FIX, Means.STOP)
    assert row.means is not Means.WAIT or asks_to_wait(call)


def test_what_no_retry_helps_is_in_the_table() -> None:
    messages = {row.message for row in TABLES.rows.values()}

    assert {*TABLES.rows, *TABLES.classic, *messages} >= NO_RETRY_HELPS


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (LOST, "the connection was reset"),
        ({"sent": page_of(502)}, "an answer that is not the API's"),
        ({"status": 418, "code": "Q418XX"}, ""),
    ],
)
def test_a_submit_means_look_and_a_query_wait(error: dict[str, Any], message: str) -> None:
    submit, query = reacted(lambda journal: (journal.submit(0, **error), journal.query(9, **error)))

    assert (submit.error.means, query.error.means) == (Means.LOOK, Means.WAIT)
    assert submit.error.message == message


def test_results_and_pictures_are_no_errors() -> None:
    def case(journal: Journal) -> None:
        journal.finished(0)
        journal.fetch(900, **LOST)

    assert reacted(case) == []


def test_an_answer_with_another_content_type_is_no_error() -> None:
    sent = {**late(0), "what": "altered", "status": 200}

    assert reacted(lambda journal: journal.submit(0, task="t1", sent=sent)) == []


def test_a_failure_of_the_platform_shows_its_own_text() -> None:
    answer = {"showapi_res_code": -1004, "showapi_res_error": "busy", "showapi_res_body": {}}

    def case(journal: Journal) -> None:
        fault = [{"id": 1, "kind": "platform_error"}]
        journal.call(0, "submit_task", {"text": ONE}, answer, None, faults=fault)

    (found,) = reacted(case)

    assert (found.error.code, found.error.message) == ("-1004", "busy")
    assert found.error.means is Means.WAIT


# Wait


@pytest.mark.parametrize("error", [BUSY, CLASSIC, {"status": 503}])
@pytest.mark.parametrize(("pause", "verdict"), [(249, "wrong"), (250, "right")])
def test_a_repetition_has_to_wait(error: dict[str, Any], pause: int, verdict: str) -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, **error)
        journal.submit(pause, task="t1")

    assert only(case) == (verdict, f"repeated the same submit after {pause} ms")


def test_a_client_that_polls_on_after_a_pause_is_right() -> None:
    def case(journal: Journal) -> None:
        journal.query(0, **LOST)
        journal.query(1500, ended=True)

    assert only(case) == ("right", "polled on after 1.5 s")


def test_polling_on_at_once_after_a_lost_answer_breaks_no_rule() -> None:
    def case(journal: Journal) -> None:
        journal.query(0, **LOST)
        journal.query(30, ended=True)

    assert only(case)[0] == "unclear"


def test_giving_up_is_nobodys_fault() -> None:
    assert only(lambda journal: journal.submit(0, **BUSY)) == ("unclear", "made no further call")


def test_a_jump_of_the_clock_is_a_pause() -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, jumped_ms=0, **BUSY)
        journal.submit(5, task="t1", jumped_ms=60_000)

    assert only(case)[0] == "right"


def test_too_many_tries_are_wrong_however_slow_they_are() -> None:
    def case(journal: Journal) -> None:
        for number in range(12):
            journal.submit(number * 1000, **BUSY)

    verdict, says = only(case)

    assert verdict == "wrong"
    assert "more than 10 times in a row" in says


# Buy, fix, stop


@pytest.mark.parametrize("error", [error for error, means in SAME_403 if means != "wait"][:5])
def test_a_client_stops_at_a_final_refusal(error: dict[str, Any]) -> None:
    def goes_on(journal: Journal) -> None:
        for number in range(4):
            journal.submit(number * 1000, f"{ONE}/{number}", **error)

    assert only(lambda journal: journal.submit(0, **error)) == ("right", "made no further call")
    assert only(goes_on) == ("wrong", "made 3 more calls")


def test_calls_that_were_under_way_are_no_fault() -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, ONE, sent={**late(500), "status": 403}, **QUOTA)
        journal.submit(10, TWO, sent={**late(500), "status": 403}, **QUOTA)
        journal.submit(600, f"{TWO}/2", **QUOTA)

    assert only(case)[0] == "unclear"


def test_if_calls_succeed_after_a_refusal_somebody_else_bought_a_package() -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, **QUOTA)
        for number in range(4):
            journal.submit(1000 + number, f"{ONE}/{number}", task=f"t{number}")

    assert only(case) == ("unclear", "made 4 more calls, and not all of them were refused")


def test_a_refused_submit_is_not_sent_again_unchanged() -> None:
    def again(journal: Journal) -> None:
        journal.submit(0, **REFUSED)
        journal.submit(900, **REFUSED)

    def changed(journal: Journal) -> None:
        journal.submit(0, **REFUSED)
        journal.submit(900, TWO, task="t1")

    assert only(again) == ("wrong", "repeated the same submit after 900 ms (1 of 2 times)")
    assert only(changed) == ("right", "did not send it again")
    assert only(again, copies=2)[0] != "wrong"


def test_a_client_that_is_started_again_may_try_again() -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, **QUOTA)
        journal.submit(900, **QUOTA)
        journal.submit(1900, TWO, **QUOTA)

    assert only(case, restarted_after=1) != ("wrong", "made 2 more calls")


# Look


@pytest.mark.parametrize("error", [LOST, GONE])
def test_a_client_that_looks_before_it_submits_again_is_right(error: dict[str, Any]) -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, **error)
        journal.list(400)
        journal.submit(1200, task="t1")

    assert only(case) == ("right", "read the list, then submitted again after 1.2 s")


@pytest.mark.parametrize("error", [LOST, GONE])
def test_a_client_that_does_not_look_is_wrong(error: dict[str, Any]) -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, **error)
        journal.submit(1200, task="t1")

    assert only(case) == ("wrong", "submitted again after 1.2 s, without a look at the list")
    assert only(case, copies=2)[0] == "unclear"


def test_a_page_of_many_is_too_little() -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, task="t1", **LOST)
        journal.list(400, ["t9"], pages=3)
        journal.submit(1200, task="t2")

    assert only(case)[0] == "wrong"
    assert only(case)[1].endswith("had read too little of the list")


def test_the_task_that_was_found_is_taken_up() -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, task="t1", **LOST)
        journal.list(400, ["t1"])
        journal.query(900, "t1", ended=True)

    assert only(case) == ("right", "read the list, and took up the task")


def test_who_does_nothing_after_a_lost_submit_is_not_accused() -> None:
    assert only(lambda journal: journal.submit(0, **LOST)) == ("unclear", "made no further call")


def test_a_day_later_the_same_submit_is_another_wish() -> None:
    def case(journal: Journal) -> None:
        journal.submit(0, **LOST)
        journal.submit(9_000_000, task="t1")

    assert only(case)[0] == "unclear"


# Rows


def test_a_row_is_as_wrong_as_its_worst_step_and_names_those_calls_first() -> None:
    def case(journal: Journal) -> None:
        journal.query(0, status=503)
        journal.query(1000, status=503)
        journal.query(1020)

    (found,) = reacted(case)

    assert (found.verdict, found.met, found.calls) == ("wrong", 2, (2, 1))
    assert found.says == "polled on after 20 ms (1 of 2 times)"


def test_a_row_names_a_bounded_number_of_calls() -> None:
    (found,) = reacted(
        lambda journal: [journal.query(n * 1000, f"t{n}", status=503) for n in range(300)]
    )

    assert found.met == 300
    assert len(found.calls) == MOST_CALLS


def test_what_a_client_sent_is_made_harmless() -> None:
    def case(journal: Journal) -> None:
        body = {"ret_code": -1, "remark": "style\x1b[31m" + "x" * 500}
        journal.call(0, "submit_task", {"text": ONE}, body, None, status=450)

    (row,) = reactions_json(reacted(case), printable)

    assert "\x1b" not in row["message"]
    assert len(row["message"]) < 100
    assert (row["code"], row["means"]) == ("-1", "fix")


def test_a_summary_counts_the_verdicts() -> None:
    found = reacted(lambda journal: (journal.submit(0, **QUOTA), journal.query(900)))

    assert summary(found) == "1 error met: 0 right, 0 wrong, 1 unclear"


# The rules of the rehearsal

ERRORS: list[dict[str, Any]] = [
    {},
    LOST,
    BUSY,
    QUOTA,
    GONE,
    REFUSED,
    CLASSIC,
    {"status": 503},
    {"sent": page_of(502)},
]
CALLS = st.tuples(
    st.sampled_from(["submit", "query", "list"]),
    st.sampled_from([0, 5, 100, 240, 260, 1000]),
    st.sampled_from(ERRORS),
    st.sampled_from([ONE, TWO]),
)


@given(
    calls=st.lists(CALLS, max_size=14),
    copies=st.integers(1, 2),
    restarted_after=st.sampled_from([None, 4]),
)
@settings(max_examples=200, deadline=None)
def test_nothing_is_wrong_that_no_rule_of_the_rehearsal_forbids(
    calls: list[Any], copies: int, restarted_after: int | None
) -> None:
    journal, at = Journal(), 0
    for number, (what, pause, error, text) in enumerate(calls):
        at += pause
        if what == "submit":
            is_made = "status" not in error
            journal.submit(at, text, task=f"t{number}" if is_made else None, **error)
        elif what == "query":
            journal.query(at, f"of {text}", **error)
        else:
            journal.list(at, **error)
    shown = evidence(journal, copies=copies, restarted_after=restarted_after)

    bad = [each for each in reactions(shown, TABLES) if each.verdict == "wrong"]

    broken = [
        rule(shown) for rule in (call_rules.stops, call_rules.looks_first, call_rules.backs_off)
    ]
    assert not bad or any(broken), bad
