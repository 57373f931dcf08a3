from collections.abc import Iterator
from itertools import pairwise

import pytest

from mock_server.domain.call.redaction import Capture
from mock_server.store import journal
from mock_server.store.engine.database import Database
from mock_server.store.engine.transaction import Row
from mock_server.store.journal import FEWEST_DROPPED, ROW_BYTES, CallFilter, Entry, JournalLimits
from tests.support import worlds
from tests.support.worlds import World

NOTHING = Capture(body=b"", length=0, sha256="")


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    built = Database(address)
    yield built
    built.close()


def entry(body: bytes = b"", *, account: str | None = "abc", status: int = 200) -> Entry:
    return Entry(
        account=account, at=1, real_at=1, request_id="r", operation="submit_task",
        method="POST", path="/p", status=status, error_code=None,
        charge="charged" if status == 200 else "not_200", fen=0, task_id=None,
        request_headers="Host: a\nX-Empty: \nA: b: c",
        request=Capture(body=body, length=len(body), sha256="x"), answer_headers="", answer=NOTHING,
    )  # fmt: skip


def insert(database: Database, *entries: Entry, limits: JournalLimits) -> list[int]:
    return database.run(lambda tx: [journal.insert(tx, each, limits) for each in entries])


def kept(database: Database, account: str | None = "abc") -> list[Row]:
    return database.read(lambda tx: journal.find(tx, account, CallFilter(limit=10_000)))


def dropped(database: Database, account: str | None = "abc") -> int:
    return database.read(lambda tx: journal.dropped(tx, account))


def size_of(rows: list[Row]) -> int:
    return sum(row["size"] for row in rows)


def test_a_journal_keeps_as_many_calls_as_it_may_and_counts_what_it_drops(
    database: Database,
) -> None:
    limits = JournalLimits(calls=20, bytes=10**9)
    for number in range(1, 101):
        (newest,) = insert(database, entry(), limits=limits)
        rows = kept(database)
        assert len(rows) <= 20
        assert len(rows) + dropped(database) == number
        assert rows[-1]["id"] == newest

    assert [row["id"] for row in kept(database)] == list(range(newest - len(rows) + 1, newest + 1))


def test_a_full_journal_drops_a_few_calls_at_a_time(database: Database) -> None:
    limits = JournalLimits(calls=600, bytes=10**9)
    gone = []
    for number in range(680):
        insert(database, entry(), limits=limits)
        gone.append(dropped(database))
        assert number + 1 - gone[-1] <= 600

    bites = {later - before for before, later in pairwise(gone)}
    assert bites == {0, FEWEST_DROPPED}


def test_a_journal_keeps_as_many_bytes_as_it_may(database: Database) -> None:
    limits = JournalLimits(calls=10**6, bytes=20 * ROW_BYTES)
    for number in range(1, 60):
        insert(database, entry(b"x" * (number % 7) * 300), limits=limits)
        assert size_of(kept(database)) <= limits.bytes
        assert len(kept(database)) + dropped(database) == number


def test_one_large_call_after_many_small_ones_keeps_the_bound(database: Database) -> None:
    limits = JournalLimits(calls=10**6, bytes=400 * ROW_BYTES)
    insert(database, *[entry() for _ in range(300)], limits=limits)
    assert dropped(database) == 0

    insert(database, entry(b"x" * 390 * ROW_BYTES), limits=limits)

    assert size_of(kept(database)) <= limits.bytes
    assert len(kept(database)) + dropped(database) == 301


def test_the_newest_call_is_kept_whatever_its_size(database: Database) -> None:
    limits = JournalLimits(calls=1, bytes=1)

    first, second = insert(database, entry(), entry(b"x" * 1_000), limits=limits)

    assert [row["id"] for row in kept(database)] == [second]
    assert dropped(database) == 1
    assert first < second


def test_a_full_journal_of_one_account_drops_nothing_of_another(database: Database) -> None:
    limits = JournalLimits(calls=5, bytes=10**9)
    insert(database, *[entry(account="other") for _ in range(3)], limits=limits)
    insert(database, *[entry() for _ in range(50)], limits=limits)
    insert(database, *[entry(account=None) for _ in range(7)], limits=limits)

    assert (len(kept(database, "other")), dropped(database, "other")) == (3, 0)
    assert len(kept(database, None)) + dropped(database, None) == 7
    assert dropped(database, "nobody") == 0


def test_the_ids_of_calls_only_rise_even_after_drops(database: Database) -> None:
    limits = JournalLimits(calls=1, bytes=10**9)

    ids = insert(database, *[entry() for _ in range(20)], limits=limits)

    assert ids == sorted(set(ids))


def test_headers_come_back_as_they_were_kept(database: Database) -> None:
    insert(database, entry(), limits=JournalLimits(calls=9, bytes=10**9))

    (row,) = kept(database)

    assert journal.headers_of(row["request_headers"]) == [
        ["Host", "a"],
        ["X-Empty", ""],
        ["A", "b: c"],
    ]


def test_what_the_journal_drops_stays_in_the_ledger_and_on_the_bill(address: str) -> None:
    real_now, postbox = worlds.RealClock(), worlds.Postbox()
    with worlds.simulator(real_now, postbox, database=address, journal_calls=5) as simulator:
        world = World(simulator, real_now, postbox)
        for _ in range(40):
            world.submit()
        found = world.admin("GET", "/accounts/default/calls")
        bill = world.bill()

    assert len(found["calls"]) <= 5
    assert len(found["calls"]) + found["dropped"] == 40
    assert (bill["charges"], bill["fen"], bill["balance"]) == (40, 40 * 28, 960)
