"""`artqr-mock env`."""

import shlex
from typing import Any

import click

from mock_server.cli.common import json_option, print_json, server_options
from mock_server.client import AdminClient


def variables(base_url: str, account: dict[str, Any]) -> dict[str, str]:
    """Return what a client of the API is configured with."""
    return {
        "ARTQR_BASE_URL": base_url,
        "ARTQR_APP_CODE": account["app_code"],
        "ARTQR_APP_KEY": account["app_key"],
        "ARTQR_APP_SECRET": account["app_secret"],
    }


@click.command()
@click.option("--account", "account_id", default="default", show_default=True,
              help="The account whose credentials to print.")  # fmt: skip
@server_options
@json_option
def env(*, account_id: str, admin: AdminClient, as_json: bool) -> None:
    """Print what your client needs: eval "$(artqr-mock env)"."""
    found = variables(admin.base_url, admin.account(account_id).get())
    if as_json:
        print_json(found)
        return
    for name, value in found.items():
        click.echo(f"export {name}={shlex.quote(value)}")
