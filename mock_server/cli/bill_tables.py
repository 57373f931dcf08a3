"""What `artqr-mock bill` prints: lines of a breakdown, as a table or as CSV."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from mock_server.admin_client import AccountClient
from mock_server.domain.billing.charges import UNLIMITED, WITHOUT_END
from mock_server.domain.durations import show_duration
from mock_server.formatting import counted, csv_cell, instant, printable, yuan
from mock_server.words.sentences import Say

Line = dict[str, Any]

BREAKDOWNS = ("call", "task", "operation", "day", "package", "reading")
CALL_FIELDS = (
    "id", "at", "operation", "method", "path", "status", "error_code", "charged", "fen", "reason",
    "faults", "sent",
)  # fmt: skip
# Columns that say it all in their lines, and are left out where they say nothing.
REMARKS = {"current": "", "beyond": ""}
# The columns of each breakdown in CSV, there even where no line is.
COLUMNS = {
    "call": CALL_FIELDS,
    "task": ("number", "task_id", "charges", "fen"),
    "operation": ("operation", "charges", "fen"),
    "day": ("day", "charges", "fen"),
    "package": ("package", "charges", "fen"),
    "reading": ("rule", "charges", "fen", "current", "beyond"),
    "intent": ("call", "class", "intent", "fen", "why"),
}
INVOICE_COLUMNS = ("package", "offer", "bought_at", "fen", "eligible")
TITLES = {"fen": "yuan", "fen_wasted": "yuan wasted"}
# Columns whose words are ours; those of the others are of clients.
OURS = frozenset({"class", "current", "expires", "invoice", "package", "rule", "task_id", "why"})
LONGEST_WORD = 12
NUMBERS = (
    "id", "call", "charges", "charged", "fen", "fen_wasted", "yuan", "number", "remaining",
    "submits", "wasted",
)  # fmt: skip


def lines(account: AccountClient, found: Line, by: str, last: int | None = None) -> list[Line]:
    """Return the lines of a breakdown, only the last ones if `last` says how many; `found` is the
    bill."""
    if by == "call":
        calls = account.calls() if last is None else account.last_calls(last)
        return [{name: call[name] for name in CALL_FIELDS} for call in calls]
    every = _breakdown(account, found, by)
    return every if last is None else every[-last:]


def _breakdown(account: AccountClient, found: Line, by: str) -> list[Line]:
    if by == "task":
        without = {"number": None, "task_id": None, **found["without_task"]}
        others = [without, *_trimmed(found["trimmed"])]
        charged = [each for each in others if each["charges"]]
        return [*account.every("/bill/tasks", "tasks"), *charged]
    if by == "operation":
        return [{"operation": name, **each} for name, each in found["by_operation"].items()]
    if by == "reading":
        return by_reading(found)
    charges: list[Line] = found[f"by_{by}"]
    return charges


def _trimmed(trimmed: Line | None) -> list[Line]:
    """Return the line for the tasks that the server no longer keeps, so that the lines add up."""
    if trimmed is None:
        return []
    charges, fen = trimmed["task_charges"], trimmed["task_fen"]
    return [{"number": None, "task_id": "no longer kept", "charges": charges, "fen": fen}]


def by_reading(found: Line) -> list[Line]:
    """Return what the same calls cost under every reading of the rule, a line each."""
    return [
        {
            "rule": rule["title"],
            "charges": rule["charges"],
            "fen": rule["fen"],
            "current": "this account" if rule["current"] else "",
            "beyond": rule["beyond"],
        }
        for rule in found["under_readings"]
    ]


def invoice_lines(invoices: list[Line]) -> list[Line]:
    """Return the purchases for a program, a line each."""
    return [{**each, "eligible": " ".join(each["eligible"])} for each in invoices]


def _package(offer: str) -> str:
    return counted(int(offer), "call") if offer.isdigit() else offer


def credits_left(balance: int) -> str:
    """Return a balance as a person reads it."""
    return UNLIMITED if balance >= WITHOUT_END else counted(balance, "credit")


def _invoices_shown(invoices: list[Line]) -> list[Line]:
    return [
        {
            "id": each["package"],
            "package": _package(each["offer"]),
            "bought": instant(each["bought_at"]),
            "fen": each["fen"],
            "invoice": " or ".join(each["eligible"]) or "none: under 50 yuan",
        }
        for each in invoices
    ]


def csv_of(found: list[Line], names: Sequence[str]) -> str:
    """Return lines as CSV with a header; money stays whole fen, instants stay ms."""
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: csv_cell(value) for name, value in line.items()} for line in found)
    return text.getvalue()


def table_of(found: list[Line], say: Say = str) -> Table:
    """Return lines as a table for a person; money in yuan. `say`: as of print_bill."""
    names = [
        name
        for name in (found[0] if found else ())
        if name not in REMARKS or any(line[name] for line in found)
    ]
    titles = [REMARKS.get(name, TITLES.get(name, name.replace("_", " "))) for name in names]
    rows = [[_shown(name, line[name], say) for name in names] for line in found]
    return _filled(
        [say(each) for each in titles], rows, numbers=[name in NUMBERS for name in names]
    )


def calls_table(calls: list[Line], say: Say = str) -> Table:
    """Return calls as a table, with the day where there is more than one.

    `call` is the number that `artqr-mock explain` takes.
    """
    days = {instant(call["at"])[:10] for call in calls}
    rows = []
    for call in calls:
        answer = f"{call['status'] or 'none'} {call['error_code'] or ''}".strip() + _heard(call)
        what = call["operation"] or f"{call['method']} {call['path']}"[:40]
        cost = yuan(call["fen"]) if call["charged"] else "-"
        when = instant(call["at"]) if len(days) > 1 else instant(call["at"])[11:]
        rows.append([str(call["id"]), when, what, say(answer), cost, say(call["reason"])])
    titles = ["call", "time", "operation", "answer", "yuan", "why"]
    numbers = [title in ("call", "yuan") for title in titles]
    return _filled([say(each) for each in titles], rows, numbers)


def _filled(titles: list[str], rows: list[list[str]], numbers: list[bool]) -> Table:
    """Return a table that breaks its lines between words; texts of clients are made printable."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    shown = [[printable(value) for value in row] for row in rows]
    for column, title in enumerate(titles):
        words = [word for row in shown for word in row[column].split()]
        # A longer word, such as a path, is the one that breaks.
        longest = min(LONGEST_WORD, max(map(cell_len, words), default=0))
        is_number = numbers[column]
        table.add_column(
            title,
            justify="right" if is_number else "left",
            no_wrap=is_number,
            min_width=max(longest, cell_len(title)),
            overflow="fold",
        )
    for row in shown:
        table.add_row(*map(Text, row))  # a `Text`, or rich would read [markup] in it
    return table


def packages_table(packages: list[Line], say: Say = str) -> Table:
    """Return the packages of an account."""
    return table_of([_package_line(each) for each in packages], say)


def _package_line(package: Line) -> Line:
    ends = package["offer"] != UNLIMITED
    return {
        "id": package["id"],
        "package": counted(package["credits"], "call") if ends else UNLIMITED,
        "remaining": package["remaining"] if ends else UNLIMITED,
        "fen": package["fen"] if ends else None,
        "bought": instant(package["bought_at"]),
        "expires": instant(package["expires_at"]) if ends else "never",
    }


def total(found: Line, say: Say = str) -> str:
    """Return the last line of a bill, with rich's markup."""
    return say(
        f"[bold]{found['charges']}[/] charged, [bold]{yuan(found['fen'])}[/] yuan; "
        f"balance {credits_left(found['balance'])}"
    )


def invoice_sample(invoices: list[Line], say: Say = str) -> RenderableType:
    """Return what an invoice would say, marked as the sample it is."""
    earned = [each for each in invoices if each["eligible"]]
    total = yuan(sum(each["fen"] for each in earned))
    return Panel(
        Group(
            table_of(_invoices_shown(invoices), say), say(f"to be invoiced: [bold]{total}[/] yuan")
        ),
        title=f"[bold red]{say('SAMPLE, NOT AN INVOICE')}[/]",
        subtitle=say("made by artqr-mock; no money was paid"),
        box=box.DOUBLE,
        expand=False,
        padding=(0, 2),
    )


def _heard(call: Line) -> str:
    """Return what the client can have seen, where that is not just the answer."""
    sent = call["sent"]
    if sent is None:
        return ""
    if sent["left_after_ms"] is not None:
        return f"; hung up after {show_duration(sent['left_after_ms'])}"
    late = f", {show_duration(sent['late_ms'])} late" if sent["late_ms"] else ""
    instead = f" {sent['status']}" if sent["status"] not in (None, call["status"]) else ""
    return f"; sent: {sent['what']}{instead}{late}"


def _shown(name: str, value: Any, say: Say) -> str:
    if name == "beyond":
        return say(f"{value} without a credit") if value else ""
    if value is None:
        return "-"
    if name in ("fen", "fen_wasted"):
        return yuan(value)
    return say(str(value)) if name in OURS else str(value)
