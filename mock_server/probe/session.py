"""A probe so far: what was sent, paid and learned. It follows from the records of the probe's file.

Rule 1: `apply` is the only way that anything changes, for a call that is made now and for one that
is read from the file. So a probe that goes on stands where it stopped.
Rule 2: a call is charged when it is sent; only an answer with another status than 200 gives the
price back, and none of 500 and above: it may hide that the call was carried out.
Rule 3: an error that may pass rules out nothing. A submit is never sent twice, nor is a call that
may have been paid for; a submit that was lost is looked for in the list.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mock_server.checker import budget as rules
from mock_server.checker.budget import Budget, Spent
from mock_server.contract import load_catalogue
from mock_server.domain.answer.envelope import service_body
from mock_server.domain.call.calls import Operation
from mock_server.domain.call.errors import Means
from mock_server.probe import callbacks, charges, hearing, journal, moves
from mock_server.probe.answers import described, page_of, passing, picture_in, row_key
from mock_server.probe.hearing import Hearing
from mock_server.probe.hypotheses import Conflict, Hypotheses, Learned, NewShape
from mock_server.probe.known_task import KnownTask
from mock_server.probe.model import ENDED, FAILED, Model, Situation, Submitted, label
from mock_server.probe.moves import Move
from mock_server.probe.parts import Asking, parts_of
from mock_server.probe.shape import (
    GATEWAY,
    OTHER,
    SeenAnswer,
    Shape,
    error_of,
    form,
    only,
)
from mock_server.probe.tree import CHANCE

CALLED = 500  # more than any age: a query just after a callback is another call
MOST_TEMPORARY = 6
MOST_FOREIGN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A call with its answer, as a reading's value rests on it."""

    call: int
    move: str
    at: int
    status: int
    shows: str


@dataclass(slots=True)
class Pending:
    """A call whose answer has not come."""

    number: int
    move: Move
    at: int
    situation: Situation | None
    key: tuple[str, int, bool]


@dataclass(slots=True)
class Session:
    """See the module. `stopped`: why no more calls are made. `no_credit`: none that may cost.

    `balance`: the credits that the console showed last, and the last call before that; `unsure`:
    how many calls since then may have been answered.
    """

    model: Model
    budget: Budget
    hypotheses: Hypotheses = field(default_factory=Hypotheses)
    spent: Spent = field(default_factory=Spent)
    calls: int = 0
    tasks: list[KnownTask] = field(default_factory=list)
    made: Counter[tuple[str, int, bool]] = field(default_factory=Counter)
    given_up: set[str] = field(default_factory=set)
    lost_submits: list[tuple[str, int]] = field(default_factory=list)
    evidence: dict[str, Evidence] = field(default_factory=dict)
    new_shapes: list[NewShape] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    answers: dict[int, tuple[str, SeenAnswer]] = field(default_factory=dict)
    is_at_vendor_host: bool = False
    uses_vendor_host: bool = False
    has_listener: bool = False
    hearing: Hearing = field(default_factory=Hearing)
    has_signature: bool = False
    stopped: str = ""
    no_credit: bool = False
    no_signature: str = ""
    _pending: Pending | None = None
    _temporary: int = 0
    balance: tuple[int, int] | None = None
    unsure: int = 0
    _foreign: int = 0

    def apply(self, record: Mapping[str, Any]) -> None:
        """Take over what a record says."""
        kind = record["kind"]
        if kind == "call":
            self.end_pending("the probe was interrupted")
            self._sent(int(record["n"]), moves.find(record["move"]), int(record["at"]))
        elif kind == "answer":
            self._answered(journal.answer_of(record), int(record["at"]))
        elif kind == "lost":
            self._lost(str(record["why"]), was_sent=bool(record["was_sent"]))
        elif kind == "balance":
            charges.look(self, int(record["credits"]))
        elif kind == "listener":
            hearing.opened(self, record)
        elif kind == "callback":
            hearing.came(self, callbacks.heard_of(record))
        elif kind == "listened":
            hearing.listened(self, str(record["move"]), int(record["at"]))

    def end_pending(self, why: str) -> None:
        """Take a call for lost whose answer is not in the file."""
        if self._pending is not None:
            self._lost(why, was_sent=True)

    def situation(self, now: int) -> Situation | None:
        """Return what a call comes after; None while the age of some task says nothing."""
        ages = [(task, task.age(now)) for task in self.tasks]
        if any(age is None for _, age in ages):
            return None
        return self._situation(
            tuple(Submitted(kind=moves.find(task.move).kind, hours=age or 0) for task, age in ages)
        )

    def _situation(self, tasks: tuple[Submitted, ...]) -> Situation:
        return Situation(
            tasks=tasks,
            has_vendor_host=self.is_at_vendor_host or self.uses_vendor_host,
        )

    def situation_of(self, move: Move, now: int) -> Situation | None:
        """Return what one move comes after, as far as it depends on it."""
        if not move.sees_tasks:
            return self._situation(())
        if move.task is None:
            return self.situation(now)
        task = self.task(move.task)
        age = None if task is None else task.age(now)
        if task is None or age is None:
            return None
        return self._situation((self._submitted(task, move, age, now),))

    def _submitted(self, task: KnownTask, move: Move, age: int, now: int) -> Submitted:
        """Return a task as one move sees it."""
        submitted = moves.find(task.move)
        if move.operation is Operation.QUERY_TASK and task.is_just_called(now):
            return Submitted(kind=submitted.called_kind, is_called=True)
        return Submitted(kind=submitted.kind, hours=age)

    def task(self, move: str) -> KnownTask | None:
        """Return the task of a submit."""
        return next((task for task in self.tasks if task.move == move), None)

    def key(self, move: Move, situation: Situation | None) -> tuple[str, int, bool]:
        """Return what counts as the same call: the same move, Host header, and age of its tasks.

        A list of more tasks is another call.
        """
        tasks = situation.tasks if situation and move.sees_tasks else ()
        age = tasks[-1].hours if tasks else 0
        called = CALLED * bool(tasks and tasks[-1].is_called)
        return move.name, age + called + 1000 * len(tasks), self.uses_vendor_host

    def is_made(self, move: Move, situation: Situation | None = None) -> int:
        """Return how often a call was made."""
        return self.made[self.key(move, situation)]

    @property
    def credits_left(self) -> int:
        """How many calls may still be charged."""
        if self.budget.most_fen is None or self.budget.price_fen == 0:
            return self.budget.most_calls - self.calls
        return (self.budget.most_fen - self.spent.fen) // self.budget.price_fen

    def _sent(self, number: int, move: Move, at: int) -> None:
        self.calls = max(self.calls, number)
        situation = self.situation_of(move, at)
        key = self.key(move, situation)
        self.made[key] += 1
        if move.is_own:
            self.spent = rules.sent(self.budget, self.spent)
        self._pending = Pending(number, move, at, situation, key)

    def _lost(self, why: str, *, was_sent: bool) -> None:
        pending, self._pending = self._pending, None
        if pending is None:
            return
        move = pending.move
        self.notes.append(f"call {pending.number} ({move.name}) has no answer: {why}")
        self._count_temporary(why)
        if not move.is_own:
            self._make_again(pending)
        elif not was_sent:
            self.spent = rules.answered(self.budget, self.spent, 0)
            self._make_again(pending)
        else:
            self.unsure += 1
            if move.is_submit:
                self.lost_submits.append((move.name, pending.at))

    def _make_again(self, pending: Pending) -> None:
        """Let a call that cost nothing be made once more."""
        again = f"again: {pending.move.name}"
        if again not in self.given_up:
            self.given_up.add(again)
            self.made[pending.key] -= 1

    def _answered(self, answer: SeenAnswer, at: int) -> None:
        pending, self._pending = self._pending, None
        if pending is None:
            return
        move = pending.move
        if move.is_own and answer.status < 500:  # behind such an error it may have been carried out
            self.spent = rules.answered(self.budget, self.spent, answer.status)
        self.answers[pending.number] = (move.name, answer)
        if move.operation is Operation.LIST_TASKS:
            self._adopt(answer)
            pending.situation = self.situation(pending.at)
        elif move.task is not None:  # if the answer took long, it is not of that moment
            pending.situation = self.situation_of(move, max(at, pending.at))
        shown = [task for task in self.tasks if move.task in (None, task.move)]
        labels = {task.id: label(number) for number, task in enumerate(shown)}
        shape = self.model.reader.shape(answer, move.operation, labels)
        if why := passing(answer, shape):
            self._passed(pending, answer, why)
            return
        if self._is_refused_buyer(move, answer, shape, pending) or pending.situation is None:
            return
        self._learn(pending, answer, shape)
        if move.is_submit and answer.status == 200:
            self._keep_task(move, answer, pending.at)

    def _learn(self, pending: Pending, answer: SeenAnswer, shape: Shape) -> None:
        if pending.situation is None:
            return
        chances: dict[str, Any] = {}
        if pending.move.operation is Operation.LIST_TASKS and len(pending.situation.tasks) > 1:
            chances = self._learn_items(pending, answer, shape)
        self._learn_shape(pending, answer, shape, pending.situation, chances)
        tasks = [x for x in self.tasks if pending.move.task in (None, x.move)]
        self._note_ends(tasks, chances, answer, pending.at)

    def _learn_items(
        self, pending: Pending, answer: SeenAnswer, shape: Shape
    ) -> dict[str, frozenset[str]]:
        """Learn from each task of a list alone: no item of a list depends on the others."""
        chances: dict[str, frozenset[str]] = {}
        situation = pending.situation
        assert situation is not None  # noqa: S101 - see _learn
        for number, task in enumerate(situation.tasks):
            one = replace(situation, tasks=(task,))
            found: dict[str, Any] = {}
            self._learn_shape(pending, answer, only(shape, label(number)), one, found)
            for states in found.values():
                chances[f"{CHANCE}state of {label(number)}"] = states
        return chances

    def _learn_shape(
        self, pending: Pending, answer: SeenAnswer, shape: Shape, situation: Situation,
        chances: dict[str, Any],
    ) -> None:  # fmt: skip
        """Learn from a shape; `chances` is narrowed to what may have happened."""
        tree = self.model.tree(pending.move, situation)
        asked = Asking(
            call=pending.number, move=pending.move, tasks=len(situation.tasks),
            accepting=self.model.acceptance.accepting,
        )  # fmt: skip
        for part in parts_of(asked, tree, shape, chances):
            learned = self.hypotheses.learn(part)
            if part.view is not form:  # that part was looked at in a world of its own
                chances.update(learned.chances)
            self.take(
                learned, self.evidence_of(pending.move.name, pending.at, answer.status, shape)
            )
        self._foreign = self._foreign + 1 if shape["author"] == OTHER else 0
        if self._foreign >= MOST_FOREIGN:
            self.stopped = (
                f"the answers are not those of this API ({described(answer)}): "
                "check the address, and what is between you and it"
            )

    def evidence_of(self, move: str, at: int, status: int, shape: Shape) -> Evidence:
        """Return an answer to the last call, or a callback, as evidence."""
        shown = ", ".join(f"{part}: {value}" for part, value in shape.items() if part != "author")
        return Evidence(call=self.calls, move=move, at=at, status=status, shows=shown)

    def take(self, learned: Learned, evidence: Evidence) -> None:
        """Keep what was learned, with its evidence."""
        self.new_shapes += learned.new_shapes
        if learned.conflict is not None:
            self.conflicts.append(learned.conflict)
        for name in learned.settled:
            self.evidence[name] = evidence
        self.uses_vendor_host |= self.hypotheses.settled.get("host.check") == "vendor-host"

    def _note_ends(
        self, tasks: list[KnownTask], chances: Mapping[str, frozenset[str]], answer: SeenAnswer,
        at: int,
    ) -> None:  # fmt: skip
        """Keep which tasks have ended, and where their pictures are."""
        for number, task in enumerate(tasks):
            states = chances.get(f"{CHANCE}state of {label(number)}")
            has_ended = bool(states) and set(states or ()) <= {ENDED, FAILED}
            found = picture_in(answer, task.id)
            if found and not task.picture:
                task.picture = found
            if (has_ended or found) and task.ended_at is None:
                task.ended_at = at
            if has_ended:
                task.states = frozenset(states or ())

    def _keep_task(self, move: Move, answer: SeenAnswer, at: int) -> None:
        body = service_body(answer.body) or {}
        task_id = body.get("task_id")
        if isinstance(task_id, str | int) and str(body.get("ret_code")) == "0":
            self.tasks.append(KnownTask(move=move.name, id=str(task_id), submitted_at=at))

    def _adopt(self, answer: SeenAnswer) -> None:
        """Take the one task of the list that is not known for that of the lost submit."""
        page, items = page_of(answer)
        if len(self.lost_submits) != 1 or not items:
            return
        listed = [str(item.get("task_id")) for item in items]
        known = {task.id for task in self.tasks}
        others = [each for each in listed if each not in known]
        if len(others) != 1 or len(listed) != len(known) + 1 or page.get("allNum") != len(listed):
            return
        self.adopt(others[0], "is in the list")

    def adopt(self, task_id: str, found: str) -> KnownTask:
        """Take a task for that of the lost submit; `found` says where it was found."""
        move, sent_at = self.lost_submits.pop()
        task = KnownTask(move=move, id=task_id, submitted_at=sent_at)
        self.notes.append(f"the task of the lost call ({move}) {found}: {task_id}")
        self.tasks.append(task)
        self.tasks.sort(key=lambda each: each.submitted_at)
        return task

    def _passed(self, pending: Pending, answer: SeenAnswer, why: str) -> None:
        """Take an error that may pass for nothing. What was not paid for may be made again."""
        self.notes.append(f"call {pending.number} ({pending.move.name}) told nothing: {why}")
        self._count_temporary(why)
        if pending.move.is_submit:
            self.lost_submits.append((pending.move.name, pending.at))
        elif answer.status != 200 and (answer.status < 500 or not pending.move.is_own):
            self._make_again(pending)

    def _count_temporary(self, why: str) -> None:
        self._temporary += 1
        if self._temporary >= MOST_TEMPORARY:
            self.stopped = f"too many calls told nothing, the last one: {why}; --continue later"

    def _is_refused_buyer(
        self, move: Move, answer: SeenAnswer, shape: Shape, pending: Pending
    ) -> bool:
        """Whether the gateway refuses the buyer, which says nothing of any reading."""
        error = error_of(answer)
        if not move.is_own or shape["author"] != GATEWAY or error is None:
            return False
        if pending.situation is not None and self._is_expected(pending, shape):
            return False
        row = load_catalogue().errors.row_of(*row_key(error, answer))
        if row is None:
            return False
        why = f"{' '.join(filter(None, error))[:160]} (HTTP {answer.status})"
        if moves.SIGNATURE in move.needs:
            self.no_signature = f"the signed call was refused: {why}: check AppKey and AppSecret"
            self.notes.append(self.no_signature)
        elif row.means is Means.BUY:
            self.no_credit = True
            self.notes.append(f"the account has no credit left: {why}")
        else:
            self.stopped = f"the gateway refuses the account: {why}"
        return True

    def _is_expected(self, pending: Pending, shape: Shape) -> bool:
        """Whether some world answers this, whatever was learned before."""
        if pending.situation is None:
            return False
        tree = self.model.tree(pending.move, pending.situation)
        parts = ("status", "X-Ca-Error-Code", "X-Ca-Error-Message")
        return any(
            all(each.shape.get(part) == shape.get(part) for part in parts)
            for each in tree.outcomes(self.hypotheses.domains(), 100_000)
        )
