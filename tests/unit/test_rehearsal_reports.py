"""The reports of a rehearsal: true to their schema, without credentials, harmless and short."""

import json
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from jsonschema_rs import Draft202012Validator as Validator
from rich.cells import cell_len

from mock_server import contract
from mock_server.audit.charge import ChargeClass
from mock_server.rehearsal import scorecard
from mock_server.rehearsal.order import RehearsalOrder
from mock_server.rehearsal.outcome import Report
from mock_server.rehearsal.report import MOST_CHARGES, as_json, json_report, junit
from mock_server.rehearsal.rules import RULES
from mock_server.rehearsal.verdicts import DrillResult, Verdict, judge, of_repeats
from tests.support.rehearsals import BEGIN, ONE, Journal, drill, ended, evidence, succeeded

SCHEMA = json.loads((contract.folder("contracts") / "rehearsal.schema.json").read_text("utf-8"))
CODE, SECRET, FOREIGN = "c0de" * 8, "5ec0" * 8, "f0e1" * 8
HOSTILE = (
    "\x1b[2J\x1b]0;title\x07 \u202egnp.exe \x00 \ufffe \ud800 </failure> ]]> &amp; \u2028 \x9b31m"
)
CONTROLS = ("\x1b", "\x07", "\u202e", "\x00", "\ufffe", "\ud800", "\u2028", "\x9b")


def journal(text: str = ONE, *, tasks: int = 1) -> Journal:
    """Return the calls of a client that has its picture, of so many tasks."""
    found = Journal()
    for number in range(1, tasks + 1):
        found.submit(number * 1000, text, task=f"t{number}")
    found.query(8000, ended=True)
    found.fetch(9000)
    found.tasks["t1"] |= succeeded("t1")
    return found


def result(kind: str = "PASS", name: str = "calm", **more: Any) -> DrillResult:
    """Return what a drill of a name came to."""
    needs = ("submitted", "calls-back") if kind == "INCONCLUSIVE" else ("submitted",)
    given = drill(id=name, needs=needs, account={"readings": {"envelope": "bare"}})
    waived = more.pop("waived", {})
    if kind == "FLAKY":
        return of_repeats([result("PASS", name), result("FAIL", name)])
    made = journal(more.pop("text", ONE), tasks=2 if kind == "FAIL" or waived else 1)
    return judge(evidence(made, drill=given, **more), waived)


def report(*results: DrillResult, **more: Any) -> Report:
    order = RehearsalOrder(command=more.pop("command", ("client",)), waived=more.pop("waived", {}))
    return Report(order=order, results=results, planned=len(results), **more)


def errors(found: Report) -> list[str]:
    return [str(each) for each in Validator(SCHEMA).iter_errors(json.loads(json_report(found)))]


def all_texts(found: Report) -> dict[str, str]:
    """Return every report as text."""
    return {
        "terminal": "\n".join(scorecard.lines(found, "utf-8")),
        "line": "\n".join(map(scorecard.line_of, found.results)),
        "json": json_report(found).decode(),
        "xml": junit(found).decode(),
    }


EVERY = [result(verdict) for verdict in Verdict]


def test_a_report_of_every_verdict_is_true_to_the_schema() -> None:
    assert errors(report(*EVERY)) == []
    assert errors(report(interrupted=True, trouble="the server ended")) == []
    waived = {"one-intent-one-task": "agreed"}
    assert errors(report(result(waived=waived), waived=waived)) == []


def test_the_schema_allows_nothing_else_and_describes_every_member() -> None:
    strange = {**as_json(report()), "more": 1}
    nodes = [SCHEMA, *SCHEMA["$defs"].values()]

    assert not Validator(SCHEMA).is_valid(strange)
    for node in nodes:
        if "properties" not in node:
            continue
        assert node["additionalProperties"] is False
        for name, member in node["properties"].items():
            assert member.get("description") or "$ref" in member, name


def test_a_report_has_the_names_that_were_agreed() -> None:
    shown = as_json(report(*EVERY))

    assert {"verdict", "drills", "totals"} <= set(shown)
    assert {
        "id", "verdict", "rule", "rules", "advice", "evidence", "calls", "charges", "intents",
        "wasted_charges", "fen_wasted", "readings",
    } <= set(shown["drills"][0])  # fmt: skip


def test_a_failure_has_its_rule_its_evidence_and_its_price() -> None:
    (shown,) = as_json(report(result("FAIL")))["drills"]

    assert shown["rule"] == "one-intent-one-task"
    assert [each["call"] for each in shown["evidence"]] == [1, 2]
    assert [each["after_ms"] for each in shown["evidence"]] == [0, 1000]
    assert (shown["calls"], shown["charges"], shown["intents"]) == (4, 3, 1)
    assert (shown["wasted_charges"], shown["fen_wasted"]) == (1, 28)
    assert shown["rules"][0]["calls"] == [1, 2]


def test_a_verdict_names_the_readings_that_it_rests_on() -> None:
    (shown,) = as_json(report(result("FAIL")))["drills"]
    found = {each["id"]: each for each in shown["readings"]}

    assert found["envelope"]["value"] == "bare"
    assert found["envelope"]["set_by_drill"]
    assert found["charge.polls"]["value"] == "every-200"
    assert not found["charge.polls"]["set_by_drill"]


def test_every_reading_of_a_rule_is_one() -> None:
    known = {row["id"] for row in contract.load_toml("readings.toml")["reading"]}

    assert {name for rule in RULES for name in rule.readings} <= known


def test_totals_are_sums() -> None:
    totals = as_json(report(*EVERY))["totals"]

    assert [totals[each.lower()] for each in Verdict] == [1, 1, 1, 1]
    assert totals["planned"] == 4
    assert totals["wasted_charges"] == 2  # of FAIL, and of the worst run of FLAKY
    assert totals["fen_wasted"] == 56


# JUnit


def test_failures_are_failures_and_what_says_nothing_is_skipped_with_the_reason() -> None:
    suite = Xml.fromstring(junit(report(*EVERY)))[0]  # noqa: S314 - it is our own
    failures = suite.findall("testcase/failure")
    (skipped,) = suite.findall("testcase/skipped")

    assert [each.get("type") for each in failures] == ["FAIL", "FLAKY"]
    assert skipped.get("message") == "it passed no call_back"
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "2", "1")
    assert "made 2 tasks" in (failures[0].get("message") or "")
    assert "PASS, FAIL" in (failures[1].get("message") or "")


@pytest.mark.parametrize("place", ["terminal", "json", "xml"])
def test_a_waived_rule_is_in_every_report_with_the_reason(place: str) -> None:
    waived = {"one-intent-one-task": "agreed until May"}
    found = report(result(waived=waived), waived=waived)

    assert found.verdict is Verdict.PASS
    assert "agreed until May" in all_texts(found)[place]
    assert "one-intent-one-task" in all_texts(found)[place]


@pytest.mark.parametrize("place", ["terminal", "json", "xml"])
def test_a_note_is_in_every_report(place: str) -> None:
    made = journal()
    made.query(10_000, ended=True)
    found = report(judge(evidence(made), {}))

    assert found.verdict is Verdict.PASS
    assert "once after it had heard that it ended" in " ".join(all_texts(found)[place].split())


# Credentials

LEAKS = [
    CODE,
    f"Authorization: APPCODE {FOREIGN}",
    "{'authorization': 'APPCODE mine-is-short'}",
    f"export ARTQR_APP_SECRET={SECRET}",
    f"http://127.0.0.1/taskList?AppCode={FOREIGN}",
    "x-ca-signature: c2lnbmF0dXJlLWlzLXNlY3JldA==",
    "http://buyer:password-of-hers@proxy/",
]
SECRETS = (CODE, SECRET, FOREIGN, "mine-is-short", "c2lnbmF0dXJlLWlzLXNlY3JldA", "password-of-hers")


def leaking() -> Report:
    """Return a report of a client that prints credentials, and whose user types them."""
    printed = "\n".join(["x" * 5000, *LEAKS]).encode()
    how = ended(0, stdout=printed, stderr=printed, left=(f"client --code {CODE}",))
    failed = result("FAIL", ended=how, text=f"https://a/{CODE}", secrets=(CODE, SECRET))
    waived = {"ends": f"see {FOREIGN}"}
    return report(failed, command=("client", "--code", CODE), waived=waived, trouble=LEAKS[1])


@pytest.mark.parametrize("place", ["terminal", "line", "json", "xml"])
def test_no_report_shows_a_credential(place: str) -> None:
    text = all_texts(leaking())[place].replace("\n", "").replace(" ", "")

    assert [each for each in SECRETS if each in text] == []


def test_a_credential_is_hidden_even_where_the_output_is_cut() -> None:
    after = b"y" * (4000 - len(SECRET) // 2)
    found = report(result("FAIL", ended=ended(0, stdout=SECRET.encode() + after),
                          secrets=(SECRET,)))  # fmt: skip

    (shown,) = as_json(found)["drills"]
    assert SECRET[-12:] not in shown["output"]


# Hostile output


def hostile() -> Report:
    how = ended(0, stdout=HOSTILE.encode("utf-8", "surrogatepass"), left=(HOSTILE,))
    return report(result("FAIL", text=HOSTILE.replace("\x00", "").replace("\ud800", ""), ended=how),
                  command=("client", HOSTILE.replace("\x00", "")), trouble=HOSTILE)  # fmt: skip


@pytest.mark.parametrize("place", ["terminal", "line", "json", "xml"])
def test_hostile_output_is_harmless(place: str) -> None:
    text = all_texts(hostile())[place]

    assert [each for each in CONTROLS if each in text] == []


def test_hostile_output_leaves_the_reports_readable() -> None:
    found = hostile()
    failure = Xml.fromstring(junit(found)).find("testsuite/testcase/failure")  # noqa: S314 - see above

    assert errors(found) == []
    assert failure is not None
    assert "</failure> ]]> &amp;" in (failure.text or "")


# The scorecard


def sixty(*, waived: int = 0) -> Report:
    """Return a report of sixty drills with long names, as many of each verdict."""
    reasons = {rule.id: "because " + "of a long reason " * 20 for rule in RULES[:waived]}
    results = [
        result(verdict, f"{verdict.lower()}-with-quite-a-long-name-{number}", waived=reasons)
        if verdict in ("PASS", "INCONCLUSIVE")
        else result(verdict, f"{verdict.lower()}-with-quite-a-long-name-{number}")
        for number in range(15)
        for verdict in Verdict
    ]
    return report(*results, waived=reasons, interrupted=True)


@pytest.mark.parametrize("waived", [0, 10])
def test_the_summary_of_sixty_drills_fits_a_screen(waived: int) -> None:
    lines = scorecard.summary(sixty(waived=waived))

    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    for verdict in Verdict:
        assert any(line.startswith(f"{verdict} 15") for line in lines)


def test_what_has_no_room_in_the_summary_is_counted() -> None:
    many = [result("FAIL", f"drill-with-quite-a-long-name-{number}") for number in range(100)]
    lines = scorecard.summary(report(*many, result("PASS")))

    assert len(lines) == 24
    assert lines[-3].endswith("more")
    assert lines[-2] == "PASS 1: calm"


def test_failures_come_first_then_what_says_nothing_then_the_summary() -> None:
    lines = list(scorecard.lines(report(*EVERY), "utf-8"))
    heads = [line.split()[0] for line in lines if line.startswith(tuple(Verdict))]

    assert heads == ["FAIL", "FLAKY", "INCONCLUSIVE", "FAIL", "FLAKY", "INCONCLUSIVE", "PASS"]


def test_a_failure_shows_sentence_advice_evidence_and_price() -> None:
    text = " ".join(" ".join(scorecard.lines(report(result("FAIL")), "utf-8")).split())
    rule = RULES[0]

    assert rule.says in text
    assert rule.advice in text
    assert "made 2 tasks of it" in text
    assert "1000 submit_task 200 0.28 t2" in text
    assert "The broken rules cost 1 charge, 0.28 yuan." in text


def test_every_line_fits_eighty_columns_in_any_script() -> None:
    how = ended(0, stdout=("二维码" * 60).encode(), ended_at=BEGIN)
    found = report(result("FAIL", text="https://a/" + "码" * 90, ended=how))

    for encoding in ("utf-8", "ascii", "gbk", "cp1252"):
        for line in scorecard.lines(found, encoding):
            assert cell_len(line) <= 80
            line.encode(encoding)


def test_an_ascii_terminal_gets_ascii() -> None:
    assert all(line.isascii() for line in scorecard.lines(report(*EVERY), "ascii"))
    assert all(line.isascii() for line in scorecard.lines(report(*EVERY), "utf-8"))


def test_the_bill_of_each_drill_and_of_all_is_in_the_report() -> None:
    drills = [result("FAIL"), result("PASS")]
    found = as_json(report(*drills))

    bill = found["drills"][0]["bill"]
    assert bill["sentence"] == (
        "2 submits, 1 intent, 1 wasted, 0.28 yuan: duplicate-submit call 2."
    )
    assert bill["charges"][1] == {
        "call": 2, "class": "duplicate-submit", "intent": f"{ONE} (pet_cat)", "fen": 28,
        "why": "Call 1 made a task of the same intent: one task was wanted.",
    }  # fmt: skip
    rows = {
        row["class"]: (row["charges"], row["fen"]) for row in found["totals"]["bill"]["classes"]
    }
    assert rows["duplicate-submit"] == (1, 28)
    assert rows["useful"] == (4, 112)
    assert list(rows) == [*ChargeClass]
    assert sum(charges for charges, _ in rows.values()) == found["totals"]["charges"]
    assert as_json(report())["totals"]["bill"]["classes"] == [
        {"class": each, "charges": 0, "fen": 0} for each in ChargeClass
    ]


def test_a_drill_with_very_many_charges_shows_some_of_them_and_counts_all() -> None:
    made = journal()
    for number in range(500):
        made.query(10_000 + number)
    found = report(judge(evidence(made, drill=drill()), {}))

    bill = as_json(found)["drills"][0]["bill"]

    assert errors(found) == []
    assert (len(bill["charges"]), bill["left_out"]) == (MOST_CHARGES, 502 - MOST_CHARGES)
    assert sum(row["charges"] for row in bill["classes"]) == 502


def test_the_scorecard_has_the_bill_of_a_failure_that_wasted_something() -> None:
    text = " ".join(" ".join(scorecard.lines(report(result("FAIL")), "utf-8")).split())

    assert "Retry bill: 2 submits, 1 intent, 1 wasted, 0.28 yuan: duplicate-submit call 2." in text


def test_no_credential_of_a_text_is_in_the_bill() -> None:
    found = report(result("FAIL", text=f"https://a/{SECRET}", secrets=(SECRET,)))

    assert SECRET not in json_report(found).decode()


def test_a_client_that_called_in_one_of_its_runs_has_called() -> None:
    silent = judge(evidence(Journal(), drill=drill(needs=("calls-back",))), {})

    once = report(of_repeats([result(), silent]))
    never = report(of_repeats([silent, silent]))

    assert (once.verdict, once.problem) == (Verdict.FLAKY, None)
    assert "the client called no server in any drill" in (never.problem or "")
