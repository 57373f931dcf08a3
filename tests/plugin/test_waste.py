"""`assert_no_waste`: it passes, or fails with the calls and the reason of each."""

from collections.abc import Callable

import pytest

from mock_server.audit.history import History
from mock_server.testing import World
from mock_server.testing.bill import AccountBill
from mock_server.testing.calls import Calls
from tests.support.rehearsals import NOTHING_SENT, Journal


def bill_of(case: Callable[[Journal], object]) -> AccountBill:
    """Return the bill of the calls that `case` adds to a journal."""
    journal = Journal()
    case(journal)
    calls = [each.call for each in journal.calls]
    history = History.of_account(calls, journal.tasks.values())
    return AccountBill(raw={}, calls=Calls(calls), history=history)


def retried(journal: Journal) -> None:
    journal.submit(0, task="t0", sent=NOTHING_SENT)
    journal.finished(100)
    journal.query(5000, ended=True)


def test_a_client_that_wasted_nothing_passes() -> None:
    bill_of(lambda journal: journal.finished(0)).assert_no_waste()


def test_the_failure_says_what_was_wasted_and_by_which_calls() -> None:
    with pytest.raises(AssertionError) as failure:
        bill_of(retried).assert_no_waste()

    text = str(failure.value)
    assert text.startswith(
        "2 charges wasted. 2 submits, 1 intent, 2 wasted, 0.56 yuan: duplicate-submit call 1; "
        "poll-after-the-end call 5.\n"
        "  call 1 (submit_task) duplicate-submit: Call 2 made a task of the same intent: one task "
        "was wanted.\n"
    )
    assert "5 calls, 4 charged, 1.12 yuan" in text


def test_only_the_named_classes_count() -> None:
    bill = bill_of(retried)

    bill.assert_no_waste("orphan", "poll-before-the-end")
    with pytest.raises(AssertionError, match=r"1 charge wasted.*duplicate-submit call 1\."):
        bill.assert_no_waste("duplicate-submit")
    with pytest.raises(ValueError, match=r"unknown class 'duplicate'.*duplicate-submit"):
        bill.assert_no_waste("duplicate")
    with pytest.raises(ValueError, match="unknown class 'useful'"):
        bill.assert_no_waste("useful")


def test_copies_are_wanted_as_the_test_says() -> None:
    def twice(journal: Journal) -> None:
        journal.finished(0)
        journal.submit(3000, task="t2")

    bill = bill_of(twice)

    bill.assert_no_waste()  # the first one was delivered
    bill.assert_no_waste(copies=2)
    with pytest.raises(AssertionError, match="duplicate-submit call 4"):
        bill.assert_no_waste(copies=1)
    with pytest.raises(ValueError, match="at least one"):
        bill.assert_no_waste(copies=0)


def test_the_bill_of_a_world_is_explained(artqr: World) -> None:
    fields = {"text": "https://example.com", "style_id": "food_fryrice"}
    artqr.submit(fields)
    artqr.submit(fields)

    explained = artqr.bill.explained()

    last = artqr.calls[-1].id
    assert explained.sentence == (
        f"2 submits, 1 intent, 1 wasted, 0.28 yuan: duplicate-submit call {last}."
    )
    assert {each.intent for each in explained.charges} == {"https://example.com (food_fryrice)"}
