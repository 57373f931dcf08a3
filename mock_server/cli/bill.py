"""`artqr-mock bill`: what was paid, for what and why; and a gate for CI."""

from typing import Any

import click
from rich.console import Console

from mock_server.admin_client import AccountClient
from mock_server.cli import bill_tables as tables
from mock_server.cli.common import (
    FINDINGS,
    account_options,
    fail,
    fen,
    no_longer_kept,
    print_json,
    yuan,
)
from mock_server.formatting import counted

FORMATS = ("table", "json", "csv")


@click.command()
@click.option("--by", type=click.Choice(tables.BREAKDOWNS), default="call", show_default=True,
              help="Print one line for each of these.")  # fmt: skip
@click.option("--calls/--no-calls", default=True, help="Print the lines, or only the totals.")
@click.option("--last", type=click.IntRange(1), metavar="N",
              help="Only the last N lines, by call, task or day; totals stay.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True,
              help="json and csv give money in fen and times in ms since 1970.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--invoice", is_flag=True, help="Print a sample of the invoices that the packages earn."
)
@click.option("--max-calls", type=click.IntRange(0), metavar="N",
              help="Exit with 1 if more calls were charged.")  # fmt: skip
@click.option("--max-yuan", "max_fen", callback=fen, metavar="YUAN",
              help="Exit with 1 if more was paid, such as 9.30.")  # fmt: skip
@account_options
def bill(
    *,
    by: str,
    calls: bool,
    last: int | None,
    form: str,
    as_json: bool,
    invoice: bool,
    max_calls: int | None,
    max_fen: int | None,
    account: AccountClient,
) -> None:
    """Print what an account has spent and why."""
    if as_json and form == "csv":
        raise click.UsageError("--json and --format csv are two formats: choose one")
    if invoice and (max_calls is not None or max_fen is not None):
        raise click.UsageError("--invoice prints no bill, so leave out --max-calls and --max-yuan")
    if form == "csv" and by == "call" and not calls:
        raise click.UsageError("--no-calls leaves no line for CSV: choose other lines with --by")
    if last is not None and by not in ("call", "task", "day"):
        raise click.UsageError("--last goes with --by call, --by task or --by day")
    form = "json" if as_json else form
    if invoice:
        _print_invoice(account, form)
        return
    found = account.get("/bill")
    wanted = None if by == "call" and not calls else by
    lines = tables.lines(account, found, wanted, last) if wanted else []
    dropped = account.dropped_calls() if wanted == "call" else 0
    if form == "json":
        more = {f"{by}s": lines} if wanted in ("call", "task") else {}
        print_json({**found, **more, **({"dropped": dropped} if wanted == "call" else {})})
    elif form == "csv":
        click.echo(tables.csv_of(lines, tables.COLUMNS[by]), nl=False)
    else:
        if dropped and last is None:
            click.echo(no_longer_kept(dropped))
        print_bill(Console(), found, lines, by)
    _hold_to(found, max_calls, max_fen)


def print_bill(
    console: Console, found: dict[str, Any], lines: list[dict[str, Any]], by: str = "call"
) -> None:
    """Print a bill for a person."""
    if lines:
        console.print(tables.calls_table(lines) if by == "call" else tables.table_of(lines))
    console.print(tables.packages_table(found["packages"]))
    if by != "reading":
        console.print(tables.table_of(tables.by_reading(found)))
    console.print(
        f"[bold]{found['charges']}[/] charged, [bold]{yuan(found['fen'])}[/] yuan; "
        f"balance {counted(found['balance'], 'credit')}"
    )


def _hold_to(found: dict[str, Any], max_calls: int | None, max_fen: int | None) -> None:
    exceeded = []
    if max_calls is not None and found["charges"] > max_calls:
        exceeded.append(
            f"{counted(found['charges'], 'call')} {_were(found['charges'])} charged, "
            f"at most {max_calls} {'is' if max_calls == 1 else 'are'} allowed"
        )
    if max_fen is not None and found["fen"] > max_fen:
        exceeded.append(f"{yuan(found['fen'])} yuan were paid, at most {yuan(max_fen)} are allowed")
    if exceeded:
        fail("; ".join(exceeded), FINDINGS)


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _print_invoice(account: AccountClient, form: str) -> None:
    found = account.get("/invoices")
    if form == "json":
        print_json(found)
    elif form == "csv":
        invoices = tables.invoice_lines(found["invoices"])
        click.echo(tables.csv_of(invoices, tables.INVOICE_COLUMNS), nl=False)
    else:
        Console().print(tables.invoice_sample(found["invoices"]))
