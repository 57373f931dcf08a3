"""How the suite talks to a client: three methods, and what they give back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

UNFINISHED = ("pending", "running")
STATUSES = (*UNFINISHED, "succeeded", "failed")


class Adapter(Protocol):
    """What you write: each method makes your client do one thing, and raises what it raises.

    Each may be an `async def`, or return something to await: it is awaited in one event loop,
    which all worlds share.

    An adapter may also have a `callback_url`, where your client takes callbacks, and a `close()`,
    which is called at the end.
    """

    def submit(self, fields: dict[str, str]) -> str:
        """Submit a task with these fields and return its id."""
        ...

    def query(self, task_id: str) -> Any:
        """Return what your client says of a task: `task_id`, `status` and `pictures`.

        They are attributes or keys; `status` is one of pending, running, succeeded and failed, and
        `pictures` a list of addresses.
        """
        ...

    def list_tasks(self, page: int) -> Iterable[Any]:
        """Return the tasks of a page, from 1, each like a result of `query`; none past the last."""
        ...


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What a client says of a task, if it has no such thing of its own."""

    task_id: str
    status: str
    pictures: tuple[str, ...] = ()

    @property
    def is_unfinished(self) -> bool:
        """Whether the task has yet to end: how far it is, is all the same."""
        return self.status in UNFINISHED

    def agrees_with(self, truth: "TaskResult") -> bool:
        """Whether it says the same as the truth."""
        if self.is_unfinished and truth.is_unfinished:
            return self.task_id == truth.task_id
        return self == truth


def result_of(value: Any) -> TaskResult | None:
    """Return a client's result as ours; None if it is none."""
    found = dict(value) if isinstance(value, Mapping) else None
    names = ("task_id", "status", "pictures")
    parts = [found.get(name) if found is not None else getattr(value, name, None) for name in names]
    task_id, status, pictures = parts
    if status is None or isinstance(pictures, str):
        return None
    word = str(getattr(status, "value", status))
    # The id keeps its type: a number is not the text that the API gave.
    return TaskResult(task_id, word, tuple(pictures or ()))  # type: ignore[arg-type]


def truth_of(task: Mapping[str, Any]) -> TaskResult:
    """Return what the simulator knows of a task."""
    pictures = tuple(task["pictures"]) if task["status"] == "succeeded" else ()
    return TaskResult(task["task_id"], task["status"], pictures)
