"""`artqr-mock findings` and `artqr-mock explain`: what is wrong with a client's calls."""

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import click

from mock_server.admin_client import AdminClient
from mock_server.cli.common import (
    FINDINGS,
    account_option,
    json_option,
    no_longer_kept,
    our_command,
    print_json,
    refuse_account_option,
    server_options,
    trimmed_line,
)
from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.findings import SEVERITIES, Severity
from mock_server.formatting import counted, instant, plural, printable, severity_count, yuan

MAX_SHOWN = 2000
COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.ADVICE: "blue"}

fail_on_option = click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    default=Severity.ERROR.value,
    show_default=True,
    help="Exit with 1 if a finding is this bad, or worse.",
)


@click.command()
@click.option("--severity", type=click.Choice(SEVERITIES), help="Only findings of this severity.")
@click.option("--nobody", is_flag=True,
              help="List findings for calls without valid credentials.")  # fmt: skip
@fail_on_option
@click.option("--ended", is_flag=True,
              help="No more calls come: list what was never looked at or fetched.")  # fmt: skip
@account_option("The account to look at, by its id or its name.")
@server_options
@json_option
def findings(
    *,
    severity: str | None,
    nobody: bool,
    fail_on: str,
    ended: bool,
    account_id: str,
    admin: AdminClient,
    as_json: bool,
) -> None:
    """Print what is wrong with the calls of an account.

    The exit code is 1 if a finding is an error, or as bad as --fail-on says. For the default
    account the last line counts the findings for calls without valid credentials.
    """
    if nobody:
        refuse_account_option("--nobody looks at calls of no account")
    account = None if nobody else admin.account_named(account_id)
    if account is not None:
        found = account.findings(severity, ended=ended)
    else:
        found = admin.findings(severity)
    if as_json:
        print_json(found)
    else:
        if found["dropped"]:
            click.echo(no_longer_kept(found["dropped"]))
        if (line := trimmed_line(found["trimmed"])) is not None:
            click.echo(line)
        print_findings(found["findings"])
        click.echo(summary(found["severities"], found["calls"]))
        if account is not None and account.id == DEFAULT_ID:
            _tell_of_nobody(admin)
    if is_bad(found["severities"], fail_on):
        sys.exit(FINDINGS)


def is_bad(severities: Mapping[str, int], fail_on: str) -> bool:
    """Whether there is a finding that is as bad as `fail_on`, or worse."""
    return any(severities[each] for each in SEVERITIES[: SEVERITIES.index(fail_on) + 1])


def _tell_of_nobody(admin: AdminClient) -> None:
    """Print how many calls the findings of one account do not cover."""
    others = admin.get("/findings", limit=1)
    if others["calls"]:
        count = counted(sum(others["severities"].values()), "finding")
        calls = counted(others["calls"], "call")
        command = our_command(admin.base_url, "findings", "--nobody")
        click.echo(f"and {count} in {calls} that name no account: {command}")


def print_findings(found: list[dict[str, Any]], noun: str = "call") -> None:
    """Print findings for a person, the same finding of several calls once."""
    for calls, each in _together(found):
        head = click.style(f"{each['severity']:<8}", fg=COLOURS[Severity(each["severity"])])
        where = f"  {printable(each['at'])}" if each["at"] else ""
        click.echo(f"{head}{click.style(each['id'], bold=True)}{where}  ({_numbers(calls, noun)})")
        click.echo(f"{'':8}{printable(each['says'])}")
        if each["sent"] is not None:
            click.echo(f"{'':8}sent:    {printable(each['sent'])}")
        click.echo(f"{'':8}instead: {printable(each['instead'])}\n")


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
    return f"{plural(noun) if calls[1:] else noun} {first}{more}"


def summary(severities: dict[str, int], calls: int) -> str:
    """Return the last line of a report."""
    said = ", ".join(severity_count(each, severities[each]) for each in SEVERITIES)
    return f"{said} in {counted(calls, 'call')}"


@click.command()
@click.argument("call_id", type=click.IntRange(1), metavar="CALL")
@account_option("The account that you expect; a call of another account is explained, too.")
@server_options
@json_option
def explain(*, call_id: int, account_id: str, admin: AdminClient, as_json: bool) -> None:
    """Explain one call: its request, answer, cost, the rule that decided, and findings.

    CALL is the number that `calls`, `bill` and `findings` print. The exit code is 1 if a finding is
    an error.
    """
    call = admin.get(f"/calls/{call_id}")
    whose = admin if call["account"] is None else admin.account(call["account"])
    between = whose.get("/findings", after=call_id - 1, limit=1)["findings"]
    found = [each for each in between if each["call"] == call_id]
    why = admin.get(f"/calls/{call_id}/explain")
    if as_json:
        print_json({**call, "findings": found, "explanation": why})
    else:
        _print_call(call, admin.account_named(account_id).id)
        print_reasons(why)
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
    click.echo(f"\n{cost}: {printable(call['reason'])}")


def _print_message(title: str, message: dict[str, Any]) -> None:
    click.echo(f"\n{printable(title)}")
    for name, value in message["headers"]:
        click.echo(f"  {printable(name)}: {printable(value)}")
    body = message["body"]
    if body:
        more = f" … {message['length']} bytes in all" if len(body) > MAX_SHOWN else ""
        click.echo(f"\n  {printable(body[:MAX_SHOWN])}{more}")


def print_reasons(why: dict[str, Any]) -> None:
    """Print what decided an answer: the rule, its claims and readings, faults, and the advice."""
    rule = why["rule"]
    click.echo(f"\ndecided by {click.style(rule['id'], bold=True)}: {printable(rule['says'])}")
    for each in why["faults"]:
        click.echo(f"{'':8}fault:   {each['kind']}: {printable(each['says'] or '')}")
    charge = why["charge"]
    for each in _once([*rule["claims"], *charge["claims"]]):
        click.echo(f"{'':8}claim:   {each['id']} ({each['certainty']}): {printable(each['says'])}")
    for each in _once([*rule["readings"], *charge["readings"]]):
        other = "" if each["value"] == each["default"] else f", default {each['default']}"
        click.echo(f"{'':8}reading: {each['id']} = {each['value']}{other} ({each['certainty']})")
    if why["error"]:
        click.echo(f"{'':8}instead: {printable(why['error']['advice'])}")
    click.echo()


def _once(rows: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    return {each["id"]: each for each in rows}.values()
