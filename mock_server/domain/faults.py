"""Failures on order: the next calls are answered by a row of the table, or refused.

Rule 1: a rule that can never fire is refused when it is armed, with what is allowed.
Rule 2: of several rules that match, the one armed first fires.
"""

from dataclasses import dataclass
from enum import StrEnum

from mock_server.domain.calls import VENDOR_OPERATIONS, Operation
from mock_server.domain.errors import ErrorTables, GatewayError, Refusal, VendorError
from mock_server.domain.wrong_use import WrongUseError


class Kind(StrEnum):
    """Who says no: the gateway instead of everything, or the service instead of the operation."""

    GATEWAY_ERROR = "gateway_error"
    REFUSAL = "refusal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An armed rule. `operation` None: any; `calls_left` None: every call; `hits`: fired so far.

    `what` is a code or a message of the error table, or the remark of a refusal.
    """

    id: int
    account: str
    kind: Kind
    what: str
    operation: Operation | None
    calls_left: int | None
    hits: int


class FaultError(WrongUseError):
    """A rule that cannot be; the message lists what can."""


def check(fault: Fault, tables: ErrorTables, *, classic: bool) -> Fault:
    """Return the rule if it can fire. Raises FaultError."""
    if fault.operation is not None and fault.operation not in VENDOR_OPERATIONS:
        raise FaultError(
            f"faults match {', '.join(VENDOR_OPERATIONS)}; {fault.operation} is not the gateway's"
        )
    if fault.kind is Kind.REFUSAL:
        return fault
    if fault.what in tables.classic:
        if not classic:
            raise FaultError(
                f"{fault.what!r} is a message of older instances: set the reading "
                "gateway.profile = classic first, or name a code"
            )
    elif fault.what not in tables.rows:
        there = [*tables.rows, *(tables.classic if classic else ())]
        raise FaultError(
            f"no row of the error table is called {fault.what[:64]!r}: there is {', '.join(there)}"
        )
    return fault


def raised(fault: Fault) -> VendorError:
    """Return what a rule answers with."""
    if fault.kind is Kind.REFUSAL:
        return Refusal(fault.what)
    # A classic message stands in for a code that no table has.
    is_code = fault.what.isalnum() and fault.what.isupper() and len(fault.what) == 6
    if is_code:
        return GatewayError(fault.what, "ordered")
    return GatewayError("X500ER", classic=fault.what)
