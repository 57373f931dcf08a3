"""Rows of what the calls of an account have met of the contract; they outlive the journal."""

from collections.abc import Iterable

from mock_server.store.engine.transaction import Transaction

# What was met in worlds that were reset or deleted, and by calls that are nobody's.
ARCHIVED = ""


def add(tx: Transaction, account: str, items: Iterable[str], call_id: int) -> None:
    """Keep what a call has met; what was met before stays as it was."""
    for item in sorted(items):
        tx.execute(
            "insert into met (account, item, call_id) values (?,?,?)"
            " on conflict (account, item) do nothing",
            (account, item, call_id),
        )


def archive(tx: Transaction, account: str) -> None:
    """Take what an account has met out of its world, which is about to be emptied."""
    add_all = (
        "insert into met (account, item, call_id)"
        " select cast(? as text), item, cast(null as integer) from met where account = ?"
        " order by item"
        " on conflict (account, item) do nothing"
    )
    tx.execute(add_all, (ARCHIVED, account))
    tx.execute("delete from met where account = ?", (account,))


def of(tx: Transaction, account: str) -> dict[str, int | None]:
    """Return what an account has met: the first call by item."""
    rows = tx.all("select item, call_id from met where account = ?", (account,))
    return {row["item"]: row["call_id"] for row in rows}


def for_all_accounts(tx: Transaction) -> dict[str, int | None]:
    """Return what any account has met, those included that are gone."""
    rows = tx.all("select item, min(call_id) as call_id from met group by item")
    return {row["item"]: row["call_id"] for row in rows}
