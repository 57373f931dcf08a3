"""Whatever a process keeps in memory, several on the same rows act as one.

Each test is of one kind of memory: what one process does, the other has to know, or to wait for.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from mock_server.actions.gateway import signature_review
from mock_server.domain.auth.refusal_hints import explain
from mock_server.domain.callback.payload import Outcome, Posting
from mock_server.domain.urls import Address
from tests.support import postgres, worlds
from tests.support.processes import until
from tests.support.signed import Signer, header, send
from tests.support.worlds import Gallery, Postbox, RealClock, World, claim_due

pytestmark = pytest.mark.slow
CALLBACK = "http://127.0.0.1:9/cb"
Pair = tuple[World, World]


class Held(Postbox):
    """A postbox whose receiver does not answer until it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.futures: list[tuple[Future[Outcome], Posting]] = []
        self.is_silent = False

    def __call__(self, address: Address, posting: Posting) -> Future[Outcome]:
        if not self.is_silent:
            return super().__call__(address, posting)
        self.posted.append((address.url, {}))
        self.futures.append((Future(), posting))
        return self.futures[-1][0]

    def answer(self) -> None:
        """Answer all posts under way."""
        for future, posting in self.futures:
            future.set_result(self.outcome_of(posting))
        self.futures.clear()


@pytest.fixture
def pair() -> Iterator[Pair]:
    """Two processes' simulators on one database, with one clock."""
    address, real_now = postgres.empty_schema(), RealClock()
    with ExitStack() as stack:
        built = []
        for _ in range(2):
            postbox = Held()
            simulator = stack.enter_context(
                worlds.simulator(real_now, postbox, Gallery(), database=address)
            )
            built.append(World(simulator, real_now, postbox))
        yield built[0], built[1]


def held(world: World) -> Held:
    assert isinstance(world.postbox, Held)
    return world.postbox


def answers_met(world: World) -> set[str]:
    (part,) = world.admin("GET", "/accounts/default/coverage?groups=answers")["groups"]
    return {item["name"] for item in part["items"] if item["met"]}


def test_what_was_covered_before_a_reset_elsewhere_is_covered_again(pair: Pair) -> None:
    here, there = pair
    here.submit()
    here.real_now.now += 5
    there.admin("POST", "/accounts/default/reset")
    for _ in range(3):  # its counter of answers has passed the one that `here` remembers
        there.vendor("/taskList")
    assert answers_met(there) == {"list_tasks.result"}

    here.submit()

    assert answers_met(there) == {"list_tasks.result", "submit_task.result"}


def test_a_throttle_counts_the_calls_of_all(pair: Pair) -> None:
    here, there = pair
    limit = {"throttle": {"per_second": 1, "burst": 2}}
    here.admin("PATCH", "/accounts/default", limit)
    statuses = [world.vendor("/taskList").status_code for world in (here, there, here, there)]

    assert statuses == [200, 200, 429, 429]


def test_a_fault_counts_the_calls_of_all_and_is_disarmed_for_all(pair: Pair) -> None:
    here, there = pair
    fault = {"kind": "throttled", "nth": 2}
    here.admin("POST", "/accounts/default/faults", fault, expect=201)
    statuses = [world.vendor("/taskList").status_code for world in (here, there, here)]

    assert statuses == [200, 429, 200]
    (rule,) = there.admin("GET", "/accounts/default/faults")["faults"]
    assert rule["hits"] == 1
    there.admin("DELETE", "/accounts/default/faults", expect=204)
    assert here.vendor("/taskList").status_code == 200


def test_a_nonce_is_used_up_for_all(pair: Pair) -> None:
    here, there = pair
    request = Signer.of(here.account(credits=5)).signed()

    answers = [send(world, request) for world in (here, there)]

    assert [answer.status for answer in answers] == [200, 403]
    assert header(answers[1], "X-Ca-Error-Code") == "S403NU"


def test_a_picture_is_the_same_whoever_draws_it(pair: Pair) -> None:
    here, there = pair
    task_id = here.submit()
    here.clock(advance="1m")
    path = f"/pictures/default/{task_id}/1.png"
    one, other = (world.http.get(path) for world in pair)

    assert one.data == other.data
    assert one.headers["ETag"] == other.headers["ETag"]
    again = there.http.get(path, headers={"If-None-Match": one.headers["ETag"]})
    assert again.status_code == 304


def test_a_reader_waits_for_the_diagnosis_of_the_other(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = pair
    account = here.account(credits=5)
    go_on = threading.Event()

    def slow(*arguments: Any, **named: Any) -> Any:
        assert go_on.wait(30)
        return explain(*arguments, **named)

    monkeypatch.setattr(signature_review, "explain", slow)
    refused = send(here, replace(Signer.of(account), secret="guess").signed())
    assert refused.status == 403
    with ThreadPoolExecutor() as pool:
        reading = [
            pool.submit(there.admin, "GET", f"/accounts/{account['id']}/{what}")
            for what in ("findings", "calls")
        ]
        assert not any(each.done() for each in reading)
        go_on.set()
        findings, calls = (each.result(timeout=30) for each in reading)

    assert "signature" in {each["id"] for each in findings["findings"]}
    assert "signature" in {each["id"] for each in calls["calls"][0]["findings"]}


def test_an_ordered_refusal_has_no_diagnosis_to_wait_for(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = pair
    fault = {"kind": "gateway_error", "code": "A403IS"}
    here.admin("POST", "/accounts/default/faults", fault, expect=201)
    assert here.vendor("/taskList").status_code == 403
    monkeypatch.setattr(
        there.simulator.due_signal, "wait_for_attempt", lambda *_: pytest.fail("it waited")
    )

    assert len(there.calls()) == 1


def test_settling_at_one_waits_for_what_the_other_is_sending(pair: Pair) -> None:
    here, there = pair
    task_id = here.submit(call_back=CALLBACK)
    held(here).is_silent = True
    with ThreadPoolExecutor() as pool:
        first = pool.submit(here.clock, advance="1m")
        until(lambda: held(here).futures)
        second = pool.submit(there.clock, advance="1s")
        assert not second.done()
        held(here).answer()
        first.result(timeout=30), second.result(timeout=30)

    assert held(there).posted == []
    (callback,) = there.admin("GET", "/accounts/default/callbacks")["callbacks"]
    assert (callback["task_id"], callback["state"]) == (task_id, "delivered")


def test_deliverers_share_what_is_due_and_take_nothing_twice(pair: Pair) -> None:
    accounts = [pair[0].account(credits=9) for _ in range(8)]
    tasks = {
        world.submit(account["app_code"], call_back=CALLBACK)
        for account in accounts
        for world in pair
    }
    for account in accounts:
        pair[0].clock(account["id"], advance="1m", settle=False)
    start = threading.Barrier(2)

    def claim(world: World) -> list[str]:
        start.wait(30)
        return [each.claimed.task_id for each in claim_due(world.simulator)]

    with ThreadPoolExecutor() as pool:
        claimed = [*pool.map(claim, pair)]
        again = [*pool.map(claim, pair)]

    assert sorted([*claimed[0], *claimed[1]]) == sorted(tasks)
    assert again == [[], []]


def test_what_one_claimed_and_never_sent_is_due_again_once_its_lease_is_over(pair: Pair) -> None:
    from mock_server.store import callbacks as rows  # noqa: PLC0415

    here, there = pair
    task_id = here.submit(call_back=CALLBACK)
    here.clock(advance="1m", settle=False)
    assert len(claim_due(here.simulator)) == 1  # and then it is killed

    def release() -> list[str]:
        there.simulator.database.run(lambda tx: rows.release_expired(tx, there.real_now.now))
        return [each.claimed.task_id for each in claim_due(there.simulator)]

    assert release() == []
    there.real_now.now += 60_000
    assert release() == [task_id]


def test_a_clock_that_is_set_at_one_shows_the_same_at_the_other(pair: Pair) -> None:
    here, there = pair
    here.clock(freeze=True)

    one, other = (world.admin("GET", "/accounts/default/clock")["now"] for world in pair)
    assert one == other
    there.clock(advance="1m")
    assert here.admin("GET", "/accounts/default/clock")["now"] == one + 60_000
