"""`artqr-mock bill`: what was paid, for what and why; and a gate for CI."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from mock_server.admin_client import AccountClient
from mock_server.cli import bill_tables as tables
from mock_server.cli.common import (
    FINDINGS,
    account_options,
    fail,
    fen,
    language_option,
    no_longer_kept,
    print_json,
    say_in,
    trimmed_line,
    yuan,
)
from mock_server.domain.languages import ENGLISH
from mock_server.formatting import counted
from mock_server.words.sentences import Say

if TYPE_CHECKING:
    from mock_server.audit.retry_bill import RetryBill

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
@click.option("--intents", is_flag=True,
              help="Print what each credit was paid for, and which were wasted.")  # fmt: skip
@click.option("--copies", type=click.IntRange(1), metavar="N",
              help="How many of each text are wanted, for --intents and --max-wasted. Without "
              "it, the same submit is wanted again once the client knew that its task had "
              "ended.")  # fmt: skip
@click.option("--max-calls", type=click.IntRange(0), metavar="N",
              help="Exit with 1 if more calls were charged.")  # fmt: skip
@click.option("--max-yuan", "max_fen", callback=fen, metavar="YUAN",
              help="Exit with 1 if more was paid, such as 9.30.")  # fmt: skip
@click.option("--max-wasted", "max_fen_wasted", callback=fen, metavar="YUAN",
              help="Exit with 1 if more was wasted, such as 0.28.")  # fmt: skip
@account_options
@language_option
def bill(*, account: AccountClient, **options: Any) -> None:
    """Print what an account has spent and why."""
    order = BillOrder(**options)
    order.check()
    if order.invoice:
        _print_invoice(account, order)
        return
    found = account.get("/bill")
    if not order.intents:
        _print_lines(order, account, found)
    _hold_to(order, found, _explained(order, account, found))


def _explained(
    order: "BillOrder", account: AccountClient, found: dict[str, Any]
) -> "RetryBill | None":
    """Print the retry bill if it is wanted; return it if something depends on it."""
    if not order.intents and order.max_fen_wasted is None:
        return None
    # Every command starts faster without it.
    from mock_server.cli.bill_intents import explain, print_intents  # noqa: PLC0415

    explained = explain(account, order.copies, found["trimmed"])
    if order.intents:
        charges = explained.charges if order.calls else ()
        shown = charges if order.last is None else charges[-order.last :]
        print_intents(Console(), found, explained, shown, order.written, order.say)
    return explained


@dataclass(frozen=True, slots=True, kw_only=True)
class BillOrder:
    """What to print, and what to allow."""

    by: str
    calls: bool
    last: int | None
    form: str
    as_json: bool
    invoice: bool
    intents: bool
    copies: int | None
    max_calls: int | None
    max_fen: int | None
    max_fen_wasted: int | None
    language: str

    @property
    def written(self) -> str:
        """The format to print."""
        return "json" if self.as_json else self.form

    @property
    def say(self) -> Say:
        """What returns an English sentence in the language of the reader."""
        return say_in(self.language if self.written == "table" else ENGLISH)

    def check(self) -> None:
        """Raise click.UsageError for options that do not go together."""
        gates = (self.max_calls, self.max_fen, self.max_fen_wasted)
        if self.as_json and self.form == "csv":
            raise click.UsageError("--json and --format csv are two formats: choose one")
        if self.invoice and (any(each is not None for each in gates) or self.intents):
            raise click.UsageError(
                "--invoice prints no bill, so leave out --intents, --max-calls, --max-yuan and "
                "--max-wasted"
            )
        if self.intents and self.by != "call":
            raise click.UsageError("--intents and --by are two breakdowns: choose one")
        if self.copies is not None and not self.intents and self.max_fen_wasted is None:
            raise click.UsageError("--copies goes with --intents or --max-wasted")
        if self.form == "csv" and self.by == "call" and not self.calls:
            raise click.UsageError(
                "--no-calls leaves no line for CSV: choose other lines with --by"
            )
        if self.last is not None and self.by not in ("call", "task", "day"):
            raise click.UsageError("--last goes with --by call, --by task or --by day")


def _print_lines(order: BillOrder, account: AccountClient, found: dict[str, Any]) -> None:
    by, form = order.by, order.written
    wanted = None if by == "call" and not order.calls else by
    lines = tables.lines(account, found, wanted, order.last) if wanted else []
    dropped = account.dropped_calls() if wanted == "call" else 0
    if form == "json":
        more = {f"{by}s": lines} if wanted in ("call", "task") else {}
        print_json({**found, **more, **({"dropped": dropped} if wanted == "call" else {})})
    elif form == "csv":
        click.echo(tables.csv_of(lines, tables.COLUMNS[by]), nl=False)
    else:
        if dropped and order.last is None:
            click.echo(no_longer_kept(dropped, order.language))
        if (line := trimmed_line(found["trimmed"], order.language)) is not None:
            click.echo(line)
        print_bill(Console(), found, lines, by, order.say)


def print_bill(
    console: Console, found: dict[str, Any], lines: list[dict[str, Any]], by: str = "call",
    say: Say = str,
) -> None:  # fmt: skip
    """Print a bill for a person; `say` returns an English sentence in their language."""
    if lines:
        console.print(
            tables.calls_table(lines, say) if by == "call" else tables.table_of(lines, say)
        )
    console.print(tables.packages_table(found["packages"], say))
    if by != "reading":
        console.print(tables.table_of(tables.by_reading(found), say))
    console.print(tables.total(found, say))


def _hold_to(order: BillOrder, found: dict[str, Any], explained: "RetryBill | None") -> None:
    exceeded = []
    if order.max_calls is not None and found["charges"] > order.max_calls:
        exceeded.append(
            f"{counted(found['charges'], 'call')} {_were(found['charges'])} charged, "
            f"at most {order.max_calls} {'is' if order.max_calls == 1 else 'are'} allowed"
        )
    if order.max_fen is not None and found["fen"] > order.max_fen:
        exceeded.append(
            f"{yuan(found['fen'])} yuan were paid, at most {yuan(order.max_fen)} are allowed"
        )
    most = order.max_fen_wasted
    if explained is not None and most is not None and explained.fen_wasted > most:
        exceeded.append(
            f"{yuan(explained.fen_wasted)} yuan were wasted, at most {yuan(most)} are allowed "
            f"({explained.sentence})"
        )
    if exceeded:
        fail(order.say("; ".join(exceeded)), FINDINGS)


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _print_invoice(account: AccountClient, order: BillOrder) -> None:
    found, form = account.get("/invoices"), order.written
    if form == "json":
        print_json(found)
    elif form == "csv":
        invoices = tables.invoice_lines(found["invoices"])
        click.echo(tables.csv_of(invoices, tables.INVOICE_COLUMNS), nl=False)
    else:
        Console().print(tables.invoice_sample(found["invoices"], order.say))
