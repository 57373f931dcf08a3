"""What a clock shows, and what comes next on it. Only reads."""

from dataclasses import dataclass

from mock_server.actions.clock import NextEvent, next_event
from mock_server.domain.account.accounts import Account
from mock_server.domain.clock import Clock
from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFace:
    """The clock of an account, the instant that it shows (ms), and its next event, if any."""

    clock: Clock
    now: int
    next: NextEvent | None


def face(tx: Transaction, simulator: Simulator, account: Account) -> ClockFace:
    """Return what the clock of an account shows."""
    now = account.clock.now(simulator.real_now())
    return ClockFace(clock=account.clock, now=now, next=next_event(tx, account, now))
