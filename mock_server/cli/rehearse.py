"""`artqr-mock rehearse -- CMD`: a client's real program through the incidents, with a verdict."""

import shutil
import sys
from contextlib import suppress
from pathlib import Path

import click

from mock_server.cli.common import COULD_NOT_RUN, FINDINGS, check_output, fail, pair, write_output
from mock_server.domain.durations import parse_duration
from mock_server.domain.suggestions import unknown
from mock_server.domain.usage_errors import UsageError


def _seconds(_: click.Context, __: click.Parameter, value: str) -> float:
    return parse_duration(value) / 1000


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--only", multiple=True, metavar="DRILL", help="Run this drill; may be repeated.")
@click.option(
    "--skip", multiple=True, metavar="DRILL", help="Leave this drill out; may be repeated."
)
@click.option("--list", "is_list", is_flag=True, help="List the drills, and run nothing.")
@click.option("--jobs", type=click.IntRange(1, 32), default=1, show_default=True,
              help="Run so many drills at once.")  # fmt: skip
@click.option("--repeat", type=click.IntRange(1, 100), default=1, show_default=True,
              help="Run each drill so often; one whose verdicts differ is FLAKY.")  # fmt: skip
@click.option("--fail-fast", is_flag=True, help="Start no drill after the first failure.")
@click.option("--restartable", is_flag=True,
              help="The client goes on where it stopped, with its file at ARTQR_STATE: run the "
              "drills that kill and restart it, too.")  # fmt: skip
@click.option("--time-limit", "time_limit_s", callback=_seconds, default="60s", show_default=True,
              help="How long the client may run in one drill.")  # fmt: skip
@click.option("--client-timeout", "client_timeout_s", callback=_seconds, default="10s",
              show_default=True, help="How long the client waits for one answer.")  # fmt: skip
@click.option("--copies", type=click.IntRange(1, 1000), default=1, show_default=True,
              help="How many of each text the client wants.")  # fmt: skip
@click.option("--env", "variables", multiple=True, metavar="NAME=VALUE",
              help="Set a further variable; {base_url}, {app_code}, {app_key}, {app_secret}, "
              "{callback_url} and {callback_port} are filled in.")  # fmt: skip
@click.option("--cwd", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Run the client in this folder.")  # fmt: skip
@click.option("--setup", help="A command to run before the client in each drill.")
@click.option("--teardown", help="A command to run after the client in each drill.")
@click.option("--waive", "waived", multiple=True, metavar="RULE=REASON",
              help="Let a broken rule count for nothing, and say why.")  # fmt: skip
@click.option("--report", type=click.Path(file_okay=False, path_type=Path),
              help="Write report.json and junit.xml to this folder.")  # fmt: skip
@click.option("--server", help="Use a running server instead of one of its own.")
@click.option("--token", envvar="ARTQR_MOCK_TOKEN", help="The token of that server.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def rehearse(
    *, is_list: bool, variables: tuple[str, ...], waived: tuple[str, ...],
    report: Path | None, command: tuple[str, ...], **options: object,
) -> None:  # fmt: skip
    """Run a client's program through incidents, and give a verdict on each.

    Put the command after `--`. The client needs nothing but its environment: ARTQR_BASE_URL,
    ARTQR_APP_CODE and the others that the guide lists. Each drill has an account of its own.
    Exit codes: 0 no drill failed, 1 one did, 2 wrong use, 3 nothing could be judged.
    """
    from mock_server.rehearsal import runner, scorecard  # noqa: PLC0415 - the other commands need none of it
    from mock_server.rehearsal.order import RehearsalOrder  # noqa: PLC0415

    if is_list:
        _list()
        return
    order = RehearsalOrder(
        command=_found(command), env=dict(map(pair, variables)), waived=_waived(waived),
        **options,  # type: ignore[arg-type]
    )  # fmt: skip
    if report is not None:
        for name in ("report.json", "junit.xml"):
            report.mkdir(parents=True, exist_ok=True)
            check_output(report / name)
    rehearsal = runner.rehearse_order(
        order, lambda result: click.echo(scorecard.line_of(result), err=True)
    )
    if report is not None:
        _write(report, rehearsal)
    for line in scorecard.lines(rehearsal):
        click.echo(line)
    _leave(rehearsal)


def _list() -> None:
    from mock_server.rehearsal.drills import all_drills  # noqa: PLC0415 - see above

    for drill in all_drills():
        mark = "+" if drill.must_succeed else " "
        click.echo(f"{mark} {drill.id:<28} {drill.says}")
    click.echo("+ a good client succeeds")


def _found(command: tuple[str, ...]) -> tuple[str, ...]:
    if not command:
        raise UsageError("name the client's command after --: artqr-mock rehearse -- ./my-client")
    if shutil.which(command[0]) is None:
        raise UsageError(f"the command {command[0]!r} was not found, or cannot be run")
    return command


def _waived(pairs: tuple[str, ...]) -> dict[str, str]:
    from mock_server.rehearsal.rules import RULES  # noqa: PLC0415 - see above

    found = dict(map(pair, pairs))
    known = {rule.id: rule for rule in RULES}
    for name, reason in found.items():
        if name not in known:
            raise UsageError(unknown("rule", name, known))
        if not reason.strip():
            raise UsageError(f"--waive {name}: give the reason after the =")
    return found


def _write(folder: Path, rehearsal: object) -> None:
    from mock_server.rehearsal import report  # noqa: PLC0415 - see above

    write_output(folder / "report.json", report.json_report(rehearsal))  # type: ignore[arg-type]
    write_output(folder / "junit.xml", report.junit(rehearsal))  # type: ignore[arg-type]


def _leave(rehearsal: object) -> None:
    from mock_server.rehearsal.outcome import Report  # noqa: PLC0415 - see above
    from mock_server.rehearsal.verdicts import Verdict  # noqa: PLC0415

    assert isinstance(rehearsal, Report)  # noqa: S101
    if rehearsal.called_nothing:
        fail(
            "the client called no server in any drill: let it take its address from "
            "ARTQR_BASE_URL, or name its own variable with --env NAME={base_url}",
            COULD_NOT_RUN,
        )
    if rehearsal.verdict in (Verdict.FAIL, Verdict.FLAKY):
        sys.exit(FINDINGS)
    with suppress(BrokenPipeError):
        sys.stdout.flush()
