"""`artqr-mock env`."""

import re
import uuid
from collections.abc import Callable, Mapping

import click

from mock_server.admin_client import AdminClient
from mock_server.cli.common import account_option, json_option, print_json, server_options
from mock_server.client_environment import client_environment, shell_line
from mock_server.domain.usage_errors import UsageError

CHOICES = ("sh", "fish", "powershell", "dotenv", "json", "github")


@click.command()
@account_option("The account whose credentials to print, by its id or its name.")
@click.option("--format", "form", type=click.Choice(CHOICES), default="sh", show_default=True,
              help="Print lines for this shell or file, or JSON.")  # fmt: skip
@click.option("--magic", is_flag=True, help="List the app codes and texts that cause failures.")
@server_options
@json_option
def env(*, account_id: str, form: str, magic: bool, admin: AdminClient, as_json: bool) -> None:
    """Print the environment variables that your client needs.

    \b
    sh, bash, zsh   eval "$(artqr-mock env)"
    fish            artqr-mock env --format fish | source
    PowerShell      artqr-mock env --format powershell | Out-String | Invoke-Expression
    a .env file     artqr-mock env --format dotenv > .env
    GitHub Actions  artqr-mock env --format github >> "$GITHUB_ENV"

    --magic needs no server.
    """
    as_json = as_json or form == "json"
    if magic:
        _print_magic(as_json=as_json)
        return
    found = client_environment(admin.base_url, admin.account_named(account_id).get())
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        click.echo(FORMATS[form](name, value))


def _fish(name: str, value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{quoted}'"


def _powershell(name: str, value: str) -> str:
    # PowerShell takes these quotation marks for an apostrophe, too.
    quoted = re.sub("(['‘’‚‛])", r"\1\1", value)
    return f"$env:{name} = '{quoted}'"


def _dotenv(name: str, value: str) -> str:
    """Return a line of a .env file as every library reads it. Raises UsageError."""
    if re.fullmatch(r"[A-Za-z0-9_./:@%+,-]*", value):
        return f"{name}={value}"
    if re.search(r"['$`\n\r]|\\\\|\\$", value):
        raise UsageError(
            f"{name} has a character that libraries read from a .env file in different ways: "
            "choose another --format, such as json"
        )
    return f"{name}='{value}'"


def _github(name: str, value: str) -> str:
    if "\n" not in value and "\r" not in value:
        return f"{name}={value}"
    end = f"EOF_{uuid.uuid4().hex}"  # nobody who writes the value can know it
    return f"{name}<<{end}\n{value}\n{end}"


FORMATS: Mapping[str, Callable[[str, str], str]] = {
    "sh": shell_line,
    "fish": _fish,
    "powershell": _powershell,
    "dotenv": _dotenv,
    "github": _github,
}


def _print_magic(*, as_json: bool) -> None:
    from mock_server.contract import load_catalogue  # noqa: PLC0415 - nothing else needs it

    catalogue = load_catalogue()
    codes = {each.app_code: each.says for each in catalogue.magic.values()}
    texts = {each.text: each.says for each in catalogue.magic_texts.values()}
    if as_json:
        print_json({"app_codes": codes, "texts": texts})
        return
    width = max(map(len, [*codes, *texts]))
    for title, rows in (("APPCODE", codes), ("text", texts)):
        click.echo(title)
        for name, says in rows.items():
            click.echo(f"  {name:{width}}  {says}")
