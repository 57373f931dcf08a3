"""report.html: a rehearsal on one page, first for whoever decides, then for the team.

Rule 1: what the page says of a drill is what report.json says; the timeline and the calls, which
report.json does not have, are bounded so that the whole page stays below MOST_BYTES.
Rule 2: failures come first and are unfolded; what passed is folded.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mock_server.audit.charge import WASTED
from mock_server.domain.languages import ENGLISH
from mock_server.formatting import counted, yuan
from mock_server.pages.environment import render
from mock_server.rehearsal.baseline import counting
from mock_server.rehearsal.report_timeline import DrillView, view_of
from mock_server.rehearsal.verdicts import Verdict
from mock_server.rehearsal.words import PROGRAM, Words
from mock_server.translations import sentence_in

if TYPE_CHECKING:
    from mock_server.rehearsal.outcome import Report

TEMPLATE = "rehearsal/templates/report.html"
MOST_BYTES = 5_000_000
ALL_CALLS = 9_000  # on the whole page
MOST_CALLS = 200  # of a drill
ORDER = (Verdict.FAIL, Verdict.FLAKY, Verdict.INCONCLUSIVE, Verdict.PASS)
TONES = {"FAIL": "bad", "FLAKY": "odd", "INCONCLUSIVE": "calm", "PASS": "good"}
# Of the bill: how a person calls its classes.
CLASSES = {
    "useful": ("useful", "good"),
    "duplicate-submit": ("submitted twice", "bad"),
    "poll-before-the-end": ("asked before the end", "odd"),
    "poll-after-the-end": ("asked after the end", "bad"),
    "refusal-in-200": ("refused inside a 200", "odd"),
    "orphan": ("paid, never fetched", "bad"),
}


def html(rehearsal: "Report", language: str = ENGLISH) -> str:
    """Return report.html."""
    report = _in_language(rehearsal, language)
    most = min(MOST_CALLS, ALL_CALLS // max(1, len(rehearsal.results)))
    while True:
        views = [view_of(each, most) for each in rehearsal.results]
        made = page(report, views, rehearsal.words)
        # Only texts full of what has to be escaped make it larger than that.
        if most == 0 or len(made.encode()) <= MOST_BYTES:
            return made
        most //= 4


def _in_language(rehearsal: "Report", language: str) -> dict[str, Any]:
    """Return the report as report.json has it, with the words of drills and rules in a language."""
    rules = {each.rule.id: each.rule for drill in rehearsal.results for each in drill.broken}
    names = ("says", "advice", "price")

    def rule_in(found: Mapping[str, Any]) -> dict[str, Any]:
        rule = rules[found["id"]]
        return {**found, **{name: rule.in_language(name, language) for name in names}}

    report = rehearsal.as_json
    drills = [
        {
            **each,
            "says": sentence_in(each["says"], language),
            "rules": [rule_in(rule) for rule in each["rules"]],
        }
        for each in report["drills"]
    ]
    return {**report, "drills": drills}


def page(report: Mapping[str, Any], views: Sequence[DrillView], words: Words = PROGRAM) -> str:
    """Return the page of a report as report.json has it; `views` go with its drills."""
    pairs = sorted(
        zip(report["drills"], views, strict=True), key=lambda each: ORDER.index(each[0]["verdict"])
    )
    return render(
        TEMPLATE, report=report, drills=pairs, words=words, tones=TONES, classes=CLASSES,
        sentence=sentence(report, words), money=money(report), mistakes=list(mistakes(report)),
        bill=bill(report), readings=readings(report), baseline=report.get("baseline"),
    )  # fmt: skip


def sentence(report: Mapping[str, Any], words: Words = PROGRAM) -> str:
    """Return the verdict in one sentence."""
    totals = report["totals"]
    ran = counted(len(report["drills"]), words.drill)
    if failed := totals["fail"]:
        more = f", and {totals['flaky']} more from time to time" if totals["flaky"] else ""
        return f"The {words.judged} failed {failed} of {ran}{more}."
    if totals["flaky"]:
        return f"The {words.judged} failed {totals['flaky']} of {ran} from time to time."
    if totals["pass"] == 0:
        return (
            f"Nothing can be said of the {words.judged}: no {words.drill} met what its verdict "
            "needs."
        )
    rest = totals["inconclusive"]
    nothing = f"; {counted(rest, words.drill)} met nothing to judge" if rest else ""
    return f"The {words.judged} passed {totals['pass']} of {ran}, and failed none{nothing}."


def money(report: Mapping[str, Any]) -> str:
    """Return in one sentence what the broken rules cost."""
    totals = report["totals"]
    charges, lost = totals["charges"], totals["wasted_charges"]
    if not charges:
        return "It paid for no call."
    if not lost:
        return f"It paid for {counted(charges, 'call')}; broken rules cost nothing."
    share = f"{100 * lost / charges:.0f} %"
    return (
        f"It paid for {counted(charges, 'call')}; broken rules cost {lost} of them ({share}): "
        f"{yuan(totals['fen_wasted'])} yuan."
    )


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
