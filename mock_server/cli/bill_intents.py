"""What `artqr-mock bill --intents` prints: the retry bill."""

from collections.abc import Sequence
from typing import Any

import click
from rich.console import Console

from mock_server.admin_client import AccountClient
from mock_server.audit.charge import Charge
from mock_server.audit.retry_bill import RetryBill, bill_json, bill_of, charge_json, intents_json
from mock_server.cli import bill_tables as tables
from mock_server.cli.common import print_json
from mock_server.testing.account_history import read_history
from mock_server.words.sentences import Say


def explain(
    account: AccountClient, copies: int | None, trimmed: dict[str, int] | None
) -> RetryBill:
    """Return every charge of an account with its class. `copies`: how many of each text are wanted,
    None if nobody said. `trimmed`: what its bill says is no longer kept."""
    return bill_of(read_history(account, copies=copies, trimmed=trimmed))


def print_intents(
    console: Console, found: dict[str, Any], bill: RetryBill, charges: Sequence[Charge], form: str,
    say: Say = str,
) -> None:  # fmt: skip
    """Print charges with their classes, then the intents, the classes and the sentence. `found` is
    the bill of the server; `charges` are those to print."""
    lines = [charge_json(each) for each in charges]
    if form == "json":
        explained = {**bill_json(bill), "charges": lines, "dropped": bill.dropped,
                     "unexplained": bill.unexplained}  # fmt: skip
        del explained["left_out"]
        print_json({**found, "intents": intents_json(bill), "retry_bill": explained})
        return
    if form == "csv":
        click.echo(tables.csv_of(lines, tables.COLUMNS["intent"]), nl=False)
        return
    for rows in (lines, intents_json(bill), bill.sums):
        if rows:
            console.print(tables.table_of(rows, say))
    console.print(tables.total(found, say))
    for sentence in filter(None, (bill.sentence, bill.praise)):
        click.echo(say(sentence))
