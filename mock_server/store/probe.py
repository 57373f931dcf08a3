"""A write that leaves nothing behind: whether the database would take a call."""

from mock_server.store.engine.transaction import Transaction

# No short link has this code, and no row of it outlives its transaction.
CODE = "~probe"
# Long enough to need pages of its own.
PROBE_BYTES = 32 * 1024


def write(tx: Transaction) -> None:
    """Write and remove a row. Raises what any other write would, as on a full disk."""
    values = (CODE, "", "", "x" * PROBE_BYTES, 0)
    tx.execute("insert into short_link values (?, ?, ?, ?, ?)", values)
    tx.execute("delete from short_link where code = ?", (CODE,))
