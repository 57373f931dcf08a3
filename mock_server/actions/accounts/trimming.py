"""Trims the finished records of an account beyond the limit that the server keeps, bite by bite.

Rule 1: a bite is one transaction that looks at few rows; it says where the next one goes on.
Rule 2: a task goes whole, with its callbacks and their attempts, and only once it has ended and no
callback of it is to come. One that cannot go yet is passed, and looked at again in the next round.
Rule 3: charges go in the order of their calls. Those of a task that is kept are added up in one
row of it, so that the task's sum stays right; `charge_total`, the sums of the bill, is not touched.
Rule 4: of several processes on one database, one trims an account: each bite takes it for a while,
so that another one goes on if this one dies.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from mock_server.domain.account.accounts import Account
from mock_server.domain.auth.credentials import WINDOW_MS, signing_now
from mock_server.domain.records import dataclass
from mock_server.domain.retention import Keep, Limit, Trimmed, by_age, by_number
from mock_server.simulator import Simulator
from mock_server.store import accounts as account_rows
from mock_server.store import billing as billing_rows
from mock_server.store import faults as fault_rows
from mock_server.store import nonces
from mock_server.store import retention as rows
from mock_server.store.engine.transaction import Row, Transaction

# The rows that a bite looks at, of one table.
BITE = 32
# No other process trims the account for so long after a bite.
TAKEN_MS = 30_000
# The callbacks that a bite deletes at most: a task may have many copies.
MOST_CALLBACKS = 4 * BITE


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the next bite begins: at which kind of record, and behind which row of it."""

    kind: int = 0
    after: tuple[int, int] = (0, 0)


START = Place()
# Trims some records of a kind behind a row; returns the row to go on behind, None at the end.
_Step = Callable[[Transaction, Account, Limit, tuple[int, int]], tuple[int, int] | None]


def accounts_after(tx: Transaction, account_id: str, limit: int) -> list[str]:
    """Return the ids of the next accounts behind one, in their order."""
    return account_rows.ids_after(tx, account_id, limit)


def bite(
    tx: Transaction, simulator: Simulator, account_id: str, place: Place, trimmer: str
) -> Place | None:
    """Trim some records of an account; return where to go on, None if it is done for now.

    `trimmer` names the process that trims.
    """
    keep = simulator.settings.retention
    account = account_rows.get(tx, account_id)
    if account is None or keep is None:
        return None
    real_now = simulator.real_now()
    if simulator.database.shared and not rows.take(
        tx, account_id, trimmer, real_now, real_now + TAKEN_MS
    ):
        return None
    limit = _limit(tx, account, keep, account.clock.now(real_now))
    steps = _steps(simulator, keep)
    for kind in range(place.kind, len(steps)):
        after = steps[kind](tx, account, limit, place.after if kind == place.kind else (0, 0))
        if after is not None:
            return Place(kind=kind, after=after)
    return None


def is_due(tx: Transaction, simulator: Simulator, account_id: str, trimmer: str) -> bool:
    """Whether an account may have something to trim, and no other process trims it; it only
    reads.
    """
    keep = simulator.settings.retention
    account = account_rows.get_unlocked(tx, account_id)
    if account is None or keep is None:
        return False
    real_now = simulator.real_now()
    if simulator.database.shared and not rows.is_free(
        tx, account_id, trimmer, real_now, real_now + TAKEN_MS
    ):
        return False
    limit = _limit(tx, account, keep, account.clock.now(real_now))
    until = limit.before
    return bool(
        _tasks(tx, account.id, limit, (0, 0), 1)
        or _charges(tx, account.id, limit, keep, 1)
        or (until is not None and rows.notices_until(tx, account.id, until, 0, 1))
        or (limit.links_before is not None and rows.has_link(tx, account.id, limit.links_before))
        or nonces.has_old(tx, account.id, _nonces_since(simulator, account))
        or (account.armed > fault_rows.KEPT and fault_rows.worn_out(tx, account.id, until, 1))
    )


def _limit(tx: Transaction, account: Account, keep: Keep, now: int) -> Limit:
    if keep.ms is not None:
        return by_age(keep.ms, now)
    upto = max(0, account.submits - (keep.tasks or 0))
    first_kept_at = rows.first_after(tx, account.id, upto) if upto else None
    return by_number(upto, first_kept_at, now)


def _steps(simulator: Simulator, keep: Keep) -> tuple[_Step, ...]:
    def charges(
        tx: Transaction, account: Account, limit: Limit, _after: tuple[int, int]
    ) -> tuple[int, int] | None:
        return _trim_charges(tx, account, _charges(tx, account.id, limit, keep, BITE))

    def old_nonces(
        tx: Transaction, account: Account, _limit: Limit, _after: tuple[int, int]
    ) -> tuple[int, int] | None:
        since = _nonces_since(simulator, account)
        return (0, 0) if nonces.delete_old(tx, account.id, since, BITE) == BITE else None

    return (_trim_tasks, charges, _trim_notices, _trim_links, old_nonces, _trim_faults)


def _tasks(
    tx: Transaction, account_id: str, limit: Limit, after: tuple[int, int], most: int
) -> list[Row]:
    if limit.upto is not None:
        return rows.tasks_by_number(tx, account_id, limit.upto, after[1], most)
    assert limit.before is not None  # noqa: S101 - a limit has one of the two
    return rows.tasks_by_end(tx, account_id, limit.before, after, most)


def _trim_tasks(
    tx: Transaction, account: Account, limit: Limit, after: tuple[int, int]
) -> tuple[int, int] | None:
    found = _tasks(tx, account.id, limit, after, BITE)
    ended = [
        row["number"] for row in found
        if row["ends_at"] is not None and row["ends_at"] <= limit.now
    ]  # fmt: skip
    if ended:
        waiting = rows.with_callback_to_come(tx, account.id, ended)
        free = [number for number in ended if number not in waiting]
        if free and not _delete(tx, account.id, limit, free):
            return after  # callbacks of these are left: the same tasks again
    if len(found) < BITE:
        return None
    return (found[-1]["ends_at"] or 0, found[-1]["number"])


def _delete(tx: Transaction, account_id: str, limit: Limit, numbers: Sequence[int]) -> bool:
    """Delete tasks with their callbacks; False if some of their callbacks are left, and they."""
    callbacks = rows.callbacks_of(tx, account_id, numbers, MOST_CALLBACKS + 1)
    rows.delete_callbacks(tx, account_id, [row["id"] for row in callbacks[:MOST_CALLBACKS]])
    if len(callbacks) > MOST_CALLBACKS:
        return False
    charges, fen = rows.cost_of(tx, account_id, numbers)
    rows.delete_tasks(tx, account_id, numbers)
    gone = Trimmed(
        before=limit.complete_after, tasks=len(numbers), charges=0,
        task_charges=charges, task_fen=fen,
    )  # fmt: skip
    rows.count(tx, account_id, gone, last_number=max(numbers))
    return True


def _charges(tx: Transaction, account_id: str, limit: Limit, keep: Keep, most: int) -> list[Row]:
    """Return the first single charges beyond the limit: too old, or too many."""
    after = rows.charges_upto(tx, account_id)
    found = rows.charges_after(tx, account_id, after, most)
    beyond = 0
    if found and keep.charges is not None:
        gone = rows.trimmed(tx, account_id)
        made = billing_rows.charges_made(tx, account_id)
        beyond = made - (gone.charges if gone else 0) - keep.charges
    return [
        row for place, row in enumerate(found)
        if place < beyond or (limit.before is not None and row["at"] <= limit.before)
    ]  # fmt: skip


def _trim_charges(
    tx: Transaction, account: Account, found: Sequence[Row]
) -> tuple[int, int] | None:
    if not found:
        return None
    numbers = sorted({row["task_number"] for row in found if row["task_number"] is not None})
    kept = rows.kept_of(tx, account.id, numbers)
    before = found[0]["call_id"] - 1
    first = {number: rows.sum_of_task(tx, account.id, number, before) for number in kept}
    charges: Counter[int] = Counter()
    fen: Counter[int] = Counter()
    gone = []
    for row in found:
        number = row["task_number"]
        if number in kept and first[number] is None:
            first[number] = row["call_id"]  # the others are added to it
            continue
        gone.append(row["call_id"])
        if number in kept:
            charges[number] += row["charges"]
            fen[number] += row["fen"]
    for number, more in charges.items():
        rows.add_to_sum(tx, account.id, first[number] or 0, more, fen[number])
    rows.delete_charges(tx, account.id, gone)
    last = found[-1]
    trimmed = Trimmed(before=last["at"], tasks=0, charges=len(found), task_charges=0, task_fen=0)
    rows.count(tx, account.id, trimmed, charges_upto=last["call_id"])
    return (0, 0) if len(found) == BITE else None


def _trim_notices(
    tx: Transaction, account: Account, limit: Limit, after: tuple[int, int]
) -> tuple[int, int] | None:
    if limit.before is None:
        return None
    found = rows.notices_until(tx, account.id, limit.before, after[1], BITE)
    gone = [row for row in found if row["state"] not in ("due", "sending")]
    rows.delete_callbacks(
        tx, account.id, [row["callback_id"] for row in gone if row["callback_id"] is not None]
    )
    rows.delete_notices(tx, account.id, [row["id"] for row in gone])
    return (0, found[-1]["id"]) if len(found) == BITE else None


def _trim_links(
    tx: Transaction, account: Account, limit: Limit, _after: tuple[int, int]
) -> tuple[int, int] | None:
    expired_by = limit.links_before
    if expired_by is None:
        return None
    return (0, 0) if rows.delete_links(tx, account.id, expired_by, BITE) == BITE else None


def _trim_faults(
    tx: Transaction, account: Account, limit: Limit, _after: tuple[int, int]
) -> tuple[int, int] | None:
    if account.armed <= fault_rows.KEPT:
        return None
    found = fault_rows.worn_out(tx, account.id, limit.before, BITE)
    for rule_id in found:
        fault_rows.delete(tx, account.id, rule_id)
    return (0, 0) if len(found) == BITE else None


def _nonces_since(simulator: Simulator, account: Account) -> int:
    return signing_now(account, simulator.machine_now()) - WINDOW_MS
