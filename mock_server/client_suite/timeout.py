"""How long a client may take for one thing that it is asked for.

Rule 1: where the system has alarms (the main thread, not on Windows), one stops a client that never
ends, in its own thread, wherever it is.
Rule 2: elsewhere everything that a client does is done in one worker thread of its own. There an
error is raised in a client that never ends, which stops one that runs Python code; one that waits
for the system is left behind in its thread.
"""

import asyncio
import ctypes
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from contextvars import copy_context
from queue import SimpleQueue
from typing import Any, TypeVar

from mock_server.client_suite import event_loop

T = TypeVar("T")
AGAIN_S = 1.0
GRACE_S = 1.0


class EndlessError(BaseException):
    """The client was stopped. No client takes it for an error of its own."""


class Runner:
    """Calls one client, each time with the same limit in seconds.

    A coroutine is awaited in the event loop of the suite.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._worker: _Worker | None = None

    @property
    def left_behind(self) -> bool:
        """Whether the client still hangs in its thread."""
        return self._worker is not None and self._worker.is_stuck

    def run(self, act: Callable[[], Any]) -> Any:
        """Call `act` and return its result. Raises EndlessError after the limit."""

        def whole() -> Any:
            return event_loop.finished(act)

        if self._worker is None:
            if _has_alarm():
                return _by_alarm(self.seconds, whole)
            self._worker = _Worker()
        return self._worker.run(self.seconds, whole)

    def close(self) -> None:
        """End the worker thread, if there is one that still can end."""
        if self._worker is not None:
            self._worker.close()


class _Worker:
    """One thread for all calls of a client: some objects may not change their thread."""

    def __init__(self) -> None:
        self.is_stuck = False
        self._orders: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        context = copy_context()
        # A daemon: the process does not wait for a client that was left behind.
        self._thread = threading.Thread(
            target=context.run, args=(self._work,), name="client under test", daemon=True
        )
        self._thread.start()

    def run(self, seconds: float, act: Callable[[], T]) -> T:
        if self.is_stuck:
            raise EndlessError
        outcome: Future[T] = Future()
        self._orders.put((outcome, act))
        if not wait([outcome], seconds).done:
            self._interrupt(outcome)
            raise EndlessError
        return outcome.result()

    def _interrupt(self, outcome: Future[Any]) -> None:
        """Raise EndlessError in the thread; leave the thread behind if it does not react."""
        if (python := getattr(ctypes, "pythonapi", None)) is not None:  # CPython alone has it
            thread = ctypes.c_ulong(self._thread.ident or 0)
            python.PyThreadState_SetAsyncExc(thread, ctypes.py_object(EndlessError))
        event_loop.wake()
        if not wait([outcome], GRACE_S).done:
            self.is_stuck = True
            event_loop.leave_behind()
            self._orders.put(None)  # should it come back after all

    def close(self) -> None:
        self._orders.put(None)
        if not self.is_stuck:
            self._thread.join(GRACE_S)

    def _work(self) -> None:
        is_over = False
        while not is_over:
            with suppress(EndlessError):  # one that came when the client was back already
                self._take_orders()
                is_over = True

    def _take_orders(self) -> None:
        while (order := self._orders.get()) is not None:
            outcome, act = order
            try:
                outcome.set_result(act())
            except BaseException as error:  # noqa: BLE001 - it belongs to the thread that asked
                outcome.set_exception(error)


def _by_alarm(seconds: float, act: Callable[[], T]) -> T:
    def stop(*_: Any) -> None:
        raise EndlessError

    before = signal.signal(signal.SIGALRM, stop)
    # Again and again: whoever catches everything catches it once.
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN_S)
    try:
        return act()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _has_alarm() -> bool:
    """Whether a client can run in this thread: no other alarm and no event loop is active."""
    return (
        hasattr(signal, "setitimer")
        and threading.current_thread() is threading.main_thread()
        and signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
        and asyncio._get_running_loop() is None  # the public one raises
    )
