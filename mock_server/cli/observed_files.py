"""`--observed FILE` of a command that asks no server: what `artqr-mock probe` learned."""

import click

from mock_server.cli.common import WRONG_USE, fail
from mock_server.observed import Observed, load
from mock_server.settings import SettingsError

observed_option = click.option(
    "--observed", "files", multiple=True, metavar="FILE",
    help="Take readings and paths from what `artqr-mock probe` observed; may be repeated.",
)  # fmt: skip


def load_observed(files: tuple[str, ...]) -> Observed:
    """Return what files of observed readings say; end with exit code 2 if they cannot be used."""
    try:
        return load(files)
    except SettingsError as error:
        fail(str(error), WRONG_USE)
