"""What `artqr-mock check` says while it makes its calls."""

import io
from types import SimpleNamespace
from typing import Any

from mock_server.checker import progress
from mock_server.checker.budget import Budget, Spent


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def run_of(calls: int) -> Any:
    """A run as far as progress looks at it."""
    wire = SimpleNamespace(
        spent=Spent(calls=calls, fen=28 * calls),
        budget=Budget(most_calls=500, most_fen=None, price_fen=28),
    )
    return SimpleNamespace(checked=[None] * calls, failed=[None], wire=wire)


def test_a_log_gets_a_line_now_and_then() -> None:
    stream = io.StringIO()

    with progress.shown(stream) as on_call:
        for calls in range(1, 120):
            on_call(run_of(calls))

    assert stream.getvalue().splitlines() == [
        "artqr-mock: 50 calls, at most 14.00 yuan, 1 failed",
        "artqr-mock: 100 calls, at most 28.00 yuan, 1 failed",
    ]


def test_a_terminal_gets_a_bar() -> None:
    stream = Terminal()

    with progress.shown(stream) as on_call:
        on_call(run_of(7))

    assert "7/500" in stream.getvalue()
    assert "7 calls, at most 1.96 yuan, 1 failed" in stream.getvalue()
