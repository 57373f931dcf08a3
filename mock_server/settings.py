"""Settings: flag, else `ARTQR_MOCK_*`, else TOML file, else default; unknown names are errors."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, NamedTuple, Self

import platformdirs

from mock_server.domain import urls
from mock_server.domain.call.calls import OWN_PATHS, Operation
from mock_server.domain.nesting import TOO_DEEP, is_too_deep
from mock_server.domain.retention import ALL, BadKeepError, Keep, parse_keep
from mock_server.domain.suggestions import unknown
from mock_server.domain.urls import normal_host

PREFIX = "ARTQR_MOCK_"
DEFAULT_PORT = 3040
MOST_WORKERS = 64
DRAWN, PLAIN = PICTURES = ("drawn", "plain")
# The commands that talk to a server read these; they are not settings of a server.
COMMAND_VARIABLES = frozenset(
    {"ARTQR_MOCK_URL", "ARTQR_MOCK_ACCOUNT", "ARTQR_MOCK_CONFIG", "ARTQR_MOCK_LANG"}
)


class SettingsError(ValueError):
    """An unknown setting or an invalid value; the message says what is valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of a server. Times are seconds; sizes are MiB if the name says so."""

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    workers: int = 1
    public_url: str | None = None
    database: str = field(default="", repr=False)  # it may hold a password
    token: str | None = field(default=None, repr=False)
    tls: bool = False
    tls_cert: str | None = None
    tls_key: str | None = None
    tls_names: tuple[str, ...] = ()
    seed: int | None = None
    scenario: str | None = None
    observed: tuple[str, ...] = ()
    query_path: str | None = None
    list_path: str | None = None
    callback_hosts: tuple[str, ...] = ()
    callback_timeout: float = 10.0  # claim callback-timeout
    callback_concurrency: int = 100
    journal_calls: int = 10_000
    journal_mib: int = 64
    keep: str = ALL
    pictures: str = DRAWN
    picture_cache_mib: int = 32
    request_timeout: float = 30.0

    def __post_init__(self) -> None:
        """Check the values. Raises SettingsError."""
        if not 0 <= self.port <= 65535:
            raise SettingsError(f"port {self.port} is not a port: 0 to 65535, 0 takes a free one")
        if not 1 <= self.workers <= MOST_WORKERS:
            raise SettingsError(f"workers must be a whole number from 1 to {MOST_WORKERS}")
        for name in ("callback_timeout", "request_timeout", "callback_concurrency",
                     "journal_calls", "journal_mib", "picture_cache_mib"):  # fmt: skip
            if not 0 < getattr(self, name) < float("inf"):
                raise SettingsError(f"{name} must be a number above 0")
        if self.token == "":
            raise SettingsError("token must not be empty: leave it out for none")
        if self.seed is not None and not 0 <= self.seed < 2**63:
            raise SettingsError("seed must be a whole number from 0 to 2^63 - 1")
        for entry in self.callback_hosts:
            _check_host(entry)
        self._check_tls()
        self._check_paths()
        self._check_kept()
        if self.public_url is not None:
            _check_address(self.public_url)

    def _check_kept(self) -> None:
        if self.pictures not in PICTURES:
            raise SettingsError(f"pictures: {unknown('kind', self.pictures, PICTURES)}")
        try:
            parse_keep(self.keep)
        except BadKeepError as error:
            raise SettingsError(f"keep: {error}") from None

    def _check_tls(self) -> None:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise SettingsError("tls_cert and tls_key belong together: name both")
        if self.tls_names and (self.tls_cert is not None or not self.tls):
            raise SettingsError(
                "tls_names are for the certificate that --tls makes: add --tls and leave out "
                "--tls-cert, or use a certificate of your own that has these names"
            )
        for name in self.tls_names:
            _check_tls_name(name)

    def _check_paths(self) -> None:
        for operation, path in self.paths.items():
            if not urls.is_path(path):
                name = "query_path" if operation is Operation.QUERY_TASK else "list_path"
                raise SettingsError(
                    f"{name} {path[:80]!r} is no path: write one such as {OWN_PATHS[operation]}"
                )

    @property
    def paths(self) -> dict[Operation, str]:
        """The paths that operations have by setting."""
        named = {Operation.QUERY_TASK: self.query_path, Operation.LIST_TASKS: self.list_path}
        return {operation: path for operation, path in named.items() if path is not None}

    @property
    def scheme(self) -> str:
        """`https` or `http`."""
        return "https" if self.tls or self.tls_cert else "http"

    @property
    def own_url(self) -> str:
        """The address for clients on this machine."""
        name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        shown = f"[{name}]" if ":" in name else name
        return f"{self.scheme}://{shown}:{self.port}"

    @property
    def picture_url(self) -> str:
        """The base address of pictures where no call names one."""
        return self.public_url.rstrip("/") if self.public_url else self.own_url

    @property
    def retention(self) -> Keep | None:
        """What is kept of each account; None: everything."""
        return parse_keep(self.keep)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return urls.is_loopback(self.host)

    @property
    def database_path(self) -> str:
        """The address of the database; by default a file in the user's data directory."""
        if self.database:
            return self.database
        return str(Path(platformdirs.user_data_dir("artqr-mock")) / "artqr-mock.sqlite3")

    @classmethod
    def load(
        cls,
        flags: Mapping[str, Any],
        environ: Mapping[str, str] | None = None,
        file: Path | None = None,
    ) -> Self:
        """Return the settings; a flag with the value None was not given. Raises SettingsError."""
        environ = os.environ if environ is None else environ
        file = file or (Path(path) if (path := environ.get("ARTQR_MOCK_CONFIG")) else None)
        values: dict[str, Any] = {}
        if file is not None:
            values |= _from_file(file)
        values |= _from_environ(environ)
        values |= {name: value for name, value in flags.items() if value is not None}
        return cls(**values)


def _check_host(entry: str) -> None:
    try:
        if ":" in entry or "/" in entry:
            ip_network(entry, strict=False)
        elif entry != "*":
            normal_host(entry)
    except ValueError:
        raise SettingsError(
            f"callback host {entry[:80]!r} is not a host: write a name without scheme and port "
            "such as qr.test, an IP address, a network such as 192.0.2.0/24, or * for all"
        ) from None


def _check_tls_name(name: str) -> None:
    try:
        if ":" in name:
            ip_address(name)
        elif "*" in name:
            raise ValueError
        else:
            normal_host(name)
    except ValueError:
        raise SettingsError(
            f"tls name {name[:80]!r} is not a name that clients can call: write a host name such "
            "as artqr, or an IP address, without scheme and port"
        ) from None


class Meaning(NamedTuple):
    """The meaning of a setting, for people; `unset` describes its effect if it has no default
    value.
    """

    text: str
    unset: str = ""


# docs/reference/settings.md is generated from this; a test compares it with Settings.
MEANINGS = {
    "host": Meaning("Address to listen on. Beyond loopback a token is required."),
    "port": Meaning("Port to listen on. `0` takes a free port; `serve` prints it and writes it to "
                    "`--ready-file`."),
    "workers": Meaning("Processes that answer on the port. More than one needs PostgreSQL, and "
                       "is refused on Windows."),
    "public_url": Meaning("Address in the links to pictures.", "the address that was called"),
    "database": Meaning("SQLite file; `:memory:` keeps nothing; or "
                        "`postgresql://user:password@host/name`. `--recreate` empties it first.",
                        "a file in your data directory"),
    "token": Meaning("Token of the admin API, sent as `Authorization: Bearer TOKEN`.", "none"),
    "tls": Meaning("Serve HTTPS with a certificate of a local authority, made on first use."),
    "tls_cert": Meaning("Serve HTTPS with this certificate chain (PEM).", "none"),
    "tls_key": Meaning("Private key of that certificate (PEM).", "none"),
    "tls_names": Meaning("More names and addresses for the certificate of `--tls`, such as that of "
                         "its container.", "none"),
    "seed": Meaning("Seed of the default account when it is created.", "random, and printed"),
    "scenario": Meaning("Scenario that the default account starts with at every start: a name, or "
                        "FILE.toml.", "none"),
    "observed": Meaning("Files of readings that `artqr-mock probe` observed: they take the place "
                        "of the defaults, and the operations are at its paths.", "none"),
    "query_path": Meaning("Path of the query.", "the observed path, else our own"),
    "list_path": Meaning("Path of the list.", "the observed path, else our own"),
    "callback_hosts": Meaning("Hosts, addresses or networks that callbacks may go to and source "
                              "images may come from; `*` is any.", "loopback only"),
    "callback_timeout": Meaning("Seconds a receiver may take to answer a callback, or a host to "
                                "send a source image."),
    "callback_concurrency": Meaning("Callbacks in flight at once. One account gets at most a "
                                    "quarter of them, and always at least one."),
    "journal_calls": Meaning("Calls kept for each account. The oldest are dropped and counted."),
    "journal_mib": Meaning("MiB of calls kept for each account."),
    "keep": Meaning("Finished tasks kept for each account, with what belongs to them: an age on "
                    "its clock such as `24h`, a number such as `1000`, or `all`."),
    "pictures": Meaning("`drawn`: a scene of the style with the QR code in it; `plain`: the bare "
                        "code, for a load that fetches many: it costs about a twentieth."),
    "picture_cache_mib": Meaning("MiB of drawn pictures kept in memory."),
    "request_timeout": Meaning("Seconds a client may take to send one whole request."),
}  # fmt: skip


def _check_address(url: str) -> None:
    try:
        urls.parse_server(url)
    except urls.AddressError as error:
        raise SettingsError(f"public_url: {error}") from None


_KINDS = {each.name: each.type for each in fields(Settings)}


def _from_environ(environ: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    for variable, text in environ.items():
        if variable.startswith(PREFIX) and variable not in COMMAND_VARIABLES:
            name = variable.removeprefix(PREFIX).lower()
            values[_known(name, variable)] = _value(name, text, variable)
    return values


def read_toml(file: Path) -> dict[str, Any]:
    """Return the content of a TOML file. Raises SettingsError, which names it."""
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read {file}: {error.strerror}") from None
    except ValueError as error:
        raise SettingsError(f"{file} is not TOML: {error}") from None
    except RecursionError:
        raise SettingsError(f"{file} cannot be used: {TOO_DEEP}") from None
    if is_too_deep(table):
        raise SettingsError(f"{file} cannot be used: {TOO_DEEP}")
    return table


def _from_file(file: Path) -> dict[str, Any]:
    return {
        _known(name, f"{name} in {file}"): _value(name, value, f"{name} in {file}")
        for name, value in read_toml(file).items()
    }


def _known(name: str, where: str) -> str:
    if name in _KINDS:
        return name
    raise SettingsError(f"{where}: {unknown('setting', name, _KINDS)}")


def _value(name: str, value: Any, where: str) -> Any:
    kind = str(_KINDS.get(name))
    try:
        if "bool" in kind:
            return _FLAGS[str(value).lower()]
        if "int" in kind:
            return int(str(value))
        if "float" in kind:
            return float(str(value))
    except (ValueError, KeyError):
        what = "true or false" if "bool" in kind else "a number"
        raise SettingsError(f"{where}: {value!r} is not {what}") from None
    if "tuple" in kind:
        parts = value.split(",") if isinstance(value, str) else value
        if not isinstance(parts, list):
            raise SettingsError(f"{where}: {value!r} is not a list of texts")
        return tuple(str(part).strip() for part in parts if str(part).strip())
    if name == "keep" and type(value) is int:  # a number of tasks needs no quotation marks in TOML
        return str(value)
    if not isinstance(value, str):
        raise SettingsError(f"{where}: {value!r} is not a text")
    return value


_FLAGS = {"true": True, "1": True, "false": False, "0": False}
