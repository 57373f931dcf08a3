"""Matches a call against the armed faults of its account.

Rule 1: faults of the gateway and the wire are matched as soon as the account is known, faults of
the service just before the operation. Each rule counts the calls that get so far.
"""

from collections.abc import Mapping

from mock_server.actions.accounts import faults
from mock_server.actions.gateway.context import CallContext, fields_of
from mock_server.domain.account.accounts import Account
from mock_server.domain.call import bodies
from mock_server.domain.call.calls import Operation
from mock_server.domain.call.errors import Refusal
from mock_server.domain.faults.rules import Rule, Stage, Subject
from mock_server.domain.faults.service import Effect, effect_of
from mock_server.domain.records import dataclass
from mock_server.store.engine.transaction import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedCall:
    """A call of an account with its operation, and the rules that fired, by slot."""

    account: Account
    operation: Operation
    fired: Mapping[str, Rule]


def match_entry_faults(
    tx: Transaction, context: CallContext, account: Account, operation: Operation
) -> MatchedCall:
    """Match and count the faults of the gateway and the wire."""
    fired: dict[str, Rule] = {}
    if account.armed:
        subject = _subject(context, operation)
        for stage in (Stage.GATEWAY, Stage.WIRE):
            fired |= faults.match_and_count(tx, account, stage, subject, context.stamp.now)
    return MatchedCall(account=account, operation=operation, fired=fired)


def match_service_fault(
    tx: Transaction, context: CallContext, matched: MatchedCall
) -> tuple[Rule | None, Effect]:
    """Match and count the faults of the service; return the rule that fires and its effect."""
    if not matched.account.armed:
        return None, NOTHING
    subject = _subject(context, matched.operation)
    fired = faults.match_and_count(tx, matched.account, Stage.SERVICE, subject, context.stamp.now)
    for rule in fired.values():
        return rule, effect_of(rule)
    return None, NOTHING


NOTHING = Effect()


def _subject(context: CallContext, operation: Operation) -> Subject:
    fields = fields_of(context)
    return Subject(
        operation=operation,
        text=_text(fields, "text"),
        style=_text(fields, "style_id"),
        task_id=_text(fields, "task_id") if operation is Operation.QUERY_TASK else None,
    )


def _text(fields: bodies.Fields, name: str) -> str | None:
    try:
        return bodies.text_field(fields, name)
    except Refusal:  # a value that is not text matches no pattern
        return None
