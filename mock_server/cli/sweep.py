"""`artqr-mock sweep -- CMD`: a client's real program under many answers to the open questions."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mock_server.cli.common import (
    COULD_NOT_RUN,
    FINDINGS,
    fail,
    language_option,
    say_in,
    write_output,
)
from mock_server.cli.rehearse import (
    make_folder,
    pairs,
    print_lines,
    rehearse,
    stopped_by_signals,
    warn_of_late_answers,
    with_flags,
)

if TYPE_CHECKING:
    from mock_server.rehearsal.runner import Told
    from mock_server.sweep.estimate import Estimate
    from mock_server.sweep.order import SweepOrder
    from mock_server.words.sentences import Say

INTERRUPTED = 128 + signal.SIGINT
REPORTS = ("sweep.json", "junit.xml")
# How a client is run is the same as in a rehearsal; what runs, and what is written, is not.
SHARED = frozenset({
    "skip", "jobs", "repeat", "restartable", "time_limit_s", "client_timeout_s", "copies", "env",
    "cwd", "setup", "teardown", "waived", "server", "token", "command",
})  # fmt: skip


def _names(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not value.replace(",", "").strip():  # a variable of a shell that is not set
            raise click.BadParameter(f"{value!r} names no reading: write result.item,envelope")
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


@click.command(context_settings={"allow_interspersed_args": False})
@click.option("--only", multiple=True, metavar="DRILL",
              help="Run this drill instead of the usual six; may be repeated.")  # fmt: skip
@click.option("--readings", multiple=True, metavar="ID[,ID]", callback=_names,
              help="Vary these readings only. [default: all that a drill can show]")  # fmt: skip
@click.option("--fix", "fixed", multiple=True, metavar="ID=VALUE",
              callback=pairs("result.item=object"),
              help="Give a reading this value in every combination; may be repeated.")  # fmt: skip
@click.option("--exhaustive/--pairwise", default=None,
              help="Try every combination, not just enough for every pair of values.")  # fmt: skip
@click.option("--seed", type=int, help="Choose another set of combinations. [default: 0]")
@click.option("--yes", is_flag=True, default=None,
              help="Do not ask before a sweep of more than ten minutes.")  # fmt: skip
@click.option("--report", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Write sweep.json and junit.xml to this folder.")  # fmt: skip
@language_option
def sweep(*, language: str, **flags: Any) -> None:
    """Rehearse a client under the open questions about the vendor, and say what breaks it.

    Put the command after `--`. Drills run under combinations of readings in which any two values
    meet. What fails is run again, one reading changed at a time, until the cause is known.
    The options can also stand in [tool.artqr-mock.sweep] of a pyproject.toml; how the client is
    run is taken from [tool.artqr-mock.rehearse] as well.
    Exit codes: 0 robust, 1 something breaks it, 2 wrong use, 3 nothing could be judged, 130 Ctrl-C.
    """
    # The other commands need none of it.
    from mock_server.rehearsal.order import found_command  # noqa: PLC0415
    from mock_server.sweep.order import order_of  # noqa: PLC0415
    from mock_server.sweep.plan import drills_of  # noqa: PLC0415
    from mock_server.sweep.project_file import sweep_settings  # noqa: PLC0415

    in_file = sweep_settings(Path.cwd(), has_command=bool(flags["command"]))
    values = with_flags(in_file, flags)
    report = values.pop("report", None)
    order = order_of({"command": (), **values})
    found_command(order.rehearsal)
    drills = drills_of(order)
    if report is not None:
        make_folder(report, REPORTS)
    warn_of_late_answers(order.rehearsal, drills)
    _sweep(order, report, language)


sweep.params += [each for each in rehearse.params if each.name in SHARED]


def _sweep(order: "SweepOrder", folder: Path | None, language: str) -> None:
    from mock_server.sweep import report, summary  # noqa: PLC0415 - see above
    from mock_server.sweep.runner import Watch, sweep_order  # noqa: PLC0415

    say = say_in(language)
    with stopped_by_signals() as signals:
        found = sweep_order(
            order, Watch(phase=partial(_phase, say), agrees=partial(_agrees, say)), signals.stop
        )
        try:
            if folder is not None:
                write_output(folder / REPORTS[0], report.json_report(found))
                write_output(folder / REPORTS[1], report.junit(found))
        finally:  # what could not be written is shown all the same
            print_lines(summary.lines(found, language=language))
    if signals.number is not None:
        sys.exit(128 + signals.number)
    if found.problem is not None:
        fail(found.problem, COULD_NOT_RUN)
    if not found.is_robust:
        sys.exit(FINDINGS)


@contextmanager
def _phase(say: "Say", title: str, planned: int) -> "Iterator[Told]":
    from mock_server.formatting import counted  # noqa: PLC0415 - see above
    from mock_server.rehearsal import progress  # noqa: PLC0415

    click.echo(f"{say(title)}{say(': ')}{say(counted(planned, 'run'))}", err=True)
    with progress.shown(sys.stderr, planned) as told:
        yield told


def _agrees(say: "Say", estimate: "Estimate") -> bool:
    """Ask on a terminal; elsewhere nobody is there to ask."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    taken = signal.signal(signal.SIGINT, signal.default_int_handler)  # Ctrl-C is an answer, too
    try:
        return click.confirm(say(f"{estimate.text}. Go on?"), err=True)
    except click.Abort:
        sys.exit(INTERRUPTED)
    finally:
        signal.signal(signal.SIGINT, taken)
