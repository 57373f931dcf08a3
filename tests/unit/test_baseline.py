"""`--baseline`: an earlier report is read with care, and what changed is told."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator as Validator

from mock_server import contract
from mock_server.domain.usage_errors import UsageError
from mock_server.rehearsal import baseline, scorecard
from mock_server.rehearsal.baseline import compared, read_baseline
from mock_server.rehearsal.order import RehearsalOrder
from mock_server.rehearsal.outcome import Report
from mock_server.rehearsal.project_file import project_settings
from mock_server.rehearsal.report import json_report
from mock_server.rehearsal.report_page import html
from mock_server.rehearsal.verdicts import DrillResult, judge
from tests.support.rehearsals import ONE, Journal, drill, evidence

SCHEMA = json.loads((contract.folder("contracts") / "rehearsal.schema.json").read_text("utf-8"))


def rule(name: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "waived": None, "is_note": False, **more}


def row(name: str, verdict: str = "PASS", *rules: dict[str, Any], fen: int = 0) -> dict[str, Any]:
    return {"id": name, "verdict": verdict, "rules": list(rules), "fen_wasted": fen}


def written(folder: Path, *drills: dict[str, Any], **more: Any) -> Path:
    """Return the file of an earlier report."""
    file = folder / "earlier.json"
    file.write_text(json.dumps({"command": ["client"], "drills": drills, **more}), "utf-8")
    return file


def change(folder: Path, then: dict[str, Any], now: dict[str, Any]) -> dict[str, Any] | None:
    """Return how a drill changed."""
    found = compared(read_baseline(written(folder, then)), ["client"], [now])
    return next(iter(found["changes"]), None)


def result(name: str, *, tasks: int) -> DrillResult:
    """Return a drill that passed, or failed with more than one task."""
    made = Journal()
    for number in range(1, tasks + 1):
        made.finished(number * 2000, ONE, f"t{number}")
    return judge(evidence(made, drill=drill(id=name)), {})


# Reading


def fifo(file: Path) -> None:
    os.mkfifo(file)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it is empty; give the report.json that `artqr-mock rehearse --report FOLDER`"),
        (b'{"drills": [{"id": "calm", "verd', "it is cut off or broken at line 1, column 28"),
        (b"<testsuites/>", "is not a report of a rehearsal (it is not JSON)"),
        (b"\xff\xfe{", "it is not UTF-8"),
        (b"[]", "it is not an object"),
        (b"null", "it is not an object"),
        (b"{}", "it has no list of drills"),
        (b'{"drills": {}}', "it has no list of drills"),
        (b'{"drills": [1]}', "drills[0] is not an object"),
        (b'{"drills": [{}]}', "drills[0].id is no name"),
        (b'{"drills": [{"id": "<b>"}]}', "drills[0].id is no name"),
        (b'{"drills": [{"id": "a", "verdict": "GOOD"}]}', "drills[0].verdict is no verdict"),
        (b'{"drills": [{"id": "a", "verdict": ["PASS"]}]}', "drills[0].verdict is no verdict"),
        (b'{"drills": [{"id": "a", "verdict": "PASS", "fen_wasted": -1}]}', "is no amount"),
        (b'{"drills": [{"id": "a", "verdict": "PASS", "fen_wasted": 1e400}]}', "is no amount"),
        (b'{"drills": [{"id": "a", "verdict": "PASS", "fen_wasted": 1}]}', "is no list of rules"),
        (b'{"drills": [{"id": "a", "verdict": "PASS", "fen_wasted": 1, "rules": [{}]}]}',
         "drills[0].rules is no name"),
        (b'{"drills": ' + b"9" * 5000 + b"}", "no report has such JSON"),
        (b'{"drills": ' + b"[" * 100_000, "no report has such JSON"),
        (json.dumps({"drills": [row("a"), row("a")]}).encode(), "drills[1] is a second a"),
        (json.dumps({"drills": [row(f"d{n}") for n in range(1001)]}).encode(), "more than 1000"),
    ],
    ids=lambda each: str(each)[:40],
)  # fmt: skip
def test_a_file_that_is_no_whole_report_is_refused(
    tmp_path: Path, content: bytes, says: str
) -> None:
    file = tmp_path / "report.json"
    file.write_bytes(content)

    with pytest.raises(UsageError) as refused:
        read_baseline(file)

    assert says in str(refused.value)
    assert str(file) in str(refused.value)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda file: None, "there is no such file"),
        (Path.mkdir, "it is a folder; name the report.json in it"),
        pytest.param(fifo, "it is not a file",
                     marks=pytest.mark.skipif(sys.platform == "win32", reason="no pipes")),
    ],
)  # fmt: skip
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, make: Any, says: str) -> None:
    make(tmp_path / "report.json")

    with pytest.raises(UsageError, match=says):
        read_baseline(tmp_path / "report.json")


def test_a_file_that_is_too_large_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path, row("calm"))
    monkeypatch.setattr(baseline, "MOST_BYTES", 16)

    with pytest.raises(UsageError, match="it is larger than"):
        read_baseline(file)


def test_a_report_of_ours_and_one_of_another_version_are_taken(tmp_path: Path) -> None:
    found = Report(order=RehearsalOrder(command=("client",)), results=(result("a", tasks=2),),
                   planned=1)  # fmt: skip
    ours, other = tmp_path / "report.json", tmp_path / "other.json"
    ours.write_bytes(json_report(found))
    other.write_bytes(b"\xef\xbb\xbf" + json.dumps({"drills": [{**row("a"), "new": 1}]}).encode())

    assert read_baseline(ours).drills["a"].broken == {"one-intent-one-task"}
    assert read_baseline(other).drills["a"].verdict == "PASS"


# Comparing


@pytest.mark.parametrize(
    ("then", "now", "kind"),
    [
        (row("a"), row("a", "FAIL", rule("ends")), "worse"),
        (row("a"), row("a", "INCONCLUSIVE"), "worse"),
        (row("a", "FLAKY", rule("ends")), row("a", "FAIL", rule("ends")), "worse"),
        (row("a", "FAIL", rule("ends")), row("a"), "better"),
        (row("a", "FAIL", rule("ends")), row("a", "FLAKY", rule("ends")), "better"),
        (row("a", "INCONCLUSIVE"), row("a"), "better"),
        (row("a", "FAIL", rule("ends")), row("a", "FAIL", rule("ends"), rule("backs-off")),
         "worse"),
        (row("a", "FAIL", rule("ends"), rule("backs-off")), row("a", "FAIL", rule("ends")),
         "better"),
        (row("a", "FAIL", rule("ends")), row("a", "FAIL", rule("backs-off")), "changed"),
        (row("a", "FAIL", rule("ends")), row("a", "FAIL", rule("ends"), fen=280), None),
        (row("a"), row("a", "PASS", rule("ends", is_note=True)), None),
    ],
)  # fmt: skip
def test_a_drill_is_better_or_worse_by_its_verdict_then_by_its_rules(
    tmp_path: Path, then: dict[str, Any], now: dict[str, Any], kind: str | None
) -> None:
    found = change(tmp_path, then, now)

    assert (found and found["change"]) == kind


def test_drills_that_ran_once_only_are_new_or_gone_and_are_not_counted(tmp_path: Path) -> None:
    earlier = read_baseline(written(tmp_path, row("a", "FAIL", rule("ends"), fen=28), row("b")))

    found = compared(earlier, ["client"], [row("b"), row("c", "FAIL", rule("ends"), fen=56)])

    assert (found["new"], found["gone"], found["compared"]) == (1, 1, 1)
    assert found["fen"] == {"before": 0, "now": 0, "difference": 0}
    assert (
        "1 new, 1 gone; in the 1 drill that ran both times broken rules cost as much as"
        in (found["sentence"])
    )


def test_the_difference_in_yuan_and_the_rules_newly_broken_are_told(tmp_path: Path) -> None:
    earlier = read_baseline(written(tmp_path, row("a", "FAIL", rule("ends"), fen=28)))

    found = compared(earlier, ["client"],
                     [row("a", "FAIL", rule("ends"), rule("backs-off"), fen=112)])  # fmt: skip

    assert found["fen"]["difference"] == 84
    assert found["rules_newly_broken"] == ["backs-off"]
    assert "broken rules cost 0.84 yuan more" in found["sentence"]
    assert found["changes"][0]["broken"] == ["backs-off"]


def test_what_is_better_only_because_it_is_waived_is_said_to_be(tmp_path: Path) -> None:
    earlier = read_baseline(written(tmp_path, row("a", "FAIL", rule("ends"))))

    found = compared(earlier, ["client"], [row("a", "PASS", rule("ends", waived="for now"))])

    assert (
        found["changes"][0] | {"change": "better", "waived": ["ends"], "mended": []}
        == (found["changes"][0])
    )
    assert "better only because a rule is waived" in found["notes"][0]


def test_another_command_and_an_interrupted_baseline_are_told(tmp_path: Path) -> None:
    earlier = read_baseline(written(tmp_path, row("a"), interrupted=True))

    notes = compared(earlier, ["other"], [row("a")])["notes"]

    assert notes == ["the baseline is of another command.",
                     "the baseline's rehearsal was interrupted, so it lacks drills."]  # fmt: skip


# Showing


def report(folder: Path) -> Report:
    """Return a rehearsal in which `worse` failed, which passed before, and `gone` did not run."""
    earlier = read_baseline(written(folder, row("worse"), row("gone", "FAIL", rule("ends"))))
    return Report(order=RehearsalOrder(command=("client",)), planned=2, earlier=earlier,
                  results=(result("worse", tasks=2), result("fresh", tasks=1)))  # fmt: skip


def test_the_json_is_true_to_its_schema_with_and_without_a_baseline(tmp_path: Path) -> None:
    found = report(tmp_path)
    plain = Report(order=found.order, results=found.results, planned=2)

    assert [
        str(each) for each in Validator(SCHEMA).iter_errors(json.loads(json_report(found)))
    ] == []
    assert json.loads(json_report(plain))["baseline"] is None


def test_terminal_and_page_show_what_changed(tmp_path: Path) -> None:
    found = report(tmp_path)
    shown = "\n".join(scorecard.lines(found, "utf-8"))
    made = html(found)

    assert "worse worse: PASS -> FAIL (breaks one-intent-one-task)" in shown
    assert "not in the baseline: fresh" in shown
    assert "in the baseline, not run now: gone" in shown
    assert "baseline: 1 worse, 0 better, 1 new, 1 gone;" in shown
    assert "Against the baseline" in made
    assert "broken now: one-intent-one-task" in made
    assert 'href="#drill-worse"' in made
    assert 'href="#drill-gone"' not in made


def test_the_summary_fits_the_screen_with_a_baseline(tmp_path: Path) -> None:
    lines = scorecard.summary(report(tmp_path))

    assert len(lines) <= scorecard.SUMMARY_LINES
    assert all(len(line) <= scorecard.WIDTH for line in lines)


def test_a_baseline_changes_no_verdict(tmp_path: Path) -> None:
    earlier = read_baseline(written(tmp_path, row("worse", "FAIL", rule("one-intent-one-task"))))
    found = Report(order=RehearsalOrder(command=("client",)), planned=1, earlier=earlier,
                   results=(result("worse", tasks=2),))  # fmt: skip

    assert found.has_failed


def test_a_project_names_its_baseline_relative_to_its_file(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text('[tool.artqr-mock.rehearse]\nbaseline = "ci/report.json"\n', "utf-8")

    assert project_settings(tmp_path, has_command=True)["baseline"] == tmp_path / "ci/report.json"

    file.write_text("[tool.artqr-mock.rehearse]\nbaseline = 1\n", "utf-8")
    with pytest.raises(UsageError, match="baseline must be a text"):
        project_settings(tmp_path, has_command=True)
