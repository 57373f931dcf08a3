"""`artqr-mock`: every command group in one place."""

from importlib import import_module

import click

from mock_server import __version__
from mock_server.cli.common import PlainGroup, no_collecting

COMMANDS = (
    "serve", "demo", "ready", "env", "account", "clock", "fault", "scenario", "readings", "calls",
    "tasks", "callbacks", "bill", "sign", "findings", "explain", "lint", "import", "coverage",
    "check", "probe", "diff", "contract", "rehearse", "sweep", "load", "reactions", "polling",
)  # fmt: skip
# A command is in the file of its name, but for these.
FILES = {"explain": "findings", "import": "import_recording"}


class Commands(PlainGroup):
    """Every command; the file of one is loaded when somebody asks for it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        """Return the names, in the order in which a user needs them."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        """Return a command; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        with no_collecting():
            module = import_module(f"mock_server.cli.{FILES.get(cmd_name, cmd_name)}")
        there = [each for each in vars(module).values() if isinstance(each, click.Command)]
        return next(each for each in there if each.name == cmd_name)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="artqr-mock")
def main() -> None:
    """Simulate the art-QR-code API of the marketplace on your own machine.

    You need no account, no token, no network and no money. `artqr-mock demo` shows the API;
    `artqr-mock serve` runs it. Exit codes: 0 success, 1 findings, 2 wrong use, 3 could not run.
    """
