"""How far `artqr-mock check` is: a bar on a terminal, a line now and then anywhere else."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from mock_server.checker import budget
from mock_server.checker.run import OnCall, Run

# Where nobody watches, a line after so many calls is enough to show that something happens.
STEP_CALLS = 50


@contextmanager
def shown(stream: TextIO) -> Iterator[OnCall]:
    """Give what a run calls after each of its calls; it writes to `stream`."""
    if not stream.isatty():

        def line(run: Run) -> None:
            if len(run.checked) % STEP_CALLS == 0:
                stream.write(f"artqr-mock: {_text(run)}\n")
                stream.flush()

        yield line
        return
    columns = (BarColumn(20), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(file=stream), transient=True) as progress:
        bar = progress.add_task("", total=None)

        def move(run: Run) -> None:
            most = run.wire.budget.most_calls
            progress.update(bar, completed=len(run.checked), total=most, description=_text(run))

        yield move


def _text(run: Run) -> str:
    return f"{budget.summary(run.wire.spent)}, {len(run.failed)} failed"
