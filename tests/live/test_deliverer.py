"""The deliverer of a running server: what it posts by itself, when, and with which outcome."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing

import pytest
import urllib3

from tests.support.live import Live, live
from tests.support.processes import until
from tests.support.receivers import Receiver, Reply, receiving


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    """A server for the tests that need no settings of their own."""
    with live() as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that acknowledges everything."""
    with receiving() as running:
        yield running


@pytest.mark.claim("callback-payload")
def test_a_callback_goes_out_by_itself_when_the_clock_gets_there(
    server: Live, receiver: Receiver
) -> None:
    buyer = server.buyer(clock={"rate": 1000})
    task_id = buyer.submit(call_back=f"{receiver.url}/finished?order=1")

    (received,) = receiver.wait_for(1)

    picture = f"{server.url}/pictures/{buyer.id}/{task_id}/1.png"
    assert received.path == "/finished?order=1"
    assert received.headers["Content-Type"].startswith("application/json")
    assert received.body.decode() == f'{{"resList":["{picture}"],"task_id":"{task_id}"}}'
    callback = buyer.settled()
    assert callback["state"] == "delivered"
    assert [attempt["status"] for attempt in callback["attempts"]] == [200]


def test_a_jump_sends_what_became_due_without_being_waited_for(
    server: Live, receiver: Receiver
) -> None:
    buyer = server.buyer()
    submitted = [buyer.submit(call_back=receiver.url) for _ in range(20)]

    assert "delivered" not in buyer.clock(advance="1m")

    came = [json.loads(each.body)["task_id"] for each in receiver.wait_for(20)]
    assert sorted(came) == sorted(submitted)


def test_settle_returns_only_after_everything_due_was_attempted(
    server: Live, receiver: Receiver
) -> None:
    buyer = server.buyer()
    for _ in range(150):  # more than one batch of either deliverer
        buyer.submit(call_back=receiver.url)

    changed = buyer.clock(advance="1m", settle=True)

    assert changed["delivered"] == 150
    assert len(receiver.received) == 150
    states = {each["state"] for each in buyer.world.get("/callbacks", limit=1000)["callbacks"]}
    assert states == {"delivered"}


def test_nothing_goes_out_while_a_clock_is_frozen(server: Live, receiver: Receiver) -> None:
    frozen, running = server.buyer(clock={"frozen": True}), server.buyer()
    frozen.submit(call_back=f"{receiver.url}/frozen")
    for number in range(1, 4):  # each of these looks for everything that is due
        running.submit(call_back=f"{receiver.url}/running")
        running.clock(advance="1m")
        receiver.wait_for(number)

    assert {each.path for each in receiver.received} == {"/running"}
    assert frozen.callback()["state"] == "due"

    frozen.clock(advance="1m")
    assert receiver.wait_for(4)[-1].path == "/frozen"


def test_the_clock_of_one_account_sends_nothing_of_another(
    server: Live, receiver: Receiver
) -> None:
    mine, theirs = server.buyer(seed=7), server.buyer(seed=7)
    mine.submit(call_back=f"{receiver.url}/mine")
    theirs.submit(call_back=f"{receiver.url}/theirs")
    mine.clock(advance="1m", settle=True)

    assert [each.path for each in receiver.received] == ["/mine"]
    assert theirs.callback()["attempts"] == []

    theirs.clock(advance="1m", settle=True)
    assert [each.path for each in receiver.received] == ["/mine", "/theirs"]


def test_a_receiver_that_never_answers_keeps_no_other_waiting(receiver: Receiver) -> None:
    with receiving(Reply(silent=True)) as silent, live(callback_timeout=600) as server:
        stuck, lucky = server.buyer(), server.buyer()
        stuck.submit(call_back=silent.url)
        stuck.clock(advance="1m")
        silent.wait_for(1)
        lucky.submit(call_back=receiver.url)
        lucky.clock(advance="1m")

        receiver.wait_for(1)
        assert lucky.settled()["state"] == "delivered"
        assert stuck.callback()["state"] == "sending"


def test_a_receiver_that_never_answers_is_given_up_in_time(receiver: Receiver) -> None:
    with (
        receiving(Reply(silent=True)) as silent,
        live(callback_timeout=0.2, callback_concurrency=1) as server,
    ):
        stuck, lucky = server.buyer(), server.buyer()
        stuck.submit(call_back=silent.url)
        stuck.clock(advance="1m")
        silent.wait_for(1)
        lucky.submit(call_back=receiver.url)
        lucky.clock(advance="1m")

        receiver.wait_for(1)  # there is only one slot, so it was freed
        callback = stuck.settled()
    assert callback["state"] == "failed"
    (attempt,) = callback["attempts"]
    assert (attempt["status"], attempt["error"]) == (None, "no answer within 0.2 s")


@pytest.mark.claim("callback-ack")
@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Reply(status=204, body=b""), "delivered"),
        (Reply(status=500, body=b"busy"), "failed"),
        (Reply(status=200, body=b"x" * 10_000_000), "delivered"),
        (Reply(status=410), "failed"),
    ],
)
def test_what_the_receiver_says_is_recorded_and_bounded(
    server: Live, reply: Reply, state: str
) -> None:
    buyer = server.buyer()
    with receiving(reply) as receiver:
        buyer.submit(call_back=receiver.url)
        buyer.clock(advance="1m", settle=True)

        callback = buyer.settled()
        assert len(receiver.received) == 1
    assert callback["state"] == state
    (attempt,) = callback["attempts"]
    assert attempt["status"] == reply.status
    assert attempt["answer"]["body"] == reply.body[:4096].decode()


@pytest.mark.claim("callback-redirects")
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(server: Live, receiver: Receiver, status: int) -> None:
    buyer = server.buyer()
    elsewhere = Reply(status=status, headers={"Location": f"{receiver.url}/elsewhere"})
    with receiving(elsewhere) as first:
        buyer.submit(call_back=first.url)
        buyer.clock(advance="1m", settle=True)

    callback = buyer.settled()
    assert (callback["state"], callback["attempts"][0]["status"]) == ("failed", status)
    assert receiver.received == []


def test_a_receiver_that_is_not_there_is_recorded(server: Live) -> None:
    with closing(socket.socket()) as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, but never listening
        buyer = server.buyer()
        buyer.submit(call_back=f"http://127.0.0.1:{nobody.getsockname()[1]}/")
        buyer.clock(advance="1m", settle=True)

    callback = buyer.settled()
    assert callback["state"] == "failed"
    (attempt,) = callback["attempts"]
    assert attempt["status"] is None
    assert "connection refused" in attempt["error"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "[::1]"])  # noqa: S104
def test_a_callback_never_goes_to_the_simulator_itself(server: Live, host: str) -> None:
    buyer = server.buyer()
    port = server.url.rsplit(":", 1)[1]
    buyer.submit(call_back=f"http://{host}:{port}/_mock/accounts")
    accounts = len(server.admin.get("/accounts")["accounts"])
    buyer.clock(advance="1m", settle=True)

    callback = buyer.settled()
    assert callback["state"] == "failed"
    (attempt,) = callback["attempts"]
    assert attempt["error"].endswith("is the simulator itself")
    assert len(server.admin.get("/accounts")["accounts"]) == accounts


def test_the_inbox_of_the_simulator_itself_takes_a_callback(server: Live) -> None:
    buyer = server.buyer()
    task_id = buyer.submit(call_back=f"{server.url}/_mock/inbox/{buyer.id}")
    buyer.clock(advance="1m", settle=True)
    callback = buyer.settled()
    inbox = urllib3.request("GET", f"{server.url}/_mock/inspect/{buyer.id}/inbox").data.decode()

    assert callback["state"] == "delivered"
    assert callback["attempts"][0]["status"] == 200
    assert task_id in inbox


@pytest.mark.parametrize("host", ["192.0.2.1", "[2001:db8::1]", "169.254.169.254"])
def test_a_host_that_is_not_allowed_is_refused_before_a_connection_is_tried(
    server: Live, host: str
) -> None:
    buyer = server.buyer()
    buyer.submit(call_back=f"http://{host}/finished")
    buyer.clock(advance="1m", settle=True)

    callback = buyer.settled()
    assert callback["state"] == "failed"
    (attempt,) = callback["attempts"]
    assert "--callback-host" in attempt["error"]


@pytest.mark.parametrize("host", ["3221225985", "192.0.513", "127.1", "0300.0.2.1"])
def test_an_address_in_a_spelling_that_hides_it_is_refused(server: Live, host: str) -> None:
    buyer = server.buyer()
    buyer.submit(call_back=f"http://{host}:{server.url.rsplit(':', 1)[1]}/")
    buyer.clock(advance="1m", settle=True)

    (attempt,) = buyer.settled()["attempts"]
    assert attempt["status"] is None
    assert "is not a whole IP" in attempt["error"] or "not allowed" in attempt["error"]


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "finished", "http://", "http://a b/"])
def test_an_address_that_is_none_is_recorded_as_a_failed_attempt(server: Live, url: str) -> None:
    buyer = server.buyer()
    buyer.submit(call_back=url)
    buyer.clock(advance="1m", settle=True)

    callback = buyer.settled()
    assert (callback["state"], callback["url"]) == ("failed", url)
    assert callback["attempts"][0]["error"]


def test_an_attempt_that_ends_after_a_reset_leaves_no_trace_in_the_new_world() -> None:
    with receiving(Reply(silent=True)) as silent, live(callback_timeout=0.2) as server:
        buyer = server.buyer()
        buyer.submit(call_back=silent.url)
        buyer.clock(advance="1m")
        silent.wait_for(1)
        buyer.world.post("/reset")
        buyer.submit(call_back=silent.url)
        buyer.clock(advance="1m", settle=True)  # the second attempt ends after the first

        callback = buyer.settled()
    assert len(callback["attempts"]) == 1


def test_a_task_forced_to_succeed_is_called_back_at_once(server: Live, receiver: Receiver) -> None:
    buyer = server.buyer(clock={"frozen": True})
    task_id = buyer.submit(call_back=receiver.url)
    buyer.world.post(f"/tasks/{task_id}", {"state": "succeeded"})

    (received,) = receiver.wait_for(1)
    assert json.loads(received.body)["task_id"] == task_id


def test_a_callback_is_due_no_earlier_than_its_task_has_turned(
    server: Live, receiver: Receiver
) -> None:
    buyer = server.buyer(clock={"rate": 200})
    for _ in range(5):
        buyer.submit(call_back=receiver.url)
    receiver.wait_for(5)
    until(lambda: all(each["attempts"] for each in buyer.world.get("/callbacks")["callbacks"]))

    ends = {task["task_id"]: task["ends_at"] for task in buyer.world.get("/tasks")["tasks"]}
    for callback in buyer.world.get("/callbacks")["callbacks"]:
        (attempt,) = callback["attempts"]
        assert attempt["at"] >= ends[callback["task_id"]] == callback["due_at"]
