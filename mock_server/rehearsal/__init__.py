"""Rehearsal: a client's real program is run through incidents, and judged by what it did.

`rehearse` runs a command through the drills and returns a Report: a verdict for each drill, with
the evidence, the yuan wasted, the rule applied and what to do.
"""

from collections.abc import Sequence
from typing import Any

from mock_server.rehearsal.drills import Drill, all_drills
from mock_server.rehearsal.order import RehearsalOrder
from mock_server.rehearsal.outcome import Report
from mock_server.rehearsal.runner import rehearse_order
from mock_server.rehearsal.verdicts import DrillResult, Verdict

__all__ = ["Drill", "DrillResult", "RehearsalOrder", "Report", "Verdict", "all_drills",
           "rehearse"]  # fmt: skip


def rehearse(command: Sequence[str], **options: Any) -> Report:
    """Run a command through the drills; `options` are the fields of RehearsalOrder.

    Raises UsageError for options that cannot be, UnreachableError, RefusedError, OSError.
    """
    return rehearse_order(RehearsalOrder(command=tuple(command), **options))
