"""`artqr-mock ready`."""

import sys

import click

from mock_server.admin_client import AdminClient
from mock_server.cli.common import COULD_NOT_RUN, fail, server_options
from mock_server.domain.call.redaction import redact_address
from mock_server.domain.durations import parse_duration


@click.command()
@click.option(
    "--wait", default="0s", show_default=True, help="How long to wait for the server, such as 30s."
)
@server_options
def ready(*, wait: str, admin: AdminClient) -> None:
    """Check whether a server answers; the exit code is 3 if none does."""
    why = admin.why_not_ready(parse_duration(wait) / 1000)
    if why is not None:
        fail(why, COULD_NOT_RUN)
    click.echo(f"ready: {redact_address(admin.base_url)}")
    sys.exit(0)
