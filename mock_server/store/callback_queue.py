"""How many callbacks are to come, in all accounts, and how late the oldest one is."""

from mock_server.domain.records import dataclass
from mock_server.store.engine.transaction import Transaction

# A look at more would hold up whoever asks.
MOST = 1_000_000

# What the clock of an account shows, as domain/clock.py computes it.
_NOW = (
    "account.base_at + (case when account.frozen = 1 or ? < account.real_base_at then 0"
    " else (? - account.real_base_at) * account.rate end)"
)
_QUEUE = (
    "select state, count(*) as many, sum(case when late >= 0 then 1 else 0 end) as due,"
    " max(late) as latest from"
    f" (select callback.state, {_NOW} - callback.next_at as late from callback"
    " join account on account.id = callback.account where callback.state in ('due', 'sending')"
    " limit ?) as coming group by state"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Callbacks to come: for later, due now, and under way. `oldest_ms`: how long the oldest of
    the due ones has been due, 0 if none is.
    """

    planned: int
    due: int
    sending: int
    oldest_ms: int


def look(tx: Transaction, real_now: int) -> Queue:
    """Count the callbacks to come, MOST at most."""
    found = {row["state"]: row for row in tx.all(_QUEUE, (real_now, real_now, MOST))}
    waiting, sending = found.get("due"), found.get("sending")
    due = int(waiting["due"]) if waiting else 0
    return Queue(
        planned=int(waiting["many"]) - due if waiting else 0,
        due=due,
        sending=int(sending["many"]) if sending else 0,
        oldest_ms=max(0, int(waiting["latest"] or 0)) if waiting else 0,
    )
