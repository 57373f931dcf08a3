"""Which answers to the open questions a recording decides: those that play it best.

Rule 1: a value is taken only if more of the recording is expressed with it, or its answers are
nearer to the recorded ones, or fewer answers have to be forced by a fault. What makes no difference
stays open.
Rule 2: a value that helped only until another was found is given back.
Rule 3: questions that no answer of a recording shows are not tried.
"""

from collections.abc import Mapping
from dataclasses import replace

from mock_server.domain.call.calls import VENDOR_OPERATIONS, Operation
from mock_server.domain.readings import ALLOWED, DEFAULT_READINGS, value_of
from mock_server.domain.usage_errors import UsageError
from mock_server.recordings.scenario.synthesis import Draft, Material, synthesize
from mock_server.recordings.scenario.world import Stage

# More calls decide no more, and take longer.
MOST_CALLS = 300
ROUNDS = 2
# Credentials are replaced, and callbacks, pictures and notices are in no recording of calls.
UNSEEN = ("appcode.", "signature.", "callback.delivery", "callback.on_failure", "callback.timing",
          "notices.", "packages.", "picture.", "image.", "address.")  # fmt: skip
TRIED = {name: values for name, values in ALLOWED.items() if not name.startswith(UNSEEN)}

# Which calls show a reading, by the first word of its name; any call shows the others.
SHOWN_BY: Mapping[str, tuple[Operation, ...]] = {
    "list": (Operation.LIST_TASKS,),
    "result": (Operation.LIST_TASKS, Operation.QUERY_TASK),
    "task": (Operation.LIST_TASKS, Operation.QUERY_TASK, Operation.SUBMIT_TASK),
    "style": (Operation.SUBMIT_TASK,),
    "text": (Operation.SUBMIT_TASK,),
    "short_link": (Operation.SUBMIT_TASK,),
    "callback": (Operation.SUBMIT_TASK,),
}

Score = tuple[int, int, int]


def deduce(material: Material, given: Mapping[str, str], on: Stage) -> dict[str, str]:
    """Return the readings that the recording decides, beside those that are given, played on a
    stage."""
    sample = replace(material, calls=material.calls[:MOST_CALLS])
    found: dict[str, str] = {}
    best = _score(sample, given, on)
    for _ in range(ROUNDS):
        before = dict(found)
        for name, value in _changes(sample, found, given):
            tried = {**found, name: value}
            score = _score(sample, {**given, **tried}, on)
            if score < best:
                found, best = tried, score
        if found == before:
            break
    for name in [*found]:
        without = {other: value for other, value in found.items() if other != name}
        if _score(sample, {**given, **without}, on) <= best:
            found = without
    return found


def _changes(
    material: Material, found: Mapping[str, str], given: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Return the other values of every reading that is not given, and that these calls can show."""
    called = {call.operation for call in material.calls}
    return [
        (name, value)
        for name, values in TRIED.items()
        if name not in given
        and not called.isdisjoint(SHOWN_BY.get(name.partition(".")[0], VENDOR_OPERATIONS))
        for value in values
        if value != found.get(name, value_of(DEFAULT_READINGS, name))
    ]


def _score(material: Material, readings: Mapping[str, str], on: Stage) -> Score:
    """Return how badly a recording is played under these readings: the less, the better."""
    try:
        return _badness(synthesize(material, readings, on))
    except UsageError:  # values that do not go together
        return len(material.calls) + 1, 0, 0


def _badness(draft: Draft) -> Score:
    return len(draft.left), draft.distance, draft.forced
