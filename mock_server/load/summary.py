"""What a person reads in a terminal of 80 columns at the end of a load."""

from collections.abc import Iterator, Mapping
from typing import Any

from mock_server.domain.languages import ENGLISH
from mock_server.formatting import counted, yuan
from mock_server.pages.environment import seconds
from mock_server.rehearsal.report_lines import Line, said, statement
from mock_server.words import words_of

MOST_ROWS = 8


def lines(report: Mapping[str, Any], language: str = ENGLISH) -> Iterator[str]:
    """Yield the lines of a report as load.json has it, in a language."""
    return said(_lines(report), language)


def _lines(report: Mapping[str, Any]) -> Iterator[Line]:
    totals = report["totals"]
    yield from _operations(report)
    yield from _errors(report)
    yield from _money(report)
    yield from _incidents(report)
    yield from _callbacks(report["callbacks"])
    yield from _findings(report)
    if report["advice"]:
        yield Line("What to do")
        for each in report["advice"]:
            yield statement(f"- {each}")
        yield Line("")
    for each in (*report["notes"], *report["missing"]):
        yield statement(each, first="! ")
    for gate in report["gates"]:
        mark = "over" if gate["exceeded"] else "ok" if gate["found"] is not None else "not known"
        yield statement(f"{gate['option']} {gate['most']}: {gate['found'] or '-'} ({mark})",
                           first="")  # fmt: skip
    yield Line(
        f"{counted(totals['api_calls'], 'call')} in {report['seconds']:g} s, "
        f"{counted(totals['intents'], 'intent')}; {totals['paid_twice']} paid twice"
    )
    yield statement(f"{report['verdict']}: {report['says']}", first="")


def _operations(report: Mapping[str, Any]) -> Iterator[Line]:
    whose = "as clients saw it" if report["latencies_of"] == "clients" else "held by faults"
    saw = "saw 200" if report["latencies_of"] == "clients" else "200 whole"
    yield Line(f"Calls (times: {whose})")
    yield Line(
        f"  {'operation':12}{'calls':>8}{'per s':>8}{'p50':>9}{'p99':>9}{'charged':>9}{saw:>11}"
    )
    for each in report["operations"]:
        yield Line(
            f"  {each['operation']:12}{each['calls']:>8}{each['per_second']:>8g}"
            f"{_ms(each['p50_ms']):>9}{_ms(each['p99_ms']):>9}{each['charges']:>9}"
            f"{each['seen_200s']:>11}"
        )
    yield Line("")


def _errors(report: Mapping[str, Any]) -> Iterator[Line]:
    if report["errors"]:
        yield Line("Errors")
        for each in report["errors"][:MOST_ROWS]:
            what = f"{each['status'] or 'no answer:'} {each['code']} {each['message']}"
            yield statement(f"{each['met']} x {' '.join(what.split())} ({each['means']})")
        yield from _more(len(report["errors"]))
        yield Line("")


def _money(report: Mapping[str, Any]) -> Iterator[Line]:
    rows = [each for each in report["classes"] if each["charges"]]
    if rows:
        yield Line("Money")
        for each in rows:
            cost = f"{yuan(each['fen']):>10} yuan  {counted(each['charges'], 'charge')}"
            yield Line(f"  {cost}: {words_of(ENGLISH).named('class', each['class'])}")
        for each in report["paid_twice"][:MOST_ROWS]:
            again = counted(each["charges"], "charge")
            yield statement(f"paid twice: {each['intent']} ({again} too many)")
        yield from _more(report["totals"]["paid_twice"])  # load.json has the most expensive
        yield Line("")


def _incidents(report: Mapping[str, Any]) -> Iterator[Line]:
    for each in report["incidents"]:
        yield statement(each["says"], first="")
        factor = "not known" if each["factor"] is None else f"{each['factor']:g}"
        took = f" ({each['requests_before']:g} to {each['requests_in_storm']:g} requests an intent)"
        yield statement(f"retry-storm factor {factor}{took if each['factor'] else ''}")
        calm = (
            "not for 3 s before the next incident or the end" if each["usual_rate"] else "not known"
        )
        if each["calm_ms"] is not None:
            calm = f"{seconds(each['calm_ms'])} after its end"
        yield statement(
            f"usually {each['usual_rate']:g} calls a second, peak {each['peak_rate']}; calm: {calm}"
        )
        yield Line("")


def _callbacks(found: Mapping[str, Any]) -> Iterator[Line]:
    if found["planned"]:
        late = "not known which were" if found["late"] is None else str(found["late"])
        yield statement(
            f"Callbacks: {found['planned']} planned, {found['delivered']} delivered, "
            f"{found['failed']} failed, {found['lost']} lost, {found['open']} open; "
            f"{late} late", first="",
        )  # fmt: skip
        yield Line("")


def _findings(report: Mapping[str, Any]) -> Iterator[Line]:
    if report["findings"]:
        yield Line("Findings (they take all users for one client)")
        for each in report["findings"][:MOST_ROWS]:
            yield statement(f"{each['count']} x {each['id']}: {each['says']}")
        yield from _more(len(report["findings"]))
        yield Line("")


def _more(count: int) -> Iterator[Line]:
    if count > MOST_ROWS:
        yield Line(f"  and {count - MOST_ROWS} more: see load.json")


def _ms(ms: float | None) -> str:
    return "-" if ms is None else seconds(ms)
