import contextlib
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from mock_server.extras import install_command
from mock_server.store.engine import database as module
from mock_server.store.engine.database import Database
from mock_server.store.engine.files import SCHEMA_VERSION, DatabaseFileError
from tests.support import postgres, worlds
from tests.support.worlds import Postbox, RealClock, World

pytestmark = pytest.mark.slow

PASSWORD = "correct-horse"


@pytest.fixture
def address() -> str:
    """An empty schema."""
    return postgres.empty_schema()


@contextlib.contextmanager
def connected(address: str) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection


def tables(address: str) -> set[str]:
    sql = "select table_name from information_schema.tables where table_schema = current_schema()"
    with connected(address) as connection:
        return {row[0] for row in connection.execute(sql)}


def refused(address: str) -> str:
    with pytest.raises(DatabaseFileError) as error:
        Database(address)
    return str(error.value)


def test_an_empty_schema_becomes_ours_and_keeps_what_is_written(address: str) -> None:
    database = Database(address)
    database.run(lambda tx: tx.execute("insert into call_total values ('x', 1, 2, 3)"))
    database.close()

    reopened = Database(address)
    row = reopened.read(lambda tx: tx.one("select * from call_total"))
    reopened.close()

    assert row == {"account": "x", "seen": 1, "kept": 2, "bytes": 3}
    with connected(address) as connection:
        kept = connection.execute("select schema_version from artqr_mock").fetchone()
    assert kept == (SCHEMA_VERSION,)


def test_servers_that_start_at_once_make_the_tables_and_the_default_account_once(
    address: str,
) -> None:
    def start(_: int) -> str:
        with worlds.simulator(database=address) as simulator:
            world = World(simulator, RealClock(), Postbox())
            key: str = world.admin("GET", "/accounts/default")["app_key"]
            return key

    with ThreadPoolExecutor(6) as pool:
        keys = set(pool.map(start, range(6)))

    assert len(keys) == 1


def test_tables_of_somebody_else_are_refused_and_left_as_they_are(address: str) -> None:
    with connected(address) as connection:
        connection.execute("create table task (theirs text)")

    message = refused(address)
    with pytest.raises(DatabaseFileError, match="tables of another program"):
        module.remove(address)

    assert "has tables of another program in its schema 'test_" in message
    assert "it was left as it is" in message
    assert "another schema with ?options=-csearch_path%3Dname" in message
    assert tables(address) == {"task"}


def test_another_schema_version_is_refused_with_the_command_that_recreates_it(address: str) -> None:
    Database(address).close()
    with connected(address) as connection:
        connection.execute("update artqr_mock set schema_version = 99")

    message = refused(address)

    assert f"schema version 99, this artqr-mock needs {SCHEMA_VERSION}" in message
    assert "artqr-mock serve --database 'postgresql://" in message
    assert "--recreate" in message


def test_recreating_drops_what_is_ours_of_any_version_and_nothing_else(address: str) -> None:
    Database(address).close()
    with connected(address) as connection:
        connection.execute("update artqr_mock set schema_version = 99")
        connection.execute("create table theirs (a text)")

    module.remove(address)

    assert tables(address) == {"theirs"}


def test_recreating_what_is_not_there_is_fine(address: str) -> None:
    module.remove(address)

    assert tables(address) == set()


def test_recreating_is_refused_while_a_server_uses_it(address: str) -> None:
    database = Database(address)

    with pytest.raises(DatabaseFileError, match="in use by another artqr-mock: stop it"):
        module.remove(address)

    database.run(lambda tx: tx.execute("delete from call_total"))
    database.close()
    module.remove(address)
    assert tables(address) == set()


def test_a_schema_that_is_not_there_is_named_as_the_reason(address: str) -> None:
    message = refused(address.replace("%3Dtest_", "%3Dnone_"))

    assert "the search_path names no existing schema" in message


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://u:{PASSWORD}@127.0.0.1:1/x",
        f"postgresql://u:{PASSWORD}@127.0.0.1:notaport/x",
        f"postgresql://u:{PASSWORD}%zz@127.0.0.1/x",
        f"postgresql://u@127.0.0.1:1/x?password={PASSWORD}",
        f"postgresql://u@127.0.0.1:1/x?passwort={PASSWORD}",
        "postgres://",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGHOST", "/nowhere")

    message = refused(address)

    assert "--database" in message
    assert PASSWORD not in message


def test_where_the_rows_are_is_shown_without_a_secret(address: str) -> None:
    secret = address.replace("postgres:@", f"postgres:{PASSWORD}@")
    with worlds.simulator(database=secret) as simulator:
        health = World(simulator, RealClock(), Postbox()).admin("GET", "/health")
        assert PASSWORD not in repr(simulator.settings)

    assert health["database"].startswith("postgresql://")
    assert PASSWORD not in str(health)
    assert "@" not in health["database"]


def test_without_the_extra_its_name_is_told(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*sys.modules]:
        if name.startswith("mock_server.store.engine.postgres"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)

    assert install_command("postgres") in refused(address)
    with pytest.raises(DatabaseFileError, match=re.escape(install_command("postgres"))):
        module.remove(address)


def test_the_place_that_is_shown_leads_to_the_same_tables(address: str) -> None:
    database = Database(address)
    place = database.place
    database.close()
    with connected(address) as connection:
        user = connection.info.user
        connection.execute("update artqr_mock set schema_version = 1")
    refused(address)

    scheme, _, rest = place.partition("://")
    spelt = f"{scheme}://{user}@{rest}" if not rest.startswith("/") else f"{place}&user={user}"
    module.remove(spelt)

    assert tables(address) == set()
