"""`artqr-mock import`: a recording becomes a scenario that answers the same calls alike."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings

from mock_server.actions.accounts import scenarios
from mock_server.cli.main import main
from mock_server.domain.usage_errors import UsageError
from mock_server.recordings.reader import read_recording
from mock_server.recordings.scenario import deduction
from mock_server.recordings.scenario import imported as module
from mock_server.recordings.scenario.imported import ImportedScenario, imported
from mock_server.recordings.scenario.outcome import OutcomeKind
from tests.api.test_lint import CODE, FORM_HEADER, JSON, VENDOR, entry, har
from tests.support.recorded_incidents import MAIL, SECRET, imported_again, incident, recorded
from tests.support.requests import FORM, GOOD
from tests.support.worlds import World

ID, OTHER_ID = "4ca4a4c534d61728d01e2411", "0f2e3849a24a382282b1f496"


def exchange(
    path: str = "/submitTask", body: str = GOOD, *, at: float = 0, status: int = 200,
    headers: Mapping[str, str] = {}, answer: Any = None, took_ms: float = 120,
) -> dict[str, Any]:  # fmt: skip
    """Return an entry; `at` in seconds. `answer`: a text, or what the service says."""
    text = answer if isinstance(answer, str) else json.dumps(answer or {}, ensure_ascii=False)
    minute, second = divmod(at, 60)
    return {
        "startedDateTime": f"2026-11-22T10:{int(minute):02}:{second:06.3f}Z",
        "time": took_ms,
        "request": {
            "method": "POST", "url": f"{VENDOR}{path}", "headers": [FORM_HEADER, CODE],
            "postData": {"mimeType": FORM, "text": body},
        },
        "response": {
            "status": status,
            "headers": [{"name": name, "value": value} for name, value in headers.items()],
            "content": {"size": len(text), "text": text},
        },
    }  # fmt: skip


def fine(**body: Any) -> dict[str, Any]:
    """Return an answer of the service in its envelope."""
    return {
        "showapi_res_error": "", "showapi_res_id": "f" * 24, "showapi_res_code": 0,
        "showapi_fee_num": 1, "showapi_res_body": {"ret_code": 0, "remark": "ok", **body},
    }  # fmt: skip


def submitted(task_id: str = ID, **more: Any) -> dict[str, Any]:
    return exchange(answer=fine(task_id=task_id), **more)


def queried(status: str, task_id: str = ID, **more: Any) -> dict[str, Any]:
    pictures = ["https://pictures.example/1.png"] if status == "succeeded" else []
    said = fine(task_id=task_id, status=status, resList=pictures)
    return exchange("/queryTask", f"task_id={task_id}", answer=said, **more)


def listed(*task_ids: str, **more: Any) -> dict[str, Any]:
    items = [{"task_id": each, "status": "running", "resList": []} for each in task_ids]
    said = fine(allNum=len(items), allPages=1, currentPage=1, maxResult=20, contentlist=items)
    return exchange("/taskList", "page=1", answer=said, **more)


def refused(code: str, status: int, **more: Any) -> dict[str, Any]:
    headers = {"X-Ca-Error-Code": code, "X-Ca-Error-Message": "said so"}
    return exchange(status=status, headers=headers, answer="", **more)


def lost(**more: Any) -> dict[str, Any]:
    return exchange(status=0, answer="", **more)


def made(*entries: dict[str, Any], **readings: str) -> ImportedScenario:
    return imported(
        read_recording(har(*entries).encode()), "test", late_ms=2_000, readings=readings
    )


def orders(*entries: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the faults of a recording that is expressed wholly, those of tasks aside."""
    scenario = made(*entries)
    assert [each.number for each in scenario.differences] == []
    return [each.order for each in scenario.faults if each.order["kind"] != "task_order"]


def run(text: str | bytes, *words: str) -> Result:
    return CliRunner().invoke(main, ["import", "-", *words], input=text)


@pytest.mark.parametrize("seed", [1, 12, 26])
def test_a_generated_incident_gets_the_recorded_answers_again(seed: int) -> None:
    raw, outcomes = recorded(seed, steps=20)

    scenario = imported_again(raw)

    assert [call.outcome for call in scenario.calls] == outcomes
    assert scenario.differences == []
    hidden = incident(seed)[0].readings
    assert scenario.readings.items() <= hidden.items()
    text = json.dumps([scenario.values, scenario.notes], ensure_ascii=False)
    assert SECRET not in text
    assert MAIL not in text
    assert "shop.example" not in text


def test_without_the_faults_the_incident_does_not_come_back() -> None:
    raw, _ = recorded(1, steps=20)

    with patch.object(scenarios, "read", bare), patch.object(deduction, "TRIED", {}):
        assert imported_again(raw).differences


def bare(name: str, values: Mapping[str, Any]) -> Any:
    """Return a scenario without its faults."""
    kept = {member: value for member, value in values.items() if member != "faults"}
    return _read(name, kept)


_read = scenarios.read


def test_a_run_of_failures_is_one_fault_at_its_place() -> None:
    storm = [refused("X503BZ", 503, at=10 + n) for n in range(5)]

    assert orders(submitted(), submitted(OTHER_ID, at=1), *storm, submitted("a" * 24, at=30)) == [
        {"kind": "gateway_error", "code": "X503BZ", "operation": "submit_task", "after": 2,
         "first": 5},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "order"),
    [
        ({"status": 502, "answer": "<html>Bad Gateway</html>"},
         {"kind": "html_page", "status": 502}),
        ({"answer": fine() | {"showapi_res_code": -1009, "showapi_res_error": "调用频率受限"},
          "status": 450},
         {"kind": "platform_error", "platform_code": -1009}),
        ({"answer": fine(ret_code=-1, remark="系统繁忙"), "status": 450},
         {"kind": "refusal", "remark": "系统繁忙"}),
        ({"answer": json.dumps(fine(task_id=ID))[:-1]}, {"kind": "invalid_json"}),
        ({"answer": json.dumps(fine(task_id=ID))[:40], "headers": {"Content-Length": "210"}},
         {"kind": "truncate", "keep_bytes": 40}),
    ],
    ids=lambda each: str(each.get("kind", "")),
)  # fmt: skip
def test_each_kind_of_answer_has_its_fault(answer: dict[str, Any], order: dict[str, Any]) -> None:
    assert orders(exchange(**answer)) == [{**order, "operation": "submit_task", "nth": 1}]


def test_a_lost_submit_whose_task_shows_up_was_executed() -> None:
    assert orders(lost(), listed(ID, at=5)) == [
        {"kind": "reset", "operation": "submit_task", "nth": 1}
    ]
    assert orders(lost(), listed(at=5)) == [
        {"kind": "reset", "operation": "submit_task", "nth": 1, "commit": "before"}
    ]
    assert "executed and charged" in " ".join(made(lost()).notes)
    assert made(lost(), listed(ID, at=5)).notes == []


def test_a_gateway_error_whose_task_shows_up_is_a_ghost() -> None:
    assert orders(refused("D504TO", 504), listed(ID, at=5)) == [
        {"kind": "ghost", "code": "D504TO", "operation": "submit_task", "nth": 1}
    ]


def test_a_late_answer_is_late_again_and_a_client_that_gave_up_meets_both() -> None:
    assert orders(submitted(took_ms=30_100)) == [
        {"kind": "delay", "for_ms": 30_000, "operation": "submit_task", "nth": 1}
    ]
    assert {each["kind"] for each in orders(lost(took_ms=10_000))} == {"reset", "delay"}
    assert orders(submitted(took_ms=1_999)) == []


def test_a_task_ends_between_the_last_look_and_the_first_that_saw_the_end() -> None:
    scenario = made(
        submitted(), queried("running", at=40), queried("succeeded", at=50),
        submitted(OTHER_ID, at=60), queried("failed", OTHER_ID, at=61),
    )  # fmt: skip

    tasks = [each.order for each in scenario.faults]
    assert scenario.differences == []
    assert [(each["outcome"], each["nth"]) for each in tasks] == [("succeeded", 1), ("failed", 2)]
    assert 40_000 < tasks[0]["lasts_ms"] <= 50_000
    assert tasks[1]["lasts_ms"] <= 1_000


def test_one_time_that_suits_every_task_is_one_fault_without_a_place() -> None:
    tasks = [f"{number:024x}" for number in range(1, 5)]
    entries = [
        each
        for number, task in enumerate(tasks)
        for each in (
            submitted(task, at=number * 40),
            queried("running", task, at=number * 40 + 5 + number),
            queried("succeeded", task, at=number * 40 + 25 - number),
        )
    ]

    scenario = made(*entries)

    assert scenario.differences == []
    assert [each.order for each in scenario.faults] == [
        {"kind": "task_order", "outcome": "succeeded", "lasts_ms": 10_000,
         "operation": "submit_task"},
    ]  # fmt: skip


def test_a_package_that_stays_empty_becomes_credits_and_one_that_is_refilled_does_not() -> None:
    empty = [refused("B403MQ", 403, at=10 + n) for n in range(3)]

    spent = made(submitted(), submitted(OTHER_ID, at=1), *empty)
    refilled = made(submitted(), *empty, submitted(OTHER_ID, at=20))

    assert spent.values["credits"] == 2
    assert [each.order["kind"] for each in spent.faults if "code" in each.order] == []
    assert spent.differences == refilled.differences == []
    assert "credits" not in refilled.values
    assert [each.order["code"] for each in refilled.faults if "code" in each.order] == ["B403MQ"]


def test_tasks_from_before_the_recording_are_older_tasks() -> None:
    scenario = made(queried("succeeded"), queried("succeeded", OTHER_ID, at=5))

    assert scenario.values["older_tasks"] == 2
    assert scenario.differences == []


def test_what_no_scenario_can_express_is_listed_with_the_reason() -> None:
    scenario = made(
        refused("X999ZZ", 503), submitted(at=1), queried("succeeded", at=2),
        exchange("/queryTask", f"task_id={ID}", at=3, status=418, answer="{}"),
    )  # fmt: skip

    assert [(each.number, each.why) for each in scenario.differences] == [
        (1, "X999ZZ is not in the table of gateway errors"),
        (4, "it is no answer that the vendor is known to give"),
    ]


def test_readings_are_decided_where_the_answers_show_them() -> None:
    item = fine(task_id=ID, status="SUCCEEDED", resList=[{"url": "https://pictures.example/1.png"}])
    scenario = made(submitted(), exchange("/queryTask", f"task_id={ID}", answer=item, at=30))

    assert scenario.readings == {"task.words": "upper-case", "result.item": "object"}
    assert scenario.values["readings"] == scenario.readings
    assert made(submitted()).readings == {}


def test_an_older_instance_has_messages_only() -> None:
    answer = {"X-Ca-Error-Message": "Throttled by USER Flow Control"}
    throttled = exchange(status=403, headers=answer, answer="")

    scenario = made(submitted(), throttled | {"startedDateTime": "2026-11-22T10:00:09Z"})

    assert scenario.readings["gateway.profile"] == "classic"
    assert scenario.differences == []


def test_nothing_personal_of_a_remark_stays_and_the_note_shows_none_of_it() -> None:
    remark = "buyer@shop.example 的 https://shop.example/a?b=1 (13800138000) 10.1.2.3 失败"
    scenario = made(exchange(answer=fine(ret_code=-1, remark=remark), status=450))

    kept = scenario.faults[0].order["remark"]
    assert kept == "someone@example.com 的 https://example.com/ (***) 192.0.2.1 失败"
    note = scenario.notes[0]
    assert "an e-mail address" in note
    assert "an IP address" in note
    assert "shop" not in note
    assert scenario.dropped == {"credential": 2, "text": 1}


def test_the_journal_says_what_went_over_the_wire(world: World) -> None:
    world.submit()
    call = world.calls()[0]
    cut = call | {"sent": {"what": "cut", "status": 200, "bytes": 90, "late_ms": 0, "lasts_ms": 0,
                           "end": "reset", "left_after_ms": None}}  # fmt: skip
    gone = call | {"sent": {"what": "nothing", "status": None, "bytes": 0, "late_ms": 0,
                            "lasts_ms": 0, "end": "close", "left_after_ms": None}}  # fmt: skip
    late = call | {"sent": {"what": "whole", "status": 200, "bytes": 205, "late_ms": 5_000,
                            "lasts_ms": 0, "end": "keep", "left_after_ms": 900}}  # fmt: skip
    raw = "\n".join(json.dumps(each) for each in (call, cut, gone, late)).encode()

    scenario = imported(read_recording(raw), "test", late_ms=2_000, readings={})

    kinds = [call.outcome.kind for call in scenario.calls]
    assert kinds == [OutcomeKind.RESULT, OutcomeKind.CUT, OutcomeKind.LOST, OutcomeKind.RESULT]
    assert scenario.differences == []
    found = [each.order for each in scenario.faults if each.order["kind"] != "task_order"]
    assert [(each["kind"], each["nth"]) for each in found] == [
        ("truncate", 2), ("close", 3), ("delay", 4),
    ]  # fmt: skip


def test_a_body_that_was_not_recorded_is_played_with_an_example() -> None:
    without = submitted()
    del without["request"]["postData"]

    scenario = made(without, queried("succeeded", at=30))

    assert scenario.differences == []
    assert "calls 1 have no whole body" in scenario.notes[0]


def test_more_faults_than_a_scenario_has_are_counted_and_named() -> None:
    entries = [
        refused("X503BZ", 503, at=n) if n % 2 else submitted(f"{n:024x}", at=n) for n in range(50)
    ]
    with patch.object(deduction, "TRIED", {}), patch.object(module, "MAX_FAULTS", 20):
        scenario = made(*entries)

    assert len(scenario.faults) == 20
    assert "25 faults are needed: a scenario has at most 20" in scenario.notes
    assert len(scenario.differences) == 5


def test_the_command_writes_a_file_that_loads(tmp_path: Path, world: World) -> None:
    target = tmp_path / "incident.toml"

    done = run(har(submitted(), refused("X503BZ", 503, at=5)), "--output", str(target))

    assert done.exit_code == 0, done.output
    assert "played again: all 2 calls get the recorded status and code" in done.stdout
    values = tomllib.loads(target.read_text("utf-8"))
    loaded = world.admin("POST", "/accounts/default/scenario", {"scenario": values})
    assert loaded["clock"]["now"] == values["clock"]["now"]
    assert world.vendor("/submitTask", {"text": "x", "style_id": "food_fryrice"}).status_code == 200
    assert world.vendor("/submitTask", {"text": "y", "style_id": "food_fryrice"}).status_code == 503
    assert SECRET not in target.read_text("utf-8")


def test_a_file_is_never_overwritten_unasked(tmp_path: Path) -> None:
    target = tmp_path / "mine.toml"
    target.write_text("precious", "utf-8")

    done = run(har(submitted()), "-o", str(target))

    assert done.exit_code == 2
    assert "choose another file by --output, or overwrite it by --force" in done.stderr
    assert target.read_text("utf-8") == "precious"
    assert run(har(submitted()), "-o", str(target), "--force").exit_code == 0


def test_the_answers_that_differ_end_with_exit_code_one() -> None:
    done = run(har(refused("X999ZZ", 503)))

    assert done.exit_code == 1
    assert done.stdout.startswith("# Made by `artqr-mock import`")
    assert "entry 1: recorded 503 X999ZZ, played 200: X999ZZ is not in the table" in done.stderr


def test_json_says_the_same(tmp_path: Path) -> None:
    target = tmp_path / "incident.toml"

    done = run(har(submitted(), refused("X999ZZ", 503, at=3)), "-o", str(target), "--json")

    told = json.loads(done.stdout)
    assert told["scenario"] == tomllib.loads(target.read_text("utf-8"))
    assert [each["call"] for each in told["differences"]] == [2]
    assert told["not_taken_over"] == {"credential": 2, "text": 1, "task id": 1}


@pytest.mark.parametrize(
    ("text", "words", "says"),
    [
        ("", (), "it is empty"),
        (har(), (), "the file has no call of the API"),
        (har(entry(host="https://www.example.com")), (), "--host NAME checks another host"),
        (har(entry()), ("--late", "0s"), "at least 1ms"),
        (har(entry()), ("--late", "soon"), "soon"),
        (har(entry()), ("--reading", "no.such=1"), "unknown reading"),
        (har(entry()), ("-o", "incident"), "does not end in .toml"),
    ],
    ids=["empty", "no-call", "other-host", "zero", "no-duration", "no-reading", "no-toml"],
)
def test_what_cannot_be_imported_is_refused_with_the_reason(
    text: str, words: Sequence[str], says: str
) -> None:
    done = run(text, *words)

    assert done.exit_code == 2
    assert says in done.stderr


@settings(max_examples=20)
@given(value=JSON)
def test_any_json_is_imported_or_refused(value: Any) -> None:
    good = {"method": "POST", "url": VENDOR + "/taskList"}
    merged = {**good, **value} if isinstance(value, dict) else value
    with patch.object(deduction, "TRIED", {}):
        for text in (har({"request": merged, "response": value}), json.dumps(value)):
            with suppress(UsageError):
                recording = read_recording(text.encode("utf-8", "surrogatepass"))
                imported(recording, "any", late_ms=2_000, readings={})


def test_the_recordings_of_lint_are_imported() -> None:
    for each in (entry(), entry(status=403, code="B403MQ"), entry("/taskList", "page=1"),
                 entry("/queryTask", f"task_id={ID}", status=404, code="I404NF")):  # fmt: skip
        scenario = made(each)
        played = {difference.number for difference in scenario.differences}
        assert all(call.number in played or call.outcome for call in scenario.calls)
        assert all(difference.why for difference in scenario.differences)
