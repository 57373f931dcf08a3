"""What the probe knows of readings beforehand, compared with the model: a new reading falls into
one of these sets, or a test fails.
"""

import random
from functools import partial
from typing import Any

import pytest

from mock_server.domain.call.calls import Operation
from mock_server.domain.readings import ALLOWED, DEFAULT_READINGS, as_mapping, with_readings
from mock_server.probe import moves
from mock_server.probe.model import Model, Situation, Submitted, _Fixed, _Lenient, _undone, opened
from mock_server.probe.shape import Shape
from mock_server.probe.unseen import CALLED_BACK, UNSEEN
from tests.support.documents import evidence


def made(model: Model, kind: str, asked: Any) -> object:
    """Return the task that a submit makes; its id is left out."""
    from dataclasses import replace  # noqa: PLC0415

    from mock_server.domain.account import DEFAULT_ID  # noqa: PLC0415
    from mock_server.store import tasks  # noqa: PLC0415

    def work(tx: Any) -> object:
        done = model._call(tx, moves.find(kind), model._sender(Situation()), asked)
        task = tasks.get(tx, DEFAULT_ID, str(done.task_id))
        return None if task is None else replace(task, id="")

    return _undone(model._start(work))


def test_every_submit_is_accepted_under_accepting_readings(model: Model) -> None:
    """And its task is the one that the model makes when it asks only for what shapes a task."""
    known, dice = model.acceptance, random.Random(7)
    assert {"text.too_long", "style.unknown"} < set(known.accepting)
    assert "result.count" in known.shaping
    for _ in range(25):
        readings = {name: dice.choice(values) for name, values in ALLOWED.items()}
        fixed = _Fixed(with_readings(DEFAULT_READINGS, {**readings, **known.accepting}))
        for submit in moves.submits().values():
            if submit.name not in (submit.kind, submit.called_kind) and dice.random() < 0.8:
                continue
            task = made(model, submit.name, fixed)
            assert task is not None, (submit.name, readings)
            assert task == made(model, submit.name, _Lenient(fixed, known)), submit.name


def test_each_reading_is_shown_by_a_call_or_is_known_not_to_be(model: Model) -> None:
    """What no call shows is in UNSEEN, and what only a listener shows is in CALLED_BACK."""
    for name in ALLOWED:
        found = evidence.shown_by(model, name)
        assert (found is None) == (name in UNSEEN), name
        if found is not None:
            move, situation = found[0][0], found[0][1]
            is_called = any(moves.LISTENER in moves.find(x.kind).needs for x in situation.tasks)
            assert (move.is_heard or is_called) == (name in CALLED_BACK), name


@pytest.mark.parametrize("name", UNSEEN)
def test_no_answer_shows_what_only_others_see(model: Model, name: str) -> None:
    """Whatever its value, every call has the same shape."""
    for move, situation, *_ in evidence.calls():
        if move.is_heard or move.operation is Operation.GET_PICTURE:
            continue
        shapes = {tuple(sorted(_shape(model, move, situation, {name: value}).items()))
                  for value in ALLOWED[name]}  # fmt: skip
        assert len(shapes) == 1, move.name


def _shape(model: Model, move: Any, situation: Situation, values: dict[str, str]) -> Shape:
    accepting = {**as_mapping(DEFAULT_READINGS), **model.acceptance.accepting}
    asked = _Fixed(with_readings(DEFAULT_READINGS, {**accepting, **values}))
    answer, labels = _undone(
        model._start(partial(model._answer, move=move, situation=situation, asked=asked))
    )
    return model.reader.shape(answer, move.operation, labels)


def test_what_a_model_found_is_the_same_for_the_next_one(model: Model) -> None:
    """It is found once in a process."""
    with opened() as other:
        assert other.acceptance is model.acceptance


def test_tasks_of_one_kind_are_polled_alike(model: Model) -> None:
    """A submit whose task is polled by its kind is answered like it, in any world."""
    dice = random.Random(8)
    for submit in dice.sample([*moves.submits().values()], 12):
        readings = {name: dice.choice(values) for name, values in ALLOWED.items()}
        asked = _Fixed(with_readings(DEFAULT_READINGS, {**readings, **model.acceptance.accepting}))
        shapes = []
        for kind in (submit.name, submit.kind):
            one = Situation(tasks=(Submitted(kind=kind),))
            answer, labels = _undone(model._start(
                partial(model._answer, move=moves.LIST, situation=one, asked=asked)
            ))  # fmt: skip
            shapes.append(model.reader.shape(answer, Operation.LIST_TASKS, labels))
        assert shapes[0] == shapes[1], submit.name
