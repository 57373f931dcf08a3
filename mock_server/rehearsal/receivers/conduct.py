"""One delivery: tasks whose callbacks go to the receiver, and what is seen afterwards.

Rule 1: the clock of the account stands still but where a delivery moves it, and the server itself
sends: the same callbacks, faults and checks of addresses as for any client.
Rule 2: the receiver gets time for what it does after its answer, and a last look comes after that.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mock_server.audit.records import RecordedCall
from mock_server.audit.seen_call import seen
from mock_server.client_environment import client_environment
from mock_server.domain.readings import DEFAULT_READINGS, as_mapping
from mock_server.formatting import printable
from mock_server.rehearsal import hooks
from mock_server.rehearsal.client_process import Ended, StoppedError
from mock_server.rehearsal.conduct import files_named, is_being_answered, pictures_of
from mock_server.rehearsal.environment import inherited
from mock_server.rehearsal.receivers import oracle
from mock_server.rehearsal.receivers.belief import Belief, OracleError
from mock_server.rehearsal.receivers.delivery import ReceiverDrill, all_deliveries
from mock_server.rehearsal.receivers.evidence import ReceiverEvidence
from mock_server.rehearsal.receivers.order import ReceiverOrder
from mock_server.rehearsal.receivers.rules import RULES, unmet
from mock_server.rehearsal.verdicts import DrillResult, Verdict, judge
from mock_server.testing.world import World

LOOK_S = 0.1
QUIET_S = 0.2  # for what comes after all looks well, if there is so much time to settle
# The rules whose breach time may heal.
MAY_HEAL = {"knows-the-truth", "keeps-true-results"}
MOST_ANSWER = 200
STYLE = "pet_cat"


class ReceiverConduct:
    """Sends one delivery; `is_first`: none came before. `world` is the account of all of them."""

    def __init__(
        self, order: ReceiverOrder, world: World, delivery: ReceiverDrill, stop: threading.Event,
        *, is_first: bool,
    ) -> None:  # fmt: skip
        self._order = order
        self._is_first = is_first
        self._world = world
        self._delivery = delivery
        self._stop = stop
        self._began = time.monotonic()
        self._tasks: list[str] = []
        self._before: dict[str, Belief] = {}
        self._untold: str | None = None
        self._last_call = 0
        self._last_callback = 0

    def run(self) -> DrillResult:
        """Return what the delivery came to.

        Raises UnreachableError, RefusedError, HookError, OSError, StoppedError; and OracleError if
        the oracle fails before anything was delivered at all.
        """
        self._prepare()
        env = self._environment()
        place = f"delivery {self._delivery.id}"
        with hooks.around(self._order, place, env, self._stop):
            if self._order.oracle is not None and not self._delivery.sent_on_submit:
                self._look_before(env)
            self._world.clock.advance(self._delivery.wait)
            return self._settled(env)

    def _prepare(self) -> None:
        """Arm the faults and submit the tasks."""
        world, delivery = self._world, self._delivery
        world.faults.clear()
        world.admin.post("/clock", {"freeze": True})
        world.readings.set(_readings(delivery))
        for fault in delivery.faults:
            world.faults.add(**fault)
        known = {each["task_id"] for each in world.tasks}
        self._last_call = max((each["id"] for each in world.admin.last_calls(1)), default=0)
        callbacks = world.admin.every("/callbacks", "callbacks")
        self._last_callback = max((each["id"] for each in callbacks), default=0)
        for number in range(delivery.tasks):
            text = f"https://example.com/{delivery.id}/{number + 1}"
            fields = {"text": text, "style_id": STYLE, "call_back": self._order.receiver}
            world.submit(fields)
        self._tasks = [each["task_id"] for each in world.tasks if each["task_id"] not in known]
        if len(self._tasks) != delivery.tasks:
            raise OSError(
                f"the server took {len(self._tasks)} of {delivery.tasks} tasks for delivery "
                f"{delivery.id}: see `artqr-mock calls` of account {world.id}"
            )

    def _environment(self) -> dict[str, str]:
        account = self._world.admin.get()
        return {
            **inherited(self._world.base_url),
            **client_environment(self._world.base_url, dict(account)),
            "ARTQR_DELIVERY": self._delivery.id,
            "ARTQR_DRILL": self._delivery.id,
            "ARTQR_TASK_ID": self._tasks[0],
            "ARTQR_TASK_IDS": " ".join(self._tasks),
            "ARTQR_CALLBACK_URL": self._order.receiver,
        }

    def _settled(self, env: Mapping[str, str]) -> DrillResult:
        deadline = time.monotonic() + self._order.settle_s
        result = self._judged(env)
        while time.monotonic() < deadline and _may_change(result):
            self._pause(LOOK_S)
            result = self._judged(env)
        self._pause(min(QUIET_S, self._order.settle_s / 5))
        return self._judged(env, with_pictures=True)

    def _pause(self, seconds: float) -> None:
        """Wait. Raises StoppedError: a delivery without its time to settle says nothing."""
        if self._stop.wait(seconds):
            raise StoppedError

    def _judged(self, env: Mapping[str, str], *, with_pictures: bool = False) -> DrillResult:
        evidence = self._evidence(env, with_pictures=with_pictures)
        return judge(evidence, self._order.waived, RULES, unmet)

    def _evidence(self, env: Mapping[str, str], *, with_pictures: bool) -> ReceiverEvidence:
        world = self._world
        listed = world.admin.every("/callbacks", "callbacks", self._last_callback)
        callbacks = [each for each in listed if each["task_id"] in self._tasks]
        every_task = {each["task_id"]: each for each in world.tasks}
        values: dict[str, Any] = {
            "delivery": self._delivery, "drill": self._delivery,
            "answer_ms": round(self._order.answer_time_s * 1000),
            "has_oracle": self._order.oracle is not None, "before": self._before,
            "callbacks": callbacks, "faults": world.admin.get("/faults")["faults"],
            "findings": (), "base_url": world.base_url, "secrets": self._secrets(),
            "tasks": {name: every_task[name] for name in self._tasks},
            "true_links": frozenset(
                urlsplit(url).path for each in every_task.values() for url in each["pictures"]
            ),
            "ended": self._ended(callbacks),
        }  # fmt: skip
        evidence = ReceiverEvidence(calls=(), **values)
        values |= self._told(env, [*self._tasks, *evidence.invented_ids])
        # After the oracle, which may itself make the receiver look.
        calls = [seen(each) for each in self._settled_calls()]
        if with_pictures:
            values |= self._kept(values.get("after", {}), every_task)
        return ReceiverEvidence(
            calls=tuple(sorted(calls, key=lambda each: each.began_at)), **values
        )

    def _settled_calls(self) -> list[RecordedCall]:
        """Return the receiver's calls, once none is being answered."""
        deadline = time.monotonic() + self._order.settle_s
        while True:
            calls = list(self._world.calls_after(self._last_call))
            # Those that made the tasks are ours.
            calls = [each for each in calls if not _is_ours(each, self._tasks)]
            if time.monotonic() > deadline or not any(map(is_being_answered, calls)):
                return calls
            self._pause(LOOK_S)

    def _look_before(self, env: Mapping[str, str]) -> None:
        try:
            self._before = self._ask(env, self._tasks)
        except OracleError as error:
            if self._is_first:
                raise
            self._untold = str(error)

    def _told(self, env: Mapping[str, str], task_ids: Sequence[str]) -> dict[str, Any]:
        if self._order.oracle is None:
            return {}
        if self._untold is not None:
            return {"untold": self._untold}
        try:
            return {"after": self._ask(env, task_ids)}
        except OracleError as error:
            return {"untold": str(error)}

    def _ask(self, env: Mapping[str, str], task_ids: Sequence[str]) -> dict[str, Belief]:
        assert self._order.oracle is not None  # noqa: S101 - the callers have looked
        return oracle.ask(self._order.oracle, self._order, env, task_ids, self._stop)

    def _kept(
        self, after: Mapping[str, Belief], tasks: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Return the files that the receiver says it keeps, and the true pictures of the tasks."""
        named = [{"files": list(each.files)} for each in after.values() if each.files]
        if not named:
            return {}
        return {
            "files": files_named(named, [self._order.cwd or Path.cwd()]),
            "pictures": {each: pictures_of(tasks[each]) for each in after if each in tasks},
        }

    def _secrets(self) -> tuple[str, ...]:
        login = self._order.address.login
        parts = (login or b"").decode("utf-8", "replace").split(":", 1)
        return (self._world.app_code, self._world.app_secret, *filter(None, parts[1:]))

    def _ended(self, callbacks: Sequence[Mapping[str, Any]]) -> Ended:
        """Return the answers in the place of what a client printed."""
        lines = [
            f"{attempt['status'] or attempt['error']}, {attempt['duration_ms']} ms"
            f"{_said(attempt['answer'])}"
            for callback in callbacks
            for attempt in callback["attempts"]
        ]
        return Ended(
            status=None, timed_out=False, left=(), stdout="\n".join(lines).encode(), stderr=b"",
            took_s=time.monotonic() - self._began,
        )  # fmt: skip


def _readings(delivery: ReceiverDrill) -> dict[str, str]:
    """Return the readings of a delivery; those that only others change are the usual ones."""
    usual = as_mapping(DEFAULT_READINGS)
    changed = {name for each in all_deliveries() for name in each.account.get("readings", {})}
    return {**{name: usual[name] for name in changed}, **delivery.account.get("readings", {})}


def _said(answer: Mapping[str, Any] | None) -> str:
    text = answer["body"] if answer and answer["encoding"] == "utf-8" else ""
    return f": {printable(text.strip(), MOST_ANSWER)}" if text.strip() else ""


def _is_ours(call: RecordedCall, tasks: Sequence[str]) -> bool:
    return call.operation == "submit_task" and call.task_id in tasks


def _may_change(result: DrillResult) -> bool:
    """Whether time may make a verdict better."""
    if result.verdict is Verdict.PASS:
        return False
    return all(each.rule.id in MAY_HEAL for each in result.counted)
