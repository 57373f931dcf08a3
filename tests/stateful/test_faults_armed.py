"""Random histories with every fault armed at random: the records agree whatever fails.

Calls, readings, scenarios, clocks, resets and receivers with any outcome, in several accounts at
once.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mock_server import contract
from mock_server.domain.callback.payload import Outcome
from mock_server.domain.faults.rules import Stage
from tests.support import books, random_faults
from tests.support.databases import address_of
from tests.support.flask_accounts import MOODS, FlaskAccounts

CALL_BACK = "http://127.0.0.1:9/done"
PICKS = st.integers(0, 10_000)
# Most steps concern one account, so that its history is long.
WHO = st.sampled_from([1, 1, 1, 1, 0, 2, 3, 4])
TABLE = contract.load_toml("readings.toml")["reading"]
WORDS = st.sampled_from(
    [
        (row["id"], word)
        for row in TABLE
        for word in (row["default"], *row["alternatives"])
        if row["id"] != "host.check"  # this reading would refuse every call
    ]
)
READINGS = st.lists(WORDS, min_size=1, max_size=3).map(dict)
GOOD = {"text": "https://example.com", "style_id": "food_fryrice", "call_back": CALL_BACK}
FIELDS = st.sampled_from(
    [GOOD] * 6
    + [
        {**GOOD, "text": "https://example.com/second"},
        {"text": "mock", "style_id": "pet_cat", "call_back": CALL_BACK},
        {"text": "x" * 2954, "style_id": "pet_cat", "call_back": CALL_BACK},
        {"text": "https://example.com", "style_id": "no_such_style"},
    ]
)
SUBMITTED = st.lists(FIELDS, min_size=1, max_size=4)
JUMPS = st.sampled_from(
    [{"advance": each} for each in ("1ms", "1s", "5s", "12s", "25s", "2m", "1h", "25h")]
    + [{"to_next_event": True}] * 6
)
PUSHED = random_faults.of_stages(Stage.CALLBACK)
ORDERS = st.lists(
    random_faults.orders(random_faults.FAULTS) | random_faults.orders(PUSHED),
    min_size=1,
    max_size=4,
)
PATCHES = st.sampled_from(
    [{"standing": "arrears"}, {"throttle": {"per_second": 1, "burst": 2}}]
    + [{"standing": "good", "throttle": None}] * 4
)


class FaultsArmed(RuleBasedStateMachine):
    """Each rule changes one account; then all accounts are checked."""

    kind = "sqlite"

    @initialize()
    def begin(self) -> None:
        self.accounts = FlaskAccounts(address_of(self.kind))
        self.make(1000, {"callback.delivery": "retried"})
        self.make(2, {})

    def teardown(self) -> None:
        if hasattr(self, "accounts"):
            self.accounts.close()

    @precondition(lambda self: len(self.accounts.lives) < 5)
    @rule(credits_=st.sampled_from([0, 1, 1000]), readings=READINGS)
    def make(self, credits_: int, readings: dict[str, str]) -> None:
        wish = {"credits": credits_, "readings": readings, "clock": {"frozen": True}, "seed": 7}
        self.accounts.know(self.accounts.world.account(**wish))

    @rule(pick=WHO, orders=ORDERS)
    def arm(self, pick: int, orders: list[dict[str, Any]]) -> None:
        life = self.accounts.pick(pick)
        for order in orders:
            expect = 422 if random_faults.is_for_connections(order) else 201
            rule_ = self.accounts.admin("POST", "/faults", order, expect)
            if expect == 201:
                life.know(rule_)

    @rule(
        pick=WHO, which=PICKS, what=st.sampled_from(["_disarm", "_list", "_look", "_buy", "_reset"])
    )
    def do_something_small(self, pick: int, which: int, what: str) -> None:
        self.accounts.pick(pick)
        getattr(self, what)(which)

    def _disarm(self, which: int) -> None:
        rules = self.accounts.admin("GET", "/faults")["faults"]
        if which % 2 or not rules:
            self.accounts.admin("DELETE", "/faults", expect=204)
        else:
            self.accounts.admin("DELETE", f"/faults/{rules[which % len(rules)]['id']}", expect=204)

    def _list(self, which: int) -> None:
        self.accounts.call("list_tasks", {"page": str(1 + which % 2)})

    def _look(self, which: int) -> None:
        path = f"/pictures/{self.accounts.touched}/{self._task(which)}/1.png"
        assert self.accounts.world.http.get(path).status_code in (200, 404)

    def _buy(self, _which: int) -> None:
        self.accounts.admin("POST", "/packages", {"offer": "50"}, 201)

    def _reset(self, _which: int) -> None:
        self.accounts.know(self.accounts.admin("POST", "/reset"))

    @rule(pick=WHO, submitted=SUBMITTED)
    def submit(self, pick: int, submitted: list[dict[str, str]]) -> None:
        self.accounts.pick(pick)
        for fields in submitted:
            self.accounts.call("submit_task", fields)
            self.the_books_agree()

    @rule(pick=WHO, orders=ORDERS, submitted=SUBMITTED, outcome=st.sampled_from(MOODS))
    def live_through_it(
        self,
        pick: int,
        orders: list[dict[str, Any]],
        submitted: list[dict[str, str]],
        outcome: Outcome,
    ) -> None:
        self.accounts.postbox.outcome = outcome
        self.arm(pick, orders)
        self.submit(pick, submitted)
        for which in range(2):
            self.query(pick, which)
            self.the_books_agree()
        for change in ({"to_next_event": True}, {"advance": "12s"}, {"advance": "2m"}):
            self.jump(pick, change, settle=True)
            self.the_books_agree()

    @rule(pick=WHO, which=PICKS)
    def query(self, pick: int, which: int) -> None:
        self.accounts.pick(pick)
        self.accounts.call("query_task", {"task_id": self._task(which)})

    @rule(pick=WHO, readings=READINGS)
    def read_otherwise(self, pick: int, readings: dict[str, str]) -> None:
        life = self.accounts.pick(pick)
        shown = self.accounts.admin("PATCH", "/readings", readings)
        self.accounts.shown[self.accounts.touched]["readings"] = shown
        life.deliveries.add(shown["callback.delivery"])

    @rule(pick=WHO, patch=PATCHES)
    def stand_otherwise(self, pick: int, patch: dict[str, Any]) -> None:
        self.accounts.pick(pick)
        self.accounts.admin("PATCH", "", patch)

    @rule(pick=WHO, change=JUMPS, settle=st.sampled_from([True, True, True, False]))
    def jump(self, pick: int, change: dict[str, Any], settle: bool) -> None:
        self.accounts.pick(pick)
        self.accounts.admin("POST", "/clock", {**change, "settle": settle})

    @rule(pick=WHO, which=PICKS, state=st.sampled_from(sorted(books.RANK)))
    def force(self, pick: int, which: int, state: str) -> None:
        self.accounts.pick(pick)
        path = f"/accounts/{self.accounts.touched}/tasks/{self._task(which)}"
        answer = self.accounts.world.http.post(f"/_mock{path}", json={"state": state})
        assert answer.status_code in (200, 404, 409)

    @rule(pick=WHO, which=PICKS, settle=st.booleans())
    def send_one_again(self, pick: int, which: int, settle: bool) -> None:
        self.accounts.pick(pick)
        callbacks = self.accounts.admin("GET", "/callbacks?limit=1000")["callbacks"]
        if callbacks:
            path = f"/callbacks/{callbacks[which % len(callbacks)]['id']}/resend"
            self.accounts.admin("POST", path, {"settle": settle})

    @rule(pick=WHO, name=st.sampled_from(sorted(contract.scenarios())))
    def load_a_scenario(self, pick: int, name: str) -> None:
        self.accounts.pick(pick)
        faults = contract.scenarios()[name].get("faults", [])
        if any(random_faults.is_for_connections(each) for each in faults):
            before = self.accounts.before[self.accounts.touched]
            self.accounts.admin("POST", "/scenario", {"name": name}, 422)
            assert books.read(self.accounts.simulator.database)[self.accounts.touched] == before
        else:
            self.accounts.know(self.accounts.admin("POST", "/scenario", {"name": name}))

    @rule(outcome=st.sampled_from(MOODS))
    def let_the_receivers_answer(self, outcome: Outcome) -> None:
        self.accounts.postbox.outcome = outcome

    @invariant()
    def the_books_agree(self) -> None:
        self.accounts.check()

    def _task(self, which: int) -> str:
        tasks = self.accounts.before[self.accounts.touched]["task"]
        return str(tasks[which % len(tasks)]["id"]) if tasks else "0" * 24


class FaultsArmedOnPostgres(FaultsArmed):
    """The same, each history in an empty schema of a real server."""

    kind = "postgres"


FaultsArmed.TestCase.settings = settings(
    max_examples=40,
    phases=[Phase.generate],
    stateful_step_count=40,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
FaultsArmedOnPostgres.TestCase.settings = settings(FaultsArmed.TestCase.settings, max_examples=6)
TestFaultsArmed = pytest.mark.slow(FaultsArmed.TestCase)
TestFaultsArmedOnPostgres = pytest.mark.slow(FaultsArmedOnPostgres.TestCase)
