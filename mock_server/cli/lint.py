"""`artqr-mock lint`: what is wrong with a client's recorded traffic. Needs no server."""

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, BinaryIO

import click

from mock_server.cli.common import FINDINGS, WRONG_USE, fail, json_option, pair, print_json
from mock_server.cli.findings import SEVERITIES, print_findings, summary
from mock_server.cli.recordings import MOST_BYTES, STEP_MS, Exchange, Recording, read_recording
from mock_server.contract import load_catalogue
from mock_server.domain.calls import ROUTES, VENDOR_OPERATIONS, header, operation_of
from mock_server.domain.findings import (
    Event,
    Hit,
    event_of,
    judge,
    judge_sequence,
    judged_body,
    request_of,
    shown,
)
from mock_server.domain.readings import DEFAULT_READINGS, Readings, with_readings
from mock_server.domain.redaction import values_of
from mock_server.domain.wrong_use import WrongUseError

VENDOR_HOST = "aiart.market.alicloudapi.com"  # claim vendor-host
# Pictures and short links are no API.
FETCHED = ("/pictures/", "/s/")
PATHS = frozenset(path.lower() for _, path in ROUTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is found in a recording, and how much of it was looked at."""

    noun: str
    findings: list[dict[str, Any]]
    judged: int
    skipped: int
    without_body: int


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--host", "hosts", multiple=True, help="Judge calls to this host, too; may be repeated."
)
@click.option("--severity", type=click.Choice(SEVERITIES), help="Only these.")
@click.option("--reading", "words", multiple=True, metavar="ID=WORD",
              help="Judge by this answer to an open question; may be repeated.")  # fmt: skip
@json_option
def lint(
    *, file: BinaryIO, hosts: tuple[str, ...], severity: str | None, words: tuple[str, ...],
    as_json: bool,
) -> None:  # fmt: skip
    """Judge recorded traffic: a HAR file, or calls of the journal, a line each. `-`: from a pipe.

    Judged are calls to the vendor's host, and calls of the operations to this machine. The findings
    are those of `artqr-mock findings`. Exit code 1 if there is an error among them, 2 if the file
    cannot be read.
    """
    readings = with_readings(DEFAULT_READINGS, dict(map(pair, words)))
    try:
        recording = read_recording(file.read(MOST_BYTES + 1))
    except WrongUseError as error:
        fail(f"{getattr(file, 'name', 'the file')}: {error}", WRONG_USE)
    verdict = judged(recording, frozenset(host.lower() for host in hosts), readings)
    severities = Counter(each["severity"] for each in verdict.findings)
    counted = {each: severities[each] for each in SEVERITIES}
    chosen = [each for each in verdict.findings if severity in (None, each["severity"])]
    if as_json:
        print_json(_as_json(verdict, chosen, counted))
    else:
        print_findings(chosen, verdict.noun)
        click.echo(summary(counted, verdict.judged) + _left_out(verdict))
    if counted["error"]:
        sys.exit(FINDINGS)


def _as_json(
    verdict: Verdict, chosen: list[dict[str, Any]], counted: dict[str, int]
) -> dict[str, Any]:
    return {
        "findings": chosen,
        "counts": dict(Counter(each["id"] for each in chosen).most_common()),
        "severities": counted,
        "calls": verdict.judged,
        "skipped": verdict.skipped,
        "without_body": verdict.without_body,
    }


def _left_out(verdict: Verdict) -> str:
    told = f"; {verdict.skipped} to other hosts or paths skipped" if verdict.skipped else ""
    if verdict.without_body:
        told += f"; {verdict.without_body} without the body, which was not recorded"
    return told


def judged(recording: Recording, hosts: frozenset[str], readings: Readings) -> Verdict:
    """Return what is found in a recording."""
    ours = [each for each in recording.exchanges if _is_ours(each, hosts)]
    found = {each.number: _findings(each, _hits(each, readings), readings) for each in ours}
    for each, hits in _between(ours, readings):
        found[each.number] += _findings(each, hits, readings)
    return Verdict(
        noun=recording.noun,
        findings=[finding for each in ours for finding in found[each.number]],
        judged=len(ours),
        skipped=len(recording.exchanges) - len(ours),
        without_body=sum(not each.is_whole for each in ours),
    )


def _is_ours(exchange: Exchange, hosts: frozenset[str]) -> bool:
    path = exchange.call.path.rstrip("/").lower()
    if exchange.host is None:
        # Our own journal also has what was fetched.
        return not path.startswith(FETCHED)
    name = exchange.host.lower()
    bare = name.rpartition(":")[0] if name[-1:].isdigit() and ":" in name else name
    if {name, bare} & {VENDOR_HOST, *hosts}:
        return not path.startswith((*FETCHED, "/_mock"))
    # On this machine other servers run as well.
    return _is_this_machine(bare.strip("[]")) and path in PATHS


def _is_this_machine(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _hits(exchange: Exchange, readings: Readings) -> list[Hit]:
    call = exchange.call
    operation = operation_of(call, readings)
    body = judged_body(call) if operation and exchange.is_whole else None
    compiled = load_catalogue().requests(readings)
    hits = judge(request_of(call, operation, body, compiled, readings))
    if exchange.answer.status not in (400, 401):
        # Nobody missed the credentials: the recording is without them, as browsers make it.
        return [hit for hit in hits if hit.id != "credentials-missing"]
    return hits


def _findings(exchange: Exchange, hits: list[Hit], readings: Readings) -> list[dict[str, Any]]:
    secrets = values_of(exchange.call.headers)
    call = exchange.call
    return [
        {
            "call": exchange.number,
            "request": f"{call.method} {call.path}"[:200],
            **shown(hit, load_catalogue().findings, secrets, readings),
        }
        for hit in hits
    ]


def _between(exchanges: list[Exchange], readings: Readings) -> Iterable[tuple[Exchange, list[Hit]]]:
    """Yield what only several calls of one client show, each with the later call."""
    by_number = {each.number: each for each in exchanges}
    clients: dict[tuple[str | None, ...], list[Event]] = {}
    at = 0
    for each in exchanges:
        at = at + STEP_MS if each.at is None else each.at
        operation = operation_of(each.call, readings)
        if operation in VENDOR_OPERATIONS and each.is_whole:
            client = (header(each.call, "authorization"), header(each.call, "x-ca-key"))
            event = event_of(each.call, each.answer, operation, number=each.number, at=at)
            clients.setdefault(client, []).append(event)
    for events in clients.values():
        ordered = sorted(events, key=lambda event: event.at)
        for number, hits in judge_sequence(ordered).items():
            yield by_number[number], hits
