"""`artqr-mock check URL`: does a server keep the contract? With generated calls, on a budget."""

import os
import re
import socket
import sys
import tempfile
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

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
    pair,
    write_output,
)
from mock_server.domain.account.accounts import DEFAULT_APP_CODE
from mock_server.domain.usage_errors import UsageError
from mock_server.extras import install_command
from mock_server.tls import ca_file

MODES = ("positive", "negative", "all")


def _fen(_context: Any, _option: Any, value: str | None) -> int | None:
    """Return an amount of yuan in whole fen."""
    if value is None:
        return None
    match = re.fullmatch(r"([0-9]{1,7})(?:\.([0-9]{1,2}))?", value, re.ASCII)
    if match is None:
        raise click.BadParameter(f"{value!r} is no amount of money: write 3 or 0.50")
    return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))


@click.command()
@click.argument("url")
@click.option("--app-code", envvar="ARTQR_APP_CODE", help="Authenticate with this app code.")
@click.option("--key", help="Sign with this AppKey instead.")
@click.option("--secret", envvar="ARTQR_APP_SECRET", help="The AppSecret that belongs to --key.")
@click.option("--max-calls", type=click.IntRange(1), default=500, show_default=True,
              help="Stop before the next call would be one too many.")  # fmt: skip
@click.option("--max-yuan", callback=_fen, help="Stop before a call could cost more than this.")
@click.option("--offer", type=int, help="The package that pays, such as 1000; else the dearest.")
@click.option("--mode", type=click.Choice(MODES), default="all", show_default=True,
              help="Send what the contract allows, what it does not, or both.")  # fmt: skip
@click.option("--reading", "words", multiple=True, metavar="ID=WORD",
              help="Take no other answer to this open question; may be repeated.")  # fmt: skip
@click.option(
    "--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write a JUnit report here."
)
@click.option(
    "--har", type=click.Path(dir_okay=False, path_type=Path), help="Write every call here, as HAR."
)
def check(
    *, url: str, app_code: str | None, key: str | None, secret: str | None, max_calls: int,
    max_yuan: int | None, offer: int | None, mode: str, words: tuple[str, ...],
    junit: Path | None, har: Path | None,
) -> None:  # fmt: skip
    """Check that a server at URL keeps the contract: this simulator, a stub of yours, a gateway.

    Calls are generated from the contract, the same in each run, and every answer is held against
    it. Wrong requests of which it is certain have to be refused. To an open question any answer
    will do, but for the questions that --reading names. Beyond this machine --max-yuan has to say
    what it may cost. Exit code 1 if an answer was not as promised or did not come, 3 if none came.
    """
    named = dict(map(pair, words))
    document = contract.document_under(named)
    place = _place(url)
    is_local = _is_local(place)
    if max_yuan is None and not is_local:
        raise UsageError(
            f"calls to {place.netloc} may cost money: say with --max-yuan how much at most"
        )
    credentials = _credentials(app_code, key, secret, is_local=is_local)
    budget = Budget(most_calls=max_calls, most_fen=max_yuan, price_fen=_price(offer))
    if find_spec("schemathesis") is None:
        fail(f"check needs schemathesis: {install_command('test')}", COULD_NOT_RUN)
    for report in filter(None, (junit, har)):
        check_output(report)
    _reach(place)
    order = CheckOrder(
        url=url.rstrip("/"), document=document, values=named, mode=mode,
        credentials=credentials, budget=budget,
        trusted=str(ca_file()) if is_local and ca_file().exists() else None,
    )  # fmt: skip
    _check(order, junit, har)


def _check(order: CheckOrder, junit: Path | None, har: Path | None) -> None:
    """Make the calls, say what was found and end with the exit code for it."""
    from mock_server.checker import reports  # noqa: PLC0415 - needs what the extra brings
    from mock_server.checker.run import run_of  # noqa: PLC0415

    click.echo(f"checking {order.url}")
    run = run_of(order)
    with tempfile.TemporaryDirectory() as folder:
        # Hypothesis would leave a folder of its own wherever the command is run.
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = folder
        run.go()
    if junit is not None:
        write_output(junit, reports.junit(run))
    if har is not None:
        write_output(har, reports.har(run))
    for line in reports.lines(run):
        click.echo(line)
    stopped = f"; stopped: {run.stopped}" if run.stopped else ""
    click.echo(rules.summary(run.wire.spent) + stopped)
    if not run.checked:
        fail("no call was made: the budget does not allow one", WRONG_USE)
    if len(run.errors) == len(run.checked):
        fail("no call was answered", COULD_NOT_RUN)
    if run.failed:
        sys.exit(FINDINGS)


def _place(url: str) -> SplitResult:
    try:
        place = urlsplit(url)
        named = place.hostname and place.port != 0
    except ValueError:
        named = False
    if not named or place.scheme not in ("http", "https"):
        raise UsageError(f"{url[:80]!r} is no address: write http://127.0.0.1:3040")
    return place


def _is_local(place: SplitResult) -> bool:
    try:
        return ip_address(place.hostname or "").is_loopback
    except ValueError:
        return place.hostname == "localhost"


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
        raise UsageError(f"no offer has {offer} calls: there is {', '.join(map(str, offers))}")
    chosen = offers.values() if offer is None else [offers[offer]]
    return rules.dearest_fen((each.credits, each.fen) for each in chosen)


def _reach(place: SplitResult) -> None:
    port = place.port or (443 if place.scheme == "https" else 80)
    try:
        socket.create_connection((place.hostname or "", port), timeout=10).close()
    except OSError as error:
        fail(f"nobody answers at {place.netloc}: {error.strerror or error}", COULD_NOT_RUN)
