"""`artqr-mock`: every command group in one place."""

import click

from mock_server import __version__
from mock_server.cli.account import account
from mock_server.cli.bill import bill
from mock_server.cli.callbacks import callbacks
from mock_server.cli.calls import calls
from mock_server.cli.check import check
from mock_server.cli.clock import clock
from mock_server.cli.common import PlainGroup
from mock_server.cli.contract import contract
from mock_server.cli.coverage import coverage
from mock_server.cli.demo import demo
from mock_server.cli.env import env
from mock_server.cli.fault import fault
from mock_server.cli.findings import explain, findings
from mock_server.cli.lint import lint
from mock_server.cli.polling import polling_command
from mock_server.cli.reactions import reactions_command
from mock_server.cli.readings import readings
from mock_server.cli.ready import ready
from mock_server.cli.rehearse import rehearse
from mock_server.cli.scenario import scenario
from mock_server.cli.serve import serve
from mock_server.cli.sign import sign
from mock_server.cli.tasks import tasks


@click.group(cls=PlainGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="artqr-mock")
def main() -> None:
    """Simulate the art-QR-code API of the marketplace on your own machine.

    You need no account, no token, no network and no money. `artqr-mock demo` shows the API;
    `artqr-mock serve` runs it. Exit codes: 0 success, 1 findings, 2 wrong use, 3 could not run.
    """


for command in (
    serve, demo, ready, env, account, clock, fault, scenario, readings, calls, tasks, callbacks,
    bill, sign, findings, explain, lint, coverage, check, contract, rehearse,
    reactions_command, polling_command,
):  # fmt: skip
    main.add_command(command)
