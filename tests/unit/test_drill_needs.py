"""The needs of drills: what meets each, and the nearest that does not."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mock_server.rehearsal.evidence import Evidence
from mock_server.rehearsal.needs import NEEDS, unmet
from tests.support.rehearsals import (
    NOTHING_SENT,
    ONE,
    TWO,
    Journal,
    callback,
    drill,
    ended,
    evidence,
    late,
    left,
    page_of,
)

Case = Callable[[], Evidence]
SIGNED = [["content-type", "application/x-www-form-urlencoded"], ["x-ca-signature", "-"]]


def shown(*calls: Callable[[Journal], object], **more: Any) -> Evidence:
    """Return the evidence of some calls."""
    journal = Journal()
    for call in calls:
        call(journal)
    return evidence(journal, **more)


def submit(at: int = 0, text: str = ONE, task: str | None = "t1", **more: Any) -> Any:
    """Return what adds a submit."""
    return lambda journal: journal.submit(at, text, task=task, **more)


def query(at: int, task: str = "t1", **more: Any) -> Any:
    """Return what adds a query."""
    return lambda journal: journal.query(at, task, **more)


def signed(at: int) -> Any:
    """Return what adds a submit that is signed."""
    form = f"text={at}&style_id=pet_cat"
    request = {"headers": SIGNED, "body": form, "encoding": "utf-8", "length": len(form),
               "sha256": "-"}  # fmt: skip
    return submit(at, request=request)


def fault(hits: int) -> Mapping[str, Any]:
    """Return a fault that met so many calls."""
    return {"kind": "reset", "hits": hits}


FORM = {"text": ONE, "style_id": "pet_cat"}
STRUCK = callback(900, 200, fault="callback_duplicate")
COPY = callback(950, 200) | {"id": 2, "copy_of": 1}
CROSSED = callback(900, 200, fault="callback_crossed")

# By need: what meets it, and the nearest that does not.
CASES: dict[str, tuple[Case, Case]] = {
    "submitted": (lambda: shown(submit()), lambda: shown(query(0))),
    "fired": (
        lambda: shown(faults=(fault(1), fault(2))),
        lambda: shown(faults=(fault(1), fault(0))),
    ),
    "met-the-incident": (
        lambda: shown(submit(), faults=(fault(0), fault(1))),
        lambda: shown(submit(), faults=(fault(0),)),
    ),
    "heard-a-failure": (
        lambda: shown(submit(status=503, task=None)),
        lambda: shown(submit(status=503, task=None, sent=NOTHING_SENT)),
    ),
    "lost-an-answer": (
        lambda: shown(submit(sent=NOTHING_SENT)),
        lambda: shown(submit(sent=late(300))),
    ),
    "gave-up-waiting": (
        lambda: shown(submit(sent=left(10_000))),
        lambda: shown(submit(sent=late(15_000))),
    ),
    "queried": (lambda: shown(query(0)), lambda: shown(submit())),
    "fetched": (lambda: shown(lambda journal: journal.fetch(0)), lambda: shown(submit(), query(1))),
    "long-text": (
        lambda: shown(submit(text="https://example.com/" + 16 * "a")),
        lambda: shown(submit(text="https://example.com/" + 15 * "a")),
    ),
    "percent": (
        lambda: shown(submit(text="https://example.com/%E4%BD%A0")),
        lambda: shown(submit(text="https://example.com/你")),
    ),
    "signs": (lambda: shown(signed(0)), lambda: shown(submit())),
    "signs-for-long": (
        lambda: shown(signed(0), signed(3100)),
        lambda: shown(signed(0), signed(2900), submit(9000)),
    ),
    "two-open": (
        lambda: shown(submit(0), submit(500, TWO, "t2"), query(600, ended=True)),
        lambda: shown(submit(0), query(400, ended=True), submit(500, TWO, "t2")),
    ),
    "calls-back": (
        lambda: shown(submit(fields={**FORM, "call_back": "http://127.0.0.1:2/"})),
        lambda: shown(submit()),
    ),
    "answered-the-callback": (
        lambda: shown(callbacks=(STRUCK, COPY)),
        lambda: shown(callbacks=(STRUCK, callback(950, None) | {"id": 2, "copy_of": 1})),
    ),
    "heard-a-callback-first": (
        lambda: shown(submit(0, sent=late(500)), callbacks=(callback(300, 200),)),
        lambda: shown(submit(0, sent=late(500)), callbacks=(callback(600, 200),)),
    ),
    "restarted": (lambda: shown(earlier=(ended(1),)), shown),
}


def test_every_need_has_its_two_cases() -> None:
    assert set(CASES) == set(NEEDS)


@pytest.mark.parametrize("need", CASES)
def test_a_need_is_met(need: str) -> None:
    assert NEEDS[need](CASES[need][0]()) is None


@pytest.mark.parametrize("need", CASES)
def test_a_need_that_is_not_met_says_why(need: str) -> None:
    why = NEEDS[need](CASES[need][1]())

    assert why
    assert not why.endswith("."), "it stands in a line, after a colon"


def test_a_page_of_a_proxy_with_status_200_is_a_failure_that_was_heard() -> None:
    heard = NEEDS["heard-a-failure"]

    assert heard(shown(submit(sent=page_of(200)))) is None
    assert heard(shown(submit(sent=late(300)))) == "it heard no failure"


def test_a_callback_ends_a_task_for_its_client_as_a_query_does() -> None:
    """Else a client that never queries would have every task open for ever."""
    one_after_the_other = shown(
        submit(0), submit(500, TWO, "t2"), callbacks=(callback(400, 200), callback(900, 200)),
    )  # fmt: skip

    assert NEEDS["two-open"](one_after_the_other) == "it never had two tasks open at once"


def test_callbacks_are_exchanged_only_where_there_are_two() -> None:
    answered = NEEDS["answered-the-callback"]

    assert answered(shown(callbacks=(CROSSED, CROSSED | {"id": 2}))) is None
    assert answered(shown(callbacks=(CROSSED,))) == (
        "no other callback was planned, so nothing was exchanged"
    )


def test_a_callback_without_a_fault_is_not_the_one_of_the_incident() -> None:
    ordinary = shown(callbacks=(callback(900, 200),))

    assert NEEDS["answered-the-callback"](ordinary) == "no callback met the incident"


def test_a_client_that_called_nothing_hears_how_to_find_the_server() -> None:
    says = "it called no server: let it use the address in ARTQR_BASE_URL"

    assert unmet(shown(drill=drill(needs=("submitted",)))) == [says]


def test_each_reason_is_given_once_and_in_the_order_of_the_needs() -> None:
    reasons = unmet(shown(submit(), drill=drill(needs=("signs", "queried", "signs"))))

    assert reasons == ["it does not sign its calls", "it queried no task"]
