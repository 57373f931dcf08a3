"""`artqr-mock check URL`: does a server keep the contract? With generated calls, on a budget."""

import os
import socket
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import click

from mock_server import contract
from mock_server.checker import budget as rules
from mock_server.checker.budget import Budget
from mock_server.checker.order import CheckCredentials, CheckOrder
from mock_server.cli.common import (
    COULD_NOT_RUN,
    FINDINGS,
    WRONG_USE,
    check_output,
    fail,
    fen,
    language_option,
    pair,
    say_in,
    server_place,
    write_output,
)
from mock_server.cli.observed_files import load_observed, observed_option
from mock_server.domain.account.accounts import DEFAULT_APP_CODE
from mock_server.domain.suggestions import unlisted
from mock_server.domain.urls import Address, is_loopback, parse_address
from mock_server.domain.usage_errors import UsageError
from mock_server.extras import install_command
from mock_server.tls import ca_file
from mock_server.words.sentences import Say

MODES = ("positive", "negative", "all")


@click.command()
@click.argument("url")
@click.option("--app-code", envvar="ARTQR_APP_CODE", help="Authenticate with this app code.")
@click.option("--key", help="Sign with this AppKey instead.")
@click.option("--secret", envvar="ARTQR_APP_SECRET", help="The AppSecret that belongs to --key.")
@click.option("--max-calls", type=click.IntRange(1), default=500, show_default=True,
              help="Stop after this many calls.")  # fmt: skip
@click.option("--max-yuan", "max_fen", callback=fen, metavar="YUAN",
              help="Stop before the calls could cost more than this.")  # fmt: skip
@click.option(
    "--offer",
    type=int,
    help="The package that pays, such as 1000. [default: the most expensive one]",
)
@click.option("--mode", type=click.Choice(MODES), default="all", show_default=True,
              help="Send requests that the contract allows, that it forbids, or both.")  # fmt: skip
@observed_option
@click.option("--reading", "words", multiple=True, metavar="ID=WORD",
              help="Accept only this word for a reading; may be repeated.")  # fmt: skip
@click.option(
    "--junit",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a JUnit report to this file.",
)
@click.option(
    "--har",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write every call to this file, as HAR.",
)
@language_option
def check(
    *, url: str, app_code: str | None, key: str | None, secret: str | None, max_calls: int,
    max_fen: int | None, offer: int | None, mode: str, files: tuple[str, ...],
    words: tuple[str, ...], junit: Path | None, har: Path | None, language: str,
) -> None:  # fmt: skip
    """Check whether the server at URL keeps the contract: artqr-mock, your stub, a gateway.

    The command generates calls from the contract, the same in each run, and checks every answer
    against it. The server has to refuse requests that are certainly wrong. For an open question any
    answer is accepted, unless --reading or --observed names one. For a server on another machine
    --max-yuan is required. The exit code is 1 if an answer is wrong or missing, 3 if all are
    missing.
    """
    observed = load_observed(files)
    named = {**observed.readings, **dict(map(pair, words))}
    document = contract.document_under(named)
    place = server_place(url, "--app-code, or --key and --secret")
    is_local = is_loopback(place.host)
    if max_fen is None and not is_local:
        raise UsageError(
            f"calls to {place.netloc} may cost money: set the most they may cost with --max-yuan"
        )
    credentials = _credentials(app_code, key, secret, is_local=is_local)
    budget = Budget(most_calls=max_calls, most_fen=max_fen, price_fen=_price(offer))
    if find_spec("schemathesis") is None:
        fail(f"check needs schemathesis: {install_command('test')}", COULD_NOT_RUN)
    for report in filter(None, (junit, har)):
        check_output(report)
    _reach(place)
    order = CheckOrder(
        url=url.rstrip("/"), document=document, values=named, mode=mode,
        credentials=credentials, budget=budget,
        trusted=str(ca_file()) if is_local and ca_file().exists() else None,
        paths=observed.paths,
    )  # fmt: skip
    _check(order, junit, har, say_in(language))


def _check(order: CheckOrder, junit: Path | None, har: Path | None, say: Say) -> None:
    """Make the calls, say what was found and end with the exit code for it."""
    from mock_server.checker import progress, reports  # noqa: PLC0415 - needs what the extra brings
    from mock_server.checker.run import run_of  # noqa: PLC0415
    from mock_server.checker.transport import through  # noqa: PLC0415

    click.echo(say(f"checking {order.url}{through(order.url)}"))
    run = run_of(order)
    with tempfile.TemporaryDirectory() as folder:
        # Hypothesis would leave a folder of its own wherever the command is run.
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = folder
        with progress.shown(sys.stderr) as run.on_call:
            run.go()
    try:
        if junit is not None:
            write_output(junit, reports.junit(run))
        if har is not None:
            write_output(har, reports.har(run))
    finally:  # what could not be written is shown all the same: calls may have cost money
        for line in reports.lines(run):
            click.echo(say(line))
    stopped = f"; stopped: {run.stopped}" if run.stopped else ""
    click.echo(say(rules.summary(run.wire.spent) + stopped))
    if not run.checked:
        fail(
            "no call was made, because the budget allows none: raise --max-calls or --max-yuan",
            WRONG_USE,
        )
    if len(run.errors) == len(run.checked):
        fail("no call was answered", COULD_NOT_RUN)
    if run.failed:
        sys.exit(FINDINGS)


def _credentials(
    app_code: str | None, key: str | None, secret: str | None, *, is_local: bool
) -> CheckCredentials:
    if key is not None:
        if not secret:
            raise UsageError("--key needs --secret (or ARTQR_APP_SECRET)")
        return CheckCredentials(key=key, secret=secret)
    if not app_code and not is_local:
        raise UsageError("name the credentials: --app-code, or --key and --secret")
    return CheckCredentials(app_code=app_code or DEFAULT_APP_CODE)


def _price(offer: int | None) -> int:
    offers = contract.load_catalogue().offers
    if offer is not None and offer not in offers:
        raise UsageError(unlisted("offer", offer, offers))
    chosen = offers.values() if offer is None else [offers[offer]]
    return rules.dearest_fen((each.credits, each.fen) for each in chosen)


def _reach(place: Address) -> None:
    """End with a message unless a server listens there, or at the proxy on the way there."""
    from mock_server.checker.transport import proxy_of, through  # noqa: PLC0415

    proxy = proxy_of(place.url)
    # A proxy may be written without a scheme.
    first = place if proxy is None else parse_address(proxy if "//" in proxy else f"http://{proxy}")
    try:
        socket.create_connection((first.host, first.port), timeout=10).close()
    except OSError as error:
        why = f"{error.strerror or error}{through(place.url)}"
        fail(f"no server answers at {place.netloc}: {why}", COULD_NOT_RUN)
