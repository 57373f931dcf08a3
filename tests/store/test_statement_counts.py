"""How much a call asks of the database: statements, rows and commits for each kind of call.

A number that falls may be lowered here; one that rises needs a reason.
"""

from collections.abc import Callable

import pytest

from mock_server.actions.callbacks import outbox
from mock_server.actions.callbacks.outbox import Ended
from mock_server.domain.callback.payload import Outcome
from tests.support import worlds
from tests.support.turns import commits
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
        (submit, 10, 8), (submit_with_callback, 11, 9), (query, 10, 6), (page, 10, 6),
        (refusal, 7, 2), (picture, 5, 2),
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
