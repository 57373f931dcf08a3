"""The names of the accounts, for a choice among them. Only reads."""

from dataclasses import dataclass

from mock_server.actions.reports import reports
from mock_server.simulator import Simulator
from mock_server.store import accounts as rows
from mock_server.store import call_search
from mock_server.store.engine.transaction import Transaction

MOST = 100


@dataclass(frozen=True, slots=True)
class AccountName:
    """The id of an account, and the name that it was given; empty: none."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """An account with what it can still spend, and how many calls it has made in all."""

    id: str
    name: str
    balance: int
    calls: int


def lines(tx: Transaction, simulator: Simulator) -> list[AccountLine]:
    """Return the first accounts with their balance and calls, the oldest first."""
    found = []
    for row in rows.names(tx, MOST):
        account = rows.get_unlocked(tx, row["id"])
        if account is not None:
            overview = reports.overview(tx, simulator, account)
            found.append(
                AccountLine(
                    id=account.id, name=account.name, balance=overview.balance,
                    calls=call_search.growth(tx, account.id).seen,
                )
            )  # fmt: skip
    return found


def mark(tx: Transaction) -> str:
    """Return a text that changes with the accounts, and with every call of any of them."""
    return f"{rows.count_all(tx)}.{call_search.last_id(tx)}"


def first(tx: Transaction) -> list[AccountName]:
    """Return the first accounts, the oldest first."""
    return [AccountName(row["id"], row["name"]) for row in rows.names(tx, MOST)]
