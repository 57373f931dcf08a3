"""The readings that no call touched are named, so that nobody takes them for tested."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mock_server.sweep.plan import DEFAULTS
from mock_server.sweep.touched import TOUCHED_BY, untouched
from tests.support.rehearsals import ONE, Journal, evidence

FIELDS = {"text": ONE, "style_id": "pet_cat"}


def left(case: Callable[[Journal], object]) -> set[str]:
    """Return the readings that the calls of a case do not touch."""
    journal = Journal()
    case(journal)
    return set(untouched(DEFAULTS, [evidence(journal)]))


def of_fields(**more: str) -> Callable[[Journal], object]:
    return lambda journal: journal.submit(0, fields={**FIELDS, **more}, task="t1")


def signed(journal: Journal) -> None:
    headers = [["x-ca-signature", "***"]]
    request = {"headers": headers, "body": "", "encoding": "utf-8", "length": 0, "sha256": "-"}
    journal.submit(0, request=request)


def in_query(journal: Journal) -> None:
    journal.submit(0, path="/submitTask?AppCode=x")


def failed_with_a_callback(journal: Journal) -> None:
    journal.submit(0, fields={**FIELDS, "call_back": "http://127.0.0.1:1/"}, task="t1")
    journal.tasks["t1"]["status"] = "failed"


def wrong_path(journal: Journal) -> None:
    journal.submit(0)
    call = journal.calls[0]
    raw = {**call.call.raw, "operation": None}
    journal.calls[0] = replace(call, call=replace(call.call, raw=raw))


def gets(journal: Journal) -> None:
    journal.query(0, method="GET", path="/queryTask?task_id=t1")


@pytest.mark.parametrize(
    ("case", "touched"),
    [
        (lambda journal: journal.query(0), {"task.words", "task.unfinished", "result.item"}),
        (lambda journal: journal.list(0), {"list.order", "list.shape"}),
        (lambda journal: journal.submit(0, status=429), {"throttle.retry_after"}),
        (lambda journal: journal.submit(0, status=450), {"refusal.status"}),
        (lambda journal: journal.submit(0, status=400, code="A400AC"), {"appcode.unknown"}),
        (wrong_path, {"classic.route"}),
        (of_fields(call_back="http://127.0.0.1:1/"), {"callback.timing", "address.login"}),
        (of_fields(call_back="no address"), {"callback.address"}),
        (of_fields(qr_code_url="http://a/b.png"), {"image.content", "address.target"}),
        (of_fields(style_id="pet_dragon"), {"style.unknown"}),
        (of_fields(text="hello"), {"text.not_url"}),
        (of_fields(is_use_temp_short_link="true"), {"short_link.flag"}),
        (failed_with_a_callback, {"callback.on_failure"}),
        (signed, {"signature.nonce", "signature.empty_value"}),
        (in_query, {"appcode.in_query"}),
        (gets, {"query.method"}),
    ],
)
def test_a_call_touches_the_readings_that_its_answer_depends_on(
    case: Callable[[Journal], object], touched: set[str]
) -> None:
    assert not left(case) & touched
    assert touched <= left(lambda _: None)


def test_a_plain_client_touches_neither_callbacks_nor_signatures() -> None:
    found = left(lambda journal: journal.finished(0))

    assert {"signature.nonce", "callback.timing", "image.content", "list.order"} <= found
    assert not found & {"envelope", "result.item", "result.count", "task_id.form"}


def test_no_run_touches_nothing_that_needs_a_call() -> None:
    assert set(untouched(DEFAULTS, [])) == set(TOUCHED_BY)
