"""SQLite: a nonce is good once, whether the first call with it is written or waits in the turn."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from mock_server.store import nonces
from mock_server.store.engine import sqlite
from mock_server.store.engine.database import Database
from mock_server.store.engine.transaction import Transaction
from tests.support.turns import ByHand, Seen

NOW, SINCE = 1_000_000, 100_000
Use = Callable[[Transaction], Any]


@pytest.fixture
def turn(
    database: Database, scheduler: ByHand, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[Any]]:
    """Do works in one turn, and return their results, or the errors."""
    monkeypatch.setattr(sqlite, "TURN_S", 60)  # a turn is cut by its works only

    def run(*works: Use) -> list[Any]:
        seen = Seen()
        for work in works:
            database.submit(work, seen)
        scheduler.turn()
        return [result if error is None else error for result, error in seen.outcomes]

    return run


def use(nonce: str, *, now: int = NOW, since: int = SINCE, fails: bool = False) -> Use:
    """Return a call with a nonce: whether it was new. A call that fails has used nothing."""

    def work(tx: Transaction) -> bool:
        if nonces.is_used(tx, "a", "key", nonce, since):
            return False
        nonces.remember(tx, "a", "key", nonce, now=now, since=since)
        if fails:
            raise LookupError("a bug of ours")
        return True

    return work


def kept(database: Database) -> list[str]:
    rows = database.read(lambda tx: tx.all("select nonce from nonce order by nonce"))
    return [row["nonce"] for row in rows]


Turn = Callable[..., list[Any]]


def test_a_nonce_is_good_once_in_a_turn_and_after_it(database: Database, turn: Turn) -> None:
    assert turn(use("x"), use("y"), use("x"), use("y")) == [True, True, False, False]
    assert turn(use("x"), use("z"), use("z")) == [False, True, False]
    assert kept(database) == ["x", "y", "z"]


def test_a_call_that_fails_has_used_no_nonce(database: Database, turn: Turn) -> None:
    first, failed, again, other = turn(use("x"), use("y", fails=True), use("y"), use("x"))

    assert (first, again, other) == (True, True, False)
    assert isinstance(failed, LookupError)
    assert kept(database) == ["x", "y"]


def test_the_first_call_of_a_turn_may_be_the_one_that_fails(turn: Turn) -> None:
    turn(use("w"))

    outcomes = turn(use("x", fails=True), use("x"), use("x"), use("w"))

    assert outcomes[1:] == [True, False, False]


def test_a_nonce_is_good_again_when_it_is_old(turn: Turn) -> None:
    assert turn(use("x"), use("x", now=2 * NOW, since=NOW)) == [True, True]
    assert turn(use("x", now=3 * NOW, since=NOW)) == [False]


def test_more_old_nonces_go_than_new_ones_come_but_few_at_a_time(
    database: Database, turn: Turn
) -> None:
    turn(*[use(f"old {number:03}") for number in range(600)])
    left = [600]
    for number in range(4 * nonces.EVERY):
        turn(use(f"new {number:03}", now=2 * NOW, since=NOW))
        left.append(sum(name.startswith("old") for name in kept(database)))

    gone = {before - after for before, after in pairwise(left)}
    assert left[-1] == 0
    assert max(gone) == nonces.FEW * nonces.EVERY


@pytest.mark.parametrize("limit", [1, 10])
def test_what_is_deleted_at_once_is_not_remembered(
    database: Database, turn: Turn, limit: int
) -> None:
    turn(use("x"), use("y"))
    turn(lambda tx: nonces.delete_old(tx, "a", NOW, limit))

    left = kept(database)

    assert len(left) == max(0, 2 - limit)
    assert turn(use("x"), use("y")) == [each not in left for each in "xy"]


def test_a_memory_that_overflows_in_a_turn_forgets_no_nonce(
    turn: Turn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mock_server.store.engine.memory.WriterMemory.MOST_VALUES", 4)
    names = [f"n{number}" for number in range(20)]

    assert turn(*[use(name) for name in names + names]) == [True] * 20 + [False] * 20
