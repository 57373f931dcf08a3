"""The reports of a receiver: they speak of the receiver and its deliveries, and of no money."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mock_server.contract import folder as contracts
from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal import github, scorecard
from mock_server.rehearsal.baseline import read_baseline
from mock_server.rehearsal.receivers.order import ReceiverOrder
from mock_server.rehearsal.receivers.outcome import ReceiverReport
from mock_server.rehearsal.receivers.rules import RULES, unmet
from mock_server.rehearsal.report import as_json, json_report
from mock_server.rehearsal.report_page import html
from mock_server.rehearsal.verdicts import DrillResult, judge
from mock_server.rehearsal.words import PROGRAM, RECEIVER
from mock_server.schemas import compiled
from tests.support.receiver_evidence import TRUE, attempt, evidence
from tests.support.rehearsals import Journal, ended

OF_CLIENTS = ("program", "drill", "paid", "cost", "wasted", "submit", "polling", "the bill")


def result(name: str, status: int = 204, **more: Any) -> DrillResult:
    """Return a delivery, with one charged query of the receiver."""
    queried = Journal()
    queried.query(5, "t1", ended=True)
    more = {"ended": replace(ended(None), began_at=0, ended_at=0), **more}  # it runs on
    shown = evidence(attempt(status), name=name, calls=tuple(queried.calls), **more)
    return judge(shown, {}, RULES, unmet)


def report(*results: DrillResult, **more: Any) -> ReceiverReport:
    order = ReceiverOrder(receiver="http://127.0.0.1:8000/hook", oracle="true")
    values = {"order": order, "planned": len(results), **more}
    return ReceiverReport(results=results, **values)


def read(page: str) -> str:
    """Return what a person reads on a page, on one line."""
    body = page.partition("<body>")[2]
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def written(found: ReceiverReport, folder: Path) -> Path:
    file = folder / "report.json"
    file.write_bytes(json_report(found))
    return file


def test_the_page_speaks_of_a_receiver_and_its_deliveries() -> None:
    told = read(html(report(result("one"), result("two", 500))))

    assert "The receiver: http://127.0.0.1:8000" in told
    assert "The receiver failed 1 of 2 deliveries." in told
    assert "All deliveries at a glance" in told
    assert "and its answer Callback of task Answer Expected After t1 500 2xx" in told
    assert [word for word in OF_CLIENTS if word in told.casefold()] == []


def test_the_page_of_a_receiver_that_was_not_reached_has_no_delivery() -> None:
    told = read(html(report(planned=27, interrupted=True, trouble="nobody listens")))

    assert "The rehearsal was interrupted: 0 of 27 deliveries ran." in told
    assert "No delivery ran." in told


def test_the_step_summary_speaks_of_deliveries_and_of_no_money(tmp_path: Path) -> None:
    found = report(result("one"), result("two", 500))

    log = "\n".join(github.log_lines(found, [], tmp_path, {}))
    text = github.summary(as_json(found), found.words)

    assert "::error title=two%3A answers::" in log
    assert "The receiver failed 1 of 2 deliveries." in text
    assert "| Delivery | Verdict | Why |\n|---|---|---|\n| two | ❌ FAIL |" in text
    assert [word for word in OF_CLIENTS if word in text.casefold()] == []


def test_a_receiver_is_compared_with_an_earlier_report_of_a_receiver(tmp_path: Path) -> None:
    earlier = read_baseline(written(report(result("one", 500)), tmp_path), RECEIVER)

    found = report(result("one"), earlier=earlier)

    compared = as_json(found)["baseline"]
    assert compared["sentence"] == (
        "0 worse, 1 better; compared: the 1 delivery that ran both times."
    )
    assert "  better one: FAIL -> PASS (keeps answers)" in list(scorecard.lines(found))
    assert "Deliveries that changed Delivery Change Then Now Rules one" in read(html(found))
    schema = json.loads((contracts("contracts") / "rehearsal.schema.json").read_text("utf-8"))
    assert [str(error) for error in compiled(schema).iter_errors(as_json(found))] == []


def test_a_receiver_and_a_client_are_not_compared(tmp_path: Path) -> None:
    of_receiver = written(report(result("one")), tmp_path)
    of_client = tmp_path / "client.json"
    of_client.write_text('{"drills": []}', "utf-8")

    with pytest.raises(UsageError, match="the report of a receiver, and this rehearsal is of a p"):
        read_baseline(of_receiver, PROGRAM)
    with pytest.raises(UsageError, match="the report of a program, and this rehearsal is of a r"):
        read_baseline(of_client, RECEIVER)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"has_oracle": False, "after": {}}, "nothing shows what the receiver did: add --oracle"),
        ({"after": {}}, "the oracle says nothing of task t1"),
    ],
)
def test_deliveries_that_say_nothing_are_no_success(more: dict[str, Any], says: str) -> None:
    found = report(result("one", **more))

    assert found.problem == f"no delivery says anything of the receiver: {says}"
    with pytest.raises(AssertionError, match="no delivery says anything"):
        found.check()


def test_one_delivery_that_says_something_is_enough() -> None:
    nothing = result("one", after={})
    known = result("two", after={"t1": TRUE})

    assert report(nothing, known).problem is None


@pytest.mark.parametrize(
    "option",
    [{"jobs": 2}, {"repeat": 2}, {"copies": 2}, {"client_timeout_s": 1.0}, {"env": {"A": "1"}}],
)
def test_an_option_that_a_receiver_has_no_use_for_is_refused(option: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="goes with no receiver: leave it out"):
        ReceiverOrder(receiver="http://127.0.0.1:8000/", **option)


def test_a_host_for_callbacks_is_an_option_of_the_server_that_sends_them() -> None:
    values: dict[str, Any] = {"receiver": "http://10.0.0.1:8000/", "callback_hosts": ["10.0.0.1"]}

    assert ReceiverOrder(**values).callback_hosts == ("10.0.0.1",)
    with pytest.raises(UsageError, match=r"`artqr-mock serve --callback-host 10\.0\.0\.1`"):
        ReceiverOrder(**values, server="http://127.0.0.1:3040")
