"""The rule on a client's receiver of callbacks."""

from typing import Any

import pytest

from mock_server.rehearsal.callback_rules import receives
from tests.support.rehearsals import BEGIN, Journal, callback, drill, ended, evidence

FORGED = "http://127.0.0.1:1/pictures/a/decoy/1.png"


def told() -> Journal:
    """Return the calls of a client that knows of its task."""
    journal = Journal()
    journal.submit(0, task="t1")
    return journal


def breaks(given: dict[str, Any], journal: Journal | None = None, **more: Any) -> bool:
    return receives(evidence(journal or told(), callbacks=[given], **more)) is not None


@pytest.mark.parametrize(
    ("status", "broken"), [(200, False), (204, False), (302, True), (400, True), (500, True)]
)
def test_a_genuine_callback_is_answered_with_2xx(status: int, broken: bool) -> None:
    assert breaks(callback(1000, status)) == broken


@pytest.mark.parametrize("kind", ["callback_malformed", "callback_forged", "callback_unknown_task"])
@pytest.mark.parametrize("status", [400, 404])
def test_a_callback_that_lies_may_be_refused(kind: str, status: int) -> None:
    assert not breaks(callback(1000, status, fault=kind))


@pytest.mark.parametrize("kind", ["callback_malformed", "callback_forged", "callback_crossed"])
def test_no_receiver_fails_on_a_callback_that_lies(kind: str) -> None:
    assert breaks(callback(1000, 500, fault=kind))
    assert not breaks(callback(1000, None, fault=kind)), "it may hang up on a stranger"


@pytest.mark.parametrize("kind", ["callback_late", "callback_duplicate", "callback_reordered"])
def test_a_genuine_callback_is_genuine_whenever_it_comes(kind: str) -> None:
    assert breaks(callback(1000, 500, fault=kind))


def test_a_task_that_the_client_does_not_know_yet_may_get_404_but_not_500() -> None:
    journal = Journal()
    answered_late = {"what": "whole", "status": 200, "left_after_ms": None, "late_ms": 500}
    journal.submit(0, task="t1", sent={**answered_late, "lasts_ms": 0, "end": "keep", "bytes": 0})

    assert not breaks(callback(200, 404), journal)
    assert breaks(callback(200, 500), journal)
    assert breaks(callback(900, 404), journal)


def test_a_callback_of_no_task_of_the_account_is_not_judged() -> None:
    assert not breaks(callback(1000, 500, task="t9"))


@pytest.mark.parametrize(("lasted", "broken"), [(5000, False), (5001, True)])
def test_five_seconds_are_the_most(lasted: int, broken: bool) -> None:
    assert breaks(callback(8000, 200, lasted=lasted)) == broken


@pytest.mark.parametrize(("ended_at", "broken"), [(5900, False), (6100, True)])
def test_a_callback_is_not_awaited_of_a_client_that_has_ended(ended_at: int, broken: bool) -> None:
    """The attempt began at 1000 and was given up at 11,000."""
    how = ended(0, ended_at=BEGIN + ended_at)

    assert breaks(callback(11_000, None, lasted=10_000), ended=how) == broken


@pytest.mark.parametrize(("ended_at", "broken"), [(500, False), (1900, False), (2100, True)])
def test_a_receiver_that_is_not_there_counts_while_the_client_runs_on(
    ended_at: int, broken: bool
) -> None:
    how = ended(0, ended_at=BEGIN + ended_at)

    assert breaks(callback(1000, None, request=None), ended=how) == broken
    assert breaks(callback(1000, None), ended=how) == broken


def test_a_receiver_may_be_closed_once_a_query_has_shown_the_end() -> None:
    journal = told()
    journal.query(500, ended=True)

    assert not breaks(callback(1000, None, request=None), journal)
    assert breaks(callback(1000, 500), journal)


def test_a_receiver_may_be_closed_once_a_callback_has_told_of_the_end() -> None:
    first, second = callback(800, 200), callback(1000, None, request=None)

    assert receives(evidence(told(), callbacks=[first, second])) is None
    assert receives(evidence(told(), callbacks=[second])) is not None


def test_a_client_that_starts_again_need_not_listen_before_it_calls() -> None:
    runs: dict[str, Any] = {
        "earlier": (ended(None, ended_at=BEGIN + 900),),
        "ended": ended(0, began_at=BEGIN + 1100),
        "restarted_after": 1,
    }
    journal = told()
    journal.query(2000)

    assert not breaks(callback(1900, None, request=None), journal, **runs)
    assert breaks(callback(2100, None, request=None), journal, **runs)


def test_between_two_runs_nobody_has_to_listen() -> None:
    runs: dict[str, Any] = {
        "earlier": (ended(None, ended_at=BEGIN + 900),),
        "ended": ended(0, began_at=BEGIN + 1100),
        "restarted_after": 1,
    }

    journal = told()
    journal.query(1100)

    assert not breaks(callback(1000, None, request=None), journal, **runs)
    assert breaks(callback(1500, None, request=None), journal, **runs)


def fetched(path: str, *, queried: bool = False, lying: bool = True) -> bool:
    """Whether a fetch breaks the rule, of a client that got a forged and a genuine callback."""
    journal = told()
    if queried:
        journal.query(600, ended=True)
    journal.fetch(1000, path=path)
    own = "http://127.0.0.1:1/pictures/a/t1/1.png"
    callbacks = [callback(300, 200, fault="callback_forged", links=[FORGED]),
                 callback(500, 200, links=[{"url": own}])]  # fmt: skip
    given = drill(lying_callbacks=lying)
    return receives(evidence(journal, callbacks=callbacks, drill=given)) is not None


def test_where_callbacks_lie_a_link_is_taken_from_a_query() -> None:
    decoy, own = "/pictures/a/decoy/1.png", "/pictures/a/t1/1.png"

    assert fetched(decoy)
    assert fetched(decoy, queried=True)
    assert fetched(own)
    assert not fetched(own, queried=True)
    assert not fetched(decoy, lying=False)
    assert not fetched("/pictures/a/guessed/1.png")
