"""`artqr-mock callbacks`: list, show, resend."""

from typing import Any

import click

from mock_server.admin_client import AccountClient
from mock_server.cli.common import PlainGroup, account_options, instant, json_option, print_json
from mock_server.formatting import counted, printable, printable_lines


@click.group(cls=PlainGroup)
def callbacks() -> None:
    """List, show and resend the callbacks of an account."""


@callbacks.command("list")
@account_options
@json_option
def list_callbacks(*, account: AccountClient, as_json: bool) -> None:
    """List all callbacks in the order in which they were planned."""
    found = account.every("/callbacks", "callbacks")
    if as_json:
        print_json(found)
        return
    for each in found:
        click.echo(_line(each))
    if not found:
        click.echo("no callback is planned")


@callbacks.command()
@click.argument("callback_id", type=click.IntRange(1))
@account_options
@json_option
def show(*, callback_id: int, account: AccountClient, as_json: bool) -> None:
    """Show the request and the answer of every attempt of one callback."""
    _show(account.get(f"/callbacks/{callback_id}"), as_json=as_json)


@callbacks.command()
@click.argument("callback_id", type=click.IntRange(1))
@account_options
@json_option
def resend(*, callback_id: int, account: AccountClient, as_json: bool) -> None:
    """Deliver one callback again, whatever its state, and show the result."""
    _show(account.post(f"/callbacks/{callback_id}/resend", {"settle": True}), as_json=as_json)


def _show(callback: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(callback)
        return
    click.echo(_line(callback))
    for attempt in callback["attempts"]:
        took = f"{attempt['duration_ms']} ms"
        click.echo(f"\n{instant(attempt['at'])}  {_result(attempt)}, {took}")
        _message("> ", attempt["request"])
        _message("< ", attempt["answer"])


def _message(mark: str, message: dict[str, Any] | None) -> None:
    if message is None:
        return
    if "method" in message:
        click.echo(f"{mark}{printable(message['method'])} {printable(message['url'])}")
    for name, value in message["headers"]:
        click.echo(f"{mark}{printable(name)}: {printable(value)}")
    click.echo(mark)
    for line in printable_lines(message["body"]).split("\n"):
        click.echo(f"{mark}{line}")


def _line(callback: dict[str, Any]) -> str:
    tries = len(callback["attempts"])
    parts = [f"{callback['id']:>3}  {callback['state']}", counted(tries, "attempt")]
    if callback["attempts"]:
        parts.append(f"last: {_result(callback['attempts'][-1])}")
    if callback["next_at"] is not None:
        parts.append(f"next try {instant(callback['next_at'])}")
    if callback["copy_of"] is not None:
        parts.append(f"repeats {callback['copy_of']}" + (" by hand" * callback["by_hand"]))
    return f"{', '.join(parts)}  {_where(callback)}"


def _where(callback: dict[str, Any]) -> str:
    return f"task {printable(callback['task_id'])} to {printable(callback['url'])}"


def _result(attempt: dict[str, Any]) -> str:
    return printable(attempt["error"] or "") or f"HTTP {attempt['status']}"
