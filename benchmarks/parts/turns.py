"""Turns of the writer: while one lasts, no other call is answered."""

import time
from collections.abc import Iterator
from typing import Any

from benchmarks.calls import submit_json
from benchmarks.figures import Figure, figure
from benchmarks.filling import AT_ONCE, call_of, submit_many
from benchmarks.part import Bench, Part
from mock_server.actions.accounts import accounts
from mock_server.actions.accounts.accounts import NewAccount
from mock_server.domain.account.accounts import AccountTemplate
from mock_server.settings import Settings
from mock_server.simulator import Simulator, build_simulator
from mock_server.store.engine.sqlite import SqliteEngine

WARM_UP = 0.1  # of the turns: imports and first looks
ROUNDS = 3
CALLS, QUICK = 20_000, 4_000


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the longest and the median turn."""
    calls = bench.pick(CALLS, QUICK)
    found = [sorted(_turns(bench, number, calls)) for number in range(bench.pick(ROUNDS, 1))]
    yield figure("Turns", "longest", "CPU", "ms", [turns[-1] for turns in found])
    yield figure("Turns", "median", "CPU", "ms", [turns[len(turns) // 2] for turns in found])


def _turns(bench: Bench, number: int, calls: int) -> list[float]:
    """Return the CPU time of each turn of so many submits, in ms."""
    database = bench.scratch / f"turns-{number}.sqlite3"
    simulator = build_simulator(Settings(database=str(database)))
    try:
        wish = NewAccount(origin=AccountTemplate(credits=100_000_000, readings={}))
        account = simulator.database.run(lambda tx: accounts.create(tx, simulator, wish))
        took = _watch(simulator)
        submit_many(simulator, call_of(submit_json("http://127.0.0.1", account.app_code)), calls)
    finally:
        simulator.close()
    return took[int(len(took) * WARM_UP) :]


def _watch(simulator: Simulator) -> list[float]:
    """Return a list that gets the CPU time of each turn from now on, in ms."""
    took: list[float] = []
    engine: Any = simulator.database._engine
    turn = SqliteEngine._turn

    def timed() -> None:
        started_at = time.thread_time()
        turn(engine)
        took.append((time.thread_time() - started_at) * 1000)

    engine._turn = timed
    return took


PART = Part(
    name="turns",
    title="Turns of the writer",
    says=f"Submits in process, {AT_ONCE} at once, with the journal full and trimmed; the CPU time "
    "of the writer's thread in one turn.",
    measure=measure,
)
