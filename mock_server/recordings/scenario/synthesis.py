"""Makes a scenario of recorded calls: plays them, and orders a fault where the world answers
otherwise than the recording says.

Rule 1: what the world does by itself (an invalid style, an unknown id, an empty package) needs no
fault.
Rule 2: an exhausted package that stays so until the end becomes the number of credits.
Rule 3: a fault is placed by the number of the call among those of its operation that reach its
stage, because that is what the rules of a scenario count.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from mock_server.domain.account.accounts import AccountTemplate
from mock_server.domain.call.calls import Answer, Operation
from mock_server.domain.call.errors import ErrorTables
from mock_server.domain.faults.kinds import KINDS
from mock_server.domain.faults.rules import Stage as FaultStage
from mock_server.recordings.scenario.calls import RecordedCall
from mock_server.recordings.scenario.orders import (
    NotExpressibleError,
    Order,
    OrderedFault,
    PlacedOrder,
    TaskPlan,
    delay_for,
    merged,
    order_for,
    plan_of,
)
from mock_server.recordings.scenario.outcome import OutcomeKind, damaged
from mock_server.recordings.scenario.player import Player
from mock_server.recordings.scenario.shape import distance
from mock_server.recordings.scenario.tasks import TaskFacts
from mock_server.recordings.scenario.world import Stage, World

EXHAUSTED = "B403MQ"
PLENTY = 1_000_000_000
MAX_OLDER = 1_000
SHAPED = frozenset({OutcomeKind.RESULT, OutcomeKind.REFUSED, OutcomeKind.GATEWAY})

TEXTS = ("remark", "message")  # the parameters of faults that a person wrote

Clean = Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a scenario is made of. `late_ms`: an answer that took so long counts as late.
    `clean`: takes what is personal out of a text.
    """

    calls: Sequence[RecordedCall]
    facts: TaskFacts
    tables: ErrorTables
    late_ms: int
    clean: Clean

    @property
    def starts_at(self) -> int:
        """The instant of the first call (ms)."""
        return self.calls[0].at

    def template(self, readings: Mapping[str, str]) -> AccountTemplate:
        """Return the account before any fault."""
        return AccountTemplate(
            credits=PLENTY,
            readings=dict(readings),
            clock_at=self.starts_at,
            older_tasks=min(len(self.facts.older), MAX_OLDER),
        )


@dataclass(kw_only=True)
class Draft:
    """A scenario in the making. `left`: why the calls of these numbers cannot be expressed.
    `distance`: how far the played answers are from the recorded ones in their shape.
    """

    readings: Mapping[str, str]
    placed: list[PlacedOrder] = field(default_factory=list)
    global_plan: Order | None = None
    credits: int | None = None
    left: dict[int, str] = field(default_factory=dict)
    distance: int = 0

    @property
    def forced(self) -> int:
        """The number of answers that only a fault gives; a late one is the same answer."""
        return sum(each.order["kind"] not in ("task_order", "delay") for each in self.placed)

    @property
    def faults(self) -> list[OrderedFault]:
        """The faults of the scenario: of one slot the first one counts, so tasks come last."""
        found = merged(self.placed)
        found.sort(key=lambda each: each.order["kind"] == "task_order")
        if self.global_plan is not None:
            order = {**self.global_plan, "operation": str(Operation.SUBMIT_TASK)}
            found.append(OrderedFault(order=order, calls=()))
        return found


def synthesize(material: Material, readings: Mapping[str, str], on: Stage) -> Draft:
    """Return the draft for a recording under these readings, played on a stage. Raises UsageError
    for readings that cannot be.
    """
    draft = Draft(readings=readings)
    plans = _plans(material, readings)
    tail = _tail(material, readings)
    played = on.world(material.template(readings), material.starts_at)
    played.count_positions()
    walk = _Walk(
        material=material, draft=draft, world=played, plans=plans,
        player=Player(world=played, calls=material.calls, facts=material.facts),
    )  # fmt: skip
    for place in range(tail):
        walk.step(place)
    if tail < len(material.calls):
        draft.credits = PLENTY - played.balance() or None
        if draft.credits is None:  # none was ever bought: that is another error
            for place in range(tail, len(material.calls)):
                walk.step(place)
    if len({id(plan) for plan in plans.values()}) == 1 and plans:
        draft.global_plan = next(iter(plans.values())).order
        draft.placed = [each for each in draft.placed if each.order["kind"] != "task_order"]
    return draft


def _tail(material: Material, readings: Mapping[str, str]) -> int:
    """Return the place from which on the package is exhausted, or the number of calls."""
    calls = material.calls
    names = {EXHAUSTED}
    if readings.get("gateway.profile") == "classic":
        rows = material.tables.classic.values()
        names = {row.message for row in rows if EXHAUSTED in row.codes}
    place = len(calls)
    while place and (calls[place - 1].operation is None or calls[place - 1].outcome.code in names):
        place -= 1
    has_one = any(each.outcome.code in names for each in calls[place:])
    return place if has_one else len(calls)


def _plans(material: Material, readings: Mapping[str, str]) -> dict[int, TaskPlan]:
    """Return the plan of each submit's task, by place; neighbours share one where one suits all."""
    usual = int(readings.get("result.count", "1"))
    found: dict[int, TaskPlan] = {}
    members: list[int] = []
    shared: TaskPlan | None = None
    for place in sorted(material.facts.ends):
        end = material.facts.ends[place]
        own = plan_of(end, usual, clean=material.clean) if end.is_known else None
        both = own if shared is None else shared if own is None else shared.joined(own)
        if own is not None and shared is not None and both is None:
            found |= dict.fromkeys(members, shared)
            members, both = [], own
        members.append(place)
        shared = both
    if shared is not None:
        found |= dict.fromkeys(members, shared)
    return found


@dataclass(kw_only=True)
class _Walk:
    """Plays the calls one after the other and writes down what had to be ordered."""

    material: Material
    draft: Draft
    world: World
    player: Player
    plans: Mapping[int, TaskPlan]

    def step(self, place: int) -> None:
        """Play one call as the recording has it, with a fault if need be."""
        call = self.material.calls[place]
        plan = self.plans.get(place)
        armed = self._arm(plan.order, Operation.SUBMIT_TASK) if plan is not None else None
        answer, is_kept = self.player.play(place, lambda answer: self._suits(call, answer))
        if not is_kept:
            order, why = self._order_of(place, call)
            if order is not None and armed is not None and _is_of_service(order):
                self.world.disarm(armed)  # of two faults of one stage, the first one counts
                armed = None
            if damaged(answer, call.operation, self.material.tables).word and call.outcome.word:
                why = "the recording does not show the submit of its task, or contradicts itself"
            answer = self._with_fault(place, answer, order, why)
        if armed is not None and plan is not None:
            self.world.disarm(armed)
            self._place(place, plan.order)
        self._measure(call, answer)
        late = call.late_ms or 0
        if late >= self.material.late_ms and call.operation is not None:
            self._place(place, delay_for(late))

    def _arm(self, order: Order, operation: Operation | None) -> int:
        return self.world.arm({**order, "operation": operation})

    def _suits(self, call: RecordedCall, answer: Answer) -> bool:
        return call.outcome.agrees(damaged(answer, call.operation, self.material.tables))

    def _with_fault(self, place: int, natural: Answer, order: Order | None, why: str) -> Answer:
        """Play a call with the fault that makes it what was recorded; without one if none does."""
        call = self.material.calls[place]
        if order is not None:
            rule = self._arm(order, call.operation)
            answer, is_kept = self.player.play(place, lambda answer: self._suits(call, answer))
            self.world.disarm(rule)
            if is_kept:
                self._place(place, order)
                return answer
            seen = damaged(natural, call.operation, self.material.tables)
            why = f"the fault {order['kind']} does not reach it, because it gets {seen.says}"
        self.draft.left[call.number] = why
        return self.player.play(place)[0]

    def _order_of(self, place: int, call: RecordedCall) -> tuple[Order | None, str]:
        """Return the fault for a call's outcome; None with the reason why there is none."""
        if call.operation is None:
            return None, "a fault needs an operation, and the path of this call belongs to none"
        executed = self.material.facts.executed.get(place, True)
        if call.outcome.kind is OutcomeKind.GATEWAY:
            # It was not carried out, unless its task shows up.
            is_executed = executed is True and place in self.material.facts.made
        else:
            is_executed = executed is not False
        is_classic = self.draft.readings.get("gateway.profile") == "classic"
        try:
            order = order_for(
                call.outcome, self.material.tables, is_executed=is_executed, is_classic=is_classic
            )
        except NotExpressibleError as error:
            return None, str(error)
        clean = self.material.clean
        texts: Order = {name: clean(order[name]) for name in TEXTS if name in order}
        return {**order, **texts}, ""

    def _place(self, place: int, order: Order) -> None:
        call = self.material.calls[place]
        assert call.operation is not None  # noqa: S101 - no fault is ordered without one
        position = self.world.position(call.operation, order["kind"])
        self.draft.placed.append(
            PlacedOrder(
                operation=call.operation, position=position, order=order, calls=(call.number,)
            )
        )

    def _measure(self, call: RecordedCall, answer: Answer) -> None:
        outcome = damaged(answer, call.operation, self.material.tables)
        if call.outcome.kind in SHAPED and outcome.agrees(call.outcome):
            self.draft.distance += distance(call.exchange.answer, answer)


def _is_of_service(order: Order) -> bool:
    return KINDS[order["kind"]].stage is FaultStage.SERVICE
