"""Random histories of an outbox: receivers with any outcome, faults, jumps, forced states, resends.

Due callbacks are posted in order, each callback reaches an end, and the same steps give the same
result.
"""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mock_server.domain.callback.payload import Outcome
from mock_server.domain.callback.retries import REPEAT_MS, RETRIES_MS
from tests.support import worlds
from tests.support.databases import address_of
from tests.support.worlds import Rawbox, RealClock, World

CALL_BACK = "http://127.0.0.1:9/done"
FINAL = {"delivered", "failed", "lost", "cancelled"}
MOODS = [Outcome(status=200), Outcome(status=500), Outcome(status=410), Outcome(error="nobody"),
         Outcome(status=503, headers=(("Retry-After", "90"),))]  # fmt: skip
FAULTS = st.sampled_from(
    [{"kind": f"callback_{name}"} for name in (
        "lost", "early", "duplicate", "concurrent_duplicate", "reordered", "crossed",
        "unknown_task", "malformed", "extra_fields", "dropped")]
    + [{"kind": "callback_late", "late_ms": late_ms} for late_ms in (1, 30_000, 3_600_000)]
)  # fmt: skip
RULES = st.sampled_from(
    [{}, {"nth": 1}, {"nth": 2}, {"every": 2}, {"first": 1}, {"calls": 1}, {"probability": 0.5}]
)
JUMPS = st.sampled_from(["0s", "1s", "5s", "12s", "25s", "2m", "1h"])
READINGS = st.fixed_dictionaries(
    {
        "callback.delivery": st.sampled_from(["once", "retried", "at-least-once"]),
        "callback.timing": st.sampled_from(["after-status", "before-status"]),
        "callback.on_failure": st.sampled_from(["none", "empty-list"]),
    }
)


class Life:
    """One account with a frozen clock."""

    def __init__(self, readings: dict[str, str], address: str) -> None:
        self.post = Rawbox()
        real_now = RealClock()
        self.context = worlds.simulator(real_now, self.post, database=address)
        self.world = World(self.context.__enter__(), real_now, self.post)
        self.app_code, self.id = "", ""
        made = self.world.account(readings=readings, clock={"frozen": True}, seed=7)
        self.app_code, self.id = made["app_code"], made["id"]

    def close(self) -> None:
        self.context.__exit__(None, None, None)

    def admin(self, method: str, path: str, body: Any = None, expect: int = 200) -> Any:
        return self.world.admin(method, f"/accounts/{self.id}{path}", body, expect)

    def callbacks(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.admin("GET", "/callbacks?limit=1000")["callbacks"]
        return found

    def story(self) -> tuple[list[bytes], list[Any]]:
        """Return the posts and the records, without the account's id, which is drawn."""
        mine = self.id.encode()
        rows = [
            (each["state"], each["fault"], each["next_at"], each["copy_of"],
             [(attempt["due_at"], attempt["status"]) for attempt in each["attempts"]])
            for each in self.callbacks()
        ]  # fmt: skip
        return [each.body.replace(mine, b"ID") for each in self.post.postings], rows

    def now(self) -> int:
        now: int = self.admin("GET", "/clock")["now"]
        return now


Step = Callable[[Life], None]


class Outbox(RuleBasedStateMachine):
    """Each rule is a step; at the end all steps are repeated in another simulator."""

    kind = "sqlite"

    @initialize(readings=READINGS)
    def begin(self, readings: dict[str, str]) -> None:
        self.readings = readings
        self.life = Life(readings, address_of(self.kind))
        self.steps: list[Step] = []
        self.settled = True

    def teardown(self) -> None:
        """Let every callback reach its end, and repeat all steps."""
        if not hasattr(self, "life"):
            return
        again = None
        try:
            self.take(lambda life: life.admin("POST", "/clock", {"advance": "3d", "settle": True}))
            self.what_is_done_is_in_order_and_bounded()
            assert {each["state"] for each in self.life.callbacks()} <= FINAL
            again = Life(self.readings, address_of(self.kind))
            for step in self.steps:
                step(again)
            assert again.story() == self.life.story()
        finally:
            self.life.close()
            if again is not None:
                again.close()

    def take(self, step: Step) -> None:
        """Take a step, and record it for the repetition."""
        self.steps.append(step)
        step(self.life)

    @rule(count=st.integers(1, 3))
    def submit(self, count: int) -> None:
        def step(life: Life) -> None:
            if (
                life.admin("GET", "")["balance"] < count
            ):  # a jump to the next event can expire a package
                life.admin("POST", "/packages", {"offer": "50"}, 201)
            for _ in range(count):
                life.world.submit(life.app_code, call_back=CALL_BACK)

        self.settled = False
        self.take(step)

    @rule(fault=FAULTS, when=RULES)
    def arm(self, fault: dict[str, Any], when: dict[str, Any]) -> None:
        self.take(lambda life: life.admin("POST", "/faults", {**fault, **when}, 201))

    @rule()
    def disarm(self) -> None:
        self.take(lambda life: life.admin("DELETE", "/faults", expect=204))

    @rule(mood=st.sampled_from(MOODS))
    def let_the_receiver_answer(self, mood: Outcome) -> None:
        self.take(lambda life: setattr(life.post, "outcome", mood))

    @rule(advance=JUMPS)
    def jump(self, advance: str) -> None:
        self.settled = True
        self.take(lambda life: life.admin("POST", "/clock", {"advance": advance, "settle": True}))

    @rule()
    def jump_to_what_comes_next(self) -> None:
        self.settled = True
        self.take(
            lambda life: life.admin("POST", "/clock", {"to_next_event": True, "settle": True})
        )

    @precondition(lambda self: self.life.callbacks())
    @rule(pick=st.integers(0, 50), settle=st.booleans())
    def send_one_again(self, pick: int, settle: bool) -> None:
        def step(life: Life) -> None:
            listed = life.callbacks()
            callback_id = listed[pick % len(listed)]["id"]
            life.admin("POST", f"/callbacks/{callback_id}/resend", {"settle": settle})

        self.settled = settle
        self.take(step)

    @rule(pick=st.integers(0, 50), state=st.sampled_from(["succeeded", "failed", "running"]))
    def force(self, pick: int, state: str) -> None:
        def step(life: Life) -> None:
            tasks = life.admin("GET", "/tasks?limit=1000")["tasks"]
            open_tasks = [each for each in tasks if each["status"] in ("pending", "running")]
            if open_tasks and state != open_tasks[pick % len(open_tasks)]["status"]:
                task_id = open_tasks[pick % len(open_tasks)]["task_id"]
                life.admin("POST", f"/tasks/{task_id}", {"state": state})

        self.settled = False
        self.take(step)

    @invariant()
    def what_is_done_is_in_order_and_bounded(self) -> None:
        listed = self.life.callbacks()
        for each in listed:
            _check_schedule(each, self.readings["callback.delivery"])
        attempts = [attempt for each in listed for attempt in each["attempts"]]
        assert len(attempts) == len(self.life.post.postings)
        # On PostgreSQL, attempts posted at the same time are recorded in any order.
        order = "id" if self.kind == "sqlite" else "at, due_at"
        rows = self.life.world.simulator.database.read(
            lambda tx: tx.all(f"select due_at from attempt order by {order}")
        )
        dues = [row["due_at"] for row in rows]
        assert dues == sorted(dues)
        if self.settled:
            now = self.life.now()
            late = [each for each in listed if each["next_at"] and each["next_at"] <= now]
            assert [each for each in late if each["state"] not in FINAL] == []

    @invariant()
    def each_task_has_one_callback_of_its_own(self) -> None:
        listed = self.life.callbacks()
        own = [each["task_id"] for each in listed if each["copy_of"] is None]
        assert len(own) == len(set(own))
        ids = {each["id"] for each in listed}
        assert all(each["copy_of"] in ids for each in listed if each["copy_of"] is not None)

    @invariant()
    def what_is_whole_says_what_the_task_says(self) -> None:
        pictures = {
            each["task_id"]: each["pictures"]
            for each in self.life.admin("GET", "/tasks?limit=1000")["tasks"]
        }
        for each in self.life.callbacks():
            for attempt in each["attempts"][1 if each["fault"] else 0 :]:
                body = json.loads(attempt["request"]["body"])
                assert body["task_id"] == each["task_id"]
                if self.readings["callback.timing"] == "after-status":
                    assert body["resList"] == pictures[each["task_id"]]


def _check_schedule(callback: dict[str, Any], delivery: str) -> None:
    """Check that attempts follow the schedule until no more are needed."""
    dues = [each["due_at"] for each in callback["attempts"]]
    taken = [each["status"] == 200 for each in callback["attempts"]]
    if delivery == "once" or callback["copy_of"] is not None:
        assert len(dues) <= 1
        return
    gaps = [after - before for before, after in pairwise(dues)]
    for number, (gap, was_taken) in enumerate(zip(gaps, taken, strict=False)):
        if was_taken:
            assert (gap, delivery, number) == (REPEAT_MS, "at-least-once", len(gaps) - 1)
        else:
            assert gap in (RETRIES_MS[number], 90_000)
    if callback["state"] == "delivered":
        assert any(taken)
    if callback["state"] == "failed":
        assert not any(taken)


class OutboxOnPostgres(Outbox):
    """The same, each history in an empty schema of a real server."""

    kind = "postgres"


Outbox.TestCase.settings = settings(
    max_examples=40,
    phases=[Phase.generate],
    stateful_step_count=25,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
OutboxOnPostgres.TestCase.settings = settings(Outbox.TestCase.settings, max_examples=8)
TestOutbox = pytest.mark.slow(Outbox.TestCase)
TestOutboxOnPostgres = pytest.mark.slow(OutboxOnPostgres.TestCase)
