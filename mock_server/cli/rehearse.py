"""`artqr-mock rehearse -- CMD`: a client's real program through the incidents, with a verdict."""

import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any

import click

from mock_server.cli.common import (
    COULD_NOT_RUN,
    FINDINGS,
    check_output,
    fail,
    language_option,
    write_output,
)
from mock_server.domain.usage_errors import UsageError
from mock_server.words import words_of

if TYPE_CHECKING:
    from mock_server.rehearsal.drill import Drill
    from mock_server.rehearsal.order import RehearsalOrder
    from mock_server.rehearsal.outcome import Report

PATIENCE_S = 8.0
REPORTS = ("report.json", "junit.xml", "report.html")
OF_CLIENTS = (
    "command",
    "scenarios",
    "jobs",
    "repeat",
    "restartable",
    "client_timeout_s",
    "copies",
    "env",
    "observed",
)
OF_RECEIVERS = ("oracle", "answer_time_s", "settle_s", "callback_hosts", "app_code")
_FLAGS = {"client_timeout_s": "client-timeout", "answer_time_s": "answer-time",
          "settle_s": "settle", "callback_hosts": "callback-host",
          "scenarios": "scenario"}  # fmt: skip


def _seconds(_: click.Context, __: click.Parameter, value: str | None) -> float | None:
    from mock_server.rehearsal.project_file import seconds  # noqa: PLC0415 - see below

    return None if value is None else seconds(value)


def pairs(example: str) -> Callable[..., dict[str, str]]:
    """Return what reads the values of an option that is written NAME=VALUE."""

    def convert(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
        for value in values:
            if not value.partition("=")[1]:
                raise click.BadParameter(f"{value!r} has no =: write {example}")
        return {name: text for name, _, text in (value.partition("=") for value in values)}

    return convert


@click.command(context_settings={"allow_interspersed_args": False})
@click.option("--only", multiple=True, metavar="DRILL", help="Run this drill; may be repeated.")
@click.option(
    "--skip", multiple=True, metavar="DRILL", help="Leave this drill out; may be repeated."
)
@click.option("--scenario", "scenarios", multiple=True, metavar="NAME|FILE",
              help="Run this scenario instead of the drills; may be repeated.")  # fmt: skip
@click.option("--list", "is_list", is_flag=True, help="List the drills, and run nothing.")
@click.option("--jobs", type=int, help="Run this many drills at once. [default: 1]")
@click.option("--repeat", type=int, help="Run each drill this many times; one whose verdicts "
              "differ is FLAKY. [default: 1]")  # fmt: skip
@click.option("--fail-fast/--no-fail-fast", default=None,
              help="Start no drill after the first failure.")  # fmt: skip
@click.option("--restartable/--no-restartable", default=None,
              help="The client goes on where it stopped, with its file at ARTQR_STATE: run the "
              "drills that kill and restart it, too.")  # fmt: skip
@click.option("--time-limit", "time_limit_s", callback=_seconds, metavar="TIME",
              help="How long the client may run in one drill. [default: 60s]")  # fmt: skip
@click.option("--client-timeout", "client_timeout_s", callback=_seconds, metavar="TIME",
              help="How long the client waits for one answer; late answers take 1.5 times that. "
              "[default: 10s]")  # fmt: skip
@click.option("--copies", type=int, help="How many of each text the client wants. [default: 1]")
@click.option("--env", multiple=True, metavar="NAME=VALUE", callback=pairs("NAME={base_url}"),
              help="Set a further variable; {base_url}, {app_code}, {app_key}, {app_secret}, "
              "{callback_url} and {callback_port} are filled in.")  # fmt: skip
@click.option("--cwd", type=click.Path(path_type=Path), help="Run the client in this folder.")
@click.option("--setup", metavar="COMMAND", help="Run this before the client in each drill.")
@click.option("--teardown", metavar="COMMAND", help="Run this after the client in each drill.")
@click.option("--waive", "waived", multiple=True, metavar="RULE=REASON",
              callback=pairs("RULE=REASON"),
              help="Let a broken rule count for nothing, and say why.")  # fmt: skip
@click.option("--report", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Write report.html, report.json and junit.xml to this folder.")  # fmt: skip
@click.option("--baseline", type=click.Path(path_type=Path), metavar="FILE",
              help="Compare with the report.json of an earlier rehearsal.")  # fmt: skip
@click.option("--observed", multiple=True, metavar="FILE", help="Let the API answer as the service "
              "that `artqr-mock probe` observed; may be repeated.")  # fmt: skip
@click.option("--github/--no-github", "for_github", default=None,
              help="Write annotations and a step summary for GitHub Actions. "
              "[default: if GITHUB_ACTIONS is true]")  # fmt: skip
@click.option("--server", metavar="URL", help="Use a running server instead of one of its own.")
@click.option("--token", envvar="ARTQR_MOCK_TOKEN", help="The token of that server.")
@click.option("--receiver", metavar="URL", help="Send callbacks to this receiver instead of "
              "running a command; the drills are then deliveries.")  # fmt: skip
@click.option("--oracle", metavar="COMMAND",
              help="With --receiver: run this after each delivery; it prints what the receiver "
              "knows.")  # fmt: skip
@click.option("--answer-time", "answer_time_s", callback=_seconds, metavar="TIME",
              help="With --receiver: how long it may take for an answer. [default: 5s]",
              )  # fmt: skip
@click.option("--settle", "settle_s", callback=_seconds, metavar="TIME",
              help="With --receiver: how long it may take to carry out what it has answered. "
              "[default: 2s]")  # fmt: skip
@click.option("--callback-host", "callback_hosts", multiple=True, metavar="HOST",
              help="With --receiver: a host beside this machine that callbacks may go to.",
              )  # fmt: skip
@click.option("--app-code", metavar="CODE",
              help="With --receiver: the app code of its account. [default: a new one]",
              )  # fmt: skip
@language_option
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def rehearse(*, is_list: bool, for_github: bool | None, language: str, **flags: Any) -> None:
    """Run a client's program through incidents, and give a verdict on each.

    Put the command after `--`. The client needs nothing but its environment: ARTQR_BASE_URL,
    ARTQR_APP_CODE and the others that the guide lists. Each drill has an account of its own.
    The options can also stand in [tool.artqr-mock.rehearse] of a pyproject.toml. With --receiver no
    command is run: callbacks, good and bad, are sent to a receiver that is running.
    Exit codes: 0 no drill failed, 1 one did, 2 wrong use, 3 nothing could be judged, 130 Ctrl-C.
    """
    if is_list:
        _list(language, is_receiver=flags["receiver"] is not None)
        return
    shown = ShownTo(language=language, for_github=_is_for_github(for_github))
    if flags["receiver"] is not None:
        _rehearse_receiver(flags, shown)
        return
    _refuse(flags, OF_RECEIVERS, "goes with --receiver only")
    # The other commands need none of it.
    from mock_server.rehearsal.order import RehearsalOrder, found_command  # noqa: PLC0415
    from mock_server.rehearsal.project_file import project_settings  # noqa: PLC0415
    from mock_server.rehearsal.runner import drills_of, rehearse_order  # noqa: PLC0415

    in_file = project_settings(Path.cwd(), has_command=bool(flags["command"]))
    values = with_flags(in_file, flags)
    report = values.pop("report", None)
    order = RehearsalOrder(**{"command": (), **values})
    found_command(order)
    drills = drills_of(order)
    if report is not None:
        make_folder(report, REPORTS)
    warn_of_late_answers(order, drills)
    run = partial(rehearse_order, order)
    _rehearse(run, report, len(drills), shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTo:
    """Who reads the report: in which language, and whether on GitHub."""

    language: str
    for_github: bool


def _is_for_github(flag: bool | None) -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true" if flag is None else flag


def _rehearse_receiver(flags: Mapping[str, Any], shown: ShownTo) -> None:
    from mock_server.rehearsal.receivers.delivery import chosen_deliveries  # noqa: PLC0415
    from mock_server.rehearsal.receivers.order import ReceiverOrder  # noqa: PLC0415
    from mock_server.rehearsal.receivers.runner import rehearse_receiver_order  # noqa: PLC0415

    _refuse(flags, OF_CLIENTS, "goes with no --receiver, which runs no client")
    values = {name: value for name, value in flags.items() if value not in (None, (), {})}
    report = values.pop("report", None)
    order = ReceiverOrder(**values)
    deliveries = chosen_deliveries(order.only, order.skip)
    if report is not None:
        make_folder(report, REPORTS)
    run = partial(rehearse_receiver_order, order)
    _rehearse(run, report, len(deliveries), shown)


def _refuse(flags: Mapping[str, Any], options: Sequence[str], why: str) -> None:
    """Raise UsageError for an option that does nothing here."""
    for name in options:
        if flags[name] not in (None, (), {}):
            flag = "a command" if name == "command" else f"--{_FLAGS.get(name, name)}"
            raise UsageError(f"{flag.replace('_', '-')} {why}: leave it out")


def with_flags(values: Mapping[str, Any], flags: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options: those of the project's file, below those that were given."""
    found = dict(values)
    for name, value in flags.items():
        if isinstance(value, dict):
            found[name] = {**found.get(name, {}), **value}
        elif value is not None and value != ():
            found[name] = value
    return found


def warn_of_late_answers(order: "RehearsalOrder", drills: "Sequence[Drill]") -> None:
    """Say so if a drill's late answer would come after the end of the client."""
    from mock_server.rehearsal.account import LATE  # noqa: PLC0415 - see above

    late_s = order.client_timeout_s * LATE
    late = [each.id for each in drills if any(fault.get("for") == "late" for fault in each.faults)]
    if late and late_s >= order.time_limit_s:
        click.echo(
            f"artqr-mock: late answers take {late_s:g}s, and the client is ended after "
            f"{order.time_limit_s:g}s ({', '.join(late)}): lower --client-timeout to what the "
            "client waits for an answer, or raise --time-limit",
            err=True,
        )


def make_folder(folder: Path, names: Sequence[str]) -> None:
    """Make the folder of the reports; end with exit code 3 if they cannot be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as error:
        reason = (isinstance(error, OSError) and error.strerror) or error
        fail(f"cannot write reports to {folder}: {reason}", COULD_NOT_RUN)
    for name in names:
        check_output(folder / name)


def _rehearse(
    run: Callable[..., "Report"], folder: Path | None, planned: int, shown: ShownTo
) -> None:
    """Run a rehearsal, write its reports, and end with its exit code."""
    from mock_server.rehearsal import progress  # noqa: PLC0415 - see above

    with stopped_by_signals() as signals:
        with progress.shown(sys.stderr, planned) as told:
            found = run(told, signals.stop)
        try:
            if folder is not None:
                _write(folder, found, shown.language)
        finally:  # what could not be written is shown all the same
            print_lines(_lines(found, shown))
    if signals.number is not None:
        sys.exit(128 + signals.number)
    if found.problem is not None:
        if shown.for_github:  # it is told already
            sys.exit(COULD_NOT_RUN)
        fail(found.problem, COULD_NOT_RUN)
    if found.has_failed:
        sys.exit(FINDINGS)


def print_lines(lines: Iterable[str]) -> None:
    """Print lines, even if their reader goes away (`| head`): the exit code still counts."""
    try:
        for line in lines:
            click.echo(line)
        sys.stdout.flush()
    except BrokenPipeError:
        sys.stdout = None


def _write(folder: Path, found: "Report", language: str) -> None:
    from mock_server.rehearsal import report, report_page  # noqa: PLC0415 - see above

    page = report_page.html(found, language).encode()
    written = (report.json_report(found), report.junit(found), page)
    for name, data in zip(REPORTS, written, strict=True):
        write_output(folder / name, data)


def _lines(found: "Report", shown: ShownTo) -> Iterator[str]:
    from mock_server.rehearsal import github, scorecard  # noqa: PLC0415 - see above

    lines = scorecard.lines(found, language=shown.language)
    return github.log_lines(found, lines, Path.cwd(), os.environ) if shown.for_github else lines


class _Signals:
    """`stop` is set by the first signal; `number` is that signal's, None before it."""

    def __init__(self) -> None:
        self.stop = Event()
        self.number: int | None = None
        self._at = 0.0

    def take(self, number: int, _: object) -> None:
        """Remember the first signal. Another one ends this process, but only after some seconds,
        which clients and teardowns have to end: the server may not answer any more.
        """
        if self.number is None:
            self.number, self._at = number, monotonic()
            self.stop.set()
        elif monotonic() - self._at > PATIENCE_S:
            os._exit(128 + number)


@contextmanager
def stopped_by_signals() -> Iterator[_Signals]:
    """Take Ctrl-C and its like for the length of a `with` block, where they are not ignored."""
    signals = _Signals()
    names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    taken = [number for number in numbers if before[number] is not signal.SIG_IGN]
    for number in taken:
        signal.signal(number, signals.take)
    try:
        yield signals
    finally:
        if signals.number is None:  # else the process is about to end: let nothing interrupt that
            for number in taken:
                signal.signal(number, before[number])


def _list(language: str, *, is_receiver: bool) -> None:
    from mock_server.rehearsal.drills import all_drills  # noqa: PLC0415 - see above
    from mock_server.rehearsal.receivers.delivery import all_deliveries  # noqa: PLC0415
    from mock_server.rehearsal.scorecard import wrapped  # noqa: PLC0415
    from mock_server.translations import sentence_in  # noqa: PLC0415

    t = words_of(language)
    for drill in all_deliveries() if is_receiver else all_drills():
        mark = "+" if drill.must_succeed else " "
        click.echo(f"{mark} {drill.id}{t('score.restart') * drill.restart}")
        for line in wrapped(sentence_in(drill.says, language), first="    ", rest="    "):
            click.echo(line)
    if not is_receiver:
        click.echo(t("score.succeeds"))
