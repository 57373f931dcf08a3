"""How much a call asks of the database: statements, rows and commits for each kind of call.

A number that falls may be lowered here; one that rises needs a reason.
"""

from collections.abc import Callable

import pytest

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
