"""The latest real instant that the rows tell of, so that time goes on from there after a restart.

Calls and changes of clocks keep theirs; the default account's clock keeps that of an orderly end.
"""

from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.clock import rebased
from mock_server.store import accounts
from mock_server.store.engine.transaction import Transaction


def latest(tx: Transaction) -> int:
    """Return the instant (ms); 0 for an empty database."""
    clocks = tx.one("select max(real_base_at) as at from account")
    calls = tx.one("select real_at as at from call order by id desc limit 1")
    return max((row["at"] or 0 for row in (clocks, calls) if row), default=0)


def keep(tx: Transaction, real_now: int) -> None:
    """Keep that this real instant was shown. No account's time changes."""
    default = accounts.get(tx, DEFAULT_ID)
    # Another process may have been at work in the database, with a clock that is ahead of ours.
    if default is not None and default.clock.real_base_at < real_now:
        accounts.set_clock(tx, default.id, rebased(default.clock, real_now))
