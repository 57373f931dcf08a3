"""`artqr-mock serve`."""

import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from mock_server import json_log, workers
from mock_server.access_log import AccessLog, PrintableFormatter
from mock_server.cli.common import COULD_NOT_RUN, WRONG_USE, fail, no_collecting
from mock_server.domain.account.accounts import DEFAULT_APP_CODE
from mock_server.domain.durations import show_duration
from mock_server.domain.retention import Keep
from mock_server.formatting import counted, shell_word
from mock_server.log_writer import WHOLE_BYTES, LineHandler
from mock_server.settings import PICTURES, Settings, SettingsError
from mock_server.store.engine import database
from mock_server.store.engine.files import DatabaseFileError
from mock_server.store.journal import Entry
from mock_server.tls import ca_file

if TYPE_CHECKING:
    from mock_server.metrics.recorder import Recorder

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")
LogCall = Callable[[int, Entry], None]


@click.command()
@click.option("--host", help="The address to listen on. [default: 127.0.0.1]")
@click.option("--port", type=int, help="The port; 0 chooses a free one. [default: 3040]")
@click.option("--workers", type=int, help="Answer with so many processes; needs PostgreSQL. "
              "[default: 1]")  # fmt: skip
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
@click.option(
    "--tls-name",
    "tls_names",
    multiple=True,
    help="Add a name or an address to the certificate of --tls; may be repeated.",
)
@click.option("--seed", type=int, help="The seed of the default account, used when it is created.")
@click.option("--scenario", help="Load this scenario into the default account: a name of "
              "`artqr-mock scenario list`, or FILE.toml.")  # fmt: skip
@click.option("--keep", metavar="AGE|N", help="Keep finished tasks of each account for so long on "
              "its clock, such as 24h, or the last N tasks; older records are trimmed. "
              "[default: all]")  # fmt: skip
@click.option("--observed", multiple=True, metavar="FILE", help="Answer as the service that "
              "`artqr-mock probe` observed; may be repeated.")  # fmt: skip
@click.option("--query-path", help="The path of the query.  [default: the observed one, or "
              "/queryTask]")  # fmt: skip
@click.option("--list-path", help="The path of the list.  [default: the observed one, or "
              "/taskList]")  # fmt: skip
@click.option("--pictures", type=click.Choice(PICTURES), help="Draw pictures, or only plain QR "
              "codes, which cost a twentieth. [default: drawn]")  # fmt: skip
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
@click.option("--log-format", type=click.Choice(FORMATS), default="text", show_default=True,
              help="How to write it. `json`: an object per line, with a line per call "
              "unless --log-level or --quiet say otherwise.")  # fmt: skip
@click.option("--verbose", is_flag=True, help="The same as --log-level info.")
@click.option("--quiet", is_flag=True, help="Write no line per call.")
def serve(
    *, recreate: bool, ready_file: Path | None, config: Path | None, log_level: str | None,
    log_format: str, verbose: bool, quiet: bool, **flags: Any,
) -> None:  # fmt: skip
    """Run the API until you stop it with Ctrl-C or SIGTERM.

    It writes one line per call to standard error if that is a terminal.
    """
    log_level = log_level or ("info" if verbose else None)
    as_json = log_format == "json"
    log_to_stderr(log_level, as_json=as_json)
    refuse = _log_and_exit if as_json else fail
    for repeated in ("callback_hosts", "tls_names", "observed"):
        flags[repeated] = flags[repeated] or None
    try:
        settings = Settings.load(flags, file=config)
        check_reach(settings)
        if settings.workers > 1:
            workers.check(settings)
        if ready_file is not None:
            _make_way(ready_file)
        if recreate:
            database.remove(settings.database_path)
        options = {"log_level": log_level, "quiet": quiet, "as_json": as_json}
        if settings.workers > 1:
            workers.serve(settings, options, lambda it: _announce(it, settings, ready_file))
        else:
            with no_collecting():  # the server lets the collector run, once it answers
                _serve_here(settings, options, ready_file)
    except SettingsError as error:
        refuse(str(error), WRONG_USE)
    except workers.WorkerStartError as error:
        refuse(str(error), error.code)
    except (DatabaseFileError, OSError) as error:
        refuse(str(error), COULD_NOT_RUN)
    finally:
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)


def _make_way(ready_file: Path) -> None:
    """Remove the ready file that a killed server left. Raises SettingsError."""
    if not ready_file.parent.is_dir():
        raise SettingsError(
            f"--ready-file: the directory {ready_file.parent} does not exist: create it"
        )
    ready_file.unlink(missing_ok=True)


def _serve_here(settings: Settings, options: dict[str, Any], ready_file: Path | None) -> None:
    from mock_server import server  # noqa: PLC0415 - Flask and uvicorn load slowly
    from mock_server.metrics.recorder import recorder  # noqa: PLC0415 - as above

    def on_ready(running: server.Running) -> None:
        place, seed = running.simulator.database.place, running.default.seed
        answering = workers.Answering(url=running.url, place=place, seed=seed)
        _announce(answering, settings, ready_file)

    counts = recorder()
    with access_log(**options, counts=counts) as log_call:
        server.serve(settings, on_ready, log_call=log_call, recorder=counts)


def log_to_stderr(log_level: str | None, *, as_json: bool, worker: int | None = None) -> None:
    """Write the log to standard error; in one of several processes each line says which."""
    if sys.stderr is None:  # the user closed it
        logging.basicConfig(handlers=[logging.NullHandler()])
        return
    handler = LineHandler(sys.stderr)
    if as_json:
        # Longer lines of several processes would mix.
        longest = WHOLE_BYTES if worker is not None else None
        handler.setFormatter(json_log.JsonFormatter(longest))
        json_log.take_over()
    else:
        name = "%(name)s" if worker is None else f"worker {worker} %(name)s"
        handler.setFormatter(PrintableFormatter(f"%(asctime)s %(levelname)s {name}: %(message)s"))
    logging.basicConfig(level=(log_level or "warning").upper(), handlers=[handler])


def _log_and_exit(message: str, code: int) -> NoReturn:
    """Log why the server ends, and end it with an exit code."""
    logging.getLogger("mock_server").critical(message)
    for handler in logging.getLogger().handlers:
        handler.flush()
    sys.exit(code)


@contextmanager
def access_log(
    *, log_level: str | None, quiet: bool, as_json: bool, counts: "Recorder | None"
) -> Iterator[LogCall | None]:
    """Give what writes a line per call, None if nobody wants any."""
    stderr = sys.stderr  # None: the user closed it
    is_watched = as_json or (stderr is not None and stderr.isatty())
    wanted = is_watched if log_level is None else log_level in ("debug", "info")
    if quiet or not wanted or stderr is None:
        yield None
        return
    on_left_out = counts.line_dropped if counts is not None else None
    with AccessLog(stderr, as_json=as_json, on_left_out=on_left_out) as log:
        yield log.note


def check_reach(settings: Settings) -> None:
    """Refuse to open the admin API to a network without a token. Raises SettingsError."""
    if not settings.is_loopback and settings.token is None:
        raise SettingsError(
            f"--host {settings.host} opens the admin API to other machines: set --token, or "
            "listen on 127.0.0.1"
        )


def _kept(keep: Keep) -> str:
    if keep.ms is None:
        return f"its last {counted(keep.tasks or 0, 'task')}"
    return f"what was finished in the last {show_duration(keep.ms)} of its clock"


def _announce(answering: workers.Answering, settings: Settings, ready_file: Path | None) -> None:
    url = answering.url
    # The one machine-readable line: everything else on standard output is for people.
    click.echo(f"ARTQR_BASE_URL={url}")
    is_kept = settings.database_path != ":memory:"
    click.echo(f"database: {answering.place if is_kept else 'in memory'}")
    if settings.workers > 1:
        click.echo(f"workers: {settings.workers}")
    click.echo(f"default account: APPCODE {DEFAULT_APP_CODE}, seed {answering.seed}")
    if (keep := settings.retention) is not None:
        click.echo(f"kept of each account: {_kept(keep)}")
    click.echo("try it:")
    trust = f" --cacert {shell_word(str(ca_file()))}" if settings.tls else ""
    click.echo(
        f"curl -s{trust} {url}/submitTask -H 'Authorization: APPCODE {DEFAULT_APP_CODE}'"
        " -d text=https://example.com -d style_id=food_fryrice"
    )
    if ready_file is not None:
        partial = ready_file.with_name(ready_file.name + ".partial")
        partial.write_text(json.dumps({"url": url, "pid": os.getpid()}) + "\n", "utf-8")
        partial.replace(ready_file)
