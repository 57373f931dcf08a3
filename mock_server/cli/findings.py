"""`artqr-mock findings` and `artqr-mock explain`: what is wrong with a client's calls."""

import sys
from collections.abc import Iterable, Mapping
from typing import Any

import click
from rich.cells import set_cell_size

from mock_server.admin_client import AdminClient
from mock_server.cli.common import (
    FINDINGS,
    account_option,
    json_option,
    language_option,
    no_longer_kept,
    our_command,
    print_json,
    refuse_account_option,
    server_options,
    trimmed_line,
)
from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.findings import SEVERITIES, Severity
from mock_server.domain.languages import ENGLISH
from mock_server.formatting import instant, printable, yuan
from mock_server.words import Words, words_of

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
@language_option
@json_option
def findings(
    *,
    severity: str | None,
    nobody: bool,
    fail_on: str,
    ended: bool,
    account_id: str,
    admin: AdminClient,
    language: str,
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
            click.echo(no_longer_kept(found["dropped"], language))
        if (line := trimmed_line(found["trimmed"], language)) is not None:
            click.echo(line)
        print_findings(found["findings"], language=language)
        click.echo(summary(found["severities"], found["calls"], language))
        if account is not None and account.id == DEFAULT_ID:
            _tell_of_nobody(admin, language)
    if is_bad(found["severities"], fail_on):
        sys.exit(FINDINGS)


def is_bad(severities: Mapping[str, int], fail_on: str) -> bool:
    """Whether there is a finding that is as bad as `fail_on`, or worse."""
    return any(severities[each] for each in SEVERITIES[: SEVERITIES.index(fail_on) + 1])


def _tell_of_nobody(admin: AdminClient, language: str) -> None:
    """Print how many calls the findings of one account do not cover."""
    others = admin.get("/findings", limit=1)
    if others["calls"]:
        t = words_of(language)
        count = t.count(sum(others["severities"].values()), "finding")
        calls = t.count(others["calls"], "call")
        command = our_command(admin.base_url, "findings", "--nobody")
        click.echo(t("finding.nobody", findings=count, calls=calls, command=command))


def print_findings(
    found: list[dict[str, Any]], noun: str = "call", language: str = ENGLISH
) -> None:
    """Print findings for a person, the same finding of several calls once."""
    from mock_server.translations import finding_in  # noqa: PLC0415 - it loads the contract

    t = words_of(language)
    for calls, each in _together(found):
        shown = each if language == ENGLISH else finding_in(each, language)
        colour = COLOURS[Severity(each["severity"])]
        severity = t(f"severity.{each['severity']}")
        head = click.style(set_cell_size(severity, 8), fg=colour)
        where = f"  {printable(each['at'])}" if each["at"] else ""
        numbers = _numbers(calls, noun, t)
        click.echo(f"{head}{click.style(each['id'], bold=True)}{where}  {numbers}")
        click.echo(f"{'':8}{printable(shown['says'])}")
        if each["sent"] is not None:
            click.echo(f"{'':8}{t('finding.sent')}{printable(shown['sent'])}")
        click.echo(f"{'':8}{t('finding.instead')}{printable(shown['instead'])}\n")


def _together(found: list[dict[str, Any]]) -> Iterable[tuple[list[int], dict[str, Any]]]:
    groups: dict[tuple[str, str], tuple[list[int], dict[str, Any]]] = {}
    for each in found:
        calls, _ = groups.setdefault((each["id"], each["at"]), ([], each))
        if each["call"] not in calls[-1:]:
            calls.append(each["call"])
    order = list(Severity)
    return sorted(groups.values(), key=lambda group: order.index(Severity(group[1]["severity"])))


def _numbers(calls: list[int], noun: str, t: Words) -> str:
    first = ", ".join(map(str, calls[:5]))
    more = t("finding.more", count=len(calls) - 5) if len(calls) > 5 else ""
    name = t(f"{'names' if calls[1:] else 'name'}.{noun}")
    return t("finding.in_calls", noun=name, numbers=first, more=more)


def summary(severities: dict[str, int], calls: int, language: str = ENGLISH) -> str:
    """Return the last line of a report."""
    t = words_of(language)
    counts = t("finding.between").join(t.count(severities[each], each) for each in SEVERITIES)
    return t("finding.summary", counts=counts, calls=t.count(calls, "call"))


@click.command()
@click.argument("call_id", type=click.IntRange(1), metavar="CALL")
@account_option("The account that you expect; a call of another account is explained, too.")
@server_options
@language_option
@json_option
def explain(
    *, call_id: int, account_id: str, admin: AdminClient, language: str, as_json: bool
) -> None:
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
        _print_call(call, admin.account_named(account_id).id, words_of(language))
        print_reasons(why, language)
        print_findings(found, language=language)
    if any(each["severity"] == Severity.ERROR for each in found):
        sys.exit(FINDINGS)


def _print_call(call: dict[str, Any], account_id: str, t: Words) -> None:
    from mock_server.translations import sentence_in  # noqa: PLC0415 - it loads the contract

    whose = ""
    if call["account"] != account_id:
        whose = t("explain.of_account", account=call["account"])
    if call["account"] is None:
        whose = t("explain.no_account")
    click.echo(t("explain.call", id=call["id"], whose=whose, at=instant(call["at"])))
    _print_message(f"{call['method']} {call['path']}", call["request"], t)
    status = f"HTTP {call['status']}" if call["status"] else t("explain.no_answer")
    _print_message(f"{status} {call['error_code'] or ''}".rstrip(), call["answer"], t)
    cost = t("explain.yuan", yuan=yuan(call["fen"])) if call["charged"] else t("explain.free")
    reason = printable(sentence_in(call["reason"], t.language))
    click.echo("\n" + t("explain.reason", cost=cost, reason=reason))


def _print_message(title: str, message: dict[str, Any], t: Words) -> None:
    click.echo(f"\n{printable(title)}")
    for name, value in message["headers"]:
        click.echo(f"  {printable(name)}: {printable(value)}")
    body = message["body"]
    if body:
        more = t("explain.more", count=message["length"]) if len(body) > MAX_SHOWN else ""
        click.echo(f"\n  {printable(body[:MAX_SHOWN])}{more}")


def print_reasons(why: dict[str, Any], language: str = ENGLISH) -> None:
    """Print what decided an answer: the rule, its claims and readings, faults, and the advice."""
    from mock_server.translations import explanation_in  # noqa: PLC0415 - it loads the contract

    t, why = words_of(language), explanation_in(why, language)
    rule, charge = why["rule"], why["charge"]
    name = click.style(rule["id"], bold=True)
    click.echo("\n" + t("explain.decided", rule=name, says=printable(rule["says"])))
    lines = [
        t("explain.fault", kind=each["kind"], says=printable(each["says"] or ""))
        for each in why["faults"]
    ]
    lines += [
        t("explain.claim", id=each["id"], says=printable(each["says"]),
          certainty=t(f"certainty.{each['certainty']}"))
        for each in _once([*rule["claims"], *charge["claims"]])
    ]  # fmt: skip
    lines += [_reading(each, t) for each in _once([*rule["readings"], *charge["readings"]])]
    if why["error"]:
        lines.append(t("explain.instead", advice=printable(why["error"]["advice"])))
    for line in lines:
        click.echo(f"{'':8}{line}")
    click.echo()


def _reading(found: dict[str, Any], t: Words) -> str:
    is_default = found["value"] == found["default"]
    return t(
        "explain.reading", id=found["id"], value=found["value"],
        default="" if is_default else t("explain.default", value=found["default"]),
        certainty=t(f"certainty.{found['certainty']}"),
    )  # fmt: skip


def _once(rows: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    return {each["id"]: each for each in rows}.values()
