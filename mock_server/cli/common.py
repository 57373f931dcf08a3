"""What every command shares: which server, which account, how to print, how to fail."""

import json
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn

import click

from mock_server.admin_client import AccountClient, AdminClient, RefusedError, UnreachableError
from mock_server.domain.urls import AddressError, parse_server
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import instant as instant  # noqa: PLC0414 - commands find both here
from mock_server.formatting import parse_yuan
from mock_server.formatting import yuan as yuan  # noqa: PLC0414
from mock_server.tls import ca_file

DEFAULT_URL = "http://127.0.0.1:3040"

FINDINGS = 1
WRONG_USE = 2
COULD_NOT_RUN = 3

Command = Callable[..., Any]


def server_options(command: Command) -> Command:
    """Add `--url` and `--token`; the command gets an `admin` client."""

    @click.option("--url", envvar="ARTQR_MOCK_URL", default=DEFAULT_URL, show_default=True,
                  help="The server to talk to.")  # fmt: skip
    @click.option("--token", envvar="ARTQR_MOCK_TOKEN", help="Its token, if it has one.")
    @wraps(command)
    def with_admin(*args: Any, url: str, token: str | None, **kwargs: Any) -> Any:
        try:
            parse_server(url)
        except AddressError as error:
            raise click.BadParameter(str(error), param_hint="--url") from None
        with AdminClient(url, token, ca_file()) as admin:
            return command(*args, admin=admin, **kwargs)

    return with_admin


def account_options(command: Command) -> Command:
    """Add `--account` to the server options; the command gets an `account` client."""

    @server_options
    @click.option("--account", "account_id", default="default", show_default=True,
                  help="The account to work on.")  # fmt: skip
    @wraps(command)
    def with_account(*args: Any, admin: AdminClient, account_id: str, **kwargs: Any) -> Any:
        account: AccountClient = admin.account(account_id)
        return command(*args, account=account, **kwargs)

    return with_account


def json_option(command: Command) -> Command:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def print_json(value: Any) -> None:
    """Print a value for a program to read."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def pair(reading: str) -> tuple[str, str]:
    """Return id and word of a reading given as `ID=WORD`."""
    name, equals, word = reading.partition("=")
    if not equals:
        raise click.BadParameter(f"{reading!r}: write ID=WORD, such as charge.polls=submit-only")
    return name, word


def fen(_context: click.Context, _parameter: click.Parameter, text: str | None) -> int | None:
    """Return the value of an option that takes yuan in whole fen, None if it is not given."""
    try:
        return None if text is None else parse_yuan(text)
    except UsageError as error:
        raise click.BadParameter(str(error)) from None


def check_output(file: Path) -> None:
    """End with exit code 3 if a file cannot be written, before there is something to write."""
    try:
        is_new = not file.exists()
        with file.open("ab"):
            pass
        if is_new:
            file.unlink()
    except (OSError, ValueError) as error:
        fail(f"{file} cannot be written: {_reason(error)}", COULD_NOT_RUN)


def write_output(file: Path, data: bytes) -> None:
    """Write a file; end with exit code 3 if that cannot be."""
    try:
        file.write_bytes(data)
    except (OSError, ValueError) as error:
        fail(f"{file} cannot be written: {_reason(error)}", COULD_NOT_RUN)


def _reason(error: OSError | ValueError) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def fail(message: str, code: int) -> NoReturn:
    """Say what is wrong and end with an exit code."""
    click.echo(f"artqr-mock: {message}", err=True)
    sys.exit(code)


class PlainGroup(click.Group):
    """A group whose commands end with a clear line, never with a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn what we expect to go wrong into a line and an exit code."""
        try:
            return super().invoke(ctx)
        except UnreachableError as error:
            fail(str(error), COULD_NOT_RUN)
        except RefusedError as error:
            fail(str(error), WRONG_USE if error.status < 500 else COULD_NOT_RUN)
        except UsageError as error:
            fail(str(error), WRONG_USE)
        except BrokenPipeError:
            # The reader of our output has gone (`| head`): nothing is left to say.
            sys.stdout = None
            sys.exit(0)
        except OSError as error:
            # Output that went to a full disk, say.
            fail(f"{error.filename or 'the output'}: {_reason(error)}", COULD_NOT_RUN)
