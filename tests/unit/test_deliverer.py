"""The deliverer on a loop: what shares a transaction, what takes no other with it, and its end."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from mock_server.actions.accounts import accounts
from mock_server.actions.accounts.accounts import NewAccount
from mock_server.actions.commit import commit
from mock_server.deliverer import Deliverer
from mock_server.domain.account.accounts import AccountTemplate
from mock_server.domain.callback.payload import Outcome, Posting
from mock_server.domain.urls import Address
from mock_server.settings import Settings
from mock_server.simulator import Network, Simulator, build_simulator
from mock_server.store import callbacks as rows
from mock_server.store.callbacks import NewCallback
from mock_server.store.engine.schedulers import LoopScheduler
from tests.support.turns import commits
from tests.support.worlds import START_AT, Gallery, RealClock

TEMPLATE = AccountTemplate(credits=9, readings={})
OK = Outcome(status=200, sent_headers=(), sent=2)


class Held:
    """Holds every post until the test answers it."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.posts: list[Future[Outcome]] = []

    def __call__(self, address: Address, _posting: Posting) -> Future[Outcome]:
        self.paths.append(address.target)
        self.posts.append(Future())
        return self.posts[-1]

    def answer(self, *numbers: int, outcome: Outcome = OK) -> None:
        """Answer posts in one turn of the loop."""
        for number in numbers:
            self.posts[number].set_result(outcome)


@dataclass
class Running:
    simulator: Simulator
    deliverer: Deliverer
    held: Held

    async def plan(self, name: str, count: int, due_at: int = START_AT) -> None:
        """Plan callbacks of a new account to /<name>/<number>, and wake the deliverer."""
        database, wish = self.simulator.database, NewAccount(name=name, origin=TEMPLATE)
        account = await commit(database, lambda tx: accounts.create(tx, self.simulator, wish))

        def insert(tx: Any) -> None:
            for number in range(count):
                rows.insert(
                    tx,
                    NewCallback(
                        account=account.id, task_id=f"{number:024x}", task_number=number + 1,
                        url=f"http://127.0.0.1:9/{name}/{number}", due_at=due_at,
                    ),
                )  # fmt: skip
            tx.after_commit.append(lambda: self.simulator.due_signal.notify(0))

        await commit(database, insert)

    async def states(self) -> list[str]:
        found = self.simulator.database.read(
            lambda tx: tx.all("select state from callback order by id")
        )
        return [row["state"] for row in found]

    async def attempts(self) -> int:
        found = self.simulator.database.read(lambda tx: tx.one("select count(*) n from attempt"))
        return int(found["n"]) if found else 0

    async def until(self, condition: Callable[[], bool]) -> None:
        """Run turns of the loop until a condition holds."""
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.001)


@asynccontextmanager
async def delivering(**settings: Any) -> AsyncIterator[Running]:
    held = Held()
    scheduler = LoopScheduler(asyncio.get_running_loop())
    simulator = build_simulator(
        Settings(database=":memory:", **settings),
        scheduler=scheduler,
        real_now=RealClock(),
        network=Network(post=held, fetch=Gallery()),
    )
    deliverer = Deliverer(simulator)
    deliverer.start()
    try:
        yield Running(simulator, deliverer, held)
    finally:
        await deliverer.stop()
        await asyncio.to_thread(simulator.close_workers)
        simulator.database.close()


def test_attempts_that_end_together_are_recorded_in_one_commit_that_claims_the_next() -> None:
    async def scenario() -> None:
        async with delivering() as running:
            await running.plan("a", 30)
            held = running.held
            await running.until(lambda: len(held.posts) == 25)  # a quarter of all places
            ran = commits(running.simulator.database)

            held.answer(*range(5))
            await running.until(lambda: len(held.posts) == 30)

            assert ran.count("commit") == 1
            assert await running.attempts() == 5
            assert await running.states() == ["delivered"] * 5 + ["sending"] * 25
            assert held.paths == [f"/a/{number}" for number in range(30)]

    asyncio.run(scenario())


def test_an_attempt_that_cannot_be_recorded_takes_no_other_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save_state = rows.save_state
    reported: list[BaseException] = []

    def fail_for_the_second(tx: Any, claimed: Any, standing: Any) -> Any:
        if claimed.task_number == 2:
            raise LookupError("no")
        return save_state(tx, claimed, standing)

    monkeypatch.setattr(rows, "save_state", fail_for_the_second)
    monkeypatch.setattr(
        "mock_server.deliverer.bugs.report", lambda _, error: reported.append(error)
    )

    async def scenario() -> None:
        async with delivering() as running:
            await running.plan("a", 4)
            await running.until(lambda: len(running.held.posts) == 4)

            running.held.answer(0, 1, 2, 3)
            await running.until(lambda: bool(reported))
            await running.until(lambda: running.simulator.due_signal.attempts == 4)

            assert await running.states() == ["delivered", "sending", "delivered", "delivered"]
            assert await running.attempts() == 3
            assert [type(each) for each in reported] == [LookupError]

    asyncio.run(scenario())


def test_a_failed_claim_of_what_comes_next_loses_no_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    claim = rows.claim
    is_broken: list[bool] = []

    def fail(*arguments: Any) -> Any:
        if is_broken:
            raise LookupError("no")
        return claim(*arguments)

    monkeypatch.setattr(rows, "claim", fail)

    async def scenario() -> None:
        async with delivering(callback_concurrency=4) as running:
            await running.plan("a", 3)
            await running.until(lambda: len(running.held.posts) == 1)
            is_broken.append(True)
            running.held.answer(0)
            await running.until(lambda: running.simulator.due_signal.attempts == 1)
            assert await running.states() == ["delivered", "due", "due"]

            is_broken.clear()
            running.deliverer.notify(0)
            await running.until(lambda: len(running.held.posts) == 2)

    asyncio.run(scenario())


def test_a_free_place_goes_to_the_account_that_others_crowd_out() -> None:
    async def scenario() -> None:
        async with delivering(callback_concurrency=8) as running:
            held = running.held
            for name in "abcd":  # two places each: all are taken
                await running.plan(name, 9)
            await running.until(lambda: len(held.posts) == 8)
            await running.plan("e", 9, due_at=START_AT - 1)
            await running.until(lambda: "/e/0" in held.paths)  # one place, above the limit

            held.answer(0, 2)  # one place is free now, and two accounts that had it want it back
            await running.until(lambda: "/e/1" in held.paths)

    asyncio.run(scenario())


def test_the_places_under_way_never_grow_beyond_an_account_s_share() -> None:
    async def scenario() -> None:
        async with delivering(callback_concurrency=16) as running:
            held = running.held
            await running.plan("a", 40)
            answered = 0
            while answered < 40:
                await running.until(lambda seen=answered: len(held.posts) > seen)  # type: ignore[misc]
                assert len(held.posts) - answered <= 4
                under_way = range(answered, len(held.posts))
                answered = len(held.posts)
                held.answer(*under_way)
            await running.until(lambda: running.simulator.due_signal.attempts == 40)
            assert held.paths == [f"/a/{number}" for number in range(40)]

    asyncio.run(scenario())


def test_nothing_is_claimed_or_posted_once_it_stops_and_what_ended_is_recorded() -> None:
    async def scenario() -> None:
        async with delivering(callback_concurrency=4) as running:
            await running.plan("a", 3)
            await running.until(lambda: len(running.held.posts) == 1)
            await running.deliverer.stop()

            running.held.answer(0)
            await running.until(lambda: running.simulator.due_signal.attempts == 1)

            assert await running.states() == ["delivered", "due", "due"]
            assert len(running.held.posts) == 1

    asyncio.run(scenario())


def test_a_signal_from_another_thread_wakes_it() -> None:
    async def scenario() -> None:
        async with delivering() as running:
            real_now: Any = running.simulator.machine_now
            await running.plan("a", 1, due_at=START_AT + 60_000)
            real_now.now += 60_000

            await asyncio.to_thread(running.simulator.due_signal.notify, 0)
            await running.until(lambda: running.held.paths == ["/a/0"])

    asyncio.run(scenario())


def test_many_accounts_are_looked_at_on_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mock_server.deliverer.FEW_ACCOUNTS", 1)
    on_threads: list[Any] = []
    to_thread = asyncio.to_thread

    async def watched(work: Any, *arguments: Any) -> Any:
        on_threads.append(work)
        return await to_thread(work, *arguments)

    async def scenario() -> None:
        async with delivering() as running:
            await running.until(lambda: running.deliverer._look_at > 0)
            for name in "ab":
                await running.plan(name, 1, due_at=START_AT + 60_000)
            await running.until(lambda: running.deliverer._last.accounts == 2)
            monkeypatch.setattr(asyncio, "to_thread", watched)
            running.deliverer.notify(0)
            await running.until(lambda: running.simulator.database.read in on_threads)

    asyncio.run(scenario())
