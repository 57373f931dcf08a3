"""What a test moves: the clock, the faults, the readings, the tasks of one account."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, overload

from mock_server.admin_client import AccountClient

# pytest shows the line of the test that called, not the lines of this module.
__tracebackhide__ = True


class ClockControl:
    """The account's time. Each change waits for the callbacks that it makes due."""

    def __init__(self, account: AccountClient) -> None:
        self._account = account

    @property
    def now(self) -> int:
        """The account's instant, in milliseconds since 1970."""
        now: int = self._account.get("/clock")["now"]
        return now

    def advance(self, duration: str) -> int:
        """Move on by a duration such as `30s` or `1h30m`; return the new instant."""
        return self._change(advance=duration)

    def next(self) -> dict[str, Any] | None:
        """Move to the next event, such as a task's end, and return it; None: nothing comes."""
        changed = self._account.post("/clock", {"to_next_event": True, "settle": True})
        event: dict[str, Any] | None = changed["event"]
        return event

    def set(self, now: int) -> int:
        """Move to an instant that is not past."""
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

    def _change(self, **change: Any) -> int:
        now: int = self._account.post("/clock", {**change, "settle": True})["now"]
        return now


class Faults:
    """Failures on order."""

    def __init__(self, account: AccountClient) -> None:
        self._account = account

    def add(self, code: str | None = None, /, **rule: Any) -> dict[str, Any]:
        """Arm a rule: a code of the error table, `remark="..."`, or whatever the server offers.

        `operation` and `calls` say which calls it meets; without them it meets every call.
        """
        wanted = {name: value for name, value in rule.items() if value is not None}
        if code is not None:
            wanted["code"] = code
        armed: dict[str, Any] = self._account.post("/faults", wanted)
        return armed

    def clear(self) -> None:
        """Disarm every rule."""
        self._account.delete("/faults")

    def all(self) -> list[dict[str, Any]]:
        """Return every rule, spent ones too, with how often each has fired."""
        found: list[dict[str, Any]] = self._account.get("/faults")["faults"]
        return found


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


class Tasks(Sequence[dict[str, Any]]):
    """The tasks as the simulator knows them, in the order of their submits."""

    def __init__(self, account: AccountClient) -> None:
        self._account = account

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        """Return a task, or some."""
        return self._all()[index]

    def __len__(self) -> int:
        """How many tasks were made."""
        return len(self._all())

    def get(self, task_id: str) -> dict[str, Any]:
        """Return one task by its id."""
        for task in self._all():
            if task["task_id"] == task_id:
                return task
        raise LookupError(f"this account has no task {task_id!r}")

    def force(self, task_id: str, state: str) -> dict[str, Any]:
        """Put a task into a state: `running`, `succeeded` or `failed`."""
        forced: dict[str, Any] = self._account.post(f"/tasks/{task_id}", {"state": state})
        return forced

    def _all(self) -> list[dict[str, Any]]:
        return self._account.every("/tasks", "tasks")
