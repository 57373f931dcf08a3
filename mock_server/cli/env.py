"""`artqr-mock env`."""

import shlex

import click

from mock_server.cli.common import json_option, print_json, server_options
from mock_server.client import AdminClient, client_environment
from mock_server.contract import load_catalogue


@click.command()
@click.option("--account", "account_id", default="default", show_default=True,
              help="The account whose credentials to print.")  # fmt: skip
@click.option("--magic", is_flag=True, help="List the app codes that make failures happen.")
@server_options
@json_option
def env(*, account_id: str, magic: bool, admin: AdminClient, as_json: bool) -> None:
    """Print what your client needs: eval "$(artqr-mock env)"."""
    if magic:
        _print_magic(as_json=as_json)
        return
    found = client_environment(admin.base_url, admin.account(account_id).get())
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        click.echo(f"export {name}={shlex.quote(value)}")


def _print_magic(*, as_json: bool) -> None:
    magic = load_catalogue().magic
    if as_json:
        print_json({each.app_code: each.says for each in magic.values()})
        return
    width = max(map(len, magic))
    for each in magic.values():
        click.echo(f"{each.app_code:{width}}  {each.says}")
