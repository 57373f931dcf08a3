"""What a call covers of the contract, noted as the call is recorded.

A call of a shape that its account has shown before costs a look into memory; a new one is written
in the transaction that books it, and remembered once that is committed.
"""

from functools import partial

from mock_server.actions.gateway.context import CallContext
from mock_server.domain.account.accounts import Account
from mock_server.domain.auth.credentials import KeyPair
from mock_server.domain.call.calls import Answer, Operation
from mock_server.domain.call.errors import ErrorTables
from mock_server.domain.contract.coverage import (
    Answered,
    Shape,
    items_of,
    outcome_item,
)
from mock_server.domain.task import tasks as task_rules
from mock_server.domain.task.tasks import Status
from mock_server.simulator import Simulator
from mock_server.store import coverage as coverage_rows
from mock_server.store import tasks as task_rows
from mock_server.store.engine.transaction import Transaction

ERROR_MESSAGE = "X-Ca-Error-Message"


def note(
    tx: Transaction,
    simulator: Simulator,
    visit: CallContext,
    answer: Answer,
    answered: Answered,
    task_id: str | None,
) -> list[str]:
    """Return the items that a call meets and its account has not met before.

    The caller writes them with the call's id.
    """
    account = visit.account
    shape = _shape(simulator, visit, answer, answered)
    if answered is Answered.ERROR and ERROR_MESSAGE not in dict(answer.headers):
        return []  # no gateway said that: a bug of ours is nothing of the contract
    known = simulator.coverage_cache.of(
        *((account.id, account.answers) if account else (coverage_rows.ARCHIVED, 0))
    )
    new = [] if shape in known else items_of(shape)
    if new:
        tx.after_commit.append(partial(known.add, shape))
    is_told = shape.operation is Operation.QUERY_TASK and answered is Answered.RESULT
    if account is not None and is_told and not known.issuperset(Status):
        status = _told(tx, visit, account, task_id or "")
        if status is not None and status not in known:
            tx.after_commit.append(partial(known.add, status))
            new.append(outcome_item(status))
    return new


def _told(tx: Transaction, visit: CallContext, account: Account, task_id: str) -> Status | None:
    """Return the status that a query has told."""
    task = task_rows.get(tx, account.id, task_id)
    return None if task is None else task_rules.status_at(task.plan, visit.stamp.now)


def _shape(simulator: Simulator, visit: CallContext, answer: Answer, answered: Answered) -> Shape:
    contract = simulator.catalogue.requests(visit.readings)
    operation, body = visit.operation, visit.body
    known = contract.fields[operation] if operation is not None and body is not None else ()
    sent = body.fields if body is not None else {}
    error = None
    if answered is Answered.ERROR:
        error = _error(answer, simulator.catalogue.errors)
    return Shape(
        operation=operation,
        answered=answered,
        way="signature" if isinstance(visit.credentials, KeyPair) else "app-code",
        fields=tuple([name for name in known if sent.get(name)]),
        headers=tuple([name for name, _ in visit.call.headers if name in contract.headers]),
        error=error,
        readings=visit.readings,
    )


def _error(answer: Answer, tables: ErrorTables) -> str | None:
    """Return the row that an error of the gateway is, on an older instance by its message."""
    named = dict(answer.headers)
    if code := named.get("X-Ca-Error-Code"):
        return code
    message = named.get(ERROR_MESSAGE, "")
    for row in tables.classic.values():
        if row.codes and message.startswith(row.message.partition("{")[0]):
            return row.codes[0]
    return None
