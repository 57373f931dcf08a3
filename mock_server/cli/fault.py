"""`artqr-mock fault`: add, list, clear."""

from typing import Any

import click

from mock_server.cli.common import account_options, json_option, print_json
from mock_server.client import AccountClient

OPERATIONS = ("submit_task", "list_tasks", "query_task")


@click.group()
def fault() -> None:
    """Failures on order, in one account."""


@fault.command()
@click.option("--code", help="A row of the error table, such as D504TO, or a classic message.")
@click.option("--remark", help="Let the service refuse with this text.")
@click.option("--operation", type=click.Choice(OPERATIONS), help="Only calls of this operation.")
@click.option("--calls", type=click.IntRange(1), help="Only the next CALLS matching calls.")
@account_options
@json_option
def add(*, account: AccountClient, as_json: bool, **given: Any) -> None:
    """Arm a failure: --code or --remark."""
    if (given["code"] is None) == (given["remark"] is None):
        raise click.UsageError("name one of --code and --remark")
    order = {name: value for name, value in given.items() if value is not None}
    armed = account.post("/faults", order)
    if as_json:
        print_json(armed)
        return
    click.echo(_line(armed))


@fault.command("list")
@account_options
@json_option
def list_faults(*, account: AccountClient, as_json: bool) -> None:
    """List what is armed, with how often it has fired."""
    found = account.get("/faults")
    if as_json:
        print_json(found)
        return
    for each in found["faults"]:
        click.echo(_line(each))
    if not found["faults"]:
        click.echo("nothing is armed")


@fault.command()
@click.argument("fault_id", type=int, required=False)
@account_options
def clear(*, fault_id: int | None, account: AccountClient) -> None:
    """Disarm one failure by its id, or all."""
    account.delete("/faults" if fault_id is None else f"/faults/{fault_id}")


def _line(fault: dict[str, Any]) -> str:
    what = fault["code"] or fault["remark"] or ""
    which = fault["operation"] or "every operation"
    left = "every call" if fault["calls_left"] is None else f"{fault['calls_left']} call(s) left"
    shown = f"{fault['kind']} {what}".strip()
    return f"{fault['id']:>3}  {shown}  on {which}, {left}, fired {fault['hits']}x"
