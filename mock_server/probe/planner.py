"""Chooses the next call of a probe: the one that settles the most for the least money.

Rule 1: what a call can settle and what it can cost are computed by the model, from the worlds that
are still possible. The defaults are likelier than other values.
Rule 2: a submit is worth what a list shows of its task, too.
Rule 3: every call with the buyer's credentials needs a credit of the budget, whatever the model
says: the real service may answer otherwise.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mock_server.probe import hearing, moves
from mock_server.probe.estimates import Estimate, Estimates
from mock_server.probe.known_task import KnownTask
from mock_server.probe.model import (
    Model,
    Situation,
    Submitted,
)
from mock_server.probe.moves import LIST, SIGNED, Move
from mock_server.probe.session import Session

MOST_POLLS = 2  # of one task, or of the list, at one age
TIMING = "callback.timing"
FREE = 0.02  # what a call is taken to cost beside its credit
PATIENCE_MS = 60_000
LISTENS = 5  # how often the patience: what has not come by then does not come


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A call to make after a wait. `value`: how many readings it is expected to settle; `price`:
    how many credits it is expected to cost.
    """

    move: Move
    wait_ms: int = 0
    value: float = 0.0
    price: float = 0.0

    @property
    def rank(self) -> float:
        """How good it is."""
        return self.value / (self.price + FREE)


class Planner:
    """Plans with one model; what it computed once it keeps."""

    def __init__(self, model: Model, patience_ms: int = PATIENCE_MS) -> None:
        self._patience_ms = patience_ms
        self._listen_ms = LISTENS * patience_ms
        self._estimates = Estimates(model)

    def best(self, session: Session, now: int) -> Choice | None:
        """Return the best call to make; None: no call that can be paid for settles anything."""
        if session.stopped:
            return None
        best = self._best_call(session, now)
        if best is None or best.wait_ms:  # to listen costs nothing but time
            return self._best_of(self._listening(session, now)) or best
        return best

    def _best_call(self, session: Session, now: int) -> Choice | None:
        best = self._best_of(self._strangers(session))
        can_pay = session.credits_left > 0 and not session.no_credit
        if best is None and can_pay:
            best = self._best_of(self._just_called(session, now))
        if best is None and can_pay and not session.is_made(moves.UNKNOWN):
            # It tells what a refusal looks like, which almost every other answer depends on.
            best = self._best_of(self._fixed(session, (moves.UNKNOWN,)))
        if best is None:
            best = self._best_of(self._choices(session, now, can_pay=can_pay))
        if best is not None and best.move is moves.WITH_EQUALS and not session.is_made(SIGNED):
            return replace(best, move=SIGNED)  # a wrong secret must not look like a reading
        return best

    def _best_of(self, choices: Iterable[Choice]) -> Choice | None:
        worthy = [each for each in choices if each.value > 0]
        return max(worthy, key=lambda each: each.rank) if worthy else None

    def _strangers(self, session: Session) -> Iterable[Choice]:
        """Yield the calls that cost nothing, because nobody has their credentials."""
        yield from self._fixed(session, [x for x in moves.FIXED if not x.is_own])

    def _fixed(self, session: Session, candidates: Iterable[Move]) -> Iterable[Choice]:
        for move in candidates:
            if _is_offered(session, move) and not session.is_made(move):
                found = self._estimates.call(session, move)
                yield Choice(move=move, value=found.value, price=found.price)

    def _choices(self, session: Session, now: int, *, can_pay: bool) -> Iterable[Choice]:
        yield from self._pictures(session, now)
        if can_pay:
            yield from self._fixed(session, [x for x in moves.FIXED if x.is_own and x is not LIST])
            yield from self._polls(session, now)
            yield from self._submits(session, now)

    def _just_called(self, session: Session, now: int) -> Iterable[Choice]:
        """Yield the queries that only show at this moment which came first, status or callback."""
        for task in session.tasks:
            move = moves.query(moves.submits()[task.move])
            situation = session.situation_of(move, now)
            if situation is None or not situation.tasks[0].is_called:
                continue
            if TIMING in session.hypotheses.open and not session.is_made(move, situation):
                found = self._estimates.poll(session, move, situation)
                yield Choice(move=move, value=found.value, price=found.price)

    def _listening(self, session: Session, now: int) -> Iterable[Choice]:
        """Yield the waits for callbacks that are still to come."""
        for task in session.tasks if session.has_listener else ():
            submitted = moves.submits()[task.move]
            is_over = task.heard_phase in task.listened
            if not submitted.called_kind or is_over or not session.hearing.hears(task):
                continue
            move = moves.callback(submitted)
            wait_ms = max(0, task.listen_until(self._listen_ms) - now)
            yield Choice(move=move, wait_ms=wait_ms, value=self._callback(session, task).value)

    def _awaits_callback(self, session: Session, now: int) -> bool:
        """Whether the first callback of some task is still waited for, or its absence."""
        unheard = {task.move for task in session.tasks if not task.heard}
        return any(
            each.value > 0 and each.move.task in unheard for each in self._listening(session, now)
        )

    def _pictures(self, session: Session, now: int) -> Iterable[Choice]:
        for task in session.tasks:
            move = moves.picture(moves.submits()[task.move])
            situation = session.situation_of(move, now)
            if not task.picture or situation is None or not situation.tasks[0].hours:
                continue
            if not session.is_made(move, situation):
                found = self._estimates.poll(session, move, situation)
                yield Choice(move=move, value=found.value)

    def _polls(self, session: Session, now: int) -> Iterable[Choice]:
        polls = [moves.query(moves.submits()[task.move]) for task in session.tasks]
        for move in [*polls, LIST] if session.tasks or session.lost_submits else []:
            situation = session.situation_of(move, now)
            if situation is None:
                continue
            if session.is_made(move, situation) >= MOST_POLLS:
                continue
            is_looked_for = move is LIST and not session.is_made(LIST, situation)
            lost = len(session.lost_submits) if is_looked_for else 0
            more = lost + self._silence(session, move)
            yield from self._now_or_later(session, move, situation, now, more)

    def _silence(self, session: Session, move: Move) -> float:
        """Return what the silence of a task's callback is expected to settle, once it is known that
        the task has ended.
        """
        task = session.task(move.task) if move.task else None
        if task is None or task.ended_at is not None or task.heard_phase not in task.listened:
            return 0
        is_heard = moves.submits()[task.move].called_kind and session.hearing.hears(task)
        if not session.has_listener or not is_heard:
            return 0
        return self._callback(session, task).value

    def _callback(self, session: Session, task: KnownTask) -> Estimate:
        heard = moves.callback(moves.submits()[task.move])
        return self._estimates.poll(session, heard, hearing.situation_of(task))

    def _now_or_later(
        self, session: Session, move: Move, situation: Situation, now: int, more: float
    ) -> Iterable[Choice]:
        """Yield a poll at once, and one after the tasks should have ended."""
        young = {
            number: wait
            for number, task in enumerate(_tasks_of(session, move))
            if task.ended_at is None and (wait := task.submitted_at + self._patience_ms - now) > 0
        }
        found = self._estimates.poll(session, move, situation, young)
        yield Choice(move=move, value=found.value + more, price=found.price)
        if young:
            found = self._estimates.poll(session, move, situation)
            wait_ms = max(young.values())
            yield Choice(move=move, wait_ms=wait_ms, value=found.value + more, price=found.price)

    def _submits(self, session: Session, now: int) -> Iterable[Choice]:
        situation = session.situation(now)
        if session.lost_submits and session.is_made(LIST, situation) < MOST_POLLS:
            return  # its task is looked for first
        followed: dict[str, list[Estimate]] = {}  # by the kind of the task
        is_awaited = self._awaits_callback(session, now)
        for move in moves.submits().values():
            if session.is_made(move) or not _is_offered(session, move):
                continue
            if move.called_kind and is_awaited:
                continue  # one after the other: the first may settle what the next one is for
            first = self._estimates.submit(session, move)
            choices = [Choice(move=move, value=first.value, price=first.price)]
            if situation is not None and session.credits_left > 1 and first.accepted:
                kinds = move.kind + move.called_kind
                if kinds not in followed:
                    followed[kinds] = self._followed(session, move, situation)
                choices += [_with(move, first, then) for then in followed[kinds]]
            yield max(choices, key=lambda each: each.rank)

    def _followed(self, session: Session, move: Move, situation: Situation) -> list[Estimate]:
        """Return what each poll or callback that can come after a submit is expected to settle."""
        own = Submitted(kind=move.kind)
        after = replace(situation, tasks=(*situation.tasks, own))
        alone = replace(situation, tasks=(own,))
        polls: list[tuple[Move, Situation, tuple[int, ...]]] = [
            (LIST, after, (len(situation.tasks),)), (LIST, after, ()),
            (moves.query(move), alone, (0,)), (moves.query(move), alone, ()),
        ]  # fmt: skip
        if move.called_kind:
            called = Submitted(kind=move.called_kind)
            at_once = replace(called, is_called=True)
            polls.append((moves.callback(move), replace(situation, tasks=(called,)), ()))
            polls.append((moves.query(move), replace(situation, tasks=(at_once,)), ()))
        return [
            self._estimates.poll(session, poll, then_situation, young)
            for poll, then_situation, young in polls
        ]


def _with(move: Move, first: Estimate, then: Estimate) -> Choice:
    """Return a submit with a poll after it: what that shows counts, too."""
    return Choice(
        move=move,
        value=first.value + first.accepted * then.value,
        price=first.price + first.accepted * then.price,
    )


def _tasks_of(session: Session, move: Move) -> list[KnownTask]:
    return [task for task in session.tasks if move.task in (None, task.move)]


def _is_offered(session: Session, move: Move) -> bool:
    """Whether the options of the probe allow a move."""
    if moves.SIGNATURE in move.needs and (session.no_signature or not session.has_signature):
        return False
    if moves.LISTENER in move.needs:
        return session.has_listener and not session.hearing.is_in_vain
    return True
