"""report.html: a rehearsal on one page, first for whoever decides, then for the team.

Rule 1: what the page says of a drill is what report.json says; the timeline and the calls, which
report.json does not have, are bounded so that the whole page stays below MOST_BYTES.
Rule 2: failures come first and are unfolded; what passed is folded.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mock_server.audit.charge import WASTED
from mock_server.domain.languages import ENGLISH
from mock_server.formatting import yuan
from mock_server.pages.environment import render
from mock_server.rehearsal.baseline import counting
from mock_server.rehearsal.report_timeline import DrillView, view_of
from mock_server.rehearsal.verdicts import Verdict
from mock_server.rehearsal.words import PROGRAM, Words
from mock_server.words import words_of

if TYPE_CHECKING:
    from mock_server.rehearsal.outcome import Report

TEMPLATE = "rehearsal/templates/report.html"
MOST_BYTES = 5_000_000
ALL_CALLS = 9_000  # on the whole page
MOST_CALLS = 200  # of a drill
ORDER = (Verdict.FAIL, Verdict.FLAKY, Verdict.INCONCLUSIVE, Verdict.PASS)
TONES = {"FAIL": "bad", "FLAKY": "odd", "INCONCLUSIVE": "calm", "PASS": "good"}
# Of the bill: the looks of its classes.
CLASSES = {
    "useful": "good", "duplicate-submit": "bad", "poll-before-the-end": "odd",
    "poll-after-the-end": "bad", "refusal-in-200": "odd", "orphan": "bad",
}  # fmt: skip


def html(rehearsal: "Report", language: str = ENGLISH) -> str:
    """Return report.html."""
    report = _in_language(rehearsal, language)
    most = min(MOST_CALLS, ALL_CALLS // max(1, len(rehearsal.results)))
    while True:
        views = [view_of(each, most) for each in rehearsal.results]
        made = page(report, views, rehearsal.words, language)
        # Only texts full of what has to be escaped make it larger than that.
        if most == 0 or len(made.encode()) <= MOST_BYTES:
            return made
        most //= 4


def _in_language(rehearsal: "Report", language: str) -> dict[str, Any]:
    """Return the report as report.json has it, with the words of rules in a language."""
    rules = {each.rule.id: each.rule for drill in rehearsal.results for each in drill.broken}
    names = ("says", "advice", "price")

    def rule_in(found: Mapping[str, Any]) -> dict[str, Any]:
        rule = rules[found["id"]]
        return {**found, **{name: rule.in_language(name, language) for name in names}}

    report = rehearsal.as_json
    drills = [
        {**each, "rules": [rule_in(rule) for rule in each["rules"]]} for each in report["drills"]
    ]
    return {**report, "drills": drills}


def page(
    report: Mapping[str, Any], views: Sequence[DrillView], words: Words = PROGRAM,
    language: str = ENGLISH,
) -> str:  # fmt: skip
    """Return the page of a report as report.json has it; `views` go with its drills."""
    pairs = sorted(
        zip(report["drills"], views, strict=True), key=lambda each: ORDER.index(each[0]["verdict"])
    )
    return render(
        TEMPLATE, language, report=report, drills=pairs, words=words, tones=TONES, classes=CLASSES,
        sentence=sentence(report, words, language), money=money(report, language),
        mistakes=list(mistakes(report)), bill=bill(report), readings=readings(report),
        baseline=report.get("baseline"),
    )  # fmt: skip


def sentence(report: Mapping[str, Any], words: Words = PROGRAM, language: str = ENGLISH) -> str:
    """Return the verdict in one sentence."""
    t, totals = words_of(language), report["totals"]
    judged, drill = t(f"judged.{words.judged}"), t(f"name.{words.drill}")
    ran = t.count(len(report["drills"]), words.drill)
    failed, flaky = totals["fail"], totals["flaky"]
    if failed:
        key = "verdict.failed_flaky" if flaky else "verdict.failed"
        return t(key, judged=judged, failed=failed, ran=ran, flaky=flaky)
    if flaky:
        return t("verdict.flaky", judged=judged, flaky=flaky, ran=ran)
    if totals["pass"] == 0:
        return t("verdict.nothing", judged=judged, drill=drill)
    rest = t.count(totals["inconclusive"], words.drill)
    key = "verdict.passed_rest" if totals["inconclusive"] else "verdict.passed"
    return t(key, judged=judged, passed=totals["pass"], ran=ran, rest=rest)


def money(report: Mapping[str, Any], language: str = ENGLISH) -> str:
    """Return in one sentence what the broken rules cost."""
    t, totals = words_of(language), report["totals"]
    charges, lost = totals["charges"], totals["wasted_charges"]
    calls = t.count(charges, "call")
    if not charges:
        return t("paid.nothing")
    if not lost:
        return t("paid.no_loss", calls=calls)
    share = f"{100 * lost / charges:.0f} %"
    cost = yuan(totals["fen_wasted"])
    return t("paid.loss", calls=calls, lost=lost, share=share, yuan=cost)


def mistakes(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the broken rules that count, the most expensive first, over all drills."""
    found: dict[str, dict[str, Any]] = {}
    for drill in report["drills"]:
        for rule in counting(drill):
            row = found.setdefault(
                rule["id"], {**rule, "drills": [], "charges": 0, "fen": 0, "worst": -1}
            )
            row["drills"].append(drill["id"])
            row["charges"] += rule["wasted_charges"]
            row["fen"] += rule["fen_wasted"]
            if rule["fen_wasted"] > row["worst"]:
                row |= {"worst": rule["fen_wasted"], "found": rule["found"], "where": drill["id"]}
    rows = sorted(found.values(), key=lambda each: (-each["fen"], -len(each["drills"])))
    most = max((each["fen"] for each in rows), default=0)
    for row in rows:
        yield {**row, "share": 100 * row["fen"] / most if most else 0}


def bill(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what all charges were for, and how many of them were wasted, at what cost."""
    rows = report["totals"]["bill"]["classes"]
    lost = [each for each in rows if each["class"] in WASTED]
    return {
        "classes": rows,
        "charges": sum(each["charges"] for each in lost),
        "fen": sum(each["fen"] for each in lost),
    }


def readings(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the open questions that verdicts rest on, each value once with its drills."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for drill in report["drills"]:
        for each in drill["readings"]:
            row = found.setdefault((each["id"], each["value"]), {**each, "drills": []})
            row["drills"].append(drill["id"])
    return [found[key] for key in sorted(found)]
