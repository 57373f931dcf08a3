"""Faults of the wire behind a WSGI server: those it can apply, and those it refuses."""

from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import Client

from mock_server.domain.faults.kinds import KINDS
from mock_server.web.flask_app import create_app
from tests.support.worlds import APP_CODE, World

PATH = "/accounts/default/faults"
GOOD = {"text": "https://example.com", "style_id": "food_fryrice"}
NEEDS: dict[str, dict[str, Any]] = {
    "dribble": {}, "truncate": {"keep_bytes": 1}, "wrong_length": {"by_bytes": 1}, "reset": {},
    "close": {}, "garbage": {},
}  # fmt: skip


def test_connection_faults_are_refused_with_the_possible_ones(world: World) -> None:
    assert set(NEEDS) == {kind.name for kind in KINDS.values() if kind.connection}
    for kind, parameters in NEEDS.items():
        refused = world.admin("POST", PATH, {"kind": kind, **parameters}, expect=422)

        assert (
            f"{kind} takes the connection itself, which only `artqr-mock serve` can do"
            in (refused["detail"])
        )
        assert "invalid_json, html_page" in refused["detail"]
    assert world.admin("GET", PATH)["faults"] == []


@pytest.mark.parametrize("commit", ["before", "after"])
def test_a_delay_holds_the_thread_before_or_after_the_booking(world: World, commit: str) -> None:
    held: list[tuple[int, int]] = []

    def pause(ms: int) -> None:
        held.append((ms, world.bill()["charges"]))

    server = Client(create_app(replace(world.simulator, pause=pause)))
    world.admin("POST", PATH, {"kind": "delay", "for_ms": 5000, "commit": commit}, expect=201)

    answer = server.post("/submitTask", data=GOOD, headers=APP_CODE)

    assert answer.status_code == 200
    assert held == [(5000, 0 if commit == "before" else 1)]
    (call,) = world.calls()
    assert (call["sent"]["late_ms"], call["charged"]) == (5000, True)


def test_another_body_needs_no_connection(world: World) -> None:
    world.admin("POST", PATH, {"kind": "invalid_json", "nth": 1}, expect=201)
    world.admin("POST", PATH, {"kind": "html_page", "status": 503, "nth": 2}, expect=201)

    broken, page = (world.vendor("/submitTask", GOOD) for _ in range(2))

    assert broken.get_json(silent=True) is None
    assert int(broken.headers["Content-Length"]) == len(broken.data)
    assert (page.status_code, page.mimetype, page.headers["Server"]) == (503, "text/html", "nginx")
    assert b"503 Service Temporarily Unavailable" in page.data
    first, second = world.calls()
    assert first["answer"]["body"] == broken.get_data(as_text=True) + "}"
    assert (second["status"], second["sent"]["status"]) == (200, 503)


def test_another_content_type_needs_no_connection(world: World) -> None:
    world.admin("POST", PATH, {"kind": "content_type", "value": "Application/JSON"}, expect=201)

    answer = world.vendor("/submitTask", GOOD)

    assert answer.headers.getlist("Content-Type") == ["Application/JSON"]
    assert answer.get_json(force=True)["showapi_res_body"]["task_id"] == world.calls()[0]["task_id"]
    assert world.calls()[0]["sent"]["what"] == "altered"


@pytest.mark.parametrize(
    "value", ["", "a" * 201, "a\r\nb: c", "text/plain\n", " a", "a ", "\t", "é"]
)
def test_a_content_type_that_no_header_can_have_is_refused(world: World, value: str) -> None:
    refused = world.admin("POST", PATH, {"kind": "content_type", "value": value}, expect=422)

    assert "value" in refused["detail"]
    assert world.admin("GET", PATH)["faults"] == []


@pytest.mark.parametrize("code", ["mock-charged-but-lost", "mock-truncated"])
def test_a_magic_code_that_needs_serve_is_answered_with_that_need(world: World, code: str) -> None:
    answer = world.vendor("/submitTask", GOOD, code)

    assert answer.status_code == 501
    assert "`artqr-mock serve`" in answer.get_json()["error"]
    assert "X-Mock-Server-Bug" not in answer.headers
    world.admin("GET", f"/accounts/{code}", expect=404)


def test_a_connection_fault_armed_under_serve_fails_completely_behind_wsgi(world: World) -> None:
    served = replace(world.simulator, has_connections=True)
    Client(create_app(served)).post(f"/_mock{PATH}", json={"kind": "reset", "nth": 1})

    answer = world.vendor("/submitTask", GOOD)

    assert answer.status_code == 501
    assert "no connection to damage" in answer.get_json()["error"]
    assert world.vendor("/submitTask", GOOD).status_code == 200


def test_a_ghost_and_a_lost_answer_are_two_rules_on_one_call(world: World) -> None:
    world.admin("POST", PATH, {"kind": "ghost"}, expect=201)
    world.admin("POST", PATH, {"kind": "html_page"}, expect=201)

    assert world.vendor("/submitTask", GOOD).status_code == 502

    (call,) = world.calls()
    assert [fault["kind"] for fault in call["faults"]] == ["html_page", "ghost"]
    assert (call["status"], call["error_code"], call["sent"]["status"]) == (504, "D504TO", 502)


@pytest.mark.parametrize(
    ("order", "says"),
    [
        ({"kind": "delay"}, "for_ms"),
        ({"kind": "delay", "for_ms": 600_001}, "maximum"),
        ({"kind": "delay", "for_ms": 1, "commit": "during"}, "before"),
        ({"kind": "delay", "for_ms": 1, "bytes": 3}, "'bytes' was unexpected"),
        ({"kind": "html_page", "status": 299}, "502"),
        ({"kind": "ghost", "code": "X999XX"}, "unknown error code"),
        ({"kind": "platform_error", "platform_code": 0}, "-1009"),
        ({"kind": "task_slow", "lasts_ms": 0}, "minimum"),
        ({"kind": "task_fails", "operation": "query_task"}, "affects submit_task"),
        ({"kind": "wrong_length", "by_bytes": 0}, "by_bytes"),
        ({"kind": "throttled", "probability": 0}, "probability"),
        ({"kind": "throttled", "nth": 2, "first": 3}, "contradict"),
        ({"kind": "throttled", "nth": 0}, "minimum"),
        ({"kind": "throttled", "text": ""}, "text"),
        ({"kind": "throttled", "text": "x" * 501}, "500"),
        ({"kind": "throttled", "starts_in_ms": 5, "expires_in_ms": 3}, "before the rule starts"),
        ({"kind": "delay ", "for_ms": 1}, "did you mean 'delay'"),
        ({"kind": "timeout"}, "unknown fault 'timeout'"),
        ([], "not a JSON object"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(world: World, order: Any, says: str) -> None:
    refused = world.admin("POST", PATH, order, expect=422)

    assert says in refused["detail"]
    assert world.admin("GET", PATH)["faults"] == []


def test_a_rule_cannot_outlive_the_calendar(world: World) -> None:
    world.clock(freeze=True, now=253_402_214_300_000)
    order = {"kind": "throttled", "expires_in_ms": 86_400_000}

    assert "calendar" in world.admin("POST", PATH, order, expect=422)["detail"]
