"""The clock of an account: advance, jump to the next event, freeze, thaw, set its rate."""

from dataclasses import dataclass, replace
from enum import StrEnum

from mock_server.actions.accounts import lookup, notices
from mock_server.actions.callbacks import wait
from mock_server.actions.callbacks.wait import PendingDeliveries
from mock_server.domain import clock as rules
from mock_server.domain.account.accounts import Account
from mock_server.domain.clock import Clock
from mock_server.simulator import Simulator
from mock_server.store import accounts as account_rows
from mock_server.store import billing as billing_rows
from mock_server.store import callbacks as callback_rows
from mock_server.store import tasks as task_rows
from mock_server.store.engine.transaction import Transaction


class Happening(StrEnum):
    """The events that the clock can jump to, in the order of simultaneous events."""

    TASK_END = "task_end"
    CALLBACK_DUE = "callback_due"
    NOTICE_DUE = "notice_due"
    PACKAGE_EXPIRY = "package_expiry"


@dataclass(frozen=True, slots=True, kw_only=True)
class NextEvent:
    """The next event of an account that happens by itself."""

    kind: Happening
    at: int
    task_id: str | None = None
    package: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Changes to a clock, applied in this order; None keeps a value."""

    frozen: bool | None = None
    rate: float | None = None
    advance_ms: int | None = None
    to: int | None = None
    to_next_event: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The account after the change, the instant its clock shows, and the deliveries due by then."""

    account: Account
    now: int
    event: NextEvent | None
    due: PendingDeliveries


def change(tx: Transaction, simulator: Simulator, account_id: str, wanted: Change) -> Changed:
    """Change the clock of an account. Raises domain.clock.ClockError for an invalid change."""
    account = lookup.find(tx, account_id)
    real_now = simulator.real_now()
    clock = _set(account.clock, wanted, real_now)
    event = None
    if wanted.to_next_event:
        account = notices.catch_up(tx, simulator, account, clock.now(real_now))
        event = next_event(tx, account, clock.now(real_now))
    if event is not None:
        clock = rules.jump(clock, to=event.at, real_now=real_now)
    account_rows.set_clock(tx, account_id, clock)
    now = clock.now(real_now)
    notices.catch_up(tx, simulator, account, now)
    tx.after_commit.append(lambda: simulator.due_signal.notify(0))
    tx.tell_others()
    return Changed(
        account=lookup.find(tx, account_id),
        now=now,
        event=event,
        due=wait.due(tx, account_id, now),
    )


def next_event(tx: Transaction, account: Account, now: int) -> NextEvent | None:
    """Return the next event after `now`; None if no event will happen by itself."""
    found = []
    if row := task_rows.next_end(tx, account.id, now):
        found.append(NextEvent(kind=Happening.TASK_END, **row))
    if row := callback_rows.next_due(tx, account.id, now):
        found.append(NextEvent(kind=Happening.CALLBACK_DUE, **row))
    if (at := notices.next_at(tx, account)) is not None:
        found.append(NextEvent(kind=Happening.NOTICE_DUE, at=at))
    if row := billing_rows.next_expiry(tx, account.id, now):
        found.append(NextEvent(kind=Happening.PACKAGE_EXPIRY, **row))
    return min(found, key=lambda event: event.at, default=None)


def _set(clock: Clock, wanted: Change, real_now: int) -> Clock:
    if wanted.frozen is True:
        clock = rules.freeze(clock, real_now=real_now)
    if wanted.frozen is False:
        clock = rules.thaw(clock, real_now=real_now)
    if wanted.rate is not None:
        clock = rules.set_rate(clock, wanted.rate, real_now=real_now)
    if wanted.advance_ms is not None:
        to = clock.now(real_now) + wanted.advance_ms
        clock = rules.jump(clock, to=to, real_now=real_now)
    if wanted.to is not None:
        clock = replace(rules.jump(clock, to=wanted.to, real_now=real_now), pinned=True)
    return clock
