"""Records that are frozen for mypy and in tests, and cost nothing for it where calls are answered.

A frozen dataclass sets each of its fields through a function call. The types already forbid to
change a record, and the tests run frozen ones: a server need not pay for it in each call.
"""

from collections.abc import Mapping
from functools import cache
from operator import attrgetter
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
    """Do what `dataclasses.replace` does, for a record with slots; in half of its time."""
    kind: Any = type(record)
    names, values_of = _fields(kind)
    made: Record = kind(**{**dict(zip(names, values_of(record), strict=True)), **values})
    return made


@cache
def _fields(kind: type) -> tuple[tuple[str, ...], Any]:
    names: tuple[str, ...] = kind.__slots__  # type: ignore[attr-defined]
    return names, attrgetter(*names)
