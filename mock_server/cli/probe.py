"""`artqr-mock probe URL`: asks a real service what the simulator cannot know, on a budget."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mock_server.cli.common import (
    COULD_NOT_RUN,
    check_output,
    echo,
    fail,
    fen,
    language_option,
    said,
    server_place,
    write_output,
)
from mock_server.domain.account.accounts import DEFAULT_APP_CODE
from mock_server.domain.durations import parse_duration
from mock_server.domain.urls import is_loopback
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import counted, yuan

if TYPE_CHECKING:
    from mock_server.probe.hypotheses import Conflict
    from mock_server.probe.order import ProbeOrder
    from mock_server.probe.planner import Choice
    from mock_server.probe.run import Run

FILE = "probe.jsonl"
OBSERVED = "observed.toml"
MOST_BALANCE = 10**9


def _ms(_: click.Context, __: click.Parameter, value: str) -> int:
    return parse_duration(value)


@click.command()
@click.argument("url")
@click.option("--app-code", envvar="ARTQR_APP_CODE", help="The app code of the account that pays.")
@click.option("--app-key", help="Also make signed calls, with this AppKey.")
@click.option("--app-secret", envvar="ARTQR_APP_SECRET", help="The AppSecret of --app-key.")
@click.option("--max-yuan", "max_fen", callback=fen, metavar="YUAN",
              help="The most that all runs with this file may cost together. [default: what the "
              "file says]")  # fmt: skip
@click.option("--credit-price", "price_fen", callback=fen, metavar="YUAN", default="0.30",
              show_default=True, help="What one credit cost you.")  # fmt: skip
@click.option("--query-path", help="The path of the query, from your console.")
@click.option("--list-path", help="The path of the list, from your console.")
@click.option("--callback-url", metavar="URL",
              help="The public address of your tunnel that leads to --callback-listen: settles "
              "what callbacks show.")  # fmt: skip
@click.option("--callback-listen", metavar="HOST:PORT",
              help="Where to listen for callbacks.  [default: 127.0.0.1:3041 with --callback-url]",
              )  # fmt: skip
@click.option("--patience", "patience_ms", callback=_ms, metavar="TIME", default="60s",
              show_default=True, help="How long a task may take before its end is looked for.",
              )  # fmt: skip
@click.option("--balance", type=click.IntRange(0, MOST_BALANCE),
              help="The credits that the console shows now; the probe asks if you leave it out.",
              )  # fmt: skip
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), default=FILE,
              show_default=True, help="Keep every call in this file.")  # fmt: skip
@click.option("--observed", "output", type=click.Path(dir_okay=False, path_type=Path),
              default=OBSERVED, show_default=True, help="Write what was observed to this file.",
              )  # fmt: skip
@click.option("--continue", "goes_on", is_flag=True,
              help="Go on with the file of an earlier run: what was paid for is not paid again.",
              )  # fmt: skip
@click.option("--yes", is_flag=True, help="Do not ask before the first call, nor for a balance.")
@click.option("--dry-run", is_flag=True, help="Print the plan, and make no call.")
@language_option
def probe(*, url: str, yes: bool, dry_run: bool, output: Path, **options: Any) -> None:
    """Find out how a real service answers the open questions, for little money.

    The probe plans the calls that settle the most readings for the least money, prints the plan and
    the highest possible price, and asks before the first call. What it observes goes to
    observed.toml: `artqr-mock serve --observed observed.toml` then answers like that service. Exit
    codes: 1 if an answer has a shape that is not known, or contradicts another one; 3 if no call
    was answered, or the probe had to stop.
    """
    from mock_server.probe.model import opened  # noqa: PLC0415 - it loads slowly
    from mock_server.probe.transport import LostError  # noqa: PLC0415

    order = _order(url, **options)
    with ExitStack() as stack:
        model = stack.enter_context(opened())
        session = order.session(model)
        _print_plan(order, model, session)
        if dry_run:
            return
        check_output(output)
        journal = stack.enter_context(order.journal())
        listener = stack.enter_context(order.listener())
        if not yes:
            click.confirm(said("make these calls?"), abort=True)
        run = order.run(model, session, journal.write, _show, listener)
        try:
            order.begin(run)
        except LostError as error:
            fail(f"no call was answered: {order.place.netloc}: {error}", COULD_NOT_RUN)
        _note_balance(run, options["balance"], "before the first call", asks=not yes)
        try:
            run.go()
            if options["balance"] is None:
                _note_balance(run, None, "now", asks=not yes)
        finally:
            write_output(output, order.observed(run).encode())
        _report(run, output)


def _order(
    url: str, *, app_code: str | None, app_key: str | None, app_secret: str | None,
    max_fen: int | None, price_fen: int, query_path: str | None, list_path: str | None,
    callback_url: str | None, callback_listen: str | None, patience_ms: int, file: Path,
    goes_on: bool, **_: Any,
) -> "ProbeOrder":  # fmt: skip
    from mock_server.probe.order import ProbeOrder, listen_at, paths_of  # noqa: PLC0415 - it loads slowly

    place = server_place(url, "--app-code")
    if app_key is not None and not app_secret:
        raise UsageError("--app-key needs --app-secret (or ARTQR_APP_SECRET)")
    if not app_code and not is_loopback(place.host):
        raise UsageError("name the account that pays: --app-code")
    if max_fen is None and not goes_on:
        raise UsageError("say what the calls may cost at most: --max-yuan 1")
    if not price_fen:
        raise UsageError("--credit-price: a credit costs more than nothing")
    order = ProbeOrder(
        place=place, app_code=app_code or DEFAULT_APP_CODE, key=app_key or "",
        secret=app_secret if app_key and app_secret else "", max_fen=max_fen, price_fen=price_fen,
        paths=paths_of(query_path, list_path), patience_ms=patience_ms, file=file, records=[],
        listen=listen_at(callback_listen, callback_url, place), callback_url=callback_url or "",
    )  # fmt: skip
    return order.continued() if goes_on else order


def _print_plan(order: "ProbeOrder", model: Any, session: Any) -> None:
    """Print what would be called if the service answered as the simulator does by default."""
    left = session.credits_left
    echo(f"the plan, if {order.place.netloc} answers as the simulator does by default:")
    planned = order.rehearsed(model)
    for choice, cost in planned:
        wait = f", {choice.wait_ms // 1000} s later" if choice.wait_ms else ""
        echo(f"  {'1 credit' if cost else 'free    '}  {choice.move.says}{wait}")
    if not planned:
        echo("  no call: nothing is left that the budget allows and that settles something")
    for operation, candidates in order.unknown_paths().items():
        echo(f"  free      the path of {operation} is tried: {', '.join(candidates)}")
    echo(
        f"other answers lead to other calls. The highest possible price is "
        f"{yuan(max(0, left) * order.price_fen)} yuan: {counted(max(0, left), 'credit')} at "
        f"{yuan(order.price_fen)} yuan"
    )


def _show(choice: "Choice", number: int) -> None:
    wait = f" (after {choice.wait_ms // 1000} s)" if choice.wait_ms else ""
    echo(f"{number:4}  {choice.move.says}{wait}", err=True)


def _note_balance(run: "Run", balance: int | None, when: str, *, asks: bool) -> None:
    if balance is None and asks:
        given = click.prompt(
            said(f"the credits that the console shows {when} (empty: unknown)"), default="",
            show_default=False,
        )  # fmt: skip
        balance = int(given) if str(given).isdecimal() and len(given) < 10 else None
    if balance is not None:
        run.note_balance(balance)


def _contradiction(conflict: "Conflict") -> str:
    readings = ", ".join(conflict.readings)
    if not conflict.together:
        return f"the server changed: call {conflict.call} contradicts an earlier one ({readings})"
    return (
        f"call {conflict.call} agrees with no world that gave the earlier answers: the server "
        f"changed, or these readings are not independent ({readings})"
    )


def _report(run: "Run", output: Path) -> None:
    session = run.session
    for note in session.notes:
        echo(note)
    for new in session.new_shapes:
        of = f" ({', '.join(new.readings)})" if new.readings else ""
        echo(
            f"new shape in call {new.call}: {new.part} is {new.got}, not "
            f"{' or '.join(new.expected)}{of}"
        )
    for conflict in session.conflicts:
        echo(_contradiction(conflict))
    if session.stopped:
        echo(f"stopped: {session.stopped}")
    settled, still = len(session.hypotheses.settled), len(session.hypotheses.open)
    echo(
        f"{counted(settled, 'reading')} settled, {still} open; {counted(session.calls, 'call')}, "
        f"at most {yuan(session.spent.fen)} yuan; written to {output}"
    )
    if session.calls and not session.answers:
        fail("no call was answered: check the address and the network", COULD_NOT_RUN)
    if session.stopped:
        sys.exit(COULD_NOT_RUN)
    if session.new_shapes or session.conflicts:
        sys.exit(1)
