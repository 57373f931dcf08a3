"""report.html: the audit of a load on one page, first for whoever decides, then for the team.

Rule 1: the page says what load.json says; long lists are cut, and the page says so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mock_server.domain.languages import ENGLISH
from mock_server.formatting import counted, yuan
from mock_server.load.advice import BAD_STORM
from mock_server.load.evidence import OPERATIONS
from mock_server.pages.charts import step_of
from mock_server.pages.environment import render, seconds
from mock_server.rehearsal.report_page import CLASSES, TONES

TEMPLATE = "load/templates/report.html"
API = OPERATIONS[:-1]
KINDS = dict(zip(API, ("first", "second", "third"), strict=True))
GAP = 0.15  # of the width of a column
MOST_TICKS = 8
MOST_ROWS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Columns over time, as the part `columns` of the pages takes them."""

    says: str
    columns: list[tuple[float, float, str, list[tuple[float, float, str]]]]
    bands: list[tuple[float, float, str]]
    top: str
    ticks: list[tuple[float, str]]


def page(report: Mapping[str, Any], language: str = ENGLISH) -> str:
    """Return the page of a report as load.json has it, in a language."""
    return render(
        TEMPLATE, language, report=report, tones=TONES, classes=CLASSES, most=MOST_ROWS,
        kinds=KINDS, bad_storm=BAD_STORM, rates=rates(report), times=times(report),
        money=money(report),
    )  # fmt: skip


def money(report: Mapping[str, Any]) -> str:
    """Return in one sentence what was wasted, and what was paid twice."""
    totals = report["totals"]
    if not totals["charges"]:
        return "Nothing was paid for."
    if not totals["wasted_charges"]:
        return "Every charge bought something that was needed."
    share = 100 * totals["fen_wasted"] / totals["fen"] if totals["fen"] else 0
    twice = ""
    if totals["paid_twice"]:
        twice = (f" {counted(totals['paid_twice'], 'intent')} paid more than once: "
                 f"{yuan(totals['fen_paid_twice'])} yuan.")  # fmt: skip
    return (
        f"{yuan(totals['fen_wasted'])} of {yuan(totals['fen'])} yuan were wasted "
        f"({share:.0f} %).{twice}"
    )


def rates(report: Mapping[str, Any]) -> Chart:
    """Return the chart of calls a second."""
    steps = report["series"]["steps"]
    most = max((_rate(each) for each in steps), default=0)
    columns = []
    for each, (x, width) in zip(steps, _places(report), strict=True):
        parts, below = [], 0.0
        for name in API:
            height = 100 * each[name] / most if most else 0
            if height:
                parts.append((100 - below - height, height, KINDS[name]))
            below += height
        text = f"after {each['at_s']} s: {_rate(each):g} calls a second"
        columns.append((x, width, text, parts))
    return Chart(
        says=f"Calls a second over time, {most:g} at most", columns=columns,
        bands=list(_bands(report)), top=f"{most:g} calls a second", ticks=_ticks(report),
    )  # fmt: skip


def times(report: Mapping[str, Any]) -> Chart | None:
    """Return the chart of the time within which 99 of 100 answers came; None: nobody knows it."""
    known = [each["p99_ms"] for each in report["series"]["steps"] if each["p99_ms"] is not None]
    if not known:
        return None
    most = max(known)
    columns = []
    for each, (x, width) in zip(report["series"]["steps"], _places(report), strict=True):
        ms = each["p99_ms"]
        if ms is not None:
            height = 100 * ms / most
            text = f"after {each['at_s']} s: within {seconds(ms)}"
            columns.append((x, width, text, [(100 - height, height, "first")]))
    return Chart(
        says=f"The time within which 99 of 100 answers came, {seconds(most)} at most",
        columns=columns, bands=list(_bands(report)), top=seconds(most), ticks=_ticks(report),
    )  # fmt: skip


def _rate(step: Mapping[str, Any]) -> float:
    return round(sum(float(step[name]) for name in API), 2)


def _length_s(report: Mapping[str, Any]) -> float:
    step_s: int = report["series"]["step_s"]
    return max(1, len(report["series"]["steps"]) * step_s)


def _places(report: Mapping[str, Any]) -> Iterator[tuple[float, float]]:
    count = max(1, len(report["series"]["steps"]))
    for number in range(len(report["series"]["steps"])):
        yield 100 * number / count, 100 / count * (1 - GAP)


def _bands(report: Mapping[str, Any]) -> Iterator[tuple[float, float, str]]:
    whole = _length_s(report) * 1000
    for each in report["incidents"]:
        x = max(0.0, min(99.5, 100 * (each["after_ms"] + _before_ms(report)) / whole))
        yield x, max(0.5, min(100 - x, 100 * each["lasted_ms"] / whole)), each["says"]


def _ticks(report: Mapping[str, Any]) -> list[tuple[float, str]]:
    length = _length_s(report)
    step, before_s = max(1, step_of(length, MOST_TICKS)), _before_ms(report) / 1000
    return [
        (100 * (number * step + before_s) / length, f"{number * step:g} s" if number else "0")
        for number in range(int((length - before_s) / step) + 1)
    ]


def _before_ms(report: Mapping[str, Any]) -> int:
    """Return how long before the first call the first column begins: with its second."""
    began_at: int = report["began_at"]
    return began_at % 1000
