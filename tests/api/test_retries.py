"""Retries on the account's clock: passed by a jump, waited for, after a restart, in order."""

from collections.abc import Iterator
from typing import Any

import pytest

from mock_server.domain.callback.payload import Outcome, Posting
from mock_server.domain.urls import Address
from tests.support import worlds
from tests.support.worlds import Postbox, RealClock, World

CALL_BACK = "http://127.0.0.1:9/done"
FROZEN = {"frozen": True}
RETRIED = {"callback.delivery": "retried"}


class Moody(Postbox):
    """Returns the configured outcomes of each path in turn; the last one repeats."""

    def __init__(self) -> None:
        super().__init__()
        self.moods: dict[str, list[Outcome]] = {}

    def outcome_of(self, posting: Posting) -> Outcome:
        url, _ = self.posted[-1]
        moods = self.moods.get(url.rpartition("/")[2], [])
        self.outcome = moods[0] if moods else Outcome(status=200)
        del moods[: len(moods) > 1]
        return super().outcome_of(posting)


@pytest.fixture
def moody() -> Moody:
    return Moody()


@pytest.fixture
def world(moody: Moody, address: str) -> Iterator[World]:
    real_now = RealClock()
    with worlds.simulator(real_now, moody, database=address) as simulator:
        yield World(simulator, real_now, moody)


def account(world: World, **readings: str) -> dict[str, Any]:
    return world.account(readings={**RETRIED, **readings}, clock=FROZEN)


def callbacks(world: World, buyer: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.admin("GET", f"/accounts/{buyer['id']}/callbacks")[
        "callbacks"
    ]
    return found


def due(callback: dict[str, Any]) -> list[int]:
    """Return how long after the callback's due time each attempt was due."""
    return [each["due_at"] - callback["due_at"] for each in callback["attempts"]]


@pytest.mark.claim("callback-retries")
def test_a_jump_makes_every_try_that_it_crosses_at_its_instant(world: World, moody: Moody) -> None:
    moody.moods["a"] = [Outcome(status=500)]
    buyer = account(world)
    world.submit(buyer["app_code"], call_back=f"{CALL_BACK}/a")

    assert world.clock(buyer["id"], advance="1d")["delivered"] == 1

    (callback,) = callbacks(world, buyer)
    assert (due(callback), callback["state"]) == ([0, 1_000, 11_000, 71_000], "failed")
    assert callback["next_at"] is None


@pytest.mark.claim("callback-retries")
def test_each_attempt_is_an_event_to_jump_to_until_one_is_acknowledged(
    world: World, moody: Moody
) -> None:
    moody.moods["a"] = [Outcome(error="nobody there"), Outcome(status=302), Outcome(status=202)]
    buyer = account(world)
    world.submit(buyer["app_code"], call_back=f"{CALL_BACK}/a")

    events = [world.clock(buyer["id"], to_next_event=True) for _ in range(5)]

    kinds = [each["event"]["kind"] for each in events]
    # After the acknowledged attempt, only the package's expiry is left.
    assert kinds == ["task_end", "callback_due", "callback_due", "notice_due", "package_expiry"]
    (callback,) = callbacks(world, buyer)
    assert (due(callback), callback["state"]) == ([0, 1_000, 11_000], "delivered")
    assert [each["at"] - callback["due_at"] for each in callback["attempts"]] == due(callback)


def test_a_jump_that_ends_between_two_tries_makes_the_first_and_waits_for_no_other(
    world: World, moody: Moody
) -> None:
    moody.moods["a"] = [Outcome(status=500)]
    buyer = account(world)
    world.submit(buyer["app_code"], call_back=f"{CALL_BACK}/a")
    (callback,) = callbacks(world, buyer)

    changed = world.clock(buyer["id"], now=callback["due_at"] + 10_999)

    assert changed["delivered"] == 1
    (callback,) = callbacks(world, buyer)
    assert (due(callback), callback["state"]) == ([0, 1_000], "due")
    assert callback["next_at"] == callback["due_at"] + 11_000


def test_callbacks_due_after_a_jump_are_posted_in_order_retries_included(
    world: World, moody: Moody
) -> None:
    buyer = account(world)
    for number in range(12):
        moody.moods[str(number)] = [Outcome(status=500)]
        world.submit(buyer["app_code"], call_back=f"{CALL_BACK}/{number}")

    world.clock(buyer["id"], advance="1d")

    expected = sorted(
        (attempt["due_at"], callback["id"], callback["url"])
        for callback in callbacks(world, buyer)
        for attempt in callback["attempts"]
    )
    assert len(expected) == 48
    assert [url for url, _ in moody.posted] == [url for _, _, url in expected]


@pytest.mark.claim("callback-gone")
def test_a_receiver_that_is_gone_is_left_alone(world: World, moody: Moody) -> None:
    moody.moods["a"] = [Outcome(status=503), Outcome(status=410)]
    buyer = account(world)
    world.submit(buyer["app_code"], call_back=f"{CALL_BACK}/a")

    world.clock(buyer["id"], advance="1d")

    (callback,) = callbacks(world, buyer)
    assert (due(callback), callback["state"]) == ([0, 1_000], "failed")


@pytest.mark.claim("callback-retry-after")
def test_a_receiver_that_asks_for_time_is_given_it(world: World, moody: Moody) -> None:
    asking = Outcome(status=429, headers=(("Retry-After", "90"),))
    moody.moods["a"] = [asking, Outcome(status=200)]
    buyer = account(world)
    world.submit(buyer["app_code"], call_back=f"{CALL_BACK}/a")

    world.clock(buyer["id"], advance="1d")

    (callback,) = callbacks(world, buyer)
    assert (due(callback), callback["state"]) == ([0, 90_000], "delivered")
    assert callback["attempts"][0]["answer"]["headers"] == [["Retry-After", "90"]]


@pytest.mark.claim("callback-retries")
def test_on_a_clock_that_runs_a_try_counts_from_the_end_of_the_one_before(
    world: World, moody: Moody
) -> None:
    moody.moods["a"] = [Outcome(error="no answer", duration_ms=10_000), Outcome(status=200)]
    buyer = world.account(readings=RETRIED, clock={"rate": 2})
    world.submit(buyer["app_code"], call_back=f"{CALL_BACK}/a")

    world.clock(buyer["id"], advance="1d")

    (callback,) = callbacks(world, buyer)
    assert due(callback) == [0, 21_000]


def test_no_address_is_not_tried_twice(world: World) -> None:
    buyer = account(world)
    world.submit(buyer["app_code"], call_back="nonsense")

    world.clock(buyer["id"], advance="1d")

    (callback,) = callbacks(world, buyer)
    assert (due(callback), callback["state"]) == ([0], "failed")
    assert callback["attempts"][0]["request"] is None


@pytest.mark.claim("callback-duplicate")
def test_at_least_once_retries_until_taken_and_then_comes_once_more(
    world: World, moody: Moody
) -> None:
    moody.moods["a"] = [Outcome(status=500), Outcome(status=200), Outcome(status=500)]
    buyer = account(world, **{"callback.delivery": "at-least-once"})
    world.submit(buyer["app_code"], call_back=f"{CALL_BACK}/a")

    world.clock(buyer["id"], advance="1d")

    (callback,) = callbacks(world, buyer)
    assert (due(callback), callback["state"]) == ([0, 1_000, 2_000], "delivered")


def test_a_task_forced_to_fail_is_called_back_with_nothing_where_that_is_pushed(
    world: World, moody: Moody
) -> None:
    silent, pushed = account(world), account(world, **{"callback.on_failure": "empty-list"})
    states = []
    for buyer in (silent, pushed):
        task_id = world.submit(buyer["app_code"], call_back=CALL_BACK)
        world.admin("POST", f"/accounts/{buyer['id']}/tasks/{task_id}", {"state": "failed"})
        world.clock(buyer["id"], advance="1d")
        (callback,) = callbacks(world, buyer)
        states.append(callback["state"])

    assert states == ["cancelled", "delivered"]
    assert moody.posted == [(CALL_BACK, {"resList": [], "task_id": task_id})]


def test_a_forced_state_does_not_move_an_attempted_callback(world: World, moody: Moody) -> None:
    moody.moods["a"] = [Outcome(status=500)]
    buyer = account(world, **{"callback.timing": "before-status"})
    task_id = world.submit(buyer["app_code"], call_back=f"{CALL_BACK}/a")
    (before,) = callbacks(world, buyer)
    world.clock(buyer["id"], now=before["due_at"])
    world.admin("POST", f"/accounts/{buyer['id']}/tasks/{task_id}", {"state": "failed"})

    (callback,) = callbacks(world, buyer)
    assert (callback["state"], callback["next_at"]) == ("due", before["due_at"] + 1_000)


def test_a_retry_that_is_waited_for_survives_a_restart(tmp_path: Any) -> None:
    file, real_now, postbox = str(tmp_path / "kept.sqlite3"), RealClock(), Postbox()
    postbox.outcome = Outcome(status=500)
    with worlds.simulator(real_now, postbox, database=file) as simulator:
        world = World(simulator, real_now, postbox)
        buyer = account(world)
        world.submit(buyer["app_code"], call_back=CALL_BACK)
        world.clock(buyer["id"], now=callbacks(world, buyer)[0]["due_at"])
    postbox.outcome = Outcome(status=200)
    with worlds.simulator(real_now, postbox, database=file) as simulator:
        world = World(simulator, real_now, postbox)
        world.clock(buyer["id"], advance="1d")

        (callback,) = callbacks(world, buyer)
        assert (due(callback), callback["state"]) == ([0, 1_000], "delivered")


def test_an_address_is_what_is_posted_to(moody: Moody) -> None:
    address = Address(url="http://h/a", scheme="http", host="h", port=80)

    assert moody(address, Posting(body=b"{}")).result().sent == 2
