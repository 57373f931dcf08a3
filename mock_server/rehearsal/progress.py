"""How far a rehearsal is: a bar on a terminal, a line for each drill anywhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from mock_server.rehearsal import scorecard
from mock_server.rehearsal.outcome import FAILED
from mock_server.rehearsal.verdicts import DrillResult


@contextmanager
def shown(stream: TextIO, planned: int) -> Iterator[Callable[[DrillResult], None]]:
    """Give what a rehearsal calls after each of its `planned` drills; it writes to `stream`."""
    if not stream.isatty():

        def line(result: DrillResult) -> None:
            with suppress(BrokenPipeError):  # the exit code and the reports are still wanted
                stream.write(f"{scorecard.line_of(result)}\n")
                stream.flush()

        yield line
        return
    columns = (BarColumn(20), MofNCompleteColumn(), TextColumn("{task.description}"))
    failed = 0
    with Progress(*columns, console=Console(file=stream), transient=True) as progress:
        bar = progress.add_task("0 failed", total=planned)

        def move(result: DrillResult) -> None:
            nonlocal failed
            failed += result.verdict in FAILED
            last = f"{result.verdict} {result.evidence.drill.id}"
            progress.update(bar, advance=1, description=f"{failed} failed, last: {last}")

        yield move
