"""The parts of an answer that depend on different readings. They are learned apart.

Rule: how an answer is written does not depend on what it says, nor the other way round; a test
compares this with the model.
"""

from collections.abc import Iterable, Mapping

from mock_server.domain.call.calls import Operation
from mock_server.domain.readings import DEFAULT_READINGS, as_mapping
from mock_server.domain.records import dataclass
from mock_server.probe.hypotheses import FORM, Observation
from mock_server.probe.model import ENDED, label
from mock_server.probe.moves import Move
from mock_server.probe.shape import ACCEPTED, SERVICE, Shape, content, form
from mock_server.probe.tree import CHANCE, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A call that was answered, and how many tasks it can show. `accepting`: see Acceptance."""

    call: int
    move: Move
    tasks: int
    accepting: Mapping[str, str]


def parts_of(
    asked: Asking, tree: Tree, shape: Shape, chances: Mapping[str, frozenset[str]]
) -> Iterable[Observation]:
    """Yield the parts of an answer that depend on different readings: they are learned apart."""
    move, call = asked.move, asked.call
    if shape["author"] != SERVICE or not (move.sees_tasks or move.is_submit):
        yield Observation(call=call, tree=tree, shape=shape, given=chances)
        return
    if move.operation is Operation.GET_PICTURE:
        yield Observation(call=call, tree=tree, shape=shape)
        return
    plain = {name: (value,) for name, value in as_mapping(DEFAULT_READINGS).items()}
    if shape.get("result") == ACCEPTED:
        ended = {f"{CHANCE}state of {label(number)}": (ENDED,)
                 for number in range(asked.tasks)}  # fmt: skip
        accepted = {name: (value,) for name, value in asked.accepting.items()}
        given = {**_ACCEPTED, **accepted, **ended}
        yield Observation(call=call, tree=tree, shape=shape, given=given, view=form)
    written = {name: plain[name] for name in FORM}
    yield Observation(call=call, tree=tree, shape=shape, given={**written, **chances}, view=content)


# A world that accepts every query: what it says is not looked at, only how.
_ACCEPTED = {
    **{name: (value,) for name, value in as_mapping(DEFAULT_READINGS).items() if name not in FORM},
    "task.unfinished": ("empty-list",), "list.retention": ("72h",),
}  # fmt: skip
