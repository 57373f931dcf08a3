"""report.html: what a person reads there, in whatever the client sent, and however much."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from mock_server.pages.environment import render
from mock_server.rehearsal import report_page
from mock_server.rehearsal.order import RehearsalOrder
from mock_server.rehearsal.outcome import Report
from mock_server.rehearsal.report import as_json
from mock_server.rehearsal.report_page import html, page
from mock_server.rehearsal.report_timeline import kept_calls, view_of
from mock_server.rehearsal.rules import RULES
from mock_server.rehearsal.verdicts import DrillResult, judge, of_repeats
from tests.support.rehearsals import (
    BEGIN,
    NOTHING_SENT,
    ONE,
    TWO,
    Journal,
    callback,
    drill,
    ended,
    evidence,
    left,
    succeeded,
)  # fmt: skip

CODE = "c0de" * 8
NASTY = (
    "</td></pre><script>alert(1)</script><img src=x onerror=alert(1)> {{ 7*7 }} {% raw %} "
    "\" onload='x' \u202egnp.exe \u200f \x00 \x1b[2J &lt; ]]> <!-- \ud800 \u202a"
)
BILL = {
    "sentence": "4 submits, 1 intent, 3 wasted, 0.84 yuan.", "praise": "It looked first.",
    "classes": [{"class": "useful", "charges": 1, "fen": 28},
                {"class": "duplicate-submit", "charges": 3, "fen": 84}],
    "charges": [{"call": 7, "class": "duplicate-submit", "intent": "one", "fen": 28,
                 "why": "It had been made by call 1."}],
}  # fmt: skip
REACTIONS = [
    {"status": 403, "code": "B403MQ", "message": "Quota Exhausted", "means": "buy", "met": 2,
     "next": "It called again at once.", "verdict": "wrong", "advice": "Stop, and buy credits.",
     "calls": [3, 4]},
]  # fmt: skip
POLLING = {
    "tasks": [{"task_id": "t1", "polls": 9, "wasted": 8, "lag_ms": None, "bursts": 2, "fen": 252}],
    "schedules": [{"name": "every 2 s", "polls": 2, "fen": 56, "lag_ms": 900}],
    "suggested": {"name": "first 3s, then 2s", "polls": 2, "fen": 56, "lag_ms": 800},
}


class Tags(HTMLParser):
    """Collects the tags of a page with their attributes' names, and what is read as text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.read = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.read += data


def text_of(made: str) -> str:
    """Return what a person reads, on one line."""
    return " ".join(Tags(made).read.split())


def plan(journal: Journal, task: str, begins: int, ends: int | None) -> None:
    """Give a task of a journal its plan, in real ms since the first call."""
    at = [None if each is None else BEGIN + each * 10 for each in (begins, begins + 300, ends)]
    journal.tasks[task] |= dict(zip(("submitted_at", "starts_at", "ends_at"), at, strict=True))


def journal(text: str = ONE) -> Journal:
    """Return the calls of a client that lost an answer, made a second task and hung up."""
    made = Journal()
    path = f"GET /{text}"
    text = "".join(each for each in text if each >= " ")  # the service refuses others
    made.submit(0, text, task="task-one", sent=NOTHING_SENT)
    made.submit(400, text, task="task-two")
    made.query(700, "task-two", sent=left(150))
    made.query(1500, "task-two", status=503)
    made.query(2000, "task-two", ended=True)
    made.fetch(2100, "task-two")
    made.call(2200, path, {}, {}, None, status=404, charged=False)
    plan(made, "task-one", 0, None)
    plan(made, "task-two", 400, 1800)
    made.tasks["task-two"] |= succeeded("task-two")
    return made


def result(made: Journal, name: str = "calm", **more: Any) -> DrillResult:
    waived = more.pop("waived", {})
    return judge(evidence(made, **{"drill": drill(id=name), **more}), waived)


def report(*results: DrillResult, **more: Any) -> Report:
    order = RehearsalOrder(command=more.pop("command", ("client",)), waived=more.pop("waived", {}))
    return Report(order=order, results=results, planned=more.pop("planned", len(results)), **more)


def with_more(**members: Any) -> str:
    """Return the page of a failed drill with further members."""
    failed = result(journal())
    shown = as_json(report(failed))
    shown["drills"][0] |= members
    return page(shown, [view_of(failed, 200)])


def passed(name: str = "calm", **more: Any) -> DrillResult:
    made = Journal()
    made.finished(0)
    return result(made, name, **more)


def idle() -> DrillResult:
    """Return a drill whose incident did not happen."""
    made = Journal()
    made.finished(0)
    return judge(evidence(made, drill=drill(id="idle", needs=("calls-back",))), {})


# What stands first


def test_the_first_screen_says_the_verdict_and_what_broken_rules_cost() -> None:
    told = text_of(html(report(passed("one"), result(journal(), "two"))))

    assert "The program failed 1 of 2 drills." in told
    assert "broken rules cost 1 of them (17 %): 0.28 yuan." in told
    assert told.index("The program failed") < told.index("The drills")


@pytest.mark.parametrize(
    ("results", "says"),
    [
        ([passed()], "The program passed 1 of 1 drill, and failed none."),
        ([passed("one"), idle()],
         "passed 1 of 2 drills, and failed none; 1 drill met nothing to judge."),
        ([of_repeats([passed(), result(journal())])], "failed 1 of 1 drill from time to time"),
        ([result(journal(), "two"), of_repeats([passed(), result(journal())])],
         "failed 1 of 2 drills, and 1 more from time to time."),
        ([], "no drill met what its verdict needs"),
    ],
)  # fmt: skip
def test_the_verdict_is_one_sentence(results: list[DrillResult], says: str) -> None:
    assert says in report_page.sentence(as_json(report(*results)))


def test_mistakes_are_summed_over_drills_the_most_expensive_first() -> None:
    three = Journal()
    for number in range(4):
        three.submit(number * 1000, TWO, task=f"t{number}")
    shown = as_json(report(result(journal(), "one"), result(three, "two")))

    rows = list(report_page.mistakes(shown))

    assert rows[0]["id"] == "one-intent-one-task"
    assert (rows[0]["fen"], rows[0]["drills"], rows[0]["where"]) == (112, ["one", "two"], "two")
    assert rows[0]["share"] == 100


def test_a_waived_rule_and_a_note_are_shown_and_are_no_mistakes() -> None:
    noted = Journal()
    noted.finished(0)
    noted.query(5000, ended=True)
    waived = dict.fromkeys((rule.id for rule in RULES), "agreed until May")
    found = report(result(journal(), "one", waived=waived), result(noted, "two"), waived=waived)

    assert list(report_page.mistakes(as_json(found))) == []
    told = text_of(html(found))
    assert "agreed until May" in told
    assert "once after it had heard that it ended" in told


def test_failures_come_first_unfolded_and_what_passed_is_folded() -> None:
    made = html(report(passed("good"), result(journal(), "wrong")))

    assert made.index('id="drill-wrong"') < made.index('id="drill-good"')
    assert re.findall(r'id="drill-(\w+)".*?\n<details( open)?>', made) == [
        ("wrong", " open"), ("good", ""),
    ]  # fmt: skip


def test_flaky_interrupted_trouble_and_no_drill_are_told() -> None:
    flaky = of_repeats([passed(), result(journal())])
    told = text_of(html(report(flaky, planned=9, interrupted=True, trouble="the server ended")))

    assert "The runs of this drill had different verdicts: PASS, FAIL." in told
    assert "The rehearsal was interrupted: 1 of 9 drills ran." in told
    assert "It stopped: the server ended" in told
    assert "No drill ran." in text_of(html(report()))


# A drill


def test_a_drill_has_both_views_on_one_axis() -> None:
    sent = [callback(1900, 200), callback(2000, None, fault="duplicate")]
    made = html(report(result(journal(), callbacks=sent, ended=ended(3))))

    said = re.findall(r'aria-label="([^"]*)"', made)
    assert "The program: exit code 3" in said
    assert "2 submits, 0 refused, 1 lost" in said
    assert "3 queries, 1 refused, 1 lost" in said
    assert "Task task-one, made by call 1: it never ends" in said
    assert "Task task-two, made by call 2: succeeded after 1.4 s" in said
    assert "1 call charged, broken rule" in said
    assert "2 callbacks, 1 answered 2xx" in said
    assert "callback of task t1, duplicate: no answer" in made
    for kind in ("lost", "left", "refused", "open", "done", "wasted", "delivered", "rejected"):
        assert f'href="#m-{kind}"' in made
        assert f'id="m-{kind}"' in made


def test_a_drill_says_the_rule_the_evidence_and_what_to_do() -> None:
    told = text_of(html(report(result(journal()))))

    assert "The client makes one task of one intent." in told
    assert f"It wanted '{ONE}' once, and made 2 tasks of it." in told
    assert "What to do: Keep what became of each submit" in told
    assert "calls 1, 2; cost: 0.28 yuan" in told


def test_the_calls_say_what_reached_the_client_and_which_are_the_evidence() -> None:
    view = view_of(result(journal()), 200)

    assert [each["reached"] for each in view.calls[:4]] == [
        "lost", "heard", "left", "heard",
    ]  # fmt: skip
    assert [each["call"] for each in view.calls if each["is_wasted"]] == [1]
    assert {1, 2} <= {each["call"] for each in view.calls if each["is_marked"]}


def test_every_link_on_the_page_leads_to_one_place() -> None:
    made = html(report(passed("one"), result(journal(), "two")))
    ids = re.findall(r' id="([^"]+)"', made)

    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', made)) <= set(ids)


def test_a_client_that_called_nothing_has_no_timeline() -> None:
    told = text_of(html(report(result(Journal()))))

    assert "The program called nothing." in told


def test_bill_reactions_and_polling_are_shown_if_a_drill_has_them() -> None:
    made = with_more(bill=BILL, reactions=REACTIONS, polling=POLLING)
    told = text_of(made)

    assert "Where the money went" in told
    for text in (
        BILL["sentence"], "Well done: It looked first.", "submitted twice: 0.84 yuan, 3 charges",
        "It had been made by call 1.", "403 B403MQ", "Quota Exhausted", "buy credits",
        "It called again at once. (calls 3, 4)", "Stop, and buy credits.", "every 2 s",
        "first 3s, then 2s would have taken 2 polls and 0.56 yuan",
    ):  # fmt: skip
        assert str(text) in told, text


def test_classes_and_means_that_are_not_known_are_shown_as_they_are() -> None:
    bill = {**BILL, "classes": [{"class": "new-class", "charges": 1, "fen": 28}], "charges": []}
    reactions = [{**REACTIONS[0], "means": "dance", "verdict": "odd"}]

    told = text_of(
        with_more(bill=bill, reactions=reactions, polling={**POLLING, "suggested": None})
    )

    assert "new-class: 0.28 yuan, 1 charge" in told
    assert "dance" in told


# Hostile texts


def hostile(text: str) -> str:
    """Return a page in every part of which a client, or its user, wrote a text."""
    waived = {"ends": text, "one-intent-one-task": text}
    sent = [callback(1900, None, task=text, fault="duplicate")]
    sent[0]["attempts"][0]["error"] = text
    sendable = text.encode("utf-8", "replace").decode()
    command = ("client", sendable.replace("\0", ""))
    printed = ended(3, stdout=text.encode("utf-8", "replace"), left=(text,))
    failed = result(
        journal(sendable), callbacks=sent, ended=printed, waived=waived, secrets=(CODE,)
    )
    shown = as_json(report(failed, command=command, waived=waived, trouble=text))
    bill = {"sentence": text, "praise": text, "classes": BILL["classes"],
            "charges": [{**BILL["charges"][0], "intent": text, "why": text}]}  # type: ignore[dict-item]  # fmt: skip
    shown["drills"][0] |= {
        "bill": bill, "reasons": [text], "output": text,
        "reactions": [REACTIONS[0] | dict.fromkeys(("code", "message", "next", "advice"), text)],
        "polling": {**POLLING, "tasks": [POLLING["tasks"][0] | {"task_id": text}],  # type: ignore[index]
                    "suggested": {**POLLING["suggested"], "name": text}},  # type: ignore[dict-item]
    }  # fmt: skip
    return page(shown, [view_of(failed, 200)])


def test_a_hostile_text_changes_no_markup() -> None:
    assert Tags(hostile(NASTY)).tags == Tags(hostile("harmless")).tags


def test_a_hostile_text_is_read_as_it_is_and_turns_no_line_around() -> None:
    made = hostile(NASTY)

    assert "{{ 7*7 }} {% raw %}" in made
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in made
    assert [each for each in made if not each.isprintable() and each != "\n"] == []


def test_no_credential_is_on_the_page() -> None:
    failed = result(
        journal(f"https://a/{CODE}"), secrets=(CODE,),
        ended=ended(0, stdout=f"code {CODE} Authorization: APPCODE mine".encode()),
    )  # fmt: skip

    made = html(report(failed, command=("client", "--code", CODE)))

    assert CODE not in made
    assert "APPCODE mine" not in made


# Bounds


def busy(calls: int, text: str = ONE) -> Journal:
    """Return a client that polls without an end."""
    made = Journal()
    made.submit(0, text, task="t1")
    for number in range(1, calls):
        made.query(number * 10, "t1")
    return made


def test_a_thousand_calls_in_each_of_59_drills_stay_below_five_megabytes() -> None:
    failed = result(busy(1000))
    made = html(report(*[failed] * 59))

    assert len(made.encode()) < 5_000_000
    assert "Showing 152 of 1000 calls" in made


def test_texts_of_a_megabyte_stay_below_five_megabytes() -> None:
    text = "<&\"'" * 250_000
    failed = result(busy(300, text), ended=ended(1, stdout=text.encode()))
    made = html(report(failed, command=("client", text), trouble=text))

    assert len(made.encode()) < 5_000_000


def test_a_page_that_is_too_large_shows_fewer_calls_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(report_page, "MOST_BYTES", 60_000)

    made = html(report(result(busy(1000))))

    assert len(made.encode()) <= 60_000
    assert re.search(r"Showing \d+ of 1000 calls", made)


def test_the_calls_that_matter_stay() -> None:
    made = busy(1000)
    lost = made.query(20_000, "t1", sent=NOTHING_SENT)
    shown = evidence(made)

    kept = kept_calls(shown, {500, 501}, 30)

    assert len(kept) == 30
    assert {1, 500, 501, lost.id} <= {each.id for each in kept}
    assert [each.id for each in kept] == sorted(each.id for each in kept)
    assert kept_calls(shown, set(), 2000) == list(shown.calls)
    assert kept_calls(shown, {1}, 0) == []


def test_many_tasks_and_callbacks_are_counted() -> None:
    made = Journal()
    for number in range(30):
        made.submit(number * 100, f"https://a/{number}", task=f"t{number}")
    sent = [callback(number, 200) for number in range(90)]

    told = text_of(html(report(result(made, callbacks=sent))))

    assert "Showing the first 12 of 30 tasks." in told
    assert "Showing 40 of 90 callbacks." in told


def test_the_template_is_in_the_package() -> None:
    with pytest.raises(Exception, match="is undefined"):
        render(report_page.TEMPLATE)


def test_the_larger_sum_of_the_bill_is_told_apart_from_what_broken_rules_cost() -> None:
    made = Journal()
    made.submit(0, task="t1")
    for at in (1000, 1300, 1600):  # haste, which no rule forbids
        made.query(at, ended=at == 1600)
    made.fetch(1700)

    told = text_of(html(report(result(made))))

    assert "0.00 yuan that broken rules cost" in told
    assert "Wasted in all: 1 charge, 0.28 yuan. Not each of them breaks a rule." in told
    assert "Wasted in all" not in text_of(html(report(passed())))
