"""Faults of an account: arm, list and disarm them, and find those that fire on a call or
callback.
"""

from collections.abc import Mapping
from typing import Any

from mock_server import contract
from mock_server.actions.accounts import lookup
from mock_server.domain.account.accounts import Account
from mock_server.domain.clock import LATEST_AT
from mock_server.domain.faults import kinds
from mock_server.domain.faults.kinds import FaultOrder, FaultSite
from mock_server.domain.faults.parameters import needed
from mock_server.domain.faults.rules import FaultError, Rule, Stage, Subject
from mock_server.domain.usage_errors import NotFoundError
from mock_server.simulator import Simulator
from mock_server.store import faults as rows
from mock_server.store.engine.transaction import Transaction

MAX_ID = 2**63 - 1  # the largest integer of the database


def read_order(value: Mapping[str, Any]) -> FaultOrder:
    """Return the order in a JSON value, `{kind, …}`. Raises FaultError for an invalid one."""
    kind = kinds.kind_of(value)
    order = kinds.with_ms(value)
    schema = contract.fault_schema(kind.name)
    see = f"(see schema {schema} in /_mock/openapi.json)"
    if missing := [name for name in needed(kind.fault) if name not in order]:
        raise FaultError(f"{kind.name} needs {' and '.join(missing)} {see}")
    if wrong := contract.misfits(schema, order):
        raise FaultError(f"{wrong} {see}")
    return kinds.read_order(order)


def arm_rule(tx: Transaction, simulator: Simulator, account: Account, order: FaultOrder) -> int:
    """Arm a rule and return its id. Raises FaultError for one that could never fire."""
    place = FaultSite(
        tables=simulator.catalogue.errors,
        classic=account.readings.gateway_profile == "classic",
        connection=simulator.has_connections,
    )
    kinds.check(order, place)
    now = account.clock.now(simulator.real_now())
    if now + max(order.starts_in_ms or 0, order.expires_in_ms or 0) > LATEST_AT:
        raise FaultError("the rule would end after the calendar (9999-12-31): choose smaller times")
    return rows.insert(tx, account.id, order, now)


def arm(tx: Transaction, simulator: Simulator, account_id: str, order: FaultOrder) -> Rule:
    """Arm a rule. Raises FaultError for one that could never fire."""
    rule = rows.get(tx, arm_rule(tx, simulator, lookup.find(tx, account_id), order))
    assert rule is not None  # noqa: S101 - it was inserted a line above
    return rule


def listed(tx: Transaction, account_id: str) -> list[Rule]:
    """Return every rule of an account, including those that fire no more."""
    lookup.find(tx, account_id)
    return rows.of_account(tx, account_id)


def match_and_count(
    tx: Transaction,
    account: Account,
    stage: Stage,
    subject: Subject,
    now: int,
    *,
    slot: str | None = None,
) -> dict[str, Rule]:
    """Count a call or callback that reached a stage; return the rules that fire, by slot.

    With `slot`, only the rules of that slot count it.
    """
    if not account.armed:
        return {}
    firing: dict[str, Rule] = {}
    for rule in rows.of_account(tx, account.id):
        if rule.kind.stage is not stage or slot not in (None, rule.kind.slot):
            continue
        if not rule.is_active(now) or not rule.matches(subject):
            continue
        seen = rows.count_seen(tx, rule.id)
        if seen is None or not rule.fires_on(account.seed, seen):
            continue
        if rule.kind.slot not in firing:
            firing[rule.kind.slot] = rule
            rows.count_hit(tx, rule.id)
    return firing


def disarm(tx: Transaction, account_id: str, rule_id: int | None = None) -> None:
    """Disarm one rule, or all of them. Raises NotFoundError for an unknown rule."""
    lookup.find(tx, account_id)
    if rule_id is None:
        rows.delete(tx, account_id)
    elif rule_id > MAX_ID or not rows.delete(tx, account_id, rule_id):
        raise NotFoundError(
            f"account {account_id} has no fault {rule_id}: "
            f"GET /_mock/accounts/{account_id}/faults lists them"
        )
