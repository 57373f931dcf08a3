"""What a run of generated calls may cost, decided before each call so that it never costs more.

Rule 1: a call is counted, and paid for at the full price, before it is sent.
Rule 2: only an answer with another status than 200 gives the money back; no answer does not.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mock_server.formatting import counted, yuan


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How many calls, and how much money in fen; `most_fen` None: it is free."""

    most_calls: int
    most_fen: int | None
    price_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What was spent of it so far, at worst."""

    calls: int = 0
    fen: int = 0


def lack(budget: Budget, spent: Spent) -> str | None:
    """Return what there is too little of for one more call, None if there is enough."""
    if spent.calls >= budget.most_calls:
        return f"{spent.calls} calls were made"
    if budget.most_fen is not None and spent.fen + budget.price_fen > budget.most_fen:
        return f"one more call could cost more than {yuan(budget.most_fen)} yuan"
    return None


def sent(budget: Budget, spent: Spent) -> Spent:
    """Return what is spent once a call is sent."""
    return Spent(calls=spent.calls + 1, fen=spent.fen + budget.price_fen)


def answered(budget: Budget, spent: Spent, status: int) -> Spent:
    """Return what is spent once it is answered (claim billing-only-200)."""
    return spent if status == 200 else replace(spent, fen=spent.fen - budget.price_fen)


def dearest_fen(offers: Iterable[tuple[int, int]]) -> int:
    """Return the price of one call, in whole fen, of the dearest of `(calls, fen)` packages."""
    return max(-(-fen // calls) for calls, fen in offers)


def summary(spent: Spent) -> str:
    """Return what was spent in words."""
    return f"{counted(spent.calls, 'call')}, at most {yuan(spent.fen)} yuan"
