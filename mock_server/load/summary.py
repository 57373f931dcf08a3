"""What a person reads in a terminal of 80 columns at the end of a load."""

from collections.abc import Iterator, Mapping
from typing import Any

from mock_server.domain.languages import ENGLISH
from mock_server.formatting import counted, yuan
from mock_server.pages.environment import seconds
from mock_server.rehearsal.scorecard import fitted, wrapped
from mock_server.words import words_of

MOST_ROWS = 8


def lines(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a report as load.json has it."""
    return fitted(_lines(report))


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    totals = report["totals"]
    yield from _operations(report)
    yield from _errors(report)
    yield from _money(report)
    yield from _incidents(report)
    yield from _callbacks(report["callbacks"])
    yield from _findings(report)
    if report["advice"]:
        yield "What to do"
        for each in report["advice"]:
            yield from wrapped(f"- {each}")
        yield ""
    for each in (*report["notes"], *report["missing"]):
        yield from wrapped(f"! {each}", first="")
    for gate in report["gates"]:
        mark = "over" if gate["exceeded"] else "ok" if gate["found"] is not None else "not known"
        yield from wrapped(f"{gate['option']} {gate['most']}: {gate['found'] or '-'} ({mark})",
                           first="")  # fmt: skip
    yield (
        f"{counted(totals['api_calls'], 'call')} in {report['seconds']:g} s, "
        f"{counted(totals['intents'], 'intent')}; {totals['paid_twice']} paid twice"
    )
    yield from wrapped(f"{report['verdict']}: {report['says']}", first="")


def _operations(report: Mapping[str, Any]) -> Iterator[str]:
    whose = "as clients saw it" if report["latencies_of"] == "clients" else "held by faults"
    saw = "saw 200" if report["latencies_of"] == "clients" else "200 whole"
    yield f"Calls (times: {whose})"
    yield f"  {'operation':12}{'calls':>8}{'per s':>8}{'p50':>9}{'p99':>9}{'charged':>9}{saw:>11}"
    for each in report["operations"]:
        yield (
            f"  {each['operation']:12}{each['calls']:>8}{each['per_second']:>8g}"
            f"{_ms(each['p50_ms']):>9}{_ms(each['p99_ms']):>9}{each['charges']:>9}"
            f"{each['seen_200s']:>11}"
        )
    yield ""


def _errors(report: Mapping[str, Any]) -> Iterator[str]:
    if report["errors"]:
        yield "Errors"
        for each in report["errors"][:MOST_ROWS]:
            what = f"{each['status'] or 'none'} {each['code']} {each['message']}"
            yield from wrapped(f"{each['met']} x {' '.join(what.split())} ({each['means']})")
        yield from _more(report["errors"])
        yield ""


def _money(report: Mapping[str, Any]) -> Iterator[str]:
    rows = [each for each in report["classes"] if each["charges"]]
    if rows:
        yield "Money"
        for each in rows:
            name = words_of(ENGLISH).named("class", each["class"])
            yield f"  {yuan(each['fen']):>10} yuan  {counted(each['charges'], 'charge')}: {name}"
        for each in report["paid_twice"][:MOST_ROWS]:
            again = counted(each["charges"], "charge")
            yield from wrapped(f"paid twice: {each['intent']} ({again} too many)")
        yield from _more(report["paid_twice"])
        yield ""


def _incidents(report: Mapping[str, Any]) -> Iterator[str]:
    for each in report["incidents"]:
        yield from wrapped(each["says"], first="")
        factor = "not known" if each["factor"] is None else f"{each['factor']:g}"
        took = f" ({each['requests_before']} to {each['requests_in_storm']} requests an intent)"
        yield from wrapped(f"retry-storm factor {factor}{took if each['factor'] else ''}")
        calm = "never" if each["usual_rate"] else "not known"
        if each["calm_ms"] is not None:
            calm = f"{seconds(each['calm_ms'])} after its end"
        yield from wrapped(
            f"usually {each['usual_rate']:g} calls a second, peak {each['peak_rate']}; calm: {calm}"
        )
        yield ""


def _callbacks(found: Mapping[str, Any]) -> Iterator[str]:
    if found["planned"]:
        yield (
            f"Callbacks: {found['planned']} planned, {found['delivered']} delivered, "
            f"{found['failed']} failed, {found['lost']} lost, {found['open']} open; "
            f"{found['late']} late"
        )
        yield ""


def _findings(report: Mapping[str, Any]) -> Iterator[str]:
    if report["findings"]:
        yield "Findings (they take all users for one client)"
        for each in report["findings"][:MOST_ROWS]:
            yield from wrapped(f"{each['count']} x {each['id']}: {each['says']}")
        yield from _more(report["findings"])
        yield ""


def _more(rows: list[Any]) -> Iterator[str]:
    if len(rows) > MOST_ROWS:
        yield f"  and {len(rows) - MOST_ROWS} more: see load.json"


def _ms(ms: float | None) -> str:
    return "-" if ms is None else seconds(ms)
