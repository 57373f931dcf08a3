"""The cost of findings per request: gateway.handle with and without them, side by side."""

import time
from collections.abc import Iterator
from dataclasses import replace
from unittest.mock import patch

from benchmarks.figures import Figure, figure
from benchmarks.part import Bench, Part
from benchmarks.rounds import interleaved
from mock_server.actions.accounts import accounts
from mock_server.actions.accounts.accounts import NewAccount
from mock_server.actions.gateway import kept_findings, pipeline, recording
from mock_server.domain.account.accounts import AccountTemplate
from mock_server.domain.call.calls import Answer, Call
from mock_server.settings import Settings
from mock_server.simulator import Simulator, build_simulator
from mock_server.store.engine.transaction import Transaction

CALLS = 100
CALL = Call(
    method="POST",
    path="/submitTask",
    headers=(
        ("host", "127.0.0.1:3040"),
        ("user-agent", "benchmark"),
        ("accept", "*/*"),
        ("content-type", "application/x-www-form-urlencoded; charset=UTF-8"),
        ("content-length", "57"),
    ),
    body=b"text=https%3A%2F%2Fexample.com&your_prompt=a+bowl+of+rice",
)


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield the cost of a clean submit with and without findings; raise if it had one."""
    simulator = build_simulator(Settings(database=":memory:", seed=1, journal_calls=1_000_000))
    try:
        wish = NewAccount(origin=AccountTemplate(credits=100_000_000, readings={}))
        account = simulator.database.run(lambda tx: accounts.create(tx, simulator, wish))
        headers = (*CALL.headers, ("authorization", f"APPCODE {account.app_code}"))
        call = replace(CALL, headers=headers)
        cases = {
            "with findings": lambda: _round(simulator, call),
            "without": lambda: _round_without(simulator, call),
        }
        took = interleaved(cases, bench.pick(60, 15))
        row = simulator.database.read(
            lambda tx: tx.one("select * from call where findings <> '[]'")
        )
        assert row is None, "the request is not clean"
    finally:
        simulator.close()
    for name, samples in took.items():
        yield figure("Clean submit", name, "CPU", "µs", samples)
    with_, without = took.values()
    yield figure(
        "Clean submit",
        "the findings",
        "CPU",
        "µs",
        [one - other for one, other in zip(with_, without, strict=True)],
    )


def _round_without(simulator: Simulator, call: Call) -> float:
    with patch.object(recording, "_findings", return_value=kept_findings.NONE) as judge:
        took = _round(simulator, call)
    assert judge.call_count == CALLS, "the findings were not switched off"
    return took


def _round(simulator: Simulator, call: Call) -> float:
    """Return the CPU time of one call in microseconds, with many calls in one transaction."""

    def work(tx: Transaction) -> float:
        started_at = time.thread_time()
        for _ in range(CALLS):
            answer = pipeline.handle(tx, simulator, call)
            assert isinstance(answer, Answer)
            assert answer.status == 200
        return (time.thread_time() - started_at) / CALLS * 1e6

    return simulator.database.run(work)


PART = Part(
    name="findings",
    title="Findings",
    says="A form with a prompt in process, many in one transaction, with the findings and without. "
    "A plain submit, whose findings are known already, is in the part `stages`.",
    measure=measure,
)
