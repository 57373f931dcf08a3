"""`artqr-mock readings`: list, show, set."""

from typing import Any

import click

from mock_server.admin_client import AccountClient, AdminClient
from mock_server.cli.common import (
    PlainGroup,
    account_options,
    json_option,
    language_option,
    pair,
    print_json,
    server_options,
)
from mock_server.cli.observed_files import load_observed
from mock_server.contract import load_toml
from mock_server.domain.languages import ENGLISH
from mock_server.domain.usage_errors import UsageError
from mock_server.words import words_of

DEFAULT = "default"


@click.group(cls=PlainGroup)
def readings() -> None:
    """List, show and set readings: the possible answers to open questions about the vendor."""


@readings.command("list")
@click.option("--observed", "files", multiple=True, metavar="FILE",
              help="Show what `artqr-mock probe` observed; may be repeated.")  # fmt: skip
@click.option("--account", "account_id", metavar="ID|NAME",
              help="Show the values of an account of a running server.")  # fmt: skip
@server_options
@language_option
@json_option
def list_readings(
    *, files: tuple[str, ...], account_id: str | None, admin: AdminClient, language: str,
    as_json: bool,
) -> None:  # fmt: skip
    """List every open question with its possible answers, the default first, and the value that
    counts with its source: default, observed, scenario, or set by hand.

    Without --account no server is asked.
    """
    if files and account_id:
        raise UsageError("--observed: leave --account out, for the server has its own files")
    values, sources = _of_account(admin, account_id) if account_id else _of_files(files)
    rows = [{**row, "value": values.get(row["id"], row["default"]),
             "source": sources.get(row["id"], DEFAULT)}
            for row in load_toml("readings.toml", ENGLISH if as_json else language)["reading"]
            ]  # fmt: skip
    if as_json:
        print_json(rows)
        return
    t = words_of(language)
    for row in rows:
        words = ", ".join([row["default"], *row["alternatives"]])
        certainty = t(f"certainty.{row['certainty']}")
        source = t(f"reading.source.{row['source']}")
        by = t("reading.by", certainty=certainty, value=row["value"], source=source)
        click.echo(f"{row['id']}: {words}  {by}")
        click.echo(f"    {row['question']}\n    {row['advice']}")


def _of_account(admin: AdminClient, account_id: str) -> tuple[dict[str, str], dict[str, str]]:
    account = admin.account_named(account_id)
    return account.get("/readings"), account.get("/readings/sources")


def _of_files(files: tuple[str, ...]) -> tuple[dict[str, str], dict[str, str]]:
    observed = load_observed(files).readings
    return observed, dict.fromkeys(observed, "observed")


@readings.command()
@account_options
@language_option
@json_option
def show(*, account: AccountClient, language: str, as_json: bool) -> None:
    """Show the answer that an account uses for each question."""
    _show(account, account.get("/readings"), language, as_json=as_json)


@readings.command("set")
@click.argument("words", nargs=-1, required=True, metavar="ID=WORD...")
@account_options
@language_option
@json_option
def set_readings(
    *, words: tuple[str, ...], account: AccountClient, language: str, as_json: bool
) -> None:
    """Set readings of an account, such as `refusal.status=200 task.words=numbers`."""
    changes = dict(pair(word) for word in words)
    _show(account, account.patch(changes, "/readings"), language, as_json=as_json)


def _show(account: AccountClient, words: dict[str, Any], language: str, *, as_json: bool) -> None:
    if as_json:
        print_json(words)
        return
    defaults = {row["id"]: row["default"] for row in load_toml("readings.toml")["reading"]}
    width, t = max(map(len, words)), words_of(language)
    sources = account.get("/readings/sources")
    for reading, word in words.items():
        usual, source = defaults.get(reading), sources.get(reading, DEFAULT)
        says = t(f"reading.source.{source}")
        changed = "" if source == DEFAULT else t("reading.default", source=says, value=usual)
        click.echo(f"{reading:{width}}  {word}{changed}")
