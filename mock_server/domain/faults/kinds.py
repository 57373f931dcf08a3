"""All kinds of fault, and their orders: `{kind, parameters, conditions}`.

Rule 1: arming a rule that can never fire is an error; the message says what is allowed.
Rule 2: contracts/admin.openapi.yaml offers exactly the parameters of each kind's dataclass; a test
compares both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, get_type_hints

from mock_server.domain.call.calls import Operation
from mock_server.domain.call.errors import ErrorTables
from mock_server.domain.faults import callback, gateway, service, wire
from mock_server.domain.faults.rules import AnyKind, FaultError, Match, check_match, given
from mock_server.domain.faults.spellings import in_ms
from mock_server.domain.suggestions import unknown

_ALL: tuple[AnyKind, ...] = (*gateway.KINDS, *service.KINDS, *wire.KINDS, *callback.KINDS)
KINDS: dict[str, AnyKind] = {kind.name: kind for kind in _ALL}
# These two kinds need no `kind`: their parameter identifies them.
UNNAMED = {"code": "gateway_error", "remark": "refusal"}

ALWAYS = Match()


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultOrder:
    """An order for a fault: its kind, its parameters and its conditions.

    `calls`: how often it fires; None: without limit. `starts_in_ms` and `expires_in_ms` count from
    its arming, on the account's clock.
    """

    kind: AnyKind
    fault: Any
    match: Match = ALWAYS
    calls: int | None = None
    starts_in_ms: int | None = None
    expires_in_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSite:
    """The server and account that a fault is armed for.

    `classic`: the account has the older instances' profile. `connection`: the server controls its
    connections.
    """

    tables: ErrorTables
    classic: bool
    connection: bool


def kind_of(order: Mapping[str, Any]) -> AnyKind:
    """Return the kind of an order. Raises FaultError with the nearest name, or with all names."""
    name = order.get("kind")
    if name is None:
        unnamed = [UNNAMED[key] for key in UNNAMED if key in order]
        if len(unnamed) == 1:
            return KINDS[unnamed[0]]
        raise FaultError(
            "name the kind of fault, or one of code and remark (see schema NewFault in "
            f"/_mock/openapi.json); valid kinds: {', '.join(KINDS)}"
        )
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise FaultError(unknown("fault", name, KINDS))
    return kind


def named(word: str) -> dict[str, str]:
    """Return the beginning of an order from one word: the name of a kind, else an error code."""
    # No code is in lower case: such a word is a kind that was mistyped.
    return {"kind": word} if word in KINDS or word.islower() else {"code": word}


def with_ms(order: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order with its durations in milliseconds, as `for_ms`. Raises FaultError."""
    return in_ms(order, _names(kind_of(order).fault))


def read_order(order: Mapping[str, Any]) -> FaultOrder:
    """Return the order that validated JSON describes. Raises FaultError."""
    kind = kind_of(order)
    order = with_ms(order)
    operation = order.get("operation")
    match = {name: order[name] for name in _names(Match) if name in order}
    return FaultOrder(
        kind=kind,
        fault=fault_of(kind, {name: order[name] for name in _names(kind.fault) if name in order}),
        match=Match(**{**match, "operation": Operation(operation) if operation else None}),
        calls=order.get("calls"),
        starts_in_ms=order.get("starts_in_ms"),
        expires_in_ms=order.get("expires_in_ms"),
    )


def fault_of(kind: AnyKind, parameters: Mapping[str, Any]) -> Any:
    """Return parameters as the dataclass of their kind."""
    hints = get_type_hints(kind.fault)
    return kind.fault(**{name: _typed(hints[name], parameters[name]) for name in parameters})


def parameters_of(fault: Any) -> dict[str, Any]:
    """Return the parameters of a fault as JSON values."""
    return {name: getattr(fault, name) for name in _names(type(fault))}


def check(order: FaultOrder, place: FaultSite) -> None:
    """Check that this server and account can have the fault. Raises FaultError."""
    check_match(order.kind, order.match, order.calls)
    starts = order.starts_in_ms or 0
    if order.expires_in_ms is not None and order.expires_in_ms <= starts:
        raise FaultError(
            "expires_in_ms is before the rule starts, so it could never fire: make it larger than "
            "starts_in_ms"
        )
    if order.kind.connection and not place.connection:
        able = ", ".join(name for name, kind in KINDS.items() if not kind.connection)
        raise FaultError(
            f"{order.kind.name} takes the connection itself, which only `artqr-mock serve` can do, "
            f"not a WSGI server or a test client; available here: {able}"
        )
    if order.kind.name == "maintenance" and order.expires_in_ms is None:
        raise FaultError("maintenance needs an end: set expires_in_ms")
    if isinstance(order.fault, service.TaskOrderFault):
        service.task_order(order.fault)
    wire.check(order.fault)
    if "code" in _names(order.kind.fault):
        gateway.check_code(order.fault.code, place.tables, classic=place.classic)


def shown(order: FaultOrder) -> dict[str, Any]:
    """Return an order as JSON, without the conditions that it leaves out."""
    return {"kind": order.kind.name, **parameters_of(order.fault), **given(order.match)}


def _names(record: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(record))


def _typed(hint: Any, value: Any) -> Any:
    return hint(value) if isinstance(hint, type) and issubclass(hint, StrEnum) else value
