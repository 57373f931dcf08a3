"""Limits of fault parameters, written beside their types, and the JSON schemas made from them.

The fault schemas of the admin document are generated from here, so a fault is described once.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from typing import Any, get_args, get_type_hints

Bounds = Mapping[str, Any]
_TYPES = {int: "integer", float: "number", str: "string", bool: "boolean"}


def between(least: int, most: int) -> Bounds:
    """A number within these limits, both included."""
    return {"minimum": least, "maximum": most}


def but(*values: int) -> Bounds:
    """None of these values."""
    return {"not": {"enum": list(values)}}


def length(least: int, most: int) -> Bounds:
    """A text with at least and at most so many characters."""
    return {"minLength": least, "maxLength": most}


def matching(pattern: str, most: int) -> Bounds:
    """A text that matches a regular expression, with at most so many characters."""
    return {"pattern": pattern, "maxLength": most}


def one_of(*values: int | str) -> Bounds:
    """One of these values."""
    return {"enum": list(values)}


def described(text: str) -> Bounds:
    """The meaning of the value, where the name does not say it."""
    return {"description": text}


def schemas_of(fault: type[Any]) -> dict[str, dict[str, Any]]:
    """Return the JSON schema of each parameter of a fault, in the order of the dataclass."""
    plain, annotated = get_type_hints(fault), get_type_hints(fault, include_extras=True)
    found = {}
    for field in fields(fault):
        schema: dict[str, Any] = {"type": _type_of(plain[field.name])}
        enum = plain[field.name]
        if isinstance(enum, type) and issubclass(enum, StrEnum):
            schema["enum"] = [value.value for value in enum]
        for bounds in getattr(annotated[field.name], "__metadata__", ()):
            schema |= bounds
        if field.default not in (MISSING, None):
            schema["default"] = _plain(field.default)
        found[field.name] = schema
    return found


def needed(fault: type[Any]) -> list[str]:
    """Return the names of the parameters without a default."""
    return [field.name for field in fields(fault) if field.default is MISSING]


def _type_of(hint: Any) -> str:
    kinds = [hint, *get_args(hint)]
    return next(name for kind, name in _TYPES.items() if _is(kinds, kind))


def _is(kinds: list[Any], wanted: type) -> bool:
    return any(isinstance(kind, type) and issubclass(kind, wanted) for kind in kinds)


def _plain(value: object) -> object:
    return value.value if isinstance(value, StrEnum) else value
