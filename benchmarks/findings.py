"""The cost of findings per request: gateway.handle with and without them, side by side."""

import statistics
import time
from dataclasses import replace
from unittest.mock import patch

from mock_server.actions.accounts import accounts
from mock_server.actions.accounts.accounts import NewAccount
from mock_server.actions.gateway import kept_findings, pipeline, recording
from mock_server.domain.account.accounts import AccountTemplate
from mock_server.domain.call.calls import Answer, Call
from mock_server.settings import Settings
from mock_server.simulator import Simulator, build_simulator
from mock_server.store.engine.transaction import Transaction

ROUNDS = 60
CALLS = 100
CALL = Call(
    method="POST",
    path="/submitTask",
    headers=(
        ("host", "127.0.0.1:3040"),
        ("user-agent", "benchmark"),
        ("accept", "*/*"),
        ("content-type", "application/x-www-form-urlencoded; charset=UTF-8"),
        ("content-length", "50"),
    ),
    body=b"text=https%3A%2F%2Fexample.com&style_id=food_fryrice",
)


def measure() -> str:
    """Return the result as a line; raise if a request had a finding."""
    simulator = build_simulator(Settings(database=":memory:", seed=1, journal_calls=1_000_000))
    try:
        wish = NewAccount(origin=AccountTemplate(credits=100_000_000, readings={}))
        account = simulator.database.run(lambda tx: accounts.create(tx, simulator, wish))
        headers = (*CALL.headers, ("authorization", f"APPCODE {account.app_code}"))
        with_, without = _rounds(simulator, replace(CALL, headers=headers))
        row = simulator.database.read(
            lambda tx: tx.one("select * from call where findings <> '[]'")
        )
        assert row is None, "the request is not clean"
    finally:
        simulator.close()
    extra = statistics.median(one - other for one, other in zip(with_, without, strict=True))
    whole, bare = statistics.median(with_), statistics.median(without)
    return (
        f"findings cost a clean submit {extra:.1f} us of {whole:.0f} us CPU "
        f"({whole / bare:.2f} x the call without, median of {ROUNDS} interleaved "
        f"rounds of {CALLS} calls)"
    )


def _rounds(simulator: Simulator, call: Call) -> tuple[list[float], list[float]]:
    with_: list[float] = []
    without: list[float] = []
    _round(simulator, call)
    for _ in range(ROUNDS):
        with_.append(_round(simulator, call))
        with patch.object(recording, "_findings", lambda *_: kept_findings.NONE):
            without.append(_round(simulator, call))
    return with_, without


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
