"""The steps that a client is driven through, each checked against the truth right away."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from mock_server.admin_client import RefusedError
from mock_server.audit.records import RecordedCall
from mock_server.client_suite import checks, event_loop, timeout
from mock_server.client_suite.adapter import Adapter, TaskResult, result_of, truth_of
from mock_server.client_suite.inputs import IMAGE, PLAIN, Intent
from mock_server.client_suite.story import ClientMistakeError, Step, Story, Trouble, short, shown
from mock_server.domain.call.calls import Operation
from mock_server.domain.faults.kinds import kind_of
from mock_server.formatting import counted
from mock_server.testing.calls import Calls
from mock_server.testing.server import MockServer, SimulatorBugError
from mock_server.testing.world import World

UNKNOWN_ID = "0123456789abcdef01234567"
MOST_PAGES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Driven:
    """A client under test: its adapter, what runs it, and what its pauses have to be."""

    adapter: Adapter
    runner: timeout.Runner
    pause_s: float


class Play:
    """One client in one world."""

    def __init__(self, server: MockServer, world: World, client: Driven, says: str) -> None:
        self._server = server
        self._world = world
        self._adapter = client.adapter
        self._runner = client.runner
        self._pause_s = client.pause_s
        self._refuses_unfinished = world.readings["task.unfinished"] == "refused"
        self._story = Story()
        self._seen = 0
        self._tasks: list[dict[str, Any]] = []
        self._story.steps.append(Step(says=says, is_ours=True))
        self.on_mistake: Callable[[ClientMistakeError], None] = lambda _: None

    @property
    def task_count(self) -> int:
        """How many tasks there are."""
        return len(self._tasks)

    def callback_field(self) -> dict[str, str]:
        """Return the field that asks for a callback, if the client takes any."""
        url = getattr(self._adapter, "callback_url", None)
        return {"call_back": url} if url else {}

    def meet(self, trouble: Trouble) -> None:
        """Have each operation tried while something is wrong."""
        self.submit(PLAIN, trouble)
        self.query(0, trouble)
        self.list_all(trouble)

    def submit(self, intent: Intent, trouble: Trouble | None = None) -> None:
        """Have a task submitted."""
        before = len(self._tasks)
        intent = self._with_image(intent)
        fields = dict(intent.fields)
        says = f"submit {shown(fields)}"
        act = lambda: self._adapter.submit(dict(fields))  # noqa: E731
        step = self._do(Operation.SUBMIT_TASK, says, trouble, act)
        if not intent.is_fine:
            step.calls = _without_findings(step.calls)  # an odd request is what we asked for
        if "qr_code_url" in fields:
            self._world.clock.freeze()  # it stands; but this waits for the picture to be read
        self._learn()
        made = self._tasks[before:]
        self._judge(checks.manners(step, is_fine=intent.is_fine, pause_s=self._pause_s))
        self._judge(checks.of_submit(step, intent, made[0] if made else None))
        self._after(step)

    def _with_image(self, intent: Intent) -> Intent:
        """Return an intent with the address of a picture that the server can fetch."""
        if intent.fields.get("qr_code_url") != IMAGE:
            return intent
        address = self._server.source_image()
        return replace(intent, fields={**intent.fields, "qr_code_url": address})

    def query(self, number: int, trouble: Trouble | None = None) -> None:
        """Have a task queried: of all there are, the `number`-th, round and round."""
        if self._tasks:
            truth = truth_of(self._tasks[number % len(self._tasks)])
            self._query(truth.task_id, truth, trouble)

    def query_unknown(self) -> None:
        """Have a task queried that there is not."""
        self._query(UNKNOWN_ID, None, None)

    def list_all(self, trouble: Trouble | None = None) -> None:
        """Have every page of the list read, until one is empty."""
        listed: list[str] = []
        for page in range(1, MOST_PAGES):
            step, found = self._list(page, trouble if page == 1 else None)
            if step.error is not None:
                return
            if not found:
                break
            listed += found
            if len(listed) > len(set(listed)):
                raise self._wrong("it lists a task twice: did it send the page it was asked?")
        if missing := {task["task_id"] for task in self._tasks} - set(listed):
            raise self._wrong(
                f"{len(missing)} of {len(self._tasks)} tasks are on none of the pages, such as "
                f"{min(missing)!r}"
            )

    def fill(self, count: int) -> None:
        """Make that many tasks without the client."""
        before = len(self._tasks)
        for _ in range(count):
            self._world.submit(PLAIN.fields)
        self._learn()
        made_now = len(self._tasks) - before
        if made_now != count:
            raise _suite_bug(f"submitted {counted(count, 'task')}, and {made_now} were made")
        made = "1 task is" if count == 1 else f"{count} tasks are"
        self._note(f"{made} made by others of the same account")

    def next_event(self) -> None:
        """Move the clock to the next event, if a task has one: what else comes is months away."""
        if not any(truth_of(task).is_unfinished for task in self._tasks):
            return
        event = self._world.clock.next()
        what = event["kind"].replace("_", " ") if event else "nothing comes"
        self._note(f"time goes on: {what}")
        self._time_has_passed()

    def finish(self) -> None:
        """Move the clock on until every task has ended."""
        self._world.clock.advance("30s")
        self._note("30 seconds later")
        self._time_has_passed()

    def force(self, number: int, state: str) -> int:
        """Put a task that has not ended into a state; return its number among all there are."""
        places = [at for at, task in enumerate(self._tasks) if truth_of(task).is_unfinished]
        if not places:
            return number
        place = places[number % len(places)]
        task_id = self._tasks[place]["task_id"]
        self._world.tasks.force(task_id, state)
        self._note(f"task {task_id} is {state} now")
        self._time_has_passed()
        return place

    def close(self) -> None:
        """Let go of the world and of the client."""
        try:
            if not self._runner.left_behind:
                self._runner.run(getattr(self._adapter, "close", lambda: None))
        except timeout.EndlessError:
            self._story.steps.append(Step(says="close the client", is_endless=True))
            raise self._endless("its close()", 0) from None
        finally:
            self._runner.close()
            self._server.archive(self._world, Calls(self._story.calls()))

    def _query(self, task_id: str, truth: TaskResult | None, trouble: Trouble | None) -> None:
        act = lambda: self._adapter.query(task_id)  # noqa: E731
        step = self._do(Operation.QUERY_TASK, f"query {task_id}", trouble, act)
        is_refused = truth is not None and truth.is_unfinished and self._refuses_unfinished
        self._judge(checks.manners(step, is_fine=truth is not None, pause_s=self._pause_s))
        self._judge(checks.of_query(step, truth, is_refused=is_refused))
        self._after(step)

    def _list(self, page: int, trouble: Trouble | None, why: str = "") -> tuple[Step, list[str]]:
        """Have a page listed; return the ids on it."""
        says = f"{why}list page {page}"
        step = self._do(Operation.LIST_TASKS, says, trouble, lambda: self._listed(page))
        truths = {task["task_id"]: truth_of(task) for task in self._tasks}
        self._judge(checks.manners(step, is_fine=True, pause_s=self._pause_s))
        self._judge(checks.of_page(step, truths))
        if not why:
            self._after(step)
        results = map(result_of, step.value or ())
        return step, [result.task_id for result in results if result is not None]

    def _listed(self, page: int) -> list[Any] | None:
        found: Any = event_loop.finished(lambda: self._adapter.list_tasks(page))
        return None if found is None else list(found)

    def _after(self, step: Step) -> None:
        """After a failure the client is as good as before."""
        if step.error is not None:
            self._list(1, None, why="is it usable still? ")

    def _learn(self) -> None:
        """Take in the tasks that are new. The clock stands, so the others are as they were."""
        last = self._tasks[-1]["number"] if self._tasks else 0
        self._tasks += self._world.admin.every("/tasks", "tasks", last)

    def _do(
        self, operation: Operation, says: str, trouble: Trouble | None, act: Callable[[], Any]
    ) -> Step:
        """Make the client do something, and take note of its calls."""
        with self._troubled(operation, trouble):
            step = Step(says=says)
            began = time.monotonic()
            try:
                step.value = self._runner.run(act)
            except timeout.EndlessError:
                step.is_endless = True
            except Exception as error:  # noqa: BLE001 - what a client raises is its own affair
                step.error = error
            step.seconds = time.monotonic() - began
        calls = self._new_calls()
        # A trouble that met none of the calls has changed nothing.
        step.trouble = trouble if any(call.raw["faults"] for call in calls) else None
        # What is found in a call that was spoilt on order is not the client's doing.
        step.calls = _without_findings(calls) if step.trouble else calls
        self._story.steps.append(step)
        if step.is_endless:
            raise self._endless("it", len(calls))
        return step

    def _endless(self, what: str, calls: int) -> ClientMistakeError:
        left = (
            "; it still hangs in its thread, which nothing can stop from outside, and was left "
            "behind there"
        )
        return self._wrong(
            f"{what} did not come back within {self._runner.seconds:g} s, and made "
            f"{counted(calls, 'call')}{left if self._runner.left_behind else ''}"
        )

    @contextmanager
    def _troubled(self, operation: Operation, trouble: Trouble | None) -> Iterator[None]:
        """Arm a failure for one step."""
        if trouble is None or not self._arm(operation, trouble):
            yield
            return
        yield
        self._world.faults.clear()

    def _arm(self, operation: Operation, trouble: Trouble) -> bool:
        """Arm a failure; False: this server has no connections in hand, and cannot perform it.

        Raises SimulatorBugError for one that is refused all the same.
        """
        rule = trouble.rule | ({"operation": operation} if trouble.for_one else {})
        try:
            self._world.faults.add(**rule)
        except RefusedError as error:
            # Behind a WSGI server nobody has them; `/health` says what serves otherwise.
            if kind_of(rule).connection and "serving" not in self._server.admin.get("/health"):
                return False
            what = f"armed the fault {rule}, and the simulator refused it: {error}"
            raise _suite_bug(what) from None
        return True

    def _new_calls(self) -> Calls:
        calls = self._world.calls_after(self._seen)
        if calls:
            self._seen = calls[-1].id
        bugs = [call for call in calls if call.is_bug]
        if bugs:
            raise SimulatorBugError(self._server.bug_text(bugs))
        return calls

    def _judge(self, mistakes: Iterator[str]) -> None:
        for mistake in mistakes:
            raise self._wrong(mistake)

    def _wrong(self, message: str) -> ClientMistakeError:
        mistake = self._story.wrong(f"the client is wrong: {message}")
        self.on_mistake(mistake)
        return mistake

    def _note(self, says: str) -> None:
        """Tell of something that the client did not do."""
        self._story.steps.append(Step(says=says, is_ours=True))
        self._new_calls()

    def _time_has_passed(self) -> None:
        """Look at the tasks again. Whoever gave an address for callbacks has to take them."""
        self._tasks = [*self._world.tasks]
        if not self.callback_field():
            return
        for callback in self._world.callbacks:
            for attempt in callback["attempts"]:
                if not 200 <= (attempt["status"] or 0) < 300:
                    what = attempt["status"] or attempt["error"]
                    raise self._wrong(f"it answered a callback with {short(what)}")


def _suite_bug(what: str) -> SimulatorBugError:
    return SimulatorBugError(
        f"the client suite {what}. This is a bug of artqr-mock, not of your client: please report "
        "it."
    )


def _without_findings(calls: Sequence[RecordedCall]) -> list[RecordedCall]:
    return [replace(call, findings=()) for call in calls]
