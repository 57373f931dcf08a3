"""Servers of `artqr_server` and `artqr_mock_server()` in which the simulator has a bug."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mock_server.testing import process
from tests.support import broken_simulator

_processes: dict[str, process.ServerProcess | None] = {}


def command(operation: str) -> list[str]:
    """Return how to start a process whose servers fail on an operation."""
    return [sys.executable, "-I", "-X", "utf8", broken_simulator.__file__, operation]


@contextmanager
def failing_on(operation: str) -> Iterator[None]:
    """Have the servers of a `with` block fail on an operation; their process is kept for later."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process, "command", lambda: command(operation))
        patch.setattr(process, "_process", _processes.get(operation))
        yield
        _processes[operation] = process._process
