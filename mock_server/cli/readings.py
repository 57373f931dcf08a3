"""`artqr-mock readings`: list, show, set."""

from typing import Any

import click

from mock_server.admin_client import AccountClient
from mock_server.cli.common import (
    WRONG_USE,
    PlainGroup,
    account_options,
    fail,
    json_option,
    pair,
    print_json,
)
from mock_server.contract import load_toml
from mock_server.observed import load
from mock_server.settings import SettingsError


@click.group(cls=PlainGroup)
def readings() -> None:
    """List, show and set readings: the possible answers to open questions about the vendor."""


@readings.command("list")
@click.option("--observed", "files", multiple=True, metavar="FILE",
              help="Show what `artqr-mock probe` observed; may be repeated.")  # fmt: skip
@json_option
def list_readings(*, files: tuple[str, ...], as_json: bool) -> None:
    """List every open question with its possible answers, the default first, and the source of the
    value that counts.
    """
    try:
        observed = load(files)
    except SettingsError as error:
        fail(str(error), WRONG_USE)
    rows = [{**row, "value": observed.get(row["id"], row["default"]),
             "source": "observed" if row["id"] in observed else "default"}
            for row in load_toml("readings.toml")["reading"]]  # fmt: skip
    if as_json:
        print_json(rows if files else load_toml("readings.toml")["reading"])
        return
    for row in rows:
        words = ", ".join([row["default"], *row["alternatives"]])
        source = (
            f"observed: {row['value']}" if row["source"] == "observed" else "the default counts"
        )
        click.echo(f"{row['id']}: {words}  ({row['certainty']}{f'; {source}' if files else ''})")
        click.echo(f"    {row['question']}\n    {row['advice']}")


@readings.command()
@account_options
@json_option
def show(*, account: AccountClient, as_json: bool) -> None:
    """Show the answer that an account uses for each question."""
    _show(account.get("/readings"), as_json=as_json)


@readings.command("set")
@click.argument("words", nargs=-1, required=True, metavar="ID=WORD...")
@account_options
@json_option
def set_readings(*, words: tuple[str, ...], account: AccountClient, as_json: bool) -> None:
    """Set readings of an account, such as `refusal.status=200 task.words=numbers`."""
    changes = dict(pair(word) for word in words)
    _show(account.patch(changes, "/readings"), as_json=as_json)


def _show(words: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(words)
        return
    defaults = {row["id"]: row["default"] for row in load_toml("readings.toml")["reading"]}
    width = max(map(len, words))
    for reading, word in words.items():
        changed = "" if word == defaults.get(reading) else f"   (default {defaults.get(reading)})"
        click.echo(f"{reading:{width}}  {word}{changed}")
