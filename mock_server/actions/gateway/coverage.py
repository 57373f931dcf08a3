"""Records which items of the contract a call covers, in the transaction that books the call.

Shapes that an account has shown before are cached in memory. A new shape is written in the
transaction that books the call, and cached after its commit.
"""

from collections.abc import Hashable
from functools import partial

from mock_server.actions.gateway.context import CallContext
from mock_server.domain.account.accounts import Account
from mock_server.domain.auth.credentials import KeyPair
from mock_server.domain.call.errors import GatewayError, row_code
from mock_server.domain.contract.coverage import (
    Answered,
    Shape,
    items_of,
    outcome_item,
)
from mock_server.domain.records import dataclass
from mock_server.domain.task.tasks import Status
from mock_server.simulator import Simulator
from mock_server.store import coverage as coverage_rows
from mock_server.store.engine.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOutcome:
    """The outcome of a call: who answered, with which gateway error, and with which status of a
    task.
    """

    answered: Answered
    error: GatewayError | None
    status: Status | None


def note(
    tx: Transaction, simulator: Simulator, context: CallContext, outcome: CallOutcome
) -> list[str]:
    """Return the items that a call covers and its account has not covered before.

    The caller stores them with the call's id.
    """
    account, answered = context.account, outcome.answered
    if answered is Answered.ERROR and outcome.error is None:
        return []  # a bug of ours answered, not the gateway: it covers nothing of the contract
    shape = _shape(simulator, context, outcome)
    known = _known(simulator, account)
    new = [] if shape in known else items_of(shape)
    if new:
        tx.after_commit.append(partial(known.add, shape))
    status = outcome.status
    if account is not None and status is not None and status not in known:
        tx.after_commit.append(partial(known.add, status))
        new.append(outcome_item(status))
    return new


def _known(simulator: Simulator, account: Account | None) -> set[Hashable]:
    """Return what an account has shown before, as far as this process remembers."""
    if account is None:
        return simulator.coverage_cache.of(coverage_rows.ARCHIVED, 0)
    # Another process may reset the account, which sets its clock anew.
    life = account.clock.real_base_at if simulator.database.shared else 0
    return simulator.coverage_cache.of(account.id, account.answers, life)


def _shape(simulator: Simulator, context: CallContext, outcome: CallOutcome) -> Shape:
    contract = simulator.catalogue.requests(context.readings)
    operation, body = context.operation, context.body
    known = contract.fields[operation] if operation is not None and body is not None else ()
    sent = body.fields if body is not None else {}
    error = None
    if outcome.error is not None:
        error = row_code(outcome.error, simulator.catalogue.errors, classic=context.stamp.classic)
    return Shape(
        operation=operation,
        answered=outcome.answered,
        way="signature" if isinstance(context.credentials, KeyPair) else "app-code",
        fields=tuple([name for name in known if sent.get(name)]),
        headers=tuple([name for name, _ in context.call.headers if name in contract.headers]),
        error=error,
        readings=context.readings,
    )
