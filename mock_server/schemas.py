"""JSON Schema validators that accept integers of any size.

jsonschema-rs 0.29 raises ValueError for an integer beyond 64 bits, wherever it is in a value.
"""

import sys
from collections.abc import Iterator
from typing import Any, Protocol

from jsonschema_rs import Draft202012Validator, ValidationError

_LEAST, _MOST = -(2**63), 2**63 - 1


class Validator(Protocol):
    """A compiled schema."""

    def is_valid(self, instance: Any) -> bool:
        """Whether a value matches the schema."""

    def iter_errors(self, instance: Any) -> Iterator[ValidationError]:
        """Yield the errors of a value; none if it matches."""


def compiled(schema: dict[str, Any]) -> Validator:
    """Compile a schema and return its validator."""
    validator = Draft202012Validator(schema)
    return validator if _TAKES_ANY_INTEGER else WideIntegers(validator)


class WideIntegers:
    """Lets a validator accept integers of any size: the validator gets the nearest float."""

    def __init__(self, validator: Validator) -> None:
        self._validator = validator

    def is_valid(self, instance: Any) -> bool:
        """Whether a value matches the schema."""
        try:
            return self._validator.is_valid(instance)
        except ValueError:
            return self._validator.is_valid(_with_floats(instance))

    def iter_errors(self, instance: Any) -> Iterator[ValidationError]:
        """Yield the errors of a value; a wide integer is shown as a float."""
        try:
            return self._validator.iter_errors(instance)
        except ValueError:
            return self._validator.iter_errors(_with_floats(instance))


def _with_floats(value: Any) -> Any:
    """Return a JSON value with floats instead of integers beyond 64 bits."""
    if isinstance(value, dict):
        return {name: _with_floats(each) for name, each in value.items()}
    if isinstance(value, list):
        return [*map(_with_floats, value)]
    if not isinstance(value, int) or _LEAST <= value <= _MOST:
        return value
    try:
        return float(value)
    except OverflowError:
        return sys.float_info.max if value > 0 else -sys.float_info.max


def _takes_any_integer() -> bool:
    try:
        return Draft202012Validator({"type": "integer"}).is_valid(2**64)
    except ValueError:
        return False


_TAKES_ANY_INTEGER = _takes_any_integer()
