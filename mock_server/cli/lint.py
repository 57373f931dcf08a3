"""`artqr-mock lint`: what is wrong with a client's recorded traffic. Needs no server."""

import re
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import click

from mock_server.cli.common import (
    FINDINGS,
    WRONG_USE,
    fail,
    json_option,
    language_option,
    pair,
    print_json,
    say_in,
)
from mock_server.cli.findings import fail_on_option, is_bad, print_findings, summary
from mock_server.cli.observed_files import load_observed, observed_option
from mock_server.contract import load_catalogue
from mock_server.domain.auth.credentials import named_credentials
from mock_server.domain.call.calls import (
    OWN_ROUTES,
    VENDOR_HOST,
    VENDOR_OPERATIONS,
    Call,
    Routes,
    header,
    operation_of,
    routes_at,
)
from mock_server.domain.call.errors import GatewayError
from mock_server.domain.call.redaction import values_of
from mock_server.domain.findings import (
    SEVERITIES,
    CallEvent,
    Finding,
    event_of,
    judge,
    judge_sequence,
    judged_body,
    mistaken,
    render_finding,
    request_of,
)
from mock_server.domain.readings import DEFAULT_READINGS, Readings, with_readings
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import counted, printable
from mock_server.recordings.hosts import Whose
from mock_server.recordings.reader import MOST_BYTES, Exchange, Recording, read_recording
from mock_server.words import words_of

# Where a recording has no time: far enough apart to be no hurry.
STEP_MS = 10_000
# A recording need not have all that a client did: much later, it may have seen the end elsewhere.
SAME_WISH_MS = 10 * 60 * 1000
MOST_UNREAD = 5
UNNAMED = "the file"  # what comes through a pipe may have no name
UNKNOWN = frozenset({"A400AC", "A401AC", "A400IK"})
CREDENTIALS = frozenset({"credentials-missing", "authorization-malformed"})
CREDENTIAL_HEADERS = ("authorization", "x-ca-key", "x-ca-signature")
# What tools write in place of a credential: nothing of what was sent is left.
REDACTED = re.compile(r"(?i)^\W*(?:filter|redact|remove|hidden|mask|sanitize|secret)|^[*x.•]{3,}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class LintVerdict:
    """What is found in a recording, and how much of it was looked at."""

    findings: list[dict[str, Any]]
    judged: int
    without_body: int
    without_answer: int


def _hosts(_context: Any, _option: Any, values: tuple[str, ...]) -> frozenset[str]:
    for each in values:
        if not each or "/" in each or "@" in each:
            raise click.BadParameter(
                f"{each!r} is not a host: write one such as stub.internal or stub.internal:8080"
            )
    return frozenset(each.lower() for each in values)


host_option = click.option("--host", "hosts", multiple=True, callback=_hosts,
                           help="Read calls to this host, too; may be repeated.")  # fmt: skip


def read_file(file: BinaryIO, hosts: frozenset[str]) -> tuple[Recording, str]:
    """Return the recording in a file, and the file's name; end with exit code 2 if it is none."""
    name = getattr(file, "name", UNNAMED)
    try:
        return read_recording(file.read(MOST_BYTES + 1), hosts), name
    except UsageError as error:
        fail(f"{name}: {error}", WRONG_USE)


@click.command()
@click.argument("file", type=click.File("rb"))
@host_option
@click.option("--severity", type=click.Choice(SEVERITIES), help="Only findings of this severity.")
@fail_on_option
@observed_option
@click.option("--reading", "words", multiple=True, metavar="ID=WORD",
              help="Use this word for a reading; may be repeated.")  # fmt: skip
@language_option
@json_option
def lint(
    *, file: BinaryIO, hosts: frozenset[str], severity: str | None, fail_on: str,
    files: tuple[str, ...], words: tuple[str, ...], language: str, as_json: bool,
) -> None:  # fmt: skip
    """Find what is wrong with recorded traffic: a HAR file, or calls of the journal as JSON lines.

    FILE may be `-` for standard input. The command checks calls to the vendor's host, and calls of
    the API to this machine. It prints the same findings as `artqr-mock findings`. The exit code is
    1 if a finding is an error, or as bad as --fail-on says; else 2 if the file, or a call of the
    API in it, cannot be read, or if the file has no such call.
    """
    observed = load_observed(files)
    readings = with_readings(DEFAULT_READINGS, {**observed.readings, **dict(map(pair, words))})
    recording, name = read_file(file, hosts)
    verdict = judged(recording, readings, routes_at(observed.paths))
    severities = Counter(each["severity"] for each in verdict.findings)
    by_severity = {each: severities[each] for each in SEVERITIES}
    chosen = [each for each in verdict.findings if severity in (None, each["severity"])]
    if as_json:
        print_json({**_as_json(recording, verdict, chosen), "severities": by_severity})
    else:
        print_findings(chosen, recording.noun, language)
        counts = summary(by_severity, verdict.judged, language)
        said = map(say_in(language), _left_out(recording, verdict))
        click.echo(words_of(language)("finding.also").join([counts, *said]))
    say_unread(recording, name)
    _say_odd(recording, name)
    if is_bad(by_severity, fail_on):
        sys.exit(FINDINGS)
    if recording.unread:
        sys.exit(WRONG_USE)
    if not verdict.judged:
        fail(f"{name}: {nothing_read(recording, hosts)}", WRONG_USE)


def _as_json(
    recording: Recording, verdict: LintVerdict, chosen: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "findings": chosen,
        "counts": dict(Counter(each["id"] for each in chosen).most_common()),
        "calls": verdict.judged,
        "unread": [{"call": each.number, "why": printable(each.why)} for each in recording.unread],
        "odd": [{"call": each.number, "why": printable(why)} for each, why in _odd(recording)],
        "skipped": recording.skipped.total(),
        "other_hosts": recording.skipped[Whose.OTHER_HOST],
        "other_paths": recording.skipped[Whose.OTHER_PATH],
        "without_body": verdict.without_body,
        "without_answer": verdict.without_answer,
        "has_more": recording.has_more,
    }


def _left_out(recording: Recording, verdict: LintVerdict) -> list[str]:
    noun, told = recording.noun, []
    if recording.unread:
        told.append(f"{counted(len(recording.unread), noun)} could not be read")
    told += [
        f"skipped {counted(count, noun)} of {other}" for other, count in recording.skipped.items()
    ]
    if odd := _odd(recording):
        told.append(f"left out {counted(len(odd), 'odd member')}")
    if verdict.without_body:
        told.append(f"{verdict.without_body} without a body, because it was not recorded")
    if verdict.without_answer:
        told.append(f"{verdict.without_answer} without an answer, because it was not recorded")
    if recording.has_more:
        told.append("the journal has more after this page")
    return told


def say_unread(recording: Recording, name: str) -> None:
    """Say on standard error which calls could not be read, and why."""
    for each in recording.unread[:MOST_UNREAD]:
        text = f"artqr-mock: {name}: {recording.noun} {each.number}: {printable(each.why)}"
        click.echo(text, err=True)
    if more := recording.unread[MOST_UNREAD:]:
        click.echo(f"artqr-mock: {name}: and {counted(len(more), recording.noun)} more", err=True)


def _odd(recording: Recording) -> list[tuple[Exchange, str]]:
    """Return what was left out of calls that were judged."""
    return [(each, why) for each in recording.exchanges for why in each.odd.says]


def _say_odd(recording: Recording, name: str) -> None:
    found = _odd(recording)
    for each, why in found[:MOST_UNREAD]:
        text = f"{name}: {recording.noun} {each.number}: {printable(why)}"
        click.echo(f"artqr-mock: {text}; the rest of the call was judged", err=True)
    if more := found[MOST_UNREAD:]:
        click.echo(f"artqr-mock: {name}: and {counted(len(more), 'odd member')} more", err=True)


def nothing_read(recording: Recording, hosts: frozenset[str]) -> str:
    """Return why a recording has no call of the API."""
    named = ", ".join((VENDOR_HOST, "this machine", *sorted(hosts)))
    if recording.skipped[Whose.OTHER_HOST]:
        return f"nothing was checked: no call went to {named}. --host NAME checks another host"
    return "nothing was checked: the file has no call of the API"


def judged(recording: Recording, readings: Readings, routes: Routes = OWN_ROUTES) -> LintVerdict:
    """Return what is found in a recording."""
    exchanges = recording.exchanges
    found = {
        each.number: _findings(each, _hits(each, readings, routes), readings) for each in exchanges
    }
    for each, hits in _between(exchanges, readings, routes):
        found[each.number] += _findings(each, hits, readings)
    return LintVerdict(
        findings=[finding for each in exchanges for finding in found[each.number]],
        judged=len(exchanges),
        without_body=sum(not each.is_whole for each in exchanges),
        without_answer=sum(not each.answer_read for each in exchanges),
    )


def _hits(exchange: Exchange, readings: Readings, routes: Routes) -> list[Finding]:
    call = exchange.call
    operation = operation_of(call, readings, routes)
    body = judged_body(call) if operation and exchange.is_whole else None
    compiled = load_catalogue().requests(readings)
    hits = judge(request_of(call, operation, body, compiled, readings, paths=routes.paths))
    if _code(exchange) in UNKNOWN and not _is_redacted(header(call, "authorization")):
        hits += _mistaken(call)
    hits = [hit for hit in hits if not _may_be_odd(hit, exchange)]
    if exchange.answer.status not in (400, 401) or _is_redacted(header(call, "authorization")):
        # Nobody missed the credentials: they were taken out of the recording.
        return [hit for hit in hits if hit.id not in CREDENTIALS]
    return hits


def _may_be_odd(hit: Finding, exchange: Exchange) -> bool:
    """Whether a finding misses a header that may be one of those that were left out."""
    odd = exchange.odd
    if not odd.headers or not (hit.at.startswith("/header/") or hit.id in CREDENTIALS):
        return False
    if hit.id == "signed-header-absent":
        return odd.misses((hit.sent or "").lower())
    is_credential = any(odd.misses(name) for name in CREDENTIAL_HEADERS)
    return (hit.id in CREDENTIALS and is_credential) or (
        hit.sent is None and odd.misses(hit.at.removeprefix("/header/"))
    )


def _code(exchange: Exchange) -> str | None:
    """Return the gateway's code in an answer."""
    named = {name.lower(): value for name, value in exchange.answer.headers}
    return named.get("x-ca-error-code")


def _mistaken(call: Call) -> list[Finding]:
    """Return what a refused credential shows by itself: a recording knows no accounts."""
    try:
        hit = mistaken(named_credentials(call))
    except GatewayError:
        return []
    return [] if hit is None else [hit]


def _is_redacted(value: str | None) -> bool:
    return value is not None and REDACTED.search(value) is not None


def _findings(exchange: Exchange, hits: list[Finding], readings: Readings) -> list[dict[str, Any]]:
    secrets = values_of(exchange.call.headers)
    call = exchange.call
    return [
        {
            "call": exchange.number,
            "request": f"{call.method} {call.path}"[:200],
            **render_finding(hit, load_catalogue().findings, secrets, readings),
        }
        for hit in hits
    ]


def _between(
    exchanges: list[Exchange], readings: Readings, routes: Routes
) -> Iterable[tuple[Exchange, list[Finding]]]:
    """Yield what only several calls of one client show, each with the later call."""
    by_number = {each.number: each for each in exchanges}
    clients: dict[tuple[str | None, ...], list[CallEvent]] = {}
    at = 0
    for each in exchanges:
        at = at + STEP_MS if each.at is None else each.at
        operation = operation_of(each.call, readings, routes)
        if operation in VENDOR_OPERATIONS and each.is_whole:
            client = (header(each.call, "authorization"), header(each.call, "x-ca-key"))
            event = event_of(each.call, each.answer, operation, number=each.number, at=at,
                             answer_read=each.answer_read)  # fmt: skip
            event = replace(event, at=each.clock_at or event.at, jumped_ms=each.jumped_ms,
                            answered_at=each.known_at)  # fmt: skip
            clients.setdefault(client, []).append(event)
    for events in clients.values():
        for number, hits in judge_sequence(events, same_wish_ms=SAME_WISH_MS).items():
            yield by_number[number], hits
