"""What every command shares: the options for server and account, printing, failing."""

import contextlib
import gc
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from pathlib import Path
from threading import Event
from typing import Any, NoReturn

import click
from click.core import ParameterSource

from mock_server.admin_client import AdminClient, RefusedError, UnreachableError
from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.call.redaction import redact_address
from mock_server.domain.languages import ENGLISH, LANGUAGES
from mock_server.domain.urls import Address, AddressError, parse_server
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import instant as instant  # noqa: PLC0414 - commands find both here
from mock_server.formatting import json_text, parse_yuan, printable_lines, shell_word
from mock_server.formatting import yuan as yuan  # noqa: PLC0414
from mock_server.words import words_of
from mock_server.words.sentences import Say

DEFAULT_URL = "http://127.0.0.1:3040"

FINDINGS = 1
WRONG_USE = 2
COULD_NOT_RUN = 3

# How many rows `--follow` begins with, and how long it waits before it looks for more.
FOLLOWED = 10
POLL_S = 0.5

Command = Callable[..., Any]

# The commands that list what an account has, by the last word of the admin route.
LISTINGS = {"callbacks": "callbacks list", "faults": "fault list", "tasks": "tasks"}


def _ca_file(url: str) -> Path | None:
    """Return the certificate of our own CA, which only HTTPS needs: it loads slowly."""
    if not url.lower().startswith("https:"):
        return None
    from mock_server.tls import ca_file  # noqa: PLC0415 - see above

    return ca_file()


def server_options(command: Command) -> Command:
    """Add `--url` and `--token`; the command gets an `admin` client."""

    @click.option("--url", envvar="ARTQR_MOCK_URL", default=DEFAULT_URL, show_default=True,
                  help="The address of the server.")  # fmt: skip
    @click.option(
        "--token", envvar="ARTQR_MOCK_TOKEN", help="The token of the server, if it has one."
    )
    @wraps(command)
    def with_admin(*args: Any, url: str, token: str | None, **kwargs: Any) -> Any:
        try:
            parse_server(url)
        except AddressError as error:
            raise click.BadParameter(str(error), param_hint="--url") from None
        with AdminClient(url, token, _ca_file(url)) as admin:
            return command(*args, admin=admin, **kwargs)

    return with_admin


def account_option(
    text: str = "The account to work on, by its id or its name.",
) -> Callable[[Command], Command]:
    """Add `--account`; the command gets its value as `account_id`."""
    return click.option("--account", "account_id", envvar="ARTQR_MOCK_ACCOUNT", default=DEFAULT_ID,
                        show_default=True, metavar="ID|NAME", help=text)  # fmt: skip


def refuse_account_option(option: str) -> None:
    """Refuse `--account` on the command line beside an option that goes with no account."""
    source = click.get_current_context().get_parameter_source("account_id")
    if source is ParameterSource.COMMANDLINE:
        raise UsageError(f"{option}: leave --account out")


def account_options(command: Command) -> Command:
    """Add `--account` to the server options; the command gets an `account` client."""

    @server_options
    @account_option()
    @wraps(command)
    def with_account(*args: Any, admin: AdminClient, account_id: str, **kwargs: Any) -> Any:
        return command(*args, account=admin.account_named(account_id), **kwargs)

    return with_account


def language_option(command: Command) -> Command:
    """Add `--lang`; the command gets its value as `language`."""
    return click.option("--lang", "language", envvar="ARTQR_MOCK_LANG", default=ENGLISH,
                        type=click.Choice(LANGUAGES), show_default=True,
                        help="The language of what is explained; JSON is English.",
                        )(command)  # fmt: skip


def say_in(language: str) -> Say:
    """Return what reads English sentences of reports in a language."""
    if language == ENGLISH:
        return str
    from mock_server import translations  # noqa: PLC0415 - it loads the contract

    return translations.say_in(language)


def said(text: str) -> str:
    """Return a sentence in the language that `--lang` chose for the command that runs."""
    return say_in(click.get_current_context().params.get("language", ENGLISH))(text)


def echo(text: str, *, err: bool = False) -> None:
    """Print a sentence in that language."""
    click.echo(said(text), err=err)


@contextlib.contextmanager
def no_collecting() -> Iterator[None]:
    """Let the collector of garbage wait, as nearly all that loads stays; then it is as before."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def json_option(command: Command) -> Command:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


Page = list[dict[str, Any]]
Line = Callable[[dict[str, Any]], tuple[int, str]]


class Printer:
    """Prints the rows of a listing as they come: a table with a header and the days, or JSON lines.

    `line` returns the instant of a row and its line.
    """

    def __init__(self, header: str, line: Line, *, as_json: bool = False) -> None:
        self._header = header
        self._line = line
        self._as_json = as_json
        self._day = ""

    def show(self, rows: Page) -> None:
        """Print rows."""
        for row in rows:
            if self._as_json:
                click.echo(json_text(row))
                continue
            at, line = self._line(row)
            day = instant(at)[:10]
            if not self._day:
                click.echo(self._header)
            if day != self._day:
                click.echo(f"-- {day} Asia/Shanghai")
                self._day = day
            click.echo(line)

    def show_all(self, pages: Iterable[Page], nothing: str) -> None:
        """Print the rows of all pages, or `nothing` if they have none."""
        for page in pages:
            self.show(page)
        if not self._day:
            click.echo(nothing)


def follow(pages: Iterator[Page], printer: Printer) -> None:
    """Print what comes until Ctrl-C, or until the server has gone: that is exit code 3.

    Between two pages it waits for POLL_S.
    """
    try:
        for page in pages:
            printer.show(page)
            if not page:
                Event().wait(POLL_S)
    except KeyboardInterrupt:
        click.echo(err=True)  # after the ^C that the terminal shows
        sys.exit(0)
    except UnreachableError as error:
        fail(f"--follow ended: {error}", COULD_NOT_RUN)


def print_json(value: Any) -> None:
    """Print a value for a program to read."""
    click.echo(json_text(value, indent=2))


def server_place(url: str, credentials: str) -> Address:
    """Return the address of a server that is to be called with credentials; `credentials` are the
    options that name them. Raises UsageError.
    """
    try:
        place = parse_server(url)
    except AddressError as error:
        raise UsageError(str(error)) from None
    if place.login is not None:
        raise UsageError(
            "leave user and password out of the address: the credentials of the API are "
            f"{credentials}"
        )
    return place


def pair(reading: str) -> tuple[str, str]:
    """Return id and word of a reading given as `ID=WORD`."""
    name, equals, word = reading.partition("=")
    if not equals:
        raise click.BadParameter(
            f"{reading!r} is not a reading: write ID=WORD, such as charge.polls=submit-only"
        )
    return name, word


def fen(_context: click.Context, _parameter: click.Parameter, text: str | None) -> int | None:
    """Return the value of an option that takes yuan in whole fen, None if it is not given."""
    try:
        return None if text is None else parse_yuan(text)
    except UsageError as error:
        raise click.BadParameter(str(error)) from None


def trimmed_line(trimmed: dict[str, int] | None, language: str = ENGLISH) -> str | None:
    """Return the line about what a server with `--keep` keeps no longer; None: it keeps all."""
    if trimmed is None:
        return None
    t = words_of(language)
    return t(
        "finding.trimmed", tasks=t.count(trimmed["tasks"], "task"), at=instant(trimmed["before"]),
        charges=t.count(trimmed["charges"], "charge"),
    )  # fmt: skip


def no_longer_kept(dropped: int, language: str = ENGLISH) -> str:
    """Return the line about calls that the bounded journal has dropped."""
    key = "finding.dropped_one" if dropped == 1 else "finding.dropped_many"
    return words_of(language)(key, count=dropped)


def check_output(file: Path) -> None:
    """End with exit code 3 if a file cannot be written, before there is something to write."""
    try:
        is_new = not file.exists()
        with file.open("ab"):
            pass
        if is_new:
            file.unlink()
    except (OSError, ValueError) as error:
        fail(f"cannot write {file}: {_reason(error)}", COULD_NOT_RUN)


def write_output(file: Path, data: bytes) -> None:
    """Write a file; end with exit code 3 if that cannot be."""
    try:
        file.write_bytes(data)
    except (OSError, ValueError) as error:
        fail(f"cannot write {file}: {_reason(error)}", COULD_NOT_RUN)


def _reason(error: OSError | ValueError) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)


def our_command(base_url: str, *words: str) -> str:
    """Return a command of ours that reaches the same server, to be copied into a shell."""
    reached = os.environ.get("ARTQR_MOCK_URL") or DEFAULT_URL
    at = [] if base_url == reached.rstrip("/") else ["--url", redact_address(base_url)]
    return " ".join(map(shell_word, ["artqr-mock", *words, *at]))


def first_sentence(command: click.Command) -> str:
    """Return the first sentence of a command's help, whole."""
    text = " ".join((command.help or "").partition("\n\n")[0].split())
    return f"{text.split('. ')[0].removesuffix('.')}."


def fail(message: str, code: int) -> NoReturn:
    """Say what is wrong and end with an exit code."""
    # The exit code counts even if nobody reads the reason.
    with contextlib.suppress(BrokenPipeError):
        click.echo(f"artqr-mock: {printable_lines(message)}", err=True)
    sys.exit(code)


def in_commands(text: str) -> str:
    """Return what the server advises with the commands that do what its admin routes do."""
    for pattern, command in ROUTES_AS_COMMANDS:
        text = re.sub(pattern, command, text)
    return text


def _listing(found: re.Match[str]) -> str:
    account = "" if found[1] == DEFAULT_ID else f" --account {found[1]}"
    return f"`artqr-mock {LISTINGS[found[2]]}{account}`"


ROUTES_AS_COMMANDS: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (rf"GET /_mock/accounts/([^/\s]+)/({'|'.join(LISTINGS)})\b", _listing),
    (r"GET /_mock/accounts\b", "`artqr-mock account list`"),
    (r"POST /_mock/accounts\b", "`artqr-mock account create`"),
    (r" \(see schema \w+ in /_mock/openapi\.json\)", ""),
)


def commands_of(group: click.Group) -> dict[str, click.Command]:
    """Return the commands of a group by name."""
    context = click.Context(group)
    names = group.commands or group.list_commands(context)  # those of a file are in its order
    found = {name: group.get_command(context, name) for name in names}
    return {name: command for name, command in found.items() if command is not None}


class PlainGroup(click.Group):
    """A group whose commands end with a clear line, never with a traceback."""

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click passes it
        formatter: click.HelpFormatter,
    ) -> None:
        """List the commands, each with the whole first sentence of its help."""
        rows = [(name, first_sentence(command)) for name, command in commands_of(self).items()]
        with formatter.section("Commands"):
            formatter.write_dl(sorted(rows))

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; turn what we expect to go wrong into a line and an exit code."""
        try:
            return super().invoke(ctx)
        except UnreachableError as error:
            fail(str(error), COULD_NOT_RUN)
        except RefusedError as error:
            said = in_commands(str(error))
            fail(said, WRONG_USE if error.status < 500 else COULD_NOT_RUN)
        except UsageError as error:
            fail(str(error), WRONG_USE)
        except BrokenPipeError:
            # The reader of our output has gone (`| head`): nothing is left to say.
            sys.stdout = None
            sys.exit(0)
        except OSError as error:
            # Output that went to a full disk, say.
            fail(f"{error.filename or 'the output'}: {_reason(error)}", COULD_NOT_RUN)
