"""Several accounts of the Flask application with any fault armed: a record of the calls, and
checks.
"""

from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from werkzeug.test import TestResponse

from mock_server.domain.callback.payload import Outcome
from tests.support import books, wire_checks, worlds
from tests.support.books import Books, Life
from tests.support.worlds import Rawbox, RealClock, World

PATHS = {"submit_task": "/submitTask", "query_task": "/queryTask", "list_tasks": "/taskList"}
MOODS = [Outcome(status=200), Outcome(status=204), Outcome(status=500), Outcome(status=410),
         Outcome(status=302), Outcome(error="timed out"),
         Outcome(status=429, headers=(("Retry-After", "7"),))]  # fmt: skip


class FlaskAccounts:
    """The accounts of a simulator whose clocks only the test moves, with a record of each."""

    def __init__(self, address: str) -> None:
        self._stack = ExitStack()
        self.postbox = Rawbox()
        clock = RealClock()
        built = self._stack.enter_context(worlds.simulator(clock, self.postbox, database=address))
        self.simulator = replace(built, pause=lambda _ms: None)
        self.world = World(self.simulator, clock, self.postbox)
        self._watch()
        self.lives: dict[str, Life] = {}
        self.shown: dict[str, dict[str, Any]] = {}
        self.touched = "default"
        self.before: dict[str, Books] = {}
        self.know(self.world.admin("GET", "/accounts/default"))

    def close(self) -> None:
        """Clean up."""
        self._stack.close()

    def know(self, shown: dict[str, Any]) -> None:
        """Add an account that was just created or reset."""
        account: str = shown["id"]
        self.touched = account
        self.shown[account] = shown
        self.lives[account] = Life(deliveries={shown["readings"]["callback.delivery"]})
        for rule in self.admin("GET", "/faults")["faults"]:
            self.lives[account].know(rule)
        self.before[account] = books.read(self.simulator.database)[account]

    def pick(self, pick: int) -> Life:
        """Choose an account."""
        self.touched = list(self.lives)[pick % len(self.lives)]
        return self.lives[self.touched]

    def admin(self, method: str, path: str, body: Any = None, expect: int = 200) -> Any:
        """Call the admin API for the chosen account."""
        return self.world.admin(method, f"/accounts/{self.touched}{path}", body, expect)

    def call(self, operation: str, fields: dict[str, str]) -> None:
        """Call an operation, and compare the answer with the journal."""
        life = self.lives[self.touched]
        last = max((row["id"] for row in self.before[self.touched]["call"]), default=0)
        app_code = self.shown[self.touched]["app_code"]
        answer = self.world.vendor(PATHS[operation], fields, app_code)
        (call,) = self.admin("GET", f"/calls?after={last}")["calls"]
        assert call["operation"] == operation
        got = wire_checks.Got(
            status=answer.status_code, headers=list(answer.headers), body=answer.data
        )
        wire_checks.check_got(call, wire_checks.damage_of(call, life.orders), got)
        self.count(call)

    def count(self, call: dict[str, Any]) -> None:
        """Count the cost of an HTTP 200 under the present readings."""
        polls = self.shown[self.touched]["readings"]["charge.polls"]
        metered = call["operation"] == "submit_task" or polls == "every-200"
        self.lives[self.touched].charged += call["status"] == 200 and metered

    def check(self) -> None:
        """Check the account that changed, and that no other account did."""
        now = books.read(self.simulator.database)
        for account in self.lives:
            if account != self.touched:
                assert now[account] == self.before[account], account
        self.before = now
        mine, life = now[self.touched], self.lives[self.touched]
        books.check(life, mine)
        books.check_statuses(life, self.admin("GET", "/tasks?limit=1000")["tasks"])
        bill = self.admin("GET", "/bill")
        assert bill["charges"] == life.charged
        assert bill["fen"] == sum(row["fen"] for row in mine["ledger"])
        assert 0 <= bill["balance"] <= sum(row["remaining"] for row in mine["package"])
        assert {row["state"] for row in mine["callback"]} <= {*books.ENDS, "due", "cancelled"}

    def _watch(self) -> None:
        """Fail on any answer that reports a bug of ours."""
        ask = self.world.http.open

        def watched(*args: Any, **kwargs: Any) -> TestResponse:
            answer = ask(*args, **kwargs)
            bug = answer.headers.get("X-Mock-Server-Bug")
            assert bug is None, answer.get_data(as_text=True)
            return answer

        self.world.http.open = watched  # type: ignore[method-assign]
