"""The list of an account's tasks as the service shows it: the last page costs what the first does.

Rule 1: while no task is forgotten or trimmed, the list has every number from 1 on (a task's number
is that of its submit): a page is a range of numbers.
Rule 2: later a page is found through the totals of blocks, from the nearer end of the list; no task
is walked that is not on the page, but for those of a block that is partly forgotten.
Rule 3: the number of those that are forgotten is kept; only what was forgotten since is counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mock_server.domain.call.paging import Page
from mock_server.domain.task.tasks import Task
from mock_server.store.engine.transaction import Transaction, Value
from mock_server.store.task_blocks import NEVER, SIZE
from mock_server.store.tasks import as_task

# So many newly forgotten tasks are counted one by one; more are counted by blocks.
MOST_COUNTED = 2_000
# Blocks are read so many at a time, more and more of them.
FEW_BLOCKS, MOST_BLOCKS = 4, 256
_BEFORE_ALL = -(2**62)

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
    tx: Transaction, account_id: str, ended_after: int, page: Page, *, oldest_first: bool = False,
    remember: bool = False,
) -> tuple[int, list[Task]]:  # fmt: skip
    """Return how many tasks the service still lists, and a page of them (claim list-order).

    `remember`: this transaction can write, so it stores what it has counted.
    """
    extent = _extent(tx, account_id, ended_after, remember=remember)
    total = extent.total
    wanted = min(page.size, total - page.offset)
    if wanted <= 0:
        return total, []
    if extent.is_whole:
        first = page.offset + 1 if oldest_first else total - page.offset - wanted + 1
        return total, _numbered(tx, account_id, first, wanted, oldest_first=oldest_first)
    found: list[Task] = []
    span = _Span(offset=page.offset, size=wanted, total=total)
    for block in _blocks(tx, account_id, ended_after, span, oldest_first=oldest_first):
        skip = max(0, page.offset - (block.upto - block.kept))
        limit = wanted - len(found)
        if block.kept == SIZE:  # every number of it is listed
            limit = min(limit, SIZE - skip)
            first = block.block * SIZE + (skip if oldest_first else SIZE - skip - limit)
            found += _numbered(tx, account_id, first, limit, oldest_first=oldest_first)
        else:
            values = (account_id, block.block * SIZE, (block.block + 1) * SIZE - 1)
            found += _of_block(tx, (*values, ended_after, limit, skip), oldest_first=oldest_first)
    return total, found


def _remember(tx: Transaction, account_id: str, ended_after: int, forgotten: int) -> None:
    """Store how many tasks are forgotten, so that the next list counts only what was forgotten
    since. What is forgotten stays so: clocks run forward.
    """
    tx.execute(
        "insert into retention (account, before_at, tasks, last_number, charges, task_charges,"
        " task_fen, charges_upto, forgotten_at, forgotten) values (?,0,0,0,0,0,0,0,?,?)"
        " on conflict (account) do update set forgotten_at = excluded.forgotten_at,"
        " forgotten = excluded.forgotten",
        (account_id, ended_after, forgotten),
    )


def uncount_forgotten(tx: Transaction, account_id: str, numbers: Sequence[int]) -> None:
    """Take tasks that are about to be deleted out of the count of those that are forgotten."""
    marks = ",".join("?" * len(numbers))
    tx.execute(
        "update retention set forgotten = forgotten - (select count(*) from task where"
        f" task.account = retention.account and number in ({marks})"
        " and ends_at <= retention.forgotten_at) where account = ?",
        (*numbers, account_id),
    )


def _extent(
    tx: Transaction, account_id: str, ended_after: int, *, remember: bool = False
) -> _Extent:
    row = tx.one(
        "select max(number) as last,"
        " exists (select 1 from task where account = ? and ends_at <= ?) as has_forgotten,"
        " exists (select 1 from retention where account = ? and (tasks > 0 or forgotten > 0))"
        " as is_counted"
        " from task where account = ?",
        (account_id, ended_after, account_id, account_id),
    )
    if row is None or row["last"] is None:
        return _Extent(total=0, is_whole=True)
    if not row["has_forgotten"] and not row["is_counted"]:
        return _Extent(total=int(row["last"]), is_whole=True)
    counted = _counted(tx, account_id)
    last = max(int(row["last"]), counted.last_number)
    if ended_after < counted.at:  # the account has got another reading of how long tasks are kept
        return _Extent(total=_kept_of_blocks(tx, account_id, ended_after), is_whole=False)
    forgotten = _forgotten(tx, account_id, ended_after, counted)
    if remember and forgotten != counted.forgotten:
        _remember(tx, account_id, ended_after, forgotten)
    return _Extent(total=last - counted.trimmed - forgotten, is_whole=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """What the row `retention` knows: how many tasks were trimmed, the last of them, and how many
    of the others were forgotten `at` an instant.
    """

    trimmed: int = 0
    last_number: int = 0
    at: int = _BEFORE_ALL
    forgotten: int = 0


def _counted(tx: Transaction, account_id: str) -> _Counted:
    row = tx.one(
        "select tasks as trimmed, last_number, forgotten_at as at, forgotten from retention"
        " where account = ?",
        (account_id,),
    )
    return _Counted(**row) if row else _Counted()


def _forgotten(tx: Transaction, account_id: str, ended_after: int, counted: _Counted) -> int:
    """Return how many of the tasks that are kept are forgotten."""
    row = tx.one(
        "select count(*) as more from (select 1 from task where account = ? and ends_at > ?"
        " and ends_at <= ? limit ?) as since",
        (account_id, counted.at, ended_after, MOST_COUNTED + 1),
    )
    more = int(row["more"]) if row else 0
    if more <= MOST_COUNTED:
        return counted.forgotten + more
    tasks = tx.one(
        "select cast(sum(tasks) as bigint) as tasks from task_block where account = ?",
        (account_id,),
    )
    kept = _kept_of_blocks(tx, account_id, ended_after)
    return (int(tasks["tasks"]) if tasks else 0) - kept


def _kept_of_blocks(tx: Transaction, account_id: str, ended_after: int) -> int:
    counted = tx.one(
        f"select cast(sum({_KEPT_OF_BLOCK}) as bigint) as kept from task_block where account = ?",
        (ended_after, ended_after, ended_after, account_id),
    )
    return int(counted["kept"] or 0) if counted else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """The places in the list that are wanted, of `total`."""

    offset: int
    size: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """A block, how many of its tasks are listed, and how many the list has up to its end."""

    block: int
    kept: int
    upto: int


def _blocks(
    tx: Transaction, account_id: str, ended_after: int, span: _Span, *, oldest_first: bool
) -> list[_Block]:
    """Return the blocks that a page's tasks are in, in the list's order.

    They are looked for from the nearer end of the list.
    """
    if 2 * span.offset <= span.total:
        return list(_walked(tx, account_id, ended_after, span, oldest_first=oldest_first))
    from_end = replace(span, offset=span.total - span.offset - span.size)
    found = _walked(tx, account_id, ended_after, from_end, oldest_first=not oldest_first)
    turned = [replace(each, upto=span.total - (each.upto - each.kept)) for each in found]
    return turned[::-1]


def _walked(
    tx: Transaction, account_id: str, ended_after: int, span: _Span, *, oldest_first: bool
) -> Iterator[_Block]:
    """Yield the blocks of some places, counted from one end of the list."""
    beyond, order = (">", "block") if oldest_first else ("<", "block desc")
    last, upto, many = -1 if oldest_first else NEVER, 0, FEW_BLOCKS
    while True:
        rows = tx.all(
            f"select block, {_KEPT_OF_BLOCK} as kept from task_block where account = ?"
            f" and last_end > ? and block {beyond} ? order by {order} limit ?",
            (ended_after, ended_after, ended_after, account_id, ended_after, last, many),
        )
        for row in rows:
            upto += row["kept"]
            if upto > span.offset and row["kept"]:
                yield _Block(block=row["block"], kept=row["kept"], upto=upto)
            if upto >= span.offset + span.size:
                return
        if len(rows) < many:
            return
        last, many = rows[-1]["block"], min(2 * many, MOST_BLOCKS)


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
