"""The names of the accounts, for a choice among them. Only reads."""

from dataclasses import dataclass

from mock_server.store import accounts as rows
from mock_server.store.engine.transaction import Transaction

MOST = 100


@dataclass(frozen=True, slots=True)
class AccountName:
    """The id of an account, and the name that it was given; empty: none."""

    id: str
    name: str


def first(tx: Transaction) -> list[AccountName]:
    """Return the first accounts, the oldest first."""
    return [AccountName(row["id"], row["name"]) for row in rows.names(tx, MOST)]
