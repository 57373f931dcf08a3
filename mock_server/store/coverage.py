"""Rows of the contract's items that the calls of an account covered; they outlive the journal."""

from collections.abc import Iterable

from mock_server.store.engine.transaction import Transaction

# The coverage of accounts that were reset or deleted, and of calls without an account.
ARCHIVED = ""


def add(tx: Transaction, account: str, items: Iterable[str], call_id: int) -> None:
    """Store the items that a call covers; items that are stored already do not change."""
    for item in sorted(items):
        tx.execute_later(
            "insert into met (account, item, call_id) values (?,?,?)"
            " on conflict (account, item) do nothing",
            (account, item, call_id),
        )


def archive(tx: Transaction, account: str) -> None:
    """Move the coverage of an account, which is about to be emptied, to the archive."""
    add_all = (
        "insert into met (account, item, call_id)"
        " select cast(? as text), item, cast(null as integer) from met where account = ?"
        " order by item"
        " on conflict (account, item) do nothing"
    )
    tx.execute(add_all, (ARCHIVED, account))
    tx.execute("delete from met where account = ?", (account,))


def of(tx: Transaction, account: str) -> dict[str, int | None]:
    """Return an account's coverage: the first call by item."""
    rows = tx.all("select item, call_id from met where account = ?", (account,))
    return {row["item"]: row["call_id"] for row in rows}


def count(tx: Transaction, account: str) -> int:
    """Return how many items an account has covered."""
    row = tx.one("select count(*) as items from met where account = ?", (account,))
    return row["items"] if row else 0


def for_all_accounts(tx: Transaction) -> dict[str, int | None]:
    """Return the coverage of all accounts, deleted ones too."""
    rows = tx.all("select item, min(call_id) as call_id from met group by item")
    return {row["item"]: row["call_id"] for row in rows}
