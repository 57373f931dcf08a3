"""Rows of packages, of the ledger and of the totals."""

from mock_server.domain.billing.bills import Total
from mock_server.domain.billing.charges import PAYING_ORDER, UNLIMITED, LedgerEntry, Package
from mock_server.domain.readings import Readings
from mock_server.domain.records import changed, dataclass
from mock_server.store.engine.transaction import Row, Transaction

_TABLE = "package"


@dataclass(frozen=True, slots=True)
class _Paying:
    """The package of an account that pays next in an order, found at an instant (ms).

    Later it still comes first, while it has a credit: packages only expire. Earlier, one that had
    expired may come before it.
    """

    package: Package
    order: str
    since: int

    def pays_at(self, now: int) -> bool:
        return self.package.remaining > 0 and self.since <= now < self.package.expires_at


def add_package(tx: Transaction, package: Package) -> int:
    """Add a package and return its new id; `package.id` is ignored."""
    return tx.insert(
        "insert into package (account, offer, credits, remaining, fen, bought_at, expires_at,"
        " notice_at) values (?,?,?,?,?,?,?,?)",
        (
            package.account,
            package.offer,
            package.credits,
            package.remaining,
            package.fen,
            package.bought_at,
            package.expires_at,
            package.notice_at,
        ),
    )


def packages(tx: Transaction, account_id: str) -> list[Package]:
    """Return every package of an account, in the order of purchase."""
    rows = tx.all("select * from package where account = ? order by bought_at, id", (account_id,))
    return [Package(**row) for row in rows]


def paying_package(
    tx: Transaction, account_id: str, now: int, readings: Readings
) -> Package | None:
    """Return the package that pays next (claim packages-order); None: no credit is left."""
    order = readings.packages_order
    known: _Paying | None = tx.memory.get(_TABLE, account_id)
    if known is not None and known.order == order and known.pays_at(now):
        return known.package
    row = tx.one(
        "select * from package where account = ? and remaining > 0 and expires_at > ?"
        f" order by {', '.join(PAYING_ORDER[order])} limit 1",
        (account_id, now),
    )
    if row is None:
        return None
    package = Package(**row)
    tx.memory.keep(_TABLE, account_id, _Paying(package, order, now))
    return package


def expiry_told(tx: Transaction, package_id: int) -> None:
    """Record that the expiry notice of a package was sent."""
    tx.execute("update package set notice_at = null where id = ?", (package_id,))


def next_expiry(tx: Transaction, account_id: str, now: int) -> Row | None:
    """Return `at, package` of the next package that expires with credits left."""
    return tx.one(
        "select expires_at as at, id as package from package where account = ? and remaining > 0"
        " and expires_at > ? and offer <> ? order by expires_at, id limit 1",
        (account_id, now, UNLIMITED),
    )


def take_credit(tx: Transaction, package: Package) -> bool:
    """Take one credit; False if none was left."""
    if package.is_unlimited:
        return True
    known: _Paying | None = tx.memory.get(_TABLE, package.account)
    if known is not None and known.package.id == package.id and known.package.remaining > 0:
        sql = "update package set remaining = remaining - ? where id = ?"
        tx.add_later(sql, (1,), (package.id,))
        left = changed(known.package, {"remaining": known.package.remaining - 1})
        tx.memory.keep(_TABLE, package.account, _Paying(left, known.order, known.since))
        return True
    sql = "update package set remaining = remaining - 1 where id = ? and remaining > 0"
    return tx.execute(sql, (package.id,)) == 1


def balance(tx: Transaction, account_id: str, now: int) -> int:
    """Return the number of credits that can still be spent."""
    row = tx.one(
        "select coalesce(sum(remaining), 0) as balance from package"
        " where account = ? and expires_at > ?",
        (account_id, now),
    )
    return int(row["balance"]) if row else 0


def add_entry(tx: Transaction, entry: LedgerEntry) -> None:
    """Add a charged call to the ledger."""
    tx.execute_later(
        "insert into ledger (account, call_id, package_id, operation, task_id, task_number, fen,"
        " at) values (?,?,?,?,?,?,?,?)",
        (
            entry.account,
            entry.call_id,
            entry.package_id,
            str(entry.operation),
            entry.task_id,
            entry.task_number,
            entry.fen,
            entry.at,
        ),
    )


def paid_by(tx: Transaction, account_id: str, call_id: int) -> int | None:
    """Return the id of the package that paid for a call; None: none did."""
    row = tx.one(
        "select package_id from ledger where account = ? and call_id = ?", (account_id, call_id)
    )
    return row["package_id"] if row else None


def last_entries(tx: Transaction, account_id: str, after: int, limit: int) -> list[LedgerEntry]:
    """Return the last charges behind the call `after`, the newest first."""
    rows = tx.all(
        "select account, call_id, package_id, operation, task_id, task_number, fen, at from ledger"
        " where account = ? and call_id > ? order by call_id desc limit ?",
        (account_id, after, limit),
    )
    return [LedgerEntry(**row) for row in rows]


def add_to_totals(tx: Transaction, account_id: str, line: Total) -> None:
    """Add an answered call to the totals, in the transaction that books it."""
    tx.add_later(
        "insert into charge_total (calls, charged, charged_fen, account, day, package_id,"
        " operation, refused) values (?,?,?,?,?,?,?,?)"
        " on conflict (account, day, package_id, operation, refused) do update set"
        " calls = charge_total.calls + excluded.calls,"
        " charged = charge_total.charged + excluded.charged,"
        " charged_fen = charge_total.charged_fen + excluded.charged_fen",
        (line.calls, line.charged, line.charged_fen),
        (account_id, line.day, line.package_id, str(line.operation), int(line.refused)),
    )


def totals(tx: Transaction, account_id: str) -> list[Total]:
    """Return the totals: a few rows per day with answered calls."""
    rows = tx.all(
        "select day, package_id, operation, refused, calls, charged, charged_fen"
        " from charge_total where account = ? order by day, package_id, operation, refused",
        (account_id,),
    )
    return [Total(**{**dict(row), "refused": bool(row["refused"])}) for row in rows]


def charges_made(tx: Transaction, account_id: str) -> int:
    """Return how many charges an account ever had, from the totals."""
    row = tx.one(
        "select cast(coalesce(sum(charged), 0) as bigint) as made from charge_total"
        " where account = ?",
        (account_id,),
    )
    return int(row["made"]) if row else 0


def task_charges(tx: Transaction, account_id: str, after: int, limit: int) -> list[Row]:
    """Return `number, task_id, charges, fen` of at most `limit` tasks numbered above `after`."""
    of_task = "from ledger where ledger.account = task.account and ledger.task_number = number"
    return tx.all(
        "select number, id as task_id,"
        f" (select cast(coalesce(sum(charges), 0) as bigint) {of_task}) as charges,"
        f" (select cast(coalesce(sum(fen), 0) as bigint) {of_task}) as fen"
        " from task where account = ? and number > ? order by number limit ?",
        (account_id, after, limit),
    )
