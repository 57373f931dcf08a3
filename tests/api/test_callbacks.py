"""Callbacks as the simulator records them; a postbox replaces the network."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import pytest

from mock_server.actions.callbacks import wait
from mock_server.domain.callback.payload import Outcome, Posting
from mock_server.domain.urls import Address
from tests.support import worlds
from tests.support.worlds import START_AT, Postbox, World

CALL_BACK = "http://127.0.0.1:9/done?x=1"


class Held(Postbox):
    """Holds the posts unanswered until a test answers them."""

    def __init__(self) -> None:
        super().__init__()
        self.held: list[Future[Outcome]] = []
        self.arrived = threading.Semaphore(0)

    def __call__(self, address: Address, posting: Posting) -> Future[Outcome]:
        super().__call__(address, posting)
        self.held.append(Future())
        self.arrived.release()
        return self.held[-1]


def listed(world: World, account: str = "default") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.admin("GET", f"/accounts/{account}/callbacks")["callbacks"]
    return found


@pytest.mark.claim("callback-payload")
@pytest.mark.claim("callback-after-status")
def test_a_finished_task_is_posted_once_with_its_pictures_and_its_id(world: World) -> None:
    task_id = world.submit(call_back=CALL_BACK)
    (row,) = listed(world)
    assert (row["state"], row["attempts"]) == ("due", [])

    world.clock(now=row["due_at"] - 1)
    assert world.postbox.posted == []
    world.clock(now=row["due_at"])
    world.clock(advance="30d")

    picture = f"http://localhost/pictures/default/{task_id}/1.png"
    assert world.postbox.posted == [(CALL_BACK, {"resList": [picture], "task_id": task_id})]
    (row,) = listed(world)
    assert row["state"] == "delivered"
    body = f'{{"resList":["{picture}"],"task_id":"{task_id}"}}'
    assert row["attempts"] == [
        {
            "due_at": row["due_at"], "at": row["due_at"], "status": 200, "error": None,
            "duration_ms": 1,
            "request": {
                "method": "POST", "url": CALL_BACK,
                "headers": [["Content-Type", "application/json; charset=utf-8"]],
                "body": body, "encoding": "utf-8", "length": len(body),
                "sha256": sha256(body.encode()).hexdigest(),
            },
            "answer": {"headers": [], "body": "ok", "encoding": "utf-8"},
        }
    ]  # fmt: skip


@pytest.mark.claim("callback-once")
@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(status=500, body=b"\xff", duration_ms=2),
        Outcome(status=302),
        Outcome(error="no answer within 10 s", duration_ms=10_000),
    ],
    ids=["500", "302", "no answer"],
)
def test_an_attempt_that_fails_is_recorded_and_not_repeated(world: World, outcome: Outcome) -> None:
    world.postbox.outcome = outcome
    world.submit(call_back=CALL_BACK)

    assert world.clock(advance="1m")["delivered"] == 1
    assert world.clock(advance="1d")["delivered"] == 0

    (row,) = listed(world)
    (attempt,) = row["attempts"]
    assert row["state"] == "failed"
    assert (attempt["status"], attempt["error"]) == (outcome.status, outcome.error)


@pytest.mark.parametrize("url", ["nonsense", "ftp://h/", "http://", "http://h:x/", "h" * 9_000])
def test_an_invalid_callback_address_is_accepted_and_its_attempt_fails(
    world: World, url: str
) -> None:
    world.submit(call_back=url)

    assert world.clock(advance="1m")["delivered"] == 1
    assert world.postbox.posted == []
    (row,) = listed(world)
    assert (row["state"], row["url"]) == ("failed", url)
    assert "address" in row["attempts"][0]["error"]


def test_no_callback_is_planned_without_an_address_or_for_a_refusal(world: World) -> None:
    world.submit(call_back="")
    world.vendor("/submitTask", {"text": "x", "style_id": "none", "call_back": CALL_BACK})

    assert listed(world) == []


def test_a_callback_claimed_once_is_not_claimed_again(world: World) -> None:
    world.submit(call_back=CALL_BACK)
    world.real_now.now += 60_000
    simulator = world.simulator

    first, again = worlds.claim_due(simulator), worlds.claim_due(simulator)
    by_hand = wait.deliver_due(simulator, "default")

    assert (len(first), again, by_hand) == (1, [], 0)


def test_a_reset_while_a_callback_is_being_sent_leaves_nothing_of_it() -> None:
    held = Held()
    with worlds.simulator(post=held) as simulator, ThreadPoolExecutor() as pool:
        world = World(simulator, worlds.RealClock(), held)
        world.submit(call_back=CALL_BACK)
        wait = pool.submit(world.clock, advance="1m")
        held.arrived.acquire(timeout=20)
        world.admin("POST", "/accounts/default/reset")
        again = world.submit(call_back=CALL_BACK)
        held.held[0].set_result(Outcome(status=200))

        assert wait.result(timeout=20)["now"] == START_AT + 60_000
        (row,) = listed(world)
        assert (row["task_id"], row["state"], row["attempts"]) == (again, "due", [])


def test_a_deletion_while_a_callback_is_being_sent_is_no_trouble() -> None:
    held = Held()
    with worlds.simulator(post=held) as simulator, ThreadPoolExecutor() as pool:
        world = World(simulator, worlds.RealClock(), held)
        account = world.account()
        world.submit(account["app_code"], call_back=CALL_BACK)
        wait = pool.submit(world.clock, account["id"], advance="1m")
        held.arrived.acquire(timeout=20)
        world.admin("DELETE", f"/accounts/{account['id']}", expect=204)
        held.held[0].set_result(Outcome(status=200))
        wait.result(timeout=20)

        world.admin("GET", f"/accounts/{account['id']}/callbacks", expect=404)


def test_settling_ends_when_the_posts_in_flight_are_cancelled() -> None:
    held = Held()
    with worlds.simulator(post=held) as simulator, ThreadPoolExecutor() as pool:
        world = World(simulator, worlds.RealClock(), held)
        world.submit(call_back=CALL_BACK)
        simulator.database.run(
            lambda tx: tx.execute("update account set base_at = base_at + 60000")
        )
        delivering = pool.submit(wait.deliver_due, simulator, "default")
        held.arrived.acquire(timeout=20)
        held.held[0].cancel()

        assert delivering.result(timeout=20) == 1
        assert listed(world)[0]["state"] == "sending"


def test_the_report_of_callbacks_pages(world: World) -> None:
    for _ in range(5):
        world.submit(call_back=CALL_BACK)

    first = world.admin("GET", "/accounts/default/callbacks?limit=3")
    rest = world.admin("GET", f"/accounts/default/callbacks?limit=3&after={first['next']}")

    assert (len(first["callbacks"]), len(rest["callbacks"]), rest["next"]) == (3, 2, None)
