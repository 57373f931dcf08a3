"""What a test moves: the clock, the faults, the readings, the tasks of one account."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

from mock_server.admin_client import AccountClient
from mock_server.domain.faults.kinds import named
from mock_server.testing.admin_records import EventRecord, FaultRecord, TaskRecord
from mock_server.testing.async_clock import AsyncClock, warn_on_a_loop
from mock_server.testing.receiver import OPEN_RECEIVERS

# pytest shows the line of the test that called, not the lines of this module.
__tracebackhide__ = True


class ClockControl:
    """The account's time. Each change waits for the callbacks that it makes due.

    In a coroutine, await the same methods of `aio`: the event loop goes on while they wait.
    """

    def __init__(self, account: AccountClient) -> None:
        self._account = account
        self.aio = AsyncClock(self)

    @property
    def now(self) -> int:
        """The account's instant, in milliseconds since 1970."""
        now: int = self._account.get("/clock")["now"]
        return now

    def advance(self, duration: str) -> int:
        """Move on by a duration such as `30s` or `1h30m`; return the new instant."""
        warn_on_a_loop("advance", self._awaited)
        return self._change(advance=duration)

    def next(self) -> EventRecord | None:
        """Move to the next event, such as a task's end, and return it; None: nothing comes."""
        warn_on_a_loop("next", self._awaited)
        changed = self._account.post("/clock", {"to_next_event": True, "settle": True})
        event = changed["event"]
        return event and EventRecord.of(event)

    def set(self, now: int) -> int:
        """Move to an instant that is not past."""
        warn_on_a_loop("set", self._awaited)
        return self._change(now=now)

    def freeze(self) -> int:
        """Stop."""
        return self._change(freeze=True)

    def thaw(self) -> int:
        """Go on."""
        return self._change(freeze=False)

    def rate(self, rate: float) -> int:
        """Run that many times as fast as the real clock."""
        return self._change(rate=rate)

    def _awaited(self) -> list[str]:
        """Return the addresses of callbacks that are not delivered, but for receivers of ours."""
        planned = self._account.every("/callbacks", "callbacks")
        addresses = [each["url"] for each in planned if each["next_at"] is not None]
        return [each for each in addresses if not each.startswith(tuple(OPEN_RECEIVERS))]

    def _change(self, **change: Any) -> int:
        now: int = self._account.post("/clock", {**change, "settle": True})["now"]
        return now


class Faults:
    """Failures on order."""

    def __init__(self, account: AccountClient) -> None:
        self._account = account

    def add(self, what: str | None = None, /, **rule: Any) -> FaultRecord:
        """Arm a rule: a kind of fault or an error code, or `remark="..."`, and its parameters.

        `operation` and `calls` say which calls it meets; without them it meets every call. A
        duration is a text such as "3s", or milliseconds: `for_ms="3s"`, `for_="3s"`, `for_ms=3000`.
        """
        wanted = {_spelt(name): value for name, value in rule.items() if value is not None}
        if what is not None:
            first = named(what)
            if "kind" in wanted and "kind" in first:
                raise TypeError(f"kind is given twice: {what!r} and {wanted['kind']!r}")
            if "code" in wanted and "code" in first:
                raise TypeError(f"code is given twice: {what!r} and {wanted['code']!r}")
            wanted |= first
        return FaultRecord.of(self._account.post("/faults", wanted))

    def clear(self) -> None:
        """Disarm every rule."""
        self._account.delete("/faults")

    def all(self) -> list[FaultRecord]:
        """Return every rule, spent ones too, with how often each has fired."""
        return [*map(FaultRecord.of, self._account.get("/faults")["faults"])]


def _spelt(name: str) -> str:
    """Return the name of a parameter; `for_` stands for `for`, which Python keeps to itself."""
    return name.removesuffix("_")


class ReadingsControl(Mapping[str, str]):
    """The account's answers to what nobody outside the vendor knows."""

    def __init__(self, account: AccountClient) -> None:
        self._account = account

    def __getitem__(self, reading: str) -> str:
        """Return the word of a reading."""
        return self._all()[reading]

    def __iter__(self) -> Iterator[str]:
        """Go through the ids."""
        return iter(self._all())

    def __len__(self) -> int:
        """How many readings there are."""
        return len(self._all())

    def set(self, words: Mapping[str, str]) -> None:
        """Change the words of some readings. Raises RefusedError for what is not allowed."""
        self._account.patch(dict(words), "/readings")

    def _all(self) -> dict[str, str]:
        found: dict[str, str] = self._account.get()["readings"]
        return found


class Tasks(Sequence[TaskRecord]):
    """The tasks as the simulator knows them, in the order of their submits."""

    def __init__(self, account: AccountClient) -> None:
        self._account = account

    @overload
    def __getitem__(self, index: int) -> TaskRecord: ...
    @overload
    def __getitem__(self, index: slice) -> list[TaskRecord]: ...
    def __getitem__(self, index: int | slice) -> TaskRecord | list[TaskRecord]:
        """Return a task, or some."""
        return self._all()[index]

    def __len__(self) -> int:
        """How many tasks were made."""
        return len(self._all())

    def get(self, task_id: str) -> TaskRecord:
        """Return one task by its id."""
        for task in self._all():
            if task.task_id == task_id:
                return task
        raise LookupError(f"this account has no task {task_id!r}")

    def force(self, task_id: str, state: str) -> TaskRecord:
        """Put a task into a state: `running`, `succeeded` or `failed`."""
        return TaskRecord.of(self._account.post(f"/tasks/{task_id}", {"state": state}))

    def _all(self) -> list[TaskRecord]:
        return [*map(TaskRecord.of, self._account.every("/tasks", "tasks"))]
