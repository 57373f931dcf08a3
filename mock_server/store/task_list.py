"""The list of an account's tasks as the service shows it: the last page costs what the first does.

Rule 1: while no task is forgotten or trimmed, the list has every number from 1 on (a task's number
is that of its submit): a page is a range of numbers.
Rule 2: later a page is found through the totals of blocks; no row is walked that is not on the
page, but for those of a block that is partly forgotten.
"""

from dataclasses import dataclass

from mock_server.domain.call.paging import Page
from mock_server.domain.task.tasks import Task
from mock_server.store.engine.transaction import Row, Transaction, Value
from mock_server.store.task_blocks import SIZE
from mock_server.store.tasks import as_task

# The service forgets tasks some time after their end: only those that ended after `ended_after`
# are kept (claim list-retention).
_KEPT = "(ends_at is null or ends_at > ?)"
# How many tasks of a block are kept: all, none, or those that are counted.
_KEPT_OF_BLOCK = (
    "case when first_end > ? then tasks when last_end <= ? then 0 else"
    " (select count(*) from task where task.account = task_block.account"
    f" and number >= block * {SIZE} and number < block * {SIZE} + {SIZE} and {_KEPT}) end"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Extent:
    """How many tasks are listed, and whether these are all that there ever were."""

    total: int
    is_whole: bool


def kept(tx: Transaction, account_id: str, ended_after: int) -> int:
    """Return the number of tasks that the service still lists."""
    return _extent(tx, account_id, ended_after).total


def page(
    tx: Transaction, account_id: str, ended_after: int, page: Page, *, oldest_first: bool = False
) -> tuple[int, list[Task]]:
    """Return how many tasks the service still lists, and a page of them (claim list-order)."""
    extent = _extent(tx, account_id, ended_after)
    total = extent.total
    wanted = min(page.size, total - page.offset)
    if wanted <= 0:
        return total, []
    if extent.is_whole:
        first = page.offset + 1 if oldest_first else total - page.offset - wanted + 1
        return total, _numbered(tx, account_id, first, wanted, oldest_first=oldest_first)
    found: list[Task] = []
    for block in _blocks(tx, account_id, ended_after, page, oldest_first=oldest_first):
        skip = max(0, page.offset - (block["upto"] - block["kept"]))
        limit = page.size - len(found)
        if block["kept"] == SIZE:  # every number of it is listed
            limit = min(limit, SIZE - skip)
            first = block["block"] * SIZE + (skip if oldest_first else SIZE - skip - limit)
            found += _numbered(tx, account_id, first, limit, oldest_first=oldest_first)
        else:
            values = (account_id, block["block"] * SIZE, (block["block"] + 1) * SIZE - 1)
            found += _of_block(tx, (*values, ended_after, limit, skip), oldest_first=oldest_first)
    return total, found


def _extent(tx: Transaction, account_id: str, ended_after: int) -> _Extent:
    row = tx.one(
        "select max(number) as last,"
        " exists (select 1 from task where account = ? and ends_at <= ?)"
        " or exists (select 1 from retention where account = ?) as has_forgotten"
        " from task where account = ?",
        (account_id, ended_after, account_id, account_id),
    )
    if row is None or row["last"] is None:
        return _Extent(total=0, is_whole=True)
    if not row["has_forgotten"]:
        return _Extent(total=int(row["last"]), is_whole=True)
    counted = tx.one(
        f"select cast(sum({_KEPT_OF_BLOCK}) as bigint) as kept from task_block where account = ?",
        (ended_after, ended_after, ended_after, account_id),
    )
    return _Extent(total=int(counted["kept"]) if counted else 0, is_whole=False)


def _blocks(
    tx: Transaction, account_id: str, ended_after: int, page: Page, *, oldest_first: bool
) -> list[Row]:
    """Return `block, kept, upto` of the blocks that a page's tasks are in, in the list's order.

    `upto` is how many tasks the list has up to the end of the block.
    """
    order = "block" if oldest_first else "block desc"
    return tx.all(
        "select block, kept, upto from (select block, kept,"
        f" cast(sum(kept) over (order by {order}) as bigint) as upto from"
        f" (select block, {_KEPT_OF_BLOCK} as kept from task_block where account = ?) as counted"
        f") as summed where kept > 0 and upto > ? and upto - kept < ? order by {order}",
        (ended_after, ended_after, ended_after, account_id, page.offset, page.offset + page.size),
    )


def _numbered(
    tx: Transaction, account_id: str, first: int, count: int, *, oldest_first: bool
) -> list[Task]:
    order = "number" if oldest_first else "number desc"
    rows = tx.all(
        f"select * from task where account = ? and number >= ? and number < ? order by {order}",
        (account_id, first, first + count),
    )
    return [as_task(row) for row in rows]


def _of_block(tx: Transaction, values: tuple[Value, ...], *, oldest_first: bool) -> list[Task]:
    order = "number" if oldest_first else "number desc"
    rows = tx.all(
        f"select * from task where account = ? and number between ? and ? and {_KEPT}"
        f" order by {order} limit ? offset ?",
        values,
    )
    return [as_task(row) for row in rows]
