"""What must not grow: the work of an idle server with many callbacks planned, and of one turn."""

import threading
import time
from typing import Any

from mock_server.actions.accounts import accounts
from mock_server.actions.accounts.accounts import NewAccount
from mock_server.actions.callbacks import outbox
from mock_server.actions.gateway import pipeline
from mock_server.domain.account.accounts import Account, AccountTemplate
from mock_server.domain.call.calls import Call
from mock_server.settings import Settings
from mock_server.simulator import Simulator, build_simulator
from mock_server.store import callbacks
from mock_server.store.callbacks import NewCallback
from mock_server.store.engine.sqlite import SqliteEngine
from mock_server.store.engine.transaction import Transaction

PLANNED = 300_000
CHUNK = 20_000
LOOKS = 20
DAY_MS = 24 * 3_600_000
CALLS, AT_ONCE = 20_000, 32
BODY = b"text=https%3A%2F%2Fexample.com&style_id=food_fryrice&call_back=http%3A%2F%2F127.0.0.1%3A9"


def measure() -> str:
    """Return the results as lines."""
    simulator = build_simulator(Settings(database=":memory:"))
    try:
        wish = NewAccount(origin=AccountTemplate(credits=100_000_000, readings={}))
        account = simulator.database.run(lambda tx: accounts.create(tx, simulator, wish))
        for first in range(0, PLANNED, CHUNK):
            simulator.database.run(lambda tx, first=first: _plan(tx, account, first))  # type: ignore[misc]
        looks = sorted(_look(simulator) for _ in range(LOOKS))
        longest = _longest_turn(simulator, account)
    finally:
        simulator.close()
    return (
        f"longest turn of {CALLS:,} submits, {AT_ONCE} at once: {longest:.1f} ms of CPU\n"
        f"an idle server with {PLANNED:,} planned callbacks: {looks[LOOKS // 2] * 100:.2f} % of "
        f"a core ({looks[0] * 100:.2f} to {looks[-1] * 100:.2f}, one look each second)"
    )


def _plan(tx: Transaction, account: Account, first: int) -> None:
    for number in range(first, first + CHUNK):
        new = NewCallback(
            account=account.id, task_id=f"{number:024x}", task_number=number,
            url="http://127.0.0.1:9", due_at=account.created_at + DAY_MS + number,
        )  # fmt: skip
        callbacks.insert(tx, new)


def _look(simulator: Simulator) -> float:
    """Return the CPU time of what an idle server does every second, in seconds."""
    started_at = time.process_time()
    assert simulator.database.read(lambda tx: outbox.survey(tx, simulator)).due == []
    return time.process_time() - started_at


def _longest_turn(simulator: Simulator, account: Account) -> float:
    """Return the longest CPU time of a turn, in ms, once the first calls are over."""
    headers = (
        ("content-type", "application/x-www-form-urlencoded; charset=UTF-8"),
        ("authorization", f"APPCODE {account.app_code}"),
    )
    call = Call(method="POST", path="/submitTask", headers=headers, body=BODY)
    took: list[float] = []
    engine: Any = simulator.database._engine
    turn = SqliteEngine._turn

    def timed() -> None:
        started_at = time.thread_time()
        turn(engine)
        took.append((time.thread_time() - started_at) * 1000)

    engine._turn = timed
    left, over = [CALLS], threading.Event()

    def again(*_: object) -> None:
        left[0] -= 1
        if left[0] > 0:
            simulator.database.submit(lambda tx: pipeline.handle(tx, simulator, call), again)
        elif left[0] == -AT_ONCE + 1:
            over.set()

    for _ in range(AT_ONCE):
        again()
    over.wait()
    del engine._turn
    return max(took[len(took) // 10 :])
