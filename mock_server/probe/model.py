"""The model: a world of the simulator in this process, asked what it would answer.

Rule 1: each question is one transaction that is undone, so each begins in the same world.
Rule 2: how long a task takes and whether it succeeds is chance, unless a reading decides it: the
real service's tasks have their own times (claim task-duration).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, ClassVar, TypeVar, cast

from mock_server.actions.accounts import accounts
from mock_server.actions.gateway import pipeline
from mock_server.actions.operations import pictures
from mock_server.actions.operations.pictures import Missing
from mock_server.actions.operations.source_images import read_task
from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.account.accounts import DEFAULT_APP_CODE, Account
from mock_server.domain.answer.envelope import parsed
from mock_server.domain.call.calls import VENDOR_HOST, Operation
from mock_server.domain.callback import payload
from mock_server.domain.durations import UNIT_MS
from mock_server.domain.readings import DEFAULT_READINGS, Readings, with_readings
from mock_server.domain.task import tasks as rules
from mock_server.domain.task.source_images import judged
from mock_server.domain.task.tasks import Status, Task
from mock_server.probe import acceptance, callbacks, moves
from mock_server.probe.acceptance import DEFAULTS, Acceptance
from mock_server.probe.lone_world import lone_simulator
from mock_server.probe.moves import Move
from mock_server.probe.request import Sender
from mock_server.probe.shape import Reader, SeenAnswer, Shape, names_in, seen
from mock_server.probe.tree import IDS, Asked, ImpossibleError, Tree
from mock_server.settings import Settings
from mock_server.store import tasks as task_rows
from mock_server.store.engine.transaction import Transaction

T = TypeVar("T")
NOW = 1_700_000_000_000
HOUR_MS = UNIT_MS["h"]
DAYS_BEFORE = 30
NO_CALLS = Settings(database=":memory:", seed=1, journal_calls=1)
OTHER_HOST = "probed.invalid"
# What a task can have become, and what chance says of one that no reading decides.
PENDING, RUNNING, ENDED, FAILED = "pending", "running", "ended", "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """A task that was submitted before: of which kind (see Move), and how many hours ago.

    `is_called`: its callback has come just now.
    """

    kind: str
    hours: int = 0
    is_called: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a call comes after: the tasks, in the order of their submits, and the Host header."""

    tasks: tuple[Submitted, ...] = ()
    has_vendor_host: bool = False


class _UndoneError(Exception):
    """Undoes the transaction of a question, and carries its answer out."""

    def __init__(self, found: object) -> None:
        super().__init__()
        self.found = found


class Model:
    """One world in this process. Close it after use."""

    _acceptance: ClassVar[Acceptance | None] = None

    def __init__(self) -> None:
        self._now = NOW - DAYS_BEFORE * 24 * HOUR_MS  # a clock does not go back behind its start
        built = lone_simulator(NO_CALLS, lambda: self._now)
        self._simulator = replace(built, real_now=lambda: self._now, machine_now=lambda: self._now)
        self._account: Account = built.database.run(
            lambda tx: accounts.ensure_default(tx, self._simulator)
        )
        self._trees: dict[tuple[str, Situation], Tree] = {}
        if Model._acceptance is None:
            Model._acceptance = acceptance.found(
                lambda move: self.tree(move, Situation()), self._task_made
            )

    def close(self) -> None:
        """Close the world."""
        self._simulator.close()

    def tree(self, move: Move, situation: Situation) -> Tree:
        """Return the tree of a move in a situation."""
        same = moves.of_kind(move)
        key = (same.name, situation if same.sees_tasks else replace(situation, tasks=()))
        if key not in self._trees:
            self._trees[key] = Tree(lambda asked: self._shapes(same, key[1], asked))
        return self._trees[key]

    @cached_property
    def reader(self) -> Reader:
        """Reads shapes: it knows the names of fields that the simulator's answers have anyway."""
        known: set[str] = set()
        plain = moves.submit()
        for changes in ({}, {"envelope.text_field": "msg"}, {"list.shape": "pagebean"}):
            readings = with_readings(DEFAULT_READINGS, changes)
            for move in (plain, moves.query(plain), moves.LIST):
                situation = Situation(tasks=() if move is plain else (Submitted(kind=plain.name),))
                answered = self._start(
                    partial(self._answer, move=move, situation=situation, asked=_Fixed(readings))
                )
                known |= names_in(parsed(_undone(answered)[0].body))
        return Reader(known=frozenset(known))

    @property
    def acceptance(self) -> Acceptance:
        """Return which readings decide over submits: it is the same for every model."""
        assert Model._acceptance is not None  # noqa: S101 - see __init__
        return Model._acceptance

    def _task_made(self, move: Move, values: Mapping[str, str]) -> object:
        """Return the task that a submit makes under readings; its id is left out."""
        asked = _Fixed(with_readings(DEFAULT_READINGS, values))

        def made(tx: Transaction) -> object:
            done = self._call(tx, move, self._sender(Situation()), asked)
            task = task_rows.get(tx, DEFAULT_ID, str(done.task_id))
            return None if task is None else replace(task, id="")

        return _undone(self._start(made))

    def _shapes(
        self, move: Move, situation: Situation, all_asked: Sequence[Asked]
    ) -> list[Shape | None]:
        """Return the shape of the answer for each of these choices."""
        reader = self.reader

        def shape(tx: Transaction, asked: Asked) -> Shape | None:
            try:
                if move.is_heard:
                    return self._heard(tx, situation, asked)
                answer, labels = self._answer(tx, move, situation, asked)
            except ImpossibleError:
                return None
            return reader.shape(answer, move.operation, labels)

        # All are handed in before the first is waited for: they share turns of the database.
        started = [self._start(partial(shape, asked=asked)) for asked in all_asked]
        return [_undone(each) for each in started]

    def _start(self, work: Callable[[Transaction], T]) -> "Future[T]":
        """Run a work in a transaction that is undone."""

        def undone(tx: Transaction) -> T:
            self._now = NOW
            raise _UndoneError(work(tx))

        return self._simulator.database.start(undone)

    def _answer(
        self, tx: Transaction, move: Move, situation: Situation, asked: Any
    ) -> tuple[SeenAnswer, dict[str, str]]:
        """Return the answer to a move, and the names of the tasks by their ids."""
        sender = self._sender(situation)
        ids = self._tasks(tx, situation, sender, asked)
        labels = {task_id: label(number) for number, task_id in enumerate(ids)}
        if move.operation is Operation.GET_PICTURE:
            return self._picture(tx, ids[0], asked), labels
        sender = replace(sender, tasks={str(move.task): ids[0]} if ids else {})
        answer = self._call(tx, move, sender, asked).answer
        return seen(answer.status, answer.headers, answer.body), labels

    def _tasks(
        self, tx: Transaction, situation: Situation, sender: Sender, asked: Any
    ) -> list[str]:
        """Make the tasks of a situation, and return their ids."""
        ids: list[str] = []
        for number, each in enumerate(situation.tasks):
            self._now = NOW - each.hours * HOUR_MS + number
            ids.append(self._submitted(tx, each.kind, sender, asked))
        self._now = NOW + len(ids)
        for number, each in enumerate(situation.tasks):
            self._become(tx, ids[number], label(number), each, asked)
        return ids

    def _heard(self, tx: Transaction, situation: Situation, asked: Any) -> Shape:
        """Return the shape of the callbacks of a task."""
        (task_id,) = self._tasks(tx, situation, self._sender(situation), asked)
        task = task_rows.get(tx, DEFAULT_ID, task_id)
        if task is None:
            raise ImpossibleError
        readings = cast("Readings", asked)
        return callbacks.shape_of(callbacks.expected(task, readings, "", self._now), label(0))

    def _submitted(self, tx: Transaction, kind: str, sender: Sender, asked: Any) -> str:
        """Submit a task that was accepted, and return its id.

        What decides whether it is accepted is known by then, so only what shapes the task is asked.
        """
        known = Model._acceptance  # None while it is found, which takes no readings but plain ones
        lenient = asked if known is None else _Lenient(asked, known)
        done = self._call(tx, moves.find(kind), sender, lenient)
        if done.task_id is None:
            raise ImpossibleError
        return str(done.task_id)

    def _sender(self, situation: Situation) -> Sender:
        return Sender(
            app_code=DEFAULT_APP_CODE,
            key=self._account.app_key,
            secret=self._account.app_secret,
            host=VENDOR_HOST if situation.has_vendor_host else OTHER_HOST,
            listener=moves.ANY_LISTENER,
            nonce="a nonce",
        )

    def _call(self, tx: Transaction, move: Move, sender: Sender, asked: Any) -> Any:
        request = move.build(replace(sender, now=self._now, nonce=f"{move.name} {self._now}"))
        return pipeline.foresee(tx, self._simulator, request.as_call(), cast("Readings", asked))

    def _become(
        self, tx: Transaction, task_id: str, name: str, submitted: Submitted, asked: Any
    ) -> None:
        """Give a task the state that chance says."""
        task = task_rows.get(tx, DEFAULT_ID, task_id)
        if task is None:
            raise ImpossibleError
        move = moves.find(submitted.kind)
        is_over = submitted.hours or submitted.is_called
        options = (ENDED,) if is_over else (PENDING, RUNNING, ENDED)
        if not move.decides_outcome:
            options = (*options, FAILED)
        state = asked.chance(f"state of {name}", options)
        at = self._now - max(0, submitted.hours * HOUR_MS - 1)
        if task.content is None and state == ENDED:
            task = read_task(task, judged(move.image_read, asked), at)
        task = replace(task, plan=_plan(task, state, at))
        if submitted.is_called:
            task = replace(task, plan=_called(task.plan, at, cast("Readings", asked)))
        task_rows.set_plan(tx, task)

    def _picture(self, tx: Transaction, task_id: str, asked: Any) -> SeenAnswer:
        """Return the answer to a fetch of a task's first picture."""
        task = task_rows.get(tx, DEFAULT_ID, task_id)
        account = replace(self._account, readings=cast("Readings", asked))
        if task is None or task.plan.outcome is not Status.SUCCEEDED:
            raise ImpossibleError
        found = pictures.of_task(account, task, 1, self._now)
        return SeenAnswer(status=found.status if isinstance(found, Missing) else 200, headers={})


def _undone(started: "Future[T]") -> T:
    """Wait for a work that is undone, and return what it found."""
    try:
        return started.result()
    except _UndoneError as done:
        return cast("T", done.found)


class _Lenient:
    """Readings under which every submit is accepted; those that shape its task are asked."""

    def __init__(self, asked: Any, known: Acceptance) -> None:
        self._asked = asked
        self._known = known

    def __getattr__(self, name: str) -> Any:
        reading = IDS[name]
        if reading in self._known.shaping:
            return getattr(self._asked, name)
        return self._known.accepting.get(reading) or DEFAULTS[reading]


class _Fixed:
    """Readings for which nothing is chosen."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def __getattr__(self, name: str) -> Any:
        return getattr(self._readings, name)

    def chance(self, _name: str, options: tuple[str, ...]) -> str:
        """Return that a task has ended."""
        return ENDED if ENDED in options else options[0]


def _plan(task: Task, state: str, at: int) -> rules.Plan:
    """Return the plan of a task that is in a state; it ended `at`."""
    plan = replace(task.plan, queries_left=None)
    submitted = plan.submitted_at
    if state == PENDING:
        return replace(plan, starts_at=at + HOUR_MS, ends_at=None)
    if state == RUNNING:
        return replace(plan, starts_at=submitted, ends_at=None)
    outcome = Status.FAILED if state == FAILED else plan.outcome
    return replace(
        plan, starts_at=submitted, ends_at=max(at, submitted), outcome=outcome, held_until=None
    )


def _called(plan: rules.Plan, at: int, readings: Readings) -> rules.Plan:
    """Return the plan of a task whose callback was due `at`: its status may change only later."""
    due_at = payload.due_at(replace(plan, ends_at=at), readings, 0) or at
    return replace(plan, ends_at=at + (at - due_at))


def label(number: int) -> str:
    """Return the name of a task in shapes, by its place among those of the situation."""
    return f"task {number + 1}"


@contextmanager
def opened() -> Iterator[Model]:
    """Give a model for the length of a `with` block."""
    model = Model()
    try:
        yield model
    finally:
        model.close()
