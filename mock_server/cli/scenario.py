"""`artqr-mock scenario`: list, show, load."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from mock_server import contract
from mock_server.admin_client import AccountClient
from mock_server.cli.common import (
    PlainGroup,
    account_options,
    json_option,
    language_option,
    print_json,
)
from mock_server.words import Words, words_of


@click.group(cls=PlainGroup)
def scenario() -> None:
    """List, show and load scenarios: readings, packages, clock and faults under one name."""


@scenario.command("list")
@language_option
@json_option
def list_scenarios(*, language: str, as_json: bool) -> None:
    """List the scenarios that come with artqr-mock."""
    if as_json:
        found = contract.scenarios()
        print_json([{"name": name, **values} for name, values in found.items()])
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")  # Chinese has no spaces to break a line at
    for name, values in contract.scenarios(language).items():
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
@language_option
@json_option
def load(*, name_or_file: str, account: AccountClient, language: str, as_json: bool) -> None:
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
    found, t = actions.find(name_or_file, language), words_of(language)
    click.echo(t("scenario.loaded", account=loaded["id"], name=found.name, says=found.says))
    click.echo(t("scenario.client", client=found.client))
    if change := _clock_change(before, loaded["clock"], t):
        click.echo(change)


def _clock_change(before: dict[str, Any], after: dict[str, Any], t: Words) -> str:
    """Return a sentence on how the clock runs now, if it ran otherwise before."""
    was, now = (_pace(clock, t) for clock in (before, after))
    return "" if was == now else t("scenario.clock", before=was, now=now)


def _pace(clock: dict[str, Any], t: Words) -> str:
    return (
        t("scenario.frozen") if clock["frozen"] else t("scenario.rate", rate=f"{clock['rate']:g}")
    )
