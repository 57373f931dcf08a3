"""Random calls over real connections with every wire fault armed: the client receives the
booked answer, or exactly what the fired rule makes of it.
"""

import socket
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mock_server.admin_client import AdminClient
from mock_server.domain.faults.rules import Stage
from mock_server.server import running
from mock_server.settings import Settings
from tests.support import books, random_faults, raw, wire_checks
from tests.support.books import Life
from tests.support.databases import address_of
from tests.support.live import Buyer
from tests.support.processes import until
from tests.support.worlds import RealClock

WHO = st.sampled_from([0, 0, 0, 1])
FAULTS = random_faults.of_stages(Stage.WIRE) * 2 + random_faults.of_stages(
    Stage.GATEWAY, Stage.SERVICE
)
ORDERS = st.lists(random_faults.orders(FAULTS), min_size=1, max_size=3)
GOOD = b"text=https://example.com&style_id=food_fryrice"


class WireArmed(RuleBasedStateMachine):
    """Two accounts of a running server; every call has its own connection."""

    kind = "sqlite"

    @initialize()
    def begin(self) -> None:
        self._stack = ExitStack()
        wanted = Settings(port=0, database=address_of(self.kind), seed=1)
        self.server = self._stack.enter_context(running(wanted, RealClock()))
        admin = self._stack.enter_context(AdminClient(self.server.url))
        wish = {"credits": 1000, "clock": {"frozen": True}, "seed": 7}
        self.buyers = [
            Buyer(self.server.url, admin.post("/accounts", wish), admin) for _ in range(2)
        ]
        self.lives = [Life(deliveries={"once"}) for _ in self.buyers]
        self.before = books.read(self.server.simulator.database)
        self.touched = 0

    def teardown(self) -> None:
        if hasattr(self, "_stack"):
            self._stack.close()

    @rule(pick=WHO, orders=ORDERS)
    def arm(self, pick: int, orders: list[dict[str, Any]]) -> None:
        self.touched = pick
        for order in orders:
            self.lives[pick].know(self.buyers[pick].world.post("/faults", order))

    @rule(pick=WHO)
    def disarm(self, pick: int) -> None:
        self.touched = pick
        self.buyers[pick].world.delete("/faults")

    @rule(pick=WHO, advance=st.sampled_from(["1s", "12s", "2m"]))
    def jump(self, pick: int, advance: str) -> None:
        self.touched = pick
        self.buyers[pick].clock(advance=advance, settle=True)

    @rule(pick=WHO, orders=ORDERS, count=st.integers(1, 4))
    def submit(self, pick: int, orders: list[dict[str, Any]], count: int) -> None:
        self.arm(pick, orders)
        for _ in range(count):
            self._ask(pick, "/submitTask", GOOD)

    @rule(pick=WHO, which=st.integers(0, 100))
    def query(self, pick: int, which: int) -> None:
        tasks = self.before[self.buyers[pick].id]["task"]
        task_id = tasks[which % len(tasks)]["id"] if tasks else "0" * 24
        self._ask(pick, "/queryTask", f"task_id={task_id}".encode())

    @rule(pick=WHO)
    def list_tasks(self, pick: int) -> None:
        self._ask(pick, "/taskList", b"page=1")

    @rule(pick=WHO)
    def hang_up(self, pick: int) -> None:
        """A client that disconnects before the answer may have been served all the same."""
        order = {"kind": "delay", "for_ms": 300, "commit": "before", "calls": 1}
        self.buyers[pick].world.delete("/faults")
        self.touched = pick
        rule_ = self.buyers[pick].world.post("/faults", order)
        self.lives[pick].know(rule_)
        with self._sent(pick, "/submitTask", GOOD):
            until(lambda: self.buyers[pick].world.get("/faults")["faults"][0]["hits"] == 1)
        (call,) = self._journalled(pick)
        # On a slow machine the call may start before we have disconnected.
        assert (call["status"], call["sent"]["what"]) in ((None, "nothing"), (200, "whole"))
        self.lives[pick].charged += call["status"] == 200
        assert [each["id"] for each in call["faults"]] == [rule_["id"]]
        self.before = books.read(self.server.simulator.database)

    @invariant()
    def the_books_agree(self) -> None:
        now = books.read(self.server.simulator.database)
        for number, buyer in enumerate(self.buyers):
            mine, life = now[buyer.id], self.lives[number]
            assert number == self.touched or mine == self.before[buyer.id]
            books.check(life, mine)
        buyer = self.buyers[self.touched]
        books.check_statuses(self.lives[self.touched], buyer.world.every("/tasks", "tasks"))
        self.before = now

    def _sent(self, pick: int, path: str, body: bytes) -> socket.socket:
        code = self.buyers[pick].app_code.encode()
        head = (b"Connection: close", b"Content-Type: application/x-www-form-urlencoded")
        connection = raw.connect(self.server.url)
        connection.sendall(raw.request(path, body, headers=head).replace(b"mock-demo", code))
        return connection

    def _journalled(self, pick: int) -> list[dict[str, Any]]:
        rows = self.before[self.buyers[pick].id]["call"]
        last = max((row["id"] for row in rows), default=0)

        def calls() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = self.buyers[pick].world.get("/calls", after=last)["calls"]
            return found

        until(calls)
        return calls()

    def _ask(self, pick: int, path: str, body: bytes) -> None:
        self.touched = pick
        with self._sent(pick, path, body) as connection:
            was_reset, received = wire_checks.read_to_end(connection)
        (call,) = self._journalled(pick)
        self.lives[pick].charged += call["status"] == 200
        order = wire_checks.damage_of(call, self.lives[pick].orders)
        wire_checks.check_bytes(call, order, received, was_reset=was_reset)
        self.the_books_agree()


class WireArmedOnPostgres(WireArmed):
    """The same, each history in an empty schema of a real server."""

    kind = "postgres"


WireArmed.TestCase.settings = settings(
    max_examples=15,
    phases=[Phase.generate],
    stateful_step_count=30,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
WireArmedOnPostgres.TestCase.settings = settings(WireArmed.TestCase.settings, max_examples=3)
TestWireArmed = pytest.mark.slow(WireArmed.TestCase)
TestWireArmedOnPostgres = pytest.mark.slow(WireArmedOnPostgres.TestCase)
