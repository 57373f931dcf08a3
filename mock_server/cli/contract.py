"""`artqr-mock contract`."""

import click
import yaml

from mock_server import contract as documents
from mock_server.cli.common import pair
from mock_server.domain.contract.flatten import plain
from mock_server.domain.readings import DEFAULT_READINGS, with_readings
from mock_server.formatting import json_text


@click.command()
@click.option("--reading", "readings", multiple=True, metavar="ID=WORD",
              help="Use this word for a reading; may be repeated.")  # fmt: skip
@click.option("--plain", "is_plain", is_flag=True,
              help="Print plain schemas for generators of types.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def contract(*, readings: tuple[str, ...], is_plain: bool, as_json: bool) -> None:
    """Print the OpenAPI document for the default readings or for those that you name."""
    words = with_readings(DEFAULT_READINGS, dict(pair(each) for each in readings))
    found = documents.narrowed_document(words)
    if is_plain:
        found = plain(found)
    if as_json:
        click.echo(json_text(found, indent=2))
    else:
        click.echo(yaml.safe_dump(found, allow_unicode=True, sort_keys=False, width=100), nl=False)
