"""`artqr-mock serve`."""

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from mock_server.access_log import AccessLog, PrintableFormatter
from mock_server.cli.common import COULD_NOT_RUN, WRONG_USE, fail
from mock_server.domain.account.accounts import DEFAULT_APP_CODE
from mock_server.formatting import shell_word
from mock_server.settings import Settings, SettingsError
from mock_server.store.engine import database
from mock_server.store.engine.files import DatabaseFileError
from mock_server.store.journal import Entry
from mock_server.tls import ca_file

LEVELS = ("debug", "info", "warning", "error")
LogCall = Callable[[int, Entry], None]


@click.command()
@click.option("--host", help="The address to listen on. [default: 127.0.0.1]")
@click.option("--port", type=int, help="The port; 0 chooses a free one. [default: 3040]")
@click.option("--database", help="A SQLite file, `:memory:` for a temporary one, or "
              "postgresql://user@host/name. [default: a file in your data directory]")  # fmt: skip
@click.option("--recreate", is_flag=True, help="Delete everything in the database first.")
@click.option(
    "--public-url",
    help="The base address of pictures. [default: the address that the client called]",
)
@click.option("--token", help="The token of the admin API; required unless --host is loopback.")
@click.option("--tls", is_flag=True, default=None, help="Use HTTPS with a local authority, "
              "created on first use; `artqr-mock env` prints its file.")  # fmt: skip
@click.option("--tls-cert", help="Use HTTPS with this certificate chain (PEM).")
@click.option("--tls-key", help="The private key of the certificate (PEM).")
@click.option("--seed", type=int, help="The seed of the default account, used when it is created.")
@click.option("--scenario", help="Load this scenario into the default account: a name of "
              "`artqr-mock scenario list`, or FILE.toml.")  # fmt: skip
@click.option("--observed", multiple=True, metavar="FILE", help="Answer as the service that "
              "`artqr-mock probe` observed; may be repeated.")  # fmt: skip
@click.option(
    "--callback-host",
    "callback_hosts",
    multiple=True,
    help="Allow callbacks to this host, address or network, beyond loopback; may be repeated.",
)
@click.option("--ready-file", type=click.Path(dir_okay=False, path_type=Path),
              help="Write this JSON file once the server answers calls.")  # fmt: skip
@click.option("--config", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Read settings from this TOML file.")  # fmt: skip
@click.option("--log-level", type=click.Choice(LEVELS), help="What to write to standard error. "
              "From info on, one line per call. [default: warning; info for calls on a "
              "terminal]")  # fmt: skip
@click.option("--verbose", is_flag=True, help="The same as --log-level info.")
@click.option("--quiet", is_flag=True, help="Write no line per call.")
def serve(
    *, recreate: bool, ready_file: Path | None, config: Path | None, log_level: str | None,
    verbose: bool, quiet: bool, **flags: Any,
) -> None:  # fmt: skip
    """Run the API until you stop it with Ctrl-C or SIGTERM.

    It writes one line per call to standard error if that is a terminal.
    """
    from mock_server import server  # noqa: PLC0415 - Flask and uvicorn load slowly

    log_level = log_level or ("info" if verbose else None)
    handler = logging.StreamHandler()
    handler.setFormatter(PrintableFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=(log_level or "warning").upper(), handlers=[handler])
    for name in ("callback_hosts", "observed"):
        flags[name] = flags[name] or None
    try:
        settings = Settings.load(flags, file=config)
        check_reach(settings)
        if ready_file is not None and not ready_file.parent.is_dir():
            raise SettingsError(
                f"--ready-file: the directory {ready_file.parent} does not exist: create it"
            )
        if ready_file is not None:  # what a killed server left is not about this one
            ready_file.unlink(missing_ok=True)
        if recreate:
            database.remove(settings.database_path)
        with _access_log(log_level, quiet=quiet) as log_call:
            server.serve(
                settings, lambda running: _announce(running, ready_file), log_call=log_call
            )
    except SettingsError as error:
        fail(str(error), WRONG_USE)
    except (DatabaseFileError, OSError) as error:
        fail(str(error), COULD_NOT_RUN)
    finally:
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)


@contextmanager
def _access_log(log_level: str | None, *, quiet: bool) -> Iterator[LogCall | None]:
    """Give what writes a line per call, None if nobody wants any."""
    wanted = sys.stderr.isatty() if log_level is None else log_level in ("debug", "info")
    if quiet or not wanted:
        yield None
        return
    with AccessLog(sys.stderr) as access_log:
        yield access_log.note


def check_reach(settings: Settings) -> None:
    """Refuse to open the admin API to a network without a token. Raises SettingsError."""
    if not settings.is_loopback and settings.token is None:
        raise SettingsError(
            f"--host {settings.host} opens the admin API to other machines: set --token, or "
            "listen on 127.0.0.1"
        )


def _announce(running: Any, ready_file: Path | None) -> None:
    url = running.url
    # The one machine-readable line: everything else on standard output is for people.
    click.echo(f"ARTQR_BASE_URL={url}")
    is_kept = running.simulator.settings.database_path != ":memory:"
    click.echo(f"database: {running.simulator.database.place if is_kept else 'in memory'}")
    click.echo(f"default account: APPCODE {DEFAULT_APP_CODE}, seed {running.default.seed}")
    click.echo("try it:")
    trust = f" --cacert {shell_word(str(ca_file()))}" if running.simulator.settings.tls else ""
    click.echo(
        f"curl -s{trust} {url}/submitTask -H 'Authorization: APPCODE {DEFAULT_APP_CODE}'"
        " -d text=https://example.com -d style_id=food_fryrice"
    )
    if ready_file is not None:
        partial = ready_file.with_name(ready_file.name + ".partial")
        partial.write_text(json.dumps({"url": url, "pid": os.getpid()}) + "\n", "utf-8")
        partial.replace(ready_file)
