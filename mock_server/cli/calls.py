"""`artqr-mock calls`: the journal, as a table, as JSON, or line by line as it grows."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click

from mock_server.admin_client import NEWEST, PAGE, AccountClient, AdminClient, last
from mock_server.cli.common import (
    FOLLOWED,
    Page,
    Printer,
    account_option,
    follow,
    json_option,
    no_longer_kept,
    print_json,
    refuse_account_option,
    server_options,
)
from mock_server.cli.findings import COLOURS
from mock_server.domain.call.calls import Operation
from mock_server.domain.findings import Severity
from mock_server.domain.suggestions import unknown
from mock_server.formatting import instant, printable, yuan

HEADER = " call  time      operation    answer       yuan  found  task or path"
MOST_PATH = 200


def _finding(_context: Any, _option: Any, name: str | None) -> str | None:
    if name is None:
        return None
    from mock_server.contract import load_catalogue  # noqa: PLC0415 - few calls need it

    known = load_catalogue().findings
    if name in known:
        return name
    raise click.BadParameter(unknown("finding", name, known))


@click.command()
@click.option("--operation", type=click.Choice([str(each) for each in Operation]),
              help="Only calls of this one.")  # fmt: skip
@click.option("--status", type=click.IntRange(100, 599), metavar="CODE",
              help="Only calls answered with this HTTP status.")  # fmt: skip
@click.option("--charged/--free", default=None, help="Only calls that were charged, or were not.")
@click.option("--task", "task_id", metavar="ID", help="Only calls about this task.")
@click.option("--finding", callback=_finding, metavar="ID",
              help="Only calls with this finding, such as wrong-path.")  # fmt: skip
@click.option("--last", "count", type=click.IntRange(1), metavar="N",
              help=f"Only the last N. [default: all; {FOLLOWED} with --follow]")  # fmt: skip
@click.option("-f", "--follow", "is_followed", is_flag=True,
              help="Go on printing new calls until Ctrl-C, which exits with 0.")  # fmt: skip
@click.option("--nobody", is_flag=True, help="List calls without valid credentials: no account's.")
@account_option("The account whose calls to list, by its id or its name.")
@server_options
@json_option
def calls(
    *, operation: str | None, status: int | None, charged: bool | None, task_id: str | None,
    finding: str | None, count: int | None, is_followed: bool, nobody: bool, account_id: str,
    admin: AdminClient, as_json: bool,
) -> None:  # fmt: skip
    """List the calls of an account, oldest first.

    `artqr-mock explain CALL` shows all of one call. Times are those of the account's clock. With
    --json and --follow each call is one line of JSON.
    """
    if nobody:
        refuse_account_option("--nobody lists calls of no account")
    asked = {"operation": operation, "status": status, "task_id": task_id}
    query = {name: value for name, value in asked.items() if value is not None}
    if charged is not None:
        query["charged"] = str(charged).lower()
    journal = Journal(
        source=admin if nobody else admin.account_named(account_id), query=query, finding=finding
    )
    if is_followed:
        follow(journal.following(count or FOLLOWED), Printer(HEADER, _line, as_json=as_json))
        return
    found = [journal.last(count)] if count is not None else journal.pages()
    dropped = journal.source.get("/calls", limit=1)["dropped"]
    if as_json:
        print_json({"calls": [call for page in found for call in page], "dropped": dropped})
        return
    if dropped and count is None:
        click.echo(no_longer_kept(dropped))
    Printer(HEADER, _line).show_all(found, "no call was found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """The calls that filters let through, each with its findings, those between calls included."""

    source: AdminClient | AccountClient
    query: Mapping[str, str | int]
    finding: str | None

    def pages(self) -> Iterator[Page]:
        """Yield them, oldest first."""
        return map(self._judged, self.source.pages("/calls", "calls", query=self.query))

    def last(self, count: int) -> Page:
        """Return the last of them, oldest first."""
        size = PAGE if self.finding else count
        back = self.source.pages_back("/calls", "calls", size, self.query)
        return last(map(self._judged, back), count)

    def following(self, count: int) -> Iterator[Page]:
        """Yield the last of them, and then again and again those that are new."""
        newest = self.source.get("/calls", before=NEWEST, limit=1)["calls"]
        seen = newest[-1]["id"] if newest else 0
        yield [call for call in self.last(count) if call["id"] <= seen]
        while True:
            for page in self.source.pages("/calls", "calls", seen, self.query):
                if page:
                    yield self._judged(page)
                    seen = page[-1]["id"]
            yield []

    def _judged(self, page: Page) -> Page:
        if not page:
            return page
        found = {call["id"]: {**call, "findings": []} for call in page}
        for each in self._findings(page[0]["id"], page[-1]["id"]):
            if each["call"] in found:
                found[each["call"]]["findings"].append(each)
        judged = list(found.values())
        if self.finding is None:
            return judged
        return [call for call in judged if self.finding in _ids(call["findings"])]

    def _findings(self, first: int, latest: int) -> Iterable[dict[str, Any]]:
        after: int | None = first - 1
        while after is not None and after < latest:
            page = self.source.get("/findings", after=after, limit=PAGE)
            yield from page["findings"]
            after = page["next"]


def _ids(findings: list[dict[str, Any]]) -> set[str]:
    return {each["id"] for each in findings}


def _line(call: dict[str, Any]) -> tuple[int, str]:
    """Return the instant of a call and its line of the table."""
    operation = call["operation"] or printable(call["method"], 11)
    answer = f"{call['status'] or 'none'} {call['error_code'] or ''}"
    cost = yuan(call["fen"]) if call["charged"] else "-"
    about = call["task_id"] if call["operation"] else call["path"]
    line = (
        f"{call['id']:>5}  {instant(call['at'])[11:]}  {operation:<11}  {answer:<10}  {cost:>5}  "
        f"{_mark(call['findings'])}  {printable(about or '', MOST_PATH)}"
    )
    return call["at"], line.rstrip()


def _mark(findings: list[dict[str, Any]]) -> str:
    """Return how many findings a call has, in the colour of the worst."""
    counts = Counter(each["severity"] for each in findings)
    worst = next((each for each in Severity if counts[each]), None)
    text = f"{len(findings) or '-':>5}"
    return text if worst is None else click.style(text, fg=COLOURS[worst])
