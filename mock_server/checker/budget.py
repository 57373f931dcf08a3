"""The budget of a check, tested before each call so that a run never costs more.

Rule 1: a call is counted, and charged at the full price, before it is sent.
Rule 2: only an answer with another status than 200 refunds the price; a missing answer does not.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mock_server.formatting import counted, yuan


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The largest number of calls and amount of money (fen); `most_fen` None: calls are free."""

    most_calls: int
    most_fen: int | None
    price_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """The calls and the money (fen) spent so far, in the worst case."""

    calls: int = 0
    fen: int = 0


def lack(budget: Budget, spent: Spent) -> str | None:
    """Return what the budget lacks for one more call; None: nothing."""
    if spent.calls >= budget.most_calls:
        return f"{spent.calls} calls were made"
    if budget.most_fen is not None and spent.fen + budget.price_fen > budget.most_fen:
        return f"one more call could cost more than {yuan(budget.most_fen)} yuan"
    return None


def sent(budget: Budget, spent: Spent) -> Spent:
    """Return the spent amounts after a call was sent."""
    return Spent(calls=spent.calls + 1, fen=spent.fen + budget.price_fen)


def answered(budget: Budget, spent: Spent, status: int) -> Spent:
    """Return the spent amounts after its answer (claim billing-only-200)."""
    return spent if status == 200 else replace(spent, fen=spent.fen - budget.price_fen)


def dearest_fen(offers: Iterable[tuple[int, int]]) -> int:
    """Return the price (whole fen) of one call of the most expensive of `(calls, fen)` packages."""
    return max(-(-fen // calls) for calls, fen in offers)


def summary(spent: Spent) -> str:
    """Return the spent amounts as text."""
    return f"{counted(spent.calls, 'call')}, at most {yuan(spent.fen)} yuan"
