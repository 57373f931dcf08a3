"""Calls as a plain table, for the message of an assertion that failed."""

from collections.abc import Iterable, Sequence

from mock_server.audit.records import RecordedCall
from mock_server.formatting import counted, instant, printable, yuan

MOST_LINES = 40


def calls_table(calls: Sequence[RecordedCall]) -> str:
    """Return one line a call: time, call, answer, yuan; of very many only the latest."""
    if not calls:
        return "no call was made with the credentials of this world"
    shown = calls[-MOST_LINES:]
    lines = _aligned([("time", "call", "answer", "yuan", ""), *(_cells(call) for call in shown)])
    if len(shown) < len(calls):
        lines.insert(1, f"... {len(calls) - len(shown)} earlier calls ...")
    return "\n".join([*lines, totals(calls)])


def totals(calls: Sequence[RecordedCall]) -> str:
    """Return the last line of a table: how many calls, and what they cost."""
    charged = sum(call.charged for call in calls)
    return f"{counted(len(calls), 'call')}, {charged} charged, {yuan(_fen(calls))} yuan"


def _fen(calls: Iterable[RecordedCall]) -> int:
    return sum(call.fen for call in calls if call.charged)


def _cells(call: RecordedCall) -> tuple[str, ...]:
    about = f"task {call.task_id}" if call.task_id else call.message if call.status != 200 else ""
    notes = [about[:60], *(f"! {finding.id}" for finding in call.findings)]
    cost = yuan(call.fen) if call.charged else "-"
    noted = "  ".join(filter(None, notes))
    cells = (instant(call.at)[11:], call.operation, call.answer, cost, noted)
    return tuple(map(printable, cells))


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column == 3 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
