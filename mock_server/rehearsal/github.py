"""What GitHub Actions shows of a rehearsal: annotations of failed drills, and the step summary.

Rule 1: GitHub takes lines of a step's output for commands. What others wrote never makes one: the
scorecard stands between a stop and a token that nobody could know before.
Rule 2: GitHub shows at most MOST annotations of a step: the last one counts those that are left.
Rule 3: in the summary, all text that is not ours has its punctuation as entities, which Markdown
never takes for its own.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mock_server.domain.call.redaction import redact_printed
from mock_server.formatting import counted, cut, printable, printable_lines, yuan
from mock_server.rehearsal.baseline import counting
from mock_server.rehearsal.report_page import ORDER, mistakes, money, sentence
from mock_server.rehearsal.words import PROGRAM, Words

if TYPE_CHECKING:
    from mock_server.rehearsal.outcome import Report

MOST = 10
MOST_MESSAGE = 2_000  # characters of an annotation
MOST_SUMMARY = 1024 * 1024  # bytes of a step, GitHub's own bound
FOOT_BYTES = 100  # for the line about rows that find no room
MOST_CELL = 300  # characters
IN_MESSAGE = {"%": "%25", "\r": "%0D", "\n": "%0A"}
IN_PROPERTY = {**IN_MESSAGE, ":": "%3A", ",": "%2C"}
PUNCTUATION = re.compile(r"[^\w\s,;/?-]|_")
_COST = ("Cost of broken rules, yuan",)
SHOWN_VERDICTS = {"PASS": "✅ PASS", "FAIL": "❌ FAIL", "FLAKY": "⚠️ FLAKY",
                  "INCONCLUSIVE": "➖ INCONCLUSIVE"}  # fmt: skip


def log_lines(
    rehearsal: "Report", scorecard: Iterable[str], folder: Path, environ: Mapping[str, str]
) -> Iterator[str]:
    """Yield the lines of the step's log: the scorecard, what went wrong, and the annotations.

    `folder`: the current one. Appends the summary to the file that GITHUB_STEP_SUMMARY names.
    """
    report, words = rehearsal.as_json, rehearsal.words
    problem = rehearsal.problem and printable_lines(redact_printed(rehearsal.problem, ()))
    yield from stopped([*scorecard, *(f"artqr-mock: {problem}".split("\n") if problem else ())])
    workspace = Path(environ.get("GITHUB_WORKSPACE") or folder)
    file = file_of(report["command"], rehearsal.order.cwd or folder, workspace)
    if problem:
        yield _command("the rehearsal could not judge", problem, file)
    yield from annotations(report, file, words)
    if name := environ.get("GITHUB_STEP_SUMMARY"):
        refused = write_summary(Path(name), report, words)
        if refused is not None:
            said = f"the step summary was not written: {refused}"
            yield f"::warning title=artqr-mock::{_escaped(said, IN_MESSAGE)}"


def stopped(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines so that GitHub takes none of them for a command."""
    token = os.urandom(16).hex()
    yield f"::stop-commands::{token}"
    yield from lines
    yield f"::{token}::"


def annotations(
    report: Mapping[str, Any], file: str | None, words: Words = PROGRAM
) -> Iterator[str]:
    """Yield a command for each failed drill; `file`: the program's, as GitHub names it."""
    failed = [each for each in report["drills"] if each["verdict"] in ("FAIL", "FLAKY")]
    shown = failed if len(failed) <= MOST else failed[: MOST - 1]
    for drill in shown:
        told = [f"{each['found']}\nWhat to do: {each['advice']}" for each in counting(drill)]
        said = "\n\n".join([drill["says"], *told])
        yield _command(f"{drill['id']}: {drill['rule'] or drill['verdict']}", said, file)
    if rest := failed[len(shown) :]:
        names = ", ".join(each["id"] for each in rest)
        yield _command(f"{counted(len(rest), f'more failed {words.drill}')}", names, file)


def _command(title: str, message: str, file: str | None) -> str:
    properties = {"file": file, "title": title} if file else {"title": title}
    told = ",".join(f"{name}={_escaped(text, IN_PROPERTY)}" for name, text in properties.items())
    return f"::error {told}::{_escaped(cut(message, MOST_MESSAGE), IN_MESSAGE)}"


def _escaped(text: str, table: Mapping[str, str]) -> str:
    return "".join(table.get(each, each) for each in text)


def file_of(command: Sequence[str], folder: Path, workspace: Path) -> str | None:
    """Return the first word of a command that is a file below the workspace, as its path there."""
    for word in command:
        try:
            file = (folder / word).resolve()
            if file.is_file() and file.is_relative_to(workspace.resolve()):
                return file.relative_to(workspace.resolve()).as_posix()
        except (OSError, ValueError):
            continue
    return None


def summary(report: Mapping[str, Any], words: Words = PROGRAM, room: int = MOST_SUMMARY) -> str:
    """Return the rehearsal in Markdown, in at most so many bytes: rows that find no room are
    counted."""
    head = [
        f"## Rehearsal: {SHOWN_VERDICTS[report['verdict']]}", "",
        sentence(report, words), "", *([money(report), ""] if words.has_bill else []),
    ]  # fmt: skip
    if report["trouble"]:
        head += [f"**It stopped:** {marked(report['trouble'])}", ""]
    if report["interrupted"]:
        ran = len(report["drills"])
        head += [f"**Interrupted:** {ran} of {report['totals']['planned']} {words.drills} ran.", ""]
    if baseline := report.get("baseline"):
        head += [f"**Against the baseline:** {baseline['sentence']}", ""]
        head += [f"- {marked(each)}" for each in baseline["notes"]] + [""]
    head += [*_waived(report), *_mistakes(report, words)]
    titles = [words.drill.capitalize(), "Verdict", *_COST[: words.has_bill], "Why"]
    text = "\n".join([*head, *_table_head(titles)]) + "\n"
    rows = [_row(each, words) for each in sorted(report["drills"], key=_place)]
    return _bounded(text, rows, words, room)


def _table_head(titles: Sequence[str]) -> list[str]:
    numbers = (*_COST, "Drills", "Deliveries")
    lines = "|".join("---:" if each in numbers else "---" for each in titles)
    return [f"| {' | '.join(titles)} |", f"|{lines}|"]


def _bounded(text: str, rows: Sequence[str], words: Words, room: int) -> str:
    kept, used = [text], len(text.encode())
    for number, row in enumerate(rows):
        used += len(row.encode())
        if used > room - FOOT_BYTES:
            left = counted(len(rows) - number, f"more {words.drill}")
            kept.append(f"\n{left} found no room here.\n")
            break
        kept.append(row)
    whole = "".join(kept)
    return whole if len(whole.encode()) <= room else ""


def write_summary(file: Path, report: Mapping[str, Any], words: Words = PROGRAM) -> str | None:
    """Append the summary to the file of the step; return why that cannot be, None if it was."""
    try:
        used = file.stat().st_size if file.exists() else 0
        text = summary(report, words, MOST_SUMMARY - used - 1)
        if not text:
            return "it has no room left: GitHub takes 1 MiB of a step"
        with file.open("a", encoding="utf-8", newline="\n") as opened:
            opened.write("\n" + text if used else text)
    except (OSError, ValueError) as error:
        return str((isinstance(error, OSError) and error.strerror) or error)
    return None


def marked(text: str, most: int = MOST_CELL) -> str:
    """Return a text of others so that Markdown shows it as it is, on one line."""
    return PUNCTUATION.sub(lambda each: f"&#{ord(each[0])};", printable(text, most)).strip()


def _waived(report: Mapping[str, Any]) -> list[str]:
    rows = [f"- `{rule}`: {marked(reason)}" for rule, reason in report["waived"].items()]
    return ["**Waived rules:**", "", *rows, ""] if rows else []


def _mistakes(report: Mapping[str, Any], words: Words) -> list[str]:
    rows = [
        _cells(
            marked(each["says"]), marked(each["found"]), marked(each["advice"]),
            *_cost(each["fen"], words), str(len(each["drills"])),
        )
        for each in mistakes(report)
    ]  # fmt: skip
    dear = ", the most expensive first" if words.has_bill else ""
    titles = ["Rule", "For example", "What to do", *_COST[: words.has_bill]]
    head = _table_head([*titles, words.drills.capitalize()])
    foot = ["", f"### {words.drills.capitalize()}", ""]
    return [f"### Mistakes{dear}", "", *head, *rows, *foot] if rows else []


def _cost(fen: int, words: Words) -> list[str]:
    return [yuan(fen)] if words.has_bill else []


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _place(drill: Mapping[str, Any]) -> int:
    return ORDER.index(drill["verdict"])


def _row(drill: Mapping[str, Any], words: Words) -> str:
    counts = counting(drill)
    why = counts[0]["found"] if counts else "; ".join(drill["reasons"])
    verdict = SHOWN_VERDICTS[drill["verdict"]]
    return _cells(drill["id"], verdict, *_cost(drill["fen_wasted"], words), marked(why)) + "\n"
