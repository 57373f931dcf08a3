"""Reports in Chinese: no English sentence in the terminal, and none on a page."""

import re
from typing import Any

import pytest

from mock_server.domain.languages import CHINESE
from mock_server.load import report as load_report
from mock_server.load import report_page as load_page
from mock_server.load import summary as load_summary
from mock_server.load.gates import Gates
from mock_server.rehearsal import report_page, scorecard
from mock_server.rehearsal.order import RehearsalOrder
from mock_server.rehearsal.outcome import Report
from mock_server.rehearsal.verdicts import DrillResult, judge
from mock_server.sweep import summary as sweep_summary
from tests.support.english import english_runs
from tests.support.inspector import Text
from tests.support.loads import audit, incident, ran
from tests.support.rehearsals import NOTHING_SENT, Journal, drill, ended, evidence, late, left
from tests.support.sweeps import PlantedBench, breaking, swept
from tests.unit.test_receiver_reports import report as receiver_report
from tests.unit.test_receiver_reports import result as delivery

QUOTED = re.compile(r"<(code|pre|style|script)\b.*?</\1>", re.DOTALL)
# What the pages say beside their text.
SAID = ("aria-label", "title", "data-label")


def page_runs(html: str) -> list[str]:
    """Return the English that a page says, in its text and for those who hear it."""
    found = Text(QUOTED.sub("", html))
    heard = [attrs[name] or "" for _, attrs in found.tags for name in SAID if name in attrs]
    return [run for text in [*found.texts, *heard] for run in english_runs(text)]


def wild() -> Journal:
    """Return the calls of a client that does much wrong."""
    made = Journal()
    made.submit(0, "one", task="t1", sent=NOTHING_SENT)
    made.submit(40, "one", task="t2")
    made.submit(80, "two", status=450)
    made.submit(90, "two", status=450)
    for at in range(100, 3000, 100):
        made.query(at, "t2", sent=left(50) if at == 300 else None)
    made.query(3100, "t2", ended=True)
    made.query(3200, "t2", ended=True)
    made.fetch(3300, "t2")
    made.fetch(3400, "t2")
    made.submit(3500, "three", status=403, code="B403MQ")
    made.submit(3600, "three", status=403, code="B403MQ")
    made.submit(3700, "four", status=503, code="X503BZ", sent=late(900))
    made.submit(3720, "four", status=503, code="X503BZ")
    return made


def result(name: str, **more: Any) -> DrillResult:
    return judge(evidence(wild(), drill=drill(id=name), **more), {})


def idle() -> DrillResult:
    needs = ("calls-back", "signs", "queried", "fetched", "long-text", "two-open", "restarted")
    return judge(evidence(Journal(), drill=drill(id="idle", needs=needs)), {})


def rehearsed() -> Report:
    results = (
        result("d-1"), result("d-2", ended=ended(3)), result("d-3", ended=ended(None)),
        result("d-4", ended=ended(0, left=("sleep 9",))), idle(),
    )  # fmt: skip
    order = RehearsalOrder(command=("client",))
    return Report(order=order, results=results, planned=9, interrupted=True)


def test_a_rehearsal_is_told_in_chinese() -> None:
    found = rehearsed()

    assert english_runs("\n".join(scorecard.lines(found, "utf-8", CHINESE))) == []
    assert page_runs(report_page.html(found, CHINESE)) == []


def test_a_rehearsal_of_a_receiver_is_told_in_chinese() -> None:
    found = receiver_report(
        *(delivery(f"d-{status}", status) for status in (204, 302, 404, 500)), planned=9
    )

    assert english_runs("\n".join(scorecard.lines(found, "utf-8", CHINESE))) == []
    assert page_runs(report_page.html(found, CHINESE)) == []


def test_an_audit_is_told_in_chinese() -> None:
    journal = wild()
    load = ran(journal, incident("at 1s: outage for 1s", 1000, 2000), notes=("users begin",))
    gates = Gates(fen=1, fen_wasted=1, p99_ms=1.0, storm=1.5)
    for made in (audit(journal, load, gates=gates), audit(journal), audit(Journal())):
        found = load_report.as_json(made)
        assert english_runs("\n".join(load_summary.lines(found, CHINESE))) == []
        assert page_runs(load_page.page(found, CHINESE)) == []


@pytest.mark.parametrize("values", [
    {"result__item": "object"}, {"result__item": "object", "envelope": "bare"},
    {"result__item": "object", "envelope": "bare", "list__order": "oldest-first"}, {},
])  # fmt: skip
def test_a_sweep_is_told_in_chinese(
    monkeypatch: pytest.MonkeyPatch, values: dict[str, str]
) -> None:
    few = ["result.item", "envelope", "list.order", "task.words"]
    bench = PlantedBench(breaking("calm", **values))
    found = swept(monkeypatch, bench, only=["calm", "task-failed"], readings=few)
    said = "\n".join(sweep_summary.lines(found, "utf-8", CHINESE))

    assert english_runs(said) == []
