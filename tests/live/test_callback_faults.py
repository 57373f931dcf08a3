"""Faults of callbacks as a real receiver sees them, and the records of them."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.live import Buyer, Live, live
from tests.support.processes import until
from tests.support.receivers import Received, Receiver, Reply, receiving

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """A server for all tests here."""
    with live() as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that acknowledges everything."""
    with receiving() as running:
        yield running


@pytest.fixture
def buyer(server: Live) -> Buyer:
    """An account with a frozen clock."""
    return server.buyer(clock={"frozen": True})


def arm(buyer: Buyer, kind: str, **rule: Any) -> None:
    """Arm a fault of callbacks."""
    buyer.world.post("/faults", {"kind": f"callback_{kind}", **rule})


def one_callback(buyer: Buyer, receiver: Receiver, kind: str, **rule: Any) -> dict[str, Any]:
    """Send one callback with a fault, and return its record."""
    arm(buyer, kind, **rule)
    buyer.submit(call_back=receiver.url)
    buyer.clock(advance="1m", settle=True)
    return buyer.settled()


def bodies(receiver: Receiver) -> list[Any]:
    """Return the received bodies as JSON."""
    return [json.loads(each.body) for each in receiver.received]


def sent(callback: dict[str, Any]) -> dict[str, Any]:
    """Return the request of a callback's only attempt."""
    (attempt,) = callback["attempts"]
    request: dict[str, Any] = attempt["request"]
    return request


def test_a_lost_callback_never_comes(buyer: Buyer, receiver: Receiver) -> None:
    arm(buyer, "lost", nth=1)
    buyer.submit(call_back=f"{receiver.url}/1")
    buyer.clock(advance="1m", settle=True)
    buyer.submit(call_back=f"{receiver.url}/2")
    buyer.clock(advance="1m", settle=True)

    assert [each.path for each in receiver.received] == ["/2"]
    lost, whole = buyer.world.every("/callbacks", "callbacks")
    assert (lost["state"], lost["attempts"], whole["state"]) == ("lost", [], "delivered")


def test_a_late_callback_comes_an_hour_later(buyer: Buyer, receiver: Receiver) -> None:
    arm(buyer, "late", late_ms=3_600_000)
    buyer.submit(call_back=receiver.url)

    buyer.clock(advance="59m", settle=True)
    assert receiver.received == []
    buyer.clock(advance="2m", settle=True)

    assert len(receiver.received) == 1
    assert buyer.settled()["state"] == "delivered"


def test_an_early_callback_goes_out_by_itself_while_the_task_is_pending(
    buyer: Buyer, receiver: Receiver
) -> None:
    arm(buyer, "early")
    task_id = buyer.submit(call_back=receiver.url)

    receiver.wait_for(1)

    (body,) = bodies(receiver)
    assert body["task_id"] == task_id
    assert len(body["resList"]) == 1
    (task,) = buyer.world.get("/tasks")["tasks"]
    assert task["status"] == "pending"


def test_a_duplicate_comes_when_the_first_was_answered(buyer: Buyer) -> None:
    arrived: list[threading.Event] = [threading.Event(), threading.Event()]
    waiting = iter(arrived)
    overlapped: list[bool] = []

    def answer(_: Received) -> Reply:
        next(waiting).set()
        if not overlapped:
            overlapped.append(arrived[1].wait(timeout=0.3))
        return Reply()

    with receiving(answer) as receiver:
        copies = all_copies(buyer, receiver, "duplicate")

    first, second = bodies(receiver)
    assert first == second
    assert overlapped == [False]
    assert [each["copy_of"] for each in copies] == [None, copies[0]["id"]]


def test_an_early_callback_comes_before_a_delayed_answer_of_its_submit(
    buyer: Buyer, receiver: Receiver
) -> None:
    arm(buyer, "early")
    buyer.world.post("/faults", {"kind": "delay", "for_ms": 1_500})
    answered: list[str] = []
    submitting = threading.Thread(
        target=lambda: answered.append(buyer.submit(call_back=receiver.url))
    )
    submitting.start()
    receiver.wait_for(1)
    before = list(answered)
    submitting.join()

    assert before == []
    assert [body["task_id"] for body in bodies(receiver)] == answered


def test_a_concurrent_duplicate_needs_no_free_place() -> None:
    both = threading.Barrier(2)

    def answer(_: Received) -> Reply:
        both.wait(timeout=20)
        return Reply()

    with receiving(answer) as receiver, live(callback_concurrency=1) as server:
        buyer = server.buyer(clock={"frozen": True})
        copies = all_copies(buyer, receiver, "concurrent_duplicate")

    assert [each["state"] for each in copies] == ["delivered", "delivered"]


def test_a_concurrent_duplicate_is_there_before_the_first_is_answered(buyer: Buyer) -> None:
    both = threading.Barrier(2)

    def answer(_: Received) -> Reply:
        both.wait(timeout=20)
        return Reply()

    with receiving(answer) as receiver:
        copies = all_copies(buyer, receiver, "concurrent_duplicate")

    assert len(receiver.received) == 2
    assert [each["state"] for each in copies] == ["delivered", "delivered"]


def all_copies(buyer: Buyer, receiver: Receiver, kind: str) -> list[dict[str, Any]]:
    """Send one callback with a fault that copies it, and return all callbacks at the end."""
    arm(buyer, kind)
    buyer.submit(call_back=receiver.url)
    buyer.clock(advance="1m", settle=True)
    until(lambda: all(each["attempts"] for each in buyer.world.every("/callbacks", "callbacks")))
    return buyer.world.every("/callbacks", "callbacks")


def test_reordered_callbacks_come_the_wrong_way_round(buyer: Buyer, receiver: Receiver) -> None:
    arm(buyer, "reordered", nth=1)
    for _ in range(3):
        buyer.submit(call_back=receiver.url)
    planned = sorted(buyer.world.every("/callbacks", "callbacks"), key=lambda each: each["due_at"])
    a, b, c = (each["task_id"] for each in planned)

    buyer.clock(advance="1m", settle=True)

    came = [body["task_id"] for body in bodies(receiver)]
    assert came.index(b) < came.index(a)
    assert sorted(came) == sorted([a, b, c])


def test_crossed_callbacks_tell_of_each_others_tasks(buyer: Buyer, receiver: Receiver) -> None:
    arm(buyer, "crossed", nth=1)
    submitted = {buyer.submit(call_back=receiver.url) for _ in range(2)}

    buyer.clock(advance="1m", settle=True)

    assert {body["task_id"] for body in bodies(receiver)} == submitted
    for body in bodies(receiver):
        assert body["task_id"] not in body["resList"][0]


def test_an_unknown_task_was_never_submitted(buyer: Buyer, receiver: Receiver) -> None:
    callback = one_callback(buyer, receiver, "unknown_task")

    (body,) = bodies(receiver)
    assert body["task_id"] not in {each["task_id"] for each in buyer.world.every("/tasks", "tasks")}
    assert buyer.call("/queryTask", task_id=body["task_id"]).status == 450
    assert json.loads(sent(callback)["body"]) == body


def test_malformed_is_not_json_whatever_its_label(buyer: Buyer, receiver: Receiver) -> None:
    callback = one_callback(buyer, receiver, "malformed")

    (received,) = receiver.received
    assert received.headers["Content-Type"].startswith("application/json")
    with pytest.raises(json.JSONDecodeError):
        json.loads(received.body)
    assert sent(callback)["body"].encode() == received.body


def test_a_wrong_content_type_is_on_good_json(buyer: Buyer, receiver: Receiver) -> None:
    callback = one_callback(buyer, receiver, "wrong_content_type", content_type="text/plain")

    (received,) = receiver.received
    assert received.headers["Content-Type"] == "text/plain"
    assert set(json.loads(received.body)) == {"resList", "task_id"}
    assert ["Content-Type", "text/plain"] in sent(callback)["headers"]


def test_extra_fields_are_more_than_the_two(buyer: Buyer, receiver: Receiver) -> None:
    one_callback(buyer, receiver, "extra_fields")

    assert set(bodies(receiver)[0]) > {"resList", "task_id"}


@pytest.mark.parametrize("field", ["resList", "task_id"])
def test_a_null_field_is_null(buyer: Buyer, receiver: Receiver, field: str) -> None:
    one_callback(buyer, receiver, "null_field", field=field)

    (body,) = bodies(receiver)
    assert [name for name in body if body[name] is None] == [field]


def test_a_huge_callback_is_as_long_as_it_was_ordered(buyer: Buyer, receiver: Receiver) -> None:
    callback = one_callback(buyer, receiver, "huge", mib=3)

    (received,) = receiver.received
    assert len(received.body) == sent(callback)["length"] == 3 * MIB
    assert len(sent(callback)["body"]) == 64 * 1024
    assert json.loads(received.body)["task_id"] == callback["task_id"]


def test_a_dripped_callback_takes_its_time_and_holds_nobody_up(
    server: Live, buyer: Buyer, receiver: Receiver
) -> None:
    arm(buyer, "dripped", lasts_ms=1_500)
    task_id = buyer.submit(call_back=f"{receiver.url}/slow")
    buyer.clock(advance="1m")
    until(lambda: buyer.callback()["state"] == "sending")
    other = server.buyer()
    other.submit(call_back=f"{receiver.url}/quick")
    other.clock(advance="1m", settle=True)
    started = time.monotonic()
    receiver.wait_for(2)

    assert [each.path for each in receiver.received] == ["/quick", "/slow"]
    assert time.monotonic() - started < 20
    assert bodies(receiver)[1]["task_id"] == task_id
    (attempt,) = buyer.settled()["attempts"]
    assert (attempt["status"], attempt["duration_ms"] >= 1_400) == (200, True)


def test_a_dripped_callback_may_take_longer_than_a_receiver_has_to_answer() -> None:
    with receiving() as receiver, live(callback_timeout=0.3) as server:
        buyer = server.buyer(clock={"frozen": True})
        callback = one_callback(buyer, receiver, "dripped", lasts_ms=700)

    assert callback["state"] == "delivered"


@pytest.mark.parametrize(("rule", "length"), [({"after_bytes": 12}, 12), ({}, None)])
def test_a_dropped_connection_ends_inside_the_body(
    buyer: Buyer, receiver: Receiver, rule: dict[str, int], length: int | None
) -> None:
    callback = one_callback(buyer, receiver, "dropped", **rule)

    (received,) = receiver.wait_for(1)
    promised = int(received.headers["Content-Length"])
    assert len(received.body) == (length or promised // 2)
    assert callback["state"] == "failed"
    (attempt,) = callback["attempts"]
    assert attempt["error"] == f"cut as ordered, after {len(received.body)} of {promised} bytes"
    assert attempt["request"]["body"].encode() == received.body
    assert (attempt["status"], attempt["answer"]) == (None, None)


def test_a_dropped_callback_is_whole_at_the_next_try(server: Live, receiver: Receiver) -> None:
    buyer = server.buyer(clock={"frozen": True}, readings={"callback.delivery": "retried"})
    callback = one_callback(buyer, receiver, "dropped")

    # The receiver notices the cut one's end when it can, perhaps after the whole one.
    cut, whole = sorted((each.body for each in receiver.wait_for(2)), key=len)
    assert len(cut) < len(whole)
    assert whole.startswith(cut)
    assert [each["status"] for each in callback["attempts"]] == [None, 200]
