"""The thread that owns the writing connection: the event loop of `serve`, a private thread, or the
one that uses the database.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Protocol

Task = Callable[[], None]


class Scheduler(Protocol):
    """Runs tasks one after the other on one thread."""

    def call_soon(self, task: Task) -> None:
        """Run the task on the scheduler's thread; callable from any thread."""

    def is_owner(self) -> bool:
        """Whether the calling thread is the scheduler's."""

    def close(self) -> None:
        """Finish the tasks that were handed in and stop."""


class LoopScheduler:
    """Runs tasks on a running event loop, all tasks of one turn of the loop together."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread = threading.get_ident()

    def call_soon(self, task: Task) -> None:
        """See Scheduler."""
        if self.is_owner():
            self._loop.call_soon(task)
        else:
            self._loop.call_soon_threadsafe(task)

    def is_owner(self) -> bool:
        """See Scheduler."""
        return threading.get_ident() == self._thread

    def close(self) -> None:
        """See Scheduler; the loop itself keeps running."""


class InlineScheduler:
    """Runs tasks at once, on the thread that hands them in: for a database of one thread."""

    def __init__(self) -> None:
        self._tasks: list[Task] = []
        self._is_running = False

    def call_soon(self, task: Task) -> None:
        """See Scheduler; what a task hands in runs after it."""
        self._tasks.append(task)
        if self._is_running:
            return
        self._is_running = True
        try:
            while self._tasks:
                self._tasks.pop(0)()
        finally:
            self._is_running = False

    def is_owner(self) -> bool:
        """See Scheduler: whoever waits finds the task done, but for a task itself."""
        return self._is_running

    def close(self) -> None:
        """See Scheduler; nothing is left."""


class ThreadScheduler:
    """Runs tasks on a private thread: for WSGI servers, test clients and the command line."""

    def __init__(self) -> None:
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="database-owner", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()

    def call_soon(self, task: Task) -> None:
        """See Scheduler."""
        self._tasks.put(task)

    def is_owner(self) -> bool:
        """See Scheduler."""
        return threading.current_thread() is self._thread

    def close(self) -> None:
        """See Scheduler."""
        self._tasks.put(None)
        self._thread.join(timeout=10)
