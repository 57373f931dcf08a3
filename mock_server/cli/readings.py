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
    language_option,
    pair,
    print_json,
)
from mock_server.contract import load_toml
from mock_server.domain.languages import ENGLISH
from mock_server.observed import load
from mock_server.settings import SettingsError
from mock_server.words import words_of


@click.group(cls=PlainGroup)
def readings() -> None:
    """List, show and set readings: the possible answers to open questions about the vendor."""


@readings.command("list")
@click.option("--observed", "files", multiple=True, metavar="FILE",
              help="Show what `artqr-mock probe` observed; may be repeated.")  # fmt: skip
@language_option
@json_option
def list_readings(*, files: tuple[str, ...], language: str, as_json: bool) -> None:
    """List every open question with its possible answers, the default first, and the source of the
    value that counts.
    """
    try:
        observed = load(files)
    except SettingsError as error:
        fail(str(error), WRONG_USE)
    chosen = ENGLISH if as_json else language
    rows = [{**row, "value": observed.get(row["id"], row["default"]),
             "source": "observed" if row["id"] in observed else "default"}
            for row in load_toml("readings.toml", chosen)["reading"]]  # fmt: skip
    if as_json:
        print_json(rows if files else load_toml("readings.toml")["reading"])
        return
    t = words_of(language)
    for row in rows:
        words = ", ".join([row["default"], *row["alternatives"]])
        source = t("reading.default_counts")
        if row["source"] == "observed":
            source = t("reading.observed", value=row["value"])
        certainty = t(f"certainty.{row['certainty']}")
        key = "reading.by_source" if files else "reading.by"
        by = t(key, certainty=certainty, source=source)
        click.echo(f"{row['id']}: {words}  {by}")
        click.echo(f"    {row['question']}\n    {row['advice']}")


@readings.command()
@account_options
@language_option
@json_option
def show(*, account: AccountClient, language: str, as_json: bool) -> None:
    """Show the answer that an account uses for each question."""
    _show(account.get("/readings"), language, as_json=as_json)


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
    _show(account.patch(changes, "/readings"), language, as_json=as_json)


def _show(words: dict[str, Any], language: str, *, as_json: bool) -> None:
    if as_json:
        print_json(words)
        return
    defaults = {row["id"]: row["default"] for row in load_toml("readings.toml")["reading"]}
    width, t = max(map(len, words)), words_of(language)
    for reading, word in words.items():
        usual = defaults.get(reading)
        changed = "" if word == usual else t("reading.default", value=usual)
        click.echo(f"{reading:{width}}  {word}{changed}")
