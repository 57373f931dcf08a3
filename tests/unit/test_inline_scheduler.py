"""The scheduler without a thread: works are done when they are handed in, one after the other."""

import pytest

from mock_server.store.engine.database import Database
from mock_server.store.engine.schedulers import InlineScheduler
from mock_server.store.engine.transaction import Transaction


def test_a_work_that_hands_in_another_is_done_before_it() -> None:
    done: list[str] = []
    database = Database(":memory:", InlineScheduler())

    def first(tx: Transaction) -> str:
        database.start(lambda _: done.append("second"))
        tx.after_commit.append(lambda: done.append("first is committed"))
        return "found"

    assert database.run(first) == "found"
    assert done == ["first is committed", "second"]
    database.close()


def test_a_work_that_fails_leaves_the_next_one_alone() -> None:
    database = Database(":memory:", InlineScheduler())

    def fails(_: Transaction) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        database.run(fails)
    assert database.run(lambda _: 1) == 1
    database.close()


def test_a_work_that_waits_for_another_is_refused() -> None:
    database = Database(":memory:", InlineScheduler())
    with pytest.raises(RuntimeError, match="would deadlock"):
        database.run(lambda _: database.run(lambda _: 1))
    database.close()
