"""Integers of any size are validated, even where jsonschema-rs cannot read them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, ValidationError

from mock_server.schemas import Validator, WideIntegers, compiled

SCHEMA = {
    "properties": {
        "seed": {"type": "integer", "minimum": 0, "maximum": 2**63 - 1},
        "many": {"items": {"type": "integer"}},
    }
}


class Narrow:
    """jsonschema-rs 0.29: ValueError for an integer beyond 64 bits, wherever it is."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._validator = Draft202012Validator(schema)

    def is_valid(self, instance: Any) -> bool:
        _refuse_wide(instance)
        return self._validator.is_valid(instance)

    def iter_errors(self, instance: Any) -> Iterator[ValidationError]:
        _refuse_wide(instance)
        return self._validator.iter_errors(instance)


def _refuse_wide(value: Any) -> None:
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list):
        for each in value:
            _refuse_wide(each)
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError("int too big to convert")


def around_narrow(schema: dict[str, Any]) -> Validator:
    """Return the validator for an old jsonschema-rs."""
    return WideIntegers(Narrow(schema))


@pytest.mark.parametrize("build", [compiled, around_narrow])
@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ({"seed": 2**63 - 1}, True),
        ({"seed": 2**63}, False),
        ({"seed": 2**64}, False),
        ({"seed": 10**400}, False),
        ({"seed": -(10**400)}, False),
        ({"many": [2**70, {"not": "an integer"}]}, False),
        ({"many": [2**70, -(2**70), 1]}, True),
        ({"unknown": [{"deep": 2**70}]}, True),
    ],
)
def test_an_integer_of_any_size_fits_or_fails(
    build: Callable[[dict[str, Any]], Validator], value: Any, *, fits: bool
) -> None:
    validator = build(SCHEMA)

    assert validator.is_valid(value) is fits
    assert ([*validator.iter_errors(value)] == []) is fits


def test_the_error_still_names_the_place_and_the_bound() -> None:
    (error,) = around_narrow(SCHEMA).iter_errors({"seed": 2**70})

    assert [*error.instance_path] == ["seed"]
    assert error.message.endswith("is greater than the maximum of 9223372036854775807")
