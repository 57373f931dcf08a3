"""Sweep: a client's real program is rehearsed under many answers to the open questions.

`sweep` runs a command through drills under combinations of readings, in which any two values meet,
and returns a SweepReport: how often the client is robust, and which readings break it.
"""

from collections.abc import Sequence
from typing import Any

from mock_server.sweep.order import SweepOrder, order_of
from mock_server.sweep.outcome import SweepReport
from mock_server.sweep.rows import FoundCause, Row, Standing
from mock_server.sweep.runner import sweep_order

__all__ = ["FoundCause", "Row", "Standing", "SweepOrder", "SweepReport", "sweep"]


def sweep(command: Sequence[str], **options: Any) -> SweepReport:
    """Run a command through drills under combinations of readings.

    `options` are the fields of SweepOrder and of RehearsalOrder, without `fail_fast`. Raises
    TypeError for an option that it does not know, UsageError for a value that cannot be, or for a
    sweep of more than ten minutes without `yes=True`. A server that fails, or a setup, is in
    `problem` of the report.
    """
    return sweep_order(order_of({**options, "command": command}))
