"""The form that arms a failure: a field for each parameter and condition of its kind.

Rule 1: fields come from the dataclass of the kind, so a new kind or parameter has its form at once.
Rule 2: the form becomes the order that the admin API takes, and is checked like one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from mock_server.actions.accounts import faults
from mock_server.domain.call.calls import Operation
from mock_server.domain.faults.kinds import KINDS, FaultOrder
from mock_server.domain.faults.parameters import needed, schemas_of
from mock_server.domain.faults.rules import AnyKind, Match, Stage
from mock_server.domain.faults.spellings import UNIT, short_name
from mock_server.domain.suggestions import unknown
from mock_server.domain.usage_errors import UsageError
from mock_server.web.inspector import frame

MOST_TEXT = 4000
LIFETIME = ("calls", "starts_in_ms", "expires_in_ms")
WHOLE_CONDITIONS = ("after", "nth", "first", "every", "calls")
YES_NO = ("true", "false")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: `name` is the member of the order, `label` what the documents call it.

    `type`: of its value, as JSON Schema has it, or `duration`. `choices`: the values that it can
    have; empty: any. `default`: what counts if it stays empty. `says`: what it means, if its name
    does not tell. `least` and `most`: the limits of a number.
    """

    name: str
    label: str
    type: str
    choices: tuple[str, ...] = ()
    default: str = ""
    is_needed: bool = False
    says: str = ""
    least: str = ""
    most: str = ""


def kind_named(name: str) -> AnyKind:
    """Return a kind of fault. Raises UsageError with the nearest name."""
    if name not in KINDS:
        raise UsageError(unknown("fault", name, KINDS))
    return KINDS[name]


def parameters(kind: AnyKind) -> list[Field]:
    """Return a field for each parameter of a kind."""
    must = needed(kind.fault)
    return [
        _field(name, schema, is_needed=name in must)
        for name, schema in schemas_of(kind.fault).items()
    ]


def conditions(kind: AnyKind) -> list[Field]:
    """Return a field for each condition that a fault of this kind can have."""
    return [
        Field(
            name=name,
            label=short_name(name),
            type=_type_of_condition(name),
            choices=tuple(kind.operations) if name == "operation" else (),
        )
        for name in (*(each.name for each in fields(Match)), *LIFETIME)
        if _applies(kind, name)
    ]


def read(kind: AnyKind) -> FaultOrder:
    """Return the order in the posted form. Raises UsageError for one that cannot be."""
    order: dict[str, Any] = {"kind": kind.name}
    for each in (*parameters(kind), *conditions(kind)):
        if text := frame.field(each.name, most=MOST_TEXT):
            order[each.name] = _value(each, text)
    return faults.read_order(order)


def _field(name: str, schema: Mapping[str, Any], *, is_needed: bool) -> Field:
    is_flag = schema["type"] == "boolean"
    default = schema.get("default", "")
    return Field(
        name=name,
        label=short_name(name),
        type="duration" if name.endswith(UNIT) else schema["type"],
        choices=YES_NO if is_flag else tuple(map(str, schema.get("enum", ()))),
        default=str(default).lower() if is_flag else str(default),
        is_needed=is_needed,
        says=schema.get("description", ""),
        least=str(schema.get("minimum", "")),
        most=str(schema.get("maximum", "")),
    )


def _type_of_condition(name: str) -> str:
    if name in WHOLE_CONDITIONS:
        return "integer"
    if name.endswith(UNIT):
        return "duration"
    return "number" if name == "probability" else "string"


def _applies(kind: AnyKind, name: str) -> bool:
    """Whether a fault of this kind can have a condition, as domain/faults/rules.py checks."""
    if kind.stage is Stage.CALLBACK:
        return name != "operation"
    if name == "task_id":
        return Operation.QUERY_TASK in kind.operations
    return name not in ("text", "style") or Operation.SUBMIT_TASK in kind.operations


def _value(field: Field, text: str) -> Any:
    """Return a field's value as JSON has it; a duration stays text, which the order may have."""
    if field.type == "integer":
        return frame.whole(field.label, text, signed=True)
    if field.type == "boolean":
        return text == "true" if text in YES_NO else text
    if field.type != "number":
        return text
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{field.label} must be a number, not {text[:64]!r}") from None
