"""What a session learns from callbacks, and from those that do not come.

Rule 1: silence counts only if the probe has listened since the submit, the task has ended, and a
callback of another task has come on the same way.
Rule 2: a callback that the model says comes in every world, and that did not come, was lost on its
way: that rules out nothing.
Rule 3: the address has a token of this probe, so a task that is called back is one of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mock_server.formatting import printable
from mock_server.probe import callbacks, moves
from mock_server.probe.answers import picture_in
from mock_server.probe.callbacks import Heard
from mock_server.probe.hypotheses import Observation
from mock_server.probe.known_task import KnownTask
from mock_server.probe.model import ENDED, FAILED, Situation, Submitted, label
from mock_server.probe.shape import SeenAnswer
from mock_server.probe.tree import CHANCE

if TYPE_CHECKING:
    from mock_server.probe.session import Session

MOST_SILENT = 2
MOST_STRANGE = 20  # notes of callbacks that belong to no task


@dataclass(slots=True)
class Hearing:
    """`since`: from when on (ms) no callback was missed; None: nobody listens. `unclear`: parts of
    a callback that the way to the listener changes. `heard`: whether one came since. `silent`: for
    how many tasks none came within the time.
    """

    since: int | None = None
    unclear: tuple[str, ...] = ()
    heard: bool = False
    silent: int = 0
    strange: int = 0

    @property
    def is_in_vain(self) -> bool:
        """Whether it is not worth a credit to be called back: nothing comes."""
        return not self.heard and self.silent >= MOST_SILENT

    def hears(self, task: KnownTask) -> bool:
        """Whether no callback of a task can have been missed."""
        return self.since is not None and self.since <= task.submitted_at


def opened(session: "Session", record: Mapping[str, Any]) -> None:
    """Take over that a listener is open."""
    unclear = tuple(part for part in callbacks.CHANGEABLE if part in record["unclear"])
    session.hearing = Hearing(since=int(record["at"]), unclear=unclear)


def came(session: "Session", heard: Heard) -> None:
    """Learn from an attempt of a callback."""
    task = _task_of(session, heard)
    if task is None or not moves.find(task.move).called_kind:
        session.hearing.strange += 1
        if session.hearing.strange <= MOST_STRANGE:
            shown = printable(heard.body[:200].decode("utf-8", "replace"), 200)
            session.notes.append(f"a callback of no task of this probe came: {shown}")
        return
    session.hearing.heard = True
    task.heard.append(heard)
    body = SeenAnswer(status=200, headers={}, body=heard.body)
    task.picture = task.picture or picture_in(body, task.id)
    is_over = task.heard_phase in task.listened
    _learn(session, task, heard.at, is_over=is_over)


def _task_of(session: "Session", heard: Heard) -> KnownTask | None:
    """Return the task that is called back; it may be that of a submit whose answer was lost."""
    task = next((each for each in session.tasks if each.id == heard.task_id), None)
    lost = [moves.find(move) for move, _ in session.lost_submits]
    if task is None and heard.task_id and len(lost) == 1 and lost[0].called_kind:
        return session.adopt(heard.task_id, "was called back")
    return task


def listened(session: "Session", move_name: str, at: int) -> None:
    """Learn from what has not come while the probe listened for a task."""
    task = session.task(str(moves.find(move_name).task))
    if task is None or task.heard_phase in task.listened:
        return
    task.listened.add(task.heard_phase)
    session.hearing.silent += not task.heard and len(task.listened) == 1
    if task.heard:
        _learn(session, task, at, is_over=True)
    elif task.ended_at is None or not session.hearing.hears(task):
        session.notes.append(f"no callback came within the time: {task.move}")
    elif not session.hearing.heard:
        session.notes.append(f"no callback of any task has come, so silence says nothing: "
                             f"{task.move}")  # fmt: skip
    else:
        _learn(session, task, at, is_over=True)


def _learn(session: "Session", task: KnownTask, at: int, *, is_over: bool) -> None:
    move = moves.callback(moves.submits()[task.move])
    situation = situation_of(task)
    shape = callbacks.shape_of(task.heard, label(0), session.hearing.unclear)
    seen = Observation(
        call=session.calls,
        tree=session.model.tree(move, situation),
        shape=shape,
        given={} if task.heard else {f"{CHANCE}state of {label(0)}": task.states},
        view=(lambda x: x) if is_over else callbacks.so_far(len(task.heard)),
    )
    if not task.heard and not session.hypotheses.fits(seen):
        session.notes.append(f"the callback was lost on its way: {task.move}")
        return
    learned = session.hypotheses.learn(seen)
    _note_end(task, learned.chances.get(f"{CHANCE}state of {label(0)}", frozenset()))
    session.take(learned, session.evidence_of(move.name, at, 0, shape))


def _note_end(task: KnownTask, states: Any) -> None:
    if task.heard and states and set(states) <= {ENDED, FAILED}:
        task.states = frozenset(states)


def situation_of(task: KnownTask) -> Situation:
    """Return what the callbacks of a task come after."""
    return Situation(tasks=(Submitted(kind=moves.find(task.move).called_kind),))
