"""Records that are frozen for mypy and in tests, and cost nothing for it where calls are answered.

A frozen dataclass sets each of its fields through a function call. The types already forbid to
change a record, and the tests run frozen ones: a server need not pay for it in each call.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

# Whether records are really frozen. It has to be set before the modules with records load.
are_frozen = False

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - exported
else:
    import dataclasses

    def dataclass(*, frozen: bool = False, **options: Any) -> Any:
        """Do what `dataclasses.dataclass` does, but let a record stay unfrozen in a server.

        It keeps the hash of a frozen one: records serve as keys.
        """

        def made(cls: type) -> type:
            if are_frozen or not frozen:
                return dataclasses.dataclass(frozen=frozen, **options)(cls)
            is_hashed = "__hash__" not in cls.__dict__
            return dataclasses.dataclass(unsafe_hash=is_hashed, **options)(cls)

        return made


Record = TypeVar("Record")


def changed(record: Record, values: Mapping[str, Any]) -> Record:
    """Do what `dataclasses.replace` does, for a record with slots; in a quarter of its time.

    Raises AttributeError for a name that is no field.
    """
    kind: Any = type(record)
    made: Record = _copier(kind)(record)
    for name, value in values.items():
        _set(made, name, value)
    return made


_set = object.__setattr__  # a copy that nobody has seen may still change, frozen or not


@cache
def _copier(kind: type) -> Callable[[Any], Any]:
    """Return a function that copies a record field by field, written for its kind."""
    lines = ["def copied(record):", "    made = new(kind)"]
    set_one = "setter(made, {0!r}, record.{0})" if _is_frozen(kind) else "made.{0} = record.{0}"
    names: tuple[str, ...] = kind.__slots__  # type: ignore[attr-defined]
    lines += [f"    {set_one.format(name)}" for name in names]
    found: dict[str, Any] = {"new": object.__new__, "kind": kind, "setter": _set}
    exec("\n".join([*lines, "    return made"]), found)  # noqa: S102 - as dataclasses does
    copied: Callable[[Any], Any] = found["copied"]
    return copied


def _is_frozen(kind: Any) -> bool:
    return bool(kind.__dataclass_params__.frozen)
