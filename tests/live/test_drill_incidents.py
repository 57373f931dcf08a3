"""What drills are made of, as their client sees it: the parameters that make an incident bite."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import urllib3

from mock_server.admin_client import RefusedError
from mock_server.rehearsal.account import open_account, timed
from mock_server.rehearsal.drill import RATE
from mock_server.rehearsal.drills import all_drills
from mock_server.rehearsal.order import RehearsalOrder
from tests.support.live import Live, live
from tests.support.mini_client import STYLE, MiniClient
from tests.support.processes import until
from tests.support.receivers import receiving

ORDER = RehearsalOrder(command=("true",))
DRILLS = {drill.id: drill for drill in all_drills()}
SUBMIT = {**STYLE, "text": "https://example.com/one"}
BEHIND = [name for name in DRILLS if name.endswith("behind-many-pages")]


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live() as running:
        yield running


def client_in(server: Live, name: str, **more: Any) -> MiniClient:
    return MiniClient(world=open_account(ORDER, server.admin, DRILLS[name]), **more)


def page(client: MiniClient, number: int) -> dict[str, Any]:
    return client.call("/taskList", {"page": str(number)})


@pytest.mark.parametrize("name", BEHIND)
def test_the_lost_task_is_on_the_last_page_of_the_list_only(server: Live, name: str) -> None:
    client = client_in(server, name, timeout_s=0.4)
    older = {each["task_id"] for each in client.world.admin.every("/tasks", "tasks")}

    assert client.submit(SUBMIT["text"]) is None

    (lost,) = {each["task_id"] for each in client.world.admin.every("/tasks", "tasks")} - older
    last = page(client, 1)["allPages"]
    pages = {
        number: [each["task_id"] for each in page(client, number)["contentlist"]]
        for number in range(1, last + 1)
    }
    assert len(older) == 45
    assert last > 1
    assert [number for number, ids in pages.items() if lost in ids] == [last]


def test_older_tasks_are_free_and_not_in_the_journal(server: Live) -> None:
    world = client_in(server, BEHIND[0]).world

    assert (world.admin.get("/bill")["charges"], len(world.calls)) == (0, 0)


@pytest.mark.parametrize("name", DRILLS)
def test_the_clock_of_every_drill_runs_fast_and_is_not_frozen(server: Live, name: str) -> None:
    clock = client_in(server, name).world.admin.get("")["clock"]

    assert (clock["rate"], clock["frozen"]) == (RATE, False)


def test_only_a_stale_timestamp_is_refused_under_a_skewed_clock(server: Live) -> None:
    client = client_in(server, "clock-skew", signs=True)

    assert client.answer("/submitTask", SUBMIT).status == 200
    stale = client.answer("/submitTask", SUBMIT, signed_ago_ms=4000)
    assert (stale.status, stale.headers["X-Ca-Error-Code"]) == (403, "S403TE")


def test_an_answer_is_cut_inside_the_task_id(server: Live) -> None:
    client = client_in(server, "submit-charged-truncated")

    with pytest.raises(urllib3.exceptions.ProtocolError, match="IncompleteRead"):
        client.answer("/submitTask", SUBMIT)

    (call,) = client.world.calls
    assert call.task_id is not None
    received = call.answer_bytes[: call.raw["sent"]["bytes"]].decode()
    begun = received.rpartition('"')[2]
    assert begun
    assert call.task_id.startswith(begun)
    assert begun != call.task_id


def test_a_refusal_in_200_has_its_code_as_text(server: Live) -> None:
    answer = client_in(server, "refused-in-200").answer("/submitTask", SUBMIT)

    body = answer.json()["showapi_res_body"]
    assert answer.status == 200
    assert isinstance(body["ret_code"], str)
    assert body["ret_code"] != "0"


def test_a_maintenance_of_the_platform_is_answered_200_three_times(server: Live) -> None:
    client = client_in(server, "platform-maintenance-in-200")

    answers = [client.answer("/submitTask", SUBMIT) for _ in range(4)]

    assert [each.status for each in answers] == [200, 200, 200, 200]
    assert [each.json()["showapi_res_code"] for each in answers] == [-1000, -1000, -1000, 0]


def test_an_older_gateway_says_ok_with_a_good_answer(server: Live) -> None:
    answer = client_in(server, "ok-message-on-200").answer("/submitTask", SUBMIT)

    assert (answer.status, answer.headers["X-Ca-Error-Message"]) == (200, "OK")


def test_answers_have_other_content_types(server: Live) -> None:
    client = client_in(server, "other-content-type")

    submitted = client.answer("/submitTask", SUBMIT)
    task = {"task_id": submitted.json()["showapi_res_body"]["task_id"]}
    queried = [client.answer("/queryTask", task) for _ in range(3)]

    assert [each.headers["Content-Type"] for each in (submitted, *queried)] == [
        "text/plain",
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON; Charset=UTF-8",
    ]


def test_a_callback_comes_before_the_answer_of_its_submit(server: Live) -> None:
    with receiving() as receiver:
        client = client_in(server, "callback-before-answer", call_back=receiver.url + "/")
        task_id = client.submit(SUBMIT["text"])

        (received,) = receiver.received

    link = json.loads(received.body)["resList"][0]
    assert json.loads(received.body)["task_id"] == task_id
    assert urllib3.request("GET", link).status == 200, "the picture is there, as it should be"


def test_a_forged_callback_has_the_true_id_and_the_link_of_another_picture(server: Live) -> None:
    with receiving() as receiver:
        client = client_in(server, "callback-forged", call_back=receiver.url + "/")
        task_id = client.submit(SUBMIT["text"])
        assert task_id is not None
        forged, genuine = (json.loads(each.body) for each in receiver.wait_for(2))
        until(lambda: client.pictures(task_id))

        links = client.pictures(task_id)

    assert forged["task_id"] == genuine["task_id"] == task_id
    assert genuine["resList"] == links
    assert not set(forged["resList"]) & set(links)


def test_a_late_answer_is_later_than_the_client_waits() -> None:
    order = replace(ORDER, client_timeout_s=4.0)

    assert timed(order, {"kind": "delay", "for": "late"})["for"] == "6000ms"
    assert timed(order, {"kind": "delay", "for": "300ms"})["for"] == "300ms"


@pytest.mark.parametrize(("timeout_s", "slow"), [(10.0, "1500ms"), (2.0, "1000ms")])
def test_a_slow_answer_is_within_the_patience_of_the_client(timeout_s: float, slow: str) -> None:
    order = replace(ORDER, client_timeout_s=timeout_s)

    assert timed(order, {"kind": "delay", "for": "slow"})["for"] == slow


@pytest.mark.parametrize(("limit_s", "pause"), [(60.0, "500ms"), (600.0, "5000ms")])
def test_a_dripping_answer_takes_longer_than_the_client_may_run(limit_s: float, pause: str) -> None:
    order = replace(ORDER, time_limit_s=limit_s)

    assert timed(order, {"kind": "dribble", "pause": "drip"})["pause"] == pause


def test_a_fault_that_the_server_refuses_is_named_with_its_drill(server: Live) -> None:
    drill = replace(DRILLS["calm"], faults=({"kind": "delay", "for": "300ms"}, {"kind": "delai"}))

    with pytest.raises(RefusedError, match=r"drill calm, fault 2: .*did you mean 'delay'"):
        open_account(ORDER, server.admin, drill)
