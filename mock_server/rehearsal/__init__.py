"""Rehearsal: a client's real program is run through incidents, and judged by what it did.

`rehearse` runs a command through the drills and returns a Report: a verdict for each drill, with
the evidence, the yuan wasted, the rule applied and what to do. `drill_ids` names the drills, for a
test of its own for each.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from mock_server.domain.suggestions import unknown
from mock_server.rehearsal.drills import Drill, all_drills, chosen
from mock_server.rehearsal.order import RehearsalOrder
from mock_server.rehearsal.outcome import Report
from mock_server.rehearsal.runner import rehearse_order
from mock_server.rehearsal.verdicts import DrillResult, Verdict

__all__ = ["Drill", "DrillResult", "RehearsalOrder", "Report", "Verdict", "all_drills", "drill_ids",
           "rehearse"]  # fmt: skip


def rehearse(command: Sequence[str], **options: Any) -> Report:
    """Run a command through the drills; `options` are the fields of RehearsalOrder.

    Ctrl-C ends the clients. Raises TypeError for an option that it does not know, UsageError for a
    value that cannot be. A server that fails, or a setup, is in `problem` of the report.
    """
    known = [each.name for each in fields(RehearsalOrder) if each.name != "command"]
    for name in options:
        if name not in known:
            raise TypeError(f"rehearse(): {unknown('option', name, known)}")
    return rehearse_order(RehearsalOrder(command=command, **options))


def drill_ids(*, restartable: bool = False) -> list[str]:
    """Return the ids of the drills; with `restartable` also of those that restart the client."""
    return [drill.id for drill in chosen((), (), restartable=restartable)]
