"""`artqr-mock reactions`: each error that a client met, and what it did next."""

from collections.abc import Iterator, Sequence

import click
from rich.cells import set_cell_size

from mock_server.admin_client import AccountClient
from mock_server.audit.next_steps import StepVerdict
from mock_server.audit.reactions import Reaction, reactions, reactions_json, summary
from mock_server.cli.common import (
    FINDINGS,
    account_options,
    fail,
    json_option,
    language_option,
    no_longer_kept,
    print_json,
    say_in,
)
from mock_server.contract import load_errors
from mock_server.domain.call.redaction import redact_printed
from mock_server.domain.languages import ENGLISH
from mock_server.formatting import counted, printable
from mock_server.testing.account_history import MOST_CALLS, account_history
from mock_server.words import Words, words_of

ERROR_WIDTH = 40
COLOURS = {StepVerdict.RIGHT: "green", StepVerdict.WRONG: "red", StepVerdict.UNCLEAR: "yellow"}


@click.command(name="reactions")
@click.option("--copies", type=click.IntRange(1), default=1, show_default=True,
              help="How many of each text the client wants.")  # fmt: skip
@click.option("--last", type=click.IntRange(1, MOST_CALLS), default=MOST_CALLS, show_default=True,
              metavar="N", help="Look at the last N calls only.")  # fmt: skip
@account_options
@language_option
@json_option
def reactions_command(
    *, copies: int, last: int, account: AccountClient, language: str, as_json: bool
) -> None:
    """Print each error that a client met, and what it did next.

    An error means wait, buy, fix, look (into the task list) or stop. `wrong` is what a rule of
    `artqr-mock rehearse` forbids; `unclear`: the journal does not show whether it was right.
    Pauses are real time. Exits with 1 if a reaction was wrong.
    """
    read = account_history(account, most_calls=last, copies=copies)
    say = say_in(ENGLISH if as_json else language)
    found = reactions(read.history, load_errors())

    def safe(text: str) -> str:
        return printable(redact_printed(text, read.secrets))

    if as_json:
        rows = reactions_json(found, safe)
        print_json({"reactions": rows, "dropped": read.dropped, "unread": read.unread})
    else:
        if read.dropped:
            click.echo(no_longer_kept(read.dropped, language))
        if read.unread:
            click.echo(say(f"only the last {counted(last, 'call')} were read: raise --last"))
        for line in lines(found, reactions_json(found, safe), words_of(language)):
            click.echo(line)
    if bad := [each for each in found if each.verdict is StepVerdict.WRONG]:
        fail(say(f"{counted(len(bad), 'error')} handled wrongly"), FINDINGS)


def lines(found: Sequence[Reaction], rows: Sequence[dict[str, object]], t: Words) -> Iterator[str]:
    """Yield the table, with the advice where the client was not right."""
    if not rows:
        yield t("reaction.none")
        return
    say = say_in(t.language)
    yield t("reaction.header")
    for each, row in zip(found, rows, strict=True):
        named = " ".join(filter(None, (str(row["status"] or "-"), str(row["code"]))))
        error = printable(f"{named} {say(str(row['message']))}", ERROR_WIDTH)
        verdict = set_cell_size(t.named("reacted", each.verdict), 7)
        word = click.style(verdict, fg=COLOURS[each.verdict])
        what = f"{set_cell_size(error, ERROR_WIDTH)}  {set_cell_size(say(each.error.means), 5)}"
        yield f"{word}  {each.met:>3}  {what}  {say(each.says)}"
        if each.verdict is not StepVerdict.RIGHT:
            yield " " * 14 + t("reaction.advice", advice=say(each.error.advice))
    yield say(summary(found))
