"""Records of the admin API with their fields as attributes: `task.task_id`, `task["task_id"]`.

Rule 1: a record is a dictionary, so that whatever reads a dictionary reads it, JSON too.
Rule 2: it shows what the server said at that moment; nothing in it changes afterwards.
"""

from collections.abc import Mapping
from typing import Any, NoReturn, Self

from mock_server.domain.suggestions import unknown


class Record(dict[str, Any]):
    """What the server says of one thing. Objects inside it are records, too."""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return a record of a JSON object."""
        return cls({name: _recorded(value) for name, value in values.items()})

    def __getattr__(self, name: str) -> Any:
        """Return a field. Raises AttributeError with the nearest name."""
        try:
            return self[name]
        except KeyError:
            kind = type(self).__name__
            raise AttributeError(unknown(f"field of a {kind}", name, self)) from None

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: a record cannot change what the server has."""
        raise AttributeError(f"{name} cannot be set: a record only shows what the server has")


class TaskRecord(Record):
    """A task as the simulator knows it. Instants are milliseconds since 1970, account's time."""

    task_id: str
    number: int
    status: str
    content: str | None
    text: str | None
    qr_code_url: str | None
    style_id: str | None
    your_prompt: str | None
    call_back: str | None
    submitted_at: int
    starts_at: int
    ends_at: int | None
    outcome: str
    queries_left: int | None
    remark: str | None
    pictures: list[str]


class CallbackRecord(Record):
    """A planned callback with its attempts, each a record."""

    id: int
    task_id: str
    url: str
    copy_of: int | None
    by_hand: bool
    due_at: int | None
    next_at: int | None
    state: str
    fault: Record | None
    attempts: list[Record]


class FaultRecord(Record):
    """An armed fault. The parameters of its kind, such as `for_ms`, are fields, too."""

    id: int
    stage: str
    kind: str
    code: str | None
    remark: str | None
    operation: str | None
    starts_at: int | None
    expires_at: int | None
    calls_left: int | None
    seen: int
    hits: int


class PackageRecord(Record):
    """A package that was bought; money is whole fen (1/100 yuan)."""

    id: int
    offer: str
    credits: int
    remaining: int
    bought_at: int
    expires_at: int
    fen: int


class EventRecord(Record):
    """What a clock has moved to: a task's end (`task_id`), or that of a package, and so on."""

    kind: str
    at: int
    task_id: str | None
    package: int | None


def _recorded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Record.of(value)
    return [_recorded(each) for each in value] if isinstance(value, list) else value
