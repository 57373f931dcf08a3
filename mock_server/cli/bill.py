"""`artqr-mock bill`."""

from typing import Any

import click
from rich import box
from rich.console import Console
from rich.table import Table

from mock_server.cli.common import account_options, instant, json_option, print_json, yuan
from mock_server.client import AccountClient
from mock_server.domain.durations import show_duration


@click.command()
@click.option("--calls/--no-calls", default=True, help="Every call, or the totals only.")
@account_options
@json_option
def bill(*, calls: bool, account: AccountClient, as_json: bool) -> None:
    """Print what an account has spent, call by call, and why."""
    found = account.get("/bill")
    listed = account.calls() if calls else []
    dropped = account.dropped_calls() if calls else 0
    if as_json:
        lines = [{name: call[name] for name in CALL_FIELDS} for call in listed]
        print_json({**found, "calls": lines, "dropped": dropped} if calls else found)
        return
    if dropped:
        click.echo(f"{dropped} earlier call(s) are no longer in the journal, which is bounded")
    print_bill(Console(), found, listed)


CALL_FIELDS = (
    "id", "at", "operation", "method", "path", "status", "error_code", "charged", "fen", "reason",
    "faults", "sent",
)  # fmt: skip


def print_bill(console: Console, found: dict[str, Any], calls: list[dict[str, Any]]) -> None:
    """Print a bill for a person."""
    if calls:
        console.print(_calls_table(calls))
    console.print(_packages_table(found))
    console.print(
        f"[bold]{found['charges']}[/] charged, [bold]{yuan(found['fen'])}[/] yuan; "
        f"balance {found['balance']} credits"
    )


def _calls_table(calls: list[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, justify in (("time", "left"), ("call", "left"), ("answer", "left"),
                          ("yuan", "right"), ("why", "left")):  # fmt: skip
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    days = {instant(call["at"])[:10] for call in calls}
    for call in calls:
        answer = f"{call['status'] or 'none'} {call['error_code'] or ''}".strip() + _heard(call)
        what = call["operation"] or f"{call['method']} {call['path']}"[:40]
        cost = yuan(call["fen"]) if call["charged"] else "-"
        when = instant(call["at"]) if len(days) > 1 else instant(call["at"])[11:]
        table.add_row(when, what, answer, cost, call["reason"])
    return table


def _heard(call: dict[str, Any]) -> str:
    """Return what the client can have seen, where that is not just the answer."""
    sent = call["sent"]
    if sent is None:
        return ""
    if sent["left_after_ms"] is not None:
        return f"; hung up after {show_duration(sent['left_after_ms'])}"
    late = f", {show_duration(sent['late_ms'])} late" if sent["late_ms"] else ""
    instead = f" {sent['status']}" if sent["status"] not in (None, call["status"]) else ""
    return f"; sent: {sent['what']}{instead}{late}"


def _packages_table(found: dict[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("package", "remaining", "yuan", "bought", "expires"):
        table.add_column(name, justify="right" if name in ("remaining", "yuan") else "left")
    for package in found["packages"]:
        table.add_row(
            f"{package['credits']} calls",
            f"{package['remaining']}",
            yuan(package["fen"]),
            instant(package["bought_at"]),
            instant(package["expires_at"]),
        )
    return table
