"""`artqr-mock scenario`: list, show, load."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from mock_server import contract
from mock_server.admin_client import AccountClient
from mock_server.cli.common import PlainGroup, account_options, json_option, print_json


@click.group(cls=PlainGroup)
def scenario() -> None:
    """List, show and load scenarios: readings, packages, clock and faults under one name."""


@scenario.command("list")
@json_option
def list_scenarios(*, as_json: bool) -> None:
    """List the scenarios that come with artqr-mock."""
    found = contract.scenarios()
    if as_json:
        print_json([{"name": name, **values} for name, values in found.items()])
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, values in found.items():
        table.add_row(name, values["says"])
    Console().print(table)


@scenario.command()
@click.argument("name")
def show(*, name: str) -> None:
    """Print the TOML file of a scenario, to copy for one of your own."""
    # It brings the whole simulator along, which every command would load.
    from mock_server.actions.accounts import scenarios as actions  # noqa: PLC0415

    actions.shipped(name)
    file = contract.folder("fixtures") / "scenarios" / f"{name}.toml"
    click.echo(file.read_text("utf-8"), nl=False)


@scenario.command()
@click.argument("name_or_file")
@account_options
@json_option
def load(*, name_or_file: str, account: AccountClient, as_json: bool) -> None:
    """Reset an account and start it with a scenario: its name, or a FILE.toml of your own.

    The clock is reset too: its instant, its rate, and whether it is frozen.
    """
    from mock_server.actions.accounts import scenarios as actions  # noqa: PLC0415 - as above

    wanted: dict[str, Any] = {"name": name_or_file}
    if name_or_file.endswith(".toml"):
        wanted = {"scenario": actions.values_of(Path(name_or_file))}
    before = account.get("/clock")
    loaded = account.post("/scenario", wanted)
    if as_json:
        print_json(loaded)
        return
    found = actions.find(name_or_file)
    click.echo(f"account {loaded['id']} is in scenario {found.name}: {found.says}")
    click.echo(f"a good client: {found.client}")
    if change := _clock_change(before, loaded["clock"]):
        click.echo(change)


def _clock_change(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Return a sentence on how the clock runs now, if it ran otherwise before."""
    was, now = (_pace(clock) for clock in (before, after))
    return "" if was == now else f"the clock was reset too: from {was} to {now}"


def _pace(clock: dict[str, Any]) -> str:
    return "frozen" if clock["frozen"] else f"rate {clock['rate']:g}"
