"""A world to play recorded calls in: a simulator in this process, whose time the recording sets."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from mock_server.actions.accounts import accounts, faults
from mock_server.actions.gateway import pipeline
from mock_server.domain.account.accounts import Account, AccountTemplate
from mock_server.domain.call.calls import VENDOR_OPERATIONS, Answer, Call, Operation
from mock_server.domain.callback.payload import Outcome as CallbackOutcome
from mock_server.domain.callback.payload import Posting
from mock_server.domain.faults.kinds import KINDS
from mock_server.domain.faults.rules import Stage as FaultStage
from mock_server.domain.task.source_images import SourceRead
from mock_server.domain.task.tasks import Task
from mock_server.domain.urls import Address
from mock_server.settings import Settings
from mock_server.simulator import Network, Simulator, build_simulator
from mock_server.store import billing, tasks
from mock_server.store import faults as fault_rows
from mock_server.store.engine.transaction import Transaction

SEED = 1
# No recording has so many calls: a rule for this one only counts.
NEVER = 1_000_000_000
FIRST_AT = 1_500_000_000_000
MOST_KEPT = 1_000
# What any source image holds here: nothing is fetched.
CONTENT = "https://example.com/"

Accept = Callable[[Answer], bool]


class _UnwantedAnswerError(Exception):
    """Takes back a call whose answer is not wanted."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


@dataclass(slots=True)
class _Clock:
    now: int

    def __call__(self) -> int:
        return self.now


@dataclass(kw_only=True)
class World:
    """One account of a simulator. `position` counts the calls of an operation that reach a stage,
    as the rules of faults count them. `ahead`: ms from the recording's time to the simulator's.
    """

    simulator: Simulator
    account: Account
    clock: _Clock
    ahead: int
    _counters: dict[tuple[Operation, FaultStage], int] = field(default_factory=dict)

    def pass_to(self, at: int) -> None:
        """Move the time on to an instant of the recording, never back."""
        self.clock.now = max(self.clock.now, at + self.ahead)

    def play(self, call: Call, accept: Accept | None = None) -> tuple[Answer, bool]:
        """Play a call; return its answer, and whether it is kept: one that is not accepted is taken
        back, as if the call had never come.
        """

        def work(tx: Transaction) -> Answer:
            answer = pipeline.handle(tx, self.simulator, call)
            if isinstance(answer, pipeline.Hold):  # time passes as the recording says
                answer = pipeline.handle(tx, self.simulator, call, answer)
            assert isinstance(answer, Answer)  # noqa: S101 - a call is held at most once
            if accept is not None and not accept(answer):
                raise _UnwantedAnswerError(answer)
            return answer

        try:
            return self.simulator.database.run(work), True
        except _UnwantedAnswerError as unwanted:
            return unwanted.answer, False

    def arm(self, order: Mapping[str, Any]) -> int:
        """Arm a fault for the next call that matches; return its id. Raises FaultError."""
        read = faults.read_order(order)
        return self.simulator.database.run(
            lambda tx: faults.arm_rule(tx, self.simulator, self.account, read)
        )

    def disarm(self, rule_id: int) -> None:
        """Disarm a fault."""
        self.simulator.database.run(lambda tx: fault_rows.delete(tx, self.account.id, rule_id))

    def position(self, operation: Operation, kind: str) -> int:
        """Return how many calls of an operation have reached the stage of a kind of fault."""
        rule_id = self._counters[operation, _counted(KINDS[kind].stage)]
        rule = self.simulator.database.read(lambda tx: fault_rows.get(tx, rule_id))
        return rule.seen if rule is not None else 0

    def balance(self) -> int:
        """Return the credits that are left."""
        now = self.account.clock.now(self.clock.now)
        return self.simulator.database.read(lambda tx: billing.balance(tx, self.account.id, now))

    def older_ids(self) -> list[str]:
        """Return the ids of the tasks that it began with, the oldest first."""
        count = self.account.origin.older_tasks
        found = self.simulator.database.read(
            lambda tx: tasks.after(tx, self.account.id, 0, max(1, count))
        )
        return [each.id for each in found][:count]

    def made_after(self, number: int) -> Task | None:
        """Return the first task after a number; None: there is none."""
        found = self.simulator.database.read(lambda tx: tasks.after(tx, self.account.id, number, 1))
        return found[0] if found else None

    def count_positions(self) -> None:
        """Count from here on how many calls reach each stage."""
        for operation in VENDOR_OPERATIONS:
            for stage, order in _COUNTING.items():
                rule_id = self.arm({**order, "operation": operation, "nth": NEVER})
                self._counters[operation, stage] = rule_id


_COUNTING: dict[FaultStage, dict[str, Any]] = {
    FaultStage.GATEWAY: {"kind": "gateway_error", "code": "X500ER"},
    FaultStage.SERVICE: {"kind": "refusal", "remark": "-"},
}


def _counted(stage: FaultStage) -> FaultStage:
    """Return the stage that counts the same calls: the gateway's and the wire's begin together."""
    return FaultStage.SERVICE if stage is FaultStage.SERVICE else FaultStage.GATEWAY


@dataclass(kw_only=True)
class Stage:
    """A simulator that worlds share, each with an account of its own, one after the other."""

    simulator: Simulator
    clock: _Clock

    def world(self, template: AccountTemplate, at: int) -> World:
        """Return a world that begins at an instant, with an account of this template. Raises
        UsageError for a template that cannot be.
        """
        wish = accounts.NewAccount(seed=SEED, origin=template)
        account = self.simulator.database.run(lambda tx: accounts.create(tx, self.simulator, wish))
        # The simulator's time never goes back: a world counts from when it began.
        return World(
            simulator=self.simulator, account=account, clock=self.clock, ahead=self.clock.now - at
        )


@contextmanager
def stage() -> Iterator[Stage]:
    """Yield a stage."""
    clock = _Clock(FIRST_AT)
    settings = Settings(database=":memory:", seed=SEED, journal_calls=MOST_KEPT)
    network = Network(post=_post, fetch=_fetch)
    built = replace(
        build_simulator(settings, real_now=clock, network=network), has_connections=True
    )
    try:
        yield Stage(simulator=built, clock=clock)
    finally:
        built.close()


@contextmanager
def world(template: AccountTemplate, at: int) -> Iterator[World]:
    """Yield a world on a stage of its own; see `Stage.world`."""
    with stage() as own:
        yield own.world(template, at)


def _post(_address: Address, _posting: Posting) -> Future[CallbackOutcome]:
    raise RuntimeError("a world that plays a recording posts no callback")


def _fetch(_address: Address) -> Future[SourceRead]:
    future: Future[SourceRead] = Future()
    future.set_result(SourceRead(content=CONTENT))
    return future
