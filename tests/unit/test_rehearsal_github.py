"""What GitHub Actions shows of a rehearsal: no text of a client is a command or Markdown there."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from mock_server.rehearsal import github
from mock_server.rehearsal.order import RehearsalOrder
from mock_server.rehearsal.outcome import Report
from mock_server.rehearsal.report import as_json
from mock_server.rehearsal.verdicts import DrillResult, judge
from tests.support.rehearsals import ONE, Journal, drill, ended, evidence

INJECTED = "::error::injected"


def failed(name: str, text: str = ONE, **more: Any) -> DrillResult:
    made = Journal()
    for number in range(1, 3):
        made.finished(number * 2000, text, f"t{number}")
    return judge(evidence(made, drill=drill(id=name), **more), {})


def silent(printed: str) -> DrillResult:
    """Return a drill of a client that printed something and called nothing."""
    return judge(evidence(Journal(), ended=ended(0, stdout=printed.encode())), {})


def report(*results: DrillResult, **more: Any) -> Report:
    order = RehearsalOrder(command=more.pop("command", ("client",)))
    return Report(order=order, results=results, planned=len(results), **more)


def log(found: Report, folder: Path, **environ: str) -> list[str]:
    return list(github.log_lines(found, ["scorecard", f"  {INJECTED}"], folder, environ))


def commands(lines: Iterable[str]) -> list[str]:
    """Return what GitHub takes for commands, as its runner does: between stops it takes none."""
    found, token = [], None
    for line in "\n".join(lines).split("\n"):
        text = line.strip()
        if token is not None:
            token = None if text == f"::{token}::" else token
        elif text.startswith("::stop-commands::"):
            token = text.removeprefix("::stop-commands::")
        elif text.startswith("::"):
            found.append(text)
    return found


def unescaped(command: str) -> tuple[dict[str, str], str]:
    """Return the properties and the message of a command."""
    head, _, message = command.removeprefix("::").partition("::")
    rows = [each.partition("=") for each in head.partition(" ")[2].split(",")]
    back = {"%0A": "\n", "%0D": "\r", "%3A": ":", "%2C": ",", "%25": "%"}

    def plain(text: str) -> str:
        for code, char in back.items():
            text = text.replace(code, char)
        return text

    return {name: plain(value) for name, _, value in rows}, plain(message)


def test_a_failed_drill_is_an_annotation_of_the_programs_file(tmp_path: Path) -> None:
    (tmp_path / "a, b.py").write_text("", "utf-8")
    found = report(failed("calm"), command=("python", "a, b.py"))

    (shown,) = commands(log(found, tmp_path, GITHUB_WORKSPACE=str(tmp_path)))

    assert shown.startswith("::error file=a%2C b.py,title=calm%3A one-intent-one-task::")
    properties, message = unescaped(shown)
    assert properties == {"file": "a, b.py", "title": "calm: one-intent-one-task"}
    assert "made 2 tasks of it.\nWhat to do: Keep" in message


def test_no_file_is_named_that_is_outside_the_workspace(tmp_path: Path) -> None:
    outside, workspace = tmp_path / "client.py", tmp_path / "work"
    workspace.mkdir()
    outside.write_text("", "utf-8")

    assert github.file_of(["python", str(outside)], tmp_path, workspace) is None
    assert github.file_of(["\0", "x" * 9999, "."], tmp_path, workspace) is None


def test_what_a_client_printed_is_no_command(tmp_path: Path) -> None:
    assert commands(log(report(), tmp_path)) == []
    found = commands(log(report(silent(f"{INJECTED}\n{INJECTED}")), tmp_path))
    assert len(found) == 1
    assert unescaped(found[0])[0] == {"title": "the rehearsal could not judge"}


def test_a_text_of_a_client_ends_no_command_and_adds_no_property(tmp_path: Path) -> None:
    text = f"x%0A{INJECTED}\r\n{INJECTED},file=/etc/passwd"
    shown = commands(log(report(failed("calm", text)), tmp_path))

    assert len(shown) == 1
    assert set(unescaped(shown[0])[0]) == {"title"}


def test_the_token_of_a_stop_is_another_one_each_time(tmp_path: Path) -> None:
    assert log(report(), tmp_path)[0] != log(report(), tmp_path)[0]


def test_of_many_failures_the_tenth_counts_the_rest(tmp_path: Path) -> None:
    ten = commands(log(report(*(failed(f"d{number}") for number in range(10))), tmp_path))
    more = commands(log(report(*(failed(f"d{number}") for number in range(13))), tmp_path))

    assert (len(ten), len(more)) == (10, 10)
    assert "title=d9%3A" in ten[-1]
    assert more[-1] == "::error title=4 more failed drills::d9, d10, d11, d12"


# The summary


def summary_of(found: Report, folder: Path) -> str:
    file = folder / "summary.md"
    log(found, folder, GITHUB_STEP_SUMMARY=str(file))
    return file.read_text("utf-8")


def test_the_summary_says_the_verdict_the_mistakes_and_every_drill(tmp_path: Path) -> None:
    text = summary_of(report(failed("calm"), failed("task-slow")), tmp_path)

    assert text.startswith("## Rehearsal: ❌ FAIL\n\nThe program failed 2 of 2 drills.")
    assert "### Mistakes, the most expensive first" in text
    assert "| calm | ❌ FAIL | 0.28 |" in text


def test_the_summary_is_appended(tmp_path: Path) -> None:
    (tmp_path / "summary.md").write_text("before\n", "utf-8")

    assert summary_of(report(failed("calm")), tmp_path).startswith("before\n\n## Rehearsal")


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "![x](https://a/b.png)", "| a | b |\n\n# head", "`a` **b** _c_",
     "@somebody #1 $x$ ~~y~~", "www.example.com https://example.com a@b.example", "&lt;b&gt;",
     "\u202e\x1b[2J", "- [ ] list", "<!-- "],
)  # fmt: skip
def test_a_text_of_others_has_no_punctuation_that_markdown_knows(text: str) -> None:
    shown = github.marked(text)

    rest = re.sub(r"&#\d+;", "", shown)
    assert not set(rest) & set("\\`*_{}[]()<>#+!|~@:.$&\"'\n=\u202e\x1b")


def test_the_summary_has_as_many_cells_whatever_a_client_wrote(tmp_path: Path) -> None:
    text = summary_of(report(failed("calm", "a | b | c\n| d")), tmp_path)
    (row,) = [line for line in text.splitlines() if line.startswith("| calm")]

    assert row.count("|") == 5


def test_the_summary_stays_below_what_github_takes() -> None:
    found = as_json(report(failed("calm")))
    found["drills"] *= 20_000

    text = github.summary(found)

    assert len(text.encode()) <= 1024 * 1024
    assert "more drills found no room here." in text


def test_a_full_or_unwritable_summary_is_a_warning_and_no_more(tmp_path: Path) -> None:
    full = tmp_path / "full.md"
    full.write_bytes(b"x" * 1024 * 1024)

    (room,) = commands(log(report(), tmp_path, GITHUB_STEP_SUMMARY=str(full)))
    (gone,) = commands(log(report(), tmp_path, GITHUB_STEP_SUMMARY=str(tmp_path / "a" / "b")))

    assert "::warning title=artqr-mock::the step summary was not written: it has no room" in room
    assert "No such file" in gone
    assert full.stat().st_size == 1024 * 1024


def test_the_baseline_is_in_the_summary() -> None:
    found = as_json(report(failed("calm")))
    found["baseline"] = {"sentence": "1 worse.", "notes": ["mind | this"]}

    text = github.summary(json.loads(json.dumps(found)))

    assert "**Against the baseline:** 1 worse." in text
    assert "mind &#124; this" in text
