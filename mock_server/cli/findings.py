"""`artqr-mock findings` and `artqr-mock explain`: what is wrong with a client's calls."""

import sys
from collections.abc import Iterable
from typing import Any

import click

from mock_server.admin_client import AdminClient
from mock_server.cli.common import (
    FINDINGS,
    instant,
    json_option,
    print_json,
    server_options,
    yuan,
)
from mock_server.domain.account.accounts import DEFAULT_ID
from mock_server.domain.findings import Severity
from mock_server.domain.usage_errors import UsageError

MAX_SHOWN = 2000
SEVERITIES = [each.value for each in Severity]
COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.ADVICE: "blue"}


@click.command()
@click.option("--severity", type=click.Choice(SEVERITIES), help="Only these.")
@click.option("--nobody", is_flag=True,
              help="Of calls that name no account: no credentials, or unknown ones.")  # fmt: skip
@click.option("--account", "account_id", default=DEFAULT_ID, show_default=True,
              help="The account to look at.")  # fmt: skip
@server_options
@json_option
def findings(
    *, severity: str | None, nobody: bool, account_id: str, admin: AdminClient, as_json: bool
) -> None:
    """Print what the contract has against the calls of an account.

    Exit code 1 if there is an error among them. Those of the default account end with how much
    was found in calls that name no account.
    """
    if nobody and account_id != DEFAULT_ID:
        raise UsageError("--nobody looks at calls of no account: leave --account out")
    found = admin.findings(severity) if nobody else admin.account(account_id).findings(severity)
    if as_json:
        print_json(found)
    else:
        if found["dropped"]:
            click.echo(f"{found['dropped']} earlier call(s) are no longer in the journal")
        print_findings(found["findings"])
        click.echo(summary(found["severities"], found["calls"]))
        if account_id == DEFAULT_ID and not nobody:
            _tell_of_nobody(admin)
    if found["severities"][Severity.ERROR]:
        sys.exit(FINDINGS)


def _tell_of_nobody(admin: AdminClient) -> None:
    """Say how many calls there are that a reader of one account's findings would miss."""
    others = admin.get("/findings", limit=1)
    if others["calls"]:
        count = counted(sum(others["severities"].values()), "finding")
        calls = counted(others["calls"], "call")
        click.echo(f"and {count} in {calls} that name no account: artqr-mock findings --nobody")


def print_findings(found: list[dict[str, Any]], noun: str = "call") -> None:
    """Print findings for a person, the same finding of several calls once."""
    for calls, each in _together(found):
        head = click.style(f"{each['severity']:<8}", fg=COLOURS[Severity(each["severity"])])
        where = f"  {visible(each['at'])}" if each["at"] else ""
        click.echo(f"{head}{click.style(each['id'], bold=True)}{where}  ({_numbers(calls, noun)})")
        click.echo(f"{'':8}{visible(each['says'])}")
        if each["sent"] is not None:
            click.echo(f"{'':8}sent:    {visible(each['sent'])}")
        click.echo(f"{'':8}instead: {visible(each['instead'])}\n")


def _together(found: list[dict[str, Any]]) -> Iterable[tuple[list[int], dict[str, Any]]]:
    groups: dict[tuple[str, str], tuple[list[int], dict[str, Any]]] = {}
    for each in found:
        calls, _ = groups.setdefault((each["id"], each["at"]), ([], each))
        if each["call"] not in calls[-1:]:
            calls.append(each["call"])
    order = list(Severity)
    return sorted(groups.values(), key=lambda group: order.index(Severity(group[1]["severity"])))


def _numbers(calls: list[int], noun: str) -> str:
    first = ", ".join(map(str, calls[:5]))
    more = f" and {len(calls) - 5} more" if len(calls) > 5 else ""
    return f"{_plural(noun) if calls[1:] else noun} {first}{more}"


def counted(count: int, noun: str) -> str:
    """Return a number of calls, entries or lines in words."""
    return f"{count} {noun if count == 1 else _plural(noun)}"


def _plural(noun: str) -> str:
    return "entries" if noun == "entry" else f"{noun}s"


def visible(text: str) -> str:
    """Return a text with what does not print as its escape."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def summary(severities: dict[str, int], calls: int) -> str:
    """Return the last line of a report."""
    counted = [f"{severities[each]} {each}(s)" for each in (Severity.ERROR, Severity.WARNING)]
    return f"{', '.join(counted)}, {severities[Severity.ADVICE]} advice in {calls} call(s)"


@click.command()
@click.argument("call_id", type=click.IntRange(1), metavar="CALL")
@click.option("--account", "account_id", default=DEFAULT_ID, show_default=True,
              help="Whose call it should be; that of another is explained as well.")  # fmt: skip
@server_options
@json_option
def explain(*, call_id: int, account_id: str, admin: AdminClient, as_json: bool) -> None:
    """Explain one call: what arrived, what was answered, what it cost, what is wrong with it.

    CALL is the number that `bill --json` and `findings` print. Exit code 1 if there is an error.
    """
    call = admin.get(f"/calls/{call_id}")
    whose = admin if call["account"] is None else admin.account(call["account"])
    between = whose.get("/findings", after=call_id - 1, limit=1)["findings"]
    found = [each for each in between if each["call"] == call_id]
    if as_json:
        print_json({**call, "findings": found})
    else:
        _print_call(call, account_id)
        print_findings(found)
    if any(each["severity"] == Severity.ERROR for each in found):
        sys.exit(FINDINGS)


def _print_call(call: dict[str, Any], account_id: str) -> None:
    whose = ", which names no account," if call["account"] is None else f" of {call['account']}"
    whose = "" if call["account"] == account_id else whose
    click.echo(f"call {call['id']}{whose} at {instant(call['at'])} Asia/Shanghai")
    _print_message(f"{call['method']} {call['path']}", call["request"])
    status = f"HTTP {call['status']}" if call["status"] else "no answer"
    _print_message(f"{status} {call['error_code'] or ''}".rstrip(), call["answer"])
    cost = f"{yuan(call['fen'])} yuan" if call["charged"] else "free"
    click.echo(f"\n{cost}: {call['reason']}\n")


def _print_message(title: str, message: dict[str, Any]) -> None:
    click.echo(f"\n{title}")
    for name, value in message["headers"]:
        click.echo(f"  {name}: {visible(value)}")
    body = message["body"]
    if body:
        more = f" … {message['length']} bytes in all" if len(body) > MAX_SHOWN else ""
        click.echo(f"\n  {visible(body[:MAX_SHOWN])}{more}")
