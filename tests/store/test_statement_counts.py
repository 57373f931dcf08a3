"""How much a call asks of the database: statements, rows and commits for each kind of call.

A number that falls may be lowered here; one that rises needs a reason.
"""

from collections import Counter
from collections.abc import Callable

import pytest

from mock_server.actions.callbacks import outbox
from mock_server.actions.callbacks.outbox import Ended
from mock_server.actions.gateway import pipeline
from mock_server.domain.call.calls import Answer, Call
from mock_server.domain.callback.payload import Outcome
from mock_server.store.engine import sqlite
from tests.support import worlds
from tests.support.turns import commits, in_one_turn
from tests.support.worlds import World

CALLBACK = {"call_back": "http://127.0.0.1:9/x"}
WORK = ("select", "insert", "update", "delete", "with")
ROWS = ("insert", "update", "delete")


def submit(world: World) -> None:
    world.submit()


def submit_with_callback(world: World) -> None:
    world.submit(**CALLBACK)


def query(world: World) -> None:
    world.query(task(world))


def page(world: World) -> None:
    assert world.vendor("/taskList", {"page": "1"}).status_code == 200


def refusal(world: World) -> None:
    assert world.vendor("/submitTask", {}, "nobody").status_code == 400


def picture(world: World) -> None:
    assert world.http.get(f"/pictures/default/{task(world)}/1.png").status_code == 200


def task(world: World) -> str:
    row = world.simulator.database.read(lambda tx: tx.one("select id from task where number = 1"))
    assert row is not None
    return str(row["id"])


@pytest.mark.parametrize(
    ("call", "statements", "changes"),
    [
        (submit, 8, 8), (submit_with_callback, 9, 9), (query, 8, 6), (page, 8, 6),
        (refusal, 6, 2), (picture, 3, 2),
    ],
)  # fmt: skip
def test_a_call_takes_no_more_statements_and_one_commit(
    world: World, call: Callable[[World], None], statements: int, changes: int
) -> None:
    world.submit()
    world.clock(advance="1m")
    call(world)  # what only the first call of its kind does is behind it
    ran = commits(world.simulator.database)

    call(world)

    work = [each for each in ran if each.startswith(WORK)]
    assert ran.count("commit") == 1
    assert len(work) <= statements, work
    assert len([each for each in work if each.startswith(ROWS)]) <= changes, work


def test_a_turn_of_submits_reads_nothing_and_writes_its_sums_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "TURN_S", 60)
    world.submit(**CALLBACK)
    headers = (("host", "localhost"), ("authorization", "APPCODE mock-demo"),
               ("content-type", "application/x-www-form-urlencoded"))  # fmt: skip
    body = b"text=x&style_id=pet_cat&call_back=http%3A%2F%2F127.0.0.1%3A9%2Fx"
    call = Call(method="POST", path="/submitTask", headers=headers, body=body)
    database = world.simulator.database
    submits = [lambda tx: pipeline.handle(tx, world.simulator, call)] * 32
    in_one_turn(database, submits[:1])
    ran = commits(database)

    answers = in_one_turn(database, submits)

    assert [each.status for each in answers if isinstance(each, Answer)] == [200] * 32
    assert Counter(kind_of(each) for each in ran) == {
        "begin": 1, "commit": 1,
        "insert task": 32, "insert callback": 32, "insert call": 32, "insert ledger": 32,
        "insert task_block": 1,
        "update account": 1, "update package": 1, "insert call_total": 1, "insert charge_total": 1,
    }  # fmt: skip


def kind_of(statement: str) -> str:
    """Return what a statement does, and to which table."""
    words = statement.split()
    if words[0] == "insert":
        return f"insert {words[2]}"
    return f"update {words[1]}" if words[0] == "update" else words[0]


def test_a_callback_takes_three_statements_and_a_batch_of_them_few_more(world: World) -> None:
    many = 10
    for _ in range(2 * many):
        world.submit(**CALLBACK)
    world.real_now.now += 60_000
    simulator, answered = world.simulator, Outcome(status=200, sent_headers=(), sent=2)
    ran = commits(simulator.database)

    first = worlds.claim_due(simulator)
    claiming = [each for each in ran if each.startswith(WORK)]
    ran.clear()
    ended = [Ended(delivery=each, outcome=answered) for each in first]
    following = simulator.database.run(
        lambda tx: outbox.record(tx, simulator, ended, claim_next=True)
    )
    recording = [each for each in ran if each.startswith(WORK)]

    assert len(first) == len(following) == many
    # For each: its task. For all: account, places, what is due, the claim.
    assert len(claiming) <= many + 4, claiming
    # For each: its state, its attempt, the next one's task. For all: the same, and when to wake.
    assert len(recording) <= 3 * many + 5, recording
    assert ran.count("commit") == 1
