"""The audit of a load: sums, gates, verdicts and the reports, from calls made by hand."""

import json
from typing import Any
from xml.etree import ElementTree as Xml

import jsonschema_rs
import pytest

from mock_server import contract
from mock_server.cli.common import say_in
from mock_server.domain.languages import CHINESE
from mock_server.load import evidence as evidence_module
from mock_server.load import report, report_page, summary
from mock_server.load.audit import Audit, LoadVerdict
from mock_server.load.gates import Gates
from mock_server.real_clock import wall_clock
from tests.support.loads import SECRETS, audit, incident, ran, view
from tests.support.rehearsals import BEGIN, NOTHING_SENT, Journal, callback, late
from tests.unit.test_load_storms import steady

SCHEMA = json.loads((contract.folder("contracts") / "load.schema.json").read_text("utf-8"))
NASTY = "</td><script>alert(1)</script>\x1b[31m\u202e" + SECRETS["app_code"]


def good() -> Journal:
    """Three intents that go well."""
    journal = Journal()
    for number in range(3):
        journal.finished(number * 2000, f"https://example.com/{number}", f"t{number}")
    return journal


def twice(text: str = "https://example.com/twice") -> Journal:
    """An intent whose first answer was lost, and that was paid a second time at once."""
    journal = good()
    journal.submit(7000, text, task="lost", sent=NOTHING_SENT)
    journal.submit(7100, text, task="again")
    journal.query(9000, "again", ended=True)
    journal.fetch(9100, "again")
    return journal


def report_of(made: Audit) -> dict[str, Any]:
    found = report.as_json(made)
    jsonschema_rs.validate(SCHEMA, found)
    return found


def test_a_good_client_passes_and_wastes_nothing() -> None:
    journal = good()
    made = audit(journal, ran(journal))
    found = report_of(made)

    assert found["verdict"] == "PASS"
    assert found["says"] == "The load cost 6 charges, 1.68 yuan, nothing of it wasted."
    totals = found["totals"]
    assert (totals["intents"], totals["paid_twice"], totals["fen_wasted"]) == (3, 0, 0)
    assert found["advice"] == []


def test_an_intent_that_was_paid_twice_is_named_with_what_to_do() -> None:
    journal = twice()
    made = audit(journal, ran(journal))
    found = report_of(made)

    assert found["paid_twice"] == [
        {"intent": "https://example.com/twice (pet_cat)", "charges": 1, "fen": 28}
    ]
    assert (found["totals"]["paid_twice"], found["totals"]["fen_wasted"]) == (1, 28)
    assert "1 charge (0.28 yuan) for submits that paid a second time" in found["advice"][0]
    assert "look into the task list" in found["advice"][0]


def test_the_terminal_counts_every_intent_that_was_paid_twice() -> None:
    journal = Journal()
    for number in range(70):
        for at in (0, 100):
            text = f"https://example.com/{number}"
            journal.submit(number * 1000 + at, text, task=f"t{number}-{at}")
    found = report_of(audit(journal))

    assert (len(found["paid_twice"]), found["totals"]["paid_twice"]) == (50, 70)
    assert "  and 62 more: see load.json" in list(summary.lines(found))


def test_charges_stand_beside_the_200s_that_were_sent_whole() -> None:
    (submits,) = [e for e in report_of(audit(twice()))["operations"]
                  if e["operation"] == "submit_task"]  # fmt: skip

    assert (submits["charges"], submits["seen_200s"]) == (5, 4)
    assert submits["statuses"] == {"0": 1, "200": 4}


def test_charges_stand_beside_the_200s_that_clients_saw() -> None:
    journal = good()
    load = ran(journal)
    load.seen.by_operation["submit_task"].statuses[200] -= 1
    found = report_of(audit(journal, load))

    assert found["latencies_of"] == "clients"
    assert found["operations"][0]["seen_200s"] == found["operations"][0]["charges"] - 1


def test_where_users_call_past_locust_nobody_says_that_they_saw_nothing() -> None:
    journal = good()
    load = ran(journal)
    load.seen.by_operation.clear()
    found = report_of(audit(journal, load))

    assert found["latencies_of"] == "simulator"
    assert found["operations"][0]["seen_200s"] == found["operations"][0]["charges"]

    load = ran(journal)
    del load.seen.by_operation["query_task"]
    (note,) = report_of(audit(journal, load))["notes"]

    assert note.startswith("Locust was told of 3 of 6 calls")


@pytest.mark.parametrize(("ms", "held_ms", "is_slow"),
                         [(900, 0, False), (8_000, 0, True), (8_000, 7_500, False)])  # fmt: skip
def test_a_machine_that_is_too_slow_is_not_the_fault_of_clients(
    ms: float, held_ms: int, is_slow: bool
) -> None:
    journal = good()
    load = ran(journal, seen=view(journal, ms=ms))
    found = audit(journal, load)
    for sums in found.evidence.operations.values():
        sums.held.buckets.clear()
        sums.held.add(held_ms)

    notes = [each for each in found.notes if "this machine is too slow" in each]

    assert bool(notes) is is_slow
    if is_slow:
        assert notes[0].startswith("Half of the calls of submit_task took longer than 8.")
        told = say_in(CHINESE)(notes[0])
        assert "这台机器承受不了这么多用户" in told


def test_errors_are_counted_by_their_rows() -> None:
    journal = good()
    for at in (7000, 8000):
        journal.submit(at, "https://example.com/x", status=503, charged=False)
    journal.submit(9000, "https://example.com/y", status=403, code="B403MQ", charged=False)

    found = report_of(audit(journal))["errors"]

    assert [(each["status"], each["code"], each["met"], each["means"]) for each in found] == [
        (503, "X503BZ", 2, "wait"), (403, "B403MQ", 1, "buy"),
    ]  # fmt: skip


def test_callbacks_are_counted_by_state_and_by_lag() -> None:
    on_time, behind = callback(1000, 200), callback(2000, 500)
    on_time["attempts"][0]["due_at"] = on_time["attempts"][0]["at"] - 100
    behind["attempts"][0]["due_at"] = behind["attempts"][0]["at"] - 5_000
    rows = [{**on_time, "state": "delivered"}, {**behind, "state": "failed"},
            {**callback(1, None), "attempts": [], "state": "due"}]  # fmt: skip

    found = report_of(audit(good(), callbacks=rows))

    told = {name: found["callbacks"][name] for name in ("planned", "delivered", "failed", "open")}
    assert told == {"planned": 3, "delivered": 1, "failed": 1, "open": 1}
    assert (found["callbacks"]["attempts"], found["callbacks"]["late"]) == (2, 1)
    assert any("1 callback never got an answer of 2xx" in each for each in found["advice"])
    assert report_of(audit(good(), callbacks=rows, rate=10.0))["callbacks"]["late"] == 0


def test_a_receiver_that_takes_its_time_makes_no_callback_late() -> None:
    slow = callback(5000, 200, lasted=4_000)
    slow["attempts"][0]["due_at"] = slow["attempts"][0]["at"] - 4_100

    found = report_of(audit(good(), callbacks=[{**slow, "state": "delivered"}]))["callbacks"]

    assert (found["late"], found["p99_lag_ms"] < 110) == (0, True)


@pytest.mark.parametrize("jumped_ms", [0, 7_200_000])
def test_where_the_clock_was_moved_nobody_knows_what_was_late(jumped_ms: int) -> None:
    behind = callback(7_200_000, 200)
    behind["attempts"][0]["due_at"] = behind["attempts"][0]["at"] - 7_000_000
    journal = good()
    journal.submit(9000, task="after", jumped_ms=jumped_ms)
    # Without a later call, only the clock itself tells of the jump.
    now = BEGIN if jumped_ms else wall_clock() + 7_200_000

    found = report_of(audit(journal, callbacks=[{**behind, "state": "delivered"}], now=now))

    assert (found["callbacks"]["late"], found["callbacks"]["p99_lag_ms"]) == (None, None)
    assert "not known which were late" in " ".join(" ".join(summary.lines(found)).split())
    assert "nobody knows which were late" in report_page.page(found)


def test_findings_of_calls_and_between_calls_are_counted() -> None:
    journal = good()
    journal.submit(7000, task="f", findings=[{"id": "charset-missing", "severity": "warning"}])
    found = report_of(audit(journal, between={"charset-missing": 1, "poll-too-fast": 7}))

    counts = {each["id"]: each["count"] for each in found["findings"]}
    assert counts == {"charset-missing": 1, "poll-too-fast": 7}
    assert all(each["severity"] for each in found["findings"])


@pytest.mark.parametrize(
    ("gates", "exceeded"),
    [
        (Gates(fen=168), []),
        (Gates(fen=167), ["--max-yuan"]),
        (Gates(fen_wasted=0), []),
        (Gates(p99_ms=11), []),
        (Gates(p99_ms=9), ["--max-p99"]),
    ],
)
def test_a_gate_is_held_up_to_its_value(gates: Gates, exceeded: list[str]) -> None:
    journal = good()
    made = audit(journal, ran(journal), gates=gates)

    assert [each.option for each in made.exceeded] == exceeded
    assert made.verdict is (LoadVerdict.FAIL if exceeded else LoadVerdict.PASS)


def test_waste_and_storms_have_gates_too() -> None:
    journal = Journal()
    steady(journal, 0, 10)
    for number in range(60):
        journal.submit(10_000 + number, "https://example.com/s", task=f"s{number}", sent=late(10))
    load = ran(journal, incident("at 1s: outage", 10_000, 11_000))
    made = audit(journal, load, gates=Gates(fen_wasted=100, storm=29.9))

    assert [each.option for each in made.exceeded] == ["--max-wasted", "--max-storm"]
    assert "at most 29.9 is allowed" in report_of(made)["says"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"dropped": 7}, "The journal let 7 calls go"),
        ({"most": 4}, "5 calls came after them"),
    ],
)
def test_missing_calls_make_it_inconclusive(more: dict[str, Any], says: str) -> None:
    made = audit(good(), **more)

    assert made.verdict is LoadVerdict.INCONCLUSIVE
    assert says in report_of(made)["missing"][0]


def test_answers_that_the_journal_has_not_make_it_inconclusive() -> None:
    journal = good()
    load = ran(journal)
    load.seen.by_operation["submit_task"].statuses[500] += 4
    load.seen.by_operation["submit_task"].statuses[0] += 9  # nobody answered: there is no call
    made = audit(journal, load)

    assert made.verdict is LoadVerdict.INCONCLUSIVE
    assert made.notes[0].startswith("9 calls of clients never came in")
    assert "Clients saw 4 answers that the journal of this account has not" in made.missing[0]


def test_calls_whose_tasks_were_trimmed_make_it_inconclusive() -> None:
    journal = good()
    last_at = journal.calls[-1].call.at
    made = audit(journal, trimmed={"before": last_at - 1, "charges": 0, "fen": 0})

    assert made.verdict is LoadVerdict.INCONCLUSIVE
    assert "cannot be explained: the server no longer keeps their tasks." in made.missing[0]
    assert report_of(made)["totals"]["calls"] == len(journal.calls)


def test_a_load_that_ended_in_trouble_says_what_it_was() -> None:
    journal = good()
    trouble = 'Locust ended with 2:\n  File "x.py", line 1\n' + "x" * 400 + "\nValueError: boom"

    found = report_of(audit(journal, ran(journal, trouble=trouble)))

    assert found["missing"] == ["The load ended in trouble: Locust ended with 2: ValueError: boom"]
    assert "! 压测因故障结束：Locust 以 2 结束：ValueError: boom" in list(
        summary.lines(found, "zh")
    )


@pytest.mark.parametrize(("most", "verdict"), [(2_000, "INCONCLUSIVE"), (1_000, "FAIL")])
def test_times_that_only_faults_made_can_fail_a_gate_and_never_hold_it(
    most: int, verdict: str
) -> None:
    journal = good()
    journal.submit(7000, task="slow", held_ms=1_500)
    found = report_of(audit(journal, gates=Gates(p99_ms=most)))

    assert found["verdict"] == verdict
    if verdict == "INCONCLUSIVE":
        (missing,) = found["missing"]
        assert missing == "--max-p99 cannot be held: no client told its times."


def test_a_gate_that_is_exceeded_fails_whatever_is_missing() -> None:
    assert audit(good(), dropped=7, gates=Gates(fen=1)).verdict is LoadVerdict.FAIL


@pytest.mark.parametrize(
    ("load", "says"),
    [
        ({"trouble": "Locust ended with 1:\nboom"}, "The load ended in trouble: Locust ended"),
        ({"stopped": True}, "You ended the load before its time."),
    ],
)
def test_a_load_that_ended_early_is_inconclusive(load: dict[str, Any], says: str) -> None:
    journal = good()
    made = audit(journal, ran(journal, **load))

    assert made.verdict is LoadVerdict.INCONCLUSIVE
    assert made.missing[0].startswith(says)


def test_a_gate_without_a_value_is_inconclusive_and_says_why() -> None:
    journal = good()
    for load, why in (
        (None, "an audit alone does not know"),
        (ran(journal), "there was no incident"),
        (ran(journal, incident("at 1s: outage", 0, 1)), "no whole intent before"),
    ):
        made = audit(journal, load, gates=Gates(storm=2))
        assert made.verdict is LoadVerdict.INCONCLUSIVE
        assert why in made.missing[0]
        assert report_of(made)["gates"][0]["found"] is None


def test_no_call_is_inconclusive_and_every_report_can_be_made() -> None:
    made = audit(Journal(), ran(Journal()))
    found = report_of(made)

    assert found["missing"] == ["No call came in."]
    assert "No call came in." in report_page.page(found)
    assert any(line.startswith("INCONCLUSIVE") for line in summary.lines(found))


def test_the_money_of_the_bill_counts_where_the_journal_has_forgotten() -> None:
    found = report_of(audit(good(), dropped=100, fen=9_999))

    assert found["totals"]["fen"] == 9_999


def test_a_bug_of_ours_is_no_answer_of_the_vendor() -> None:
    journal = good()
    journal.submit(7000, status=500, findings=[{"id": "simulator-bug", "severity": "error"}])

    assert "that is our bug" in audit(journal).missing[0]


def test_many_calls_are_not_compared_by_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_module, "MOST_BETWEEN", 3)
    found = report_of(audit(good(), between={"poll-too-fast": 7}))

    assert found["findings"] == []
    assert "Findings between calls are left out" in found["notes"][0]


def test_junit_has_a_case_for_each_gate_and_one_for_the_audit() -> None:
    journal = good()
    made = audit(journal, ran(journal), gates=Gates(fen=1, p99_ms=1000, storm=2))

    suite = Xml.fromstring(report.junit(made))[0]  # noqa: S314 - our own
    cases = {case.get("name"): [child.tag for child in case] for case in suite}
    assert cases == {"--max-yuan": ["failure"], "--max-p99": [], "--max-storm": ["skipped"],
                     "audit": ["skipped"]}  # fmt: skip
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "1", "2")


def test_the_band_of_an_incident_stands_over_its_columns() -> None:
    journal = Journal()
    steady(journal, 0, 20)
    found = report_of(audit(journal, ran(journal, incident("at 1s: outage", 10_000, 15_000))))
    moved = {**found, "began_at": found["began_at"] // 1000 * 1000 + 500}

    chart = report_page.rates(moved)
    ((x, width, _),) = chart.bands

    x_of_zero, _ = chart.ticks[0]
    assert x_of_zero == pytest.approx(2.5)  # the first call, not the first column
    assert [x, width] == pytest.approx([100 * 10.5 / 20, 25])


def test_hostile_texts_change_no_markup_and_secrets_are_nowhere() -> None:
    journal = twice(NASTY)
    journal.submit(12_000, status=503, code="<b>", message=NASTY)
    made = audit(journal, ran(journal, incident("at 1s: outage", 7000, 8000)))
    found = report_of(made)
    page = report_page.page(found)

    assert "<script>" not in page
    for text in (page, json.dumps(found), "\n".join(summary.lines(found)),
                 report.junit(made).decode()):  # fmt: skip
        assert SECRETS["app_code"] not in text
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_the_page_is_bounded_however_long_the_load_was() -> None:
    journal = Journal()
    for number in range(3_000):
        journal.submit(number * 3_000, f"https://example.com/{number // 2}", task=f"t{number}")
    load = ran(journal, *(incident(f"at {n}s: outage", n * 60_000) for n in range(50)))
    found = report_of(audit(journal, load))

    assert len(found["series"]["steps"]) <= 240
    assert len(found["paid_twice"]) == 50
    assert len(report_page.page(found)) < 1_000_000


def test_the_terminal_fits_in_eighty_columns_and_ends_with_the_verdict() -> None:
    journal = twice()
    load = ran(journal, incident("at 6s: outage for 2s", 6000, 8000))
    lines = list(summary.lines(report_of(audit(journal, load, gates=Gates(fen=1)))))

    assert max(map(len, lines)) <= 80
    assert any(line.startswith("FAIL: The load exceeded") for line in lines)
    assert any("paid twice: https://example.com/twice" in line for line in lines)
