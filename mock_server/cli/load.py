"""`artqr-mock load`: virtual users on one account, incidents, and an audit of what they cost."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from mock_server.cli.common import (
    COULD_NOT_RUN,
    DEFAULT_URL,
    FINDINGS,
    fail,
    fen,
    language_option,
    print_json,
    say_in,
    write_output,
)
from mock_server.cli.rehearse import make_folder, print_lines, stopped_by_signals
from mock_server.domain.durations import BadDurationError, parse_duration
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import counted

if TYPE_CHECKING:
    from mock_server.admin_client import AdminClient
    from mock_server.load.audit import Audit
    from mock_server.load.gates import Gates
    from mock_server.load.order import LoadOrder

REPORTS = ("load.json", "junit.xml", "report.html")
OF_LOADS = {
    "users": "--users", "spawn_rate": "--spawn-rate", "run_ms": "--run-time",
    "drain_ms": "--drain", "user_classes": "--user", "locustfile": "--locustfile",
    "scenario": "--scenario", "at": "--at", "timeline": "--timeline",
    "clock_rate": "--clock-rate", "page_port": "--page", "most_calls": "--most-calls",
    "unbounded": "--unbounded", "allowed_hosts": "--allow-host",
}  # fmt: skip


def _ms(_: click.Context, __: click.Parameter, text: str | None) -> int | None:
    try:
        return None if text is None else parse_duration(text)
    except BadDurationError as error:
        raise click.BadParameter(str(error)) from None


def _finite(_: click.Context, __: click.Parameter, number: float | None) -> float | None:
    if number is not None and not isfinite(number):
        raise click.BadParameter(f"{number} is not a factor: write one such as 2")
    return number


@click.command()
@click.option("--users", type=int, help="How many users at once. [default: 10]")
@click.option("--spawn-rate", type=float, help="How many users start in a second. [default: 10]")
@click.option("--run-time", "run_ms", callback=_ms, metavar="TIME",
              help="How long users begin new intents. [default: 1m]")  # fmt: skip
@click.option("--drain", "drain_ms", callback=_ms, metavar="TIME",
              help="How long they may then finish what they began. [default: 30s]")  # fmt: skip
@click.option("--user", "user_classes", multiple=True, metavar="NAME",
              help="submit-then-poll, submit-with-callback, batch or poll-storm, or a class of "
              "--locustfile; may be repeated. [default: submit-then-poll]")  # fmt: skip
@click.option("--locustfile", type=click.Path(path_type=Path), metavar="FILE",
              help="Users of your own: a locustfile.")  # fmt: skip
@click.option("--scenario", metavar="NAME|FILE", help="The scenario that the account is in.")
@click.option("--at", multiple=True, metavar="EVENT",
              help='What happens meanwhile, such as "at 2m: outage for 30s; at 5m: package runs '
              'out"; may be repeated.')  # fmt: skip
@click.option("--timeline", type=click.Path(path_type=Path), metavar="FILE",
              help="A file of such events, one a line.")  # fmt: skip
@click.option("--clock-rate", type=float, metavar="FACTOR",
              help="How fast the account's clock runs: tasks end sooner. [default: 1]")  # fmt: skip
@click.option("--page", "page_port", type=click.IntRange(1, 65535), metavar="PORT",
              help="Show Locust's own page at this port of this machine.")  # fmt: skip
@click.option("--most-calls", type=int, metavar="N",
              help="End the load after so many calls. [default: 100000]")  # fmt: skip
@click.option("--unbounded", is_flag=True,
              help="Allow more than 1000 users, an hour or a million calls.")  # fmt: skip
@click.option("--server", metavar="URL", help="Use a running server instead of one of its own.")
@click.option("--token", envvar="ARTQR_MOCK_TOKEN", help="The token of that server.")
@click.option("--allow-host", "allowed_hosts", multiple=True, metavar="HOST",
              help="A host beside this machine that the load may call.")  # fmt: skip
@click.option("--audit-only", is_flag=True,
              help="Run no load: audit the calls that --account has already.")  # fmt: skip
@click.option("--account", "account_id", metavar="ID|NAME",
              help="With --audit-only: the account.")  # fmt: skip
@click.option("--copies", type=click.IntRange(1), metavar="N",
              help="How many of each text are wanted. Without it, the same submit is wanted again "
              "once the client knew that its task had ended.")  # fmt: skip
@click.option("--max-yuan", "max_fen", callback=fen, metavar="YUAN",
              help="Exit with 1 if the load costs more, such as 9.30.")  # fmt: skip
@click.option("--max-wasted", "max_fen_wasted", callback=fen, metavar="YUAN",
              help="Exit with 1 if more was wasted, such as 0.28.")  # fmt: skip
@click.option("--max-p99", "max_p99_ms", callback=_ms, metavar="TIME",
              help="Exit with 1 if 99 of 100 answers take longer, such as 500ms.")  # fmt: skip
@click.option("--max-storm", type=click.FloatRange(1), callback=_finite, metavar="FACTOR",
              help="Exit with 1 if an intent takes so many times the requests in an "
              "incident.")  # fmt: skip
@click.option("--report", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Write report.html, load.json and junit.xml to this folder.")  # fmt: skip
@language_option
@click.option("--json", "as_json", is_flag=True, help="Print load.json.")
def load(*, audit_only: bool, account_id: str | None, **options: Any) -> None:
    """Run virtual users against the simulator, and audit what they did.

    The load runs on Locust, in a process of its own, against an account that is new and does not
    run out. It goes to this machine only. At the end the audit says what it cost, what was paid
    twice, and how long each storm lasted. With --audit-only another tool has made the load.
    Exit codes: 0 within the limits, 1 a limit is exceeded, 2 wrong use, 3 the audit is not
    complete or could not run, 130 Ctrl-C.
    """
    run = _RunOptions(options)
    if options["report"] is not None:
        make_folder(options["report"], REPORTS)
    if audit_only:
        _audit_only(run, account_id)
        return
    if account_id is not None:
        raise UsageError("--account goes with --audit-only: a load has an account of its own")
    _load(run)


class _RunOptions:
    """The options, by what they are for."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.report: Path | None = values["report"]
        self.as_json: bool = values["as_json"]
        self.language: str = values["language"]
        self.copies: int | None = values["copies"]
        self.server: str | None = values["server"]
        self.token: str | None = values["token"]
        self._values = values

    @property
    def gates(self) -> "Gates":
        """The limits."""
        from mock_server.load.gates import Gates  # noqa: PLC0415 - the other commands need it not

        return Gates(
            fen=self._values["max_fen"], fen_wasted=self._values["max_fen_wasted"],
            p99_ms=self._values["max_p99_ms"], storm=self._values["max_storm"],
        )  # fmt: skip

    def refuse_load(self) -> None:
        """Raise UsageError for an option that only a load has."""
        for name, option in OF_LOADS.items():
            if self._values[name] not in (None, (), False):
                raise UsageError(f"{option} goes with no --audit-only: leave it out")

    def order(self) -> "LoadOrder":
        """Return the order. Raises UsageError."""
        from mock_server.load.order import LoadOrder  # noqa: PLC0415 - see above
        from mock_server.load.timeline import timeline_of  # noqa: PLC0415

        names = [each for each in OF_LOADS if each not in ("at", "timeline")]
        given = {name: self._values[name] for name in (*names, "server", "token")}
        return LoadOrder(
            **{name: value for name, value in given.items() if value not in (None, ())},
            events=timeline_of(self._values["at"], self._values["timeline"]),
        )


def _load(options: _RunOptions) -> None:
    from mock_server.load.runner import check_locust  # noqa: PLC0415 - see above
    from mock_server.rehearsal.runner import serving  # noqa: PLC0415
    from mock_server.settings import PLAIN  # noqa: PLC0415

    order = options.order()
    check_locust()
    own = order.server is None
    served = serving(order, pictures=PLAIN)
    with stopped_by_signals() as signals, _troubles(own=own), served as admin:
        audit = _run(order, admin, options, signals.stop)
        _show(audit, options)
    if signals.number is not None:
        sys.exit(128 + signals.number)
    _end(audit)


def _run(order: "LoadOrder", admin: "AdminClient", options: _RunOptions, stop: Event) -> "Audit":
    from mock_server.load.audit import Audit  # noqa: PLC0415 - see above
    from mock_server.load.evidence import read_evidence  # noqa: PLC0415
    from mock_server.load.runner import open_account, run_load  # noqa: PLC0415

    account = open_account(order, admin)
    say = say_in(options.language)

    def tell(text: str) -> None:
        click.echo(f"artqr-mock: {say(text)}", err=True)

    tell(f"{counted(order.users, 'user')} for {order.run_ms / 1000:g} s; {order.space}")
    tell(f"account {account.id} at {admin.base_url}")
    if order.page_port is not None:
        tell(f"Locust's page: http://127.0.0.1:{order.page_port}")
    ran = run_load(order, admin, account, tell, stop)
    tell("users have ended; the audit reads the journal")
    return Audit(
        evidence=read_evidence(account, options.copies), gates=options.gates, ran=ran,
        users=order.says,
    )  # fmt: skip


def _audit_only(options: _RunOptions, account_id: str | None) -> None:
    from mock_server.admin_client import AdminClient  # noqa: PLC0415 - see above
    from mock_server.load.audit import Audit  # noqa: PLC0415
    from mock_server.load.evidence import read_evidence  # noqa: PLC0415
    from mock_server.rehearsal.runner import check_server  # noqa: PLC0415
    from mock_server.tls import ca_file  # noqa: PLC0415

    options.refuse_load()
    if account_id is None:
        raise UsageError("--audit-only needs --account: `artqr-mock account list` lists them")
    url = options.server or os.environ.get("ARTQR_MOCK_URL") or DEFAULT_URL
    check_server(url)
    with AdminClient(url, options.token, ca_file()) as admin, _troubles(own=False):
        account = admin.account_named(account_id)
        audit = Audit(evidence=read_evidence(account, options.copies), gates=options.gates)
        _show(audit, options)
    _end(audit)


@contextmanager
def _troubles(*, own: bool) -> Iterator[None]:
    """End with exit code 3, and a reason, where a load or its audit cannot go on."""
    from mock_server.admin_client import UnreachableError  # noqa: PLC0415 - see above
    from mock_server.load.runner import LocustError  # noqa: PLC0415

    try:
        yield
    except LocustError as error:
        fail(str(error), COULD_NOT_RUN)
    except UnreachableError as error:
        says = str(error).replace("--url", "--server")
        if own:
            says = f"its own server answers no more ({says.partition(': start one')[0]})"
        fail(says, COULD_NOT_RUN)


def _show(audit: "Audit", options: _RunOptions) -> None:
    from mock_server.load import report, report_page, summary  # noqa: PLC0415 - see above

    found, language = report.as_json(audit), options.language
    page = report_page.page(found, language)
    try:
        if options.report is not None:
            written = (report.json_report(found), report.junit(audit), page.encode())
            for name, data in zip(REPORTS, written, strict=True):
                write_output(options.report / name, data)
    finally:  # what could not be written is shown all the same: the load is not run again for it
        if options.as_json:
            print_json(found)
        else:
            print_lines(summary.lines(found, language))


def _end(audit: "Audit") -> None:
    from mock_server.load.audit import LoadVerdict  # noqa: PLC0415 - see above

    if audit.verdict is LoadVerdict.FAIL:
        sys.exit(FINDINGS)
    if audit.verdict is LoadVerdict.INCONCLUSIVE:
        sys.exit(COULD_NOT_RUN)
