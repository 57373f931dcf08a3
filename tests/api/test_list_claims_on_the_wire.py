"""The vendor's statements on the list and on callbacks, as a client sees them."""

import pytest

from mock_server.delivery.outbound import Outbound
from mock_server.domain.callback.payload import Outcome, Posting
from mock_server.domain.urls import parse_address
from mock_server.settings import Settings
from tests.support.receivers import Reply, receiving
from tests.support.worlds import World, body_of

CALL_BACK = "http://127.0.0.1:9/callback"
EMPTY = Posting(body=b"{}")


def callbacks(world: World) -> list[dict[str, object]]:
    """Return the callbacks of the default account."""
    found: list[dict[str, object]] = world.admin("GET", "/accounts/default/callbacks")["callbacks"]
    return found


@pytest.mark.claim("list-route")
@pytest.mark.claim("list-shape")
def test_a_list_has_its_counts_and_its_tasks_in_the_body_itself(world: World) -> None:
    world.submit()

    body = body_of(world.vendor("/taskList"))

    counts = {name: body[name] for name in ("allNum", "allPages", "currentPage", "maxResult")}
    assert counts == {"allNum": 1, "allPages": 1, "currentPage": 1, "maxResult": 20}
    assert [list(task) for task in body["contentlist"]] == [["task_id", "status", "resList"]]
    assert "pagebean" not in body


@pytest.mark.claim("list-order")
def test_the_newest_task_is_listed_first(world: World) -> None:
    submitted = [world.submit() for _ in range(3)]

    listed = body_of(world.vendor("/taskList"))["contentlist"]

    assert [task["task_id"] for task in listed] == submitted[::-1]


@pytest.mark.claim("list-paging")
def test_20_tasks_are_on_a_page_unless_another_number_is_asked_for(world: World) -> None:
    for _ in range(21):
        world.submit()

    pages = [
        len(body_of(world.vendor("/taskList", fields))["contentlist"])
        for fields in ({}, {"page": "2"}, {"page": "3"}, {"maxResult": "50"})
    ]

    assert pages == [20, 1, 0, 21]


@pytest.mark.claim("list-paging")
@pytest.mark.parametrize(
    "fields", [{"page": "0"}, {"page": "x"}, {"maxResult": "0"}, {"maxResult": "51"}]
)
def test_a_page_out_of_range_is_refused(world: World, fields: dict[str, str]) -> None:
    assert world.vendor("/taskList", fields).status_code == 450


@pytest.mark.claim("list-scope")
def test_only_the_callers_own_tasks_are_listed(world: World) -> None:
    other = world.account()["app_code"]
    world.submit()

    assert body_of(world.vendor("/taskList", app_code=other))["allNum"] == 0


@pytest.mark.claim("list-retention")
def test_a_task_is_forgotten_24_hours_after_its_end(world: World) -> None:
    task_id = world.submit()
    world.clock(to_next_event=True)

    world.clock(advance="23h59m59s")
    assert body_of(world.vendor("/taskList"))["allNum"] == 1
    world.clock(advance="1s")
    assert body_of(world.vendor("/taskList"))["allNum"] == 0
    assert world.vendor("/queryTask", {"task_id": task_id}).status_code == 450


@pytest.mark.claim("callback-payload")
def test_the_callback_carries_the_pictures_and_the_id_and_nothing_else(world: World) -> None:
    task_id = world.submit(call_back=CALL_BACK)
    world.clock(advance="20s")

    pictures = world.query(task_id)["resList"]

    assert world.postbox.posted == [(CALL_BACK, {"resList": pictures, "task_id": task_id})]


@pytest.mark.claim("callback-after-status")
def test_the_callback_is_due_at_the_instant_at_which_the_status_turns(world: World) -> None:
    world.submit(call_back=CALL_BACK)
    (task,) = world.admin("GET", "/accounts/default/tasks")["tasks"]

    world.clock(now=task["ends_at"] - 1)
    assert world.postbox.posted == []
    world.clock(now=task["ends_at"])
    assert len(world.postbox.posted) == 1


@pytest.mark.claim("callback-on-failure")
def test_nothing_is_posted_for_a_task_that_fails(world: World) -> None:
    task_id = world.submit(call_back=CALL_BACK)
    world.admin("POST", f"/accounts/default/tasks/{task_id}", {"state": "failed"})

    world.clock(advance="1h")

    assert world.postbox.posted == []


@pytest.mark.claim("callback-ack")
@pytest.mark.parametrize(
    ("status", "state"),
    [(200, "delivered"), (204, "delivered"), (299, "delivered"), (301, "failed"), (500, "failed")],
)
def test_any_2xx_acknowledges_whatever_the_body(world: World, status: int, state: str) -> None:
    world.postbox.outcome = Outcome(status=status, body=b"no thanks")
    world.submit(call_back=CALL_BACK)

    world.clock(advance="20s")

    assert [callback["state"] for callback in callbacks(world)] == [state]


@pytest.mark.claim("callback-once")
def test_a_callback_that_failed_is_not_tried_again(world: World) -> None:
    world.postbox.outcome = Outcome(status=500)
    world.submit(call_back=CALL_BACK)

    for _ in range(3):
        world.clock(advance="1h")

    assert len(world.postbox.posted) == 1


@pytest.mark.claim("callback-address")
def test_a_bad_callback_address_is_accepted_and_fails_at_delivery(world: World) -> None:
    world.submit(call_back="not an address")

    world.clock(advance="20s")

    (callback,) = callbacks(world)
    assert callback["state"] == "failed"
    assert world.postbox.posted == []


@pytest.mark.claim("callback-content-type")
def test_a_callback_is_labelled_as_json_in_utf_8() -> None:
    outbound = Outbound()
    with receiving() as receiver:
        outbound.post(parse_address(f"{receiver.url}/callback"), EMPTY).result(timeout=20)
    outbound.close()

    (received,) = receiver.received
    assert received.headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.claim("callback-redirects")
def test_a_callback_does_not_follow_a_redirect() -> None:
    outbound = Outbound()
    with receiving(Reply(status=307, headers={"Location": "/elsewhere"})) as receiver:
        outcome = outbound.post(parse_address(f"{receiver.url}/callback"), EMPTY).result(timeout=20)
    outbound.close()

    assert outcome.status == 307
    assert [received.path for received in receiver.received] == ["/callback"]


@pytest.mark.claim("callback-timeout")
def test_a_receiver_has_10_seconds_unless_told_otherwise() -> None:
    assert Settings().callback_timeout == 10


@pytest.mark.claim("callback-timeout")
def test_a_receiver_that_stays_silent_is_given_up() -> None:
    outbound = Outbound(timeout=0.05)
    with receiving(Reply(silent=True)) as receiver:
        outcome = outbound.post(parse_address(f"{receiver.url}/callback"), EMPTY).result(timeout=20)
    outbound.close()

    assert (outcome.status, outcome.error) == (None, "no answer within 0.05 s")
