"""Coverage: how much of the contract a client's calls have used.

Rule 1: a call of the client and the answer that it received cover an item; arming a fault alone
covers nothing.
Rule 2: a covered item stays covered when the journal drops the call.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mock_server.domain.call.calls import VENDOR_OPERATIONS, Operation
from mock_server.domain.call.errors import ErrorTables
from mock_server.domain.findings import Contract
from mock_server.domain.readings import ALLOWED, Readings, as_mapping
from mock_server.domain.task.tasks import Status


class Group(StrEnum):
    """The kinds of item that coverage counts."""

    OPERATIONS = "operations"
    CREDENTIALS = "credentials"
    FIELDS = "fields"
    HEADERS = "headers"
    ANSWERS = "answers"
    ERRORS = "errors"
    OUTCOMES = "outcomes"
    READINGS = "readings"


class Answered(StrEnum):
    """How a call was answered: by the service, with a refusal, or by the gateway."""

    RESULT = "result"
    REFUSAL = "refusal"
    ERROR = "gateway-error"


WAYS = ("app-code", "signature")


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageItem:
    """One item to cover. `how` says how to cover it, if the name does not."""

    group: Group
    name: str
    how: str = ""

    @property
    def id(self) -> str:
        """The key under which coverage is stored."""
        return f"{self.group}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Everything about a call and its answer that coverage depends on.

    Calls of the same shape cover the same items.
    """

    operation: Operation | None
    answered: Answered
    way: str
    fields: tuple[str, ...]
    headers: tuple[str, ...]
    error: str | None
    readings: Readings


def items_of(shape: Shape) -> list[str]:
    """Return the ids of the items that a call of this shape covers."""
    found = [(Group.ERRORS, shape.error)] if shape.error else []
    operation = shape.operation
    if operation is not None:
        found.append((Group.ANSWERS, f"{operation}.{shape.answered}"))
        found += [(Group.FIELDS, f"{operation}.{name}") for name in shape.fields]
        found += [(Group.HEADERS, name) for name in shape.headers]
    if operation is not None and shape.answered is not Answered.ERROR:
        # The gateway let the call through, so its credentials were right.
        found.append((Group.CREDENTIALS, shape.way))
        words = as_mapping(shape.readings).items()
        found += [(Group.READINGS, f"{reading}={word}") for reading, word in words]
        if shape.answered is Answered.RESULT:
            found.append((Group.OPERATIONS, operation))
    return [f"{group}/{name}" for group, name in found]


def outcome_item(status: Status) -> str:
    """Return the id of the item that a task status, shown to the client, covers."""
    return f"{Group.OUTCOMES}/{status}"


def all_items(contract: Contract, errors: ErrorTables) -> list[CoverageItem]:
    """Return every item that can be covered."""
    return [
        *(CoverageItem(group=Group.OPERATIONS, name=each) for each in VENDOR_OPERATIONS),
        *(CoverageItem(group=Group.CREDENTIALS, name=way) for way in WAYS),
        *(
            CoverageItem(group=Group.FIELDS, name=f"{operation}.{name}")
            for operation, names in contract.fields.items()
            for name in names
        ),
        *(CoverageItem(group=Group.HEADERS, name=name) for name in sorted(contract.headers)),
        *(
            CoverageItem(group=Group.ANSWERS, name=f"{operation}.{answered}")
            for operation in VENDOR_OPERATIONS
            for answered in Answered
        ),
        *(
            CoverageItem(
                group=Group.ERRORS,
                name=row.code,
                how=row.how or f"artqr-mock fault add --code {row.code}",
            )
            for row in errors.rows.values()
        ),
        *(CoverageItem(group=Group.OUTCOMES, name=status) for status in Status),
        *(
            CoverageItem(group=Group.READINGS, name=f"{reading}={word}",
                 how=f"artqr-mock account create --reading {reading}={word}")
            for reading, words in ALLOWED.items()
            for word in words
        ),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredItem:
    """An item, and the first call that covered it.

    `call` None: no call covered it, or the call was of an account that is deleted.
    """

    item: CoverageItem
    met: bool
    call: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The covered and uncovered items of some groups."""

    lines: tuple[CoveredItem, ...]

    @property
    def met(self) -> int:
        """The number of covered items."""
        return sum(line.met for line in self.lines)

    @property
    def percent(self) -> float:
        """The covered items in percent; 100 if there are no items."""
        return round(100 * self.met / len(self.lines), 1) if self.lines else 100.0

    def of(self, group: Group) -> "Coverage":
        """Return the coverage of one group."""
        return Coverage(lines=tuple(line for line in self.lines if line.item.group is group))


def coverage(
    items: Iterable[CoverageItem], met: Mapping[str, int | None], groups: Sequence[Group] = ()
) -> Coverage:
    """Return the coverage of some groups; `groups` empty: all. `met` is `{item id: call}`."""
    wanted = frozenset(groups or Group)
    return Coverage(
        lines=tuple(
            CoveredItem(item=item, met=item.id in met, call=met.get(item.id))
            for item in items
            if item.group in wanted
        )
    )
