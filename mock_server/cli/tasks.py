"""`artqr-mock tasks`: the tasks of an account, as a table, as JSON, or as they change."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from mock_server.admin_client import NEWEST, PAGE, AccountClient, last
from mock_server.cli.common import (
    FOLLOWED,
    Page,
    Printer,
    account_options,
    follow,
    json_option,
    print_json,
)
from mock_server.domain.task.tasks import Status
from mock_server.formatting import instant, printable

HEADER = "number  submitted  task                      status     encodes"
STATUSES = [each.value for each in Status]
MOST_TEXT = 28
ENDED = (Status.SUCCEEDED, Status.FAILED)


@click.command()
@click.option(
    "--status",
    type=click.Choice(STATUSES),
    help="Only tasks with this status now.",
)
@click.option("--last", "count", type=click.IntRange(1), metavar="N",
              help=f"Only the last N. [default: all; {FOLLOWED} with --follow]")  # fmt: skip
@click.option("-f", "--follow", "is_followed", is_flag=True,
              help="Go on printing new tasks and new statuses until Ctrl-C, "
              "which exits with 0.")  # fmt: skip
@account_options
@json_option
def tasks(
    *, status: str | None, count: int | None, is_followed: bool, account: AccountClient,
    as_json: bool,
) -> None:  # fmt: skip
    """List the tasks of an account, in the order of submission.

    Times are those of the account's clock. With --json and --follow each line is one task as JSON.
    """
    register = Register(account=account, status=status)
    if is_followed:
        follow(register.following(count or FOLLOWED), Printer(HEADER, _line, as_json=as_json))
        return
    found = [register.last(count)] if count is not None else register.pages()
    if as_json:
        print_json({"tasks": [task for page in found for task in page]})
        return
    Printer(HEADER, _line).show_all(found, "no task was found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The tasks of an account; `status` None: whatever theirs is."""

    account: AccountClient
    status: str | None

    def pages(self) -> Iterator[Page]:
        """Yield them, in the order of submission."""
        return map(self._chosen, self.account.pages("/tasks", "tasks"))

    def last(self, count: int) -> Page:
        """Return the last of them, in the order of submission."""
        size = PAGE if self.status else count
        return last(map(self._chosen, self.account.pages_back("/tasks", "tasks", size)), count)

    def following(self, count: int) -> Iterator[Page]:
        """Yield the last of them, and then again and again what is new.

        Of unfinished tasks the last PAGE are looked at for a new status.
        """
        seen, statuses = 0, dict[int, str]()
        latest = next(self.account.pages_back("/tasks", "tasks"), [])
        shown = self._chosen(latest)[-count:]
        while True:
            for task in latest:
                seen = max(seen, task["number"])
                statuses[task["number"]] = task["status"]
            statuses = {
                number: word
                for number, word in statuses.items()
                if word not in ENDED and number > seen - PAGE
            }
            yield shown
            if self._newest() < seen:  # the account was reset, and numbers its tasks anew
                seen, statuses = 0, {}
            latest = self._changed(seen, statuses)
            shown = self._chosen(latest)

    def _newest(self) -> int:
        newest = self.account.get("/tasks", before=NEWEST, limit=1)["tasks"]
        return newest[-1]["number"] if newest else 0

    def _changed(self, seen: int, statuses: dict[int, str]) -> Page:
        after = min([seen, *(number - 1 for number in statuses)])
        return [
            task
            for page in self.account.pages("/tasks", "tasks", after)
            for task in page
            if task["number"] > seen or _is_news(task, statuses)
        ]

    def _chosen(self, page: Page) -> Page:
        return [task for task in page if self.status in (None, task["status"])]


def _is_news(task: dict[str, Any], statuses: dict[int, str]) -> bool:
    """Whether a task that was unfinished has another status now."""
    known = statuses.get(task["number"])
    return known is not None and known != task["status"]


def _line(task: dict[str, Any]) -> tuple[int, str]:
    """Return the instant of a task and its line of the table."""
    about = printable(task["text"] or task["qr_code_url"] or "", MOST_TEXT)
    line = (
        f"{task['number']:>6}  {instant(task['submitted_at'])[11:]:<9}  {task['task_id']:<24}  "
        f"{task['status']:<9}  {about}"
    )
    return task["submitted_at"], printable(line.rstrip())
