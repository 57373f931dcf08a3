"""Rows of armed faults."""

from mock_server.domain.calls import Operation
from mock_server.domain.faults import Fault, Kind
from mock_server.store.transaction import Row, Transaction


def insert(
    tx: Transaction,
    account_id: str,
    kind: Kind,
    what: str,
    *,
    operation: Operation | None = None,
    calls_left: int | None = None,
) -> int:
    """Arm a rule and return its id."""
    tx.execute("update account set armed = armed + 1 where id = ?", (account_id,))
    return tx.insert(
        "insert into fault (account, kind, what, operation, calls_left, hits) values (?,?,?,?,?,0)",
        (account_id, kind, what, operation, calls_left),
    )


def of_account(tx: Transaction, account_id: str) -> list[Fault]:
    """Return every rule of an account, spent ones too, in the order they were armed."""
    return [
        _fault(row)
        for row in tx.all("select * from fault where account = ? order by id", (account_id,))
    ]


def first_match(tx: Transaction, account_id: str, kind: Kind, operation: Operation) -> Fault | None:
    """Return the rule that fires for a call of this operation, None if none does."""
    row = tx.one(
        "select * from fault where account = ? and kind = ? and (operation is null"
        " or operation = ?) and (calls_left is null or calls_left > 0) order by id limit 1",
        (account_id, kind, operation),
    )
    return _fault(row) if row else None


def count_hit(tx: Transaction, fault_id: int) -> None:
    """Note that a rule has fired."""
    tx.execute(
        "update fault set hits = hits + 1, calls_left = calls_left - 1 where id = ?", (fault_id,)
    )


def delete(tx: Transaction, account_id: str, fault_id: int | None = None) -> int:
    """Disarm one rule of an account, or all; return how many there were."""
    if fault_id is None:
        gone = tx.execute("delete from fault where account = ?", (account_id,))
    else:
        gone = tx.execute("delete from fault where account = ? and id = ?", (account_id, fault_id))
    tx.execute("update account set armed = armed - ? where id = ?", (gone, account_id))
    return gone


def _fault(row: Row) -> Fault:
    return Fault(
        id=row["id"],
        account=row["account"],
        kind=Kind(row["kind"]),
        what=row["what"],
        operation=Operation(row["operation"]) if row["operation"] else None,
        calls_left=row["calls_left"],
        hits=row["hits"],
    )
