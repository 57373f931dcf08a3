"""`artqr-mock env`."""

import shlex

import click

from mock_server.admin_client import AdminClient, client_environment
from mock_server.cli.common import json_option, print_json, server_options
from mock_server.contract import load_catalogue


@click.command()
@click.option("--account", "account_id", default="default", show_default=True,
              help="The account whose credentials to print.")  # fmt: skip
@click.option(
    "--magic", is_flag=True, help="List the app codes and texts that make failures happen."
)
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
