"""What the reports of a rehearsal say of reactions and polling."""

import json
from typing import Any

from jsonschema_rs import Draft202012Validator as Validator

from mock_server import contract
from mock_server.rehearsal import scorecard
from mock_server.rehearsal.order import RehearsalOrder
from mock_server.rehearsal.outcome import Report
from mock_server.rehearsal.report import as_json, json_report
from mock_server.rehearsal.verdicts import judge
from tests.support.rehearsals import BEGIN, NOTHING_SENT, ONE, TWO, Journal, drill, evidence

SCHEMA = json.loads((contract.folder("contracts") / "rehearsal.schema.json").read_text("utf-8"))
SECRET = "5ec0" * 8


def careless() -> Journal:
    """Return the calls of a client that goes on after every error, and polls in a hurry."""
    made = Journal()
    made.submit(0, ONE, sent=NOTHING_SENT)
    made.submit(100, ONE, task="t1")
    made.submit(120, TWO, task="t2")
    for number in range(5):
        made.query(200 + number * 100, "t1", ended=number == 4)
    made.call(800, "submit_task", {"text": "no"}, {"ret_code": -1, "remark": f"\x1b {SECRET}"},
              None, status=450)  # fmt: skip
    for number in range(3):
        made.query(1000 + number, "t2", status=403, code="B403MQ")
    made.tasks["t1"] |= {"ends_at": BEGIN + 5500, "queries_left": None, "status": "succeeded"}
    made.tasks["t2"] |= {"ends_at": None, "queries_left": None}
    return made


def report(journal: Journal, **account: Any) -> Report:
    shown = evidence(journal, drill=drill(account=account), secrets=(SECRET,))
    order = RehearsalOrder(command=("client",))
    return Report(order=order, results=(judge(shown, {}),), planned=1)


def test_reactions_and_polling_are_true_to_the_schema() -> None:
    for made in (careless(), Journal()):
        found = json.loads(json_report(report(made)))

        assert [str(each) for each in Validator(SCHEMA).iter_errors(found)] == []


def test_they_have_the_names_that_were_agreed() -> None:
    (found,) = as_json(report(careless()))["drills"]

    for row in found["reactions"]:
        assert {"status", "code", "message", "means", "met", "next", "verdict", "advice",
                "calls"} == row.keys()  # fmt: skip
    assert {"tasks", "schedules", "suggested"} <= found["polling"].keys()
    assert {"task_id", "polls", "wasted", "lag_ms", "bursts", "fen"} <= (
        found["polling"]["tasks"][0].keys()
    )
    assert {"name", "polls", "fen", "lag_ms"} <= found["polling"]["schedules"][0].keys()
    assert {"name", "polls", "fen", "lag_ms"} <= found["polling"]["suggested"].keys()


def test_times_are_those_of_the_drills_fast_clock() -> None:
    (found,) = as_json(report(careless()))["drills"]

    assert found["polling"]["clock_rate"] == 10
    assert found["polling"]["tasks"][0]["lag_ms"] == 500
    assert found["polling"]["tasks"][0]["lasts_ms"] == 4500


def test_prices_follow_the_readings_of_the_drill() -> None:
    made = report(careless(), readings={"charge.polls": "submit-only"})
    (found,) = as_json(made)["drills"]

    assert found["polling"]["charge_polls"] == "submit-only"
    assert {each["fen"] for each in found["polling"]["schedules"]} == {0}
    assert all(each["fen_range"][1] > 0 for each in found["polling"]["schedules"])


def test_what_a_client_sent_is_hidden_and_harmless() -> None:
    found = json_report(report(careless())).decode()
    shown = "\n".join(scorecard.lines(report(careless()), "utf-8"))

    assert SECRET not in found + shown
    assert "\x1b" not in found + shown


def test_the_scorecard_names_what_was_handled_wrongly() -> None:
    shown = " ".join(" ".join(scorecard.lines(report(careless()), "utf-8")).split())

    assert "the connection was reset means look: the client submitted again after 100 ms" in shown
    assert "3 different errors met, 1 handled wrongly" in shown
