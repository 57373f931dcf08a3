"""One random history on both databases: the same answers, the same rows."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mock_server.actions.accounts import accounts
from mock_server.settings import Settings
from mock_server.simulator import Network, build_simulator
from mock_server.store.engine.postgres_schema import statements
from mock_server.store.engine.transaction import Row, Transaction
from tests.support import worlds
from tests.support.databases import address_of
from tests.support.worlds import Entropy, Gallery, Postbox, RealClock, World

TABLES = re.findall(r"^create table (\w+)", statements(), re.MULTILINE)
CODES = st.sampled_from(["mock-demo", "mock-quota-exhausted", "mock-throttled", "nobody", "a\0b"])
TEXTS = st.sampled_from(["https://example.com", "你好", "x" * 2954, "", "a\x1a0b", "a\0b"])
CALLS = st.one_of(
    st.tuples(
        st.just("/submitTask"),
        CODES,
        st.fixed_dictionaries(
            {"text": TEXTS, "style_id": st.sampled_from(["pet_cat", "no_such", ""])},
            optional={"call_back": st.just("http://127.0.0.1:9/x"), "your_prompt": TEXTS},
        ),
    ),
    st.tuples(st.just("/queryTask"), CODES, st.fixed_dictionaries({"task_id": st.integers(0, 9)})),
    st.tuples(st.just("/taskList"), CODES, st.just({"maxResult": "2"})),
)
CHANGES = st.sampled_from([
    ("POST", "clock", {"advance": "25s", "settle": True}),
    ("POST", "clock", {"to_next_event": True, "settle": True}),
    ("POST", "clock", {"freeze": True}),
    ("POST", "packages", {"offer": "50"}),
    ("POST", "packages", {"offer": "10"}),
    ("POST", "reset", {}),
    ("PATCH", "", {"throttle": {"per_second": 0.5, "burst": 2}}),
    ("PATCH", "", {"standing": "arrears"}),
    ("POST", "faults", {"code": "D504TO", "calls": 1}),
    ("POST", "faults", {"kind": "callback_duplicate", "every": 2}),
    ("PATCH", "readings", {"callback.delivery": "at-least-once"}),
    ("POST", "callbacks/1/resend", {"settle": True}),
    ("DELETE", "", None),
    ("GET", "calls", None),
    ("GET", "bill", None),
    ("GET", "callbacks", None),
])  # fmt: skip
ADMIN = st.tuples(CHANGES, st.sampled_from(["default", "mock-throttled", "no\0body"]))
LIVES = st.lists(st.one_of(CALLS, CALLS, ADMIN), min_size=1, max_size=25)


@contextmanager
def living(kind: str, **more: Any) -> Iterator[World]:
    """Return a simulator without any real randomness."""
    real_now, postbox = RealClock(), Postbox()
    wanted = Settings(database=address_of(kind), seed=1, **more)
    network = Network(post=postbox, fetch=Gallery())
    built = build_simulator(wanted, real_now=real_now, network=network)
    simulator = replace(built, draw_bytes=Entropy())
    try:
        simulator.database.run(lambda tx: accounts.ensure_default(tx, simulator))
        yield World(simulator, real_now, postbox)
    finally:
        simulator.close()


def answers(world: World, life: list[Any]) -> list[Any]:
    """Play a history and return all answers."""
    told: list[Any] = []
    task_ids: list[str] = []
    for step in life:
        world.real_now.now += 700
        if isinstance(step[0], str):
            path, code, fields = step
            if path == "/queryTask" and task_ids:
                fields = {"task_id": task_ids[fields["task_id"] % len(task_ids)]}
            answer = world.vendor(path, fields, code)
            if path == "/submitTask" and answer.status_code == 200:
                task_ids.append(worlds.body_of(answer).get("task_id", ""))
        else:
            (method, what, body), account = step
            path = f"/_mock/accounts/{account}/{what}".rstrip("/").replace("\0", "%00")
            answer = world.http.open(path, method=method, json=body)
        assert answer.status_code != 500, answer.get_data(as_text=True)
        told.append((step, answer.status_code, list(answer.headers), answer.data))
    world.simulator.background.flush()
    return told


def rows(world: World) -> dict[str, list[str]]:
    """Return every row of every table that there is, with every column."""

    def look(tx: Transaction) -> dict[str, list[str]]:
        return {
            table: sorted(shown(row) for row in tx.all(f"select * from {table}"))
            for table in TABLES
        }

    return world.simulator.database.read(look)


def shown(row: Row) -> str:
    values = {name: str(row[name]) for name in row.keys()}  # noqa: SIM118 - SQLite's yields values
    if "callback_id" in values:  # several attempts are recorded at the same time
        del values["id"]
    values.pop("leased_until", None)  # a database with one process has no leases
    return json.dumps(values, sort_keys=True)


@pytest.mark.slow
# No shrinking: the histories are short, and each attempt to shrink costs a schema.
@settings(max_examples=40, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(LIVES)
def test_a_life_is_the_same_on_both_databases(life: list[Any]) -> None:
    with living("sqlite") as one, living("postgres") as other:
        assert answers(one, life) == answers(other, life)
        assert rows(one) == rows(other)
        assert one.postbox.posted == other.postbox.posted
