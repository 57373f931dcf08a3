"""Finished rows beyond the limit that a server keeps: found in the order of an index, and deleted.

Rule 1: every function takes a limit on rows: whoever trims does so in bites.
Rule 2: what is gone is counted in the row `retention` of its account, so that the sums stay right.
"""

from collections.abc import Sequence

from mock_server.domain.retention import Trimmed
from mock_server.store import task_blocks, task_list
from mock_server.store.engine.transaction import Row, Transaction

_LIVE = "('due', 'sending')"


def trimmed(tx: Transaction, account_id: str) -> Trimmed | None:
    """Return what is no longer kept of an account; None: everything is."""
    row = tx.one(
        "select before_at, tasks, charges, task_charges, task_fen from retention where account = ?",
        (account_id,),
    )
    if row is None or not (row["tasks"] or row["charges"]):
        return None
    return Trimmed(
        before=row["before_at"], tasks=row["tasks"], charges=row["charges"],
        task_charges=row["task_charges"], task_fen=row["task_fen"],
    )  # fmt: skip


def count(
    tx: Transaction, account_id: str, gone: Trimmed, *, charges_upto: int = 0, last_number: int = 0
) -> None:
    """Count what has gone. `charges_upto`: the call up to which no single charge is left;
    `last_number`: the highest number of the tasks.
    """
    tx.execute(
        "insert into retention (account, before_at, tasks, charges, task_charges, task_fen,"
        " charges_upto, last_number) values (?,?,?,?,?,?,?,?) on conflict (account) do update set"
        " before_at = case when excluded.before_at > retention.before_at then excluded.before_at"
        " else retention.before_at end, tasks = retention.tasks + excluded.tasks,"
        " charges = retention.charges + excluded.charges,"
        " task_charges = retention.task_charges + excluded.task_charges,"
        " task_fen = retention.task_fen + excluded.task_fen,"
        " charges_upto = case when excluded.charges_upto > retention.charges_upto"
        " then excluded.charges_upto else retention.charges_upto end,"
        " last_number = case when excluded.last_number > retention.last_number"
        " then excluded.last_number else retention.last_number end",
        (
            account_id, gone.before, gone.tasks, gone.charges, gone.task_charges, gone.task_fen,
            charges_upto, last_number,
        ),
    )  # fmt: skip


def take(tx: Transaction, account_id: str, trimmer: str, real_now: int, until: int) -> bool:
    """Let no other process trim an account until a real instant (ms); False if another one does.

    One that has taken it for longer than that has a clock ahead of ours, and does not count: it
    may be dead, and its clock may have been wrong by years.
    """
    return bool(
        tx.execute(
            "insert into retention (account, before_at, tasks, last_number, charges, task_charges,"
            " task_fen, charges_upto, trimmer, trimmer_until) values (?,0,0,0,0,0,0,0,?,?)"
            " on conflict (account) do update set trimmer = excluded.trimmer,"
            " trimmer_until = excluded.trimmer_until"
            " where retention.trimmer = excluded.trimmer or retention.trimmer_until <= ?"
            " or retention.trimmer_until > excluded.trimmer_until",
            (account_id, trimmer, until, real_now),
        )
    )


def is_free(tx: Transaction, account_id: str, trimmer: str, real_now: int, until: int) -> bool:
    """Whether a process could `take` an account."""
    taken = tx.one(
        "select 1 from retention where account = ? and trimmer <> ? and trimmer_until > ?"
        " and trimmer_until <= ?",
        (account_id, trimmer, real_now, until),
    )
    return taken is None


def charges_upto(tx: Transaction, account_id: str) -> int:
    """Return the call up to which no single charge is left."""
    row = tx.one("select charges_upto from retention where account = ?", (account_id,))
    return int(row["charges_upto"]) if row else 0


def first_after(tx: Transaction, account_id: str, number: int) -> int | None:
    """Return when the first task after a number was submitted."""
    row = tx.one(
        "select submitted_at from task where account = ? and number > ? order by number limit 1",
        (account_id, number),
    )
    return row["submitted_at"] if row else None


def tasks_by_end(
    tx: Transaction, account_id: str, before: int, after: tuple[int, int], limit: int
) -> list[Row]:
    """Return `number, ends_at` of tasks that ended by an instant, in the order of end and number,
    behind the end and number `after`.
    """
    return tx.all(
        "select number, ends_at from task where account = ? and ends_at <= ? and ends_at >= ?"
        " and (ends_at > ? or number > ?) order by ends_at, number limit ?",
        (account_id, before, after[0], *after, limit),
    )


def tasks_by_number(
    tx: Transaction, account_id: str, upto: int, after: int, limit: int
) -> list[Row]:
    """Return `number, ends_at` of tasks up to a number, ended or not, behind the number `after`."""
    return tx.all(
        "select number, ends_at from task where account = ? and number > ? and number <= ?"
        " order by number limit ?",
        (account_id, after, upto, limit),
    )


def with_callback_to_come(
    tx: Transaction, account_id: str, numbers: Sequence[int]
) -> frozenset[int]:
    """Return those of the tasks that have a callback to come or under way."""
    rows = tx.all(
        "select distinct task_number from callback where account = ? and task_number in"
        f" ({_marks(numbers)}) and state in {_LIVE}",
        (account_id, *numbers),
    )
    return frozenset(row["task_number"] for row in rows)


def callbacks_of(tx: Transaction, account_id: str, numbers: Sequence[int], limit: int) -> list[Row]:
    """Return `id, task_number` of the first callbacks of tasks, in the order of the tasks."""
    return tx.all(
        "select id, task_number from callback where account = ? and task_number in"
        f" ({_marks(numbers)}) order by task_number limit ?",
        (account_id, *numbers, limit),
    )


def delete_callbacks(tx: Transaction, account_id: str, ids: Sequence[int]) -> None:
    """Delete callbacks with their attempts."""
    if ids:
        named: tuple[str | int, ...] = (account_id, *ids)
        tx.execute(
            f"delete from attempt where account = ? and callback_id in ({_marks(ids)})", named
        )
        tx.execute(f"delete from callback where account = ? and id in ({_marks(ids)})", named)


def cost_of(tx: Transaction, account_id: str, numbers: Sequence[int]) -> tuple[int, int]:
    """Return how many credits tasks have cost, and their price in fen."""
    row = tx.one(
        "select cast(coalesce(sum(charges), 0) as bigint) as charges,"
        " cast(coalesce(sum(fen), 0) as bigint) as fen from ledger where account = ?"
        f" and task_number in ({_marks(numbers)})",
        (account_id, *numbers),
    )
    return (int(row["charges"]), int(row["fen"])) if row else (0, 0)


def delete_tasks(tx: Transaction, account_id: str, numbers: Sequence[int]) -> None:
    """Delete tasks from the list and from its blocks."""
    task_list.uncount_forgotten(tx, account_id, numbers)
    tx.execute(
        f"delete from task where account = ? and number in ({_marks(numbers)})",
        (account_id, *numbers),
    )
    for block in {number // task_blocks.SIZE for number in numbers}:
        task_blocks.count_again(tx, account_id, block)


def charges_after(tx: Transaction, account_id: str, call_id: int, limit: int) -> list[Row]:
    """Return `call_id, task_number, fen, charges, at` of the first charges after a call."""
    return tx.all(
        "select call_id, task_number, fen, charges, at from ledger where account = ?"
        " and call_id > ? order by call_id limit ?",
        (account_id, call_id, limit),
    )


def kept_of(tx: Transaction, account_id: str, numbers: Sequence[int]) -> frozenset[int]:
    """Return those of the numbers that still have a task."""
    if not numbers:
        return frozenset()
    rows = tx.all(
        f"select number from task where account = ? and number in ({_marks(numbers)})",
        (account_id, *numbers),
    )
    return frozenset(row["number"] for row in rows)


def sum_of_task(tx: Transaction, account_id: str, number: int, upto: int) -> int | None:
    """Return the call whose row has the sum of a task's charges up to a call; None: none has."""
    row = tx.one(
        "select call_id from ledger where account = ? and task_number = ? and call_id <= ?"
        " order by call_id limit 1",
        (account_id, number, upto),
    )
    return row["call_id"] if row else None


def add_to_sum(tx: Transaction, account_id: str, call_id: int, charges: int, fen: int) -> None:
    """Add charges to the row that has the sum of a task's."""
    tx.execute(
        "update ledger set charges = charges + ?, fen = fen + ? where account = ? and call_id = ?",
        (charges, fen, account_id, call_id),
    )


def delete_charges(tx: Transaction, account_id: str, call_ids: Sequence[int]) -> None:
    """Delete rows of the ledger."""
    if call_ids:
        tx.execute(
            f"delete from ledger where account = ? and call_id in ({_marks(call_ids)})",
            (account_id, *call_ids),
        )


def notices_until(
    tx: Transaction, account_id: str, before: int, after: int, limit: int
) -> list[Row]:
    """Return `id, at, callback_id, state` of the first notices behind an id, up to an instant."""
    rows = tx.all(
        "select notice.id, notice.at, callback.id as callback_id, callback.state from notice"
        " left join callback on callback.account = notice.account and callback.task_number = 0"
        " and callback.notice_id = notice.id"
        " where notice.account = ? and notice.id > ? order by notice.id limit ?",
        (account_id, after, limit),
    )
    return [row for row in rows if row["at"] <= before]


def delete_notices(tx: Transaction, account_id: str, ids: Sequence[int]) -> None:
    """Delete notices."""
    if ids:
        tx.execute(
            f"delete from notice where account = ? and id in ({_marks(ids)})", (account_id, *ids)
        )


def has_link(tx: Transaction, account_id: str, expired_by: int) -> bool:
    """Whether a short link of an account had expired by an instant."""
    found = tx.one(
        "select 1 from short_link where account = ? and expires_at <= ? limit 1",
        (account_id, expired_by),
    )
    return found is not None


def delete_links(tx: Transaction, account_id: str, expired_by: int, limit: int) -> int:
    """Delete short links that had expired by an instant; return how many."""
    rows = tx.all(
        "select code from short_link where account = ? and expires_at <= ?"
        " order by expires_at limit ?",
        (account_id, expired_by, limit),
    )
    if rows:
        codes = [row["code"] for row in rows]
        tx.execute(f"delete from short_link where code in ({_marks(codes)})", codes)
    return len(rows)


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))
